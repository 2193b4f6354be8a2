/* SPDX-License-Identifier: MIT
 * sched/timer.h - high-resolution one-shot timers on clock_monotonic or the wall clock; fn runs in interrupt context. */
#pragma once
#include <sched/thread.h>

struct timer {
	struct rb_node rb;
	ktime_t deadline;
	void (*fn)(struct timer *t); /* irqs off; may start the timer again */
	u32 cpu;
	bool queued;
	bool wall; /* deadline is on clock_realtime: setting that clock moves it */
};
static inline void timer_init(struct timer *t, void (*fn)(struct timer *))
{
	*t = (struct timer){ .fn = fn };
}
/* Starts or moves the timer. Any context. */
void timer_start(struct timer *t, ktime_t deadline);
/* The same at a time of the wall clock, KTIME_MAX: never. */
void timer_start_wall(struct timer *t, ktime_t deadline);
/* After clock_set_realtime: timers of the wall clock that are due now expire soon.  Waits for all CPUs; irqs on. */
void timer_wall_changed(void);
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
/* The same, interruptible, until the wall clock shows `deadline`, however often it is set. */
MUST_CHECK int thread_sleep_until_wall(ktime_t deadline);
