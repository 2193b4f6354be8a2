/* SPDX-License-Identifier: MIT
 *
 * sched/timer.c - high-resolution timers, and the scheduling tick that shares the hardware with them
 *
 * Owns:      struct timer_base, one a CPU; struct timer's queue fields.
 * Layer:     sched.  Uses arch_timer_set.  Used by sleeps, proc (itimers), net, tty.
 * Locks:     timer_base.lock (irqs off); fn runs without it.  `armed` and `tick` belong to their CPU: irqs
 * off. Contexts:  timer_start: any.  timer_cancel: any but fn itself.  fn: interrupt, irqs off. Manual:
 * time(7), nanosleep(2). Tests:     tests/abi/timing.c
 *
 * Theory
 * ------
 * A CPU has one one-shot timer; it is programmed for the earliest of its queued timers and the scheduling
 * tick.  It is not programmed back when an early timer is cancelled: the interrupt that comes for nothing is
 * cheaper than touching the hardware on each cancelled time-out, and most time-outs are cancelled.
 *
 * Timers of the wall clock wait in a tree of their own, by the time that clock shows.  So when somebody sets it no
 * timer changes its place; each CPU only computes anew when its first one is due.
 */
#include <sched/timer.h>
#include <sched/rq.h>
#include <base/irq.h>
#include <base/clock.h>
#include <abi/errno.h>

enum { TIMER_BATCH = 64 }; /* run at most so many in one interrupt, so that user code gets a turn */

struct timer_queue { /* guarded by the base's lock */
	struct rb_root tree;
	struct timer *first;
};
struct timer_base {
	struct spinlock lock;
	struct timer_queue queue[2] GUARDED_BY(&lock); /* [timer->wall] */
	struct timer *running GUARDED_BY(&lock);       /* its fn runs now */
	ktime_t armed;                                 /* what the hardware is set to */
	ktime_t tick;                                  /* the scheduling tick, KTIME_MAX: none */
	bool ready;
};
static DEFINE_PERCPU(struct timer_base, timer_bases);

void timer_init_cpu(unsigned cpu) NO_LOCK_CHECK
{
	struct timer_base *b = percpu_ptr(timer_bases, cpu);

	spin_init(&b->lock, "timer_base.lock");
	b->queue[0] = b->queue[1] = (struct timer_queue){ .tree = RB_ROOT };
	b->running = NULL;
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
	struct timer_queue *q = &b->queue[t->wall];
	struct rb_node **link = &q->tree.node, *parent = NULL;
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
	rb_insert(&q->tree, &t->rb, parent, link);
	if (leftmost)
		q->first = t;
	atomic_store(&t->queued, true);
}

static void base_remove(struct timer_base *b, struct timer *t) MUST_HOLD(&b->lock)
{
	struct timer_queue *q = &b->queue[t->wall];

	if (q->first == t) {
		struct rb_node *n = rb_next(&t->rb);
		q->first = n ? rb_entry(n, struct timer, rb) : NULL;
	}
	rb_erase(&q->tree, &t->rb);
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

/* The time of t on clock_monotonic as the wall clock is set now. */
static ktime_t timer_due(const struct timer *t)
{
	return t->wall ? clock_from_realtime(t->deadline) : t->deadline;
}

static void timer_start_clock(struct timer *t, ktime_t deadline, bool wall) NO_LOCK_CHECK
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
	t->wall = wall;
	base_insert(b, t);
	if (b->queue[wall].first == t && b == here)
		base_arm(b, timer_due(t));
	spin_unlock(&b->lock);
	arch_irq_restore(f);
}

void timer_start(struct timer *t, ktime_t deadline)
{
	timer_start_clock(t, deadline, false);
}

void timer_start_wall(struct timer *t, ktime_t deadline)
{
	timer_start_clock(t, deadline, true);
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
static void base_run(struct timer_base *b, bool wall, ktime_t now) NO_LOCK_CHECK
{
	struct timer_queue *q = &b->queue[wall];

	spin_lock(&b->lock);
	for (unsigned n = 0; n < TIMER_BATCH && q->first && q->first->deadline <= now; n++) {
		struct timer *t = q->first;

		base_remove(b, t);
		b->running = t;
		spin_unlock(&b->lock);
		t->fn(t);
		spin_lock(&b->lock);
		b->running = NULL;
	}
	spin_unlock(&b->lock);
}

/* Sets the hardware for the earliest timer or the tick. */
static void base_arm_next(struct timer_base *b)
{
	ktime_t next = b->tick;

	spin_lock(&b->lock);
	for (unsigned wall = 0; wall < 2; wall++)
		if (b->queue[wall].first)
			next = MIN(next, timer_due(b->queue[wall].first));
	spin_unlock(&b->lock);
	b->armed = KTIME_MAX;
	base_arm(b, next);
}

static void wall_changed_here(void *unused)
{
	struct timer_base *b = this_cpu_ptr(timer_bases);

	if (b->ready)
		base_arm_next(b);
}

void timer_wall_changed(void)
{
	cpu_call(~(cpumask_t)0, wall_changed_here, NULL);
}

void timer_interrupt(bool from_user)
{
	struct timer_base *b = this_cpu_ptr(timer_bases);
	ktime_t now = clock_monotonic();

	if (!b->ready)
		return;
	/* While handlers run, nothing programs the hardware: one setting at the end. */
	b->armed = INT64_MIN;
	base_run(b, false, now);
	if (unlikely(atomic_load(&b->queue[true].first)))
		base_run(b, true, clock_realtime());
	if (b->tick <= now) {
		b->tick = KTIME_MAX;
		sched_tick(from_user, now);
	}
	base_arm_next(b);
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

static inline int schedule_until(ktime_t deadline, bool wall, const void *site)
{
	struct thread *me = thread_current();
	struct sleep_timer s = { .thread = me };

	me->wait_site = site;
	if (deadline == KTIME_MAX) {
		sched_switch(SCHED_BLOCK);
		return 0;
	}
	if (deadline <= (wall ? clock_realtime() : clock_monotonic())) {
		thread_set_state(THREAD_RUNNING);
		cond_resched();
		return -ETIMEDOUT;
	}
	timer_init(&s.timer, sleep_timer_fire);
	s.timer.cpu = cpu_id();
	timer_start_clock(&s.timer, deadline, wall);
	sched_switch(SCHED_BLOCK);
	timer_cancel(&s.timer);
	return atomic_load(&s.fired) ? -ETIMEDOUT : 0;
}

int sched_schedule_until(ktime_t deadline)
{
	return schedule_until(deadline, false, __builtin_return_address(0));
}

int sched_schedule_until_clock(ktime_t deadline, bool wall)
{
	return schedule_until(deadline, wall, __builtin_return_address(0));
}

static int sleep_until(ktime_t deadline, bool wall, bool interruptible)
{
	for (;;) {
		thread_set_state(interruptible ? THREAD_INTERRUPTIBLE : THREAD_UNINTERRUPTIBLE);
		if (interruptible && thread_signal_pending()) {
			thread_set_state(THREAD_RUNNING);
			return -ERESTARTSYS;
		}
		if (sched_schedule_until_clock(deadline, wall) == -ETIMEDOUT)
			return 0;
	}
}

int thread_sleep_until(ktime_t deadline, bool interruptible)
{
	return sleep_until(deadline, false, interruptible);
}

int thread_sleep_until_wall(ktime_t deadline)
{
	return sleep_until(deadline, true, true);
}
