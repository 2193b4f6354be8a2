/* SPDX-License-Identifier: MIT
 * proc/task.h - tasks and thread groups (processes).
 *
 * A struct task is one thread of execution.  The threads of a process share address space, descriptor table, fs
 * context and signal handlers by reference-counted pointers (clone flags say which) and always share their
 * struct thread_group: pid, parent, children, session, limits, shared pending signals, exit status. */
#pragma once
#include <sched/thread.h>
#include <sched/timer.h>
#include <cred/cred.h>
#include <cred/rlimit.h>
#include <vm/space.h>
#include <fs/fdtable.h>
#include <fs/namei.h>
#include <abi/signal.h>
#include <abi/wait.h>
#include <proc/pid.h>

struct tty;
enum { COMM_LEN = 16 };

struct user_count;
struct posix_timer;
struct futex_pi_waiter;
struct rseq_k;
/* The ABI of the call a task is in.  Longs and pointers of the i386 ABI have 4 bytes; so have its times, but in the
 * calls that were made for the year 2038. */
enum call_layout { CALL_NATIVE, CALL_I386, CALL_I386_TIME64 };
enum task_exiting { TASK_ALIVE, TASK_EXITING, TASK_DEAD /* a leader that waits to be reaped, or gone */ };
enum group_wait_flag {
	GROUP_STOPPED = 1,     /* all threads have stopped */
	GROUP_STOP_REPORT = 2, /* ... and no wait(2) has reported it yet */
	GROUP_CONT_REPORT = 4, /* continued, not reported yet */
};

struct sighand { /* shared by CLONE_SIGHAND */
	struct refcount ref;
	struct spinlock lock; /* guards actions, all pending queues and masks of its users; irqs off */
	struct sigaction_k action[NSIG]; /* by signal number; [0] unused */
	s32 processes;                   /* thread groups that use it; lock */
	struct rcu_head rcu;
};
struct sigqueue { /* one queued signal */
	struct list_head link;
	struct siginfo info;
	struct posix_timer *timer; /* that owns it, or NULL */
	struct user_count *user;   /* charged with it; NULL = nobody */
};
struct ptrace_state {             /* of a tracee and, `tracees`, of a tracer; ptrace_link.c */
	struct task *tracer;      /* NULL = not traced; changes under proc_lock and sighand->lock */
	struct list_head tracees; /* of pt.link; proc_lock */
	struct list_head link;    /* proc_lock */
	u32 options;              /* PTRACE_O_*; the rest: sighand->lock */
	bool seized;
	bool trap_stop, trap_notify; /* must stop soon: INTERRUPT and ATTACH; news for who seized */
	bool listening;              /* PTRACE_LISTEN: stopped, but wait(2) does not show it */
	bool trapping;               /* on its way from a group stop into the trace stop */
	bool held;                   /* its tracer works on it: not even SIGKILL may wake it */
	bool stepping, emulated;     /* SINGLESTEP, SYSEMU */
	int code;                    /* of the stop, then the signal the tracer lets through */
	u64 message;                 /* GETEVENTMSG */
	struct siginfo *info;        /* of the stop, on the tracee's stack; NULL in a group stop */
};
struct sigpending {
	sigset_k set;
	struct list_head queue;
};
struct thread_group {
	struct refcount ref;
	pid_t tgid;
	struct task *leader;
	struct list_head threads;    /* of task->group_link; proc_lock */
	unsigned nr_threads;         /* linked in `threads`, an exited leader included */
	unsigned nr_live;            /* that have not begun to exit; sighand->lock */
	struct core_dump *core;      /* while a thread writes a core file; sighand->lock */
	struct task *exec_task;      /* thread in execve that waits for the others to die; sighand->lock */
	struct thread_group *parent; /* proc_lock; RCU readers */
	struct list_head children, sibling; /* proc_lock */
	struct list_head all;               /* all groups, proc_lock */
	struct pid *pgrp, *session;         /* proc_lock */
	struct list_head pgrp_link, session_link;
	struct tty *tty; /* controlling terminal; tty/ sets it under proc_lock */
	bool leader_of_session;
	struct sigpending shared; /* sighand->lock */
	int exit_code;            /* wait status once exiting */
	bool group_exit;          /* all threads must exit with exit_code */
	bool group_stop;          /* all threads should stop */
	bool execed;              /* setpgid rule */
	int stop_count;
	int stop_sig;
	u32 wait_flags;          /* GROUP_STOPPED, ... for wait(2); sighand->lock */
	int cld_pending;         /* CLD_STOPPED or CLD_CONTINUED the parent is still to be told */
	bool unkillable;         /* PID 1: only signals with a handler reach it */
	bool helper;             /* started by the kernel: nobody waits for it */
	bool child_subreaper;    /* prctl(PR_SET_CHILD_SUBREAPER) */
	pid_t parent_tid;        /* the thread that made it (__WNOTHREAD, pdeath_signal); proc_lock */
	bool zombie;             /* all threads dead, not yet reaped */
	int exit_signal;         /* to the parent; SIGCHLD; -1 none */
	struct waitq wait_child; /* waiters in wait4; woken by children */
	struct rlimits rlim;
	/* CPU time and counts of dead threads, and of waited-for children */
	u64 utime_ns, stime_ns, cutime_ns, cstime_ns, min_flt, maj_flt, cmin_flt, cmaj_flt, nvcsw, nivcsw,
	        cnvcsw, cnivcsw;
	u64 maxrss_pages, cmaxrss_pages;
	u64 rchar, wchar, syscr, syscw;
	struct timer real_timer; /* ITIMER_REAL, alarm */
	ktime_t real_interval;
	struct timer
	        cpu_timer; /* looks at ITIMER_VIRTUAL, PROF and the limits of CPU time when they may be due */
	u64 virt_value_ns, virt_interval_ns, prof_value_ns,
	        prof_interval_ns;      /* ITIMER_VIRTUAL, PROF: 0 = off */
	struct list_head posix_timers; /* sighand->lock */
	int next_timer_id;
	ktime_t start_time; /* monotonic */
	s32 oom_score_adj;
};
struct task {
	struct thread thread;
	pid_t pid;           /* of this thread (gettid) */
	struct refcount ref; /* 1 while not reaped, + users */
	struct thread_group *group;
	struct list_head group_link;
	struct pid *pid_node; /* the number's table entry */
	struct spinlock lock; /* others read mm, files, fs only under it: task_mm_get() and friends */
	struct vm_space *mm;  /* NULL after exit */
	struct fd_table *files;
	struct fs_ctx *fs;
	struct user_count *user; /* counts of its real uid; changes under sighand->lock */
	struct sighand *sighand;
	const struct cred *cred;   /* changed only by the task itself; readers of others use RCU */
	struct sigpending pending; /* sighand->lock */
	sigset_k blocked, saved_mask, real_blocked;
	struct sigaltstack_k altstack;
	char comm[COMM_LEN];
	int exit_code;      /* as wait status */
	u32 exiting;        /* enum task_exiting */
	bool core_awaited;  /* by the thread that dumps core; sighand->lock */
	bool stop_pending;  /* must take part in the group's stop; sighand->lock */
	bool stop_dequeued; /* took a stop signal, and no SIGCONT came since; sighand->lock */
	u64 min_flt, maj_flt;
	u64 __user *clear_child_tid; /* set_tid_address */
	void __user *robust_list;
	size_t robust_list_len;
	u64 timer_slack_ns,
	        timer_slack_usual_ns; /* prctl(PR_SET_TIMERSLACK); timers are never late on purpose */
	struct rseq_k __user *rseq;   /* rseq(2); NULL = none */
	u32 rseq_signature, rseq_cpu; /* rseq_cpu: the number that was written there last */
	struct list_head pi_owned;    /* locks it holds that others wait for; ipc/futex_pi.c guards these */
	struct futex_pi_waiter *pi_waits; /* on the lock it waits for, or NULL */
	bool pi_gone;                     /* it exits, and has left its locks */
	struct waitq *vfork_done;         /* parent waits here; set NULL and woken at exec or exit */
	struct list_head all;
	int pdeath_signal;
	u32 personality;
	u8 call_layout; /* enum call_layout: how the structures of the system call in progress look */
	bool strace;
	struct ptrace_state pt;
	bool no_new_privs;
	u8 mce_kill;                    /* prctl(PR_MCE_KILL); inherited */
	u8 seccomp_mode;                /* SECCOMP_MODE_*; this and the next: sighand->lock to change */
	struct seccomp_filter *seccomp; /* the newest, owned; read without a lock by the task itself */
	struct {                        /* PR_SET_SYSCALL_USER_DISPATCH; while TF_SYSCALL_DISPATCH is set */
		u64 start, len;
		const u8 __user *selector;
	} dispatch;
	struct restart { /* ERESTART_RESTARTBLOCK: nanosleep, poll */
		long (*fn)(struct task *t);
		ktime_t deadline;
		unsigned long arg[4];
		u8 layout; /* call_layout of the call */
	} restart;
	struct rcu_head rcu;
};
static inline struct task *thread_task(struct thread *t)
{
	return container_of(t, struct task, thread);
}
/* The running task.  Only in process context of a user task. */
static inline struct task *current_task(void)
{
	return thread_task(thread_current());
}
static inline u64 task_rlimit(const struct task *t, unsigned r)
{
	return atomic_load(&t->group->rlim.lim[r].cur);
}
static inline struct fs_walk task_walk(struct task *t)
{
	return (struct fs_walk){ t->fs, t->cred, NULL };
}
static inline void task_get(struct task *t)
{
	ref_get(&t->ref);
}
void task_put(struct task *t);
/* Another task's objects, with a reference; NULL when it has exited.  Any task; does not sleep. */
struct vm_space *task_mm_get(struct task *t);
struct fd_table *task_files_get(struct task *t);
/* The running task gets a descriptor table of its own, if it shares one.  0 or -ENOMEM. */
MUST_CHECK int task_unshare_files(struct task *t);
/* The same for its root, working directory and file mode mask. */
MUST_CHECK int task_unshare_fs(struct task *t);
struct fs_ctx *task_fs_get(struct task *t);
const struct cred *task_cred_get(struct task *t);

/* Guards the tree of processes, groups and sessions. Taken with irqs off; order: proc_lock -> sighand->lock. */
extern struct spinlock proc_lock;
/* By pid of a thread, with a reference, or NULL. */
struct task *task_find_get(pid_t pid);
/* The leader of process tgid, with a reference; NULL when tgid is no process. */
struct task *process_find_get(pid_t tgid);
/* The next process (leader, referenced) with tgid >= *tgid, which is updated; NULL at the end (procfs). */
struct task *process_next_get(pid_t *tgid);
struct task *process_next_thread(struct thread_group *g, pid_t *tid); /* same over threads */
unsigned tasks_count(void);
extern unsigned tasks_max; /* kernel.threads-max */
/* Changes credentials: takes over the reference to c. */
void task_set_cred(const struct cred *c);
/* Total user, system time of a process, living threads included, ns. */
void process_times(struct thread_group *g, u64 *utime, u64 *stime);
char task_state_char(struct task *t); /* R S D T t Z X */
/* The debug knob: the nth allocation of this thread from now on fails; 0 = off. */
void task_set_fail_nth(struct task *t, u32 nth);
void proc_init(void);
