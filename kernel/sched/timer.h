/* SPDX-License-Identifier: MIT
 * sched/timer.h - high-resolution one-shot timers on clock_monotonic, one tree a CPU; fn runs in interrupt
 * context. */
#pragma once
#include <sched/thread.h>

struct timer {
	struct rb_node rb;
	ktime_t deadline;
	void (*fn)(struct timer *t); /* irqs off; may start the timer again */
	u32 cpu;
	bool queued;
};
static inline void timer_init(struct timer *t, void (*fn)(struct timer *))
{
	*t = (struct timer){ .fn = fn };
}
/* Starts or moves the timer. Any context. */
void timer_start(struct timer *t, ktime_t deadline);
/* Stops it and waits until fn does not run any more (not from fn itself); true if it had been queued. */
bool timer_cancel(struct timer *t);
static inline bool timer_pending(const struct timer *t)
{
	return atomic_load(&t->queued);
}
/* The one-shot interrupt of this CPU (arch calls it, irqs off). */
void timer_interrupt(bool from_user);
/* Sleeps at least until the deadline; 0 or -ERESTARTSYS (signal) when interruptible. */
MUST_CHECK int thread_sleep_until(ktime_t deadline, bool interruptible);
