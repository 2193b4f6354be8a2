/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/extents.c - the tree of extents: finding
 *
 * Owns:      what a well-formed node is.
 * Layer:     fs/ext4.
 * Locks:     map_lock of the inode, held by the callers.
 * Contexts:  process context; may sleep.
 * Manual:    the ext4 disk layout, "Extent Tree".
 * Tests:     tests/ext4.
 *
 * Theory
 * ------
 *      i_block:   [ head | idx idx idx idx ]          depth 2: the root, 4 entries
 *                        |
 *      block:     [ head | idx idx ... idx | csum ]   depth 1
 *                        |
 *      block:     [ head | ext ext ... ext | csum ]   depth 0: a leaf
 *
 * An index entry's key is the first file block below it.  A node is checked wholly when it comes from the disk
 * (order, ranges, block numbers, checksum); what is checked at each step is its depth, so that a loop in the tree
 * ends after five.
 */
#include "extents.h"

static int node_bad(struct inode *i, const char *what)
{
	return ext4_error(ext4_i(i)->fs, "inode %llu: extent tree: %s", (unsigned long long)i->ino, what);
}

static int check_leaf(struct inode *i, struct ext4_ext_head *eh)
{
	const struct ext4_ext *e = ext_first(eh);
	u64 next = 0;

	for (u32 k = 0; k < eh->eh_entries; k++, e++) {
		if (e->ee_block < next || !ext_len(e) || (u64)e->ee_block + ext_len(e) > UINT32_MAX)
			return node_bad(i, "extents overlap");
		if (!ext4_block_valid(ext4_i(i)->fs, ext_start(e), ext_len(e)))
			return node_bad(i, "an extent lies outside");
		next = (u64)e->ee_block + ext_len(e);
	}
	return 0;
}

static int check_index(struct inode *i, struct ext4_ext_head *eh)
{
	const struct ext4_ext_idx *x = idx_first(eh);

	if (!eh->eh_entries)
		return node_bad(i, "an empty node");
	for (u32 k = 0; k < eh->eh_entries; k++) {
		if (k && x[k].ei_block <= x[k - 1].ei_block)
			return node_bad(i, "keys are out of order");
		if (!ext4_block_valid(ext4_i(i)->fs, idx_leaf(&x[k]), 1))
			return node_bad(i, "a node lies outside");
	}
	return 0;
}

static int check_head(struct inode *i, const struct ext4_ext_head *eh, u32 depth, u32 max)
{
	if (eh->eh_magic != EXTENT_MAGIC || eh->eh_depth != depth || depth > EXTENT_MAX_DEPTH ||
	    eh->eh_max > max || eh->eh_max < ROOT_MAX || eh->eh_entries > eh->eh_max)
		return node_bad(i, "a wrong head");
	return 0;
}

static u32 node_max(const struct ext4_fs *fs)
{
	return (fs->block_size - (u32)sizeof(struct ext4_ext_head)) / (u32)sizeof(struct ext4_ext);
}

static int check_node(struct inode *i, struct ext4_ext_head *eh, u32 depth, struct ext4_buffer *b)
{
	struct ext4_fs *fs = ext4_i(i)->fs;
	int err, fresh = b ? ext4_buffer_is(fs, b, KIND_EXTENTS) : 1;

	if (fresh < 0)
		return fresh;
	err = check_head(i, eh, depth, b ? node_max(fs) : ROOT_MAX);
	if (err || !fresh)
		return err;
	if (b && fs->metadata_csum) {
		/* The checksum stands behind the last possible entry: there must be room. */
		if (sizeof(*eh) + eh->eh_max * sizeof(struct ext4_ext) + 4 > fs->block_size)
			return node_bad(i, "no room for a checksum");
		if (!ext4_ext_csum_ok(ext4_i(i), eh)) {
			node_bad(i, "a node's checksum is wrong");
			return -EBADMSG;
		}
	}
	err = depth ? check_index(i, eh) : check_leaf(i, eh);
	if (!err && b)
		b->kind = KIND_EXTENTS;
	return err;
}

/* The last entry whose key is not above lblk; -1: all are above.  Index entries and extents begin alike. */
static int search(const struct ext4_ext_head *eh, u64 lblk)
{
	const struct ext4_ext *e = (const struct ext4_ext *)(eh + 1);
	int lo = 0, hi = eh->eh_entries;

	while (lo < hi) {
		int mid = (lo + hi) / 2;

		if (e[mid].ee_block <= lblk)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo - 1;
}

void ext_path_put(struct inode *i, struct ext_path *p)
{
	for (u32 k = 1; k <= p->depth; k++)
		ext4_buffer_put(ext4_i(i)->fs, p->at[k].buf);
	p->depth = 0;
}

int ext_path_find(struct inode *i, u64 lblk, struct ext_path *p)
{
	struct ext4_inode *ei = ext4_i(i);
	struct ext4_ext_head *eh = (struct ext4_ext_head *)ei->block;
	u32 depth = eh->eh_depth;
	int err = check_node(i, eh, depth, NULL);

	p->depth = 0;
	p->at[0] = (struct ext_level){ NULL, eh, 0 };
	while (!err && depth) {
		struct ext_level *l = &p->at[p->depth];
		struct ext4_buffer *b;

		l->pos = MAX(search(l->head, lblk), 0);
		b = ext4_buffer_read(ei->fs, idx_leaf(idx_first(l->head) + l->pos));
		if (IS_ERR(b)) {
			err = (int)PTR_ERR(b);
			break;
		}
		p->at[++p->depth] = (struct ext_level){ b, (struct ext4_ext_head *)b->data, 0 };
		err = check_node(i, p->at[p->depth].head, --depth, b);
	}
	if (err)
		ext_path_put(i, p);
	else
		p->at[p->depth].pos = search(p->at[p->depth].head, lblk);
	return err;
}

u64 ext_path_next(const struct ext_path *p)
{
	const struct ext_level *leaf = &p->at[p->depth];

	if (leaf->pos + 1 < leaf->head->eh_entries)
		return ext_first(leaf->head)[leaf->pos + 1].ee_block;
	for (int k = (int)p->depth - 1; k >= 0; k--)
		if (p->at[k].pos + 1 < p->at[k].head->eh_entries)
			return idx_first(p->at[k].head)[p->at[k].pos + 1].ei_block;
	return UINT32_MAX;
}

int ext4_ext_find_map(struct inode *i, u64 lblk, u32 max, struct ext4_map *m)
{
	struct ext_path p;
	const struct ext4_ext *e;
	u64 next;
	int err = ext_path_find(i, lblk, &p);

	if (err)
		return err;
	e = ext_at(&p);
	if (e && lblk < (u64)e->ee_block + ext_len(e)) {
		u32 off = (u32)(lblk - e->ee_block);

		m->mapped = true;
		m->unwritten = ext_unwritten(e);
		m->pblk = ext_start(e) + off;
		m->len = MIN(max, ext_len(e) - off);
	} else {
		next = ext_path_next(&p);
		m->len = next > lblk ? (u32)MIN((u64)max, next - lblk) : 1;
	}
	ext_path_put(i, &p);
	return 0;
}

u64 ext4_ext_goal(struct inode *i, u64 lblk)
{
	struct ext_path p;
	const struct ext4_ext *e;
	u64 goal = 0;

	if (ext_path_find(i, lblk, &p))
		return 0;
	e = ext_at(&p);
	if (e)
		goal = ext_start(e) + (lblk - e->ee_block);
	ext_path_put(i, &p);
	return goal < ext4_i(i)->fs->blocks ? goal : 0;
}

void ext4_ext_init(struct inode *i)
{
	struct ext4_ext_head *eh = (struct ext4_ext_head *)ext4_i(i)->block;

	ext4_i(i)->flags |= FL_EXTENTS;
	*eh = (struct ext4_ext_head){ .eh_magic = EXTENT_MAGIC, .eh_max = ROOT_MAX };
}
