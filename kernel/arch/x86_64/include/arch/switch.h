/* SPDX-License-Identifier: MIT
 * arch/switch.h (x86-64) - what a thread keeps while it does not run, and the switch between threads. */
#pragma once
#include <abi/types.h>
#include <arch/trapframe.h>

struct thread;
struct arch_thread {
	unsigned long sp;      /* saved kernel stack pointer; callee-saved registers are on that stack */
	unsigned long fs_base; /* user TLS */
	unsigned long gs_base; /* user's GS base (the kernel's is swapped in on entry) */
	void *fpu;             /* XSAVE or FXSAVE area, 64-byte aligned; NULL in kernel threads */
	unsigned long fault_addr, fault_err, fault_trapno; /* of the last fault, for siginfo and frames */
	u64 selectors;                                     /* ds, es, fs, gs: 16 bits each */
	u64 tls[3];                                        /* descriptors of set_thread_area(2); 0 = free */
	bool has_tls;                                      /* one of them is not */
	unsigned long debug_addr[4];                       /* breakpoint registers, for ptrace */
	unsigned long debug_control; /* DR7 as the tracer wrote it; 0 = no breakpoints */
	unsigned long no_tsc;        /* 1: reading the time stamp counter is a fault of the program */
	unsigned long debug_status;  /* what the last debug trap was, bits of DR6 */
	u64 step_seen[4];            /* watched memory before the step, if step_blind */
	bool step_forced;            /* the trap flag is the tracer's, not the program's */
	bool step_blind;             /* watchpoints are off in this step: debugreg.c */
	u32 fpu_cpu;                 /* the CPU whose registers may still hold *fpu; ~0 = none */
};

#ifdef CONFIG_KASAN
enum { KSTACK_SIZE = 32768 }; /* the gaps between local arrays */
#else
enum { KSTACK_SIZE = 16384 };
#endif
/* The user registers of a thread that entered the kernel from user mode: at the top of its kernel stack. */
struct trapframe *arch_user_frame(const struct thread *t);
/* Switches stacks, FPU and segment bases from prev to next; returns in next's context the thread that ran
 * before it.  Interrupts are off, the run queue lock is held. */
struct thread *arch_switch(struct thread *prev, struct thread *next);
/* Prepares a new thread: the first switch to it enters sched_thread_start(prev), which calls fn(arg) if fn is
 * set (kernel thread; must not return), else returns to user mode with the frame at arch_user_frame(t).
 * Allocates the FPU area when `user`.  0 or -ENOMEM. */
MUST_CHECK int arch_thread_init(struct thread *t, void (*fn)(void *), void *arg, bool user);
/* Copies FPU state and segment bases of the current thread to t (fork). */
void arch_thread_copy(struct thread *t);
/* Back to the initial FPU state and no TLS (exec). */
void arch_thread_exec(struct thread *t);
void arch_thread_free(struct thread *t);
/* New user context: ip, sp, all other registers zero, interrupts on. */
void arch_frame_init(struct trapframe *tf, unsigned long ip, unsigned long sp);
/* fork's child: same frame, result 0, stack pointer replaced when new_sp != 0. */
void arch_frame_fork(struct trapframe *child, const struct trapframe *parent, unsigned long new_sp);
/* Makes a new context one of a 32-bit program: code segment, DS and ES.  Of the running thread. */
void arch_frame_small(struct trapframe *tf);
/* set_thread_area(2), get_thread_area(2) of the running thread: 0, -EFAULT, -EINVAL, -ESRCH. */
MUST_CHECK int arch_set_thread_area(void __user *desc);
MUST_CHECK int arch_get_thread_area(void __user *desc);
/* modify_ldt(2) of the running process: bytes read, 0, -EFAULT, -EINVAL, -ENOMEM, -ENOSYS.  May sleep. */
long arch_modify_ldt(int func, void __user *desc, unsigned long size);
/* arch_prctl(2) and CLONE_SETTLS.  0, -EPERM, -EINVAL, -EFAULT. */
long arch_prctl(int code, unsigned long addr);
int arch_set_tls(struct thread *t, unsigned long tls);
/* May the running thread read the time stamp counter?  Its children and the program after an execve may as well. */
void arch_set_tsc(bool allowed);
bool arch_get_tsc(void);
/* Enters user mode for the first time (PID 1). */
NORETURN void arch_enter_user(void);
