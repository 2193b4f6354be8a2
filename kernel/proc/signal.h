/* SPDX-License-Identifier: MIT
 * proc/signal.h - sending and receiving signals, signal(7). */
#pragma once
#include <proc/task.h>

/* kernel-made siginfo: SI_KERNEL, no sender */
#define SIGINFO_KERNEL ((const struct siginfo *)1)
/* To a process, to one thread, to all processes of a group. info NULL = SI_USER from the current task.
 * No permission check.  Any context but NMI.  0, -EAGAIN (queue limit; real-time signals), -ESRCH (group empty). */
/* siginfo32.c: a siginfo in the i386 form. */
void siginfo_narrow(struct siginfo32 *to, const struct siginfo *from);
int signal_send_process(struct thread_group *g, int sig, const struct siginfo *info);
int signal_send_thread(struct task *t, int sig, const struct siginfo *info);
int signal_send_pgrp(struct pid *pgrp, int sig, const struct siginfo *info); /* takes proc_lock */
/* kill(2), tkill, tgkill, rt_sigqueueinfo with the permission rules; sig 0 checks only. */
int signal_kill(pid_t pid, int sig);
/* tgid < 0: whatever process the thread belongs to (tkill) */
int signal_tgkill(pid_t tgid, pid_t tid, int sig);
int signal_queue(pid_t pid, int sig, struct siginfo *info);
int signal_tgqueue(pid_t tgid, pid_t tid, int sig, struct siginfo *info);
/* A fault of the running task; unblocks and resets the action when it was blocked or ignored. */
void signal_fault(int sig, int code, unsigned long addr);
void signal_force(int sig);                                     /* same without address */
void signal_force_info(const struct siginfo *info, bool fatal); /* fatal: a handler does not help */
/* SIGSYS for the system call that tf asks for, of an ABI (AUDIT_ARCH_*): handler and core file see the registers as they
 * were.  code: SYS_SECCOMP, SYS_USER_DISPATCH; error: si_errno. */
void signal_force_sigsys(struct trapframe *tf, int code, int error, u32 audit, bool fatal);
int signal_action(int sig, const struct sigaction_k *new, struct sigaction_k *old);
void signal_set_mask(sigset_k mask);     /* of the running task; KILL and STOP are removed */
void signal_suspend_mask(sigset_k mask); /* sigsuspend, ppoll: until the call ends */
sigset_k signal_pending_set(void);
int signal_altstack(const struct sigaltstack_k *new, struct sigaltstack_k *old, unsigned long sp);
/* sigtimedwait: the signal, or -EAGAIN, -EINTR. */
int signal_timedwait(sigset_k set, struct siginfo *info, ktime_t deadline);
/* Woken when any task gets a signal; who waits looks at its own with signal_pending_any() (signalfd). */
extern struct waitq signal_watchers;
bool signal_pending_any(sigset_k set);    /* of the running task, blocked or not */
long signal_return(struct trapframe *tf); /* rt_sigreturn */
/* exec: handlers to default, ignored stay. */
void signal_exec(struct task *t);
/*
 * What thread t was to take of its process's signals and no longer will (it blocks them, or exits) becomes
 * the others': one thread is woken for each signal.  When t is not marked, another has been chosen already.
 * sighand->lock held.
 */
void signal_retarget(struct task *t, sigset_k given_up);
/* Recomputes TF_SIGPENDING; sighand->lock held. */
void signal_recalc(struct task *t);
struct sighand *sighand_copy(struct sighand *old); /* NULL old: defaults */
void sighand_put(struct sighand *s);
bool signal_ignored(struct task *t, int sig); /* blocked or ignored: the tty's background rules */
void signal_flush(struct sigpending *p);
