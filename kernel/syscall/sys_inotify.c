/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_inotify.c - inotify_init1(2), inotify_add_watch(2), inotify_rm_watch(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses fs/notify.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    inotify(7).
 * Tests:     tests/abi/inotify.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <fs/notify.h>

long sys_inotify_init1(int flags)
{
	struct file *f = inotify_create((unsigned)flags, current_task()->cred);

	return IS_ERR(f) ? PTR_ERR(f) : fd_give(f, flags & O_CLOEXEC);
}

long sys_inotify_init(void)
{
	return sys_inotify_init1(0);
}

static long add_watch(struct file *f, const char __user *name, u32 mask)
{
	unsigned lookup =
	        (mask & IN_DONT_FOLLOW ? 0 : LOOKUP_FOLLOW) | (mask & IN_ONLYDIR ? LOOKUP_DIRECTORY : 0);
	struct user_path up;
	struct path p;
	long r = user_path_get(&up, AT_FDCWD, name, 0);

	if (r)
		return r;
	r = path_lookup(&up.walk, up.name, lookup, &p);
	user_path_put(&up);
	if (r)
		return r;
	r = inode_permission(p.dentry->inode, MAY_READ, current_task()->cred);
	if (!r)
		r = inotify_add_watch(f, p.dentry->inode, mask);
	path_put(&p);
	return r;
}

long sys_inotify_add_watch(int fd, const char __user *path, unsigned mask)
{
	struct fd_ref r;
	long wd = -EINVAL;

	/* Nothing to watch for, as Linux sees it. */
	if (!(mask & (IN_ALL_EVENTS | IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED | IN_ONLYDIR | IN_DONT_FOLLOW |
	              IN_EXCL_UNLINK | IN_MASK_CREATE | IN_MASK_ADD | IN_ISDIR | IN_ONESHOT)))
		return -EINVAL;
	r = fd_arg((unsigned)fd);
	if (!r.file)
		return -EBADF;
	if (file_is_inotify(r.file) &&
	    (mask & (IN_MASK_ADD | IN_MASK_CREATE)) != (IN_MASK_ADD | IN_MASK_CREATE))
		wd = add_watch(r.file, path, mask);
	fd_ref_put(r);
	return wd;
}

long sys_inotify_rm_watch(int fd, int wd)
{
	struct fd_ref r = fd_arg((unsigned)fd);
	long err = -EINVAL;

	if (!r.file)
		return -EBADF;
	if (file_is_inotify(r.file))
		err = inotify_rm_watch(r.file, wd);
	fd_ref_put(r);
	return err;
}
