/* SPDX-License-Identifier: MIT
 *
 * sched/rt.c - the real-time class: FIFO and round robin by fixed priority
 *
 * Owns:      struct rt_queue.
 * Layer:     sched.  Called by core.c and balance.c only.
 * Locks:     every function runs under the run queue's lock.
 * Contexts:  any, irqs off; never sleeps.
 * Manual:    sched(7): SCHED_FIFO, SCHED_RR.
 * Tests:     tests/abi/sched2.c
 * Deviates:  there is no throttling (sched_rt_runtime_us): a real-time thread that spins owns its CPU.
 */
#include <sched/rq.h>
#include <lib/bitmap.h>

void rt_init(struct rt_queue *q)
{
	q->bitmap[0] = q->bitmap[1] = 0;
	q->nr = 0;
	for (unsigned i = 0; i < RT_PRIOS; i++)
		list_init(&q->list[i]);
}

/* A preempted thread goes to the head of its list, one whose slice ended or that yielded to the tail. */
void rt_insert(struct rt_queue *q, struct thread *t, bool head)
{
	unsigned p = t->rt_prio;

	assert(p > 0 && p < RT_PRIOS);
	if (head)
		list_add(&t->rt_link, &q->list[p]);
	else
		list_add_tail(&t->rt_link, &q->list[p]);
	q->bitmap[p / 64] |= BIT(p % 64);
	q->nr++;
}

void rt_remove(struct rt_queue *q, struct thread *t)
{
	unsigned p = t->rt_prio;

	list_del(&t->rt_link);
	if (list_empty(&q->list[p]))
		q->bitmap[p / 64] &= ~BIT(p % 64);
	q->nr--;
}

unsigned rt_best(const struct rt_queue *q)
{
	if (q->bitmap[1])
		return 63 + fls64(q->bitmap[1]);
	return q->bitmap[0] ? fls64(q->bitmap[0]) - 1 : 0;
}

struct thread *rt_pick(const struct rt_queue *q)
{
	if (q->nr == 0)
		return NULL;
	return list_first_entry(&q->list[rt_best(q)], struct thread, rt_link);
}

struct thread *rt_migratable(struct rt_queue *q, cpumask_t cpu_bit)
{
	struct thread *t;

	if (q->nr == 0)
		return NULL;
	list_for_each_entry (t, &q->list[rt_best(q)], rt_link)
		if (t->allowed & cpu_bit)
			return t;
	return NULL;
}
