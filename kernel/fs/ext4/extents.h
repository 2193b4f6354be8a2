/* SPDX-License-Identifier: MIT
 * fs/ext4/extents.h - between extents.c (finding) and extents_edit.c (changing). */
#pragma once
#include "internal.h"

enum { ROOT_MAX = (NR_BLOCK * 4 - sizeof(struct ext4_ext_head)) / sizeof(struct ext4_ext) };
_Static_assert(ROOT_MAX == 4, "entries in an inode");

struct ext_level {
	struct ext4_buffer *buf; /* NULL: the inode */
	struct ext4_ext_head *head;
	int pos; /* the entry followed; in a leaf the last one not above what is looked for, or -1 */
};
struct ext_path {
	u32 depth; /* of the leaf */
	struct ext_level at[EXTENT_MAX_DEPTH + 1];
};

static inline struct ext4_ext *ext_first(struct ext4_ext_head *eh)
{
	return (struct ext4_ext *)(eh + 1);
}
static inline struct ext4_ext_idx *idx_first(struct ext4_ext_head *eh)
{
	return (struct ext4_ext_idx *)(eh + 1);
}
static inline bool ext_unwritten(const struct ext4_ext *e)
{
	return e->ee_len > EXTENT_MAX_LEN;
}
static inline u32 ext_len(const struct ext4_ext *e)
{
	return ext_unwritten(e) ? e->ee_len - (u32)EXTENT_MAX_LEN : e->ee_len;
}
static inline u64 ext_start(const struct ext4_ext *e)
{
	return lo_hi(e->ee_start_lo, e->ee_start_hi);
}
static inline u64 idx_leaf(const struct ext4_ext_idx *x)
{
	return lo_hi(x->ei_leaf_lo, x->ei_leaf_hi);
}
static inline struct ext4_ext ext_make(u64 lblk, u64 pblk, u32 len, bool unwritten)
{
	return (struct ext4_ext){ .ee_block = (u32)lblk,
		                  .ee_len = (u16)(unwritten ? len + EXTENT_MAX_LEN : len),
		                  .ee_start_hi = (u16)(pblk >> 32),
		                  .ee_start_lo = (u32)pblk };
}
/* The way from the root to the leaf where lblk is or would be. */
int ext_path_find(struct inode *i, u64 lblk, struct ext_path *p);
void ext_path_put(struct inode *i, struct ext_path *p);
/* The first file block after the leaf's position that has an extent, or UINT32_MAX. */
u64 ext_path_next(const struct ext_path *p);
/* The extent at the leaf's position, or NULL. */
static inline struct ext4_ext *ext_at(const struct ext_path *p)
{
	const struct ext_level *l = &p->at[p->depth];

	return l->pos < 0 ? NULL : ext_first(l->head) + l->pos;
}
