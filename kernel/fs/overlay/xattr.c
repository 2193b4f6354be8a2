/* SPDX-License-Identifier: MIT
 *
 * fs/overlay/xattr.c - extended attributes of an overlay's objects: the real ones', without the overlay's marks
 *
 * Owns:      nothing.
 * Layer:     fs/overlay.
 * Locks:     the overlay inode's lock, held by fs; the real inode's inside.
 * Contexts:  process context; may sleep.
 * Manual:    xattr(7); Linux Documentation/filesystems/overlayfs.rst.
 * Tests:     tests/run.py overlay.
 */
#include <fs/overlay/internal.h>
#include <fs/xattr.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <abi/errno.h>

enum { LIST_FIRST = 512 /* enough for most */ };

static bool is_mark(const struct ovl_super *s, const char *name)
{
	return str_starts(name, s->userxattr ? "user.overlay." : "trusted.overlay.");
}

ssize_t ovl_getxattr(struct inode *i, const char *name, void *value, size_t size)
{
	if (is_mark(ovl_super(i->sb), name))
		return -EOPNOTSUPP;
	return inode_getxattr(ovl_real_inode(i), name, value, size);
}

int ovl_setxattr(struct inode *i, const char *name, const void *value, size_t size, int flags)
{
	int err = is_mark(ovl_super(i->sb), name) ? -EOPNOTSUPP : ovl_copy_up(i);

	return err ? err : inode_setxattr(ovl_upper(i)->inode, name, value, size, flags);
}

int ovl_removexattr(struct inode *i, const char *name)
{
	ssize_t n = ovl_getxattr(i, name, NULL, 0); /* what is not there is no reason to copy */
	int err = n < 0 ? (int)n : ovl_copy_up(i);

	return err ? err : inode_removexattr(ovl_upper(i)->inode, name);
}

/* All names in an allocation; their bytes or an error. */
static ssize_t all_names(struct inode *real, char **names)
{
	size_t size = LIST_FIRST;

	for (;;) {
		ssize_t n;

		*names = kmalloc(size, 0);
		if (!*names)
			return -ENOMEM;
		n = inode_listxattr(real, *names, size);
		if (n >= 0)
			return n;
		kfree(*names);
		*names = NULL;
		if (n != -ERANGE || size >= XATTR_LIST_MAX)
			return n;
		size = XATTR_LIST_MAX;
	}
}

int ovl_listxattr(struct inode *i, struct xattr_list *to)
{
	char *names;
	ssize_t n = all_names(ovl_real_inode(i), &names);
	int err = n < 0 ? (int)n : 0;

	for (const char *at = names; !err && at < names + n; at += strlen(at) + 1)
		if (!is_mark(ovl_super(i->sb), at))
			err = xattr_list_add(to, "", at, strlen(at));
	kfree(names);
	return err;
}

static int copy_one(struct inode *from, struct inode *to, const char *name)
{
	ssize_t n = inode_getxattr(from, name, NULL, 0);
	char *value;
	int err;

	if (n < 0)
		return n == -ENODATA ? 0 : (int)n;
	value = kmalloc((size_t)n + 1, 0);
	if (!value)
		return -ENOMEM;
	n = inode_getxattr(from, name, value, (size_t)n);
	err = n < 0 ? (int)n : inode_setxattr(to, name, value, (size_t)n, 0);
	kfree(value);
	return err == -EOPNOTSUPP || err == -ENODATA || err == -ERANGE ? 0 : err;
}

int ovl_copy_xattrs(struct ovl_super *s, struct inode *from, struct inode *to)
{
	char *names;
	ssize_t n;
	int err = 0;

	if (!from->ops->listxattr || !to->ops->setxattr)
		return 0;
	n = all_names(from, &names);
	if (n < 0)
		return n == -EOPNOTSUPP ? 0 : (int)n;
	for (const char *at = names; !err && at < names + n; at += strlen(at) + 1)
		if (!is_mark(s, at))
			err = copy_one(from, to, at);
	kfree(names);
	return err;
}
