/* SPDX-License-Identifier: MIT
 *
 * block/flush.c - flushes of a disk's write cache: one for all who wait for it
 *
 * Owns:      the lists flush_waiting and flush_running of a disk, and its flush_bio.
 * Layer:     block.
 * Locks:     disk->flush_lock, interrupts off; above the locks of queues, never held with one.
 * Contexts:  any; nothing sleeps.
 * Manual:    VIRTIO 1.2, 5.2.6.2 (what VIRTIO_BLK_T_FLUSH promises)
 * Tests:     kernel/block/block_ktest.c
 *
 * Theory
 * ------
 * A flush makes durable what had ended before it began.  So whoever asks while one is on its way must wait for the
 * next one; but all who wait then are served by that one together:
 *
 *     flush_add --> flush_waiting --(none on its way)--> flush_running --device--> request_flushed, each
 *
 * Twenty threads in fsync cost two flushes, not twenty.
 */
#include "internal.h"

/* Starts a flush for those who wait.  True: the caller submits d->flush_bio. */
static bool flush_begin(struct disk *d) MUST_HOLD(&d->flush_lock)
{
	d->flush_busy = !list_empty(&d->flush_waiting);
	list_splice_tail(&d->flush_waiting, &d->flush_running);
	return d->flush_busy;
}

static void flush_submit(struct disk *d)
{
	struct bio *b = d->flush_bio;

	b->rq = (struct block_request){ .last = b };
	queue_submit(b);
}

void flush_add(struct bio *b)
{
	struct disk *d = b->bdev->disk;
	irqflags_t f = spin_lock_irqsave(&d->flush_lock);

	list_add_tail(&b->link, &d->flush_waiting);
	bool mine = !d->flush_busy && flush_begin(d);
	spin_unlock_irqrestore(&d->flush_lock, f);
	if (mine)
		flush_submit(d);
}

void flush_done(struct disk *d, int err)
{
	LIST_HEAD(served);
	irqflags_t f = spin_lock_irqsave(&d->flush_lock);

	list_splice_tail(&d->flush_running, &served);
	bool again = flush_begin(d);
	spin_unlock_irqrestore(&d->flush_lock, f);
	while (!list_empty(&served)) {
		struct bio *b = list_first_entry(&served, struct bio, link);

		list_del(&b->link);
		request_flushed(b, err);
	}
	if (again)
		flush_submit(d);
}
