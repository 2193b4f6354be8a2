/* SPDX-License-Identifier: MIT
 * arch/x86_64/ptrace32.h - a stopped thread as the i386 ABI shows it; and what ptrace.c lends for that. */
#pragma once
#include <abi/types.h>
#include <sched/thread.h>

enum { REGS32_SIZE = 17 * 4, FSAVE32_SIZE = 27 * 4, AREAS_SIZE = 3 * 16 };

/* ---- ptrace32.c ---- */
/* arch_ptrace() for a tracer in a call of the i386 ABI. */
long ptrace32(struct thread *t, long request, unsigned long addr, unsigned long data);
long ptrace32_regs_read(const struct thread *t, void __user *to, size_t len);
MUST_CHECK long ptrace32_regs_write(struct thread *t, const void __user *from, size_t len);
long ptrace32_fpu_read(const struct thread *t, void __user *to, size_t len);
MUST_CHECK long ptrace32_fpu_write(struct thread *t, const void __user *from, size_t len);
/* arch_core_regs() for the sets that have a form of their own: NT_PRSTATUS, NT_PRFPREG, NT_386_TLS. */
void *ptrace32_core_regs(const struct thread *t, unsigned type, size_t *size);

/* ---- ptrace.c ---- */
u8 *ptrace_xstate_copy(const struct thread *t); /* complete, to be freed; NULL: no memory */
void ptrace_xstate_store(struct thread *t, u8 *area);
long ptrace_fpu_read(const struct thread *t, void __user *to, size_t len, bool extended);
MUST_CHECK long ptrace_fpu_write(struct thread *t, const void __user *from, size_t len, bool extended);
void ptrace_flags_set(struct thread *t, u64 value);
long ptrace_regset(struct thread *t, bool write, unsigned long type, unsigned long buf, u64 *len);
/* A selector of t as the tracer wants it: 0, -EIO. */
MUST_CHECK int ptrace_selector_set(struct thread *t, unsigned shift, u64 value);
