/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_xattr.c - extended attributes: no file has any
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses fs (names), cred.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    xattr(7), getxattr(2), setxattr(2), listxattr(2), removexattr(2).
 * Tests:     tests/abi/xattr.c
 *
 * No file system here stores attributes, which the manual foresees: -EOPNOTSUPP, after the checks of names, values and
 * permissions that come first.  Programs that only want to know (ls, cp, tar) go on then.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <fs/mount.h>
#include <lib/string.h>

enum { XATTR_NAME_MAX = 255, XATTR_SIZE_MAX = 65536, XATTR_CREATE = 1, XATTR_REPLACE = 2 };

/* The file that a call names: the object of one path_lookup or a borrowed descriptor's. */
struct target {
	struct path path;
	struct fd_ref ref; /* of f*xattr */
};

static int target_by_name(struct target *t, const char __user *name, unsigned lookup)
{
	struct user_path p;
	int err = user_path_get(&p, AT_FDCWD, name, lookup);

	t->ref = (struct fd_ref){ NULL, false };
	if (err)
		return err;
	err = path_lookup(&p.walk, p.name, lookup, &t->path);
	user_path_put(&p);
	return err;
}

static int target_by_fd(struct target *t, unsigned fd)
{
	t->ref = fd_arg(fd);
	if (!t->ref.file)
		return -EBADF;
	t->path = t->ref.file->path;
	return 0;
}

static void target_put(struct target *t)
{
	if (t->ref.file)
		fd_ref_put(t->ref);
	else
		path_put(&t->path);
}

static bool in_namespace(const char *name, const char *prefix)
{
	return !strncmp(name, prefix, strlen(prefix));
}

/* Whether the caller might touch an attribute of this name, if there were one: 0, -EPERM, -ENODATA, -EACCES. */
static int xattr_permission(struct inode *i, const char *name, unsigned want)
{
	umode_t mode = atomic_load(&i->mode);

	if (in_namespace(name, "security."))
		return want == MAY_WRITE && !capable(CAP_SYS_ADMIN) ? -EPERM : 0;
	if (in_namespace(name, "system."))
		return 0;
	if (in_namespace(name, "trusted.") && !capable(CAP_SYS_ADMIN))
		return want == MAY_WRITE ? -EPERM : -ENODATA;
	if (in_namespace(name, "user.") && (mode & S_IFMT) != S_IFREG && (mode & S_IFMT) != S_IFDIR)
		return want == MAY_WRITE ? -EPERM : -ENODATA;
	return inode_permission(i, want, current_task()->cred);
}

/* The answer to all that names an attribute. */
static long refuse(struct target *t, const char __user *uname, unsigned want)
{
	char name[XATTR_NAME_MAX + 1];
	ssize_t n = strncpy_from_user(name, uname, sizeof(name));
	int err;

	if (n == -EFAULT)
		return n;
	if (n <= 0)
		return -ERANGE;
	err = xattr_permission(t->path.dentry->inode, name, want);
	return err ? err : -EOPNOTSUPP;
}

static long get_from(int err, struct target *t, const char __user *name)
{
	if (err)
		return err;
	long r = refuse(t, name, MAY_READ);
	target_put(t);
	return r;
}

long sys_getxattr(const char __user *path, const char __user *name, void __user *value, size_t size)
{
	struct target t;

	return get_from(target_by_name(&t, path, LOOKUP_FOLLOW), &t, name);
}

long sys_lgetxattr(const char __user *path, const char __user *name, void __user *value, size_t size)
{
	struct target t;

	return get_from(target_by_name(&t, path, 0), &t, name);
}

long sys_fgetxattr(unsigned fd, const char __user *name, void __user *value, size_t size)
{
	struct target t;

	return get_from(target_by_fd(&t, fd), &t, name);
}

/* Can the value be read?  0, -E2BIG, -EFAULT. */
static int check_value(const char __user *value, size_t size)
{
	char piece[256];

	if (size > XATTR_SIZE_MAX)
		return -E2BIG;
	for (size_t at = 0, n; at < size; at += n) {
		n = MIN(size - at, sizeof(piece));
		if (copy_from_user(piece, value + at, n))
			return -EFAULT;
	}
	return 0;
}

static long set_on(int err, struct target *t, const char __user *name, const void __user *value, size_t size,
                   int flags)
{
	if (err)
		return err;
	long r = flags & ~(XATTR_CREATE | XATTR_REPLACE) ? -EINVAL : refuse(t, name, MAY_WRITE);
	if (r != -EINVAL && r != -ERANGE && r != -EFAULT) {
		err = check_value(value, size);
		r = err ? err : mount_readonly(t->path.mnt) ? -EROFS : r;
	}
	target_put(t);
	return r;
}

long sys_setxattr(const char __user *path, const char __user *name, const void __user *value, size_t size,
                  int flags)
{
	struct target t;

	return set_on(target_by_name(&t, path, LOOKUP_FOLLOW), &t, name, value, size, flags);
}

long sys_lsetxattr(const char __user *path, const char __user *name, const void __user *value, size_t size,
                   int flags)
{
	struct target t;

	return set_on(target_by_name(&t, path, 0), &t, name, value, size, flags);
}

long sys_fsetxattr(unsigned fd, const char __user *name, const void __user *value, size_t size, int flags)
{
	struct target t;

	return set_on(target_by_fd(&t, fd), &t, name, value, size, flags);
}

/* An empty list. */
static long list_of(int err, struct target *t)
{
	if (!err)
		target_put(t);
	return err;
}

long sys_listxattr(const char __user *path, char __user *list, size_t size)
{
	struct target t;

	return list_of(target_by_name(&t, path, LOOKUP_FOLLOW), &t);
}

long sys_llistxattr(const char __user *path, char __user *list, size_t size)
{
	struct target t;

	return list_of(target_by_name(&t, path, 0), &t);
}

long sys_flistxattr(unsigned fd, char __user *list, size_t size)
{
	struct target t;

	return list_of(target_by_fd(&t, fd), &t);
}

static long remove_from(int err, struct target *t, const char __user *name)
{
	if (err)
		return err;
	long r = refuse(t, name, MAY_WRITE);
	if (r != -ERANGE && r != -EFAULT && mount_readonly(t->path.mnt))
		r = -EROFS;
	target_put(t);
	return r;
}

long sys_removexattr(const char __user *path, const char __user *name)
{
	struct target t;

	return remove_from(target_by_name(&t, path, LOOKUP_FOLLOW), &t, name);
}

long sys_lremovexattr(const char __user *path, const char __user *name)
{
	struct target t;

	return remove_from(target_by_name(&t, path, 0), &t, name);
}

long sys_fremovexattr(unsigned fd, const char __user *name)
{
	struct target t;

	return remove_from(target_by_fd(&t, fd), &t, name);
}
