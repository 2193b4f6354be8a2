/* SPDX-License-Identifier: MIT
 * sched/waitq.h - wait queues: threads (or poll callbacks) that wait for a condition to change. */
#pragma once
#include <sched/thread.h>
#include <abi/errno.h>

struct waitq {
	struct spinlock lock; /* taken with irqs off: wake-ups come from interrupts */
	struct list_head waiters;
};
struct waiter {
	struct list_head link;
	struct thread *thread;
	/* Called with the queue's lock; returns true when it counts as one exclusive wake-up. NULL: wake
	 * thread. */
	bool (*wake)(struct waiter *w, unsigned key);
	bool exclusive;
};
#define WAITQ_INIT(q)                                                                                        \
	{                                                                                                    \
		SPINLOCK_INIT("waitq"), LIST_HEAD_INIT((q).waiters)                                          \
	}
void waitq_init(struct waitq *q);
/* Wakes all non-exclusive waiters and at most n exclusive ones (n = 0: all).  key: poll events or 0. */
void waitq_wake(struct waitq *q, unsigned n, unsigned key);
/* Wakes all, by a thread that will sleep at once; see thread_wake_state_sync(). */
void waitq_wake_sync(struct waitq *q);
static inline bool waitq_active(const struct waitq *q)
{
	memory_barrier();
	return !list_empty(&q->waiters);
}
static inline void waitq_wake_all(struct waitq *q)
{
	if (waitq_active(q))
		waitq_wake(q, 0, 0);
}
static inline void waitq_wake_one(struct waitq *q)
{
	if (waitq_active(q))
		waitq_wake(q, 1, 0);
}
/* w->thread, w->wake set by the caller, who looks at the condition afterwards: a change that this look misses wakes w. */
void waitq_add(struct waitq *q, struct waiter *w);
void waitq_remove(struct waitq *q, struct waiter *w);
/* Queues w for the current thread (if not yet queued) and sets the state; then check the condition and sleep.
 */
void waitq_prepare(struct waitq *q, struct waiter *w, enum thread_state state);
void waitq_finish(struct waitq *q, struct waiter *w);

/* wait_event*: sleep until cond is true.  0, or -ERESTARTSYS when a signal ended the sleep (interruptible,
 * killable), or -ETIMEDOUT.  cond is evaluated many times. */
#define waitq_loop_(q, cond, state_, deadline_)                                                              \
	({                                                                                                   \
		int r_ = 0;                                                                                  \
		struct waiter w_ = { .link = LIST_HEAD_INIT(w_.link) };                                      \
		for (;;) {                                                                                   \
			waitq_prepare(q, &w_, state_);                                                       \
			if (cond)                                                                            \
				break;                                                                       \
			if (((state_) == THREAD_INTERRUPTIBLE && thread_signal_pending()) ||                 \
			    ((state_) == THREAD_KILLABLE && thread_kill_pending())) {                        \
				r_ = -ERESTARTSYS;                                                           \
				break;                                                                       \
			}                                                                                    \
			if (sched_schedule_until(deadline_) && !(cond)) {                                    \
				r_ = -ETIMEDOUT;                                                             \
				break;                                                                       \
			}                                                                                    \
		}                                                                                            \
		waitq_finish(q, &w_);                                                                        \
		r_;                                                                                          \
	})
#define wait_event(q, cond)               ((void)((cond) ? 0 : waitq_loop_(q, cond, THREAD_UNINTERRUPTIBLE, KTIME_MAX)))
#define wait_event_interruptible(q, cond) ((cond) ? 0 : waitq_loop_(q, cond, THREAD_INTERRUPTIBLE, KTIME_MAX))
#define wait_event_killable(q, cond)      ((cond) ? 0 : waitq_loop_(q, cond, THREAD_KILLABLE, KTIME_MAX))
#define wait_event_interruptible_until(q, cond, deadline)                                                    \
	((cond) ? 0 : waitq_loop_(q, cond, THREAD_INTERRUPTIBLE, deadline))
#define wait_event_until(q, cond, deadline)                                                                  \
	((cond) ? 0 : waitq_loop_(q, cond, THREAD_UNINTERRUPTIBLE, deadline))
