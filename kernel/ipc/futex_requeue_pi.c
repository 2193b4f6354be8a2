/* SPDX-License-Identifier: MIT
 *
 * ipc/futex_requeue_pi.c - from a condition to a lock with inheritance: FUTEX_WAIT_REQUEUE_PI, FUTEX_CMP_REQUEUE_PI
 *
 * Owns:      nothing of its own: a waiter stands in the table of futex.c first and in a queue of futex_pi.c then.
 * Layer:     ipc.
 * Locks:     bucket->lock, irqs off; below it futex_pi's lock.
 * Contexts:  process context; may sleep.
 * Manual:    futex(2).
 * Tests:     tests/abi/futex_requeue_pi.c
 *
 * Theory
 * ------
 * A condition variable belongs to a lock: who is told "it has changed" must take the lock next.  To wake all waiters would
 * have them fight for it; so one is given the lock, if it is free, and the others are moved to the lock's queue without
 * running at all.  With a lock that knows its owner the kernel must do it, since it writes owners into words:
 *
 *      waiter:    queue at the condition; sleep ............................. has the lock, or waits for it: sleep on
 *      signaller:                          the best waiter: take the lock for it, or queue it there; and the next
 *
 * The waiter is not woken when it is queued at the lock.  `woken` and an empty `bucket` tell it, whenever it runs next,
 * that it has left the condition; the lock's own fields say the rest.
 */
#include "futex_internal.h"
#include <base/iov.h>
#include <mem/slab.h>
#include <proc/task.h>

/* w is queued at the condition. */
static int wait_for_both(struct futex_waiter *w, u32 __user *uaddr2, ktime_t deadline, bool wall)
{
	int r = futex_key_equal(&w->key, &w->pi_key) ? -EINVAL : futex_waiters_sleep(w, 1, deadline, wall);

	if (futex_waiter_leave(w))
		return r == -ERESTARTSYS ? -ERESTARTNOINTR : r;
	r = futex_pi_wait(w->pi, uaddr2, deadline, wall);
	return r == -ERESTARTNOINTR ? -EAGAIN : r; /* it cannot wait for the condition again */
}

int futex_wait_requeue_pi(u32 __user *uaddr, unsigned flags, u32 val, ktime_t deadline, u32 __user *uaddr2)
{
	struct futex_pi_waiter pi = { .task = current_task() };
	struct futex_waiter w = { .bitset = FUTEX_BITSET_MATCH_ANY, .pi = &pi };
	bool wall = flags & FUTEX_WALL;
	int r;

	if (uaddr == uaddr2)
		return -EINVAL;
	pi.spare = futex_pi_alloc();
	if (!pi.spare)
		return -ENOMEM;
	r = futex_key_get(uaddr2, flags, &w.pi_key);
	if (!r)
		r = futex_waiter_queue(&w, uaddr, flags, val);
	if (!r)
		r = wait_for_both(&w, uaddr2, deadline, wall);
	kfree(pi.spare);
	return r;
}

/* w leaves the condition for the lock: STEP_TAKEN, STEP_QUEUED; or STEP_AGAIN or an error, and it stays. */
static int move_one(struct futex_bucket *b, struct futex_waiter *w, u32 __user *uaddr2,
                    const struct futex_key *k2, u32 mark) MUST_HOLD(&b->lock)
{
	int r;

	if (!w->pi || !futex_key_equal(&w->pi_key, k2))
		return -EINVAL;
	w->pi->mark = mark;
	r = futex_pi_start(w->pi, uaddr2, k2);
	if (r == STEP_TAKEN) {
		futex_waiter_wake(w);
	} else if (r == STEP_QUEUED) {
		atomic_store(&w->woken, true);
		memory_barrier(); /* `woken` before our look at `granted`; pi_hand_over does the opposite */
		if (unlikely(atomic_load(&w->pi->granted)))
			(void)thread_wake(w->thread); /* given the lock just now, it saw no `woken` */
		list_del(&w->link);
		atomic_store_release(&w->bucket,
		                     (struct futex_bucket *)NULL); /* w is its owner's from here */
	}
	return r;
}

/* Moves waiters until *done reaches `limit`: 0, STEP_AGAIN (the word changed just now) or an error. */
static int move_all(struct futex_bucket *b, const struct futex_key *k1, u32 __user *uaddr2,
                    const struct futex_key *k2, s64 limit, s64 *done) MUST_HOLD(&b->lock)
{
	u32 mark = limit > 1 ? FUTEX_WAITERS : 0;
	struct futex_waiter *w, *next;

	list_for_each_entry_safe (w, next, &b->waiters, link) {
		if (*done >= limit)
			break;
		if (!futex_key_equal(&w->key, k1))
			continue;
		int r = move_one(b, w, uaddr2, k2, mark);
		if (r < 0 || r == STEP_AGAIN)
			return r;
		++*done;
	}
	return 0;
}

int futex_cmp_requeue_pi(u32 __user *uaddr, u32 __user *uaddr2, unsigned flags, int nr_wake, int nr_requeue,
                         u32 expected)
{
	struct futex_key k1, k2;
	s64 done = 0;
	u32 now;
	int r;

	if (nr_wake != 1 || nr_requeue < 0)
		return -EINVAL;
	if ((r = futex_key_get(uaddr, flags, &k1)) || (r = futex_key_get(uaddr2, flags, &k2)))
		return r;
	if (futex_key_equal(&k1, &k2))
		return -EINVAL;
	if (futex_has_waiter(&k1) && futex_has_waiter(&k2))
		return -EINVAL; /* somebody waits for the lock as for a plain word */
	struct futex_bucket *b = futex_bucket_of(&k1);
	for (;;) {
		irqflags_t f = spin_lock_irqsave(&b->lock);
		bool absent = get_user(now, uaddr);

		if (absent)
			r = -EFAULT;
		else if (now != expected && !done)
			r = -EAGAIN;
		else
			r = move_all(b, &k1, uaddr2, &k2, 1 + (s64)nr_requeue, &done);
		spin_unlock_irqrestore(&b->lock, f);
		if (r != -EFAULT && r != STEP_AGAIN)
			return r ? r : (int)done;
		if (r == -EFAULT && (get_user(now, uaddr) || futex_fault_in(uaddr2)))
			return -EFAULT;
		cond_resched();
		if (thread_kill_pending())
			return -ERESTARTSYS;
	}
}
