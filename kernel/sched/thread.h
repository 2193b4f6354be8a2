/* SPDX-License-Identifier: MIT
 * sched/thread.h - a thread of execution, and the scheduler's interface. */
#pragma once
#include <lib/list.h>
#include <lib/rbtree.h>
#include <base/spinlock.h>
#include <base/clock.h>
#include <base/percpu.h>
#include <arch/switch.h>

enum thread_state {
	THREAD_RUNNING,         /* runs or may run */
	THREAD_INTERRUPTIBLE,   /* sleeps; a signal wakes it */
	THREAD_UNINTERRUPTIBLE, /* sleeps; only its event wakes it */
	THREAD_KILLABLE,        /* sleeps; only its event or a fatal signal wakes it */
	THREAD_STOPPED,         /* job control; SIGCONT or a fatal signal wakes it */
	THREAD_TRACED,          /* ptrace stop */
	THREAD_DEAD,            /* never runs again */
};
/* thread->flags: work before the return to user mode, and tracing of system calls. */
enum thread_flag {
	TF_NEED_RESCHED = 1 << 0,   /* the CPU should pick again */
	TF_SIGPENDING = 1 << 1,     /* a signal may be deliverable */
	TF_KILLED = 1 << 2,         /* a fatal signal is pending (THREAD_KILLABLE wakes) */
	TF_NOTIFY = 1 << 3,         /* other work at the exit to user mode */
	TF_RESTORE_MASK = 1 << 4,   /* sigsuspend and friends: restore the saved mask */
	TF_SYSCALL_STRACE = 1 << 8, /* print system calls to the log */
	TF_SYSCALL_PTRACE = 1 << 9,
	TF_SYSCALL_TRACE = 1 << 10, /* tracepoints syscall_* are on */
	TF_SYSCALL_STEP = 1 << 11,  /* single step: trap at the end of the call */
	TF_SYSCALL_SECCOMP = 1 << 12,
	TF_SYSCALL_DISPATCH = 1 << 13,
	TF_EXIT_WORK = 0xff,
	TF_SYSCALL_WORK = 0xff00,
};
enum sched_policy { POLICY_NORMAL = 0, POLICY_FIFO = 1, POLICY_RR = 2, POLICY_BATCH = 3, POLICY_IDLE = 5 };

struct thread {
	u32 flags; /* enum thread_flag; atomically, by anyone */
	u32 state; /* enum thread_state */
	struct arch_thread arch;
	void *kstack; /* lowest address */
	pid_t tid;    /* for traces and logs; proc sets it */
	bool on_rq;   /* queued or running; run queue lock */
	bool on_cpu;  /* its registers are live on a CPU */
	bool is_idle, is_kernel;
	u32 cpu;                 /* where it runs or ran last */
	cpumask_t allowed;       /* sched_setaffinity */
	s8 nice;                 /* -20..19 */
	u8 policy;               /* enum sched_policy; real-time also while a priority is lent */
	u8 rt_prio;              /* 1..99 */
	u8 set_policy, set_prio; /* sched_setscheduler: what holds when nothing is lent */
	u8 lent_prio;            /* by those who wait for its locks; 0 = none */
	bool reset_on_fork;      /* a child starts with the normal policy and no better nice value than 0 */
	u32 weight;
	struct rb_node rb; /* fair queue */
	struct list_head rt_link;
	u64 vruntime, deadline; /* weighted ns */
	u64 slice_ns;
	s64 vlag;
	ktime_t exec_start;     /* last accounting point */
	u64 sum_exec_ns;        /* CPU time in all */
	u64 awake_from_ns;      /* sum_exec_ns when it went to sleep last: RLIMIT_RTTIME counts from there */
	u64 utime_ns, stime_ns; /* sum_exec split by where the accounting points fell */
	u64 nvcsw, nivcsw;      /* voluntary, involuntary switches */
	u64 last_wake_ns;
	u32 fail_nth;              /* the failure knob of mem: fail the n-th allocation from now; 0 = off */
	struct thread_ops *ops;    /* NULL in pure kernel threads */
	struct spinlock wake_lock; /* serialises wake-ups against going to sleep */
	const void *wait_site;     /* where it sleeps, for wchan */
	bool sample_user; /* the last tick fell into user mode: where time up to the next point goes */
	bool slice_over;  /* round robin: to the end of the list */
	bool in_load;     /* counted as uninterruptible; run queue lock */
	const char *name; /* of a kernel thread; user tasks have task->comm */
	struct list_head plugged; /* disk requests it holds back (block_plug) */
	u32 plug_depth;
};
/* Upward calls of sched, one set for all user tasks (proc provides). */
struct thread_ops {
	void (*switch_in)(struct thread *next); /* before next runs: activate its address space. Irqs off. */
	void (*dead)(struct thread *t); /* after the last switch away from a THREAD_DEAD thread; frees it.
	                                   Runs on another stack, irqs on, must not sleep. */
};
static inline struct thread *thread_current(void)
{
	return arch_current();
}
static inline bool thread_flag(const struct thread *t, unsigned f)
{
	return atomic_load(&t->flags) & f;
}
static inline void thread_set_flag(struct thread *t, unsigned f)
{
	atomic_or(&t->flags, f);
}
static inline void thread_clear_flag(struct thread *t, unsigned f)
{
	atomic_and(&t->flags, ~f);
}

/* Fills a thread with defaults (normal policy, nice 0, all CPUs), allocates its kernel stack and calls
 * arch_thread_init.  The thread does not run until sched_start.  0 or -ENOMEM (nothing kept). */
MUST_CHECK int thread_init(struct thread *t, void (*fn)(void *), void *arg, bool user);
/* Frees the stack and the arch part. */
void thread_destroy(struct thread *t);
/* Puts a new thread on a run queue. */
void sched_start(struct thread *t, const struct thread *parent);
/* Starts a kernel thread; it ends by returning from fn.  NULL = out of memory.  cpu < 0: any. */
struct thread *kthread_start(void (*fn)(void *), void *arg, const char *name, int cpu);

/* Gives the CPU away; with state != RUNNING the thread sleeps until thread_wake (or, by state, a signal).
 * The caller sets the state first, then checks its condition, then calls. */
void sched_schedule(void);
/* Registered by block: a thread that holds back disk requests is about to sleep.  Must not sleep or change the state. */
extern void (*sched_before_sleep)(struct thread *t);
/* Gives the CPU away if someone else should run.  May sleep (in that sense). */
void sched_resched(void);
static inline void cond_resched(void)
{
	if (unlikely(thread_flag(thread_current(), TF_NEED_RESCHED)))
		sched_resched();
}
void sched_yield(void);
/* sched_schedule with a deadline on clock_monotonic; 0 = woken before, -ETIMEDOUT.  KTIME_MAX: none. */
int sched_schedule_until(ktime_t deadline);
/* The deadline is on clock_realtime if `wall`. */
int sched_schedule_until_clock(ktime_t deadline, bool wall);
static inline void thread_set_state(enum thread_state s)
{
	__atomic_store_n(&thread_current()->state, s, __ATOMIC_SEQ_CST);
}
/* Makes t runnable if it sleeps in a state of the mask (BIT(THREAD_x)); true if it did.  Any context. */
bool thread_wake_state(struct thread *t, unsigned state_mask);
/* The same by a thread that will sleep at once, so t shall run here next: two that take turns need one CPU. A hint. */
bool thread_wake_state_sync(struct thread *t, unsigned state_mask);
static inline bool thread_wake(struct thread *t)
{
	return thread_wake_state(t, BIT(THREAD_INTERRUPTIBLE) | BIT(THREAD_UNINTERRUPTIBLE) |
	                                    BIT(THREAD_KILLABLE));
}
/* After setting a TF_ flag on a thread that may be running: makes it pass through the exit path soon. */
void thread_kick(struct thread *t);
/* True when an interruptible (killable) sleep must end now. */
static inline bool thread_signal_pending(void)
{
	return thread_flag(thread_current(), TF_SIGPENDING);
}
static inline bool thread_kill_pending(void)
{
	return thread_flag(thread_current(), TF_KILLED);
}
/* The current thread never runs again; sched calls ops->dead later. */
NORETURN void sched_exit(void);

/* 0 or -EINVAL.  Sleep until t has left forbidden CPUs. */
MUST_CHECK int sched_set_affinity(struct thread *t, cpumask_t mask);
void sched_set_nice(struct thread *t, int nice);
/* The best real-time priority of those who wait for t; 0 = none.  Calls for one thread must not run at once. */
void sched_lend_priority(struct thread *t, unsigned rt_prio);
MUST_CHECK int sched_set_policy(struct thread *t, enum sched_policy p, unsigned rt_prio);
/* CPU time including the slice that runs now. */
u64 sched_cpu_time(const struct thread *t);
/* Entry code: charge the time since the last point to user or system. Cheap; called at ticks and switches. */
void sched_account_tick(bool from_user);
struct sched_cpu_stats {
	u64 user_ns, system_ns, idle_ns, irq_ns, nr_switches, nr_running;
};
void sched_cpu_stats(unsigned cpu, struct sched_cpu_stats *out);
u64 sched_forks_total(void);
/* 1, 5, 15 minutes, fixed point with 11 bits. */
void sched_loadavg(u32 out[3]);
unsigned sched_nr_running(void);
/* The thread of the boot CPU's first context, later its idle thread.  arch makes it `current` before it calls
 * C code that asks thread_current(). */
extern struct thread sched_boot_thread;
/* Boot: run queue of this CPU; the current context becomes the idle thread of the CPU. */
void sched_init(void);
void sched_init_cpu(unsigned cpu, struct thread *idle);
struct thread *sched_idle_create(unsigned cpu); /* for a secondary CPU */
NORETURN void sched_idle_loop(void);
/* Entered on the first run of a new thread (arch calls it): finishes the switch. */
void sched_thread_start(struct thread *prev);
/* IPI_RESCHED handler. */
void sched_ipi_resched(void);
