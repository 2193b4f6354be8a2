/* SPDX-License-Identifier: MIT
 * arch/x86_64/debugreg.h - the debug registers of a thread, and single steps. */
#pragma once
#include <abi/types.h>
#include <arch/trapframe.h>
#include <sched/thread.h>

/* The switch: one of the two threads has breakpoints.  Irqs off. */
void debug_switch(const struct thread *next);
void debug_clear_current(void);
/* Reads DR6 and makes it ready for the next trap. */
u64 debug_take_status(void);
/* #DB in the kernel is a user's single step or breakpoint that took effect one instruction too late. */
void debug_trap_in_kernel(struct trapframe *tf);
/* si_code of a debug trap from user mode; the status is kept for the tracer.  Irqs on. */
int debug_trap_code(struct trapframe *tf, u64 status);
/* Register n of a stopped thread, as ptrace's struct user has them.  0, -EIO, -EINVAL. */
unsigned long debug_get(const struct thread *t, unsigned n);
MUST_CHECK int debug_set(struct thread *t, unsigned n, unsigned long value);
