/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/xattr.c - extended attributes: names, get, set, list, remove
 *
 * Owns:      which namespaces are stored.
 * Layer:     fs/ext4. Uses xattr_store.c, acl.c.
 * Locks:     the inode's lock, held by fs: for writing by set and remove.
 * Contexts:  process context; may sleep.
 * Manual:    xattr(7), acl(5).
 * Tests:     tests/ext4.
 */
#include "xattr.h"
#include <base/clock.h>
#include <fs/xattr.h>
#include <lib/string.h>
#include <mem/slab.h>

struct space {
	const char *prefix;
	u8 index;
	bool whole; /* the prefix is the name */
};
static const struct space spaces[] = {
	{ "user.", XA_USER, false },
	{ "trusted.", XA_TRUSTED, false },
	{ "security.", XA_SECURITY, false },
	{ "system.posix_acl_access", XA_ACL_ACCESS, true },
	{ "system.posix_acl_default", XA_ACL_DEFAULT, true },
};

static const struct space *space_of(const char *name, const char **rest)
{
	for (unsigned k = 0; k < ARRAY_SIZE(spaces); k++) {
		const struct space *s = &spaces[k];

		if (s->whole ? !strcmp(name, s->prefix) : str_starts(name, s->prefix)) {
			*rest = name + strlen(s->prefix);
			return s;
		}
	}
	return NULL;
}

static ssize_t copy_value(const struct ext4_xattr *x, bool acl, void *value, size_t size)
{
	if (acl)
		return ext4_acl_from_disk(x->value, x->size, value, size);
	if (!size)
		return x->size;
	if (x->size > size)
		return -ERANGE;
	memcpy(value, x->value, x->size);
	return x->size;
}

ssize_t ext4_getxattr(struct inode *i, const char *name, void *value, size_t size)
{
	const char *rest;
	const struct space *sp = space_of(name, &rest);
	struct ext4_xattrs *s;
	const struct ext4_xattr *x;
	ssize_t n;

	if (!sp)
		return -EOPNOTSUPP;
	rwlock_read_lock(&ext4_i(i)->xattr_lock);
	n = ext4_xattrs_load(i, &s);
	rwlock_read_unlock(&ext4_i(i)->xattr_lock);
	if (n)
		return n;
	x = ext4_xattrs_find(s, sp->index, rest, strlen(rest));
	n = x ? copy_value(x, sp->whole, value, size) : -ENODATA;
	ext4_xattrs_free(s);
	return n;
}

int ext4_listxattr(struct inode *i, struct xattr_list *to)
{
	struct ext4_xattrs *s;
	int err;

	rwlock_read_lock(&ext4_i(i)->xattr_lock);
	err = ext4_xattrs_load(i, &s);
	rwlock_read_unlock(&ext4_i(i)->xattr_lock);
	if (err)
		return err;
	for (u32 k = 0; k < s->n && !err; k++)
		for (unsigned n = 0; n < ARRAY_SIZE(spaces); n++)
			if (spaces[n].index == s->item[k].index && !err &&
			    (spaces[n].whole || s->item[k].len))
				err = xattr_list_add(to, spaces[n].prefix, s->item[k].name,
				                     spaces[n].whole ? 0 : s->item[k].len);
	ext4_xattrs_free(s);
	return err;
}

int ext4_xattr_put(struct ext4_handle *h, struct inode *i, u8 index, const char *name, size_t len,
                   const void *value, size_t size, int flags)
{
	struct ext4_xattrs *s;
	struct ext4_xattr *x;
	int err = ext4_xattrs_load(i, &s);

	if (err)
		return err;
	x = ext4_xattrs_find(s, index, name, len);
	if (x && flags & XATTR_CREATE)
		err = -EEXIST;
	else if (!x && (!value || flags & XATTR_REPLACE))
		err = -ENODATA;
	else if (size > h->fs->block_size)
		err = -ENOSPC;
	if (!err && !value) {
		*x = s->item[--s->n];
	} else if (!err) {
		if (!x)
			x = &s->item[s->n++]; /* one more than can be on the disk has room */
		*x = (struct ext4_xattr){ .index = index,
			                  .len = (u8)len,
			                  .in_block = true,
			                  .name = name,
			                  .value = value,
			                  .size = (u32)size };
	}
	if (!err) {
		rwlock_write_lock(&ext4_i(i)->xattr_lock);
		err = ext4_xattrs_store(h, i, s);
		rwlock_write_unlock(&ext4_i(i)->xattr_lock);
	}
	ext4_xattrs_free(s);
	return err;
}

/* One handle: the attribute, and what follows from an ACL. */
static int put_once(struct inode *i, const struct space *sp, const char *rest, const void *value, size_t size,
                    int flags)
{
	struct ext4_fs *fs = ext4_i(i)->fs;
	bool minimal = false;
	umode_t mode = i->mode;
	struct ext4_handle h;
	int err = 0;

	if (sp->index == XA_ACL_ACCESS && value)
		err = ext4_acl_mode(value, size, &mode, &minimal);
	if (!err)
		err = ext4_start(fs, &h, DIR_CREDITS + XATTR_CREDITS);
	if (err)
		return err;
	i->ctime = clock_realtime_coarse();
	if (minimal) {
		err = ext4_xattr_put(&h, i, sp->index, rest, strlen(rest), NULL, 0, 0);
		err = err == -ENODATA ? 0 : err;
	} else {
		err = ext4_xattr_put(&h, i, sp->index, rest, strlen(rest), value, size, flags);
	}
	if (!err) {
		i->mode = mode;
		if (sp->index == XA_ACL_ACCESS)
			ext4_inode_set_acl_ops(i, value && !minimal);
		if (sp->index == XA_ACL_DEFAULT)
			atomic_store(&i->default_acl, value != NULL);
		ext4_i(i)->has_attrs = true;
		err = ext4_inode_write(&h, i);
	}
	return ext4_stop(&h, err);
}

static int put(struct inode *i, const char *name, const void *value, size_t size, int flags)
{
	const char *rest;
	const struct space *sp = space_of(name, &rest);
	void *disk = NULL;
	ssize_t n = (ssize_t)size;
	int err;

	if (!sp || (sp->whole && s_islnk(i->mode)))
		return -EOPNOTSUPP;
	if (strlen(rest) > 255)
		return -ERANGE;
	if (sp->index == XA_ACL_DEFAULT && value && !s_isdir(i->mode))
		return -EACCES;
	if (sp->whole && value) {
		disk = kmalloc(size ? size : 1, 0);
		if (!disk)
			return -ENOMEM;
		n = ext4_acl_to_disk(value, size, disk);
		value = n > 4 ? disk : NULL; /* an empty list takes it away */
	}
	err = n < 0 ? (int)n : put_once(i, sp, rest, value, (size_t)n, flags);
	if (err == -ENOSPC && !ext4_commit_all(ext4_i(i)->fs))
		err = put_once(i, sp, rest, value, (size_t)n, flags);
	kfree(disk);
	return err;
}

int ext4_setxattr(struct inode *i, const char *name, const void *value, size_t size, int flags)
{
	return put(i, name, value ? value : "", size, flags);
}

int ext4_removexattr(struct inode *i, const char *name)
{
	return put(i, name, NULL, 0, 0);
}
