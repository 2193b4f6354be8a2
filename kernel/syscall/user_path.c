/* SPDX-License-Identifier: MIT
 *
 * syscall/user_path.c - path names of the caller
 *
 * Owns:      nothing; fills struct user_path on the handler's stack.
 * Layer:     syscall.  Uses base/iov, fs (descriptors), mem (long names).
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    path_resolution(7), openat(2) for dirfd.
 * Tests:     tests/abi/names.c
 *
 * Nearly all names are short, so the handler's stack holds the copy; a longer one gets a buffer of PATH_MAX
 * bytes.  The descriptor of the *at calls is borrowed for the call, as fd_ref_get() says.
 */
#include <syscall/syscall.h>
#include <lib/string.h>
#include <mem/slab.h>

static ssize_t user_path_copy_long(struct user_path *p, const char __user *name)
{
	char *buf = kmalloc(PATH_MAX, 0);
	ssize_t n;

	if (!buf)
		return -ENOMEM;
	n = strncpy_from_user(buf, name, PATH_MAX);
	if (n < 0) {
		kfree(buf);
		return n;
	}
	p->name = buf;
	return n;
}

static void user_path_free_name(struct user_path *p)
{
	if (unlikely(p->name != p->small))
		kfree(p->name);
}

int user_path_get(struct user_path *p, int dirfd, const char __user *name, unsigned flags)
{
	ssize_t n = strncpy_from_user(p->small, name, sizeof(p->small));

	p->name = p->small;
	if (unlikely(n == -ENAMETOOLONG))
		n = user_path_copy_long(p, name);
	if (unlikely(n < 0))
		return (int)n;
	if (unlikely(n == 0 && !(flags & LOOKUP_EMPTY)))
		return -ENOENT; /* "" is always in `small` */
	p->walk = task_walk(current_task());
	p->ref = (struct fd_ref){ NULL, false };
	if (dirfd == AT_FDCWD || p->name[0] == '/')
		return 0;
	p->ref = fd_arg_path((unsigned)dirfd);
	if (!p->ref.file) {
		user_path_free_name(p);
		return -EBADF;
	}
	p->base = p->ref.file->path;
	p->walk.base = &p->base;
	return 0;
}

void user_path_put(struct user_path *p)
{
	user_path_free_name(p);
	if (p->ref.file)
		fd_ref_put(p->ref);
}

char *user_string(const char __user *s, size_t size)
{
	char *buf = kmalloc(size, 0);
	ssize_t n;

	if (!buf)
		return ERR_PTR(-ENOMEM);
	n = strncpy_from_user(buf, s, size);
	if (n >= 0)
		return buf;
	kfree(buf);
	return ERR_PTR(n);
}
