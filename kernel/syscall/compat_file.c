/* SPDX-License-Identifier: MIT
 *
 * syscall/compat_file.c - the i386 ABI: files: offsets in two registers
 *
 * Owns:      nothing.
 * Layer:     syscall.  Calls the handlers of the 64-bit ABI.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    _llseek(2), pread(2), syscall(2) "Architecture-specific requirements".
 * Tests:     tests/i386.
 *
 * A 64-bit offset is the pair (low, high).
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <fs/mount.h>

static loff_t pair(unsigned lo, unsigned hi)
{
	return (loff_t)((u64)hi << 32 | lo);
}

long sys_i386__llseek(unsigned fd, unsigned hi, unsigned lo, loff_t __user *result, int whence)
{
	loff_t at = sys_lseek(fd, pair(lo, hi), whence);

	if (at < 0)
		return at;
	return put_user(at, result);
}

long sys_i386_lseek(unsigned fd, int offset, int whence)
{
	return sys_lseek(fd, offset, whence); /* Linux, too, cuts what does not fit */
}

long sys_i386_pread64(unsigned fd, char __user *buf, size_t count, unsigned lo, unsigned hi)
{
	return sys_pread64(fd, buf, count, pair(lo, hi));
}

long sys_i386_pwrite64(unsigned fd, const char __user *buf, size_t count, unsigned lo, unsigned hi)
{
	return sys_pwrite64(fd, buf, count, pair(lo, hi));
}

long sys_i386_preadv(unsigned fd, const struct iovec __user *vec, unsigned long vlen, unsigned lo,
                     unsigned hi)
{
	return sys_preadv(fd, vec, vlen, (unsigned long)pair(lo, hi), 0);
}

long sys_i386_pwritev(unsigned fd, const struct iovec __user *vec, unsigned long vlen, unsigned lo,
                      unsigned hi)
{
	return sys_pwritev(fd, vec, vlen, (unsigned long)pair(lo, hi), 0);
}

long sys_i386_preadv2(unsigned fd, const struct iovec __user *vec, unsigned long vlen, unsigned lo,
                      unsigned hi, int flags)
{
	return sys_preadv2(fd, vec, vlen, (unsigned long)pair(lo, hi), 0, flags);
}

long sys_i386_pwritev2(unsigned fd, const struct iovec __user *vec, unsigned long vlen, unsigned lo,
                       unsigned hi, int flags)
{
	return sys_pwritev2(fd, vec, vlen, (unsigned long)pair(lo, hi), 0, flags);
}

long sys_i386_truncate(const char __user *path, int len)
{
	return sys_truncate(path, len);
}

long sys_i386_ftruncate(unsigned fd, int len)
{
	return sys_ftruncate(fd, len);
}

long sys_i386_truncate64(const char __user *path, unsigned lo, unsigned hi)
{
	return sys_truncate(path, pair(lo, hi));
}

long sys_i386_ftruncate64(unsigned fd, unsigned lo, unsigned hi)
{
	return sys_ftruncate(fd, pair(lo, hi));
}

long sys_i386_fallocate(int fd, int mode, unsigned off_lo, unsigned off_hi, unsigned len_lo, unsigned len_hi)
{
	return sys_fallocate(fd, mode, pair(off_lo, off_hi), pair(len_lo, len_hi));
}

long sys_i386_fadvise64(int fd, unsigned off_lo, unsigned off_hi, size_t len, int advice)
{
	return sys_fadvise64(fd, pair(off_lo, off_hi), (loff_t)len, advice);
}

long sys_i386_fadvise64_64(int fd, unsigned off_lo, unsigned off_hi, unsigned len_lo, unsigned len_hi,
                           int advice)
{
	return sys_fadvise64(fd, pair(off_lo, off_hi), pair(len_lo, len_hi), advice);
}

long sys_i386_sync_file_range(int fd, unsigned off_lo, unsigned off_hi, unsigned len_lo, unsigned len_hi,
                              unsigned flags)
{
	return sys_sync_file_range(fd, pair(off_lo, off_hi), pair(len_lo, len_hi), flags);
}

long sys_i386_readahead(int fd, unsigned off_lo, unsigned off_hi, size_t count)
{
	return sys_readahead(fd, pair(off_lo, off_hi), count);
}

long sys_i386_umount(const char __user *path)
{
	return sys_umount2(path, 0);
}
