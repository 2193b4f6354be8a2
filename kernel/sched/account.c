/* SPDX-License-Identifier: MIT
 *
 * sched/account.c - the scheduling tick, CPU time, load average
 *
 * Owns:      load average; the statistics of run queues.
 * Layer:     sched.
 * Locks:     run_queue.lock.
 * Contexts:  sched_tick: the timer interrupt.  The readers: any.
 * Manual:    proc(5): /proc/stat, /proc/loadavg; times(2), getrusage(2).
 * Tests:     tests/abi/timing.c
 *
 * Theory
 * ------
 * CPU time is measured to the nanosecond at each switch.  Whether it was user or system time would need a
 * clock reading at each entry to and exit from the kernel; instead the tick looks where it fell, and the time
 * up to the next tick is booked there.  The sum is exact, the split is a sample.  A CPU that idles has no
 * tick; one that runs a single thread has one in 10 ms.
 */
#include <sched/rq.h>
#include <sched/timer.h>
#include <lib/bitmap.h>

/* How long t may still run before others, real ns. */
ktime_t sched_slice_left(const struct thread *t)
{
	if (t->policy == POLICY_FIFO)
		return SCHED_TICK_NS;
	if (t->policy == POLICY_RR)
		return MIN((ktime_t)t->slice_ns, (ktime_t)SCHED_TICK_NS);

	s64 left = (s64)(t->deadline - t->vruntime) * (s64)t->weight / SCHED_WEIGHT_0;
	return left < 200000 ? 200000 : MIN(left, (s64)SCHED_TICK_NS);
}

void sched_account_tick(bool from_user)
{
	irqflags_t f = arch_irq_save();
	struct run_queue *rq = rq_this();

	spin_lock(&rq->lock);
	rq->curr->sample_user = from_user;
	rq_account(rq, clock_monotonic());
	spin_unlock_irqrestore(&rq->lock, f);
}

void sched_tick(bool from_user, ktime_t now)
{
	struct run_queue *rq = rq_this();
	struct thread *t = rq->curr;

	if (t->is_idle)
		return; /* and no new one: the idle CPU is left alone */
	spin_lock(&rq->lock);
	t->sample_user = from_user;
	rq_account(rq, now);
	rq->nr_ticks++;
	timer_tick_arm(now + (rq->nr_running > 1 ? sched_slice_left(t) : SCHED_TICK_NS));
	spin_unlock(&rq->lock);

	if (from_user)
		rcu_quiescent_fast(rq->cpu);
	rcu_poke();
	if (!sched_one_cpu() && rq->nr_ticks % 8 == 0)
		sched_pull(rq, false);
}

u64 sched_cpu_time(const struct thread *t) NO_LOCK_CHECK
{
	irqflags_t f = arch_irq_save();
	struct run_queue *rq = rq_lock_thread((struct thread *)t);
	u64 ns = t->sum_exec_ns;

	if (rq->curr == t) {
		s64 run = clock_monotonic() - t->exec_start;
		ns += run > 0 ? (u64)run : 0;
	}
	spin_unlock_irqrestore(&rq->lock, f);
	return ns;
}

void sched_cpu_stats(unsigned cpu, struct sched_cpu_stats *out)
{
	struct run_queue *rq = rq_of(cpu);
	irqflags_t f = spin_lock_irqsave(&rq->lock);

	if (rq->online)
		rq_account(rq, clock_monotonic());
	*out = (struct sched_cpu_stats){
		.user_ns = rq->user_ns,
		.system_ns = rq->system_ns,
		.idle_ns = rq->idle_ns,
		.nr_switches = rq->nr_switches,
		.nr_running = rq->nr_running,
	};
	spin_unlock_irqrestore(&rq->lock, f);
}

unsigned sched_nr_running(void)
{
	unsigned n = 0, cpu;

	cpumask_for_each (cpu, sched_online_mask)
		n += atomic_load(&rq_of(cpu)->nr_running);
	return n;
}

/* ---- load average: exponentially damped means, sampled every 5 seconds ---- */

enum { LOAD_SHIFT = 11, LOAD_ONE = 1 << LOAD_SHIFT };
static const u32 load_decay[3] = { 1884, 2014, 2037 }; /* 2048 / exp(5 s / 1, 5, 15 min) */
static u32 load_avg[3];
static struct timer load_timer;

static void load_sample(struct timer *t)
{
	s64 active = 0;
	unsigned cpu;

	cpumask_for_each (cpu, sched_online_mask)
		active +=
		        (s64)atomic_load(&rq_of(cpu)->nr_running) + atomic_load(&rq_of(cpu)->nr_blocked_load);
	active = active < 0 ? 0 : active << LOAD_SHIFT;
	for (unsigned i = 0; i < 3; i++) {
		u64 load = (u64)load_avg[i] * load_decay[i] + (u64)active * (LOAD_ONE - load_decay[i]);
		if ((u64)active >= load_avg[i])
			load += LOAD_ONE - 1; /* rounds up while it rises, so that it arrives */
		atomic_store(&load_avg[i], (u32)(load >> LOAD_SHIFT));
	}
	timer_start(t, t->deadline + 5 * NSEC_PER_SEC);
}

void sched_load_start(void)
{
	timer_init(&load_timer, load_sample);
	timer_start(&load_timer, clock_monotonic() + 5 * NSEC_PER_SEC);
}

void sched_loadavg(u32 out[3])
{
	for (unsigned i = 0; i < 3; i++)
		out[i] = atomic_load(&load_avg[i]);
}
