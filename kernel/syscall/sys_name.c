/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_name.c - calls that make, remove and move names: mkdir(2), unlink(2), rename(2), mknod(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses fs/namei.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    mkdir(2), rmdir(2), unlink(2), rename(2), mknod(2).
 * Tests:     tests/abi/names.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>

static long do_mkdir(int dirfd, const char __user *path, umode_t mode)
{
	struct user_path p;
	int err = user_path_get(&p, dirfd, path, 0);

	if (err)
		return err;
	err = vfs_mkdir(&p.walk, p.name, mode & (S_IRWXUGO | S_ISVTX));
	user_path_put(&p);
	return err;
}

long sys_mkdir(const char __user *path, umode_t mode)
{
	return do_mkdir(AT_FDCWD, path, mode);
}

long sys_mkdirat(int dirfd, const char __user *path, umode_t mode)
{
	return do_mkdir(dirfd, path, mode);
}

static long do_remove(int dirfd, const char __user *path, int (*remove)(const struct fs_walk *, const char *))
{
	struct user_path p;
	int err = user_path_get(&p, dirfd, path, 0);

	if (err)
		return err;
	err = remove(&p.walk, p.name);
	user_path_put(&p);
	return err;
}

long sys_rmdir(const char __user *path)
{
	return do_remove(AT_FDCWD, path, vfs_rmdir);
}

long sys_unlink(const char __user *path)
{
	return do_remove(AT_FDCWD, path, vfs_unlink);
}

long sys_unlinkat(int dirfd, const char __user *path, int flags)
{
	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	return do_remove(dirfd, path, flags & AT_REMOVEDIR ? vfs_rmdir : vfs_unlink);
}

static long do_rename(int olddir, const char __user *old, int newdir, const char __user *new, unsigned flags)
{
	struct user_path o, n;
	int err;

	if (flags & ~(unsigned)(RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	if ((flags & (RENAME_NOREPLACE | RENAME_EXCHANGE)) == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	err = user_path_get(&o, olddir, old, 0);
	if (err)
		return err;
	err = user_path_get(&n, newdir, new, 0);
	if (!err) {
		err = vfs_rename(&o.walk, o.name, &n.walk, n.name, flags);
		user_path_put(&n);
	}
	user_path_put(&o);
	return err;
}

long sys_rename(const char __user *old, const char __user *new)
{
	return do_rename(AT_FDCWD, old, AT_FDCWD, new, 0);
}

long sys_renameat(int olddir, const char __user *old, int newdir, const char __user *new)
{
	return do_rename(olddir, old, newdir, new, 0);
}

long sys_renameat2(int olddir, const char __user *old, int newdir, const char __user *new, unsigned flags)
{
	return do_rename(olddir, old, newdir, new, flags);
}

/* As stat(2) shows device numbers, cut to 32 bits. */
static dev_t dev_decode(unsigned dev)
{
	return dev_make((dev & 0xfff00) >> 8, (dev & 0xff) | (dev >> 12 & 0xfff00));
}

static int mknod_check(umode_t mode)
{
	switch (mode & S_IFMT) {
	case 0:
	case S_IFREG:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		return 0;
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
}

static long do_mknod(int dirfd, const char __user *path, umode_t mode, unsigned dev)
{
	struct user_path p;
	int err = mknod_check(mode);

	if (err)
		return err;
	if (!(mode & S_IFMT))
		mode |= S_IFREG;
	err = user_path_get(&p, dirfd, path, 0);
	if (err)
		return err;
	err = vfs_mknod(&p.walk, p.name, mode & (S_IFMT | S_IALLUGO), dev_decode(dev));
	user_path_put(&p);
	return err;
}

long sys_mknod(const char __user *path, umode_t mode, unsigned dev)
{
	return do_mknod(AT_FDCWD, path, mode, dev);
}

long sys_mknodat(int dirfd, const char __user *path, umode_t mode, unsigned dev)
{
	return do_mknod(dirfd, path, mode, dev);
}
