/* SPDX-License-Identifier: MIT
 *
 * fs/namespace.c - mount(2), umount2(2), pivot_root(2)
 *
 * Owns:      nothing; changes the tree of mount.c.
 * Layer:     fs.
 * Locks:     mount_mutex over each change.
 * Contexts:  process context; may sleep.
 * Manual:    mount(2), umount(2), pivot_root(2). There is one mount namespace.
 * Tests:     tests/abi/mount.c.
 */
#include <fs/fscontext.h>
#include <fs/propagate.h>
#include <fs/walk.h>
#include <abi/errno.h>

enum {
	MNT_FLAGS = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME | MS_RELATIME |
	            MS_NOSYMFOLLOW,
	PROPAGATION = MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE
};

static u32 flags_of(unsigned long flags)
{
	u32 f = (u32)flags & MNT_FLAGS;

	if (flags & (MS_NOATIME | MS_STRICTATIME))
		return f & ~(u32)MS_RELATIME;
	return f | MS_RELATIME;
}

static bool is_mount_root(const struct path *p)
{
	return p->dentry == p->mnt->root;
}

static bool same_kind(const struct dentry *a, const struct dentry *b)
{
	return s_isdir(a->inode->mode) == s_isdir(b->inode->mode);
}

void mount_discard(struct mount *m)
{
	mount_get(m);
	mount_detach(m, true);
	mount_put(m);
}

/* Puts m (reference taken over, also on failure) at `at`, or on top of what was mounted there meanwhile. */
static int attach_at(struct mount *m, const struct path *at)
{
	struct path p = *at;
	int err = 0;

	path_get(&p);
	path_enter_mounts(&p);
	if (!mount_reachable(p.mnt))
		err = -EINVAL;
	else if (!same_kind(m->root, p.dentry))
		err = -ENOTDIR;
	else if (p.dentry->unlinked)
		err = -ENOENT;
	else if (!dentry_is_lasting(p.dentry))
		err = -EOPNOTSUPP;
	if (err) {
		mount_discard(m);
	} else {
		mount_attach(m, &p);
		err = propagate_mount(p.mnt, p.dentry, m);
		if (err)
			mount_detach(m, true);
	}
	path_put(&p);
	return err;
}

int mount_find_device(const struct fs_walk *w, const char *source, dev_t *dev)
{
	struct path p;
	int err;

	if (!source || !*source)
		return -EINVAL;
	err = path_lookup(w, source, LOOKUP_FOLLOW, &p);
	if (err)
		return err;
	if ((p.dentry->inode->mode & S_IFMT) != S_IFBLK)
		err = -ENOTBLK;
	else if (p.mnt->flags & MS_NODEV)
		err = -EACCES;
	*dev = p.dentry->inode->rdev;
	path_put(&p);
	return err;
}

static int mount_new(const struct fs_walk *w, const struct path *at, const char *source, const char *type,
                     unsigned long flags, const char *options)
{
	struct fs_type *t = type ? fs_type_find(type) : NULL;
	struct super_args args = { source, options, (u32)flags & SUPER_FLAGS, 0, w };
	struct super_block *sb;
	struct mount *m;
	int err = -EBUSY;

	if (!type)
		return -EINVAL;
	if (!t)
		return -ENODEV;
	if (!t->nodev) {
		err = mount_find_device(w, source, &args.bdev_dev);
		if (err)
			return err;
		err = -EBUSY;
	}
	sb = super_get_args(t, &args);
	if (IS_ERR(sb))
		return (int)PTR_ERR(sb);
	mutex_lock(&mount_mutex);
	/* The same instance twice on one place: Linux refuses. */
	if (!(at->mnt->sb == sb && is_mount_root(at) && at->dentry == sb->root)) {
		m = mount_create(sb, sb->root, flags_of(flags));
		err = m ? attach_at(m, at) : -ENOMEM;
	}
	mutex_unlock(&mount_mutex);
	super_put(sb);
	return err;
}

int mount_remount_super(struct super_block *sb, u32 new, const char *options)
{
	u32 old = sb->flags;
	int err = 0;

	if (sb->never_writable && !(new &MS_RDONLY))
		return -EROFS;
	/* Set, then look: an open for writing counts itself, then looks at the flags. */
	atomic_store(&sb->flags, new &SUPER_FLAGS);
	memory_barrier();
	if (new &MS_RDONLY && !(old & MS_RDONLY)) {
		err = super_has_writers(sb) ? -EBUSY : 0;
		if (!err)
			(void)super_sync(sb);
	}
	if (!err && sb->ops && sb->ops->remount)
		err = sb->ops->remount(sb, options ? options : "");
	if (err)
		atomic_store(&sb->flags, old);
	return err;
}

static int remount(const struct path *at, unsigned long flags, const char *options)
{
	struct mount *m = at->mnt;
	u32 new = flags_of(flags), old;
	int err;

	if (!is_mount_root(at))
		return -EINVAL;

	scoped_mutex(&mount_mutex);
	if (!(flags & MS_BIND)) {
		err = mount_remount_super(m->sb, (u32)flags, options);
		if (err)
			return err;
	}
	old = m->flags;
	/* Without any word about access times they stay as they are. */
	if (!(flags & (MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME)))
		new = (new & ~(u32)(MS_NOATIME | MS_NODIRATIME | MS_RELATIME)) |
		      (old & (MS_NOATIME | MS_NODIRATIME | MS_RELATIME));
	atomic_store(&m->flags, new);
	memory_barrier();
	if (new &MS_RDONLY && !(old & MS_RDONLY) && atomic_load(&m->writers) > 0) {
		atomic_store(&m->flags, old);
		return -EBUSY;
	}
	return 0;
}

static int set_propagation(const struct path *at, unsigned long flags)
{
	unsigned long type = flags & ~(unsigned long)(MS_REC | MS_SILENT);
	struct mount *m = at->mnt;

	if (!is_mount_root(at) || type & ~(unsigned long)PROPAGATION || type & (type - 1))
		return -EINVAL;
	scoped_mutex(&mount_mutex);
	do {
		propagation_set(m, type);
		m = flags & MS_REC ? mount_next(m, at->mnt, true) : NULL;
	} while (m);
	return 0;
}

/* Copies the mounts below `from` to the same places below `top`. */
static int bind_children(const struct path *from, struct mount *top)
{
	struct mount *parent = from->mnt, *parent_copy = top; /* this original's copy is that */
	struct mount *m = mount_next(from->mnt, from->mnt, true);

	while (m) {
		struct mount *copy;
		struct path at;

		if (m->unbindable ||
		    (m->parent == from->mnt && !dentry_is_ancestor(from->dentry, m->mountpoint))) {
			m = mount_next(m, from->mnt, false);
			continue;
		}
		for (; parent != m->parent; parent = parent->parent)
			parent_copy = parent_copy->parent;
		copy = mount_create(m->sb, m->root, m->flags);
		if (!copy)
			return -ENOMEM;
		propagation_copy(copy, m);
		at = (struct path){ parent_copy, m->mountpoint };
		mount_attach(copy, &at);
		parent = m;
		parent_copy = copy;
		m = mount_next(m, from->mnt, true);
	}
	return 0;
}

struct mount *mount_copy_tree(const struct path *from, bool recursive)
{
	struct mount *m = mount_create(from->mnt->sb, from->dentry, from->mnt->flags);
	int err;

	if (!m)
		return ERR_PTR(-ENOMEM);
	propagation_copy(m, from->mnt);
	err = recursive ? bind_children(from, m) : 0;
	if (!err)
		return m;
	mount_discard(m);
	return ERR_PTR(err);
}

static int bind(const struct fs_walk *w, const char *source, const struct path *at, bool recursive)
{
	struct path from;
	struct mount *m;
	int err;

	if (!source || !*source)
		return -EINVAL;
	err = path_lookup(w, source, LOOKUP_FOLLOW, &from);
	if (err)
		return err;
	mutex_lock(&mount_mutex);
	err = -EINVAL;
	if (!from.mnt->unbindable) {
		/* Attached last: while the copy grows, it is not below its source, and the walk over the source ends. */
		m = mount_copy_tree(&from, recursive);
		err = IS_ERR(m) ? (int)PTR_ERR(m) : attach_at(m, at);
	}
	mutex_unlock(&mount_mutex);
	path_put(&from);
	return err;
}

static int move(const struct fs_walk *w, const char *source, const struct path *at)
{
	struct path from;
	int err;

	if (!source || !*source)
		return -EINVAL;
	err = path_lookup(w, source, LOOKUP_FOLLOW, &from);
	if (err)
		return err;
	err = mount_move(&from, at);
	path_put(&from);
	return err;
}

int vfs_mount(const struct fs_walk *w, const char *source, const char *target, const char *type,
              unsigned long flags, const char *options)
{
	struct path at;
	int err;

	if ((flags & MS_MGC_MSK) == MS_MGC_VAL)
		flags &= ~(unsigned long)MS_MGC_MSK;
	err = path_lookup(w, target, LOOKUP_FOLLOW, &at);
	if (err)
		return err;
	if (!cred_capable(w->cred, CAP_SYS_ADMIN))
		err = -EPERM;
	else if (flags & MS_REMOUNT)
		err = remount(&at, flags, options);
	else if (flags & MS_BIND)
		err = bind(w, source, &at, flags & MS_REC);
	else if (flags & PROPAGATION)
		err = set_propagation(&at, flags);
	else if (flags & MS_MOVE)
		err = move(w, source, &at);
	else
		err = mount_new(w, &at, source, type, flags, options);
	path_put(&at);
	return err;
}

/* ---- umount ---- */

enum { REFS_IDLE = 2 /* the tree's and this call's own path */ };

static int umount_locked(const struct fs_walk *w, struct mount *m, int flags)
{
	struct path root;
	bool is_root;

	fs_ctx_root(w->fs, &root);
	is_root = root.mnt == m;
	path_put(&root);
	/* Our root cannot go; before a power-off it is at least made read-only. */
	if (is_root && !(flags & MNT_DETACH))
		return mount_remount_super(m->sb, m->sb->flags | MS_RDONLY, NULL);
	if (m->parent == m)
		return -EINVAL;
	if (!(flags & MNT_DETACH) && (mount_has_children(m) || ref_read(&m->ref) > REFS_IDLE))
		return -EBUSY;
	if (flags & MNT_EXPIRE && !m->expiring) {
		m->expiring = 2; /* one for this call's own path */
		return -EAGAIN;  /* the second call unmounts what was not used since */
	}
	propagate_umount(m);
	mount_detach(m, true);
	return 0;
}

int vfs_umount(const struct fs_walk *w, const char *target, int flags)
{
	struct path p;
	int err;

	if (flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	err = path_lookup(w, target, flags & UMOUNT_NOFOLLOW ? 0 : LOOKUP_FOLLOW, &p);
	if (err)
		return err;
	if (!cred_capable(w->cred, CAP_SYS_ADMIN)) {
		err = -EPERM;
	} else if (!is_mount_root(&p) || (flags & MNT_EXPIRE && flags & (MNT_FORCE | MNT_DETACH))) {
		err = -EINVAL;
	} else {
		mutex_lock(&mount_mutex);
		err = umount_locked(w, p.mnt, flags);
		mutex_unlock(&mount_mutex);
	}
	path_put(&p);
	return err;
}

/* ---- pivot_root ---- */

/* Does p lie at or below top? mount_mutex held. */
static bool path_below(const struct path *p, const struct path *top)
{
	const struct mount *m = p->mnt;
	const struct dentry *d = p->dentry;

	while (m != top->mnt) {
		if (m->parent == m)
			return false;
		d = m->mountpoint;
		m = m->parent;
	}
	return dentry_is_ancestor(top->dentry, d);
}

static int pivot_check(const struct path *root, const struct path *new, const struct path *old)
{
	if (new->mnt == root->mnt || old->mnt == root->mnt)
		return -EBUSY;
	if (!is_mount_root(root) || root->mnt->parent == root->mnt)
		return -EINVAL;
	if (!is_mount_root(new) || new->mnt->parent == new->mnt)
		return -EINVAL;
	return path_below(old, new) && path_below(new, root) ? 0 : -EINVAL;
}

static void pivot(struct path *root, struct path *new, const struct path *old)
{
	struct path place = { NULL, NULL };

	(void)mount_above(root->mnt, &place);
	mount_detach(new->mnt, false);
	mount_detach(root->mnt, false);
	mount_attach(root->mnt, old);
	mount_attach(new->mnt, &place);
	path_put(&place);
	fs_ctx_replace_all(root, new);
}

int vfs_pivot_root(const struct fs_walk *w, const char *new_root, const char *put_old)
{
	struct path root, new, old;
	int err;

	if (!cred_capable(w->cred, CAP_SYS_ADMIN))
		return -EPERM;
	err = path_lookup(w, new_root, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &new);
	if (err)
		return err;
	err = path_lookup(w, put_old, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &old);
	if (err)
		goto out_new;
	fs_ctx_root(w->fs, &root);
	mutex_lock(&mount_mutex);
	err = pivot_check(&root, &new, &old);
	if (!err)
		pivot(&root, &new, &old);
	mutex_unlock(&mount_mutex);
	path_put(&root);
	path_put(&old);
out_new:
	path_put(&new);
	return err;
}
