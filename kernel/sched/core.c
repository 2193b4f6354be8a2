/* SPDX-License-Identifier: MIT
 *
 * sched/core.c - giving the CPU away, and waking up
 *
 * Owns:      run queues: curr, nr_running; thread->state transitions, on_rq, on_cpu, cpu.
 * Layer:     sched.  Uses base, arch_switch; fair.c and rt.c choose.  Used by everything that sleeps.
 * Locks:     thread->wake_lock -> run_queue.lock.  The run queue's lock is held across arch_switch and
 * released by the thread that was switched to. Contexts:  thread_wake_state: any.  sched_schedule and its
 * kin: process context, irqs on, no spinlock held. Manual:    sched(7), sched_yield(2). Tests:
 * tests/abi/sched2.c, tests/stress
 *
 * Theory
 * ------
 * Going to sleep and waking up must not miss each other.  The sleeper and the waker each do two steps:
 *
 *     sleeper                              waker
 *       state = INTERRUPTIBLE                condition = true
 *       (barrier)                            (barrier)
 *       if (!condition) sched_schedule()     if (state == INTERRUPTIBLE) wake
 *
 * Whatever the order, one of them sees what the other wrote.  What the waker finds (under t->wake_lock):
 *
 *   (1) on_rq:  the sleeper has set its state but not left its run queue.  Under that queue's lock the state
 * is set back to RUNNING; its sched_schedule() finds it so and goes on. (2) !on_rq, on_cpu:  it has left the
 * queue, its registers are still being saved on another CPU, with irqs off and for a short time: wait for
 * on_cpu to fall. (3) neither: it sleeps.  Choose a CPU, put it on the queue there, and preempt what runs if
 * it should be.
 *
 *           sched_start                    state != RUNNING in sched_switch
 *     new ------------> queued <---> running -----------------------------> sleeping
 *                          ^                                                  |
 *                          +---------------- thread_wake_state ---------------+
 *
 * `on_rq` is true in `queued` and `running`; the class structures (fair tree, rt lists) hold the queued ones
 * only.
 */
#include <sched/rq.h>
#include <arch/smp.h>

DEFINE_PERCPU(struct run_queue, run_queues);
cpumask_t sched_online_mask;
cpumask_t sched_idle_mask;

/* ---- run queues ---- */

struct run_queue *rq_lock_thread(struct thread *t)
{
	for (;;) {
		struct run_queue *rq = rq_of(atomic_load(&t->cpu));

		spin_lock(&rq->lock);
		if (likely(rq->cpu == atomic_load(&t->cpu)))
			return rq;
		spin_unlock(&rq->lock); /* balancing moved it meanwhile */
	}
}

/* Charges the running thread with the time since the last point. */
void rq_account(struct run_queue *rq, ktime_t now)
{
	struct thread *t = rq->curr;
	s64 ns = now - t->exec_start;

	if (ns <= 0)
		return;
	t->exec_start = now;
	if (t->is_idle) {
		rq->idle_ns += (u64)ns;
		return;
	}
	t->sum_exec_ns += (u64)ns;
	if (t->sample_user) {
		t->utime_ns += (u64)ns;
		rq->user_ns += (u64)ns;
	} else {
		t->stime_ns += (u64)ns;
		rq->system_ns += (u64)ns;
	}
	if (likely(!policy_is_rt(t->policy))) {
		fair_charge(rq, t, (u64)ns);
	} else if (t->policy == POLICY_RR) {
		t->slice_ns -= MIN(t->slice_ns, (u64)ns);
		if (t->slice_ns == 0) {
			t->slice_ns = SCHED_RR_SLICE_NS;
			t->slice_over = true;
			rq_set_resched(rq);
		}
	}
}

void rq_set_resched(struct run_queue *rq)
{
	if (thread_flag(rq->curr, TF_NEED_RESCHED))
		return;
	thread_set_flag(rq->curr, TF_NEED_RESCHED);
	if (rq->cpu != cpu_id())
		arch_ipi_send(BIT(rq->cpu), IPI_RESCHED);
}

void rq_queue_insert(struct run_queue *rq, struct thread *t, bool head)
{
	if (unlikely(policy_is_rt(t->policy)))
		rt_insert(&rq->rt, t, head);
	else
		fair_insert(&rq->fair, t);
}

void rq_queue_remove(struct run_queue *rq, struct thread *t)
{
	if (unlikely(policy_is_rt(t->policy)))
		rt_remove(&rq->rt, t);
	else
		fair_remove(&rq->fair, t);
}

/* t becomes runnable here; it is on no queue. */
void rq_enqueue(struct run_queue *rq, struct thread *t)
{
	debug_assert(!t->on_rq && !t->is_idle);
	if (likely(!policy_is_rt(t->policy)))
		fair_place(rq, t);
	rq_queue_insert(rq, t, false);
	atomic_store(&t->cpu, rq->cpu);
	atomic_store(&t->on_rq, true);
	rq->nr_running++;
}

/* t stops being runnable here: the running thread, or a queued one. */
void rq_dequeue(struct run_queue *rq, struct thread *t)
{
	assert(t->on_rq && rq->nr_running > 0);
	if (t != rq->curr)
		rq_queue_remove(rq, t);
	if (likely(!policy_is_rt(t->policy)))
		fair_save_lag(rq, t);
	atomic_store(&t->on_rq, false);
	rq->nr_running--;
}

/* t has just come to rq: does it run before what runs now? */
void rq_check_preempt(struct run_queue *rq, struct thread *t, ktime_t now, enum wake_kind kind)
{
	const struct thread *c = rq->curr;
	bool wait = kind == WAKE_FORK || (kind == WAKE_SYNC && rq->cpu == cpu_id());
	bool preempt;

	if (c->is_idle)
		preempt = true;
	else if (unlikely(policy_is_rt(t->policy)))
		preempt = !policy_is_rt(c->policy) || t->rt_prio > c->rt_prio;
	else
		preempt = !wait && !policy_is_rt(c->policy) && fair_preempts(rq, t);

	if (preempt)
		rq_set_resched(rq);
	else if (rq->cpu == cpu_id())
		timer_tick_arm(now + SCHED_SLICE_NS);
	else if (rq->nr_running ==
	         2) /* it ran alone, with the slow tick: sched_ipi_resched arms the fast one */
		arch_ipi_send(BIT(rq->cpu), IPI_RESCHED);
}

/* ---- the switch ---- */

/* The running thread leaves the queue: it sleeps, or is dead. */
static void rq_block(struct run_queue *rq, struct thread *prev)
{
	assert(!prev->is_idle);
	if (likely(!policy_is_rt(prev->policy)))
		fair_save_lag(rq, prev);
	atomic_store(&prev->on_rq, false);
	rq->nr_running--;
	if (prev->state == THREAD_UNINTERRUPTIBLE || prev->state == THREAD_KILLABLE) {
		prev->in_load = true;
		rq->nr_blocked_load++;
	}
}

static struct thread *rq_pick(struct run_queue *rq, struct thread *prev, enum sched_mode mode)
{
	bool runnable = prev->on_rq && !prev->is_idle;
	bool rotate = mode == SCHED_YIELD && !policy_is_rt(prev->policy);
	struct thread *next;

	if (rq->nr_running == runnable)
		return runnable ? prev : rq->idle;
	if (runnable && !rotate) {
		rq_queue_insert(rq, prev, mode != SCHED_YIELD && !prev->slice_over);
		prev->slice_over = false;
	}
	next = unlikely(rq->rt.nr) ? rt_pick(&rq->rt) : fair_pick(&rq->fair);
	assert(next);
	rq_queue_remove(rq, next);
	if (runnable &&
	    rotate) { /* only after the pick: a yielding thread is not chosen while there are others */
		prev->deadline += fair_virtual(prev, prev->slice_ns);
		fair_insert(&rq->fair, prev);
	}
	return next;
}

/* What is seldom: bury a dead thread; hand one to a CPU where it may run. */
static COLD void switch_finish_slow(struct thread *prev, bool dead, struct thread *push)
{
	if (push) {
		irqflags_t f = spin_lock_irqsave(&push->wake_lock);
		struct run_queue *rq = rq_of(sched_select_cpu(push, push->cpu, WAKE_NORMAL));
		ktime_t now = clock_monotonic();

		spin_lock(&rq->lock);
		rq_account(rq, now);
		rq_enqueue(rq, push);
		rq_check_preempt(rq, push, now, WAKE_NORMAL);
		spin_unlock(&rq->lock);
		spin_unlock_irqrestore(&push->wake_lock, f);
	}
	if (dead && prev->ops)
		prev->ops->dead(prev);
	else if (dead)
		kthread_dead(prev);
}

/* Runs in the new thread: prev's registers are saved. */
static inline void switch_finish(struct thread *prev) NO_LOCK_CHECK
{
	struct run_queue *rq = rq_this();
	/* Read before on_cpu falls: then prev may run elsewhere, exit and be freed. */
	bool dead = prev->state == THREAD_DEAD;
	struct thread *push = rq->push;

	rq->push = NULL;
	atomic_store_release(&prev->on_cpu, false);
	spin_unlock(&rq->lock);
	arch_irq_enable();
	if (unlikely(dead || push))
		switch_finish_slow(prev, dead, push);
}

static inline void switch_prepare(struct run_queue *rq, struct thread *prev, struct thread *next, ktime_t now)
{
	TRACE3(sched_switch, prev->tid, next->tid, prev->state);
	if (prev->state != THREAD_RUNNING) {
		prev->nvcsw++;
		prev->awake_from_ns = prev->sum_exec_ns;
	} else {
		prev->nivcsw++;
	}
	rq->nr_switches++;
	rq->curr = next;
	next->exec_start = now;
	next->on_cpu = true;
	if (next->is_idle) {
		atomic_or(&sched_idle_mask, BIT(rq->cpu));
	} else {
		if (prev->is_idle)
			atomic_and(&sched_idle_mask, ~BIT(rq->cpu));
		if (unlikely(timer_tick_deadline() == KTIME_MAX))
			timer_tick_arm(now + (rq->nr_running > 1 ? SCHED_SLICE_NS : SCHED_TICK_NS));
		if (next->ops)
			next->ops->switch_in(next);
	}
}

void (*sched_before_sleep)(struct thread *t);

void sched_switch(enum sched_mode mode) NO_LOCK_CHECK
{
	struct thread *prev = thread_current(), *next;

	debug_assert(arch_irqs_enabled());
	lockdep_might_sleep();
	if (unlikely(prev->plug_depth) && mode == SCHED_BLOCK && prev->state != THREAD_RUNNING)
		sched_before_sleep(prev);
	arch_irq_disable();
	struct run_queue *rq = rq_this();
	rcu_quiescent_fast(rq->cpu);
	spin_lock(&rq->lock);
	ktime_t now = clock_monotonic();

	rq_account(rq, now);
	if (thread_flag(prev, TF_NEED_RESCHED))
		thread_clear_flag(prev, TF_NEED_RESCHED);
	if (prev->state != THREAD_RUNNING) {
		if (mode == SCHED_BLOCK)
			rq_block(rq, prev);
	} else if (unlikely(!(prev->allowed & BIT(rq->cpu))) && !prev->is_idle) {
		rq_dequeue(rq, prev);
		rq->push = prev;
	}
	next = rq_pick(rq, prev, mode);
	if (next == prev) {
		spin_unlock(&rq->lock);
		arch_irq_enable();
		return;
	}
	switch_prepare(rq, prev, next, now);
	switch_finish(arch_switch(prev, next));
}

void sched_thread_start(struct thread *prev)
{
	switch_finish(prev);
}

void sched_schedule(void)
{
	thread_current()->wait_site = __builtin_return_address(0);
	sched_switch(SCHED_BLOCK);
}

void sched_resched(void)
{
	sched_switch(SCHED_PREEMPT);
}

void sched_yield(void)
{
	sched_switch(SCHED_YIELD);
}

void sched_exit(void)
{
	thread_set_state(THREAD_DEAD);
	sched_switch(SCHED_BLOCK);
	unreachable();
}

/* ---- waking up ---- */

static void wake_enqueue(struct thread *t, unsigned cpu, enum wake_kind kind)
{
	struct run_queue *rq = rq_of(cpu);
	ktime_t now;

	spin_lock(&rq->lock);
	now = clock_monotonic();
	rq_account(rq, now);
	if (t->in_load) {
		t->in_load = false;
		rq->nr_blocked_load--;
	}
	atomic_store(&t->state, THREAD_RUNNING);
	t->last_wake_ns = (u64)now;
	rq_enqueue(rq, t);
	TRACE2(sched_wake, t->tid, cpu);
	rq_check_preempt(rq, t, now, kind);
	spin_unlock(&rq->lock);
}

static void wake_locked(struct thread *t, enum wake_kind kind) NO_LOCK_CHECK
{
	if (atomic_load(&t->on_rq)) { /* (1) */
		struct run_queue *rq = rq_lock_thread(t);
		bool on_rq = t->on_rq;

		if (on_rq)
			atomic_store(&t->state, THREAD_RUNNING);
		spin_unlock(&rq->lock);
		if (on_rq)
			return;
	}
	while (atomic_load_acquire(&t->on_cpu)) /* (2) */
		arch_cpu_relax();
	wake_enqueue(t, sched_select_cpu(t, t->cpu, kind), kind); /* (3) */
}

bool thread_wake_irqoff(struct thread *t, unsigned state_mask, enum wake_kind kind)
{
	spin_lock(&t->wake_lock);
	bool wake = BIT(atomic_load(&t->state)) & state_mask;

	if (likely(wake))
		wake_locked(t, kind);
	spin_unlock(&t->wake_lock);
	return wake;
}

static bool wake_state(struct thread *t, unsigned state_mask, enum wake_kind kind)
{
	memory_barrier(); /* the caller's condition before our look at the state */
	irqflags_t f = arch_irq_save();
	bool woken = thread_wake_irqoff(t, state_mask, kind);

	arch_irq_restore(f);
	return woken;
}

bool thread_wake_state(struct thread *t, unsigned state_mask)
{
	return wake_state(t, state_mask, WAKE_NORMAL);
}

bool thread_wake_state_sync(struct thread *t, unsigned state_mask)
{
	return wake_state(t, state_mask, WAKE_SYNC);
}

static u64 forks_total;

u64 sched_forks_total(void)
{
	return atomic_load(&forks_total);
}

static void inherit(struct thread *t, const struct thread *parent)
{
	bool reset = parent->reset_on_fork;

	t->allowed = parent->allowed;
	if (unlikely(reset) && policy_is_rt(parent->set_policy))
		return; /* thread_init() left the normal policy with nice 0 */
	t->nice = reset ? MAX(parent->nice, (s8)0) : parent->nice;
	t->policy = t->set_policy = parent->set_policy;
	t->rt_prio = t->set_prio = parent->set_prio;
}

void sched_start(struct thread *t, const struct thread *parent)
{
	if (parent)
		inherit(t, parent);
	t->slice_ns = t->policy == POLICY_RR ? SCHED_RR_SLICE_NS : SCHED_SLICE_NS;
	fair_set_weight(t);
	atomic_add(&forks_total, 1);

	irqflags_t f = spin_lock_irqsave(&t->wake_lock);
	wake_enqueue(t, sched_select_cpu(t, cpu_id(), WAKE_FORK), WAKE_FORK);
	spin_unlock_irqrestore(&t->wake_lock, f);
}

void thread_kick(struct thread *t)
{
	unsigned cpu = atomic_load(&t->cpu);

	if (cpu != cpu_id() && atomic_load(&t->on_cpu))
		arch_ipi_send(BIT(cpu), IPI_RESCHED);
}

/* The interrupt itself brings a user thread to the exit path; what was asked for stands in the flags. */
void sched_ipi_resched(void)
{
	struct run_queue *rq = rq_this();

	if (rq->curr->is_idle)
		rcu_quiescent_fast(
		        rq->cpu); /* no handler is interrupted by us, and the idle loop reads nothing */
	else if (atomic_load(&rq->nr_running) > 1)
		timer_tick_arm(clock_monotonic() + SCHED_SLICE_NS);
}
