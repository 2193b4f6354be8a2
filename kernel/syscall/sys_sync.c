/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_sync.c - sync(2), fsync(2), and advice about coming reads
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses fs.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    sync(2), fsync(2), posix_fadvise(2), readahead(2), sync_file_range(2).
 * Tests:     tests/abi/sync.c
 *
 * Files that live in memory alone are always where they should be; the work is for those with a store.
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
	(void)mapping_sync_store(NULL); /* what belongs to no file system: block devices */
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
	struct super_block *sb;
	int err, late;

	if (!r.file)
		return -EBADF;
	sb = r.file->inode->sb;
	err = super_sync(sb);
	late = errseq_check(&sb->store.wb_err, &r.file->fs_err);
	fd_ref_put(r);
	return err ? err : late;
}

static long do_advise(int fd, loff_t off, loff_t len, int advice)
{
	struct fd_ref r = fd_arg((unsigned)fd);
	long err;

	if (!r.file)
		return -EBADF;
	if ((r.file->inode->mode & S_IFMT) == S_IFIFO)
		err = -ESPIPE;
	else if (len < 0 || advice < 0 || advice > POSIX_FADV_NOREUSE)
		err = -EINVAL;
	else
		err = file_fadvise(r.file, off, len, advice);
	fd_ref_put(r);
	return err;
}

long sys_fadvise64(int fd, loff_t offset, loff_t len, int advice)
{
	return do_advise(fd, offset, len, advice);
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
	else if (count)
		err = file_fadvise(r.file, offset, (loff_t)count, POSIX_FADV_WILLNEED);
	fd_ref_put(r);
	return err;
}

/* ---- sync_file_range ---- */

enum { RANGE_WAIT_BEFORE = 1, RANGE_WRITE = 2, RANGE_WAIT_AFTER = 4, RANGE_ALL = 7 };

static long sync_range(struct file *f, loff_t off, loff_t end, unsigned flags)
{
	umode_t type = f->inode->mode & S_IFMT;
	struct mapping *m = f->inode->mapping;
	int err = 0;

	if (type != S_IFREG && type != S_IFBLK && type != S_IFDIR && type != S_IFLNK)
		return -ESPIPE;
	if (!m)
		return 0;
	if (flags & RANGE_WAIT_BEFORE)
		err = mapping_write_wait(m, (u64)off, (u64)end);
	if (!err && flags & RANGE_WRITE)
		err = mapping_write_start(m, (u64)off, (u64)end, (flags & RANGE_ALL) == RANGE_ALL);
	if (!err && flags & RANGE_WAIT_AFTER)
		err = mapping_write_wait(m, (u64)off, (u64)end);
	return err;
}

long sys_sync_file_range(int fd, loff_t offset, loff_t nbytes, unsigned flags)
{
	struct fd_ref r = fd_arg((unsigned)fd);
	loff_t end;
	long err;

	if (!r.file)
		return -EBADF;
	if (flags & ~(unsigned)RANGE_ALL || offset < 0 || __builtin_add_overflow(offset, nbytes, &end) ||
	    end < offset)
		err = -EINVAL;
	else
		err = sync_range(r.file, offset, nbytes ? end : INT64_MAX, flags);
	fd_ref_put(r);
	return err;
}
