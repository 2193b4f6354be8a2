/* SPDX-License-Identifier: MIT
 *
 * fs/tmpfs/xattr.c - extended attributes of files in memory
 *
 * Owns:      struct tmpfs_xattrs, which a file gets with its first attribute.
 * Layer:     fs/tmpfs.
 * Locks:     the inode's lock, held by the caller.
 * Contexts:  process context; may sleep.
 * Manual:    xattr(7), tmpfs(5).
 * Tests:     tests/abi/xattr2.c, fs/tmpfs/tmpfs_ktest.c.
 * Deviates:  the names of one file take XATTR_LIST_MAX bytes at most (-ENOSPC), so that they can always be listed.
 *
 * trusted.* and security.* are kept: to write them takes a capability, so ordinary users cannot fill the memory with
 * them.  For the same reason user.* is not, as tmpfs(5) says (Linux 6.6 began to, and counts them against nr_inodes);
 * there are no access control lists.
 */
#include <fs/tmpfs/tmpfs_internal.h>
#include <fs/xattr.h>
#include <base/clock.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <abi/errno.h>

struct tmpfs_xattr {
	struct list_head link;
	size_t size;
	size_t name_size; /* with the NUL */
	char name[];      /* then the value */
};
struct tmpfs_xattrs {
	struct list_head all; /* the newest first */
	size_t names_size;    /* what listxattr(2) gives */
};

/* Where the inode keeps its attributes; NULL there = none yet. */
static struct tmpfs_xattrs **slot_of(const struct inode *i)
{
	if (s_isdir(i->mode))
		return &((struct tmpfs_dir *)i->private)->xattrs;
	return (struct tmpfs_xattrs **)&((struct inode *)i)->private;
}

static const char *value_of(const struct tmpfs_xattr *x)
{
	return x->name + x->name_size;
}

static struct tmpfs_xattr *find(const struct inode *i, const char *name)
{
	const struct tmpfs_xattrs *xs = *slot_of(i);
	struct tmpfs_xattr *x;

	if (!xs)
		return NULL;
	list_for_each_entry (x, &xs->all, link)
		if (!strcmp(x->name, name))
			return x;
	return NULL;
}

/* 0, -EOPNOTSUPP, -EINVAL. */
static int check_namespace(const char *name)
{
	static const char *const stored[] = { "trusted.", "security." };

	for (unsigned n = 0; n < ARRAY_SIZE(stored); n++)
		if (str_starts(name, stored[n]))
			return name[strlen(stored[n])] ? 0 : -EINVAL;
	return -EOPNOTSUPP;
}

ssize_t tmpfs_getxattr(struct inode *i, const char *name, void *value, size_t size)
{
	int err = check_namespace(name);
	const struct tmpfs_xattr *x = err ? NULL : find(i, name);

	if (!x)
		return err ? err : -ENODATA;
	if (!size)
		return (ssize_t)x->size;
	if (x->size > size)
		return -ERANGE;
	memcpy(value, value_of(x), x->size);
	return (ssize_t)x->size;
}

static struct tmpfs_xattr *xattr_create(const char *name, const void *value, size_t size)
{
	size_t name_size = strlen(name) + 1;
	struct tmpfs_xattr *x = kmalloc(sizeof(*x) + name_size + size, 0);

	if (!x)
		return NULL;
	x->size = size;
	x->name_size = name_size;
	memcpy(x->name, name, name_size);
	memcpy(x->name + name_size, value, size);
	return x;
}

static struct tmpfs_xattrs *xattrs_get(struct inode *i)
{
	struct tmpfs_xattrs **slot = slot_of(i);

	if (!*slot) {
		*slot = kzalloc(sizeof(**slot));
		if (*slot)
			list_init(&(*slot)->all);
	}
	return *slot;
}

int tmpfs_setxattr(struct inode *i, const char *name, const void *value, size_t size, int flags)
{
	int err = check_namespace(name);
	struct tmpfs_xattr *old = err ? NULL : find(i, name), *new;
	struct tmpfs_xattrs *xs;

	if (err)
		return err;
	if (old && flags & XATTR_CREATE)
		return -EEXIST;
	if (!old && flags & XATTR_REPLACE)
		return -ENODATA;
	xs = xattrs_get(i);
	if (!xs)
		return -ENOMEM;
	if (!old && xs->names_size + strlen(name) + 1 > XATTR_LIST_MAX)
		return -ENOSPC;
	new = xattr_create(name, value, size);
	if (!new)
		return -ENOMEM;
	if (old) {
		list_add(&new->link, &old->link); /* in its place */
		list_del(&old->link);
		kfree(old);
	} else {
		list_add(&new->link, &xs->all);
		xs->names_size += new->name_size;
	}
	i->ctime = clock_realtime_coarse();
	return 0;
}

int tmpfs_listxattr(struct inode *i, struct xattr_list *to)
{
	const struct tmpfs_xattrs *xs = *slot_of(i);
	const struct tmpfs_xattr *x;
	int err = 0;

	if (!xs)
		return 0;
	list_for_each_entry (x, &xs->all, link)
		if (!err)
			err = xattr_list_add(to, "", x->name, x->name_size - 1);
	return err;
}

int tmpfs_removexattr(struct inode *i, const char *name)
{
	int err = check_namespace(name);
	struct tmpfs_xattr *x = err ? NULL : find(i, name);

	if (!x)
		return err ? err : -ENODATA;
	list_del(&x->link);
	(*slot_of(i))->names_size -= x->name_size;
	kfree(x);
	i->ctime = clock_realtime_coarse();
	return 0;
}

void tmpfs_xattrs_free(struct inode *i)
{
	struct tmpfs_xattrs *xs;

	if (!i->private)
		return;
	xs = *slot_of(i);
	if (!xs)
		return;
	while (!list_empty(&xs->all)) {
		struct tmpfs_xattr *x = list_first_entry(&xs->all, struct tmpfs_xattr, link);

		list_del(&x->link);
		kfree(x);
	}
	kfree(xs);
	*slot_of(i) = NULL;
}
