/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/bitmap.c - the two bitmaps of a group
 *
 * Owns:      which bits stand for what, and what an uninitialised bitmap means.
 * Layer:     fs/ext4.
 * Locks:     group->lock, held by the callers.
 * Contexts:  process context; may sleep.
 * Manual:    the ext4 disk layout, "Block and inode Bitmaps", "Lazy Block Group Initialization".
 * Tests:     tests/ext4.
 *
 * A fresh file system's bitmaps were never written: the descriptor says UNINIT, and the bitmap is then what follows
 * from the layout - the group's own metadata is in use, all else is free, and bits behind the end are set.
 */
#include "internal.h"
#include <lib/string.h>

void ext4_bits_set(void *map, u32 first, u32 n)
{
	u8 *m = map;
	u32 k = first, end = first + n;

	for (; k < end && k & 7; k++)
		m[k >> 3] |= (u8)(1 << (k & 7));
	if (end - k >= 8)
		memset(m + (k >> 3), 0xff, (end - k) >> 3);
	for (k = k < end ? k + ((end - k) & ~7u) : k; k < end; k++)
		m[k >> 3] |= (u8)(1 << (k & 7));
}

void ext4_bits_clear(void *map, u32 first, u32 n)
{
	u8 *m = map;
	u32 k = first, end = first + n;

	for (; k < end && k & 7; k++)
		m[k >> 3] &= (u8) ~(1 << (k & 7));
	if (end - k >= 8)
		memset(m + (k >> 3), 0, (end - k) >> 3);
	for (k = k < end ? k + ((end - k) & ~7u) : k; k < end; k++)
		m[k >> 3] &= (u8) ~(1 << (k & 7));
}

/* Sets the bits of [block, block + n) that lie in the group. */
static void mark(struct ext4_fs *fs, u32 group, void *map, u64 block, u64 n)
{
	u64 first = ext4_group_first(fs, group), end = first + ext4_group_blocks(fs, group);
	u64 from = MAX(block, first), to = MIN(block + n, end);

	if (from < to)
		ext4_bits_set(map, (u32)(from - first), (u32)(to - from));
}

static void block_bitmap_make(struct ext4_fs *fs, u32 group, char *map)
{
	const struct ext4_desc *d = ext4_desc(fs, group);
	u32 blocks = ext4_group_blocks(fs, group);

	memset(map, 0, fs->block_size);
	ext4_bits_set(map, blocks, fs->block_size * 8 - blocks);
	mark(fs, group, map, ext4_group_first(fs, group), ext4_group_meta_blocks(fs, group));
	mark(fs, group, map, ext4_desc_block_bitmap(fs, d), 1);
	mark(fs, group, map, ext4_desc_inode_bitmap(fs, d), 1);
	mark(fs, group, map, ext4_desc_inode_table(fs, d),
	     fs->inodes_per_group / (fs->block_size / fs->inode_size));
}

static u32 csum_of(const struct ext4_fs *fs, u16 lo, u16 hi)
{
	return fs->desc_size >= sizeof(struct ext4_desc) ? lo | (u32)hi << 16 : lo;
}

static bool csum_matches(const struct ext4_fs *fs, u32 stored, u32 computed)
{
	return fs->desc_size >= sizeof(struct ext4_desc) ? stored == computed : stored == (computed & 0xffff);
}

static int bad_group(struct ext4_fs *fs, u32 group, const char *what)
{
	fs->group[group].bad = true;
	ext4_error(fs, "%s of group %u is wrong", what, group);
	return -EUCLEAN;
}

/* Under b->lock nobody else sees it half made. */
static bool made_now(struct ext4_buffer *b, void (*make)(struct ext4_fs *, u32, char *), struct ext4_fs *fs,
                     u32 group)
{
	bool now = !(b->flags & BUF_UPTODATE);

	if (now) {
		make(fs, group, b->data);
		atomic_or(&b->flags, BUF_UPTODATE);
	}
	return now;
}

struct ext4_buffer *ext4_block_bitmap(struct ext4_fs *fs, u32 group)
{
	struct ext4_desc *d = ext4_desc(fs, group);
	u64 at = ext4_desc_block_bitmap(fs, d);
	struct ext4_buffer *b;

	if (fs->group[group].bad)
		return ERR_PTR(-EUCLEAN);
	if (fs->gdt_csum && d->bg_flags & BG_BLOCK_UNINIT) {
		b = ext4_buffer_get(fs, at);
		if (!IS_ERR(b) && made_now(b, block_bitmap_make, fs, group))
			fs->group[group].blocks_checked = true;
		return b;
	}
	b = ext4_buffer_read(fs, at);
	if (IS_ERR(b))
		return ERR_PTR(ext4_read_failed(fs, (int)PTR_ERR(b), "the block bitmap of group", group));
	if (fs->group[group].blocks_checked)
		return b;
	if (fs->metadata_csum &&
	    !csum_matches(fs, csum_of(fs, d->bg_block_bitmap_csum_lo, d->bg_block_bitmap_csum_hi),
	                  ext4_bitmap_csum(fs, b->data, fs->blocks_per_group))) {
		ext4_buffer_put(fs, b);
		return ERR_PTR(bad_group(fs, group, "the block bitmap's checksum"));
	}
	fs->group[group].blocks_checked = true;
	return b;
}

static void inode_bitmap_make(struct ext4_fs *fs, u32 group, char *map)
{
	memset(map, 0, fs->block_size);
	ext4_bits_set(map, fs->inodes_per_group, fs->block_size * 8 - fs->inodes_per_group);
}

struct ext4_buffer *ext4_inode_bitmap(struct ext4_fs *fs, u32 group)
{
	struct ext4_desc *d = ext4_desc(fs, group);
	u64 at = ext4_desc_inode_bitmap(fs, d);
	struct ext4_buffer *b;

	if (fs->group[group].bad)
		return ERR_PTR(-EUCLEAN);
	if (fs->gdt_csum && d->bg_flags & BG_INODE_UNINIT) {
		b = ext4_buffer_get(fs, at);
		if (!IS_ERR(b) && made_now(b, inode_bitmap_make, fs, group))
			fs->group[group].inodes_checked = true;
		return b;
	}
	b = ext4_buffer_read(fs, at);
	if (IS_ERR(b))
		return ERR_PTR(ext4_read_failed(fs, (int)PTR_ERR(b), "the inode bitmap of group", group));
	if (fs->group[group].inodes_checked)
		return b;
	if (fs->metadata_csum &&
	    !csum_matches(fs, csum_of(fs, d->bg_inode_bitmap_csum_lo, d->bg_inode_bitmap_csum_hi),
	                  ext4_bitmap_csum(fs, b->data, fs->inodes_per_group))) {
		ext4_buffer_put(fs, b);
		return ERR_PTR(bad_group(fs, group, "the inode bitmap's checksum"));
	}
	fs->group[group].inodes_checked = true;
	return b;
}

void ext4_block_bitmap_done(struct ext4_fs *fs, u32 group)
{
	ext4_desc(fs, group)->bg_flags &= (u16)~BG_BLOCK_UNINIT;
	fs->group[group].blocks_changed = fs->metadata_csum;
}

void ext4_inode_bitmap_done(struct ext4_fs *fs, u32 group)
{
	ext4_desc(fs, group)->bg_flags &= (u16)~BG_INODE_UNINIT;
	fs->group[group].inodes_changed = fs->metadata_csum;
}

static u32 seal_one(struct ext4_fs *fs, u64 block, u32 bits)
{
	struct ext4_buffer *b =
	        ext4_buffer_get(fs, block); /* it is in the transaction: no memory is needed */
	u32 c;

	assert(!IS_ERR(b) && b->flags & BUF_UPTODATE);
	c = ext4_bitmap_csum(fs, b->data, bits);
	ext4_buffer_put(fs, b);
	return c;
}

void ext4_bitmaps_seal(struct ext4_fs *fs)
{
	bool wide = fs->desc_size >= sizeof(struct ext4_desc);

	for (u32 n = 0; n < fs->groups; n++) {
		struct ext4_group *g = &fs->group[n];
		struct ext4_desc *d = ext4_desc(fs, n);

		if (!g->blocks_changed && !g->inodes_changed)
			continue;
		if (g->blocks_changed) {
			u32 c = seal_one(fs, ext4_desc_block_bitmap(fs, d), fs->blocks_per_group);

			d->bg_block_bitmap_csum_lo = (u16)c;
			if (wide)
				d->bg_block_bitmap_csum_hi = (u16)(c >> 16);
		}
		if (g->inodes_changed) {
			u32 c = seal_one(fs, ext4_desc_inode_bitmap(fs, d), fs->inodes_per_group);

			d->bg_inode_bitmap_csum_lo = (u16)c;
			if (wide)
				d->bg_inode_bitmap_csum_hi = (u16)(c >> 16);
		}
		g->blocks_changed = g->inodes_changed = false;
		ext4_desc_done(fs, n);
	}
}
