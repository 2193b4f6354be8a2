/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_link.c - link(2), symlink(2), readlink(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses fs/namei, mem (the text of a link).
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    link(2), symlink(2), readlink(2).
 * Tests:     tests/abi/names.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <mem/slab.h>

static long do_link(int olddir, const char __user *old, int newdir, const char __user *new, int flags)
{
	unsigned lookup =
	        (flags & AT_SYMLINK_FOLLOW ? LOOKUP_FOLLOW : 0) | (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
	struct user_path o, n;
	int err;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	/* A descriptor handed to a process must not give it a name it could not reach. */
	if (flags & AT_EMPTY_PATH && !capable(CAP_DAC_READ_SEARCH))
		return -ENOENT;
	err = user_path_get(&o, olddir, old, lookup);
	if (err)
		return err;
	err = user_path_get(&n, newdir, new, 0);
	if (err)
		goto put_old;
	err = vfs_link(&o.walk, o.name, &n.walk, n.name, lookup);
	user_path_put(&n);
put_old:
	user_path_put(&o);
	return err;
}

long sys_link(const char __user *old, const char __user *new)
{
	return do_link(AT_FDCWD, old, AT_FDCWD, new, 0);
}

long sys_linkat(int olddir, const char __user *old, int newdir, const char __user *new, int flags)
{
	return do_link(olddir, old, newdir, new, flags);
}

static long do_symlink(const char __user *target, int dirfd, const char __user *path)
{
	struct user_path text, p;
	int err = user_path_get(&text, AT_FDCWD, target, 0);

	if (err)
		return err;
	err = user_path_get(&p, dirfd, path, 0);
	if (!err) {
		err = vfs_symlink(text.name, &p.walk, p.name);
		user_path_put(&p);
	}
	user_path_put(&text);
	return err;
}

long sys_symlink(const char __user *target, const char __user *path)
{
	return do_symlink(target, AT_FDCWD, path);
}

long sys_symlinkat(const char __user *target, int dirfd, const char __user *path)
{
	return do_symlink(target, dirfd, path);
}

static long do_readlink(int dirfd, const char __user *path, char __user *buf, int size)
{
	struct user_path p;
	ssize_t n;
	char *text;

	if (size <= 0)
		return -EINVAL;
	n = user_path_get(&p, dirfd, path, LOOKUP_EMPTY);
	if (n)
		return n;
	n = -ENOMEM;
	text = kmalloc(PATH_MAX, 0);
	if (!text)
		goto put;
	n = vfs_readlink(&p.walk, p.name, text, MIN((size_t)size, (size_t)PATH_MAX), true);
	if (n > 0 && copy_to_user(buf, text, (size_t)n))
		n = -EFAULT;
	kfree(text);
put:
	user_path_put(&p);
	return n;
}

long sys_readlink(const char __user *path, char __user *buf, int size)
{
	return do_readlink(AT_FDCWD, path, buf, size);
}

long sys_readlinkat(int dirfd, const char __user *path, char __user *buf, int size)
{
	return do_readlink(dirfd, path, buf, size);
}
