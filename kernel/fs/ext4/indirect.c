/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/indirect.c - the block map of ext2 and ext3: direct and indirect blocks
 *
 * Owns:      the shape of that map.
 * Layer:     fs/ext4.
 * Locks:     map_lock of the inode.
 * Contexts:  process context; may sleep.
 * Manual:    the ext4 disk layout, "Direct/Indirect Block Addressing".
 * Tests:     tests/ext4 (images of ext2 and ext3).
 *
 *      i_block[0..11]   the first 12 blocks
 *      i_block[12]      a block of numbers of blocks
 *      i_block[13]      a block of numbers of such blocks;      i_block[14]  once more
 */
#include "internal.h"

enum { MAX_LEVELS = 4 };

/* Where a block's number stands: off[0] in i_block, the others in blocks below. *left: how many follow in the same
 * last block, this one included.  The number of levels. */
static unsigned block_path(const struct ext4_fs *fs, u64 lblk, u32 off[MAX_LEVELS], u32 *left)
{
	u64 per = fs->block_size / 4;
	unsigned n = 0;

	if (lblk < NR_DIRECT) {
		off[n++] = (u32)lblk;
		*left = NR_DIRECT - (u32)lblk;
		return n;
	}
	lblk -= NR_DIRECT;
	if (lblk < per) {
		off[n++] = IND1;
	} else if ((lblk -= per) < per * per) {
		off[n++] = IND2;
		off[n++] = (u32)(lblk / per);
	} else {
		lblk -= per * per;
		off[n++] = IND3;
		off[n++] = (u32)(lblk / (per * per));
		off[n++] = (u32)(lblk / per % per);
	}
	off[n++] = (u32)(lblk % per);
	*left = (u32)(per - lblk % per);
	return n;
}

/* Blocks below one entry that stands `levels` above the data. */
static u64 span(const struct ext4_fs *fs, unsigned levels)
{
	u64 n = 1;

	while (levels--)
		n *= fs->block_size / 4;
	return n;
}

static struct ext4_buffer *table_read(struct inode *i, u32 block)
{
	struct ext4_fs *fs = ext4_i(i)->fs;
	struct ext4_buffer *b;
	int err;

	if (!ext4_block_valid(fs, block, 1)) {
		ext4_error(fs, "inode %llu: block %u in its map", (unsigned long long)i->ino, block);
		return ERR_PTR(-EUCLEAN);
	}
	b = ext4_buffer_read(fs, block);
	if (IS_ERR(b))
		return b;
	err = ext4_buffer_is(fs, b, KIND_INDIRECT);
	if (err < 0) {
		ext4_buffer_put(fs, b);
		return ERR_PTR(err);
	}
	b->kind = KIND_INDIRECT;
	return b;
}

/* Equal to, or (for data) following, the first: how many of slot[0..max). */
static u32 count_run(const u32 *slot, u32 max)
{
	u32 n = 1;

	while (n < max && slot[n] == (slot[0] ? slot[0] + n : 0))
		n++;
	return n;
}

int ext4_ind_find_map(struct inode *i, u64 lblk, u32 max, struct ext4_map *m)
{
	struct ext4_inode *ei = ext4_i(i);
	u32 off[MAX_LEVELS], left;
	unsigned levels = block_path(ei->fs, lblk, off, &left);
	struct ext4_buffer *b = NULL;
	const u32 *slot = &ei->block[off[0]];
	int err = 0;

	for (unsigned k = 1; k < levels; k++) {
		struct ext4_buffer *next;

		if (!*slot) { /* all below is a hole; count it to the end of the last block only */
			ext4_buffer_put(ei->fs, b);
			m->len = MIN(max, left);
			return 0;
		}
		next = table_read(i, *slot);
		ext4_buffer_put(ei->fs, b);
		if (IS_ERR(next))
			return (int)PTR_ERR(next);
		b = next;
		slot = (const u32 *)b->data + off[k];
	}
	m->len = count_run(slot, MIN(max, left));
	if (*slot) {
		m->mapped = true;
		m->pblk = *slot;
		if (!ext4_block_valid(ei->fs, *slot, m->len))
			err = ext4_error(ei->fs, "inode %llu: block %u in its map",
			                 (unsigned long long)i->ino, *slot);
	}
	ext4_buffer_put(ei->fs, b);
	return err;
}

/* A new block of numbers at *slot. */
static struct ext4_buffer *table_new(struct ext4_handle *h, struct inode *i, u64 goal, u32 *slot)
{
	struct ext4_fs *fs = ext4_i(i)->fs;
	struct ext4_buffer *b;
	u32 n = 1;
	u64 block;
	int err = ext4_alloc_blocks(h, goal, &n, &block, true); /* kept with the data's */

	if (err)
		return ERR_PTR(err);
	if (block > UINT32_MAX)
		b = ERR_PTR(-ENOSPC); /* numbers here have 32 bits */
	else
		b = ext4_buffer_new(h, block, KIND_INDIRECT);
	if (IS_ERR(b)) {
		err = ext4_free_blocks(h, block, 1);
		return err ? ERR_PTR(err) : b;
	}
	*slot = (u32)block;
	i->blocks += fs->block_size / 512;
	return b;
}

int ext4_ind_add(struct ext4_handle *h, struct inode *i, u64 lblk, u64 pblk, u32 len)
{
	struct ext4_inode *ei = ext4_i(i);
	u32 off[MAX_LEVELS], left;
	unsigned levels = block_path(ei->fs, lblk, off, &left);
	struct ext4_buffer *b = NULL;
	u32 *slot = &ei->block[off[0]];
	int err = 0;

	if (pblk + len > UINT32_MAX || len > left)
		return -ENOSPC;
	for (unsigned k = 1; k < levels; k++) {
		struct ext4_buffer *next;

		if (*slot) {
			next = table_read(i, *slot);
		} else {
			err = b ? ext4_access(h, b) : 0;
			next = err ? ERR_PTR(err) : table_new(h, i, pblk, slot);
		}
		ext4_buffer_put(ei->fs, b);
		if (IS_ERR(next))
			return (int)PTR_ERR(next);
		b = next;
		slot = (u32 *)b->data + off[k];
	}
	err = b ? ext4_access(h, b) : 0;
	for (u32 k = 0; k < len && !err; k++)
		slot[k] = (u32)pblk + k;
	ext4_buffer_put(ei->fs, b);
	return err;
}

/* ---- removing ---- */

struct removal {
	struct ext4_handle *h;
	struct inode *i;
	u64 from, to; /* file blocks */
};

/* Data blocks in slot[lo..hi), from the end; 1: out of credits. */
static int remove_data(struct removal *r, u32 *slot, u32 lo, u32 hi)
{
	while (hi > lo) {
		u32 n = 1;
		int err;

		if (!slot[hi - 1]) {
			hi--;
			continue;
		}
		while (n < MAP_FREE_MAX && hi - n > lo && slot[hi - n - 1] == slot[hi - n] - 1 &&
		       slot[hi - n - 1])
			n++;
		if (!ext4_extend(r->h, MAP_CREDITS))
			return 1;
		err = ext4_map_free(r->h, r->i, slot[hi - n], n);
		if (err)
			return err;
		hi -= n;
		for (u32 k = 0; k < n; k++)
			slot[hi + k] = 0;
	}
	return 0;
}

static int remove_below(struct removal *r, u32 *slot, unsigned levels, u64 first);

/* The entries of a block of numbers, whose first data block is `first`; levels: from an entry down to the data. */
static int remove_table(struct removal *r, struct ext4_buffer *b, unsigned levels, u64 first)
{
	const struct ext4_fs *fs = ext4_i(r->i)->fs;
	u64 each = span(fs, levels), per = fs->block_size / 4;
	u64 lo = r->from > first ? (r->from - first) / each : 0;
	u64 hi = r->to > first ? MIN(per, (r->to - first + each - 1) / each) : 0;
	u32 *slot = (u32 *)b->data;
	int err = ext4_access(r->h, b);

	if (err || lo >= hi)
		return err;
	if (!levels)
		return remove_data(r, slot, (u32)lo, (u32)hi);
	while (hi > lo && !err) {
		hi--;
		if (slot[hi])
			err = remove_below(r, &slot[hi], levels, first + hi * each);
	}
	return err;
}

static bool all_zero(const struct ext4_fs *fs, const struct ext4_buffer *b)
{
	const u32 *slot = (const u32 *)b->data;

	for (u32 k = 0; k < fs->block_size / 4; k++)
		if (slot[k])
			return false;
	return true;
}

/* What *slot points to, `levels` tables deep; the table goes when nothing is left in it. Recursion: three deep. */
static int remove_below(struct removal *r, u32 *slot, unsigned levels, u64 first)
{
	struct ext4_fs *fs = ext4_i(r->i)->fs;
	struct ext4_buffer *b;
	int err;

	if (!ext4_extend(r->h, MAP_CREDITS))
		return 1;
	b = table_read(r->i, *slot);
	if (IS_ERR(b))
		return (int)PTR_ERR(b);
	err = remove_table(r, b, levels - 1, first);
	if (!err && all_zero(fs, b)) {
		err = ext4_revoke(r->h, b->block);
		if (!err)
			err = ext4_free_blocks(r->h, *slot, 1);
		r->i->blocks -= MIN(r->i->blocks, (u64)fs->block_size / 512);
		if (!err)
			*slot = 0;
	}
	ext4_buffer_put(fs, b);
	return err;
}

int ext4_ind_remove(struct ext4_handle *h, struct inode *i, u64 from, u64 to)
{
	struct ext4_inode *ei = ext4_i(i);
	struct removal r = { h, i, from, to };
	u64 first = NR_DIRECT, firsts[MAX_LEVELS];
	int err = 0;

	for (unsigned k = 1; k < MAX_LEVELS; k++) {
		firsts[k] = first;
		first += span(ei->fs, k);
	}
	for (unsigned k = MAX_LEVELS - 1; k >= 1 && !err; k--)
		if (ei->block[NR_DIRECT + k - 1] && to > firsts[k] && from < firsts[k] + span(ei->fs, k))
			err = remove_below(&r, &ei->block[NR_DIRECT + k - 1], k, firsts[k]);
	if (!err && from < NR_DIRECT)
		err = remove_data(&r, ei->block, (u32)from, (u32)MIN(to, (u64)NR_DIRECT));
	return err;
}
