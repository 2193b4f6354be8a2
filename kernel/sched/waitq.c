/* SPDX-License-Identifier: MIT
 *
 * sched/waitq.c - wait queues
 *
 * Owns:      struct waitq and the links of its waiters.
 * Layer:     sched.  Used by everything that waits for a condition.
 * Locks:     waitq.lock (irqs off) -> thread->wake_lock -> run_queue.lock.
 * Contexts:  waking: any.  Waiting: process context.
 * Manual:    none.
 * Tests:     tests/abi/pipe.c, tests/stress
 *
 * Theory
 * ------
 * A waiter lives on the stack of the thread that waits.  The waker wakes first and unlinks last, under the
 * queue's lock; so a waiter that finds itself unlinked (both pointers to itself) knows that nobody will touch
 * it any more, and leaves without taking the lock.  One that finds itself linked takes the lock, which waits
 * for the waker.
 *
 * Exclusive waiters stand at the tail: a wake-up passes all others first and stops after n of them.
 */
#include <sched/rq.h>
#include <sched/waitq.h>
#include <sched/mutex.h>

void waitq_init(struct waitq *q)
{
	spin_init(&q->lock, "waitq");
	list_init(&q->waiters);
}

static void link_waiter(struct waitq *q, struct waiter *w)
{
	if (w->exclusive)
		list_add_tail(&w->link, &q->waiters);
	else
		list_add(&w->link, &q->waiters);
}

void waitq_add(struct waitq *q, struct waiter *w)
{
	irqflags_t f = spin_lock_irqsave(&q->lock);
	link_waiter(q, w);
	spin_unlock_irqrestore(&q->lock, f);
	memory_barrier(); /* the waiter before the caller's look at its condition; see waitq_active() */
}

void waitq_remove(struct waitq *q, struct waiter *w)
{
	irqflags_t f = spin_lock_irqsave(&q->lock);
	list_del(&w->link);
	spin_unlock_irqrestore(&q->lock, f);
}

void waitq_prepare(struct waitq *q, struct waiter *w, enum thread_state state)
{
	arch_irq_disable(); /* process context: they were on */
	spin_lock(&q->lock);
	w->thread = thread_current();
	if (!w->link.next || list_empty(&w->link))
		link_waiter(q, w);
	/* Before the caller looks at its condition; seq_cst, see core.c. */
	thread_set_state(state);
	spin_unlock(&q->lock);
	arch_irq_enable();
}

void waitq_finish(struct waitq *q, struct waiter *w)
{
	atomic_store(&thread_current()->state, THREAD_RUNNING);
	if (atomic_load_acquire(&w->link.next) == &w->link && atomic_load_acquire(&w->link.prev) == &w->link)
		return;
	waitq_remove(q, w);
}

static void wake_waiters(struct waitq *q, unsigned n, unsigned key, enum wake_kind kind)
{
	irqflags_t f = spin_lock_irqsave(&q->lock);
	struct list_head *at = q->waiters.next;

	while (at != &q->waiters) {
		struct waiter *w = list_entry(at, struct waiter, link);
		bool exclusive = w->exclusive, woke;

		at = at->next;
		if (unlikely(w->wake != NULL)) {
			woke = w->wake(w, key);
		} else {
			woke = thread_wake_irqoff(w->thread, WAKE_SLEEPING, kind);
			list_del(&w->link); /* w is its owner's from here */
		}
		if (exclusive && woke && n && --n == 0)
			break;
	}
	spin_unlock_irqrestore(&q->lock, f);
}

void waitq_wake(struct waitq *q, unsigned n, unsigned key)
{
	wake_waiters(q, n, key, WAKE_NORMAL);
}

void waitq_wake_sync(struct waitq *q)
{
	wake_waiters(q, 0, 0, WAKE_SYNC);
}

int waitq_sleep(struct waitq *q, struct mutex *m) NO_LOCK_CHECK
{
	struct waiter w = { .link = LIST_HEAD_INIT(w.link), .exclusive = false };
	int err = 0;

	waitq_prepare(q, &w, THREAD_INTERRUPTIBLE);
	if (thread_signal_pending()) {
		err = -ERESTARTSYS;
	} else {
		mutex_unlock(m);
		sched_schedule();
		mutex_lock(m);
	}
	waitq_finish(q, &w);
	return err;
}
