/* SPDX-License-Identifier: MIT
 *
 * syscall/compat_ioctl.c - ioctl(2) of the i386 ABI
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses fs (file_ioctl).
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    ioctl(2), sd(4), hd(4).
 * Tests:     tests/debian/disks.cases in the i386 root (blockdev, lsblk, losetup)
 *
 * A command's argument is nearly always the same for both ABIs.  Not where it has a `long`: some commands carry its size in
 * their number, and are other numbers here; some write one, and must write 4 bytes.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <abi/blkdev.h>

/* With size_t as the 32-bit program's headers have it. */
enum { BLKBSZGET32 = (int)0x80041270, BLKBSZSET32 = 0x40041271, BLKGETSIZE64_32 = (int)0x80041272 };

struct hd_geometry32_k {
	u8 heads, sectors;
	u16 cylinders;
	u32 start;
};

/* The answer of a command that writes `size` bytes, in the kernel. */
static long ask(unsigned fd, unsigned cmd, void *answer)
{
	struct fd_ref r = fd_arg(fd);
	long n;

	if (!r.file)
		return -EBADF;
	n = r.file->ops->ioctl ? file_ioctl(r.file, cmd, answer) : -ENOTTY;
	fd_ref_put(r);
	return n == -ENOIOCTLCMD ? -ENOTTY : n;
}

static long ask_long(unsigned fd, unsigned cmd, u32 __user *to)
{
	u64 v = 0;
	long n = ask(fd, cmd, &v);

	if (n < 0)
		return n;
	return v > UINT32_MAX ? -EFBIG : put_user((u32)v, to);
}

static long ask_geometry(unsigned fd, struct hd_geometry32_k __user *to)
{
	struct hd_geometry_k g = { 0 };
	struct hd_geometry32_k k;
	long n = ask(fd, HDIO_GETGEO, &g);

	if (n < 0)
		return n;
	k = (struct hd_geometry32_k){ g.heads, g.sectors, g.cylinders, (u32)g.start };
	return copy_to_user(to, &k, sizeof(k));
}

long sys_i386_ioctl(unsigned fd, unsigned cmd, unsigned long arg)
{
	switch (cmd) {
	case BLKGETSIZE:
	case BLKRAGET:
		return ask_long(fd, cmd, (u32 __user *)arg);
	case HDIO_GETGEO:
		return ask_geometry(fd, (struct hd_geometry32_k __user *)arg);
	case (unsigned)BLKBSZGET32: /* Linux tells its 32-bit programs the sector's size here */
		return sys_ioctl(fd, BLKSSZGET, arg);
	case BLKBSZSET32:
		return sys_ioctl(fd, BLKBSZSET, arg);
	case (unsigned)BLKGETSIZE64_32:
		return sys_ioctl(fd, BLKGETSIZE64, arg);
	default:
		return sys_ioctl(fd, cmd, arg);
	}
}
