/* SPDX-License-Identifier: MIT
 *
 * block/cache.c - the page cache of a block device: what /dev/vda shows
 *
 * Owns:      the operations of block_device.mapping.
 * Layer:     block.  Uses vm (mapping).
 * Locks:     pages come locked.
 * Contexts:  process context; may sleep.
 * Manual:    none.
 * Tests:     tests/abi/blkdev.c
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

const struct mapping_ops bdev_mapping_ops = { .read_page = cache_read_page, .write_page = cache_write_page };

int bdev_sync(struct block_device *d)
{
	int err = mapping_sync(&d->mapping, 0, UINT64_MAX), flushed = bdev_flush(d);

	return err ? err : flushed;
}
