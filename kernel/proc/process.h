/* SPDX-License-Identifier: MIT
 * proc/process.h - fork, exec, exit, wait, groups and sessions: what the system calls call. */
#pragma once
#include <proc/task.h>
#include <arch/trapframe.h>

struct clone_args_k { /* clone(2), decoded */
	u64 flags;
	unsigned long stack; /* new stack pointer, 0 = same */
	unsigned long tls;
	pid_t __user *parent_tid, *child_tid;
	int __user *pidfd; /* CLONE_PIDFD */
	int exit_signal;
	pid_t set_tid; /* the number the new task must have; 0 = any */
};
/* fork, vfork, clone: the child's pid, or -EAGAIN, -ENOMEM, -EINVAL. May sleep (vfork: until the child execs). */
MUST_CHECK long process_clone(const struct clone_args_k *a);
/* Creates PID 1, which runs the first of the given programs that can be executed. */
int process_start_init(const char *const *paths, const char *const *argv, const char *const *envp,
                       struct fs_ctx *fs);

/* Strings of argv or envp, from user or kernel memory. */
struct exec_strings {
	const void *array; /* user: const char __user *const __user *; kernel: const char *const * */
	bool user;
	bool small; /* a user's, with pointers of 32 bits */
};
/* execve(2): 0 (the trap frame is new) or -errno as the manual lists. name is a kernel string; dirfd the descriptor that
 * w->base came from, or negative. */
MUST_CHECK int process_exec(const struct fs_walk *w, int dirfd, const char *name, unsigned lookup,
                            struct exec_strings argv, struct exec_strings envp);
NORETURN void task_exit(int code);    /* this thread; code as wait status */
NORETURN void process_exit(int code); /* exit_group */
struct wait_args {
	int which; /* P_ALL, P_PID, P_PGID */
	pid_t id;
	int options; /* WNOHANG, WEXITED, WSTOPPED, WCONTINUED, WNOWAIT, __W* */
	/* results */
	int status;          /* as wait4 stores it */
	struct siginfo info; /* as waitid stores it; si_pid 0 = nothing (WNOHANG) */
	struct rusage_k usage;
};
/* The child's pid, 0 (WNOHANG), -ECHILD, -EINTR/-ERESTARTSYS. */
MUST_CHECK long process_wait(struct wait_args *a);
int process_setpgid(pid_t pid, pid_t pgid);
pid_t process_getpgid(pid_t pid); /* 0 = self; or -ESRCH */
pid_t process_getsid(pid_t pid);
pid_t process_setsid(void);
bool pgrp_orphaned(struct pid *pgrp) MUST_HOLD(&proc_lock); /* setpgid(2) */
void process_rusage(struct thread_group *g, int who, struct rusage_k *out);
int process_getitimer(int which, struct itimerval_k *out);
int process_setitimer(int which, const struct itimerval_k *new, struct itimerval_k *old);
/* prlimit(2) without the permission check: either pointer may be NULL.  0 or -EINVAL, -EPERM (raising the hard limit).
 * Address-space limits and those of CPU time take effect at once. */
int process_rlimit(struct thread_group *g, unsigned resource, const struct rlimit64_k *new,
                   struct rlimit64_k *old);
/* Registered by ipc/futex: wakes a waiter at a user address of the current task (CLONE_CHILD_CLEARTID); hands on the
 * locks of its robust list. */
extern void (*futex_wake_hook)(u32 __user *addr);
extern void (*futex_release_hook)(struct task *t);
/* Registered by tty/: called when a session leader exits (disassociate_ctty). */
extern void (*session_leader_exit)(struct thread_group *g);
/* Before each return to user mode when thread flags ask for it, irqs on: reschedule, deliver signals, restart. */
void task_exit_to_user(struct trapframe *tf);
