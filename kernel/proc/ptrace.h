/* SPDX-License-Identifier: MIT
 * proc/ptrace.h - one task watches and steers another: ptrace(2). */
#pragma once
#include <proc/task.h>
#include <abi/ptrace.h>

/* ---- ptrace_link.c: who traces whom ---- */
MUST_CHECK int ptrace_traceme(void);
/* PTRACE_ATTACH, or SEIZE with options.  0, -EPERM, -EIO, -EINVAL, -EINTR.  Sleeps. */
MUST_CHECK int ptrace_attach(struct task *t, bool seize, unsigned long addr, unsigned long options);
MUST_CHECK int ptrace_check_options(unsigned long options);
/* May the running task look into t or attach to it?  `real`: by its real ids (ptrace, process_vm_readv), else by
 * those for files (/proc). */
bool ptrace_may_access(struct task *t, bool real);
/* May t's tracer, if there is one, trace a program with more power? */
bool ptrace_tracer_capable(struct task *t);
pid_t ptrace_tracer_pid(struct task *t); /* 0 = none */
/* Ends the tracing of t. */
void ptrace_unlink(struct task *t) MUST_HOLD(&proc_lock);
/* A new task of a traced one is traced too, and will stop before its first instruction. */
void ptrace_inherit(struct task *child, struct task *parent) MUST_HOLD(&proc_lock);
/* The running task exits: its tracees go on without it, or die.  Dead ones that nobody else will wait for go to
 * `groups` (by `all`) and `threads` (by pt.link). */
void ptrace_exit_tracees(struct task *tracer, struct list_head *groups, struct list_head *threads)
        MUST_HOLD(&proc_lock);
/* A traced task is dead: its tracer shall come and wait for it. */
void ptrace_tell_exit(struct task *t) MUST_HOLD(&proc_lock);

/* ---- ptrace_stop.c: the tracee's side ---- */
/* Stops the running task for its tracer.  Called with the lock, returns with it; what the tracer made of `code`. */
int ptrace_stop(struct task *t, struct sighand **s, irqflags_t *f, int code, int why, u64 message,
                struct siginfo *info) NO_LOCK_CHECK;
/* A dequeued signal: the one to go on with, 0 = none. */
int ptrace_signal(struct task *t, struct sighand **s, irqflags_t *f, int sig,
                  struct siginfo *info) NO_LOCK_CHECK;
/* The stop of the group, or one the tracer asked for. */
void ptrace_trap(struct task *t, struct sighand **s, irqflags_t *f) NO_LOCK_CHECK;
/* Something changed for a seized task; sighand->lock held. */
void ptrace_trap_notify(struct task *t);
bool ptrace_event_wanted(const struct task *t, int event);
/* Stops with an event, if the tracer asked for it. */
void ptrace_event(int event, u64 message);
void ptrace_notify(int code, u64 message);
/* Before and after a system call.  enter: false = do not execute it. */
bool ptrace_syscall_enter(struct trapframe *tf);
void ptrace_syscall_exit(void);

/* ---- ptrace_control.c: the tracer's side ---- */
/* Holds a stopped tracee of the running task in place until ptrace_release; -ESRCH: it is none, or does not stop. */
MUST_CHECK int ptrace_hold(struct task *t);
void ptrace_release(struct task *t);
bool ptrace_is_mine(struct task *t);
/* The tracee is held; on success it runs and is no longer.  0 or -EIO. */
MUST_CHECK int ptrace_resume(struct task *t, long request, unsigned long sig);
MUST_CHECK int ptrace_detach(struct task *t, unsigned long sig);
MUST_CHECK int ptrace_interrupt(struct task *t);
MUST_CHECK int ptrace_listen(struct task *t);
MUST_CHECK int ptrace_get_siginfo(struct task *t, struct siginfo *info); /* 0, -EINVAL: a group stop */
/* The nth entry of t's queue of pending signals, or of its process's. */
bool ptrace_peek_siginfo(struct task *t, bool shared, u64 n, struct siginfo *info);
void ptrace_set_sigmask(struct task *t, sigset_k mask);
MUST_CHECK int ptrace_set_siginfo(struct task *t, const struct siginfo *info);
