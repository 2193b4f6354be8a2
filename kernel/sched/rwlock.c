/* SPDX-License-Identifier: MIT
 *
 * sched/rwlock.c - many readers or one writer; contenders sleep
 *
 * Owns:      struct rwlock.
 * Layer:     sched.
 * Locks:     rwlock->lock, a leaf but for the wake-up below it.
 * Contexts:  process context.
 * Manual:    none.
 * Tests:     tests/stress
 *
 * Theory
 * ------
 * Who cannot have the lock queues up in order.  A reader that finds a queue joins it, also while others read:
 * so a writer waits for the present readers only.  A release hands the lock to the first in the queue, or,
 * when that is a reader, to all readers in front of the next writer.
 */
#include <sched/mutex.h>
#include <base/panic.h>

struct rw_waiter {
	struct list_head link;
	struct thread *thread;
	bool write, granted;
};

void rwlock_init(struct rwlock *l)
{
	l->count = 0;
	spin_init(&l->lock, "rwlock");
	list_init(&l->queue);
}

/* Queues up and sleeps until the lock has been handed over.  l->lock held; released. */
static COLD void rwlock_wait(struct rwlock *l, bool write) NO_LOCK_CHECK
{
	struct rw_waiter w = { .thread = thread_current(), .write = write };

	list_add_tail(&w.link, &l->queue);
	while (!w.granted) {
		thread_set_state(THREAD_UNINTERRUPTIBLE);
		spin_unlock(&l->lock);
		sched_schedule();
		spin_lock(&l->lock);
	}
	atomic_store(&w.thread->state, THREAD_RUNNING);
	spin_unlock(&l->lock);
}

static COLD void rwlock_grant(struct rwlock *l) NO_LOCK_CHECK
{
	while (!list_empty(&l->queue)) {
		struct rw_waiter *w = list_first_entry(&l->queue, struct rw_waiter, link);

		if (w->write ? l->count != 0 : l->count < 0)
			break;
		l->count = w->write ? -1 : l->count + 1;
		list_del(&w->link);
		w->granted = true;
		thread_wake(w->thread); /* sees `granted` only under l->lock, which we hold */
	}
}

void rwlock_read_lock(struct rwlock *l) NO_LOCK_CHECK
{
	spin_lock(&l->lock);
	if (likely(l->count >= 0 && list_empty(&l->queue))) {
		l->count++;
		spin_unlock(&l->lock);
	} else {
		rwlock_wait(l, false);
	}
}

bool rwlock_read_trylock(struct rwlock *l)
{
	spin_lock(&l->lock);
	bool ok = l->count >= 0 && list_empty(&l->queue);

	if (ok)
		l->count++;
	spin_unlock(&l->lock);
	return ok;
}

void rwlock_read_unlock(struct rwlock *l) NO_LOCK_CHECK
{
	spin_lock(&l->lock);
	assert(l->count > 0);
	if (--l->count == 0 && unlikely(!list_empty(&l->queue)))
		rwlock_grant(l);
	spin_unlock(&l->lock);
}

void rwlock_write_lock(struct rwlock *l) NO_LOCK_CHECK
{
	spin_lock(&l->lock);
	if (likely(l->count == 0)) { /* a queue with a free lock does not exist: releases hand over */
		l->count = -1;
		spin_unlock(&l->lock);
	} else {
		rwlock_wait(l, true);
	}
}

void rwlock_write_unlock(struct rwlock *l) NO_LOCK_CHECK
{
	spin_lock(&l->lock);
	assert(l->count == -1);
	l->count = 0;
	if (unlikely(!list_empty(&l->queue)))
		rwlock_grant(l);
	spin_unlock(&l->lock);
}
