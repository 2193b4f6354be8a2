/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/ialloc.c - which inodes are free: taking and giving back
 *
 * Owns:      inode bitmaps' bits, the descriptors' counts of inodes and directories.
 * Layer:     fs/ext4.
 * Locks:     group->lock, one at a time.
 * Contexts:  process context, inside a handle; may sleep.
 * Manual:    the ext4 disk layout.
 * Tests:     tests/ext4.
 *
 * Where: a file in its directory's group, so that `ls -l` reads few blocks. A directory of the root in the group with
 * the fewest directories among those that have more than the average of free inodes and blocks, so that the trees
 * spread (Orlov's rule, simplified); other directories near their parent.
 */
#include "internal.h"
#include <base/clock.h>
#include <base/random.h>
#include <lib/string.h>

static u32 dir_group_spread(struct ext4_fs *fs)
{
	u64 avg_inodes = (u64)MAX(atomic_load(&fs->free_inodes), (s64)0) / fs->groups;
	u64 avg_blocks = ext4_count_free_blocks(fs) / fs->groups;
	u32 best = 0, least = UINT32_MAX, from = (u32)(random_u64() % fs->groups);

	for (u32 k = 0; k < fs->groups; k++) {
		u32 g = (u32)(((u64)from + k) % fs->groups);
		const struct ext4_desc *d = ext4_desc(fs, g);

		if (fs->group[g].bad || !ext4_desc_free_inodes(fs, d) ||
		    ext4_desc_used_dirs(fs, d) >= least || ext4_desc_free_inodes(fs, d) < avg_inodes ||
		    ext4_desc_free_blocks(fs, d) < avg_blocks)
			continue;
		least = ext4_desc_used_dirs(fs, d);
		best = g;
	}
	return best;
}

static u32 choose_group(struct ext4_fs *fs, struct inode *dir, umode_t mode)
{
	if (s_isdir(mode) && dir->ino == EXT4_ROOT_INO)
		return dir_group_spread(fs);
	return ((u32)dir->ino - 1) / fs->inodes_per_group;
}

/* The part of the table from the used ones to `index` was never written: its first block becomes zeros. */
static int init_table(struct ext4_handle *h, u32 group, u32 index)
{
	struct ext4_fs *fs = h->fs;
	struct ext4_desc *d = ext4_desc(fs, group);
	u32 used = fs->inodes_per_group - ext4_desc_itable_unused(fs, d),
	    per = fs->block_size / fs->inode_size;
	struct ext4_buffer *b;

	if (index < used)
		return 0;
	ext4_desc_set_itable_unused(fs, d, fs->inodes_per_group - index - 1);
	if (d->bg_flags & BG_INODE_ZEROED)
		return 0;
	/* Blocks between were skipped only if bits in front of `index` were set in the bitmap: not by us. */
	for (u32 at = DIV_ROUND_UP(used, per); at <= index / per; at++) {
		b = ext4_buffer_new(h, ext4_desc_inode_table(fs, d) + at, KIND_NONE);
		if (IS_ERR(b))
			return (int)PTR_ERR(b);
		ext4_buffer_put(fs, b);
		if (!ext4_extend(h, DIR_CREDITS))
			return -EUCLEAN;
	}
	return 0;
}

static u32 first_clear(const char *map, u32 end)
{
	u32 n = 0;

	while (n < end && (u8)map[n >> 3] == 0xff)
		n += 8;
	while (n < end && bit_test(map, n))
		n++;
	return MIN(n, end);
}

/* Takes the first free inode of the group: its index, or inodes_per_group when there is none, or an error. */
static int take_in_group(struct ext4_handle *h, u32 group, bool dir, u32 *index)
{
	struct ext4_fs *fs = h->fs;
	struct ext4_group *g = &fs->group[group];
	struct ext4_desc *d = ext4_desc(fs, group);
	u32 end = fs->inodes_per_group, free;
	struct ext4_buffer *b;
	int err;

	*index = end;
	if (g->bad || !ext4_desc_free_inodes(fs, d))
		return 0;
	scoped_mutex(&g->lock);
	b = ext4_inode_bitmap(fs, group);
	if (IS_ERR(b))
		return PTR_ERR(b) == -EUCLEAN ? 0 : (int)PTR_ERR(b);
	*index = first_clear(b->data, end);
	free = ext4_desc_free_inodes(fs, d);
	err = *index < end && free ? ext4_access(h, b) : 0;
	if (!err && *index < end && free)
		err = ext4_desc_access(h, group);
	if (!err && *index < end && free) {
		if (group * end + *index + 1 < fs->first_ino) {
			g->bad = true;
			err = ext4_error(fs, "inode %u is free but reserved", group * end + *index + 1);
		} else {
			err = fs->gdt_csum ? init_table(h, group, *index) : 0;
		}
	}
	if (!err && *index < end && free) {
		ext4_bits_set(b->data, *index, 1);
		ext4_desc_set_free_inodes(fs, d, free - 1);
		if (dir)
			ext4_desc_set_used_dirs(fs, d, ext4_desc_used_dirs(fs, d) + 1);
		ext4_inode_bitmap_done(fs, group);
		ext4_desc_done(fs, group);
		atomic_sub(&fs->free_inodes, (s64)1);
	} else {
		*index = end;
	}
	ext4_buffer_put(fs, b);
	return err;
}

static int take_inode(struct ext4_handle *h, struct inode *dir, umode_t mode, u32 *ino)
{
	struct ext4_fs *fs = h->fs;
	u32 first = choose_group(fs, dir, mode);

	for (u32 k = 0; k < fs->groups; k++) {
		u32 group = (u32)(((u64)first + k) % fs->groups), index;
		int err = take_in_group(h, group, s_isdir(mode), &index);

		if (err && (err != -EUCLEAN || atomic_load(&fs->failed)))
			return err;
		if (!err && index < fs->inodes_per_group) {
			*ino = group * fs->inodes_per_group + index + 1;
			return 0;
		}
	}
	return -ENOSPC;
}

static int give_back(struct ext4_handle *h, u32 ino, bool dir)
{
	struct ext4_fs *fs = h->fs;
	u32 group = (ino - 1) / fs->inodes_per_group, index = (ino - 1) % fs->inodes_per_group;
	struct ext4_desc *d = ext4_desc(fs, group);
	struct ext4_buffer *b;
	int err;

	scoped_mutex(&fs->group[group].lock);
	b = ext4_inode_bitmap(fs, group);
	if (IS_ERR(b))
		return (int)PTR_ERR(b);
	if (!bit_test(b->data, index)) {
		ext4_buffer_put(fs, b);
		return ext4_error(fs, "inode %u is freed twice", ino);
	}
	err = ext4_access(h, b);
	if (!err)
		err = ext4_desc_access(h, group);
	if (!err) {
		ext4_bits_clear(b->data, index, 1);
		ext4_desc_set_free_inodes(fs, d, MIN(ext4_desc_free_inodes(fs, d) + 1, fs->inodes_per_group));
		if (dir && ext4_desc_used_dirs(fs, d))
			ext4_desc_set_used_dirs(fs, d, ext4_desc_used_dirs(fs, d) - 1);
		ext4_inode_bitmap_done(fs, group);
		ext4_desc_done(fs, group);
		atomic_add(&fs->free_inodes, (s64)1);
	}
	ext4_buffer_put(fs, b);
	return err;
}

static void init_fields(struct ext4_fs *fs, struct inode *i, struct inode *dir, u32 tid)
{
	struct ext4_inode *ei = ext4_i(i);
	u16 want = MAX(fs->es->s_want_extra_isize, fs->es->s_min_extra_isize);

	ei->state |= EI_NEW;
	ei->datatid = tid;
	ei->generation = (u32)random_u64();
	ei->csum_seed = ext4_inode_seed(fs, (u32)i->ino, ei->generation);
	ei->flags = ext4_flags_for(ext4_i(dir)->flags & FL_INHERITED, i->mode);
	i->flags = ei->flags & INODE_FLAGS;
	if (fs->inode_size > EXT4_GOOD_OLD_INODE) {
		ei->extra_isize = sizeof(struct ext4_inode_disk) - EXT4_GOOD_OLD_INODE;
		if (want >= ei->extra_isize && want % 4 == 0 && EXT4_GOOD_OLD_INODE + want <= fs->inode_size)
			ei->extra_isize = want;
	}
	if (fs->incompat & INCOMPAT_EXTENTS && (s_isreg(i->mode) || s_isdir(i->mode)))
		ext4_ext_init(i);
	i->atime = i->mtime = i->ctime = i->btime = clock_realtime_coarse();
}

struct inode *ext4_inode_new(struct ext4_handle *h, struct inode *dir, umode_t mode, const struct cred *c)
{
	struct ext4_fs *fs = h->fs;
	struct inode *i = inode_alloc(fs->sb, mode);
	int err;
	u32 ino;

	if (!i)
		return ERR_PTR(-ENOMEM);
	err = ext4_inode_attach(fs, i);
	if (!err)
		err = take_inode(h, dir, mode, &ino);
	if (err) {
		inode_put(i); /* not hashed: nothing on the disk is touched */
		return ERR_PTR(err);
	}
	i->ino = ino;
	inode_init_owner(i, dir, mode, c);
	init_fields(fs, i, dir, h->txn->tid);
	ext4_inode_set_ops(i);
	ext4_inode_hash_add(fs, i);
	return i;
}

int ext4_inode_free(struct ext4_handle *h, struct inode *i)
{
	struct ext4_inode *ei = ext4_i(i);
	bool dir = s_isdir(i->mode);
	int err;

	ei->dtime = (u32)(clock_realtime() / NSEC_PER_SEC);
	i->size = ei->disk_size = 0;
	err = ext4_inode_write(h, i);
	if (err)
		return err;
	ext4_inode_unhash(i); /* its number may be used again from here */
	return give_back(h, (u32)i->ino, dir);
}
