/* SPDX-License-Identifier: MIT
 *
 * block/queue.c - from a bio to the device: plugging, merging, issuing, and the end of requests
 *
 * Owns:      the pending list of each disk_queue; the plugged list of each thread.
 * Layer:     block.
 * Locks:     disk_queue.lock, interrupts off, guards the pending list and the driver's side of the queue.
 * Contexts:  any; only queue_throttle sleeps.
 * Manual:    none: bench/ and tests/abi/loop.c say whether it is good
 * Tests:     kernel/block/block_ktest.c
 *
 * Theory
 * ------
 *   bio_submit --plugged--> thread->plugged --block_unplug, or the thread sleeps--+
 *        \---------------------------------------------------------------------> queue --issue--> device
 *                                                                                  \-full--> pending --room--/
 *
 * A request is a chain of bios for consecutive sectors: a new bio is put behind (or before) one that waits in the
 * plug or in `pending`.  Nothing is allocated for it, so nothing fails for want of memory on the way to the disk.
 * With room in the device and no plug a bio goes there at once; when the device is full, what waits is merged
 * meanwhile.  A merged request that fails is tried again bio by bio: a bad sector harms only those who asked for it.
 */
#include "internal.h"
#include <base/percpu.h>

enum {
	PLUG_LOOK_BACK = 8,   /* requests of a plug that a bio is compared with */
	PENDING_MAX = 1024,   /* requests waiting for the device, before submitters wait too */
	MERGE_FLAGS = BIO_FUA /* must be the same in the bios of a request */
};

/* ---- merging ---- */

static bool mergeable(const struct bio *head, const struct bio *b)
{
	const struct disk_limits *l = &b->bdev->disk->limits;

	return head->bdev == b->bdev && head->op == b->op && b->op <= BIO_WRITE && head->rq.step == RQ_DATA &&
	       !head->rq.alone && !b->rq.alone && !((head->flags ^ b->flags) & MERGE_FLAGS) &&
	       head->rq.len + b->rq.len <= l->max_bytes &&
	       head->rq.nr_vecs + b->rq.nr_vecs <= l->max_segments &&
	       (l->fua || !(b->flags & BIO_FUA) || !l->write_cache);
}

/* Puts b behind or before the request of head if their sectors touch; b takes head's place in its list then. */
static bool merge(struct bio *head, struct bio *b)
{
	struct bio *first = head, *second = b;

	if (head->rq.offset + head->rq.len != b->rq.offset) {
		if (b->rq.offset + b->rq.len != head->rq.offset)
			return false;
		first = b;
		second = head;
	}
	if (!mergeable(head, b))
		return false;
	first->rq.last->rq.next = second;
	first->rq.last = second->rq.last;
	first->rq.len += second->rq.len;
	first->rq.nr_vecs += second->rq.nr_vecs;
	if (first == b) {
		list_add(&b->link, &head->link);
		list_del(&head->link);
	}
	enum bdev_stat_group g = b->op == BIO_READ ? STAT_READ : STAT_WRITE;
	atomic_add(&b->bdev->stats.merges[g], 1);
	if (b->bdev->partno)
		atomic_add(&b->bdev->disk->whole->stats.merges[g], 1);
	return true;
}

/* Tries the newest requests of a list. */
static bool merge_into(struct list_head *list, struct bio *b)
{
	struct list_head *at = list->prev;

	for (unsigned i = 0; i < PLUG_LOOK_BACK && at != list; i++, at = at->prev)
		if (merge(list_entry(at, struct bio, link), b))
			return true;
	return false;
}

/* ---- issuing ---- */

static struct disk_queue *queue_of(const struct disk *d)
{
	return d->nr_queues == 1 ? d->queues : &d->queues[cpu_id() % d->nr_queues];
}

void disk_queue_run(struct disk_queue *q, struct list_head *done)
{
	bool issued = false, was_full = q->nr_pending >= PENDING_MAX;

	while (!list_empty(&q->pending)) {
		struct bio *b = list_first_entry(&q->pending, struct bio, link);

		list_del(&b->link); /* it is the driver's to use */
		int err = unlikely(atomic_load(&q->disk->dead)) ? -EIO : q->disk->ops->issue(q, b);

		if (err == -EBUSY) {
			list_add(&b->link, &q->pending);
			break;
		}
		q->nr_pending--;
		if (unlikely(err)) {
			b->rq.error = err;
			list_add_tail(&b->link, done);
		} else {
			issued = true;
		}
	}
	if (issued)
		q->disk->ops->kick(q);
	if (unlikely(was_full) && q->nr_pending < PENDING_MAX)
		waitq_wake_all(&q->room);
}

/* Puts it to what waits for the device. */
static void queue_put(struct disk_queue *q, struct bio *b) MUST_HOLD(&q->lock)
{
	if (!list_empty(&q->pending) && b->rq.step == RQ_DATA && merge_into(&q->pending, b))
		return;
	list_add_tail(&b->link, &q->pending);
	q->nr_pending++;
}

void queue_submit(struct bio *b)
{
	struct disk_queue *q = queue_of(b->bdev->disk);
	LIST_HEAD(failed);
	irqflags_t f = spin_lock_irqsave(&q->lock);

	queue_put(q, b);
	disk_queue_run(q, &failed);
	spin_unlock_irqrestore(&q->lock, f);
	if (unlikely(!list_empty(&failed)))
		disk_end(&failed);
}

static bool queue_has_room(struct disk_queue *q) NO_LOCK_CHECK
{
	return atomic_load(&q->nr_pending) < PENDING_MAX || atomic_load(&q->disk->dead);
}

void queue_throttle(struct disk *d)
{
	struct disk_queue *q = queue_of(d);

	if (unlikely(!queue_has_room(q)))
		wait_event(&q->room, queue_has_room(q));
}

/* ---- plugging ---- */

void block_plug(void)
{
	struct thread *t = thread_current();

	if (t->plug_depth++ == 0)
		list_init(&t->plugged);
}

/* Gives all that a thread held back to the devices; one lock and one kick for neighbours in the list. */
static void plug_flush(struct thread *t)
{
	LIST_HEAD(list);
	LIST_HEAD(failed);

	list_splice_tail(&t->plugged, &list);
	while (!list_empty(&list)) {
		struct disk *d = list_first_entry(&list, struct bio, link)->bdev->disk;
		struct disk_queue *q = queue_of(d);
		irqflags_t f = spin_lock_irqsave(&q->lock);

		while (!list_empty(&list)) {
			struct bio *b = list_first_entry(&list, struct bio, link);

			if (b->bdev->disk != d)
				break;
			list_del(&b->link);
			queue_put(q, b);
		}
		disk_queue_run(q, &failed);
		spin_unlock_irqrestore(&q->lock, f);
	}
	if (unlikely(!list_empty(&failed)))
		disk_end(&failed);
}

void block_plug_flush(void)
{
	struct thread *t = thread_current();

	if (t->plug_depth && !list_empty(&t->plugged))
		plug_flush(t);
}

void block_unplug(void)
{
	struct thread *t = thread_current();

	assert(t->plug_depth);
	if (t->plug_depth == 1 && !list_empty(&t->plugged))
		plug_flush(t);
	t->plug_depth--;
}

static void before_sleep(struct thread *t)
{
	if (!list_empty(&t->plugged))
		plug_flush(t);
}

void block_init_plug(void)
{
	sched_before_sleep = before_sleep;
}

void plug_add(struct thread *t, struct bio *b)
{
	if (!merge_into(&t->plugged, b))
		list_add_tail(&b->link, &t->plugged);
}

/* ---- the end of requests ---- */

static bool needs_flush_after(const struct bio *b)
{
	const struct disk_limits *l = &b->bdev->disk->limits;

	return b->op == BIO_WRITE && b->flags & BIO_FUA && l->write_cache && !l->fua;
}

void request_flushed(struct bio *b, int err)
{
	if (err || b->rq.step == RQ_FLUSH_LAST) {
		bio_finish(b, err);
		return;
	}
	b->rq.step = RQ_DATA;
	queue_submit(b);
}

/* A merged request failed: each bio for itself, as it was before merging. */
static void request_split(struct bio *b)
{
	struct bio *next;

	for (; b; b = next) {
		next = b->rq.next;
		b->rq.next = NULL;
		b->rq.last = b;
		b->rq.len = b->len;
		b->rq.nr_vecs = b->nr_vecs;
		b->rq.alone = true;
		queue_submit(b);
	}
}

static void request_end(struct bio *b, int err)
{
	struct disk *d = b->bdev->disk;
	struct bio *next;

	if (b == d->flush_bio) {
		flush_done(d, err);
		return;
	}
	if (unlikely(err) && b->rq.next && !atomic_load(&d->dead)) {
		request_split(b);
		return;
	}
	if (!err && b->rq.done < b->rq.len && b->op >= BIO_DISCARD) { /* the next piece of a long range */
		queue_submit(b);
		return;
	}
	if (!err && needs_flush_after(b)) {
		b->rq.step = RQ_FLUSH_LAST;
		flush_add(b);
		return;
	}
	for (; b; b = next) {
		next = b->rq.next;
		bio_finish(b, err);
	}
}

void disk_end(struct list_head *done)
{
	while (!list_empty(done)) {
		struct bio *b = list_first_entry(done, struct bio, link);

		list_del(&b->link);
		request_end(b, b->rq.error);
	}
}

/* The device is lost: what waits for it ends with an error.  What the driver has is the driver's to end. */
void disk_die(struct disk *d)
{
	LIST_HEAD(failed);

	atomic_store(&d->dead, true);
	for (unsigned i = 0; i < d->nr_queues; i++) {
		struct disk_queue *q = &d->queues[i];
		irqflags_t f = spin_lock_irqsave(&q->lock);

		disk_queue_run(q, &failed);
		spin_unlock_irqrestore(&q->lock, f);
	}
	disk_end(&failed);
}
