/* SPDX-License-Identifier: MIT
 *
 * sched/policy.c - changing a thread's nice value, policy and affinity
 *
 * Owns:      thread->nice, policy, rt_prio, what was set and what is lent of them, weight, allowed.
 * Layer:     sched.  Permission is the system call's business.
 * Locks:     thread->wake_lock -> run_queue.lock.
 * Contexts:  process context.
 * Manual:    setpriority(2), sched_setscheduler(2), sched_setaffinity(2).
 * Tests:     tests/abi/sched2.c
 */
#include <sched/rq.h>
#include <sched/timer.h>
#include <abi/errno.h>

void sched_set_nice(struct thread *t, int nice) NO_LOCK_CHECK
{
	irqflags_t f = spin_lock_irqsave(&t->wake_lock);
	struct run_queue *rq = rq_lock_thread(t);
	bool queued = t->on_rq && t != rq->curr;

	nice = nice < -20 ? -20 : nice > 19 ? 19 : nice;
	rq_account(rq, clock_monotonic());
	if (queued)
		rq_queue_remove(rq, t);
	t->nice = (s8)nice;
	fair_set_weight(t);
	if (!policy_is_rt(t->policy))
		t->deadline = t->vruntime + fair_virtual(t, t->slice_ns);
	if (queued)
		rq_queue_insert(rq, t, false);
	spin_unlock(&rq->lock);
	spin_unlock_irqrestore(&t->wake_lock, f);
}

/* What it is scheduled by: what was set, or a higher priority that is lent.  t->wake_lock held. */
static void policy_apply(struct thread *t) NO_LOCK_CHECK
{
	bool lent = t->lent_prio > t->set_prio, was_rt = policy_is_rt(t->policy);
	u8 policy = lent && !policy_is_rt(t->set_policy) ? POLICY_FIFO : t->set_policy;
	u8 prio = lent ? t->lent_prio : t->set_prio;
	struct run_queue *rq = rq_lock_thread(t);
	bool queued = t->on_rq && t != rq->curr;

	rq_account(rq, clock_monotonic());
	if (queued)
		rq_queue_remove(rq, t);
	if (was_rt && !policy_is_rt(policy)) { /* comes into the fair class without merits or debts */
		t->vlag = 0;
		fair_place(rq, t);
	}
	t->policy = policy;
	t->rt_prio = prio;
	t->slice_ns = policy == POLICY_RR ? SCHED_RR_SLICE_NS : SCHED_SLICE_NS;
	fair_set_weight(t);
	if (!policy_is_rt(policy))
		t->deadline = t->vruntime + fair_virtual(t, t->slice_ns);
	if (queued)
		rq_queue_insert(rq, t, false);
	if (t->on_rq)
		rq_set_resched(rq);
	spin_unlock(&rq->lock);
}

int sched_set_policy(struct thread *t, enum sched_policy p, unsigned rt_prio) NO_LOCK_CHECK
{
	bool rt = policy_is_rt((u8)p);

	if (p != POLICY_NORMAL && p != POLICY_BATCH && p != POLICY_IDLE && !rt)
		return -EINVAL;
	if (rt ? rt_prio < 1 || rt_prio >= RT_PRIOS : rt_prio != 0)
		return -EINVAL;

	irqflags_t f = spin_lock_irqsave(&t->wake_lock);
	t->set_policy = (u8)p;
	t->set_prio = (u8)rt_prio;
	policy_apply(t);
	spin_unlock_irqrestore(&t->wake_lock, f);
	return 0;
}

void sched_lend_priority(struct thread *t, unsigned rt_prio) NO_LOCK_CHECK
{
	if (t->lent_prio == rt_prio)
		return;
	irqflags_t f = spin_lock_irqsave(&t->wake_lock);
	t->lent_prio = (u8)rt_prio;
	policy_apply(t);
	spin_unlock_irqrestore(&t->wake_lock, f);
}

/* A queued thread, t->wake_lock held: to a CPU of its mask. */
static void affinity_move(struct run_queue *rq, struct thread *t) NO_LOCK_CHECK
{
	ktime_t now = clock_monotonic();

	rq_account(rq, now);
	rq_dequeue(rq, t);
	spin_unlock(&rq->lock);

	rq = rq_of(sched_select_cpu(t, t->cpu, WAKE_NORMAL));
	spin_lock(&rq->lock);
	rq_account(rq, now);
	rq_enqueue(rq, t);
	rq_check_preempt(rq, t, now, WAKE_NORMAL);
	spin_unlock(&rq->lock);
}

int sched_set_affinity(struct thread *t, cpumask_t mask) NO_LOCK_CHECK
{
	mask &= atomic_load(&sched_online_mask);
	if (!mask)
		return -EINVAL;

	irqflags_t f = spin_lock_irqsave(&t->wake_lock);
	struct run_queue *rq = rq_lock_thread(t);
	bool leave = t->on_rq && !(mask & BIT(rq->cpu));
	bool running = t == rq->curr;

	t->allowed = mask;
	if (leave && !running) {
		affinity_move(rq, t);
	} else {
		if (leave)
			rq_set_resched(rq); /* sched_switch pushes it away */
		spin_unlock(&rq->lock);
	}
	spin_unlock_irqrestore(&t->wake_lock, f);

	if (leave && t == thread_current())
		sched_resched();
	else if (leave && running)
		while (atomic_load(&t->on_cpu) && !(mask & BIT(atomic_load(&t->cpu))))
			if (thread_sleep_until(clock_monotonic() + 100 * NSEC_PER_USEC, false))
				break;
	return 0;
}
