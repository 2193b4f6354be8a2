/* SPDX-License-Identifier: MIT
 *
 * sched/balance.c - which CPU a thread runs on: placement at wake-up and fork, pulling by CPUs with less to
 * do
 *
 * Owns:      nothing; moves queued threads between run queues.
 * Layer:     sched.
 * Locks:     two run queues at once: the lower CPU first.
 * Contexts:  irqs off; never sleeps.
 * Manual:    sched_setaffinity(2).
 * Tests:     tests/abi/sched2.c
 */
#include <sched/rq.h>
#include <lib/bitmap.h>

static unsigned least_loaded(cpumask_t mask)
{
	unsigned best = (unsigned)__builtin_ctzll(mask), cpu;
	u32 best_nr = UINT32_MAX;

	cpumask_for_each (cpu, mask) {
		u32 nr = atomic_load(&rq_of(cpu)->nr_running);
		if (nr < best_nr) {
			best = cpu;
			best_nr = nr;
		}
	}
	return best;
}

/* For a real-time thread: a CPU that runs something of lesser priority, prev_cpu if it can be. */
static unsigned rt_cpu(const struct thread *t, cpumask_t mask, unsigned prev_cpu)
{
	unsigned cpu;

	cpumask_for_each (cpu, mask & BIT(prev_cpu)) {
		const struct thread *c = atomic_load(&rq_of(cpu)->curr);
		if (!policy_is_rt(c->policy) || c->rt_prio < t->rt_prio)
			return cpu;
	}
	cpumask_for_each (cpu, mask) {
		if (!policy_is_rt(atomic_load(&rq_of(cpu)->curr)->policy))
			return cpu;
	}
	return mask & BIT(prev_cpu) ? prev_cpu : (unsigned)__builtin_ctzll(mask);
}

unsigned sched_select_cpu(struct thread *t, unsigned prev_cpu, enum wake_kind kind)
{
	bool fork = kind == WAKE_FORK;

	if (likely(sched_one_cpu()))
		return prev_cpu;

	cpumask_t mask = t->allowed & atomic_load(&sched_online_mask);
	if (!mask)
		mask = atomic_load(&sched_online_mask);
	/* To wake another CPU takes longer than to wait for one that is about to be free. */
	if (kind == WAKE_SYNC && mask & BIT(cpu_id()) && atomic_load(&rq_this()->nr_running) == 1)
		return cpu_id();
	cpumask_t idle = mask & atomic_load(&sched_idle_mask);

	if (idle & BIT(prev_cpu) && !fork)
		return prev_cpu; /* its caches may still know it */
	if (idle)
		return (unsigned)__builtin_ctzll(idle);
	if (policy_is_rt(t->policy))
		return rt_cpu(t, mask, prev_cpu);
	if (fork || !(mask & BIT(prev_cpu)))
		return least_loaded(mask);
	return prev_cpu;
}

static void rq_lock_two(struct run_queue *a, struct run_queue *b) NO_LOCK_CHECK
{
	spin_lock(a->cpu < b->cpu ? &a->lock : &b->lock);
	spin_lock(a->cpu < b->cpu ? &b->lock : &a->lock);
}

static struct run_queue *busiest(struct run_queue *rq)
{
	struct run_queue *best = NULL;
	u32 best_nr = 0;
	unsigned cpu;

	cpumask_for_each (cpu, atomic_load(&sched_online_mask) & ~BIT(rq->cpu)) {
		u32 nr = atomic_load(&rq_of(cpu)->nr_running);
		if (nr > best_nr) {
			best = rq_of(cpu);
			best_nr = nr;
		}
	}
	return best;
}

/* Takes one waiting thread from the CPU that has most, if that has at least two more than this one.  An idle
 * CPU takes any; true when one came.  Irqs off, no lock held. */
bool sched_pull(struct run_queue *rq, bool idle) NO_LOCK_CHECK
{
	struct run_queue *from = busiest(rq);
	struct thread *t = NULL;

	if (!from || atomic_load(&from->nr_running) < (idle ? 2 : atomic_load(&rq->nr_running) + 2))
		return false;

	rq_lock_two(rq, from);
	if (from->nr_running >= rq->nr_running + 2) {
		t = rt_migratable(&from->rt, BIT(rq->cpu));
		if (!t)
			t = fair_last(&from->fair, BIT(rq->cpu));
	}
	if (t) {
		ktime_t now = clock_monotonic();

		rq_account(from, now);
		rq_account(rq, now);
		rq_dequeue(from, t);
		rq_enqueue(rq, t);
		rq_check_preempt(rq, t, now, WAKE_FORK);
	}
	spin_unlock(&from->lock);
	spin_unlock(&rq->lock);
	return t;
}
