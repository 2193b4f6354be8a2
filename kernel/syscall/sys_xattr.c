/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_xattr.c - extended attributes: names and values to and from the caller
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses fs (names, fs/xattr.h), cred.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    xattr(7), getxattr(2), setxattr(2), listxattr(2), removexattr(2).
 * Tests:     tests/abi/xattr.c, tests/abi/xattr2.c
 *
 * Each of the four operations has three calls: by name, by the name of a link itself, by descriptor.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <fs/xattr.h>
#include <mem/slab.h>

/* The file that a call names: the object of one path_lookup or a borrowed descriptor's. */
struct target {
	struct path path;
	struct fd_ref ref; /* of f*xattr */
	char name[XATTR_NAME_MAX + 1];
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

/* The attribute's name: 0, -EFAULT, -ERANGE. */
static int target_name(struct target *t, const char __user *uname)
{
	ssize_t n = strncpy_from_user(t->name, uname, sizeof(t->name));

	if (n == -EFAULT)
		return -EFAULT;
	return n <= 0 ? -ERANGE : 0;
}

/* A buffer for what comes or goes: NULL (size 0), or ERR_PTR. */
static void *value_buffer(size_t size)
{
	void *buf = size ? kmalloc(size, 0) : NULL;

	return size && !buf ? ERR_PTR(-ENOMEM) : buf;
}

/* n bytes to the caller, if it gave room; -ERANGE from the largest buffer there is means too big at all. */
static long value_out(void __user *to, const void *buf, ssize_t n, size_t size, size_t max)
{
	if (n == -ERANGE && size >= max)
		return -E2BIG;
	if (n > 0 && size && copy_to_user(to, buf, (size_t)n))
		return -EFAULT;
	return n;
}

static long get_value(struct target *t, const char __user *name, void __user *value, size_t size)
{
	long r = target_name(t, name);
	void *buf;

	if (r)
		return r;
	size = MIN(size, (size_t)XATTR_SIZE_MAX);
	buf = value_buffer(size);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	r = value_out(value, buf, vfs_getxattr(&t->path, t->name, buf, size, current_task()->cred), size,
	              XATTR_SIZE_MAX);
	kfree(buf);
	return r;
}

static long get_from(int err, struct target *t, const char __user *name, void __user *value, size_t size)
{
	if (err)
		return err;
	long r = get_value(t, name, value, size);
	target_put(t);
	return r;
}

long sys_getxattr(const char __user *path, const char __user *name, void __user *value, size_t size)
{
	struct target t;

	return get_from(target_by_name(&t, path, LOOKUP_FOLLOW), &t, name, value, size);
}

long sys_lgetxattr(const char __user *path, const char __user *name, void __user *value, size_t size)
{
	struct target t;

	return get_from(target_by_name(&t, path, 0), &t, name, value, size);
}

long sys_fgetxattr(unsigned fd, const char __user *name, void __user *value, size_t size)
{
	struct target t;

	return get_from(target_by_fd(&t, fd), &t, name, value, size);
}

static long set_value(struct target *t, const char __user *name, const void __user *value, size_t size,
                      int flags)
{
	int err = flags & ~(XATTR_CREATE | XATTR_REPLACE) ? -EINVAL : target_name(t, name);
	void *buf;

	if (err)
		return err;
	if (size > XATTR_SIZE_MAX)
		return -E2BIG;
	buf = value_buffer(size);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	err = size ? copy_from_user(buf, value, size) : 0;
	if (!err)
		err = vfs_setxattr(&t->path, t->name, buf, size, flags, current_task()->cred);
	kfree(buf);
	return err;
}

static long set_on(int err, struct target *t, const char __user *name, const void __user *value, size_t size,
                   int flags)
{
	if (err)
		return err;
	long r = set_value(t, name, value, size, flags);
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

static long list_of(int err, struct target *t, char __user *list, size_t size)
{
	void *buf;
	long r;

	if (err)
		return err;
	size = MIN(size, (size_t)XATTR_LIST_MAX);
	buf = value_buffer(size);
	r = PTR_ERR(buf);
	if (!IS_ERR(buf)) {
		r = value_out(list, buf, vfs_listxattr(&t->path, buf, size, current_task()->cred), size,
		              XATTR_LIST_MAX);
		kfree(buf);
	}
	target_put(t);
	return r;
}

long sys_listxattr(const char __user *path, char __user *list, size_t size)
{
	struct target t;

	return list_of(target_by_name(&t, path, LOOKUP_FOLLOW), &t, list, size);
}

long sys_llistxattr(const char __user *path, char __user *list, size_t size)
{
	struct target t;

	return list_of(target_by_name(&t, path, 0), &t, list, size);
}

long sys_flistxattr(unsigned fd, char __user *list, size_t size)
{
	struct target t;

	return list_of(target_by_fd(&t, fd), &t, list, size);
}

static long remove_from(int err, struct target *t, const char __user *name)
{
	if (err)
		return err;
	long r = target_name(t, name);
	if (!r)
		r = vfs_removexattr(&t->path, t->name, current_task()->cred);
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
