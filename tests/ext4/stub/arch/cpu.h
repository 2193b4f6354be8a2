/* SPDX-License-Identifier: MIT
 * tests/ext4/stub/arch/cpu.h - one CPU with one thread, on the host. */
#pragma once
#include <abi/types.h>

struct thread;
struct trapframe;
extern unsigned long stub_irqs_on; /* 1 = on */
extern unsigned long host_thread[512];

static inline unsigned arch_cpu_id(void)
{
	return 0;
}
static inline unsigned long arch_percpu_offset(void)
{
	return 0;
}
static inline struct thread *arch_current(void)
{
	return (struct thread *)host_thread;
}
static inline unsigned long arch_irq_save(void)
{
	unsigned long f = stub_irqs_on;
	stub_irqs_on = 0;
	return f;
}
static inline void arch_irq_restore(unsigned long f)
{
	stub_irqs_on = f;
}
static inline bool arch_irqs_enabled(void)
{
	return stub_irqs_on;
}
static inline void arch_cpu_relax(void) {}
u64 arch_cycles(void);
bool arch_random(u64 *out);
