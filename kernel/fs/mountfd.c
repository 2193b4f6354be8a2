/* SPDX-License-Identifier: MIT
 *
 * fs/mountfd.c - mounts held by descriptors: open_tree(2), move_mount(2), mount_setattr(2)
 *
 * Owns:      mount.floating, mount.old_flags.
 * Layer:     fs.
 * Locks:     mount_mutex over each change.
 * Contexts:  process context; may sleep.
 * Manual:    open_tree(2), move_mount(2), mount_setattr(2).
 * Tests:     tests/abi/mountfd.c
 *
 * A floating mount hangs in no tree; the reference a tree would have is that of the file that fsmount(2) or
 * open_tree(2) gave out.  move_mount(2) hands it to the tree; else closing the file ends the mount, and what is mounted
 * below it.
 */
#include <fs/fscontext.h>
#include <fs/mount_tree.h>
#include <fs/dcache.h>
#include <fs/propagate.h>
#include <abi/errno.h>

static bool is_mount_root(const struct path *p)
{
	return p->dentry == p->mnt->root;
}

bool mount_reachable(const struct mount *m)
{
	while (m->parent != m)
		m = m->parent;
	return mount_in_tree(m);
}

/* ---- floating ---- */

int mount_open_floating(struct mount *m, const struct cred *c, struct file **out)
{
	struct path p = { m, m->root };
	int err = vfs_open_path(&p, O_PATH, c, out);

	if (err) {
		mutex_lock(&mount_mutex);
		mount_discard(m);
		mutex_unlock(&mount_mutex);
		return err;
	}
	m->floating = true;
	(*out)->mode |= FMODE_FLOATING;
	return 0;
}

void mount_end_floating(struct mount *m)
{
	scoped_mutex(&mount_mutex);
	if (!m->floating)
		return;
	m->floating = false;
	mount_discard(m);
}

int mount_clone_floating(const struct path *p, bool recursive, const struct cred *c, struct file **out)
{
	struct mount *m = ERR_PTR(-EINVAL);

	mutex_lock(&mount_mutex);
	if (!p->mnt->unbindable && mount_reachable(p->mnt))
		m = mount_copy_tree(p, recursive);
	mutex_unlock(&mount_mutex);
	return IS_ERR(m) ? (int)PTR_ERR(m) : mount_open_floating(m, c, out);
}

/* ---- moving ---- */

/* A shared mount shows what is moved to everybody: so nothing unbindable, and from no shared place. */
static bool may_move(struct mount *m, const struct mount *dest)
{
	if (m->parent != m && m->parent->group)
		return false;
	for (struct mount *x = m; x && dest->group; x = mount_next(x, m, true))
		if (x->unbindable)
			return false;
	return true;
}

static int move_check(const struct path *from, const struct path *to)
{
	struct mount *m = from->mnt;
	bool attached = m->parent != m;

	if (to->dentry->unlinked)
		return -ENOENT;
	if (!mount_reachable(to->mnt) || (attached ? !mount_reachable(m) : !m->floating))
		return -EINVAL;
	if (!is_mount_root(from) || s_isdir(from->dentry->inode->mode) != s_isdir(to->dentry->inode->mode))
		return -EINVAL;
	if (!may_move(m, to->mnt))
		return -EINVAL;
	for (struct mount *up = to->mnt;; up = up->parent) {
		if (up == m)
			return -ELOOP;
		if (up->parent == up)
			return 0;
	}
}

int mount_move(const struct path *from, const struct path *to)
{
	struct mount *m = from->mnt;
	int err;

	scoped_mutex(&mount_mutex);
	err = move_check(from, to);
	if (!err && !dentry_is_lasting(to->dentry))
		err = -EOPNOTSUPP;
	if (err)
		return err;
	if (m->parent != m)
		mount_detach(m, false);
	m->floating = false; /* its file's reference is the tree's now */
	mount_attach(m, to);
	return propagate_mount(to->mnt, to->dentry, m);
}

int mount_set_group(const struct path *from, const struct path *to)
{
	struct mount *f = from->mnt, *t = to->mnt;

	scoped_mutex(&mount_mutex);
	if (!is_mount_root(from) || !is_mount_root(to) || !mount_reachable(f) || !mount_reachable(t))
		return -EINVAL;
	/* The one is to have what the other lacks, and to show no more than that shows. */
	if (t->group || t->master_group || !(f->group || f->master_group))
		return -EINVAL;
	if (f->sb != t->sb || !dentry_is_ancestor(f->root, t->root))
		return -EINVAL;
	propagation_copy(t, f);
	return 0;
}

/* ---- attributes ---- */

static int change_flags(struct mount *m, const struct mount_change *c)
{
	u32 new;

	m->old_flags = m->flags;
	new = (m->flags & ~c->clear) | c->set;
	/* Set, then look: an open for writing counts itself, then looks at the flags. */
	atomic_store(&m->flags, new);
	memory_barrier();
	if (new & ~m->old_flags & MS_RDONLY &&atomic_load(&m->writers) > 0)
		return -EBUSY;
	return 0;
}

int mount_change(const struct path *at, const struct mount_change *c, bool recursive)
{
	struct mount *top = at->mnt, *m, *bad = NULL;
	int err = 0;

	if (!is_mount_root(at))
		return -EINVAL;
	scoped_mutex(&mount_mutex);
	if (!mount_reachable(top) && !top->floating)
		return -EINVAL;
	for (m = top; m && !err; m = recursive ? mount_next(m, top, true) : NULL) {
		err = change_flags(m, c);
		bad = err ? m : NULL;
	}
	for (m = top; m; m = recursive ? mount_next(m, top, true) : NULL) {
		if (err)
			atomic_store(&m->flags, m->old_flags);
		else if (c->propagation)
			propagation_set(m, c->propagation);
		if (m == bad)
			break;
	}
	return err;
}
