/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_ioctl.c - ioctl(2): arguments copied by the table, the commands of all files
 *
 * Owns:      nothing; ioctl_table is generated from ioctls.tbl.
 * Layer:     syscall.  Uses fs (file_ioctl).
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    ioctl(2), tty_ioctl(4), ioctl_fat(2) for what is not here.
 * Tests:     tests/abi/fifo.c
 *
 * A driver never sees a user pointer: for a command of the table it gets a kernel copy, which is zero at
 * first and copied out only when the command succeeded.  A command that nobody listed reaches the file with
 * the plain number; its answer is -ENOTTY.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <abi/termios.h>
#include <fs/fileflags.h>
#include <lib/string.h>

const struct ioctl_desc *ioctl_find(unsigned cmd)
{
	unsigned lo = 0, hi = ioctl_table_len;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;
		if (ioctl_table[mid].cmd == cmd)
			return &ioctl_table[mid];
		if (ioctl_table[mid].cmd < cmd)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static long ioctl_nonblock(struct file *f, unsigned long arg)
{
	s32 on;

	if (get_user(on, (const s32 __user *)arg))
		return -EFAULT;
	if (on)
		atomic_or(&f->flags, O_NONBLOCK);
	else
		atomic_and(&f->flags, ~(u32)O_NONBLOCK);
	return 0;
}

/* Signal-driven input does not exist; to turn it off is fine. */
static long ioctl_async(unsigned long arg)
{
	s32 on;

	if (get_user(on, (const s32 __user *)arg))
		return -EFAULT;
	return on ? -ENOTTY : 0;
}

static long ioctl_readable(const struct file *f, unsigned long arg)
{
	loff_t left = f->inode->size - f->pos;

	return put_user((s32)MIN(left, (loff_t)INT32_MAX), (s32 __user *)arg);
}

static long ioctl_flags(struct file *f, unsigned long arg, bool set)
{
	u32 flags = 0;
	int err;

	if (!set) {
		err = file_get_flags(f, &flags);
		return err ? err : put_user(flags, (u32 __user *)arg);
	}
	if (get_user(flags, (const u32 __user *)arg))
		return -EFAULT;
	return file_set_flags(f, flags, current_task()->cred);
}

static long ioctl_by_table(struct file *f, unsigned cmd, unsigned long arg)
{
	const struct ioctl_desc *d = ioctl_find(cmd);
	u8 copy[IOCTL_ARG_MAX] __attribute__((aligned(8)));
	long n;

	if (!d || !d->size)
		return file_ioctl(f, cmd, (void *)arg);
	if (!f->ops->ioctl)
		return -ENOTTY; /* before a bad pointer is noticed */
	memset(copy, 0, d->size);
	if (d->dir & IOCTL_IN && copy_from_user(copy, (const void __user *)arg, d->size))
		return -EFAULT;
	n = file_ioctl(f, cmd, copy);
	if (n >= 0 && d->dir & IOCTL_OUT && copy_to_user((void __user *)arg, copy, d->size))
		return -EFAULT;
	return n;
}

static long do_ioctl(unsigned fd, struct file *f, unsigned cmd, unsigned long arg)
{
	long n;

	switch (cmd) {
	case FIOCLEX:
		return fd_set_cloexec(current_task()->files, fd, true);
	case FIONCLEX:
		return fd_set_cloexec(current_task()->files, fd, false);
	case FIONBIO:
		return ioctl_nonblock(f, arg);
	case FIOASYNC:
		return ioctl_async(arg);
	case FS_IOC_GETFLAGS:
	case FS_IOC32_GETFLAGS:
		return ioctl_flags(f, arg, false);
	case FS_IOC_SETFLAGS:
	case FS_IOC32_SETFLAGS:
		return ioctl_flags(f, arg, true);
	case FIONREAD:
		if (s_isreg(f->inode->mode))
			return ioctl_readable(f, arg);
		break;
	}
	n = ioctl_by_table(f, cmd, arg);
	return n == -ENOIOCTLCMD ? -ENOTTY : n;
}

long sys_ioctl(unsigned fd, unsigned cmd, unsigned long arg)
{
	struct fd_ref r = fd_arg(fd);
	long n;

	if (!r.file)
		return -EBADF;
	n = do_ioctl(fd, r.file, cmd, arg);
	fd_ref_put(r);
	return n;
}
