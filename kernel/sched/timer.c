/* SPDX-License-Identifier: MIT
 *
 * sched/timer.c - high-resolution timers, and the scheduling tick that shares the hardware with them
 *
 * Owns:      struct timer_base, one a CPU; struct timer's queue fields.
 * Layer:     sched.  Uses arch_timer_set.  Used by sleeps, proc (itimers), net, tty.
 * Locks:     timer_base.lock (irqs off); fn runs without it.  `armed` and `tick` belong to their CPU: irqs
 * off. Contexts:  timer_start: any.  timer_cancel: any but fn itself.  fn: interrupt, irqs off. Manual:
 * time(7), nanosleep(2). Tests:     tests/abi/time.c
 *
 * Theory
 * ------
 * A CPU has one one-shot timer; it is programmed for the earliest of its queued timers and the scheduling
 * tick.  It is not programmed back when an early timer is cancelled: the interrupt that comes for nothing is
 * cheaper than touching the hardware on each cancelled time-out, and most time-outs are cancelled.
 */
#include <sched/timer.h>
#include <sched/rq.h>
#include <base/irq.h>
#include <abi/errno.h>

enum { TIMER_BATCH = 64 }; /* run at most so many in one interrupt, so that user code gets a turn */

struct timer_base {
	struct spinlock lock;
	struct rb_root tree GUARDED_BY(&lock);
	struct timer *first GUARDED_BY(&lock);
	struct timer *running GUARDED_BY(&lock); /* its fn runs now */
	ktime_t armed;                           /* what the hardware is set to */
	ktime_t tick;                            /* the scheduling tick, KTIME_MAX: none */
	bool ready;
};
static DEFINE_PERCPU(struct timer_base, timer_bases);

void timer_init_cpu(unsigned cpu) NO_LOCK_CHECK
{
	struct timer_base *b = percpu_ptr(timer_bases, cpu);

	spin_init(&b->lock, "timer_base.lock");
	b->tree = RB_ROOT;
	b->first = b->running = NULL;
	b->armed = b->tick = KTIME_MAX;
	b->ready = true;
}

static void base_arm(struct timer_base *b, ktime_t deadline)
{
	if (deadline >= b->armed)
		return;
	b->armed = deadline;
	arch_timer_set(deadline);
}

void timer_tick_arm(ktime_t deadline)
{
	struct timer_base *b = this_cpu_ptr(timer_bases);

	if (deadline >= b->tick)
		return;
	b->tick = deadline;
	base_arm(b, deadline);
}

ktime_t timer_tick_deadline(void)
{
	return this_cpu(timer_bases).tick;
}

static void base_insert(struct timer_base *b, struct timer *t) MUST_HOLD(&b->lock)
{
	struct rb_node **link = &b->tree.node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (t->deadline < rb_entry(parent, struct timer, rb)->deadline) {
			link = &parent->left;
		} else {
			link = &parent->right;
			leftmost = false;
		}
	}
	rb_insert(&b->tree, &t->rb, parent, link);
	if (leftmost)
		b->first = t;
	atomic_store(&t->queued, true);
}

static void base_remove(struct timer_base *b, struct timer *t) MUST_HOLD(&b->lock)
{
	if (b->first == t) {
		struct rb_node *n = rb_next(&t->rb);
		b->first = n ? rb_entry(n, struct timer, rb) : NULL;
	}
	rb_erase(&b->tree, &t->rb);
	atomic_store(&t->queued, false);
}

/* Locks the base that t is, or was last, queued on.  Irqs off. */
static struct timer_base *base_lock(struct timer *t) NO_LOCK_CHECK
{
	for (;;) {
		unsigned cpu = atomic_load(&t->cpu);
		struct timer_base *b = percpu_ptr(timer_bases, cpu);

		spin_lock(&b->lock);
		if (likely(cpu == atomic_load(&t->cpu)))
			return b;
		spin_unlock(&b->lock);
	}
}

void timer_start(struct timer *t, ktime_t deadline) NO_LOCK_CHECK
{
	irqflags_t f = arch_irq_save();
	struct timer_base *here = this_cpu_ptr(timer_bases), *b = base_lock(t);

	assert(t->fn && here->ready);
	if (t->queued)
		base_remove(b, t);
	/* A timer whose fn runs stays on that CPU, so that fn never runs twice at once. */
	if (b != here && b->running != t) {
		/* Between the two locks nobody finds t on a base: the caller serialises its own starts. */
		atomic_store(&t->cpu, cpu_id());
		spin_unlock(&b->lock);
		b = here;
		spin_lock(&b->lock);
		if (t->queued)
			base_remove(b, t);
	}
	t->deadline = deadline;
	base_insert(b, t);
	if (b->first == t && b == here)
		base_arm(b, deadline);
	spin_unlock(&b->lock);
	arch_irq_restore(f);
}

bool timer_cancel(struct timer *t) NO_LOCK_CHECK
{
	for (;;) {
		irqflags_t f = arch_irq_save();
		struct timer_base *b = base_lock(t);
		bool was_queued = t->queued, runs = b->running == t;

		if (was_queued)
			base_remove(b, t);
		spin_unlock(&b->lock);
		arch_irq_restore(f);
		if (!runs)
			return was_queued;
		arch_cpu_relax(); /* fn may start it again: look once more after it */
	}
}

/* Runs what is due; a timer that restarts itself in the past waits for the next interrupt after TIMER_BATCH.
 */
static void base_run(struct timer_base *b, ktime_t now) NO_LOCK_CHECK
{
	spin_lock(&b->lock);
	for (unsigned n = 0; n < TIMER_BATCH && b->first && b->first->deadline <= now; n++) {
		struct timer *t = b->first;

		base_remove(b, t);
		b->running = t;
		spin_unlock(&b->lock);
		t->fn(t);
		spin_lock(&b->lock);
		b->running = NULL;
	}
	spin_unlock(&b->lock);
}

void timer_interrupt(bool from_user)
{
	struct timer_base *b = this_cpu_ptr(timer_bases);
	ktime_t now = clock_monotonic(), next;

	if (!b->ready)
		return;
	/* While handlers run, nothing programs the hardware: one setting at the end. */
	b->armed = INT64_MIN;
	base_run(b, now);
	if (b->tick <= now) {
		b->tick = KTIME_MAX;
		sched_tick(from_user, now);
	}
	spin_lock(&b->lock);
	next = b->first ? MIN(b->first->deadline, b->tick) : b->tick;
	spin_unlock(&b->lock);
	b->armed = KTIME_MAX;
	base_arm(b, next);
}

/* ---- sleeping with a deadline ---- */

struct sleep_timer {
	struct timer timer;
	struct thread *thread;
	bool fired;
};

static void sleep_timer_fire(struct timer *t)
{
	struct sleep_timer *s = container_of(t, struct sleep_timer, timer);

	atomic_store(&s->fired, true);
	thread_wake(s->thread);
}

int sched_schedule_until(ktime_t deadline)
{
	struct thread *me = thread_current();
	struct sleep_timer s = { .thread = me };

	me->wait_site = __builtin_return_address(0);
	if (deadline == KTIME_MAX) {
		sched_switch(SCHED_BLOCK);
		return 0;
	}
	if (deadline <= clock_monotonic()) {
		thread_set_state(THREAD_RUNNING);
		cond_resched();
		return -ETIMEDOUT;
	}
	timer_init(&s.timer, sleep_timer_fire);
	s.timer.cpu = cpu_id();
	timer_start(&s.timer, deadline);
	sched_switch(SCHED_BLOCK);
	timer_cancel(&s.timer);
	return atomic_load(&s.fired) ? -ETIMEDOUT : 0;
}

int thread_sleep_until(ktime_t deadline, bool interruptible)
{
	for (;;) {
		thread_set_state(interruptible ? THREAD_INTERRUPTIBLE : THREAD_UNINTERRUPTIBLE);
		if (interruptible && thread_signal_pending()) {
			thread_set_state(THREAD_RUNNING);
			return -ERESTARTSYS;
		}
		if (sched_schedule_until(deadline) == -ETIMEDOUT)
			return 0;
	}
}
