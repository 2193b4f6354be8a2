/* SPDX-License-Identifier: MIT
 *
 * block/disk.c - a disk appears, changes its size, has its partitions read again
 *
 * Owns:      struct disk from registration on, and its list of partitions.
 * Layer:     block.
 * Locks:     parts_lock (mutex): the lists of partitions; above everything else here.
 * Contexts:  process context; may sleep.
 * Manual:    sd(4) BLKRRPART
 * Tests:     kernel/block/block_ktest.c, tests/abi/loop.c
 */
#include "internal.h"
#include <base/log.h>
#include <lib/string.h>
#include <mem/slab.h>

static struct mutex parts_lock;
static u64 last_seq;

void disk_init(void)
{
	mutex_init(&parts_lock);
}

static void limits_check(struct disk_limits *l)
{
	assert(l->logical >= 512 && l->logical <= PAGE_SIZE && !(l->logical & (l->logical - 1)));
	l->physical = MAX(l->physical, l->logical);
	l->io_min = MAX(l->io_min, l->physical);
	l->max_bytes = MAX(ALIGN_DOWN(l->max_bytes, (u32)PAGE_SIZE), (u32)PAGE_SIZE);
	l->max_segment = l->max_segment ? ALIGN_DOWN(l->max_segment, (u32)PAGE_SIZE) : l->max_bytes;
	l->max_segments = MAX(l->max_segments, (u16)1);
	l->max_discard = ALIGN_DOWN(l->max_discard, (u64)l->logical);
	l->max_zeroes = ALIGN_DOWN(l->max_zeroes, (u64)l->logical);
}

static void flush_ended(struct bio *b)
{
	panic("the end of a disk's own flush was called"); /* request_end() takes it before */
}

int disk_prepare(struct disk *d, unsigned nr_queues)
{
	limits_check(&d->limits);
	d->size = ALIGN_DOWN(d->size, (u64)d->limits.logical);
	list_init(&d->parts);
	spin_init(&d->flush_lock, "disk flush");
	list_init(&d->flush_waiting);
	list_init(&d->flush_running);
	d->queues = kzalloc(nr_queues * sizeof(*d->queues));
	d->whole = bdev_create(d, 0, 0, d->size);
	d->flush_bio = d->whole ? bio_alloc(d->whole, BIO_FLUSH, 0, 0) : NULL;
	if (!d->queues || !d->flush_bio) {
		disk_unprepare(d);
		return -ENOMEM;
	}
	d->flush_bio->end = flush_ended;
	d->nr_queues = nr_queues;
	for (unsigned i = 0; i < nr_queues; i++) {
		struct disk_queue *q = &d->queues[i];

		spin_init(&q->lock, "disk queue");
		list_init(&q->pending);
		waitq_init(&q->room);
		q->disk = d;
		q->index = i;
	}
	return 0;
}

void disk_unprepare(struct disk *d)
{
	bio_free(d->flush_bio);
	if (d->whole)
		bdev_put(d->whole);
	kfree(d->queues);
	d->flush_bio = NULL;
	d->whole = NULL;
	d->queues = NULL;
}

static void show_disk(const struct disk *d)
{
	const struct disk_limits *l = &d->limits;

	log_info("block: %s: %llu KiB, blocks of %u bytes%s%s", d->name, (unsigned long long)d->size >> 10,
	         l->logical, l->write_cache ? ", write cache" : "", l->read_only ? ", read-only" : "");
}

u64 disk_next_seq(void)
{
	return atomic_add(&last_seq, 1);
}

void disk_check_unused(struct disk *d)
{
	if (d->ops->unused && !disk_in_use(d))
		d->ops->unused(d);
}

int disk_register(struct disk *d)
{
	d->seq = disk_next_seq();
	if (d->size)
		show_disk(d);
	bdev_publish(d->whole);
	if (!d->scan)
		return 0;
	scoped_mutex(&parts_lock);
	int err = partitions_scan(d);
	if (err)
		log_warn("block: %s: partition table: error %d", d->name, -err);
	return 0;
}

void disk_resize(struct disk *d, u64 size)
{
	size = ALIGN_DOWN(size, (u64)d->limits.logical);
	d->size = size;
	atomic_store(&d->whole->size, size);
	atomic_store(&d->whole->mapping.size, size);
}

int disk_rescan(struct disk *d)
{
	struct block_device *b, *next;

	scoped_mutex(&parts_lock);
	list_for_each_entry (b, &d->parts, part_link)
		if (bdev_in_use(b))
			return -EBUSY;
	list_for_each_entry_safe (b, next, &d->parts, part_link) {
		list_del(&b->part_link);
		if (bdev_unpublish(b)) { /* opened since we looked */
			list_add_tail(&b->part_link, &d->parts);
			return -EBUSY;
		}
	}
	return d->scan && d->size ? partitions_scan(d) : 0;
}
