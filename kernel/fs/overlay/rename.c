/* SPDX-License-Identifier: MIT
 *
 * fs/overlay/rename.c - renaming in an overlay
 *
 * Owns:      struct move.
 * Layer:     fs/overlay.
 * Locks:     the overlay's inode locks, held by fs; the upper file system's inside.
 * Contexts:  process context; may sleep.
 * Manual:    Linux Documentation/filesystems/overlayfs.rst, "Renaming directories".
 * Tests:     tests/run.py overlay.
 *
 * The object is copied up and renamed there.  Where a lower layer has the old name, a whiteout must take its place: it
 * is exchanged with the object by way of the work directory, so that at no time both names, or the lower object, show.
 * A directory with a lower part cannot move, because the lower part cannot: EXDEV, as Linux answers with
 * redirect_dir=off, and mv(1) copies then.
 */
#include <fs/overlay/internal.h>
#include <abi/errno.h>

struct move {
	struct ovl_super *s;
	struct path from, to; /* upper directories */
	const char *on, *nn;
	struct inode *moved, *victim;
	bool below_old, below_new; /* a lower layer has the name */
	unsigned flags;
};

/* Nothing that would show through, or stand in the way, at the new name. */
static int clear_target(struct move *m)
{
	struct fs_walk w = ovl_walk(m->s, &m->to, NULL);
	struct dentry *d;
	struct path up;
	bool whiteout;
	int err = 0;

	if (!s_isdir(m->moved->mode))
		return 0; /* it replaces a whiteout or a file in one step */
	if (m->below_new)
		err = ovl_set_opaque(m->s, ovl_upper(m->moved)->inode);
	if (err)
		return err;
	if (m->victim && ovl_upper(m->victim)) {
		up = ovl_upper_path(m->victim);
		return ovl_clear_dir(m->s, &up);
	}
	d = ovl_child(m->to.dentry, m->nn, m->nn ? (unsigned)__builtin_strlen(m->nn) : 0);
	if (IS_ERR_OR_NULL(d))
		return d ? (int)PTR_ERR(d) : 0;
	whiteout = ovl_is_whiteout(d->inode);
	dentry_put(d);
	return whiteout ? vfs_unlink(&w, m->nn) : 0;
}

/* Moves and leaves a whiteout behind. */
static int move_and_cover(struct move *m)
{
	struct fs_walk work = ovl_walk(m->s, &m->s->work, NULL), from = ovl_walk(m->s, &m->from, NULL);
	struct fs_walk to = ovl_walk(m->s, &m->to, NULL);
	char tmp[OVL_TMP_NAME];
	int err;

	ovl_tmp_name(m->s, tmp);
	err = ovl_whiteout(m->s, &m->s->work, tmp);
	if (err)
		return err;
	err = vfs_rename(&work, tmp, &from, m->on, RENAME_EXCHANGE);
	if (err)
		goto fail;
	err = vfs_rename(&work, tmp, &to, m->nn, 0);
	if (!err)
		return 0;
	(void)!vfs_rename(&work, tmp, &from, m->on, RENAME_EXCHANGE);
fail:
	(void)!vfs_unlink(&work, tmp);
	return err;
}

static int exchange(struct move *m)
{
	struct fs_walk from = ovl_walk(m->s, &m->from, NULL), to = ovl_walk(m->s, &m->to, NULL);
	int err = ovl_copy_up(m->victim);

	if (!err && s_isdir(m->victim->mode) && m->below_old)
		err = ovl_set_opaque(m->s, ovl_upper(m->victim)->inode);
	if (!err && s_isdir(m->moved->mode) && m->below_new)
		err = ovl_set_opaque(m->s, ovl_upper(m->moved)->inode);
	return err ? err : vfs_rename(&from, m->on, &to, m->nn, RENAME_EXCHANGE);
}

static int move(struct move *m)
{
	struct fs_walk from = ovl_walk(m->s, &m->from, NULL), to = ovl_walk(m->s, &m->to, NULL);
	int err;

	if (m->flags & RENAME_EXCHANGE)
		return exchange(m);
	err = clear_target(m);
	if (err)
		return err;
	return m->below_old ? move_and_cover(m) : vfs_rename(&from, m->on, &to, m->nn, 0);
}

/* Directories stay where their lower parts are. */
static bool can_move(const struct inode *i)
{
	return !s_isdir(i->mode) || !ovl_node(i)->nlower;
}

int ovl_rename(struct inode *od, const char *on, unsigned olen, struct inode *moved, struct inode *nd,
               const char *nn, unsigned nlen, struct inode *victim, unsigned flags)
{
	struct move m = {
		.s = ovl_super(od->sb), .on = on, .nn = nn, .moved = moved, .victim = victim, .flags = flags
	};
	int below_old, below_new, err = 0;

	if (!can_move(moved) || (flags & RENAME_EXCHANGE && !can_move(victim)))
		return -EXDEV;
	if (victim && s_isdir(victim->mode) && !(flags & RENAME_EXCHANGE))
		err = ovl_check_empty(victim);
	if (!err)
		err = ovl_copy_up(od);
	if (!err)
		err = ovl_copy_up(nd);
	if (!err)
		err = ovl_copy_up(moved);
	if (err)
		return err;
	below_old = ovl_lower_has(od, on, olen);
	below_new = ovl_lower_has(nd, nn, nlen);
	if (below_old < 0 || below_new < 0)
		return below_old < 0 ? below_old : below_new;
	m.below_old = below_old;
	m.below_new = below_new;
	m.from = ovl_upper_path(od);
	m.to = ovl_upper_path(nd);
	err = move(&m);
	if (err)
		return err;
	if (victim && !(flags & RENAME_EXCHANGE) && (!ovl_upper(victim) || s_isdir(victim->mode)))
		ovl_node(victim)->gone = true;
	ovl_refresh(od);
	ovl_refresh(nd);
	ovl_refresh(moved);
	if (victim)
		ovl_refresh(victim);
	return 0;
}
