/* SPDX-License-Identifier: MIT
 *
 * fs/bdev/file.c - block devices as files: open, read, write, mmap, fsync
 *
 * Owns:      f->private of such files: the block_device, counted as opened.
 * Layer:     fs/bdev.  Uses block; registers the operations of S_IFBLK with fs, nodes with devfs.
 * Locks:     open_lock: opening and closing, so that the last close can drop the cached pages.
 * Contexts:  process context; may sleep.
 * Manual:    sd(4), open(2) O_EXCL; what Linux answers at the end of a device (tests/abi/loop.c)
 * Tests:     tests/abi/loop.c
 *
 * Reads and writes go through the device's page cache, which all its openers share.  The last one that closes it writes
 * back what is dirty and drops the pages, so that a file system mounted next reads what is on the disk.
 */
#include <fs/bdev/bdev.h>
#include <abi/errno.h>
#include <base/log.h>
#include <block/disk.h>
#include <fs/chrdev.h>
#include <fs/inode.h>
#include <vm/space.h>

static struct mutex open_lock;

static int blkdev_open(struct inode *i, struct file *f)
{
	struct block_device *d = bdev_find(i->rdev);
	int err = 0;

	if (!d)
		return -ENXIO;
	/* O_EXCL without O_CREAT: nobody else shall hold it. */
	if (f->flags & O_EXCL)
		err = bdev_claim(d, f);
	if (err) {
		bdev_put(d);
		return err;
	}
	f->flags &= ~(u32)O_EXCL; /* F_GETFL does not show it */
	scoped_mutex(&open_lock);
	bdev_open(d);
	f->wb_err = errseq_sample(&bdev_mapping(d)->wb_err);
	f->private = d;
	f->ops = &blkdev_ops;
	return 0;
}

static void last_close(struct block_device *d)
{
	struct mapping *m = bdev_mapping(d);
	int err = mapping_sync(m, 0, UINT64_MAX);

	if (err)
		log_err("block: %s: writing back at the last close: error %d", bdev_name(d), -err);
	mapping_truncate(m, 0);
	atomic_store(&m->size, bdev_size(d));
}

static void blkdev_release(struct file *f)
{
	struct block_device *d = blkdev_of(f);

	if (bdev_claimed_by(d, f))
		bdev_release(d, f);
	mutex_lock(&open_lock);
	if (bdev_openers(d) == 1)
		last_close(d);
	bool last = bdev_close(d) == 0;
	mutex_unlock(&open_lock);
	if (last)
		disk_check_unused(bdev_disk(d));
	bdev_put(d);
}

static ssize_t read_cached(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct mapping *m = bdev_mapping(blkdev_of(f));
	ssize_t done = 0;

	while (to->count) {
		size_t off = (u64)*pos % PAGE_SIZE, n = MIN(PAGE_SIZE - off, to->count), got;
		struct page *p = mapping_page_for_read(f, m, (u64)*pos / PAGE_SIZE, off + to->count);

		if (IS_ERR(p))
			return done ? done : PTR_ERR(p);
		got = copy_to_iter((const char *)page_virt(p) + off, n, to);
		page_put(p);
		*pos += (loff_t)got;
		done += (ssize_t)got;
		if (got < n)
			return done ? done : -EFAULT;
		cond_resched();
		if (thread_kill_pending())
			break;
	}
	return done;
}

static ssize_t write_cached(struct block_device *d, struct iov_iter *from, loff_t *pos)
{
	ssize_t done = 0;

	while (from->count) {
		size_t off = (u64)*pos % PAGE_SIZE, n = MIN(PAGE_SIZE - off, from->count), got;
		u64 index = (u64)*pos / PAGE_SIZE;
		struct mapping *m = bdev_mapping(d);
		struct page *p = mapping_get(m, index);

		if (IS_ERR(p))
			return done ? done : PTR_ERR(p);
		got = copy_from_iter((char *)page_virt(p) + off, n, from);
		if (got)
			page_mark_dirty(p);
		page_put(p);
		flusher_throttle();
		*pos += (loff_t)got;
		done += (ssize_t)got;
		if (got < n)
			return done ? done : -EFAULT;
		cond_resched();
		if (thread_kill_pending())
			break;
	}
	return done;
}

/* Cuts a request at the end of the device; *cut: what it lost. */
static void cut_at_end(const struct block_device *d, struct iov_iter *it, loff_t pos, size_t *cut)
{
	u64 left = bdev_size(d) - (u64)pos;

	*cut = it->count > left ? it->count - (size_t)left : 0;
	it->count -= *cut;
}

static ssize_t blkdev_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct block_device *d = blkdev_of(f);
	size_t cut;

	if ((u64)*pos >= bdev_size(d))
		return 0;
	cut_at_end(d, to, *pos, &cut);
	ssize_t n = f->flags & O_DIRECT ? blkdev_direct(f, to, pos, false) : read_cached(f, to, pos);
	to->count += cut;
	file_accessed(f);
	return n;
}

static ssize_t blkdev_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	struct block_device *d = blkdev_of(f);
	size_t cut;

	if (bdev_read_only(d))
		return -EPERM;
	if (!from->count)
		return 0;
	if (f->flags & O_APPEND || from->append)
		*pos = (loff_t)bdev_size(d);
	if ((u64)*pos >= bdev_size(d))
		return -ENOSPC;
	loff_t start = *pos;
	cut_at_end(d, from, *pos, &cut);
	ssize_t n = f->flags & O_DIRECT ? blkdev_direct(f, from, pos, true) : write_cached(d, from, pos);
	from->count += cut;
	if (n > 0 && f->flags & O_SYNC) {
		int err = f->ops->fsync(f, start, start + n, true);
		if (err)
			return err;
	}
	return n;
}

static loff_t blkdev_lseek(struct file *f, loff_t off, int whence)
{
	loff_t size = (loff_t)bdev_size(blkdev_of(f)), to = off;

	if (whence == SEEK_CUR || whence == SEEK_END) {
		if (__builtin_add_overflow(whence == SEEK_CUR ? f->pos : size, off, &to))
			return -EINVAL;
	} else if (whence != SEEK_SET) {
		return -EINVAL;
	}
	if (to < 0 || to > size)
		return -EINVAL;
	f->pos = to;
	return to;
}

static int blkdev_fsync(struct file *f, loff_t start, loff_t end, bool datasync)
{
	struct block_device *d = blkdev_of(f);
	int err = mapping_sync(bdev_mapping(d), (u64)start, end < 0 ? UINT64_MAX : (u64)end);
	int flushed = bdev_flush(d), late = errseq_check(&bdev_mapping(d)->wb_err, &f->wb_err);

	return err ? err : flushed ? flushed : late;
}

static int blkdev_mmap(struct file *f, struct vm_mmap_args *a)
{
	return mapping_mmap(f, a, bdev_mapping(blkdev_of(f)));
}

const struct file_ops blkdev_ops = {
	.read = blkdev_read,
	.write = blkdev_write,
	.lseek = blkdev_lseek,
	.ioctl = blkdev_ioctl,
	.mmap = blkdev_mmap,
	.fsync = blkdev_fsync,
	.release = blkdev_release,
};
static const struct file_ops blkdev_open_ops = { .open = blkdev_open };

void blkdev_drop_cache(struct block_device *d, u64 start, u64 end)
{
	if (end > bdev_size(d))
		end = ALIGN_UP(bdev_size(d), PAGE_SIZE);
	mapping_punch(bdev_mapping(d), ALIGN_DOWN(start, PAGE_SIZE), ALIGN_UP(end, PAGE_SIZE));
}

/* ---- nodes ---- */

static void node_add(struct block_device *d)
{
	struct chrdev_node n = { bdev_name(d), bdev_dev(d), S_IFBLK | 0600 };

	if (chrdev_added)
		chrdev_added(&n);
}

static void node_remove(struct block_device *d)
{
	if (devnode_removed)
		devnode_removed(bdev_name(d));
}

void blkdev_init(void)
{
	mutex_init(&open_lock);
	blkdev_file_ops = &blkdev_open_ops;
	bdev_added = node_add;
	bdev_removed = node_remove;
}
