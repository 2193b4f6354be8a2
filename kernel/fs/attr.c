/* SPDX-License-Identifier: MIT
 *
 * fs/attr.c - who may change mode, owner, times and size, and what else changes with them
 *
 * Owns:      the rules; the fields stand in struct inode.
 * Layer:     fs.
 * Locks:     inode_setattr takes inode->lock for writing.
 * Contexts:  process context; may sleep.
 * Manual:    chmod(2), chown(2), utimensat(2), truncate(2), inode(7), capabilities(7).
 * Tests:     tests/abi/attr.c.
 */
#include <fs/namei.h>
#include <fs/notify.h>
#include <fs/walk.h>
#include <fs/xattr.h>
#include <base/clock.h>
#include <abi/errno.h>

/* Set-user-id goes always; set-group-id when the group may execute (else the bit means mandatory locking). */
static umode_t mode_without_ids(umode_t mode)
{
	if (s_isdir(mode))
		return mode;
	mode &= ~(umode_t)S_ISUID;
	if (mode & S_IXGRP)
		mode &= ~(umode_t)S_ISGID;
	return mode;
}

umode_t inode_mode_without_privs(const struct inode *i, const struct cred *c)
{
	if (likely(!(i->mode & (S_ISUID | S_ISGID))) || !s_isreg(i->mode) || cred_capable(c, CAP_FSETID))
		return i->mode;
	return mode_without_ids(i->mode);
}

int inode_drop_privs_locked(struct inode *i, const struct cred *c)
{
	int err = inode_drop_file_caps(i);

	if (err)
		return err;
	i->mode = inode_mode_without_privs(i, c);
	inode_mark_dirty(i);
	return 0;
}

int inode_drop_privs(struct inode *i, const struct cred *c)
{
	int err;

	rwlock_write_lock(&i->lock);
	err = inode_drop_privs_locked(i, c);
	rwlock_write_unlock(&i->lock);
	return err;
}

static int check_owner_change(const struct inode *i, const struct iattr *a, const struct cred *c)
{
	bool owner = c->fsuid == i->uid;

	if (cred_capable(c, CAP_CHOWN))
		return 0;
	if (a->valid & ATTR_UID && !(owner && a->uid == i->uid))
		return -EPERM;
	if (a->valid & ATTR_GID && !(owner && (a->gid == i->gid || cred_in_group(c, a->gid))))
		return -EPERM;
	return 0;
}

/* utimes with explicit times: the owner; "now": also who may write. */
static int check_times(struct inode *i, const struct iattr *a, const struct cred *c)
{
	if (!(a->valid & (ATTR_ATIME | ATTR_MTIME)) || a->valid & ATTR_SIZE || inode_owner_or_capable(i, c))
		return 0;
	if (a->valid & (ATTR_ATIME_SET | ATTR_MTIME_SET | ATTR_TIMES))
		return -EPERM;
	return inode_permission(i, MAY_WRITE, c);
}

static int check_size(const struct inode *i, const struct iattr *a)
{
	u64 max = i->sb->max_file ? i->sb->max_file : INT64_MAX;

	if (a->size < 0)
		return -EINVAL;
	return (u64)a->size > max ? -EFBIG : 0;
}

/* chown takes the set-id bits from everybody, truncate from the unprivileged. */
static void setattr_add_mode(const struct inode *i, struct iattr *a, const struct cred *c)
{
	umode_t mode = i->mode;

	if (a->valid & (ATTR_MODE | ATTR_FORCE))
		return;
	if (a->valid & ATTR_CHOWN)
		mode = mode_without_ids(mode);
	else if (a->valid & ATTR_SIZE)
		mode = inode_mode_without_privs(i, c);
	if (mode != i->mode) {
		a->valid |= ATTR_MODE;
		a->mode = mode;
	}
}

/* An immutable file has its attributes for ever; one that only grows its owner, mode and given times. */
static int check_flags(const struct inode *i, const struct iattr *a)
{
	if (likely(!(i->flags & (INODE_IMMUTABLE | INODE_APPEND))))
		return 0;
	if (i->flags & INODE_IMMUTABLE)
		return -EPERM;
	return a->valid & (ATTR_MODE | ATTR_UID | ATTR_GID | ATTR_SIZE | ATTR_ATIME_SET | ATTR_MTIME_SET |
	                   ATTR_TIMES)
	               ? -EPERM
	               : 0;
}

static int setattr_check(struct inode *i, struct iattr *a, const struct cred *c)
{
	int err = 0;

	if (a->valid & ATTR_SIZE)
		err = check_size(i, a);
	if (err || a->valid & ATTR_FORCE)
		return err;
	err = check_flags(i, a);
	if (!err)
		err = check_owner_change(i, a, c);
	if (err)
		return err;
	/* To lose the set-id bits is a change of the mode. */
	if (a->valid & ATTR_CHOWN && mode_without_ids(i->mode) != i->mode && !inode_owner_or_capable(i, c))
		return -EPERM;
	if (a->valid & ATTR_MODE) {
		gid_t gid = a->valid & ATTR_GID ? a->gid : i->gid;

		if (!inode_owner_or_capable(i, c))
			return -EPERM;
		if (!cred_in_group(c, gid) && !cred_capable(c, CAP_FSETID))
			a->mode &= ~(umode_t)S_ISGID;
	}
	return check_times(i, a, c);
}

static void setattr_apply(struct inode *i, const struct iattr *a)
{
	ktime_t now = clock_realtime_coarse();

	if (a->valid & ATTR_UID)
		i->uid = a->uid;
	if (a->valid & ATTR_GID)
		i->gid = a->gid;
	if (a->valid & ATTR_MODE)
		i->mode = (i->mode & S_IFMT) | (a->mode & S_IALLUGO);
	if (a->valid & ATTR_SIZE) {
		inode_truncate(i, a->size);
		i->mtime = now;
	}
	if (a->valid & (ATTR_ATIME | ATTR_ATIME_SET))
		i->atime = a->valid & ATTR_ATIME_SET ? a->atime : now;
	if (a->valid & (ATTR_MTIME | ATTR_MTIME_SET))
		i->mtime = a->valid & ATTR_MTIME_SET ? a->mtime : now;
	i->ctime = now;
	inode_mark_dirty(i);
}

static bool setattr_drops_caps(const struct inode *i, const struct iattr *a)
{
	return a->valid & (ATTR_CHOWN | ATTR_SIZE) && !(a->valid & ATTR_FORCE) && !s_isdir(i->mode);
}

int inode_setattr(struct inode *i, struct iattr *a, const struct cred *c)
{
	int err;

	rwlock_write_lock(&i->lock);
	err = setattr_check(i, a, c);
	if (err)
		goto out;
	setattr_add_mode(i, a, c);
	if (setattr_drops_caps(i, a))
		err = inode_drop_file_caps(i);
	if (!err && i->ops->setattr)
		err = i->ops->setattr(i, a);
	if (!err)
		setattr_apply(i, a);
out:
	rwlock_write_unlock(&i->lock);
	return err;
}

/* truncate(2) by name: the type first, then the right to write, then who executes it. */
static int truncate_path(const struct path *p, struct iattr *a, const struct cred *c)
{
	struct inode *i = p->dentry->inode;
	int err;

	if (a->size < 0)
		return -EINVAL;
	if (s_isdir(i->mode))
		return -EISDIR;
	if (!s_isreg(i->mode))
		return -EINVAL;
	err = path_check_write(p);
	if (!err && !(a->valid & ATTR_FORCE))
		err = inode_permission(i, MAY_WRITE, c);
	if (!err)
		err = inode_get_write(i);
	if (err)
		return err;
	err = inode_setattr(i, a, c);
	inode_put_write(i);
	if (!err)
		notify_dentry(p->dentry, notify_attr_mask(a));
	return err;
}

int vfs_setattr_path(const struct path *p, struct iattr *a, const struct cred *c)
{
	int err;

	if (a->valid & ATTR_SIZE)
		return truncate_path(p, a, c);
	err = path_check_write(p);
	if (err)
		return err;
	if (a->valid & ATTR_MODE && s_islnk(p->dentry->inode->mode))
		return -EOPNOTSUPP;
	err = inode_setattr(p->dentry->inode, a, c);
	if (!err)
		notify_dentry(p->dentry, notify_attr_mask(a));
	return err;
}

int vfs_setattr(const struct fs_walk *w, const char *name, unsigned lookup, struct iattr *a)
{
	struct path p;
	int err = path_lookup(w, name, lookup, &p);

	if (err)
		return err;
	err = vfs_setattr_path(&p, a, w->cred);
	path_put(&p);
	return err;
}
