/* SPDX-License-Identifier: MIT
 *
 * block/bio.c - one request for consecutive bytes of a device, from its making to its end
 *
 * Owns:      struct bio until it is submitted; the statistics of devices.
 * Layer:     block.
 * Locks:     none: a bio has one owner at a time; statistics are counted atomically.
 * Contexts:  bio_submit and bio_submit_wait may sleep; bio_finish runs anywhere.
 * Manual:    proc(5) /proc/diskstats for what is counted
 * Tests:     kernel/block/block_ktest.c
 */
#include "internal.h"
#include <base/clock.h>
#include <lib/hash.h>
#include <mem/slab.h>

struct bio *bio_alloc(struct block_device *bdev, enum bio_op op, u64 offset, unsigned max_vecs)
{
	struct bio *b = kmalloc(sizeof(*b) + max_vecs * sizeof(struct bio_vec), 0);

	assert(max_vecs <= UINT16_MAX);
	if (!b)
		return NULL;
	*b = (struct bio){ .bdev = bdev, .op = op, .offset = offset, .max_vecs = (u16)max_vecs };
	list_init(&b->link);
	return b;
}

void bio_free(struct bio *b)
{
	kfree(b);
}

bool bio_add(struct bio *b, struct page *p, u32 offset, u32 len)
{
	const struct disk_limits *l = &b->bdev->disk->limits;

	debug_assert(len && offset < PAGE_SIZE && len <= l->max_segment);
	if (b->nr_vecs == b->max_vecs || b->nr_vecs == l->max_segments || b->len + len > l->max_bytes)
		return false;
	b->vecs[b->nr_vecs++] = (struct bio_vec){ p, offset, len };
	b->len += len;
	return true;
}

/* ---- statistics ---- */

static enum bdev_stat_group stat_group(const struct bio *b)
{
	static const u8 groups[] = { [BIO_READ] = STAT_READ,
		                     [BIO_WRITE] = STAT_WRITE,
		                     [BIO_FLUSH] = STAT_FLUSH,
		                     [BIO_DISCARD] = STAT_DISCARD,
		                     [BIO_WRITE_ZEROES] = STAT_WRITE };
	return groups[b->op];
}

static void stats_start(struct bdev_stats *s, ktime_t now)
{
	if (atomic_add(&s->in_flight, 1) == 1)
		atomic_store(&s->busy_since, now);
}

/* ns: how long the bio took. */
static void stats_end(struct bdev_stats *s, const struct bio *b, ktime_t now, u64 ns)
{
	enum bdev_stat_group g = stat_group(b);

	atomic_add(&s->ios[g], 1);
	atomic_add(&s->bytes[g], b->len);
	atomic_add(&s->ns[g], ns);
	ktime_t since = atomic_load(&s->busy_since);
	if (atomic_sub(&s->in_flight, 1) == 0 && now > since)
		atomic_add(&s->busy_ns, (u64)(now - since));
}

void bdev_stats_read(struct block_device *d, struct bdev_stats *out)
{
	ktime_t now = clock_monotonic();

	*out = d->stats;
	if (out->in_flight && now > out->busy_since)
		out->busy_ns += (u64)(now - out->busy_since);
}

/* ---- submission and end ---- */

/* What the device can be asked at all. 0 or the error of the bio. */
static int bio_check(const struct bio *b)
{
	const struct block_device *d = b->bdev;
	const struct disk_limits *l = &d->disk->limits;
	const u64 size = atomic_load(&d->size);

	if (unlikely(atomic_load(&d->disk->dead)))
		return -EIO;
	if (b->op == BIO_FLUSH)
		return 0;
	if (unlikely((b->offset | b->len) & (l->logical - 1)))
		return -EINVAL;
	if (unlikely(b->len > size || b->offset > size - b->len))
		return -EIO;
	if (b->op != BIO_READ && unlikely(bdev_read_only(d)))
		return -EROFS;
	if (b->op == BIO_DISCARD)
		return l->max_discard ? 0 : -EOPNOTSUPP;
	if (b->op == BIO_WRITE_ZEROES)
		return l->max_zeroes ? 0 : -EOPNOTSUPP;
	return unlikely(b->len > l->max_bytes || b->nr_vecs > l->max_segments) ? -EIO : 0;
}

static void bio_start(struct bio *b)
{
	ktime_t now = clock_monotonic();
	struct block_device *d = b->bdev;

	b->error = 0;
	b->rq = (struct block_request){
		.last = b, .offset = d->start + b->offset, .len = b->len, .start = now, .nr_vecs = b->nr_vecs
	};
	stats_start(&d->stats, now);
	if (d->partno)
		stats_start(&d->disk->whole->stats, now);
}

void bio_finish(struct bio *b, int err)
{
	struct block_device *d = b->bdev;
	ktime_t now = clock_monotonic();
	u64 ns = now > b->rq.start ? (u64)(now - b->rq.start) : 0;

	stats_end(&d->stats, b, now, ns);
	if (d->partno)
		stats_end(&d->disk->whole->stats, b, now, ns);
	b->error = err;
	b->end(b);
}

void bio_submit(struct bio *b)
{
	const struct disk_limits *l = &b->bdev->disk->limits;
	int err = bio_check(b);
	bool before = b->op == BIO_FLUSH || b->flags & BIO_PREFLUSH;

	if (unlikely(err)) {
		b->error = err;
		b->end(b);
		return;
	}
	queue_throttle(b->bdev->disk);
	bio_start(b);
	if (before && l->write_cache) {
		b->rq.step = b->len ? RQ_PREFLUSH : RQ_FLUSH_LAST;
		flush_add(b);
	} else if (!b->len) {
		bio_finish(b, 0); /* a flush of a device without a cache, or nothing to do */
	} else if (thread_current()->plug_depth && b->op <= BIO_WRITE) {
		plug_add(thread_current(), b);
	} else {
		queue_submit(b);
	}
}

/* ---- waiting ---- */

/* Waiters by hash of the bio, which may be gone when they are woken: collisions only cost a wake-up. */
enum { WAIT_BITS = 5 };
static struct waitq waitqs[1 << WAIT_BITS];

static INIT_CODE void waitqs_init(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(waitqs); i++)
		waitq_init(&waitqs[i]);
}

void block_init(void)
{
	waitqs_init();
	block_init_plug();
	disk_init();
}

struct waitq *block_waitq(const void *key)
{
	return &waitqs[hash_u64((u64)key, WAIT_BITS)];
}

static void wake_waiter(struct bio *b)
{
	struct waitq *q = block_waitq(b);

	atomic_store_release((bool *)b->private, true); /* from here on the bio is the waiter's */
	waitq_wake_all(q);
}

int bio_submit_wait(struct bio *b)
{
	struct waitq *q = block_waitq(b);
	bool done = false;

	b->end = wake_waiter;
	b->private = &done;
	bio_submit(b);
	block_plug_flush();
	wait_event(q, atomic_load_acquire(&done));
	return b->error;
}
