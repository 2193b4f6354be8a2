/* SPDX-License-Identifier: MIT
 * proc/internal.h - what the files of this chapter tell each other and nobody else. */
#pragma once
#include <proc/task.h>
#include <proc/user.h>

struct posix_timer;

/* ---- task.c ---- */
/* A task with a kernel stack and nothing else, reference count 2 (not reaped, and running), invisible.  fn
 * NULL: it will return to user mode.  NULL = out of memory. */
struct task *task_alloc(void (*fn)(void *), void *arg);
/* Undoes task_alloc; what was attached to the task must have been taken off. */
void task_discard(struct task *t);
struct thread_group *group_alloc(void); /* one reference, empty; NULL = out of memory */
void group_put(struct thread_group *g); /* frees; only after an RCU grace period once it was visible */
/* Drops a reference to credentials that other CPUs may be reading. */
void cred_put_deferred(const struct cred *c);
/* Installs an address space for the running task (NULL: none) and returns the old one. */
struct vm_space *task_switch_mm(struct task *t, struct vm_space *mm);
/* After t->rseq has changed: what a switch to t has to do (rseq.c). */
void task_choose_ops(struct task *t);
void rseq_switch_in(struct thread *next);
/* Links a new task into the tables: proc_lock held; parent is NULL for PID 1. */
void task_link_leader(struct task *t, struct thread_group *parent, pid_t parent_tid, struct pid *pgrp,
                      struct pid *session) MUST_HOLD(&proc_lock);
void task_link_thread(struct task *t) MUST_HOLD(&proc_lock);
/* A thread that is no leader leaves its group: its times are added to the group's.  The caller drops
 * pid_node. */
void task_unlink_thread(struct task *t) MUST_HOLD(&proc_lock);
/* A dead process leaves all tables.  Then, without the lock, process_free() drops what it held. */
void process_unlink(struct thread_group *g) MUST_HOLD(&proc_lock);
void process_free(struct task *leader);
void thread_free(struct task *t);       /* same for a thread, after task_unlink_thread */
extern unsigned tasks_nr;               /* atomically */
enum { TIMER_SLACK_NS = 50000 };        /* of PID 1 */
extern struct thread_group *init_group; /* of PID 1 */
/* fork.c: frees a task that was never linked, and whatever was attached to it. */
void clone_undo(struct task *t);
extern struct list_head groups_all; /* proc_lock */

/* ---- pid.c ---- */
void pid_init(void);
extern struct pid pid_zero;         /* group and session of PID 1 until it makes its own; never freed */
struct pid *pid_find_rcu(pid_t nr); /* under rcu_read_lock or proc_lock; no reference */
pid_t pid_next_used(pid_t from);    /* the first number in use >= from, or -1 */

/* ---- signal_queue.c, signal_send.c, signal_stop.c ---- */
#define SIGSET_STOP        (SIGMASK(SIGSTOP) | SIGMASK(SIGTSTP) | SIGMASK(SIGTTIN) | SIGMASK(SIGTTOU))
#define SIGSET_IGNORE      (SIGMASK(SIGCONT) | SIGMASK(SIGCHLD) | SIGMASK(SIGWINCH) | SIGMASK(SIGURG))
#define SIGSET_KERNEL_ONLY (SIGMASK(SIGKILL) | SIGMASK(SIGSTOP))
#define SIGSET_FAULT                                                                                         \
	(SIGMASK(SIGSEGV) | SIGMASK(SIGBUS) | SIGMASK(SIGILL) | SIGMASK(SIGTRAP) | SIGMASK(SIGFPE) |         \
	 SIGMASK(SIGSYS))
#define SIGSET_CORE (SIGSET_FAULT | SIGMASK(SIGQUIT) | SIGMASK(SIGABRT) | SIGMASK(SIGXCPU) | SIGMASK(SIGXFSZ))
/* Locks a task's sighand, also while the task replaces it in execve. */
struct sighand *sighand_lock(struct task *t, irqflags_t *f) NO_LOCK_CHECK;
/* The running task's own: nobody else replaces it. */
static inline struct sighand *sighand_lock_self(struct task *t, irqflags_t *f) NO_LOCK_CHECK
{
	*f = spin_lock_irqsave(&t->sighand->lock);
	return t->sighand;
}
static inline void sighand_unlock(struct sighand *s, irqflags_t f) NO_LOCK_CHECK
{
	spin_unlock_irqrestore(&s->lock, f);
}
void sighand_free_now(struct sighand *s); /* drops a reference when no RCU reader is left */
/* Takes the next deliverable signal out of the thread's queue, then the group's; 0 = none.  sighand->lock
 * held. */
int signal_dequeue(struct task *t, sigset_k blocked, struct siginfo *info);
/* Queues sig with its information, as the rules of RLIMIT_SIGPENDING allow: 0 or -EAGAIN. */
int sigpending_add(struct sigpending *p, struct task *t, int sig, const struct siginfo *info);
void sigpending_remove(struct sigpending *p, sigset_k set); /* forgets these signals */
/* An entry charged to t's user, NULL at the limit or without memory; freed with sighand->lock held or unlinked. */
struct sigqueue *sigqueue_alloc(struct task *t, bool over_limit);
void sigqueue_free(struct sigqueue *q);
/* Queues a timer's own entry, which is in no queue; false when the signal is ignored.  sighand->lock held. */
bool signal_send_entry(struct sighand *s, struct task *t, bool whole_group, struct sigqueue *q);
bool signal_default_ignored(const struct sighand *s, int sig);
/* Wakes t for a new signal; fatal: out of every sleep but the uninterruptible. sighand->lock held. */
void signal_wake(struct task *t, bool fatal);
/* All threads but the caller get SIGKILL; sighand->lock held. */
void group_kill_others(struct thread_group *g, const struct task *but);
int signal_send_locked(struct sighand *s, struct task *t, bool whole_group, int sig,
                       const struct siginfo *info);
/* As signal_send_pgrp, with proc_lock held. */
int signal_send_pgrp_locked(struct pid *pgrp, int sig, const struct siginfo *info) MUST_HOLD(&proc_lock);
/* Stops the running thread for sig (0: a stop of the group is under way).  Called with the lock, and false
 * returned with it when there is nothing to stop for; true: it has slept and the lock is gone. */
bool signal_stop_here(struct task *t, struct sighand *s, irqflags_t f, int sig) NO_LOCK_CHECK;
/* Before a signal is queued: SIGCONT and stop signals drive each other out. */
void signal_stop_prepare(struct sighand *s, struct task *t, int sig);
/* The running task has stopped, or never will: one thread less to wait for.  True when all have stopped and the
 * parent is to be told.  sighand->lock held. */
bool signal_stop_arrive(struct task *t);
/* A thread exits while its group stops: true if it was the last to be waited for. */
bool signal_stop_leave(struct task *t);
/* Tells the parent about a stop or continuation (CLD_*). */
void group_notify_stopped(struct thread_group *g, int why);
void signal_init(void);
void caller_init(void); /* caller.c */

/* ---- exit.c, reparent.c ---- */
/* All threads of g are dead: tells the parent.  True when nobody will wait for it: the caller must reap. */
bool group_notify_exit(struct thread_group *g) MUST_HOLD(&proc_lock);
/* The last thread of g is going: its children get a new parent.  Processes nobody waits for go to `reap`. */
void reparent_children(struct thread_group *g, struct list_head *reap) MUST_HOLD(&proc_lock);
/* SIGHUP and SIGCONT to pgrp when g's leaving orphans it while it has stopped members. */
void pgrp_check_orphaned(struct thread_group *g, struct thread_group *parent) MUST_HOLD(&proc_lock);
int group_wait_status(const struct thread_group *g);
void vfork_complete(struct task *t);
/* Before the task leaves its memory: hands on its robust locks; writes 0 to clear_child_tid and wakes, if others
 * still use the memory. */
void task_clear_tid(struct task *t);

/* ---- dethread.c ---- */
/* Makes the running task the only thread and the leader of its group: 0, or -EAGAIN (a fatal signal is
 * pending). */
MUST_CHECK int exec_kill_threads(struct task *t);

/* ---- posix_timer.c: sighand->lock held but for the last ---- */
void posix_timer_delivered(struct posix_timer *pt, struct siginfo *info); /* its signal is being taken */
void posix_timer_unqueued(struct posix_timer *pt);                        /* its signal left the queue */
void posix_timers_delete_all(struct thread_group *g); /* exit, exec; may wait for a running timer */

/* ---- times.c, itimer.c ---- */
struct usage_sum {
	u64 utime, stime, min_flt, maj_flt, nvcsw, nivcsw, maxrss;
};
void usage_of_group(struct thread_group *g,
                    struct usage_sum *out); /* dead and living threads; sighand->lock held */
void usage_children(struct thread_group *g, struct usage_sum *out); /* proc_lock held */
void usage_store(const struct usage_sum *u, struct rusage_k *out);
void usage_add_thread(struct thread_group *g, const struct task *t); /* a thread leaves */
void usage_add_child(struct thread_group *parent, struct thread_group *child) MUST_HOLD(&proc_lock);
void task_cpu_times(const struct task *t, u64 *utime, u64 *stime);
void itimer_init(struct thread_group *g);
void itimer_exit(struct thread_group *g);      /* may wait for a running timer */
void itimer_start_cpu(struct thread_group *g); /* after fork and prlimit, when CPU time has a limit */
static inline bool itimer_cpu_limited(struct thread_group *g)
{
	return atomic_load(&g->rlim.lim[RLIMIT_CPU].cur) != RLIM_INFINITY ||
	       atomic_load(&g->rlim.lim[RLIMIT_RTTIME].cur) != RLIM_INFINITY;
}
/* Copies the limits of memory from the group to an address space. */
void limits_apply(const struct thread_group *g, struct vm_space *mm);
