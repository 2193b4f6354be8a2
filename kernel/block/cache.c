/* SPDX-License-Identifier: MIT
 *
 * block/cache.c - the page cache of a block device: what /dev/vda shows
 *
 * Owns:      the operations of block_device.mapping.
 * Layer:     block.  Uses vm (mapping).
 * Locks:     pages come locked.
 * Contexts:  process context; may sleep.
 * Manual:    none.
 * Tests:     tests/abi/loop.c
 *
 * The last page of a device whose size is no multiple of a page is read and written as far as the device goes; its
 * rest is zero.
 */
#include "internal.h"
#include <lib/string.h>

/* How much of the page at index lies on the device, bytes. */
static size_t page_bytes(const struct block_device *d, u64 index)
{
	u64 at = index << PAGE_SHIFT, size = bdev_size(d);

	return at >= size ? 0 : (size_t)MIN(size - at, (u64)PAGE_SIZE);
}

static int cache_read_page(struct mapping *m, struct page *p)
{
	struct block_device *d = m->host;
	size_t n = page_bytes(d, p->index);

	memset((u8 *)page_virt(p) + n, 0, PAGE_SIZE - n);
	return n ? bdev_read(d, p->index << PAGE_SHIFT, page_virt(p), n) : 0;
}

static int cache_write_page(struct mapping *m, struct page *p)
{
	struct block_device *d = m->host;
	size_t n = page_bytes(d, p->index);

	return n ? bdev_write(d, p->index << PAGE_SHIFT, page_virt(p), n, 0) : 0;
}

/* ---- several pages in one request ---- */

/* A bio that pages of consecutive numbers are added to. */
struct run {
	struct block_device *d;
	enum bio_op op;
	void (*end)(struct bio *b);
	struct bio *b;
	u64 next; /* the page that would continue it */
};

static void run_submit(struct run *r)
{
	if (r->b)
		bio_submit(r->b);
	r->b = NULL;
}

/* Adds a page; `left`: how many may follow. false: no memory, the page is the caller's still. */
static bool run_add(struct run *r, struct page *p, u64 left)
{
	const struct disk_limits *l = &r->d->disk->limits;
	const u32 n = (u32)page_bytes(r->d, p->index);

	if (r->b && r->next == p->index && bio_add(r->b, p, 0, n)) {
		r->next++;
		return true;
	}
	run_submit(r);
	r->b = bio_alloc(r->d, r->op, p->index << PAGE_SHIFT, (unsigned)MIN(left + 1, (u64)l->max_segments));
	if (!r->b)
		return false;
	r->b->end = r->end;
	r->next = p->index + 1;
	return bio_add(r->b, p, 0, n); /* the first one fits */
}

static void read_ended(struct bio *b)
{
	for (unsigned i = 0; i < b->nr_vecs; i++)
		mapping_read_end(b->vecs[i].page, b->error);
	bio_free(b);
}

static void cache_read_ahead(struct mapping *m, u64 index, unsigned n)
{
	struct run r = { .d = m->host, .op = BIO_READ, .end = read_ended };

	for (; n && page_bytes(r.d, index); n--, index++) {
		struct page *p = mapping_add_for_read(m, index);
		size_t bytes = page_bytes(r.d, index);

		if (!p)
			continue;
		memset((u8 *)page_virt(p) + bytes, 0, PAGE_SIZE - bytes);
		if (!run_add(&r, p, n - 1)) {
			mapping_read_end(p, -ENOMEM);
			break;
		}
	}
	run_submit(&r);
}

static void write_ended(struct bio *b)
{
	for (unsigned i = 0; i < b->nr_vecs; i++)
		mapping_write_end(b->vecs[i].page, b->error);
	bio_free(b);
}

static int cache_write_pages(struct mapping *m, u64 first, u64 last, bool wait)
{
	struct run r = { .d = m->host, .op = BIO_WRITE, .end = write_ended };
	u64 index = first;
	struct page *p;

	while ((p = mapping_next_dirty_locked(m, &index, last)) != NULL) {
		if (!page_bytes(r.d, p->index)) /* the device has shrunk */
			mapping_write_end(p, -EIO);
		else if (!run_add(&r, p, last - p->index)) /* without memory: one by one */
			mapping_write_end(p, cache_write_page(m, p));
	}
	run_submit(&r);
	return 0;
}

static bool cache_hold(struct mapping *m)
{
	struct block_device *d = m->host;

	return ref_get_unless_zero(&d->ref);
}

static void cache_release(struct mapping *m)
{
	bdev_put(m->host);
}

const struct mapping_ops bdev_mapping_ops = {
	.read_page = cache_read_page,
	.read_ahead = cache_read_ahead,
	.write_page = cache_write_page,
	.write_pages = cache_write_pages,
	.hold = cache_hold,
	.release = cache_release,
};

int bdev_sync(struct block_device *d)
{
	int err = mapping_sync(&d->mapping, 0, UINT64_MAX), flushed = bdev_flush(d);

	return err ? err : flushed;
}
