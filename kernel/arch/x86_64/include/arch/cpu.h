/* SPDX-License-Identifier: MIT
 * arch/cpu.h (x86-64) - this CPU: identity, interrupts on and off, waiting, cycle counter.
 *
 * While the kernel runs, GS points to this CPU's struct arch_cpu, the first thing in its per-CPU area. */
#pragma once
#include <abi/types.h>

struct thread;
struct trapframe;
struct arch_cpu {
	unsigned long percpu_offset; /* gs:0  */
	struct thread *current;      /* gs:8  */
	unsigned long kernel_sp;     /* gs:16 top of the current thread's kernel stack, for syscall entry */
	unsigned long user_sp;       /* gs:24 scratch of syscall entry */
	u32 id;                      /* gs:32 */
	u32 apic_id;                 /* gs:36 */
};

static inline unsigned arch_cpu_id(void)
{
	u32 id;
	__asm__ volatile("movl %%gs:32, %0" : "=r"(id));
	return id;
}
static inline unsigned long arch_percpu_offset(void)
{
	unsigned long off;
	__asm__ volatile("movq %%gs:0, %0" : "=r"(off));
	return off;
}
/* The running thread: constant within a thread, so the compiler may cache it. */
static inline struct thread *arch_current(void)
{
	struct thread *t;
	__asm__("movq %%gs:8, %0" : "=r"(t));
	return t;
}
/* Only for the first context of a CPU (sched_init_cpu): says which thread runs here; arch_switch does it
 * later. */
static inline void arch_set_current(struct thread *t)
{
	__asm__ volatile("movq %0, %%gs:8" ::"r"(t) : "memory");
}
/* The top of the kernel stack of the user thread that ran last: of this one, if it is one. */
static inline unsigned long arch_stack_top(void)
{
	unsigned long top;
	__asm__ volatile("movq %%gs:16, %0" : "=r"(top));
	return top;
}
/* Instructions that were fetched or decoded ahead are fetched anew. */
static inline void arch_sync_core(void)
{
	u32 leaf = 0;
	__asm__ volatile("cpuid" : "+a"(leaf)::"ebx", "ecx", "edx", "memory");
}
static inline unsigned long arch_irq_save(void)
{
	unsigned long f;
	__asm__ volatile("pushfq; popq %0; cli" : "=r"(f)::"memory");
	return f;
}
static inline void arch_irq_restore(unsigned long f)
{
	if (f & 0x200)
		__asm__ volatile("sti" ::: "memory");
}
static inline void arch_irq_disable(void)
{
	__asm__ volatile("cli" ::: "memory");
}
static inline void arch_irq_enable(void)
{
	__asm__ volatile("sti" ::: "memory");
}
static inline bool arch_irqs_enabled(void)
{
	unsigned long f;
	__asm__ volatile("pushfq; popq %0" : "=r"(f));
	return f & 0x200;
}
static inline void arch_cpu_relax(void)
{
	__asm__ volatile("pause");
}
/* Enables interrupts and halts until one comes, without a window between the two; returns with them on. */
static inline void arch_cpu_idle(void)
{
	__asm__ volatile("sti; hlt" ::: "memory");
}
static inline u64 arch_cycles(void)
{
	u32 lo, hi;
	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (u64)hi << 32 | lo;
}
/* Stops this CPU for ever, interrupts off (panic). */
NORETURN void arch_cpu_halt(void);
/* A word from the CPU's random generator; false when it has none. */
bool arch_random(u64 *out);
/* Text for /proc/cpuinfo of one CPU, Linux's format; bytes written. */
size_t arch_cpuinfo(unsigned cpu, char *dst, size_t size);
/* The caller's return address chain, for backtraces: fills pcs, newest first; number found. */
unsigned arch_backtrace(const struct trapframe *tf, unsigned long *pcs, unsigned max);
