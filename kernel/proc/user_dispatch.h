/* SPDX-License-Identifier: MIT
 * proc/user_dispatch.h - a program that catches its own system calls: prctl(2), PR_SET_SYSCALL_USER_DISPATCH. */
#pragma once
#include <proc/task.h>
#include <abi/seccomp.h>
#include <arch/trapframe.h>

/* From now on the running task gets SIGSYS for calls from outside [start, start + len) while *selector, a byte of its
 * memory, is SYSCALL_DISPATCH_FILTER_BLOCK, or always when selector is NULL.  0, -EINVAL (a region that wraps),
 * -EFAULT (no user address). */
MUST_CHECK int user_dispatch_on(u64 start, u64 len, const u8 __user *selector);
/* Ends it.  Any task that does not run: a child, or the running one. */
void user_dispatch_off(struct task *t);
/* Before a system call that tf asks for, with its ABI (AUDIT_ARCH_*).  True: it is not executed, a signal is pending.
 * May sleep. */
bool user_dispatch_enter(struct trapframe *tf, u32 audit);
