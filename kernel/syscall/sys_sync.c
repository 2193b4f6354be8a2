/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_sync.c - sync(2), fsync(2), and advice about coming reads
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses fs.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    sync(2), fsync(2), posix_fadvise(2), readahead(2).
 * Tests:     tests/abi/sync.c
 *
 * Advice is checked and otherwise ignored: all files of now live in memory.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <fs/inode.h>

static void sync_one(struct super_block *sb, void *ctx)
{
	(void)super_sync(sb);
}

long sys_sync(void)
{
	super_for_each(sync_one, NULL);
	return 0;
}

static long do_fsync(unsigned fd, bool datasync)
{
	struct fd_ref r = fd_arg(fd);
	int err;

	if (!r.file)
		return -EBADF;
	err = file_fsync(r.file, 0, INT64_MAX, datasync);
	fd_ref_put(r);
	return err;
}

long sys_fsync(unsigned fd)
{
	return do_fsync(fd, false);
}

long sys_fdatasync(unsigned fd)
{
	return do_fsync(fd, true);
}

long sys_syncfs(int fd)
{
	struct fd_ref r = fd_arg((unsigned)fd);
	int err;

	if (!r.file)
		return -EBADF;
	err = super_sync(r.file->inode->sb);
	fd_ref_put(r);
	return err;
}

static long do_advise(int fd, loff_t len, int advice)
{
	struct fd_ref r = fd_arg((unsigned)fd);
	long err = 0;

	if (!r.file)
		return -EBADF;
	if ((r.file->inode->mode & S_IFMT) == S_IFIFO)
		err = -ESPIPE;
	else if (len < 0 || advice < 0 || advice > POSIX_FADV_NOREUSE)
		err = -EINVAL;
	fd_ref_put(r);
	return err;
}

long sys_fadvise64(int fd, loff_t offset, loff_t len, int advice)
{
	return do_advise(fd, len, advice);
}

long sys_readahead(int fd, loff_t offset, size_t count)
{
	struct fd_ref r = fd_arg((unsigned)fd);
	long err = 0;

	if (!r.file)
		return -EBADF;
	if (!(r.file->mode & FMODE_READ))
		err = -EBADF;
	else if (!s_isreg(r.file->inode->mode) || (ssize_t)count < 0)
		err = -EINVAL;
	fd_ref_put(r);
	return err;
}
