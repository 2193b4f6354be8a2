/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/fallocate.c - space without data, and data without space: fallocate(2)
 *
 * Owns:      nothing.
 * Layer:     fs/ext4. Uses map.c, data.c.
 * Locks:     the inode's lock for writing; a handle for each piece.
 * Contexts:  process context; may sleep.
 * Manual:    fallocate(2).
 * Tests:     tests/ext4.
 *
 * Files with indirect blocks have no unwritten blocks: -EOPNOTSUPP, as on Linux.
 */
#include "internal.h"
#include <sched/thread.h>
#include <vm/mapping.h>

/* Blocks for the next hole of [*blk, end), which moves on. */
static int fill_next(struct inode *i, u64 *blk, u64 end) NO_LOCK_CHECK
{
	struct ext4_inode *ei = ext4_i(i);
	struct ext4_handle h;
	struct ext4_map m;
	int err = ext4_start(ei->fs, &h, MAP_CREDITS + WRITE_INODE_CREDITS), late;

	if (err)
		return err;
	mutex_lock(&ei->map_lock);
	err = ext4_map_find(i, *blk, (u32)MIN(end - *blk, (u64)EXTENT_MAX_LEN), &m);
	if (!err && !m.mapped)
		err = ext4_map_fill(&h, i, &m, true, false);
	mutex_unlock(&ei->map_lock);
	late = ext4_inode_write(&h, i);
	err = ext4_stop(&h, err ? err : late);
	if (err)
		return err;
	ext4_promises_drop_blocks(i, *blk, *blk + m.len);
	*blk += m.len;
	return 0;
}

static int fill_range(struct inode *i, u64 blk, u64 end)
{
	bool retried = false;
	int err = 0;

	if (end > ext4_max_blocks(i))
		return -EFBIG;
	while (blk < end && !err) {
		err = fill_next(i, &blk, end);
		if (err == -ENOSPC && !retried) {
			retried = true;
			err = ext4_commit_all(ext4_i(i)->fs);
		}
		if (!err && thread_signal_pending())
			err = -EINTR;
		cond_resched();
	}
	return err;
}

static int set_size(struct inode *i, loff_t size)
{
	struct iattr a = { .valid = ATTR_SIZE, .size = size };

	return size > i->size ? ext4_setattr(i, &a) : 0;
}

/* Bytes [off, end) are zero; whole blocks among them are given back. */
static int make_hole(struct inode *i, loff_t off, loff_t end)
{
	u32 bs = ext4_i(i)->fs->block_size;
	u64 first = DIV_ROUND_UP((u64)off, bs), behind = (u64)end / bs;

	mapping_punch(i->mapping, (u64)off, (u64)end);
	if (first >= behind)
		return 0;
	ext4_promises_drop_blocks(i, first, behind);
	if (bs < PAGE_SIZE)
		(void)mapping_write_wait(i->mapping, (u64)off, (u64)end);
	return ext4_remove_range(i, first, behind);
}

/* ---- collapse and insert: the blocks behind `from` move ---- */

/* One extent, in one handle: *at, where the next is looked for, moves on. 1: that was the last. */
static int shift_one(struct inode *i, u64 from, s64 by, u64 *at) NO_LOCK_CHECK
{
	struct ext4_inode *ei = ext4_i(i);
	struct ext4_handle h;
	struct ext4_map m;
	int err = ext4_start(ei->fs, &h, 2 * MAP_CREDITS + WRITE_INODE_CREDITS), late;

	if (err)
		return err;
	mutex_lock(&ei->map_lock);
	err = by < 0 ? ext4_map_find(i, *at, UINT32_MAX, &m) : ext4_ext_last(i, *at, &m);
	if (!err && by > 0 && m.mapped && m.lblk < from) { /* the first of them may begin before */
		m.mapped = m.lblk + m.len > from;
		m.pblk += from - m.lblk;
		m.len -= m.mapped ? (u32)(from - m.lblk) : 0;
		m.lblk = from;
	}
	if (!err && m.mapped)
		err = ext4_ext_move(&h, i, &m, by);
	mutex_unlock(&ei->map_lock);
	late = ext4_inode_write(&h, i);
	err = ext4_stop(&h, err ? err : late);
	if (err)
		return err;
	if (by < 0) {
		*at += m.len;
		return *at >= UINT32_MAX - 1;
	}
	*at = m.lblk;
	return !m.mapped || m.lblk <= from;
}

static int shift(struct inode *i, u64 from, s64 by)
{
	u64 at = by < 0 ? from : UINT32_MAX;
	int r;

	do {
		r = shift_one(i, from, by, &at);
		cond_resched();
	} while (!r);
	ext4_i(i)->goal = 0;
	return r < 0 ? r : 0;
}

/* What is cached from off on goes to the disk and out of memory. */
static int drop_pages(struct inode *i, loff_t off)
{
	loff_t size = i->size, page = (loff_t)ALIGN_DOWN((u64)off, PAGE_SIZE);
	int err = mapping_sync(i->mapping, (u64)page, UINT64_MAX);

	if (err)
		return err;
	mapping_truncate(i->mapping, (u64)page);
	ext4_promises_drop(i, (u64)page / PAGE_SIZE, UINT64_MAX);
	inode_set_size(i, size);
	return 0;
}

static void put_size(struct inode *i, loff_t size)
{
	inode_set_size(i, size);
	ext4_set_disk_size(ext4_i(i), size);
}

static int collapse_or_insert(struct inode *i, bool collapse, loff_t off, loff_t len)
{
	u32 bits = ext4_i(i)->fs->block_bits, bs = ext4_i(i)->fs->block_size;
	u64 first = (u64)off >> bits, n = (u64)len >> bits;
	int err;

	if (off % bs || len % bs || off >= i->size || (collapse && off + len >= i->size))
		return -EINVAL;
	if (!collapse && (u64)(i->size + len) > i->sb->max_file)
		return -EFBIG;
	err = drop_pages(i, off);
	if (err)
		return err;
	if (collapse) {
		err = ext4_remove_range(i, first, first + n);
		if (!err)
			err = shift(i, first + n, -(s64)n);
		if (!err)
			put_size(i, i->size - len);
	} else {
		put_size(i, i->size + len); /* what moves must lie inside the file at any time */
		err = shift(i, first, (s64)n);
	}
	return err;
}

static int do_fallocate(struct inode *i, int mode, loff_t off, loff_t end)
{
	u32 bs = ext4_i(i)->fs->block_size;
	u64 first = (u64)off / bs, behind = DIV_ROUND_UP((u64)end, bs);
	int err = 0;

	if (mode & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE))
		return collapse_or_insert(i, mode & FALLOC_FL_COLLAPSE_RANGE, off, end - off);
	if (mode & FALLOC_FL_PUNCH_HOLE)
		return off < i->size ? make_hole(i, off, MIN(end, (loff_t)ALIGN_UP((u64)i->size, PAGE_SIZE)))
		                     : 0;
	if (mode & FALLOC_FL_ZERO_RANGE)
		err = make_hole(i, off, end);
	if (!err)
		err = fill_range(i, first, behind);
	if (!err && !(mode & FALLOC_FL_KEEP_SIZE))
		err = set_size(i, end);
	return err;
}

int ext4_fallocate(struct file *f, int mode, loff_t off, loff_t len)
{
	struct inode *i = f->inode;
	struct ext4_handle h;
	int err;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE |
	             FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE))
		return -EOPNOTSUPP;
	if (!(ext4_i(i)->flags & FL_EXTENTS))
		return -EOPNOTSUPP;
	rwlock_write_lock(&i->lock);
	err = do_fallocate(i, mode, off, off + len);
	if (!err) {
		i->mode = inode_mode_without_privs(i, f->cred);
		inode_touch(i, ATTR_MTIME);
		err = ext4_start(ext4_i(i)->fs, &h, WRITE_INODE_CREDITS);
		if (!err)
			err = ext4_stop(&h, ext4_inode_write(&h, i));
	}
	rwlock_write_unlock(&i->lock);
	return err;
}
