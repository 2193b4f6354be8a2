/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/extents_edit.c - the tree of extents: changing
 *
 * Owns:      the shape of the tree.
 * Layer:     fs/ext4.
 * Locks:     map_lock of the inode, inside a handle.
 * Contexts:  process context; may sleep.
 * Manual:    the ext4 disk layout, "Extent Tree".
 * Tests:     tests/ext4.
 *
 * Theory
 * ------
 * Every change is a splice: in one leaf, n extents are replaced by others, at most three.  When a leaf is left with
 * none, it is freed, and its entry above it goes, and so on.  When there are more than fit, the leaf is split, and
 * the caller begins again with a new path (RETRY): a split changes one level at a time, so five of them at most
 * are needed.
 *
 * The inode's own part of the tree (i_block) is written by the caller with the inode.
 */
#include "extents.h"
#include <lib/string.h>

enum { RETRY = 1, MAX_RETRIES = 16, LEN_MAX = EXTENT_MAX_LEN - 1 };

static int level_access(struct ext4_handle *h, struct ext_level *l)
{
	return l->buf ? ext4_access(h, l->buf) : 0;
}

static void level_done(struct inode *i, struct ext_level *l)
{
	if (l->buf)
		ext4_ext_changed(ext4_i(i), l->buf);
}

/* ---- growing ---- */

static int new_node(struct ext4_handle *h, struct inode *i, u64 goal, struct ext4_buffer **out)
{
	struct ext4_fs *fs = ext4_i(i)->fs;
	u32 n = 1;
	u64 block;
	int err = ext4_alloc_blocks(h, goal, &n, &block, true); /* room for trees is kept with the data's */

	if (err)
		return err;
	*out = ext4_buffer_new(h, block, KIND_EXTENTS);
	if (IS_ERR(*out)) {
		err = ext4_free_blocks(h, block, 1);
		return err ? err : (int)PTR_ERR(*out);
	}
	i->blocks += fs->block_size / 512;
	return 0;
}

static u16 max_entries(const struct ext4_fs *fs)
{
	u32 room = fs->block_size - (u32)sizeof(struct ext4_ext_head) - (fs->metadata_csum ? 4 : 0);

	return (u16)(room / sizeof(struct ext4_ext));
}

/* A goal for a node: near the first data. */
static u64 node_goal(struct inode *i, struct ext_path *p)
{
	struct ext_level *leaf = &p->at[p->depth];

	if (leaf->head->eh_entries)
		return ext_start(ext_first(leaf->head));
	return ext4_group_first(ext4_i(i)->fs, ((u32)i->ino - 1) / ext4_i(i)->fs->inodes_per_group);
}

/* The root is full: what it held goes one level down. */
static int grow_root(struct ext4_handle *h, struct inode *i, struct ext_path *p)
{
	struct ext4_ext_head *root = p->at[0].head, *eh;
	struct ext4_buffer *b;
	int err;

	if (root->eh_depth >= EXTENT_MAX_DEPTH)
		return -ENOSPC;
	err = new_node(h, i, node_goal(i, p), &b);
	if (err)
		return err;
	eh = (struct ext4_ext_head *)b->data;
	memcpy(eh, root, sizeof(ext4_i(i)->block));
	eh->eh_max = max_entries(ext4_i(i)->fs);
	ext4_ext_changed(ext4_i(i), b);
	root->eh_depth++;
	root->eh_entries = 1;
	*idx_first(root) = (struct ext4_ext_idx){ .ei_block = idx_first(eh)->ei_block,
		                                  .ei_leaf_lo = (u32)b->block,
		                                  .ei_leaf_hi = (u16)(b->block >> 32) };
	ext4_buffer_put(ext4_i(i)->fs, b);
	return RETRY;
}

/* Splits the full node at `level`, whose parent has room. */
static int split_node(struct ext4_handle *h, struct inode *i, struct ext_path *p, u32 level)
{
	struct ext_level *l = &p->at[level], *up = &p->at[level - 1];
	struct ext4_ext_idx *to = idx_first(up->head) + up->pos + 1;
	u32 n = l->head->eh_entries, keep = l->pos + 1 >= (int)n ? n - 1 : n / 2;
	struct ext4_ext_head *eh;
	struct ext4_buffer *b;
	int err = new_node(h, i, node_goal(i, p), &b);

	if (err)
		return err;
	err = level_access(h, l);
	if (!err)
		err = level_access(h, up);
	if (err)
		goto out; /* the transaction is lost: so is the block */
	eh = (struct ext4_ext_head *)b->data;
	*eh = (struct ext4_ext_head){ .eh_magic = EXTENT_MAGIC,
		                      .eh_entries = (u16)(n - keep),
		                      .eh_max = max_entries(ext4_i(i)->fs),
		                      .eh_depth = l->head->eh_depth };
	memcpy(ext_first(eh), ext_first(l->head) + keep, (n - keep) * sizeof(struct ext4_ext));
	l->head->eh_entries = (u16)keep;
	memmove(to + 1, to, (size_t)(up->head->eh_entries - up->pos - 1) * sizeof(*to));
	*to = (struct ext4_ext_idx){ .ei_block = ext_first(eh)->ee_block,
		                     .ei_leaf_lo = (u32)b->block,
		                     .ei_leaf_hi = (u16)(b->block >> 32) };
	up->head->eh_entries++;
	ext4_ext_changed(ext4_i(i), b);
	level_done(i, l);
	level_done(i, up);
	err = RETRY;
out:
	ext4_buffer_put(ext4_i(i)->fs, b);
	return err;
}

/* One more node somewhere, so that the leaf will have room in the end. */
static int make_room(struct ext4_handle *h, struct inode *i, struct ext_path *p)
{
	u32 level = p->depth;

	while (level && p->at[level - 1].head->eh_entries >= p->at[level - 1].head->eh_max)
		level--;
	return level ? split_node(h, i, p, level) : grow_root(h, i, p);
}

/* ---- shrinking ---- */

static int free_node(struct ext4_handle *h, struct inode *i, struct ext_level *l)
{
	u64 block = l->buf->block;
	int err = ext4_revoke(h, block);

	if (!err)
		err = ext4_free_blocks(h, block, 1);
	if (!err)
		i->blocks -= MIN(i->blocks, (u64)ext4_i(i)->fs->block_size / 512);
	return err;
}

/* The first key of a node has changed: so do those of the nodes above. */
static int fix_keys(struct ext4_handle *h, struct inode *i, struct ext_path *p, u32 level)
{
	u32 key = ext_first(p->at[level].head)->ee_block;

	while (level-- > 0) {
		struct ext_level *up = &p->at[level];
		int err;

		if (idx_first(up->head)[up->pos].ei_block == key)
			break;
		err = level_access(h, up);
		if (err)
			return err;
		idx_first(up->head)[up->pos].ei_block = key;
		level_done(i, up);
		if (up->pos)
			break;
	}
	return 0;
}

/* The leaf is empty: it goes, and what becomes empty above it. */
static int remove_empty(struct ext4_handle *h, struct inode *i, struct ext_path *p)
{
	u32 level = p->depth;
	int err;

	while (level && !p->at[level].head->eh_entries) {
		struct ext_level *up = &p->at[level - 1];
		struct ext4_ext_idx *x = idx_first(up->head) + up->pos;

		err = free_node(h, i, &p->at[level]);
		if (!err)
			err = level_access(h, up);
		if (err)
			return err;
		memmove(x, x + 1, (size_t)(up->head->eh_entries - up->pos - 1) * sizeof(*x));
		up->head->eh_entries--;
		level_done(i, up);
		level--;
	}
	if (!level && !p->at[0].head->eh_entries) {
		p->at[0].head->eh_depth = 0;
		return 0;
	}
	return level < p->depth && p->at[level].pos == 0 ? fix_keys(h, i, p, level) : 0;
}

/* ---- the splice ---- */

static int splice(struct ext4_handle *h, struct inode *i, struct ext_path *p, int at, u32 old,
                  const struct ext4_ext *new, u32 n)
{
	struct ext_level *l = &p->at[p->depth];
	struct ext4_ext *e = ext_first(l->head) + at;
	u32 entries = l->head->eh_entries;
	int err;

	assert(at >= 0 && at + old <= entries);
	if (entries - old + n > l->head->eh_max)
		return make_room(h, i, p);
	err = level_access(h, l);
	if (err)
		return err;
	memmove(e + n, e + old, (entries - (u32)at - old) * sizeof(*e));
	memcpy(e, new, n * sizeof(*e));
	l->head->eh_entries = (u16)(entries - old + n);
	level_done(i, l);
	if (!l->head->eh_entries && p->depth)
		return remove_empty(h, i, p);
	return at == 0 && p->depth && l->head->eh_entries ? fix_keys(h, i, p, p->depth) : 0;
}

static bool joins(const struct ext4_ext *a, const struct ext4_ext *b)
{
	return ext_unwritten(a) == ext_unwritten(b) && (u64)a->ee_block + ext_len(a) == b->ee_block &&
	       ext_start(a) + ext_len(a) == ext_start(b) && ext_len(a) + ext_len(b) <= LEN_MAX;
}

static struct ext4_ext joined(const struct ext4_ext *a, const struct ext4_ext *b)
{
	return ext_make(a->ee_block, ext_start(a), ext_len(a) + ext_len(b), ext_unwritten(a));
}

/* Replaces `old` extents from `at` on by new[0..n), joined with their neighbours where they touch. */
static int splice_joined(struct ext4_handle *h, struct inode *i, struct ext_path *p, int at, u32 old,
                         struct ext4_ext *new, u32 n)
{
	struct ext_level *l = &p->at[p->depth];
	struct ext4_ext *e = ext_first(l->head);

	if (n && at > 0 && joins(&e[at - 1], &new[0])) {
		new[0] = joined(&e[at - 1], &new[0]);
		at--;
		old++;
	}
	if (n && at + old < l->head->eh_entries && joins(&new[n - 1], &e[at + (int)old])) {
		new[n - 1] = joined(&new[n - 1], &e[at + (int)old]);
		old++;
	}
	return splice(h, i, p, at, old, new, n);
}

int ext4_ext_add(struct ext4_handle *h, struct inode *i, u64 lblk, u64 pblk, u32 len, bool unwritten)
{
	for (unsigned try = 0; try < MAX_RETRIES; try++) {
		struct ext4_ext new = ext_make(lblk, pblk, len, unwritten), *e;
		struct ext_path p;
		int err = ext_path_find(i, lblk, &p);

		if (err)
			return err;
		e = ext_at(&p);
		if ((e && (u64)e->ee_block + ext_len(e) > lblk) || ext_path_next(&p) < lblk + len)
			err = ext4_error(ext4_i(i)->fs, "inode %llu: block %llu is there already",
			                 (unsigned long long)i->ino, (unsigned long long)lblk);
		else
			err = splice_joined(h, i, &p, p.at[p.depth].pos + 1, 0, &new, 1);
		ext_path_put(i, &p);
		if (err != RETRY)
			return err;
	}
	return -ENOSPC;
}

int ext4_ext_written(struct ext4_handle *h, struct inode *i, u64 lblk, u32 len)
{
	for (unsigned try = 0; try < MAX_RETRIES; try++) {
		struct ext4_ext new[3], *e;
		struct ext_path p;
		u32 n = 0, off, total;
		int err = ext_path_find(i, lblk, &p);

		if (err)
			return err;
		e = ext_at(&p);
		if (!e || !ext_unwritten(e) || lblk + len > (u64)e->ee_block + ext_len(e)) {
			ext_path_put(i, &p);
			return ext4_error(ext4_i(i)->fs, "inode %llu: block %llu is not unwritten",
			                  (unsigned long long)i->ino, (unsigned long long)lblk);
		}
		off = (u32)(lblk - e->ee_block);
		total = ext_len(e);
		if (off)
			new[n++] = ext_make(e->ee_block, ext_start(e), off, true);
		new[n++] = ext_make(lblk, ext_start(e) + off, len, false);
		if (off + len < total)
			new[n++] = ext_make(lblk + len, ext_start(e) + off + len, total - off - len, true);
		err = splice_joined(h, i, &p, p.at[p.depth].pos, 1, new, n);
		ext_path_put(i, &p);
		if (err != RETRY)
			return err;
	}
	return -ENOSPC;
}

/* Takes [from, *to) out of the last extent that begins before *to, which moves down; its blocks are freed, unless
 * they are to be kept. RETRY: once more. */
static int remove_last(struct ext4_handle *h, struct inode *i, u64 from, u64 *to, bool keep)
{
	struct ext4_ext new[2], *e;
	struct ext_path p;
	u64 begin, end, first, start;
	u32 n = 0;
	int err = ext_path_find(i, *to - 1, &p);

	if (err)
		return err;
	e = ext_at(&p);
	if (!e || (u64)e->ee_block + ext_len(e) <= from) {
		*to = from;
		ext_path_put(i, &p);
		return 0;
	}
	first = e->ee_block;
	start = ext_start(e);
	begin = MAX(from, first);
	end = MIN(*to, first + ext_len(e));
	if (begin >= end) { /* it ends before *to, in a hole */
		ext_path_put(i, &p);
		return ext4_error(ext4_i(i)->fs, "inode %llu: extents out of order",
		                  (unsigned long long)i->ino);
	}
	if (!s_isreg(i->mode) && end - begin > MAP_FREE_MAX)
		begin = end - MAP_FREE_MAX;
	if (begin > first)
		new[n++] = ext_make(first, start, (u32)(begin - first), ext_unwritten(e));
	if (end < first + ext_len(e))
		new[n++] = ext_make(end, start + (end - first), (u32)(first + ext_len(e) - end),
		                    ext_unwritten(e));
	err = splice(h, i, &p, p.at[p.depth].pos, 1, new, n);
	ext_path_put(i, &p);
	if (err)
		return err;
	*to = begin;
	return keep ? 0 : ext4_map_free(h, i, start + (begin - first), (u32)(end - begin));
}

int ext4_ext_remove(struct ext4_handle *h, struct inode *i, u64 from, u64 to)
{
	while (from < to) {
		int err = remove_last(h, i, from, &to, false);

		if (err < 0)
			return err;
		if (from < to && !ext4_extend(h, MAP_CREDITS))
			return 1;
	}
	return 0;
}

int ext4_ext_move(struct ext4_handle *h, struct inode *i, const struct ext4_map *m, s64 by)
{
	u64 to = m->lblk + m->len;
	int err = RETRY;

	for (unsigned try = 0; err == RETRY && try < MAX_RETRIES; try++)
		err = remove_last(h, i, m->lblk, &to, true);
	if (err)
		return err == RETRY ? -ENOSPC : err;
	return ext4_ext_add(h, i, m->lblk + (u64)by, m->pblk, m->len, m->unwritten);
}

int ext4_ext_last(struct inode *i, u64 before, struct ext4_map *m)
{
	const struct ext4_ext *e;
	struct ext_path p;
	int err = ext_path_find(i, before - 1, &p);

	if (err)
		return err;
	e = ext_at(&p);
	*m = (struct ext4_map){ .mapped = e != NULL };
	if (e) {
		m->lblk = e->ee_block;
		m->pblk = ext_start(e);
		m->len = (u32)(MIN((u64)e->ee_block + ext_len(e), before) - e->ee_block);
		m->unwritten = ext_unwritten(e);
	}
	ext_path_put(i, &p);
	return 0;
}
