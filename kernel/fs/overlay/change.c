/* SPDX-License-Identifier: MIT
 *
 * fs/overlay/change.c - making and removing names
 *
 * Owns:      nothing.
 * Layer:     fs/overlay.
 * Locks:     the overlay's inode locks, held by fs; the upper file system's inside.
 * Contexts:  process context; may sleep.
 * Manual:    Linux Documentation/filesystems/overlayfs.rst, "whiteouts and opaque directories".
 * Tests:     tests/run.py overlay.
 *
 * A name that a lower layer has is removed by a whiteout in the upper one.  A name that is made where a whiteout
 * stands is made in the work directory and renamed over it; a directory is opaque then, or what the whiteout hid would
 * shine through.
 */
#include <fs/overlay/internal.h>
#include <lib/string.h>
#include <abi/errno.h>

/* Is there a whiteout at the name? 1, 0 or an error. */
static int whiteout_at(const struct path *dir, const char *name, unsigned len)
{
	struct dentry *d = ovl_child(dir->dentry, name, len);
	int r;

	if (IS_ERR_OR_NULL(d))
		return d ? (int)PTR_ERR(d) : 0;
	r = ovl_is_whiteout(d->inode);
	dentry_put(d);
	return r;
}

/* What was made as tmp goes to the whiteout's place. */
static int replace_whiteout(struct ovl_super *s, const char *tmp, const struct path *dir, const char *name,
                            bool isdir)
{
	struct fs_walk from = ovl_walk(s, &s->work, NULL), to = ovl_walk(s, dir, NULL);
	int err;

	if (!isdir)
		return vfs_rename(&from, tmp, &to, name, 0);
	err = vfs_rename(&from, tmp, &to, name, RENAME_EXCHANGE);
	if (!err)
		return vfs_unlink(&from, tmp);
	if (err != -EINVAL)
		return err;
	err = vfs_unlink(&to, name); /* a file system that cannot exchange */
	return err ? err : vfs_rename(&from, tmp, &to, name, 0);
}

static void drop_tmp(struct ovl_super *s, const char *tmp, bool isdir)
{
	struct fs_walk w = ovl_walk(s, &s->work, NULL);

	(void)!(isdir ? vfs_rmdir(&w, tmp) : vfs_unlink(&w, tmp));
}

/* The same for a name where a whiteout stands. */
static int make_over(struct ovl_super *s, const struct path *dir, const char *name, umode_t mode, dev_t rdev,
                     const char *target, const struct cred *c, struct path *out)
{
	char tmp[OVL_TMP_NAME];
	int err;

	ovl_tmp_name(s, tmp);
	err = ovl_make(s, &s->work, tmp, mode, rdev, target, c, out);
	if (err)
		return err;
	if (s_isdir(mode))
		err = ovl_set_opaque(s, out->dentry->inode);
	if (!err)
		err = replace_whiteout(s, tmp, dir, name, s_isdir(mode));
	if (err) {
		path_put(out);
		drop_tmp(s, tmp, s_isdir(mode));
	}
	return err;
}

/* A directory with the set-group-id bit gives its group; the work directory has no such bit. */
static int inherit(const struct inode *dir, struct inode *made)
{
	struct iattr a = { .valid = ATTR_FORCE | ATTR_GID | ATTR_MODE, .gid = dir->gid, .mode = made->mode };

	if (!(dir->mode & S_ISGID))
		return 0;
	if (s_isdir(made->mode))
		a.mode |= S_ISGID;
	return inode_setattr(made, &a, &cred_init);
}

static struct inode *wrap(struct inode *dir, struct path *made)
{
	struct ovl_node *n = ovl_node_new(0);
	struct inode *i;

	if (!n) {
		path_put(made);
		return ERR_PTR(-ENOMEM);
	}
	n->upper = dentry_get(made->dentry);
	path_put(made);
	i = ovl_inode_get(dir->sb, n, NULL);
	ovl_refresh(dir);
	return i;
}

static struct inode *create(struct inode *dir, const char *name, unsigned len, umode_t mode, dev_t rdev,
                            const char *target, const struct cred *c)
{
	struct ovl_super *s = ovl_super(dir->sb);
	struct cred all = ovl_cred(c);
	struct path up, made;
	int r;

	if ((mode & S_IFMT) == S_IFCHR && !rdev)
		return ERR_PTR(-EPERM); /* it would hide itself */
	r = ovl_copy_up(dir);
	if (r)
		return ERR_PTR(r);
	up = ovl_upper_path(dir);
	r = whiteout_at(&up, name, len);
	if (!r)
		r = ovl_make(s, &up, name, mode, rdev, target, &all, &made);
	else if (r > 0) {
		r = make_over(s, &up, name, mode, rdev, target, &all, &made);
		if (!r)
			(void)!inherit(dir, made.dentry->inode);
	}
	return r ? ERR_PTR(r) : wrap(dir, &made);
}

static struct inode *tmpfile(struct inode *dir, umode_t mode, const struct cred *c)
{
	struct qname q = { "#tmp", 4, 0 };
	struct inode *up, *real;
	struct path p;
	int err = ovl_copy_up(dir);

	if (err)
		return ERR_PTR(err);
	up = ovl_upper(dir)->inode;
	real = up->ops->tmpfile ? up->ops->tmpfile(up, mode, c) : ERR_PTR(-EOPNOTSUPP);
	if (IS_ERR(real))
		return real;
	real->linkable = true;
	p = (struct path){ NULL, dentry_alloc(ovl_upper(dir), &q, real) };
	if (!p.dentry) {
		inode_put(real);
		return ERR_PTR(-ENOMEM);
	}
	p.dentry->unlinked = true;
	return wrap(dir, &p);
}

static int link_name(struct inode *dir, const char *name, unsigned len, struct inode *target)
{
	struct ovl_super *s = ovl_super(dir->sb);
	char tmp[OVL_TMP_NAME];
	struct path up, old;
	struct fs_walk from, to;
	int r = ovl_copy_up(dir);

	if (!r)
		r = ovl_copy_up(target);
	if (r)
		return r;
	up = ovl_upper_path(dir);
	old = ovl_upper_path(target);
	from = ovl_walk(s, &old, NULL);
	r = whiteout_at(&up, name, len);
	if (!r) {
		to = ovl_walk(s, &up, NULL);
		r = vfs_link(&from, "", &to, name, LOOKUP_EMPTY);
	} else if (r > 0) {
		ovl_tmp_name(s, tmp);
		to = ovl_walk(s, &s->work, NULL);
		r = vfs_link(&from, "", &to, tmp, LOOKUP_EMPTY);
		if (!r) {
			r = replace_whiteout(s, tmp, &up, name, false);
			if (r)
				drop_tmp(s, tmp, false);
		}
	}
	ovl_refresh(dir);
	ovl_refresh(target);
	return r;
}

/* ---- removing ---- */

int ovl_whiteout(struct ovl_super *s, const struct path *dir, const char *name)
{
	return ovl_make(s, dir, name, S_IFCHR, 0, NULL, NULL, NULL);
}

struct clearing {
	struct ovl_super *s;
	const struct path *dir;
	int err;
};

static bool clear_one(void *ctx, const char *name, unsigned len)
{
	struct clearing *c = ctx;
	struct fs_walk w = ovl_walk(c->s, c->dir, NULL);

	c->err = vfs_unlink(&w, name);
	return !c->err;
}

int ovl_clear_dir(struct ovl_super *s, const struct path *dir)
{
	struct clearing c = { s, dir, 0 };
	int err = ovl_list_whiteouts(s, dir, clear_one, &c);

	return err ? err : c.err;
}

/* The upper object at the name becomes a whiteout in one step. */
static int cover(struct ovl_super *s, const struct path *dir, const char *name, bool isdir)
{
	struct fs_walk work = ovl_walk(s, &s->work, NULL), to = ovl_walk(s, dir, NULL);
	char tmp[OVL_TMP_NAME];
	int err;

	ovl_tmp_name(s, tmp);
	err = ovl_whiteout(s, &s->work, tmp);
	if (err)
		return err;
	err = vfs_rename(&work, tmp, &to, name, isdir ? RENAME_EXCHANGE : 0);
	if (err) {
		drop_tmp(s, tmp, false);
		return err;
	}
	if (isdir) /* its whiteouts went before; it lies in the work directory now */
		drop_tmp(s, tmp, true);
	return 0;
}

static int remove_upper(struct ovl_super *s, const struct path *dir, const char *name, struct inode *victim,
                        bool below)
{
	struct fs_walk w = ovl_walk(s, dir, NULL);
	bool isdir = s_isdir(victim->mode);
	struct path up = ovl_upper_path(victim);
	int err = isdir ? ovl_clear_dir(s, &up) : 0;

	if (err)
		return err;
	if (below)
		return cover(s, dir, name, isdir);
	return isdir ? vfs_rmdir(&w, name) : vfs_unlink(&w, name);
}

static int unlink_name(struct inode *dir, const char *name, unsigned len, struct inode *victim)
{
	struct ovl_super *s = ovl_super(dir->sb);
	struct path up;
	int err = s_isdir(victim->mode) ? ovl_check_empty(victim) : 0, below;

	if (!err)
		err = ovl_copy_up(dir);
	if (err)
		return err;
	below = ovl_lower_has(dir, name, len);
	if (below < 0)
		return below;
	up = ovl_upper_path(dir);
	if (ovl_upper(victim))
		err = remove_upper(s, &up, name, victim, below);
	else
		err = ovl_whiteout(s, &up, name);
	if (err)
		return err;
	if (!ovl_upper(victim) || s_isdir(victim->mode))
		ovl_node(victim)->gone = true;
	ovl_refresh(dir);
	ovl_refresh(victim);
	return 0;
}

const struct inode_ops ovl_dir_ops = {
	.lookup = ovl_lookup,
	.create = create,
	.tmpfile = tmpfile,
	.link = link_name,
	.unlink = unlink_name,
	.rename = ovl_rename,
	.getattr = ovl_getattr,
	.setattr = ovl_setattr,
	.getxattr = ovl_getxattr,
	.setxattr = ovl_setxattr,
	.listxattr = ovl_listxattr,
	.removexattr = ovl_removexattr,
};
