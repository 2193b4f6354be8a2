/* SPDX-License-Identifier: MIT
 * proc/rseq.h - restartable sequences, rseq(2).  All of the running task. */
#pragma once
#include <proc/task.h>
#include <abi/rseq.h>

struct trapframe;
/* 0, -EINVAL (address, size), -EFAULT (no user address), -EPERM (another signature), -EBUSY (registered already). */
MUST_CHECK int rseq_register(struct rseq_k __user *area, u32 size, u32 signature);
/* 0, -EINVAL (not what was registered), -EPERM, -EFAULT.  May sleep. */
MUST_CHECK int rseq_unregister(struct rseq_k __user *area, u32 size, u32 signature);
/* A child that is not visible yet: with a copy of the memory it goes on where self is, else it has no area. */
void rseq_fork(struct task *t, const struct task *self, bool shares_memory);
void rseq_exec(struct task *t);
/* Before user code goes on at tf, or at a handler instead of it: a sequence that tf stands in is left, the CPU's number
 * is written.  -EFAULT or -EINVAL: the program's memory does not allow it, and it is to get SIGSEGV.  May sleep. */
MUST_CHECK int rseq_update(struct task *t, struct trapframe *tf);
