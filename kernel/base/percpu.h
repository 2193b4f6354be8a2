/* SPDX-License-Identifier: MIT
 * base/percpu.h - one copy of a variable for each CPU.
 *
 * The variables stand in the linker section .percpu, the template.  At boot each CPU gets a copy of it;
 * percpu_offset[cpu] is the distance from the template to the copy.  A pointer from this_cpu_ptr() is good
 * while the thread cannot move: up to the next sleep (the kernel is not preempted). */
#pragma once
#include <abi/types.h>
#include <arch/cpu.h>

#define DEFINE_PERCPU(type, name)  __attribute__((section(".percpu"))) type name
#define DECLARE_PERCPU(type, name) extern type name
extern unsigned long percpu_offset[NR_CPUS];
#define percpu_ptr(name, cpu) ((__typeof__(&(name)))((unsigned long)&(name) + percpu_offset[cpu]))
#define this_cpu_ptr(name)    ((__typeof__(&(name)))((unsigned long)&(name) + arch_percpu_offset()))
#define this_cpu(name)        (*this_cpu_ptr(name))
/* Called once for each CPU before it runs kernel code: `area` is percpu_size() bytes, 64-byte aligned. */
size_t percpu_size(void);
void percpu_setup(unsigned cpu, void *area);

/* False on the boot CPU until it left the template: what it caches there would reach every CPU. */
static inline bool percpu_ready(void)
{
	return arch_percpu_offset() != 0;
}

extern unsigned cpu_count; /* CPUs found, numbered 0 .. cpu_count-1 */
extern cpumask_t cpu_online_mask;
static inline unsigned cpu_id(void)
{
	return arch_cpu_id();
}
