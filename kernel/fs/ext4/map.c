/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/map.c - from blocks of a file to blocks of the disk
 *
 * Owns:      which of the two forms a file has: extents (ext4) or indirect blocks (ext2, ext3); i->blocks.
 * Layer:     fs/ext4. Uses extents.c, indirect.c, balloc.c.
 * Locks:     map_lock of the inode, inside a handle where blocks change.
 * Contexts:  process context; may sleep.
 * Manual:    the ext4 disk layout, "The Contents of inode.i_block".
 * Tests:     tests/ext4.
 */
#include "internal.h"

static bool has_extents(const struct inode *i)
{
	return ext4_i(i)->flags & FL_EXTENTS;
}

/* Blocks a file can have by the form of its map. */
u64 ext4_max_blocks(const struct inode *i)
{
	u64 per = ext4_i(i)->fs->block_size / 4, n = NR_DIRECT + per + per * per + per * per * per;

	return has_extents(i) ? UINT32_MAX : MIN(n, (u64)UINT32_MAX);
}

int ext4_map_find(struct inode *i, u64 lblk, u32 max, struct ext4_map *m)
{
	*m = (struct ext4_map){ .lblk = lblk, .len = max };
	if (lblk >= ext4_max_blocks(i))
		return 0;
	if (has_extents(i))
		return ext4_ext_find_map(i, lblk, max, m);
	return ext4_ind_find_map(i, lblk, max, m);
}

int ext4_map_fill(struct ext4_handle *h, struct inode *i, struct ext4_map *m, bool unwritten, bool promised)
{
	struct ext4_inode *ei = ext4_i(i);
	u32 n = MIN(m->len, (u32)EXTENT_MAX_LEN - 1);
	u64 goal = ei->goal;
	int err;

	if (m->lblk + n > ext4_max_blocks(i))
		return -EFBIG;
	if (has_extents(i)) {
		u64 near = ext4_ext_goal(i, m->lblk);

		goal = near ? near : goal;
	}
	if (!goal)
		goal = ext4_group_first(ei->fs, ((u32)i->ino - 1) / ei->fs->inodes_per_group);
	err = ext4_alloc_blocks(h, goal, &n, &m->pblk, promised);
	if (err)
		return err;
	if (has_extents(i))
		err = ext4_ext_add(h, i, m->lblk, m->pblk, n, unwritten);
	else
		err = ext4_ind_add(h, i, m->lblk, m->pblk, n);
	if (err) {
		int undo = ext4_free_blocks(h, m->pblk, n);

		return undo ? undo : err;
	}
	i->blocks += (u64)n << (ei->fs->block_bits - 9);
	ei->goal = m->pblk + n;
	ei->datatid = h->txn->tid;
	m->len = n;
	m->mapped = true;
	m->unwritten = unwritten;
	return 0;
}

int ext4_map_written(struct ext4_handle *h, struct inode *i, u64 lblk, u32 len)
{
	ext4_i(i)->datatid = h->txn->tid;
	return ext4_ext_written(h, i, lblk, len);
}

int ext4_map_remove(struct ext4_handle *h, struct inode *i, u64 from, u64 to)
{
	ext4_i(i)->datatid = h->txn->tid;
	to = MIN(to, ext4_max_blocks(i));
	if (from >= to)
		return 0;
	return has_extents(i) ? ext4_ext_remove(h, i, from, to) : ext4_ind_remove(h, i, from, to);
}

int ext4_map_free(struct ext4_handle *h, struct inode *i, u64 block, u32 n)
{
	int err = 0;

	i->blocks -= MIN(i->blocks, (u64)n << (ext4_i(i)->fs->block_bits - 9));
	/* Blocks of directories and links were logged: their copies must not come back over a file's data. */
	for (u32 k = 0; k < n && !err && !s_isreg(i->mode); k++)
		err = ext4_revoke(h, block + k);
	return err ? err : ext4_free_blocks(h, block, n);
}

static bool has_blocks(const struct inode *i)
{
	if (s_islnk(i->mode))
		return i->size >= (loff_t)sizeof(ext4_i(i)->block) || has_extents(i);
	return s_isreg(i->mode) || s_isdir(i->mode);
}

int ext4_remove_range(struct inode *i, u64 from, u64 to)
{
	struct ext4_inode *ei = ext4_i(i);
	int r = 1;

	if (!has_blocks(i))
		return 0;
	while (r == 1) {
		struct ext4_handle h;
		int err = ext4_start(ei->fs, &h, MAP_CREDITS + WRITE_INODE_CREDITS);

		if (err)
			return err;
		mutex_lock(&ei->map_lock);
		r = ext4_map_remove(&h, i, from, to);
		mutex_unlock(&ei->map_lock);
		err = ext4_inode_write(&h, i);
		err = ext4_stop(&h, r < 0 ? r : err);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}
