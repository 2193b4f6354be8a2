/* SPDX-License-Identifier: MIT
 * arch/ptrace.h (x86-64) - the registers of a stopped thread, for its tracer. */
#pragma once
#include <abi/types.h>
#include <arch/trapframe.h>

struct thread;
enum { ARCH_AUDIT = 0xc000003e, ARCH_AUDIT32 = 0x40000003 }; /* AUDIT_ARCH_X86_64, AUDIT_ARCH_I386 */

/* The requests that know registers; t is off its CPU and stays so.  0 or -errno; -EIO: no such request.  Sleeps. */
long arch_ptrace(struct thread *t, long request, unsigned long addr, unsigned long data);
/* Trap after each instruction in user mode, or no longer.  t is the running thread or off its CPU. */
void arch_single_step(struct thread *t, bool on);
/* What SECCOMP_MODE_STRICT allows in the ABI with that number: read, write, exit, sigreturn; ends with -1. */
const int *arch_strict_calls(u32 audit);
/* For a core file: the register set NT_* in memory of its own, to be freed with kfree, and its size; small: as 32-bit
 * programs have it.  NULL with size 0: there is none; else no memory.  t waits off its CPU, or is the running thread
 * after arch_thread_sync. */
void *arch_core_regs(const struct thread *t, bool small, unsigned type, size_t *size);
/* Writes the running thread's registers where another thread's would be. */
void arch_thread_sync(void);
/* The system call as the tracer left it at its entry: its number, or < 0 for none. */
static inline long arch_syscall_nr(const struct trapframe *tf)
{
	return (s32)tf->orig_ax;
}
