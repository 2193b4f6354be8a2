/* SPDX-License-Identifier: MIT
 * sched/rq.h - inside of the scheduler: the run queue of a CPU.  For files of this folder only.
 *
 * Lock order: thread->wake_lock -> run_queue.lock (of two run queues: the lower CPU first).  Both with irqs
 * off.
 */
#pragma once
#include <sched/thread.h>
#include <sched/rcu.h>
#include <base/panic.h>
#include <base/trace.h>

enum {
	SCHED_SLICE_NS = 3000000,      /* request size of the fair class, and its time slice */
	SCHED_RR_SLICE_NS = 100000000, /* POLICY_RR, sched_rr_get_interval(2) */
	SCHED_TICK_NS = 10000000,      /* accounting tick of a thread that has its CPU alone */
	SCHED_WEIGHT_0 = 1024,         /* nice 0 */
	SCHED_WEIGHT_IDLE = 3,         /* POLICY_IDLE */
	SCHED_PICK_SCAN = 32,          /* fair_pick looks at this many deadlines at most */
	RT_PRIOS = 100,
};

/* The fair class: runnable threads but the running one, by virtual deadline.  See fair.c. */
struct fair_queue {
	struct rb_root tree;
	struct rb_node *first; /* earliest deadline */
	u64 base;              /* virtual times below are relative to it */
	s64 sum_wv;            /* sum of weight * (vruntime - base) over the tree */
	u64 sum_w;             /* sum of weights over the tree */
	unsigned nr;
};
/* The real-time class: one list for each priority. */
struct rt_queue {
	u64 bitmap[2];
	unsigned nr;
	struct list_head list[RT_PRIOS];
};
struct run_queue {
	struct spinlock lock;
	u32 cpu;
	bool online;
	u32 nr_running;      /* runnable threads, the running one included, the idle thread not */
	s32 nr_blocked_load; /* in uninterruptible sleep; may be negative on one CPU, the sum counts */
	struct thread *curr, *idle;
	struct thread *push; /* leaves for another CPU once its registers are saved */
	struct fair_queue fair;
	struct rt_queue rt;
	u64 user_ns, system_ns, idle_ns, nr_switches, nr_ticks;
};
DECLARE_PERCPU(struct run_queue, run_queues);
static inline struct run_queue *rq_of(unsigned cpu)
{
	return percpu_ptr(run_queues, cpu);
}
static inline struct run_queue *rq_this(void)
{
	return this_cpu_ptr(run_queues);
}
extern cpumask_t sched_online_mask; /* CPUs that schedule */
extern cpumask_t sched_idle_mask;   /* CPUs in their idle thread; atomically, a hint */

static inline bool sched_one_cpu(void)
{
	return (sched_online_mask & (sched_online_mask - 1)) == 0;
}

static inline bool policy_is_rt(u8 policy)
{
	return policy == POLICY_FIFO || policy == POLICY_RR;
}

/* fair.c; rq->lock held, rq->curr accounted up to now */
void fair_init(struct fair_queue *q);
void fair_place(struct run_queue *rq, struct thread *t);  /* vruntime and deadline of a thread that comes */
void fair_insert(struct fair_queue *q, struct thread *t); /* into the tree */
void fair_remove(struct fair_queue *q, struct thread *t); /* out of the tree */
void fair_save_lag(struct run_queue *rq,
                   struct thread *t);           /* of a thread that leaves; t = curr or just removed */
struct thread *fair_pick(struct fair_queue *q); /* NULL: none; stays in the tree */
struct thread *fair_last(struct fair_queue *q, cpumask_t cpu_bit); /* what balancing takes first; NULL */
void fair_charge(struct run_queue *rq, struct thread *t, u64 ns);  /* t = curr has run ns */
bool fair_preempts(const struct run_queue *rq, const struct thread *woken);
void fair_set_weight(struct thread *t);
u64 fair_virtual(const struct thread *t, u64 ns); /* ns of CPU time as virtual time of t */
/* rt.c; rq->lock held */
void rt_init(struct rt_queue *q);
void rt_insert(struct rt_queue *q, struct thread *t, bool head);
void rt_remove(struct rt_queue *q, struct thread *t);
struct thread *rt_pick(const struct rt_queue *q);
unsigned rt_best(const struct rt_queue *q); /* the highest priority queued, 0 = none */
struct thread *rt_migratable(struct rt_queue *q, cpumask_t cpu_bit);

/* core.c */
struct run_queue *rq_lock_thread(struct thread *t) NO_LOCK_CHECK; /* the queue t belongs to */
void rq_account(struct run_queue *rq, ktime_t now);
void rq_enqueue(struct run_queue *rq, struct thread *t);
void rq_dequeue(struct run_queue *rq, struct thread *t);
void rq_set_resched(struct run_queue *rq);
void rq_queue_remove(struct run_queue *rq,
                     struct thread *t); /* from its class's structure; t is not running */
void rq_queue_insert(struct run_queue *rq, struct thread *t, bool head);
/* Why a thread comes to a run queue. */
enum wake_kind {
	WAKE_NORMAL,
	WAKE_FORK, /* it is new, or was moved: where there is least to do, and nobody gives way to it */
	WAKE_SYNC, /* the waker is about to sleep: it stays on the waker's CPU and runs when that has slept */
};
void rq_check_preempt(struct run_queue *rq, struct thread *t, ktime_t now, enum wake_kind kind);
/* The policies of giving the CPU away. */
enum sched_mode {
	SCHED_BLOCK,   /* sleeps if its state says so */
	SCHED_PREEMPT, /* stays runnable whatever its state: it may be about to sleep */
	SCHED_YIELD,   /* others first */
};
void sched_switch(enum sched_mode mode);
/* thread_wake_state with irqs off, by a caller whose lock orders its condition before the sleeper's state. */
bool thread_wake_irqoff(struct thread *t, unsigned state_mask, enum wake_kind kind);
enum { WAKE_SLEEPING = 1 << THREAD_INTERRUPTIBLE | 1 << THREAD_UNINTERRUPTIBLE | 1 << THREAD_KILLABLE };

/* thread.c: after the last switch away from a kernel thread. */
void kthread_dead(struct thread *t);

/* account.c */
void sched_tick(bool from_user, ktime_t now);
ktime_t sched_slice_left(const struct thread *t);
void sched_load_start(void);

/* balance.c */
unsigned sched_select_cpu(struct thread *t, unsigned prev_cpu, enum wake_kind kind);
bool sched_pull(struct run_queue *rq, bool idle);

/* timer.c: this CPU's scheduling tick shares the one-shot timer; irqs off */
void timer_tick_arm(ktime_t deadline); /* not later than */
ktime_t timer_tick_deadline(void);     /* KTIME_MAX: not armed */
void timer_init_cpu(unsigned cpu);

/* rcu.c */
extern cpumask_t rcu_waiting; /* CPUs a grace period waits for */
void rcu_quiescent_slow(void);
/* Callbacks wait and nobody is on the way: wakes the rcu thread.  Irqs off, no locks held. */
void rcu_poke(void);
static inline void rcu_quiescent_fast(unsigned cpu)
{
	if (unlikely(atomic_load(&rcu_waiting) >> cpu & 1))
		rcu_quiescent_slow();
}
