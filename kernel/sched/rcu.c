/* SPDX-License-Identifier: MIT
 *
 * sched/rcu.c - read-copy-update: when may what readers could still see be freed?
 *
 * Owns:      callback lists, the grace period, the rcu thread.
 * Layer:     sched.
 * Locks:     rcu_cpu.lock (irqs off), a leaf; gp_mutex: one grace period at a time.
 * Contexts:  rcu_call: any.  Callbacks: the rcu thread; they must not sleep for long.  rcu_synchronize:
 * sleeps. Manual:    none.  P. McKenney: Is Parallel Programming Hard, chapter 9. Tests:     tests/stress
 *
 * Theory
 * ------
 * The kernel is not preempted and a reader does not sleep.  So once a CPU has switched threads (or takes an
 * interrupt from user mode, or sits in its idle loop) every reader that was on it is over: a *quiescent
 * state*.  When each CPU has passed one, the grace period is over.
 *
 * With one CPU that is the case as soon as anyone else runs; a grace period costs nothing, and callbacks
 * only wait for their thread to run.  With more, the others are asked by an interrupt: an idle CPU answers in
 * the handler itself, a busy one at its next switch, which the NEED_RESCHED flag brings about.
 *
 * Callbacks collect in lists, one a CPU.  Their thread is woken when a CPU has many, by the tick, or when a
 * CPU runs out of other work: a process that opens and closes files pays a few instructions for each, not a
 * switch.
 */
#include <sched/rq.h>
#include <sched/mutex.h>
#include <arch/smp.h>
#include <lib/bitmap.h>

enum { RCU_BATCH = 256 }; /* callbacks on one CPU that wake the thread at once */

struct rcu_cpu {
	struct spinlock lock;
	struct rcu_head *head, **tail;
	unsigned count;
	bool ready;
};
static DEFINE_PERCPU(struct rcu_cpu, rcu_cpus);

cpumask_t rcu_waiting;
static struct mutex gp_mutex;
static struct waitq gp_wait = WAITQ_INIT(gp_wait);         /* rcu_waiting became empty */
static struct waitq thread_wait = WAITQ_INIT(thread_wait); /* rcu_kicked */
static struct waitq done_wait = WAITQ_INIT(done_wait);     /* batches_done moved */
static struct thread *rcu_thread;
static bool rcu_kicked;
static u64 batches_started, batches_done;

static void rcu_cpu_init(struct rcu_cpu *c)
{
	c->tail = &c->head;
	c->ready = true;
}

static void rcu_kick(void)
{
	if (!atomic_xchg(&rcu_kicked, true))
		waitq_wake_all(&thread_wait);
}

void rcu_call(struct rcu_head *h, void (*fn)(struct rcu_head *))
{
	irqflags_t f = arch_irq_save();
	struct rcu_cpu *c = this_cpu_ptr(rcu_cpus);

	h->next = NULL;
	h->fn = fn;
	spin_lock(&c->lock);
	if (unlikely(!c->ready))
		rcu_cpu_init(c);
	*c->tail = h;
	c->tail = &h->next;
	bool many = ++c->count >= RCU_BATCH;
	spin_unlock_irqrestore(&c->lock, f);
	if (unlikely(many))
		rcu_kick();
}

void rcu_poke(void)
{
	if (unlikely(atomic_load(&this_cpu_ptr(rcu_cpus)->count)) && rcu_thread)
		rcu_kick();
}

/* ---- grace periods ---- */

void rcu_quiescent_slow(void)
{
	cpumask_t bit = BIT(cpu_id());

	if (atomic_and(&rcu_waiting, ~bit) == bit)
		waitq_wake_all(&gp_wait);
}

void rcu_quiescent(void)
{
	rcu_quiescent_fast(cpu_id());
}

/* Makes the CPU pass a quiescent state soon, whatever it does. */
static void rcu_ask(unsigned cpu)
{
	struct run_queue *rq = rq_of(cpu);
	irqflags_t f = spin_lock_irqsave(&rq->lock);

	thread_set_flag(rq->curr, TF_NEED_RESCHED);
	spin_unlock_irqrestore(&rq->lock, f);
	arch_ipi_send(BIT(cpu), IPI_RESCHED);
}

void rcu_synchronize(void)
{
	unsigned cpu;

	if (sched_one_cpu())
		return; /* we run, so no reader does */

	mutex_lock(&gp_mutex);
	memory_barrier(); /* what the caller unlinked, before we ask */
	cpumask_t others = atomic_load(&sched_online_mask) & ~BIT(cpu_id());
	atomic_store_release(&rcu_waiting, others);
	memory_barrier();
	cpumask_for_each (cpu, others)
		rcu_ask(cpu);
	wait_event(&gp_wait, atomic_load_acquire(&rcu_waiting) == 0);
	mutex_unlock(&gp_mutex);
}

/* ---- callbacks ---- */

/* Takes all lists; one chain. */
static struct rcu_head *rcu_collect(void)
{
	struct rcu_head *all = NULL, **tail = &all;

	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		struct rcu_cpu *c = percpu_ptr(rcu_cpus, cpu);
		irqflags_t f = spin_lock_irqsave(&c->lock);

		if (c->ready && c->head) {
			*tail = c->head;
			tail = c->tail;
			rcu_cpu_init(c);
			c->head = NULL;
			c->count = 0;
		}
		spin_unlock_irqrestore(&c->lock, f);
	}
	return all;
}

static void rcu_main(void *arg)
{
	for (;;) {
		wait_event_interruptible(&thread_wait, atomic_xchg(&rcu_kicked, false));
		atomic_add(&batches_started, 1);

		struct rcu_head *h = rcu_collect();
		if (h)
			rcu_synchronize();
		while (h) {
			struct rcu_head *next = h->next;

			h->fn(h);
			h = next;
			cond_resched();
		}
		atomic_store_release(&batches_done, batches_started);
		waitq_wake_all(&done_wait);
	}
}

void rcu_barrier(void)
{
	assert(thread_current() != rcu_thread);
	memory_barrier();
	/* A batch that starts after this point takes all that is queued now. */
	u64 want = atomic_load(&batches_started) + 1;

	rcu_kick();
	wait_event(&done_wait, atomic_load_acquire(&batches_done) >= want);
}

void rcu_init(void)
{
	mutex_init(&gp_mutex);
	rcu_thread = kthread_start(rcu_main, NULL, "rcu", -1);
	if (!rcu_thread)
		panic("no memory for the rcu thread");
}
