/* SPDX-License-Identifier: MIT
 * proc/seccomp.h - which system calls a task may make: seccomp(2). */
#pragma once
#include <proc/task.h>
#include <abi/seccomp.h>
#include <arch/trapframe.h>

/* SECCOMP_MODE_STRICT for the running task: 0, -EINVAL. */
MUST_CHECK int seccomp_set_strict(void);
/* A new filter for the running task, in front of those it has; prog is copied.  flags: SECCOMP_FILTER_FLAG_*.
 * 0; a thread that stands in the way (TSYNC); -EINVAL, -EACCES, -ENOMEM, -ESRCH. */
MUST_CHECK long seccomp_set_filter(const struct sock_filter_k *prog, unsigned len, unsigned flags);
/* May the running task install filters? */
bool seccomp_may_filter(void);
/* Before a system call that is asked for in tf, with its number, ABI (AUDIT_ARCH_*) and arguments in *d.  False: do not
 * execute it; the result stands in tf, or a signal is pending.  A tracer may have changed tf. */
bool seccomp_enter(struct trapframe *tf, struct seccomp_data_k *d,
                   unsigned long (*arg)(const struct trapframe *, unsigned));
/* The child of a clone gets what the parent has; sighand->lock of both held. */
void seccomp_fork(struct task *child, struct task *parent);
void seccomp_free(struct task *t); /* the last reference to t is gone */
unsigned seccomp_count(struct task *t);
/* A copy of t's nth filter, the oldest first, to be freed: its number of instructions.  -ENOENT, -EINVAL (t has no
 * filters), -ENOMEM. */
MUST_CHECK long seccomp_get_filter(struct task *t, u64 nth, struct sock_filter_k **prog);
/* With what SECCOMP_FILTER_FLAG_* it was installed: 0, -ENOENT, -EINVAL. */
MUST_CHECK int seccomp_get_flags(struct task *t, u64 nth, u64 *flags);
