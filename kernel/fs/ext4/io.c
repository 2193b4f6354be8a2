/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/io.c - the one door to the block device
 *
 * Owns:      struct ext4_io, a batch of requests under way.
 * Layer:     fs/ext4. Uses block.
 * Locks:     io->lock, a leaf spinlock with interrupts off: what is pending, the first error.
 * Contexts:  process context, may sleep; io_end in interrupts.
 * Manual:    block/block.h.
 * Tests:     tests/ext4 (the host's tests have a file in the place of this one).
 */
#include "internal.h"
#include <block/block.h>
#include <lib/string.h>
#include <mem/slab.h>

enum { IO_VECS = 64 };
struct ext4_io {
	struct ext4_fs *fs;
	bool write;
	struct spinlock lock;
	unsigned pending GUARDED_BY(&lock);
	int error GUARDED_BY(&lock);
	struct waitq done;
	struct bio *cur; /* not submitted yet */
};

int ext4_dev_open(struct ext4_fs *fs, dev_t dev, bool write)
{
	struct block_device *d = bdev_find(dev);
	int err;

	if (!d)
		return -ENXIO;
	err = bdev_claim(d, fs);
	if (!err) {
		err = bdev_sync(d);
		if (err)
			bdev_release(d, fs);
	}
	if (err) {
		bdev_put(d);
		return err;
	}
	fs->bdev = d;
	return 0;
}

void ext4_dev_close(struct ext4_fs *fs)
{
	if (!fs->bdev)
		return;
	bdev_release(fs->bdev, fs);
	bdev_put(fs->bdev);
	fs->bdev = NULL;
}

u64 ext4_dev_size(const struct ext4_fs *fs)
{
	return bdev_size(fs->bdev);
}

bool ext4_dev_read_only(const struct ext4_fs *fs)
{
	return bdev_read_only(fs->bdev);
}

u32 ext4_dev_sector(const struct ext4_fs *fs)
{
	return bdev_logical_block(fs->bdev);
}

/* The superblock's 1024 bytes are less than a block of some devices: in the middle of a piece that is whole. */
static int part_of_page(struct ext4_fs *fs, u64 offset, void *buf, size_t n, bool write)
{
	u64 start = ALIGN_DOWN(offset, PAGE_SIZE);
	char *page = page_alloc_virt(0, 0);
	int err;

	if (!page)
		return -ENOMEM;
	if (offset - start + n > PAGE_SIZE)
		err = -EINVAL;
	else
		err = bdev_read(fs->bdev, start, page, PAGE_SIZE);
	if (!err && write) {
		memcpy(page + (offset - start), buf, n);
		err = bdev_write(fs->bdev, start, page, PAGE_SIZE, BIO_META | BIO_PREFLUSH | BIO_FUA);
	} else if (!err) {
		memcpy(buf, page + (offset - start), n);
	}
	page_free_virt(page, 0);
	return err;
}

static bool is_whole(const struct ext4_fs *fs, u64 offset, size_t n)
{
	return !((offset | n) & (bdev_logical_block(fs->bdev) - 1));
}

int ext4_dev_read(struct ext4_fs *fs, u64 offset, void *buf, size_t n)
{
	if (!is_whole(fs, offset, n))
		return part_of_page(fs, offset, buf, n, false);
	return bdev_read(fs->bdev, offset, buf, n);
}

int ext4_dev_write(struct ext4_fs *fs, u64 offset, const void *buf, size_t n, bool on_media)
{
	if (!is_whole(fs, offset, n))
		return part_of_page(fs, offset, (void *)buf, n, true);
	return bdev_write(fs->bdev, offset, buf, n, BIO_META | (on_media ? BIO_PREFLUSH | BIO_FUA : 0));
}

int ext4_dev_flush(struct ext4_fs *fs)
{
	return bdev_flush(fs->bdev);
}

struct ext4_io *ext4_io_begin(struct ext4_fs *fs, bool write) NO_LOCK_CHECK
{
	struct ext4_io *io = kzalloc(sizeof(*io));

	if (!io)
		return NULL;
	io->fs = fs;
	io->write = write;
	spin_init(&io->lock, "ext4 io");
	waitq_init(&io->done);
	return io;
}

static void io_done(struct ext4_io *io, int err)
{
	irqflags_t f = spin_lock_irqsave(&io->lock);

	if (err && !io->error)
		io->error = err;
	/* Under the lock: the waiter frees io when it has seen 0 and has held the lock once. */
	if (!--io->pending)
		waitq_wake_all(&io->done);
	spin_unlock_irqrestore(&io->lock, f);
}

static void io_end(struct bio *b)
{
	struct ext4_io *io = b->private;
	int err = b->error;

	bio_free(b);
	io_done(io, err);
}

static void io_submit(struct ext4_io *io)
{
	struct bio *b = io->cur;
	irqflags_t f;

	if (!b)
		return;
	io->cur = NULL;
	f = spin_lock_irqsave(&io->lock);
	io->pending++;
	spin_unlock_irqrestore(&io->lock, f);
	bio_submit(b);
}

/* One piece that lies within a page. */
static int add_piece(struct ext4_io *io, u64 offset, char *buf, u32 n)
{
	struct page *p = virt_page(buf);
	u32 at = (u32)((unsigned long)buf % PAGE_SIZE);

	if (io->cur && io->cur->offset + io->cur->len == offset && bio_add(io->cur, p, at, n))
		return 0;
	io_submit(io);
	io->cur = bio_alloc(io->fs->bdev, io->write ? BIO_WRITE : BIO_READ, offset, IO_VECS);
	if (io->cur) {
		io->cur->end = io_end;
		io->cur->private = io;
		if (bio_add(io->cur, p, at, n))
			return 0;
		bio_free(io->cur);
		io->cur = NULL;
	}
	/* No memory for a request of its own: one at a time then. */
	return io->write ? bdev_write(io->fs->bdev, offset, buf, n, 0)
	                 : bdev_read(io->fs->bdev, offset, buf, n);
}

int ext4_io_add(struct ext4_io *io, u64 offset, void *buf, size_t n)
{
	char *at = buf;
	int err = 0;

	while (n && !err) {
		size_t part = MIN(n, PAGE_SIZE - (unsigned long)at % PAGE_SIZE);

		err = add_piece(io, offset, at, (u32)part);
		at += part;
		offset += part;
		n -= part;
	}
	if (err) {
		irqflags_t f = spin_lock_irqsave(&io->lock);

		io->error = io->error ? io->error : err;
		spin_unlock_irqrestore(&io->lock, f);
	}
	return err;
}

static bool io_idle(struct ext4_io *io)
{
	irqflags_t f = spin_lock_irqsave(&io->lock);
	bool idle = !io->pending;

	spin_unlock_irqrestore(&io->lock, f);
	return idle;
}

int ext4_io_wait(struct ext4_io *io) NO_LOCK_CHECK
{
	int err;

	io_submit(io);
	wait_event(&io->done, io_idle(io));
	err = io->error;
	kfree(io);
	return err;
}

/* ---- read-ahead ---- */

static void pages_read(struct bio *b)
{
	for (unsigned k = 0; k < b->nr_vecs; k++)
		mapping_read_end(b->vecs[k].page, b->error ? -EIO : 0);
	bio_free(b);
}

void ext4_dev_read_pages(struct ext4_fs *fs, u64 offset, struct mapping *m, u64 index, u32 n)
{
	struct bio *b = NULL;

	for (u32 k = 0; k < n; k++) {
		struct page *p = mapping_add_for_read(m, index + k);
		u64 at = offset + (u64)k * PAGE_SIZE;

		if (b && (!p || b->offset + b->len != at || !bio_add(b, p, 0, PAGE_SIZE))) {
			bio_submit(b);
			b = NULL;
		} else if (b) {
			continue;
		}
		if (!p)
			continue;
		b = bio_alloc(fs->bdev, BIO_READ, at, IO_VECS);
		if (!b || !bio_add(b, p, 0, PAGE_SIZE)) {
			mapping_read_end(p, -EIO); /* not read: the one who needs it tries again */
			if (b)
				bio_free(b);
			b = NULL;
			continue;
		}
		b->end = pages_read;
	}
	if (b)
		bio_submit(b);
}
