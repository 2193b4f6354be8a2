/* SPDX-License-Identifier: MIT
 *
 * fs/create.c - the calls that make names: mkdir, mknod, symlink, link
 *
 * Owns:      nothing.
 * Layer:     fs.
 * Locks:     the parent directory's inode lock for writing, from the lookup of the last component to the
 *            end; then the linked inode's. Order: parent before child.
 * Contexts:  process context; may sleep.
 * Manual:    mkdir(2), mknod(2), symlink(2), link(2).
 * Tests:     tests/abi/dents.c, tests/abi/names.c.
 */
#include <fs/fileflags.h>
#include <fs/namei.h>
#include <fs/notify.h>
#include <fs/walk.h>
#include <abi/errno.h>

int may_create(const struct dentry *dir, const struct cred *c)
{
	if (dir->unlinked)
		return -ENOENT;
	return inode_permission(dir->inode, MAY_WRITE | MAY_EXEC, c);
}

int create_node(struct dentry *d, umode_t mode, dev_t rdev, const char *target, const struct cred *c)
{
	struct inode *dir = d->parent->inode, *i;

	if (!dir->ops->create)
		return s_isreg(mode) ? -EACCES : -EPERM;
	i = dir->ops->create(dir, d->name, d->len, mode, rdev, target, c);
	if (IS_ERR(i))
		return (int)PTR_ERR(i);
	dentry_instantiate(d, i);
	inode_names_changed(dir);
	return 0;
}

/* Walks to the parent, locks it and finds that the last name is free: a negative dentry with a reference, or
 * ERR_PTR (nothing held).  After success: create_end. */
static struct dentry *create_begin(struct walker *k, const struct fs_walk *w, const char *name,
                                   bool dir) NO_LOCK_CHECK
{
	struct dentry *d;
	int err = walk_to_parent(k, w, name);

	if (err)
		return ERR_PTR(err);
	if (k->last_type != LAST_NORM) {
		walk_end(k);
		return ERR_PTR(-EEXIST);
	}
	rwlock_write_lock(&k->at.dentry->inode->lock);
	d = dentry_lookup_locked(k->at.dentry, &k->last);
	if (IS_ERR(d)) {
		err = (int)PTR_ERR(d);
	} else {
		if (d->inode)
			err = -EEXIST;
		else if (k->need_dir && !dir)
			err = -ENOENT;
		else
			err = path_check_write(&k->at);
		if (!err)
			return d;
		dentry_put(d);
	}
	rwlock_write_unlock(&k->at.dentry->inode->lock);
	walk_end(k);
	return ERR_PTR(err);
}

static void create_end(struct walker *k, struct dentry *d) NO_LOCK_CHECK
{
	rwlock_write_unlock(&k->at.dentry->inode->lock);
	dentry_put(d);
	walk_end(k);
}

/* `made` (may be NULL): where the new name stands, referenced. */
static int make_at(const struct fs_walk *w, const char *name, umode_t mode, dev_t rdev, const char *target,
                   struct path *made)
{
	struct walker k;
	struct dentry *d = create_begin(&k, w, name, s_isdir(mode));
	umode_t type = mode & S_IFMT;
	int err;

	if (IS_ERR(d))
		return (int)PTR_ERR(d);
	err = may_create(k.at.dentry, w->cred);
	/* Device 0:0 is overlay file systems' mark for a name that is not there; anybody may make it. */
	if (!err && ((type == S_IFCHR && rdev) || type == S_IFBLK) && !cred_capable(w->cred, CAP_MKNOD))
		err = -EPERM;
	if (!err)
		err = create_node(d, s_islnk(mode) ? mode : new_mode(k.at.dentry->inode, mode, w->fs), rdev,
		                  target, w->cred);
	if (!err)
		notify_name(k.at.dentry->inode, IN_CREATE | (s_isdir(mode) ? IN_ISDIR : 0), k.last.s,
		            k.last.len, 0);
	if (!err && made) {
		*made = (struct path){ k.at.mnt, d };
		path_get(made);
	}
	create_end(&k, d);
	return err;
}

static int make(const struct fs_walk *w, const char *name, umode_t mode, dev_t rdev, const char *target)
{
	return make_at(w, name, mode, rdev, target, NULL);
}

int vfs_mknod_path(const struct fs_walk *w, const char *name, umode_t mode, struct path *out)
{
	return make_at(w, name, mode & (S_IFMT | S_IALLUGO), 0, NULL, out);
}

int vfs_mkdir(const struct fs_walk *w, const char *name, umode_t mode)
{
	return make(w, name, S_IFDIR | (mode & (S_IRWXUGO | S_ISVTX)), 0, NULL);
}

int vfs_mknod(const struct fs_walk *w, const char *name, umode_t mode, dev_t rdev)
{
	umode_t perm = mode & S_IALLUGO;

	switch (mode & S_IFMT) {
	case 0:
	case S_IFREG:
		return make(w, name, S_IFREG | perm, 0, NULL);
	case S_IFCHR:
	case S_IFBLK:
		return make(w, name, (mode & S_IFMT) | perm, rdev, NULL);
	case S_IFIFO:
	case S_IFSOCK:
		return make(w, name, (mode & S_IFMT) | perm, 0, NULL);
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
}

int vfs_symlink(const char *target, const struct fs_walk *w, const char *name)
{
	if (!*target)
		return -ENOENT;
	return make(w, name, S_IFLNK | 0777, 0, target);
}

bool fs_protected_hardlinks = true;

/* proc(5), protected_hardlinks: a file of somebody else may be linked if it could as well be copied and
 * changed. */
static bool may_link(struct inode *i, const struct cred *c)
{
	if (!fs_protected_hardlinks || inode_owner_or_capable(i, c))
		return true;
	return s_isreg(i->mode) && !(i->mode & S_ISUID) &&
	       (i->mode & (S_ISGID | S_IXGRP)) != (S_ISGID | S_IXGRP) &&
	       !inode_permission(i, MAY_READ | MAY_WRITE, c);
}

static int link_checked(struct walker *k, struct dentry *d, const struct path *old, const struct cred *c)
{
	struct inode *dir = k->at.dentry->inode, *i = old->dentry->inode;
	int err;

	if (old->mnt != k->at.mnt)
		return -EXDEV;
	if (!may_link(i, c))
		return -EPERM;
	err = may_create(k->at.dentry, c);
	if (err)
		return err;
	if (!dir->ops->link || s_isdir(i->mode) || i->flags & (INODE_APPEND | INODE_IMMUTABLE))
		return -EPERM;
	rwlock_write_lock(&i->lock);
	if (!i->nlink && !i->linkable)
		err = -ENOENT;
	else
		err = dir->ops->link(dir, d->name, d->len, i);
	if (!err)
		i->linkable = false;
	rwlock_write_unlock(&i->lock);
	if (!err) {
		dentry_instantiate(d, inode_get(i));
		inode_names_changed(dir);
		notify_inode(i, IN_ATTRIB);
		notify_name(dir, IN_CREATE, d->name, d->len, 0);
	}
	return err;
}

int vfs_link(const struct fs_walk *ow, const char *old, const struct fs_walk *nw, const char *new,
             unsigned lookup)
{
	struct walker k;
	struct dentry *d;
	struct path p;
	int err = path_lookup(ow, old, lookup, &p);

	if (err)
		return err;
	d = create_begin(&k, nw, new, false);
	if (IS_ERR(d)) {
		err = (int)PTR_ERR(d);
	} else {
		err = link_checked(&k, d, &p, nw->cred);
		create_end(&k, d);
	}
	path_put(&p);
	return err;
}
