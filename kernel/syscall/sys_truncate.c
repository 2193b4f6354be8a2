/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_truncate.c - truncate(2), ftruncate(2), fallocate(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses fs.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    truncate(2), fallocate(2), setrlimit(2) (RLIMIT_FSIZE).
 * Tests:     tests/abi/rw.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>

static int truncate_path(const struct path *p, loff_t len)
{
	struct iattr a = { .valid = ATTR_SIZE, .size = len };
	int err = size_limit(p->dentry->inode, len);

	return err ? err : vfs_setattr_path(p, &a, current_task()->cred);
}

long sys_truncate(const char __user *path, loff_t len)
{
	struct user_path p;
	struct path found;
	int err;

	if (len < 0)
		return -EINVAL;
	err = user_path_get(&p, AT_FDCWD, path, 0);
	if (err)
		return err;
	err = path_lookup(&p.walk, p.name, LOOKUP_FOLLOW, &found);
	user_path_put(&p);
	if (err)
		return err;
	err = truncate_path(&found, len);
	path_put(&found);
	return err;
}

long sys_ftruncate(unsigned fd, loff_t len)
{
	struct fd_ref r;
	int err;

	if (len < 0)
		return -EINVAL;
	r = fd_arg(fd);
	if (!r.file)
		return -EBADF;
	err = -EINVAL;
	if (s_isreg(r.file->inode->mode) && r.file->mode & FMODE_WRITE &&
	    (r.file->flags & O_LARGEFILE || len <= SMALL_FILE_MAX)) {
		err = size_limit(r.file->inode, len);
		if (!err)
			err = file_truncate(r.file, len);
	}
	fd_ref_put(r);
	return err;
}

long sys_fallocate(int fd, int mode, loff_t offset, loff_t len)
{
	struct fd_ref r = fd_arg((unsigned)fd);
	int err = 0;
	loff_t end;

	if (!r.file)
		return -EBADF;
	/* file_fallocate() judges the rest.  Pages behind the end count, too. */
	if (!(mode & FALLOC_FL_PUNCH_HOLE) && offset >= 0 && len > 0 && r.file->mode & FMODE_WRITE &&
	    !__builtin_add_overflow(offset, len, &end))
		err = size_limit(r.file->inode, end);
	if (!err)
		err = file_fallocate(r.file, mode, offset, len);
	fd_ref_put(r);
	return err;
}
