/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/lapic.c - local APIC: end of interrupt, interrupts to other CPUs, access to the timer
 *
 * Owns:      the local APIC registers of each CPU.
 * Layer:     arch/x86_64.  Uses mem (kmap_io).
 * Locks:     none: each CPU has its own; interrupts are off between the two halves of a command.
 * Contexts:  any.
 * Manual:    Intel SDM vol. 3, chapter 10.
 * Tests:     every boot; ktest smp; -cpu max,x2apic=on where the accelerator has it.
 *
 * The same registers stand at a physical page (xAPIC, 16 bytes apart) or in MSRs 0x800 + offset/16 (x2APIC,
 * which is faster under a hypervisor and has 32-bit ids).  x2APIC is used when the CPU offers it.
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <base/atomic.h>
#include <base/panic.h>
#include <base/percpu.h>
#include <mem/kmap.h>
#include "acpi.h"
#include "entry.h"
#include "features.h"
#include "lapic.h"
#include "msr.h"

enum { APIC_BASE_ENABLE = 1 << 11, APIC_BASE_X2 = 1 << 10, SVR_ENABLE = 0x100, ICR_PENDING = 1 << 12 };
#define APIC_BASE_ADDR 0x000ffffffffff000UL

static bool x2apic;
static volatile u8 *regs;

u32 lapic_read(enum lapic_reg reg)
{
	if (x2apic)
		return (u32)rdmsr(MSR_X2APIC + reg / 16);
	return mmio_read32(regs + reg);
}

void lapic_write(enum lapic_reg reg, u32 v)
{
	if (x2apic)
		wrmsr(MSR_X2APIC + reg / 16, v);
	else
		mmio_write32(regs + reg, v);
}

void lapic_eoi(void)
{
	lapic_write(LAPIC_EOI, 0);
}

u32 lapic_id(void)
{
	u32 id = lapic_read(LAPIC_ID);

	return x2apic ? id : id >> 24;
}

void lapic_send(u32 apic_id, u32 how)
{
	unsigned long flags;

	if (x2apic) {
		memory_barrier(); /* a WRMSR to the APIC does not wait for earlier stores */
		wrmsr(MSR_X2APIC + LAPIC_ICR / 16, (u64)apic_id << 32 | how);
		return;
	}
	flags = arch_irq_save();
	while (mmio_read32(regs + LAPIC_ICR) & ICR_PENDING)
		arch_cpu_relax();
	mmio_write32(regs + LAPIC_ICR_HIGH, apic_id << 24);
	mmio_write32(regs + LAPIC_ICR, how);
	arch_irq_restore(flags);
}

void lapic_init_boot(void)
{
	u64 base = rdmsr(MSR_APIC_BASE);

	x2apic = cpu_features.x2apic;
	if (x2apic)
		return;
	regs = kmap_io(base & APIC_BASE_ADDR, PAGE_SIZE);
	if (!regs)
		panic("no room to map the local APIC");
}

void lapic_init_cpu(void)
{
	u64 base = rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE;

	wrmsr(MSR_APIC_BASE, base);
	if (x2apic)
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_X2);
	lapic_write(LAPIC_TPR, 0);
	lapic_write(LAPIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	lapic_write(LAPIC_LVT_LINT0, LVT_MASKED);
	lapic_write(LAPIC_LVT_LINT1, ICR_NMI);
	lapic_write(LAPIC_LVT_ERROR, LVT_MASKED | VECTOR_SPURIOUS);
	lapic_write(LAPIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
	this_cpu(arch_cpu_area).apic_id = lapic_id();
}
