/* SPDX-License-Identifier: MIT
 *
 * block/sync.c - reading and writing a device from one kernel buffer, and waiting for it
 *
 * Owns:      nothing.
 * Layer:     block.
 * Locks:     none.
 * Contexts:  process context; all functions sleep.
 * Manual:    none.
 * Tests:     kernel/block/block_ktest.c
 *
 * A buffer of the direct map is contiguous in physical memory, so it is one piece of a bio, and the bio stands on
 * the stack: such a transfer needs no memory and cannot fail for want of it.
 */
#include "internal.h"
#include <lib/string.h>
#include <mem/slab.h>

/* A bio with room for one piece. */
union bio_one {
	struct bio b;
	u8 room[sizeof(struct bio) + sizeof(struct bio_vec)];
};

static struct bio *one_init(union bio_one *o, struct block_device *d, enum bio_op op, u64 offset, u64 len)
{
	o->b = (struct bio){ .bdev = d, .op = op, .offset = offset, .len = len, .max_vecs = 1 };
	list_init(&o->b.link);
	return &o->b;
}

static int transfer(struct block_device *d, enum bio_op op, u64 offset, const u8 *buf, size_t n, u32 flags)
{
	const struct disk_limits *l = &d->disk->limits;
	const size_t most = MIN(l->max_bytes, l->max_segment);
	union bio_one o;

	while (n) {
		size_t len = MIN(n, most);
		struct bio *b = one_init(&o, d, op, offset, len);

		b->flags = flags;
		b->nr_vecs = 1;
		b->vecs[0] =
		        (struct bio_vec){ virt_page(buf), (u32)((unsigned long)buf % PAGE_SIZE), (u32)len };
		int err = bio_submit_wait(b);
		if (err)
			return err;
		flags &= ~(u32)BIO_PREFLUSH;
		buf += len;
		offset += len;
		n -= len;
	}
	return 0;
}

int bdev_read(struct block_device *d, u64 offset, void *buf, size_t n)
{
	return transfer(d, BIO_READ, offset, buf, n, 0);
}

int bdev_write(struct block_device *d, u64 offset, const void *buf, size_t n, u32 bio_flags)
{
	return transfer(d, BIO_WRITE, offset, buf, n, bio_flags);
}

int bdev_flush(struct block_device *d)
{
	union bio_one o;

	if (!d->disk->limits.write_cache)
		return atomic_load(&d->disk->dead) ? -EIO : 0;
	return bio_submit_wait(one_init(&o, d, BIO_FLUSH, 0, 0));
}

int bdev_discard(struct block_device *d, u64 offset, u64 n)
{
	union bio_one o;

	return bio_submit_wait(one_init(&o, d, BIO_DISCARD, offset, n));
}

/* The same page of zeros for every piece. */
static int write_zero_pages(struct block_device *d, u64 offset, u64 n)
{
	enum { PIECES = 64 };
	struct page *zero = page_alloc(0, ALLOC_ZERO);
	struct bio *b = zero ? bio_alloc(d, BIO_WRITE, offset, PIECES) : NULL;
	int err = b ? 0 : -ENOMEM;

	while (n && !err) {
		b->offset = offset;
		b->len = 0;
		b->nr_vecs = 0;
		while (n > b->len && bio_add(b, zero, 0, (u32)MIN(n - b->len, (u64)PAGE_SIZE)))
			;
		offset += b->len;
		n -= b->len;
		err = bio_submit_wait(b);
		if (thread_kill_pending() && !err && n)
			err = -EINTR;
	}
	if (b)
		bio_free(b);
	if (zero)
		page_put(zero);
	return err;
}

int bdev_write_zeroes(struct block_device *d, u64 offset, u64 n)
{
	union bio_one o;

	if (n && d->disk->limits.max_zeroes) {
		int err = bio_submit_wait(one_init(&o, d, BIO_WRITE_ZEROES, offset, n));
		if (err != -EOPNOTSUPP)
			return err;
	}
	return write_zero_pages(d, offset, n);
}
