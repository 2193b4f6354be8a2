/* SPDX-License-Identifier: MIT
 *
 * fs/rename.c - rename2(2)
 *
 * Owns:      nothing.
 * Layer:     fs.
 * Locks:     the instance's rename_mutex when the two directories differ: no directory changes its parent meanwhile, so
 *            "is A above B" has a stable answer. Then both directories (the upper one first; unrelated ones
 *            by address), then the victim.
 * Contexts:  process context; may sleep.
 * Manual:    rename(2).
 * Tests:     tests/abi/rename2.c.
 */
#include <fs/fileflags.h>
#include <fs/namei.h>
#include <fs/notify.h>
#include <fs/walk.h>
#include <mem/slab.h>
#include <sched/mutex.h>
#include <abi/errno.h>

struct rename {
	struct walker o, n;
	struct dentry *od, *nd;   /* the two directories */
	struct dentry *from, *to; /* the two names; `to` may be negative */
	unsigned flags;
	struct dentry *trap; /* the child through which the one directory lies below the other */
};

/* The child of `top` that is `d` or above it, or NULL when d is not below top. */
static struct dentry *child_toward(const struct dentry *top, struct dentry *d)
{
	for (; d->parent != d; d = d->parent)
		if (d->parent == top)
			return d;
	return NULL;
}

static void lock_dirs(struct rename *r) NO_LOCK_CHECK
{
	struct inode *a = r->od->inode, *b = r->nd->inode;

	r->trap = NULL;
	if (r->od == r->nd) {
		rwlock_write_lock(&a->lock);
		return;
	}
	mutex_lock(&a->sb->rename_mutex);
	r->trap = child_toward(r->nd, r->od);
	if (r->trap) {
		rwlock_write_lock(&b->lock);
		rwlock_write_lock(&a->lock);
		return;
	}
	r->trap = child_toward(r->od, r->nd);
	if (!r->trap && b < a) {
		rwlock_write_lock(&b->lock);
		rwlock_write_lock(&a->lock);
	} else {
		rwlock_write_lock(&a->lock);
		rwlock_write_lock(&b->lock);
	}
}

static void unlock_dirs(struct rename *r) NO_LOCK_CHECK
{
	rwlock_write_unlock(&r->od->inode->lock);
	if (r->od == r->nd)
		return;
	rwlock_write_unlock(&r->nd->inode->lock);
	mutex_unlock(&r->od->inode->sb->rename_mutex);
}

static int lookup_both(struct rename *r)
{
	struct dentry *d = dentry_lookup_locked(r->od, &r->o.last);

	if (IS_ERR(d))
		return (int)PTR_ERR(d);
	r->from = d;
	if (!d->inode)
		return -ENOENT;
	d = dentry_lookup_locked(r->nd, &r->n.last);
	if (IS_ERR(d))
		return (int)PTR_ERR(d);
	r->to = d;
	if (r->flags & RENAME_NOREPLACE && d->inode)
		return -EEXIST;
	if (r->flags & RENAME_EXCHANGE) {
		if (!d->inode)
			return -ENOENT;
		if (!s_isdir(d->inode->mode) && r->n.need_dir)
			return -ENOTDIR;
	}
	if (!s_isdir(r->from->inode->mode)) {
		if (r->o.need_dir || (!(r->flags & RENAME_EXCHANGE) && r->n.need_dir))
			return -ENOTDIR;
	}
	if (r->from == r->trap)
		return -EINVAL;
	if (r->to == r->trap && r->trap)
		return r->flags & RENAME_EXCHANGE ? -EINVAL : -ENOTEMPTY;
	return 0;
}

static int check_rights(const struct rename *r, const struct cred *c)
{
	bool exchange = r->flags & RENAME_EXCHANGE;
	bool isdir = s_isdir(r->from->inode->mode);
	int err = may_delete(r->od, r->from, isdir, c);

	if (err)
		return err;
	if (!r->to->inode)
		err = may_create(r->nd, c);
	else
		err = may_delete(r->nd, r->to, exchange ? s_isdir(r->to->inode->mode) : isdir, c);
	if (err || r->od == r->nd)
		return err;
	/* A directory that gets another parent is itself changed: its "..". */
	if (isdir)
		err = inode_permission(r->from->inode, MAY_WRITE, c);
	if (!err && exchange && s_isdir(r->to->inode->mode))
		err = inode_permission(r->to->inode, MAY_WRITE, c);
	return err;
}

/* All checks done.  *old_name: to be freed after a grace period. */
static int move_name(struct rename *r, char **old_name) NO_LOCK_CHECK
{
	struct inode *od = r->od->inode, *nd = r->nd->inode;
	struct inode *victim = r->to->inode;
	bool exchange = r->flags & RENAME_EXCHANGE;
	struct qname nn = { r->to->name, r->to->len, r->to->hash };
	char *ext;
	int err;

	if (!od->ops->rename)
		return -EPERM;
	err = dentry_name_alloc(&nn, &ext);
	if (err)
		return err;
	if (victim && !exchange)
		rwlock_write_lock(&victim->lock);
	err = r->from->mounted || r->to->mounted
	              ? -EBUSY
	              : od->ops->rename(od, r->from->name, r->from->len, r->from->inode, nd, r->to->name,
	                                r->to->len, victim, r->flags);
	if (!err && exchange) {
		dentry_exchange(r->from, r->to);
	} else if (!err) {
		dentry_kill_name(r->to); /* a negative one must leave the table too */
		*old_name = dentry_move(r->from, r->nd, &nn, ext);
		ext = NULL;
	}
	if (victim && !exchange)
		rwlock_write_unlock(&victim->lock);
	if (!err)
		inode_names_changed(od);
	if (!err && nd != od)
		inode_names_changed(nd);
	kfree(ext);
	return err;
}

static int rename_locked(struct rename *r, const struct cred *c, char **old_name)
{
	int err = lookup_both(r);

	if (err || r->from->inode == r->to->inode) /* two names of one file: nothing happens */
		return err;
	err = check_rights(r, c);
	return err ? err : move_name(r, old_name);
}

static void tell_half(const struct rename *r, const struct inode *moved, bool back, u32 cookie)
{
	const struct walker *o = back ? &r->n : &r->o, *n = back ? &r->o : &r->n;
	u32 dir = s_isdir(moved->mode) ? IN_ISDIR : 0;

	notify_name(o->at.dentry->inode, IN_MOVED_FROM | dir, o->last.s, o->last.len, cookie);
	notify_name(n->at.dentry->inode, IN_MOVED_TO | dir, n->last.s, n->last.len, cookie);
}

/* The directories are unlocked: two renames may be told in another order than they were done. */
static void tell_watchers(const struct rename *r)
{
	bool exchange = r->flags & RENAME_EXCHANGE;

	if (likely(!atomic_load(&notify_watches)) || r->from->inode == r->to->inode)
		return;
	tell_half(r, r->from->inode, false, notify_cookie());
	if (r->to->inode && !exchange)
		notify_inode(r->to->inode, IN_ATTRIB);
	notify_inode(r->from->inode, IN_MOVE_SELF);
	if (!exchange)
		return;
	tell_half(r, r->to->inode, true, notify_cookie());
	notify_inode(r->to->inode, IN_MOVE_SELF);
}

static int rename_walked(struct rename *r, const struct cred *c)
{
	char *old_name = NULL;
	int err;

	if (r->o.at.mnt != r->n.at.mnt)
		return -EXDEV;
	if (r->o.last_type != LAST_NORM)
		return -EBUSY;
	if (r->n.last_type != LAST_NORM)
		return r->flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
	err = path_check_write(&r->o.at);
	if (err)
		return err;
	r->od = r->o.at.dentry;
	r->nd = r->n.at.dentry;
	r->from = r->to = NULL;
	lock_dirs(r);
	err = rename_locked(r, c, &old_name);
	unlock_dirs(r);
	if (!err)
		tell_watchers(r);
	dentry_put(r->from);
	dentry_put(r->to);
	if (old_name) {
		rcu_synchronize(); /* a quick walk may be comparing it */
		kfree(old_name);
	}
	return err;
}

int vfs_rename(const struct fs_walk *ow, const char *old, const struct fs_walk *nw, const char *new,
               unsigned flags)
{
	struct rename *r;
	int err;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	if (flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	r = kmalloc(sizeof(*r), 0); /* two walkers are much for one stack */
	if (!r)
		return -ENOMEM;
	r->flags = flags;
	err = walk_to_parent(&r->o, ow, old);
	if (err)
		goto out_free;
	err = walk_to_parent(&r->n, nw, new);
	if (err)
		goto out_old;
	err = rename_walked(r, nw->cred);
	walk_end(&r->n);
out_old:
	walk_end(&r->o);
out_free:
	kfree(r);
	return err;
}
