/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/file.c - regular files: attributes, truncate, fsync, holes
 *
 * Owns:      nothing of its own.
 * Layer:     fs/ext4. Uses data.c, map.c.
 * Locks:     the inode's lock, held by fs in setattr and fallocate.
 * Contexts:  process context; may sleep.
 * Manual:    truncate(2), fsync(2), lseek(2), stat(2).
 * Tests:     tests/ext4.
 */
#include "internal.h"
#include "xattr.h"
#include <base/clock.h>
#include <vm/mapping.h>

/* ---- size ---- */

int ext4_truncate(struct inode *i)
{
	struct ext4_inode *ei = ext4_i(i);
	u64 first = DIV_ROUND_UP((u64)i->size, ei->fs->block_size);
	struct ext4_handle h;
	int err;

	ext4_promises_drop_blocks(i, first, ext4_max_blocks(i));
	if (ei->fs->block_size < PAGE_SIZE) /* a page on its way may have blocks on both sides of the end */
		(void)mapping_write_wait(i->mapping, (u64)i->size, UINT64_MAX);
	err = ext4_remove_range(i, first, UINT64_MAX);
	if (err)
		return err;
	err = ext4_start(ei->fs, &h, DIR_CREDITS);
	if (err)
		return err;
	err = ext4_orphan_remove(&h, i);
	if (!err)
		err = ext4_inode_write(&h, i);
	return ext4_stop(&h, err);
}

static void limit_disk_size(struct ext4_inode *ei, loff_t size)
{
	scoped_mutex(&ei->map_lock);
	ei->disk_size = MIN(ei->disk_size, size);
}

void ext4_set_disk_size(struct ext4_inode *ei, loff_t size)
{
	scoped_mutex(&ei->map_lock);
	ei->disk_size = size;
}

/* The new size first, with the inode on the list of orphans; then the blocks. */
static int shrink(struct inode *i, loff_t size)
{
	struct ext4_inode *ei = ext4_i(i);
	struct ext4_handle h;
	int err = ext4_start(ei->fs, &h, DIR_CREDITS);

	if (err)
		return err;
	err = ext4_orphan_add(&h, i);
	if (!err) {
		limit_disk_size(ei, size);
		ei->datatid = h.txn->tid;
		err = ext4_inode_write(&h, i);
	}
	err = ext4_stop(&h, err);
	if (err)
		return err;
	inode_truncate(i, size);
	limit_disk_size(ei, size); /* what was on its way meanwhile may have moved it */
	atomic_store(&ei->emptied, !size);
	return ext4_truncate(i);
}

/* auto_da_alloc: programs save a file by emptying it and writing it again, without fsync(2).  What they wrote is on its
 * way when they close it, so that a later commit of anything does not keep the emptiness alone. */
static void ext4_release(struct file *f)
{
	struct ext4_inode *ei = ext4_i(f->inode);

	if (f->mode & FMODE_WRITE && atomic_load(&ei->emptied) && atomic_load(&ei->nr_promised) &&
	    !ei->fs->read_only && atomic_xchg(&ei->emptied, false))
		(void)mapping_write_start(f->inode->mapping, 0, UINT64_MAX, false);
}

static int grow(struct inode *i, loff_t size)
{
	struct ext4_inode *ei = ext4_i(i);
	struct ext4_handle h;
	int err;

	if ((u64)size > ext4_max_blocks(i) << ei->fs->block_bits)
		return -EFBIG;
	err = ext4_zero_tail(i);
	/* What was written behind disk_size must be on the disk before the size covers it. */
	if (!err && ei->disk_size < i->size)
		err = mapping_sync(i->mapping, (u64)ei->disk_size, (u64)i->size);
	if (!err)
		err = ext4_start(ei->fs, &h, WRITE_INODE_CREDITS);
	if (err)
		return err;
	ext4_set_disk_size(ei, size);
	ei->datatid = h.txn->tid;
	inode_set_size(i, size);
	return ext4_stop(&h, ext4_inode_write(&h, i));
}

/* ---- attributes ---- */

static void apply(struct inode *i, const struct iattr *a)
{
	ktime_t now = clock_realtime_coarse();

	if (a->valid & ATTR_UID)
		i->uid = a->uid;
	if (a->valid & ATTR_GID)
		i->gid = a->gid;
	if (a->valid & ATTR_MODE)
		i->mode = (i->mode & S_IFMT) | (a->mode & S_IALLUGO);
	if (a->valid & (ATTR_ATIME | ATTR_ATIME_SET))
		i->atime = a->valid & ATTR_ATIME_SET ? a->atime : now;
	if (a->valid & (ATTR_MTIME | ATTR_MTIME_SET))
		i->mtime = a->valid & ATTR_MTIME_SET ? a->mtime : now;
	else if (a->valid & ATTR_SIZE)
		i->mtime = now;
	i->ctime = now;
}

int ext4_setattr(struct inode *i, const struct iattr *a)
{
	struct ext4_handle h;
	int err = 0;

	if (a->valid & ATTR_SIZE && s_isreg(i->mode)) {
		if (a->size < i->size)
			err = shrink(i, a->size);
		else if (a->size > i->size)
			err = grow(i, a->size);
		if (err)
			return err;
	}
	err = ext4_start(ext4_i(i)->fs, &h, DIR_CREDITS);
	if (err)
		return err;
	apply(i, a);
	if (a->valid & ATTR_MODE)
		err = ext4_acl_chmod(&h, i);
	if (!err)
		err = ext4_inode_write(&h, i);
	return ext4_stop(&h, err);
}

int ext4_getattr(struct inode *i, struct kstat *st)
{
	const struct ext4_inode *ei = ext4_i(i);

	/* Data that has no blocks yet counts as if it had. */
	st->blocks += (u64)ei->nr_promised << (ei->fs->block_bits - 9);
	return 0;
}

/* ---- stable storage ---- */

int ext4_fsync(struct file *f, loff_t start, loff_t end, bool datasync)
{
	struct inode *i = f->inode;
	struct ext4_inode *ei = ext4_i(i);
	struct ext4_fs *fs = ei->fs;
	int err = 0;
	u32 tid;

	if (atomic_load(&fs->failed))
		return fs->read_only ? 0 : -EROFS;
	if (fs->read_only)
		return 0;
	if (i->mapping)
		err = mapping_sync(i->mapping, (u64)start, (u64)end < UINT64_MAX ? (u64)end + 1 : UINT64_MAX);
	if (!err && !datasync)
		err = ext4_inode_write_times(i);
	if (err)
		return err;
	/* A directory's names are its data. */
	tid = datasync && s_isreg(i->mode) ? ei->datatid : ei->tid;
	/* Overwritten blocks change no metadata: the device's cache alone has to be emptied. */
	return ext4_committed(fs, tid) ? ext4_dev_flush(fs) : ext4_commit(fs, tid);
}

/* ---- holes ---- */

/* The next data (or hole) at or after off; the pages must have blocks for that. */
static loff_t seek_map(struct inode *i, loff_t off, bool data) NO_LOCK_CHECK
{
	struct ext4_inode *ei = ext4_i(i);
	u32 bits = ei->fs->block_bits;
	loff_t size = atomic_load(&i->size);
	u64 blk = (u64)off >> bits;

	while ((loff_t)(blk << bits) < size) {
		struct ext4_map m;
		int err;

		mutex_lock(&ei->map_lock);
		err = ext4_map_find(i, blk, UINT32_MAX, &m);
		mutex_unlock(&ei->map_lock);
		if (err)
			return err;
		if ((m.mapped && !m.unwritten) == data)
			return MAX(off, (loff_t)(blk << bits));
		blk += m.len;
		cond_resched();
	}
	return data ? -ENXIO : size;
}

static loff_t ext4_lseek(struct file *f, loff_t off, int whence)
{
	struct inode *i = f->inode;
	loff_t at;
	int err;

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return generic_lseek(f, off, whence);
	if (off < 0 || off >= atomic_load(&i->size))
		return -ENXIO;
	err = mapping_sync(i->mapping, 0, UINT64_MAX);
	at = err ? err : seek_map(i, off, whence == SEEK_DATA);
	if (at >= 0)
		f->pos = at;
	return at;
}

const struct file_ops ext4_file_ops = {
	.read = mapping_file_read,
	.write = mapping_file_write,
	.lseek = ext4_lseek,
	.mmap = mapping_file_mmap,
	.fsync = ext4_fsync,
	.fallocate = ext4_fallocate,
	.release = ext4_release,
};
