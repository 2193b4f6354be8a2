/* SPDX-License-Identifier: MIT
 *
 * fs/remove.c - the calls that remove names: unlink, rmdir
 *
 * Owns:      nothing.
 * Layer:     fs.
 * Locks:     the parent directory's inode lock, then the victim's, both for writing.
 * Contexts:  process context; may sleep.
 * Manual:    unlink(2), rmdir(2), inode(7) on the sticky bit.
 * Tests:     tests/abi/dents.c.
 */
#include <fs/fileflags.h>
#include <fs/namei.h>
#include <fs/notify.h>
#include <fs/walk.h>
#include <abi/errno.h>

/* Sticky directory: only the owner of the file, of the directory, or CAP_FOWNER. */
static bool sticky_forbids(const struct inode *dir, const struct inode *i, const struct cred *c)
{
	return dir->mode & S_ISVTX && c->fsuid != i->uid && c->fsuid != dir->uid &&
	       !cred_capable(c, CAP_FOWNER);
}

int may_delete(const struct dentry *dir, const struct dentry *victim, bool isdir, const struct cred *c)
{
	int err = inode_permission(dir->inode, MAY_WRITE | MAY_EXEC, c);

	if (err)
		return err;
	if (dir->inode->flags & INODE_APPEND || victim->inode->flags & (INODE_APPEND | INODE_IMMUTABLE) ||
	    sticky_forbids(dir->inode, victim->inode, c))
		return -EPERM;
	if (isdir && !s_isdir(victim->inode->mode))
		return -ENOTDIR;
	if (!isdir && s_isdir(victim->inode->mode))
		return -EISDIR;
	return dir->unlinked ? -ENOENT : 0;
}

static int remove_locked(struct walker *k, struct dentry *d, bool isdir)
{
	struct inode *dir = k->at.dentry->inode, *victim = d->inode;
	int err = may_delete(k->at.dentry, d, isdir, k->cred);

	if (err)
		return err;
	if (!dir->ops->unlink)
		return -EPERM;
	rwlock_write_lock(&victim->lock);
	if (d->mounted)
		err = -EBUSY;
	else
		err = dir->ops->unlink(dir, d->name, d->len, victim);
	if (!err)
		dentry_kill_name(d);
	rwlock_write_unlock(&victim->lock);
	if (!err)
		inode_names_changed(dir);
	return err;
}

/* "file/" names no file, whatever it is. */
static int check_slash(const struct walker *k, const struct dentry *d)
{
	if (!k->need_dir)
		return 0;
	if (!d->inode)
		return -ENOENT;
	return s_isdir(d->inode->mode) ? -EISDIR : -ENOTDIR;
}

static int remove_name(struct walker *k, bool isdir)
{
	struct inode *dir = k->at.dentry->inode;
	struct dentry *d;
	int err = path_check_write(&k->at);

	if (err)
		return err;
	rwlock_write_lock(&dir->lock);
	d = dentry_lookup_locked(k->at.dentry, &k->last);
	if (IS_ERR(d)) {
		err = (int)PTR_ERR(d);
		d = NULL;
	} else {
		if (!isdir)
			err = check_slash(k, d);
		if (!err && !d->inode)
			err = -ENOENT;
		if (!err)
			err = remove_locked(k, d, isdir);
	}
	rwlock_write_unlock(&dir->lock);
	if (!err && !isdir)
		notify_inode(d->inode, IN_ATTRIB); /* the count of its names */
	dentry_put(d); /* the inode's end may be long: without the directory's lock */
	if (!err)
		notify_name(dir, IN_DELETE | (isdir ? IN_ISDIR : 0), k->last.s, k->last.len, 0);
	return err;
}

int vfs_unlink(const struct fs_walk *w, const char *name)
{
	struct walker k;
	int err = walk_to_parent(&k, w, name);

	if (err)
		return err;
	err = k.last_type == LAST_NORM ? remove_name(&k, false) : -EISDIR;
	walk_end(&k);
	return err;
}

int vfs_rmdir(const struct fs_walk *w, const char *name)
{
	static const int answer[] = {
		[LAST_DOT] = -EINVAL, [LAST_DOTDOT] = -ENOTEMPTY, [LAST_NONE] = -EBUSY
	};
	struct walker k;
	int err = walk_to_parent(&k, w, name);

	if (err)
		return err;
	err = k.last_type == LAST_NORM ? remove_name(&k, true) : answer[k.last_type];
	walk_end(&k);
	return err;
}
