/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/rename.c - a name moves, or two change places
 *
 * Owns:      nothing.
 * Layer:     fs/ext4.
 * Locks:     both directories' and the victim's inode locks, held by fs.
 * Contexts:  process context; may sleep.
 * Manual:    rename(2).
 * Tests:     tests/ext4.
 *
 * All of it is one handle: after a crash either the old name is there or the new one. Where the new name existed, its
 * entry is changed in place, so that it is never missing.
 */
#include "internal.h"
#include <base/clock.h>

enum { RENAME_CREDITS = 2 * DIR_CREDITS + MAP_CREDITS };
struct ren {
	struct ext4_handle h;
	struct ext4_fs *fs;
	struct inode *od, *nd, *moved, *victim;
	const char *on, *nn;
	unsigned olen, nlen;
};

/* The entry of a name, which must be `i`'s. */
static int find_entry(struct inode *dir, const char *name, unsigned len, const struct inode *i,
                      struct ext4_dir_at *at)
{
	int err = ext4_dir_find(dir, name, len, at);

	if (!err && at->de->inode != i->ino) {
		ext4_buffer_put(ext4_i(dir)->fs, at->buf);
		err = -ENOENT;
	}
	return err;
}

static int set_entry(struct ren *r, struct inode *dir, const char *name, unsigned len, const struct inode *is,
                     struct inode *to)
{
	struct ext4_dir_at at;
	int err = find_entry(dir, name, len, is, &at);

	if (err)
		return err;
	err = ext4_dir_set(&r->h, dir, &at, to);
	ext4_buffer_put(r->fs, at.buf);
	return err;
}

static int remove_entry(struct ren *r, struct inode *dir, const char *name, unsigned len,
                        const struct inode *is)
{
	struct ext4_dir_at at;
	int err = find_entry(dir, name, len, is, &at);

	if (err)
		return err;
	err = ext4_dir_remove(&r->h, dir, &at);
	ext4_buffer_put(r->fs, at.buf);
	return err;
}

/* i, if it is a directory, has moved from one parent to the other. */
static int new_parent(struct ren *r, struct inode *i, struct inode *from, struct inode *to)
{
	int err;

	if (!s_isdir(i->mode) || from == to)
		return 0;
	err = ext4_dir_set_parent(&r->h, i, (u32)to->ino);
	if (!err) {
		ext4_nlink_dec(from);
		ext4_nlink_inc(to);
	}
	return err;
}

static int write_dirs(struct ren *r)
{
	int err;

	inode_touch(r->od, ATTR_MTIME);
	inode_touch(r->nd, ATTR_MTIME);
	err = ext4_inode_write(&r->h, r->od);
	if (!err && r->nd != r->od)
		err = ext4_inode_write(&r->h, r->nd);
	return err;
}

static int exchange(struct ren *r)
{
	int err = set_entry(r, r->nd, r->nn, r->nlen, r->victim, r->moved);

	if (!err)
		err = set_entry(r, r->od, r->on, r->olen, r->moved, r->victim);
	if (!err)
		err = new_parent(r, r->moved, r->od, r->nd);
	if (!err)
		err = new_parent(r, r->victim, r->nd, r->od);
	r->moved->ctime = r->victim->ctime = clock_realtime_coarse();
	if (!err)
		err = ext4_inode_write(&r->h, r->moved);
	if (!err)
		err = ext4_inode_write(&r->h, r->victim);
	if (!err)
		err = write_dirs(r);
	if (!err) {
		ext4_seen_at(r->moved, r->nd, r->nn, r->nlen);
		ext4_seen_at(r->victim, r->od, r->on, r->olen);
	}
	return err;
}

static int move(struct ren *r)
{
	int err;

	if (r->victim)
		err = set_entry(r, r->nd, r->nn, r->nlen, r->victim, r->moved);
	else
		err = ext4_dir_add(&r->h, r->nd, r->nn, r->nlen, r->moved);
	if (err)
		return err;
	/* The addition may have moved the old entry: it is looked for now. */
	err = remove_entry(r, r->od, r->on, r->olen, r->moved);
	if (!err)
		err = new_parent(r, r->moved, r->od, r->nd);
	if (!err && r->victim)
		err = ext4_name_gone(&r->h, r->nd, r->victim);
	r->moved->ctime = clock_realtime_coarse();
	if (!err)
		err = ext4_inode_write(&r->h, r->moved);
	if (!err)
		err = write_dirs(r);
	if (!err)
		ext4_seen_at(r->moved, r->nd, r->nn, r->nlen);
	return err;
}

static int rename_once(struct ren *r, unsigned flags)
{
	int err = ext4_start(r->fs, &r->h, RENAME_CREDITS);

	if (err)
		return err;
	err = flags & RENAME_EXCHANGE ? exchange(r) : move(r);
	if (err == -ENOSPC)
		(void)ext4_inode_write(&r->h, r->nd); /* the directory may have grown */
	return ext4_stop(&r->h, err);
}

int ext4_rename(struct inode *od, const char *on, unsigned olen, struct inode *moved, struct inode *nd,
                const char *nn, unsigned nlen, struct inode *victim, unsigned flags)
{
	struct ren r = { .fs = ext4_i(od)->fs,
		         .od = od,
		         .nd = nd,
		         .moved = moved,
		         .victim = victim,
		         .on = on,
		         .nn = nn,
		         .olen = olen,
		         .nlen = nlen };
	int err;

	if (flags & ~(unsigned)(RENAME_EXCHANGE | RENAME_NOREPLACE))
		return -EINVAL;
	if (nlen > EXT4_NAME_LEN)
		return -ENAMETOOLONG;
	if (!(flags & RENAME_EXCHANGE) && victim && s_isdir(victim->mode)) {
		err = ext4_dir_is_empty(victim);
		if (err <= 0)
			return err ? err : -ENOTEMPTY;
	}
	if (s_isdir(moved->mode) && od != nd && nd->nlink >= EXT4_LINK_MAX &&
	    !(r.fs->ro_compat & RO_COMPAT_DIR_NLINK))
		return -EMLINK;
	/* What it holds should be on the disk before it takes another's name: programs replace files so. */
	if (victim && s_isreg(moved->mode) && moved->mapping && ext4_i(moved)->nr_promised)
		(void)mapping_sync(moved->mapping, 0, UINT64_MAX);
	err = rename_once(&r, flags);
	if (err == -ENOSPC && !ext4_commit_all(r.fs))
		err = rename_once(&r, flags);
	return err;
}
