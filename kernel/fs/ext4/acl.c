/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/acl.c - access control lists: their two forms, what they mean for the mode and for access
 *
 * Owns:      the bytes of an ACL.
 * Layer:     fs/ext4. Uses xattr_store.c.
 * Locks:     xattr_lock of the inode, for reading, while its list is copied.
 * Contexts:  process context; may sleep.
 * Manual:    acl(5) (POSIX 1003.1e draft 17).
 * Tests:     tests/ext4.
 *
 * A list has an entry for the owner, the group, the others, and if it names more users or groups also a mask, above
 * which none of those named gets.  The mode's three triples are the owner's entry, the mask (or the group's entry),
 * and the others': they change together.
 */
#include "xattr.h"
#include <lib/string.h>
#include <mem/slab.h>

enum { DISK_VERSION = 1, CALL_VERSION = 2, NO_ID = -1 };
enum acl_tag {
	ACL_USER_OBJ = 1,
	ACL_USER = 2,
	ACL_GROUP_OBJ = 4,
	ACL_GROUP = 8,
	ACL_MASK = 16,
	ACL_OTHER = 32
};
struct acl_entry { /* in both forms; the disk's has the id of ACL_USER and ACL_GROUP only */
	u16 tag, perm;
	u32 id;
};

static bool has_id(u16 tag)
{
	return tag == ACL_USER || tag == ACL_GROUP;
}

/* The next entry of the disk's form at *at; false at the end or where it is cut. */
static bool next_entry(const char *acl, size_t size, size_t *at, struct acl_entry *e)
{
	size_t n;

	e->id = (u32)NO_ID;
	if (*at + 4 > size)
		return false;
	memcpy(e, acl + *at, 4);
	n = has_id(e->tag) ? 8 : 4;
	if (*at + n > size)
		return false;
	memcpy(e, acl + *at, n);
	*at += n;
	return true;
}

/* Tags in order, the needed ones once; permissions of three bits. */
static bool valid_order(const struct acl_entry *e, u16 *last, u32 *last_id, u32 *seen)
{
	bool known = e->tag && !(e->tag & (e->tag - 1)) && e->tag <= ACL_OTHER;

	if (!known || e->perm > 7 || e->tag < *last ||
	    (e->tag == *last && (!has_id(e->tag) || e->id <= *last_id)))
		return false;
	*last = e->tag;
	*last_id = e->id;
	*seen |= e->tag;
	return true;
}

ssize_t ext4_acl_to_disk(const void *from, size_t size, void *to)
{
	enum { NEEDED = ACL_USER_OBJ | ACL_GROUP_OBJ | ACL_OTHER };
	const char *p = from;
	char *out = to;
	u32 version, seen = 0, last_id = 0;
	u16 last = 0;

	if (size < 4 || (size - 4) % sizeof(struct acl_entry))
		return -EINVAL;
	memcpy(&version, p, 4);
	if (version != CALL_VERSION)
		return -EOPNOTSUPP;
	version = DISK_VERSION;
	memcpy(out, &version, 4);
	out += 4;
	for (size_t at = 4; at < size; at += sizeof(struct acl_entry)) {
		struct acl_entry e;

		memcpy(&e, p + at, sizeof(e));
		if (!valid_order(&e, &last, &last_id, &seen))
			return -EINVAL;
		memcpy(out, &e, has_id(e.tag) ? 8 : 4);
		out += has_id(e.tag) ? 8 : 4;
	}
	if (size > 4 && ((seen & NEEDED) != NEEDED || (seen & (ACL_USER | ACL_GROUP) && !(seen & ACL_MASK))))
		return -EINVAL;
	return out - (char *)to;
}

ssize_t ext4_acl_from_disk(const void *from, size_t size, void *to, size_t room)
{
	u32 version = CALL_VERSION;
	struct acl_entry e;
	size_t at = 4, n = 4;

	if (size < 4 || *(const u32 *)from != DISK_VERSION)
		return -EUCLEAN;
	while (next_entry(from, size, &at, &e))
		n += sizeof(e);
	if (!room)
		return (ssize_t)n;
	if (n > room)
		return -ERANGE;
	memcpy(to, &version, 4);
	for (at = 4, n = 4; next_entry(from, size, &at, &e); n += sizeof(e))
		memcpy((char *)to + n, &e, sizeof(e));
	return (ssize_t)n;
}

int ext4_acl_mode(const void *disk, size_t size, umode_t *mode, bool *minimal)
{
	umode_t bits = 0;
	struct acl_entry e;
	bool mask = false;

	*minimal = true;
	for (size_t at = 4; next_entry(disk, size, &at, &e);) {
		if (e.tag == ACL_USER_OBJ)
			bits |= (umode_t)e.perm << 6;
		else if (e.tag == ACL_OTHER)
			bits |= e.perm;
		else if (e.tag == ACL_MASK)
			bits = (bits & ~(umode_t)070) | (umode_t)e.perm << 3, mask = true;
		else if (e.tag == ACL_GROUP_OBJ && !mask)
			bits |= (umode_t)e.perm << 3;
		if (e.tag != ACL_USER_OBJ && e.tag != ACL_GROUP_OBJ && e.tag != ACL_OTHER)
			*minimal = false;
	}
	*mode = (*mode & ~(umode_t)0777) | bits;
	return 0;
}

/* A copy of the inode's list in the disk's form; *acl NULL: there is none. */
static int load(struct inode *i, u8 index, char **acl, size_t *size)
{
	struct ext4_inode *ei = ext4_i(i);
	const struct ext4_xattr *x = NULL;
	struct ext4_xattrs *s;
	int err;

	*acl = NULL;
	rwlock_read_lock(&ei->xattr_lock);
	err = ext4_xattrs_load(i, &s);
	rwlock_read_unlock(&ei->xattr_lock);
	if (err)
		return err;
	x = ext4_xattrs_find(s, index, "", 0);
	if (x && x->size >= 4) {
		*size = x->size;
		*acl = kmalloc(x->size, 0);
		if (*acl)
			memcpy(*acl, x->value, x->size);
		else
			err = -ENOMEM;
	}
	ext4_xattrs_free(s);
	return err;
}

/* Gives the entries that stand for the mode's bits the bits of `mode`; keep: only takes away. */
static void put_mode(char *acl, size_t size, umode_t mode, bool keep)
{
	struct acl_entry e;
	bool mask = false;

	for (size_t at = 4; next_entry(acl, size, &at, &e);)
		mask |= e.tag == ACL_MASK;
	for (size_t at = 4, from = 4; next_entry(acl, size, &at, &e); from = at) {
		u16 bits;

		if (e.tag == ACL_USER_OBJ)
			bits = mode >> 6 & 7;
		else if (e.tag == ACL_OTHER)
			bits = mode & 7;
		else if (e.tag == (mask ? ACL_MASK : ACL_GROUP_OBJ))
			bits = mode >> 3 & 7;
		else
			continue;
		e.perm = keep ? e.perm & bits : bits;
		memcpy(acl + from, &e, 4);
	}
}

int ext4_acl_chmod(struct ext4_handle *h, struct inode *i)
{
	char *acl;
	size_t size;
	int err;

	if (!i->ops->permission)
		return 0;
	err = load(i, XA_ACL_ACCESS, &acl, &size);
	if (err || !acl)
		return err;
	put_mode(acl, size, i->mode, false);
	err = ext4_xattr_put(h, i, XA_ACL_ACCESS, "", 0, acl, size, 0);
	kfree(acl);
	return err;
}

int ext4_xattr_inherit(struct ext4_handle *h, struct inode *dir, struct inode *i)
{
	struct ext4_inode *di = ext4_i(dir);
	bool minimal;
	char *acl;
	size_t size;
	int err;

	if (s_islnk(i->mode) || !(di->has_attrs || di->file_acl))
		return 0;
	err = load(dir, XA_ACL_DEFAULT, &acl, &size);
	if (err || !acl)
		return err;
	if (s_isdir(i->mode))
		err = ext4_xattr_put(h, i, XA_ACL_DEFAULT, "", 0, acl, size, 0);
	i->default_acl = s_isdir(i->mode);
	put_mode(acl, size, i->mode, true);
	if (!err)
		err = ext4_acl_mode(acl, size, &i->mode, &minimal);
	if (!err && !minimal)
		err = ext4_xattr_put(h, i, XA_ACL_ACCESS, "", 0, acl, size, 0);
	if (!err)
		ext4_inode_set_acl_ops(i, !minimal);
	kfree(acl);
	return err;
}

/* ---- access ---- */

/* acl(5), "Access check algorithm", from the second step on: the owner was asked by the mode. */
static bool acl_allows(const struct inode *i, const char *acl, size_t size, unsigned want,
                       const struct cred *c)
{
	bool in_group = false, granted = false;
	unsigned mask = 7, other = 0;
	struct acl_entry e;

	for (size_t at = 4; next_entry(acl, size, &at, &e);)
		if (e.tag == ACL_MASK)
			mask = e.perm;
	for (size_t at = 4; next_entry(acl, size, &at, &e);) {
		if (e.tag == ACL_USER && e.id == c->fsuid)
			return !(want & ~(e.perm & mask));
		if ((e.tag == ACL_GROUP_OBJ && cred_in_group(c, i->gid)) ||
		    (e.tag == ACL_GROUP && cred_in_group(c, e.id))) {
			in_group = true;
			granted = granted || !(want & ~(e.perm & mask));
		}
		if (e.tag == ACL_OTHER)
			other = e.perm;
	}
	return in_group ? granted : !(want & ~other);
}

/* What capabilities allow where the list does not. */
static bool capable_of(const struct inode *i, unsigned want, const struct cred *c)
{
	bool search = s_isdir(i->mode) ? !(want & MAY_WRITE) : want == MAY_READ;

	if (search && cred_capable(c, CAP_DAC_READ_SEARCH))
		return true;
	return (s_isdir(i->mode) || !(want & MAY_EXEC) || i->mode & S_IXUGO) &&
	       cred_capable(c, CAP_DAC_OVERRIDE);
}

int ext4_permission(struct inode *i, unsigned want, const struct cred *c)
{
	bool allowed;
	char *acl;
	size_t size;
	int err;

	want &= MAY_READ | MAY_WRITE | MAY_EXEC;
	if (c->fsuid == i->uid)
		return inode_permission_mode(i, want, c);
	err = load(i, XA_ACL_ACCESS, &acl, &size);
	if (err)
		return err;
	if (!acl)
		return inode_permission_mode(i, want, c);
	allowed = acl_allows(i, acl, size, want, c) || capable_of(i, want, c);
	kfree(acl);
	return allowed ? 0 : -EACCES;
}
