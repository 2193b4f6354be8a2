/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/smp.c - the other CPUs: finding, starting, interrupting them
 *
 * Owns:      the start of secondary CPUs; cpu_count.
 * Layer:     arch/x86_64.  Calls init/boot.c (kernel_secondary_main) by the contract.
 * Locks:     none: CPUs start one at a time from one kernel thread.
 * Contexts:  arch_smp_*: boot.  arch_ipi_send: any.
 * Manual:    Intel SDM vol. 3, 8.4 (MP initialization), 10.6 (IPIs).
 * Tests:     tests/boot -smp 2, 4; ktest smp.
 *
 * Theory
 * ------
 *   boot CPU                          CPU n
 *   per-CPU area, IST stacks
 *   INIT, STARTUP 0x08  ----------->  trampoline at 0x8000, long mode, idle thread's stack
 *   waits for cpu_online_mask         GS, tables, control registers, APIC
 *   goes on           <-------------  kernel_secondary_main sets its bit
 *
 * IPI_STOP is an NMI, so that a CPU that spins with interrupts off stops too.
 */
#include <arch/boot.h>
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/pgtable.h>
#include <arch/smp.h>
#include <arch/switch.h>
#include <base/clock.h>
#include <base/log.h>
#include <base/percpu.h>
#include <lib/bitmap.h>
#include <lib/string.h>
#include <mem/page.h>
#include <sched/thread.h>
#include <abi/errno.h>
#include "acpi.h"
#include "asm.h"
#include "entry.h"
#include "features.h"
#include "lapic.h"
#include "msr.h"
#include "stop.h"
#include "tables.h"

struct trampoline_data {
	u64 cr3, efer, stack, cpu, entry;
};
extern char trampoline_start[], trampoline_end[], trampoline_data[];
extern u64 boot_pml4[];
NORETURN void arch_secondary_main(unsigned cpu);

enum { FW_CFG_SELECT = 0x510, FW_CFG_DATA = 0x511, FW_CFG_NR_CPUS = 5 };
#define START_TIMEOUT_NS (2 * NSEC_PER_SEC)

static u32 apic_ids[NR_CPUS];
static bool stop_requested;

bool cpu_stop_requested(void)
{
	return atomic_load(&stop_requested);
}

void arch_ipi_send(cpumask_t cpus, enum arch_ipi ipi)
{
	static const u8 vectors[] = {
		[IPI_RESCHED] = VECTOR_RESCHED, [IPI_CALL] = VECTOR_CALL, [IPI_TLB] = VECTOR_TLB
	};
	u32 how = ICR_NMI | ICR_ASSERT;
	unsigned cpu;

	if (ipi == IPI_STOP)
		atomic_store_release(&stop_requested, true);
	else
		how = ICR_FIXED | ICR_ASSERT | vectors[ipi];
	cpumask_for_each (cpu, cpus)
		lapic_send(percpu_ptr(arch_cpu_area, cpu)->apic_id, how);
}

/* QEMU's number of CPUs, for machines without ACPI; 1 when there is no fw_cfg. */
static unsigned fw_cfg_cpus(void)
{
	char sig[4];
	unsigned n;

	outw(0, FW_CFG_SELECT);
	for (unsigned i = 0; i < 4; i++)
		sig[i] = (char)inb(FW_CFG_DATA);
	if (memcmp(sig, "QEMU", 4) != 0)
		return 1;
	outw(FW_CFG_NR_CPUS, FW_CFG_SELECT);
	n = inb(FW_CFG_DATA);
	n |= (unsigned)inb(FW_CFG_DATA) << 8;
	return n ? n : 1;
}

void arch_smp_detect(unsigned max)
{
	unsigned found = acpi_info.nr_cpus;
	u32 self = lapic_id();

	if (acpi_info.madt && found) {
		memcpy(apic_ids, acpi_info.apic_id, sizeof(apic_ids));
	} else {
		found = MIN(fw_cfg_cpus(), (unsigned)NR_CPUS);
		for (unsigned i = 0; i < found; i++)
			apic_ids[i] = i;
	}
	/* The boot CPU is number 0, wherever the firmware lists it. */
	for (unsigned i = 1; i < found; i++)
		if (apic_ids[i] == self)
			apic_ids[i] = apic_ids[0];
	apic_ids[0] = self;
	cpu_count = MAX(1u, MIN(found, max));
}

static void delay_ns(ktime_t ns)
{
	ktime_t end = clock_monotonic() + ns;

	while (clock_monotonic() < end)
		arch_cpu_relax();
}

static bool wait_online(unsigned cpu, ktime_t ns)
{
	ktime_t end = clock_monotonic() + ns;

	while (!(atomic_load_acquire(&cpu_online_mask) & BIT(cpu))) {
		if (clock_monotonic() >= end)
			return false;
		arch_cpu_relax();
	}
	return true;
}

/* Per-CPU area and interrupt stacks; kept for ever. */
static bool prepare_cpu(unsigned cpu, struct thread *idle)
{
	unsigned order = log2_up(DIV_ROUND_UP(percpu_size(), PAGE_SIZE));
	unsigned ist_order = log2_up(IST_COUNT * IST_STACK_SIZE / PAGE_SIZE);
	void *area = page_alloc_virt(order, ALLOC_ZERO | ALLOC_NOFAIL_INJECT), *ist;

	if (!area)
		return false;
	ist = page_alloc_virt(ist_order, ALLOC_ZERO | ALLOC_NOFAIL_INJECT);
	if (!ist) {
		page_free_virt(area, order);
		return false;
	}
	percpu_setup(cpu, area);
	percpu_ptr(arch_cpu_area, cpu)->apic_id = apic_ids[cpu];
	percpu_ptr(arch_cpu_area, cpu)->current = idle;
	tables_set_ist(cpu, ist);
	return true;
}

int arch_smp_start(unsigned cpu, struct thread *idle)
{
	char *page = phys_to_virt(TRAMPOLINE);
	struct trampoline_data *d = (struct trampoline_data *)(page + (trampoline_data - trampoline_start));

	if (!prepare_cpu(cpu, idle))
		return -EIO;
	memcpy(&boot_pml4[PT_ENTRIES / 2], (u64 *)phys_to_virt(arch_kernel_pgtable.root) + PT_ENTRIES / 2,
	       PT_ENTRIES / 2 * sizeof(u64));
	memcpy(page, trampoline_start, (size_t)(trampoline_end - trampoline_start));
	*d = (struct trampoline_data){ .cr3 = virt_to_phys(boot_pml4),
		                       .efer = EFER_LME | (cpu_features.nx ? EFER_NXE : 0),
		                       .stack = (u64)idle->kstack + KSTACK_SIZE,
		                       .cpu = cpu,
		                       .entry = (u64)arch_secondary_main };
	memory_barrier();
	lapic_send(apic_ids[cpu], ICR_INIT | ICR_ASSERT);
	delay_ns(10 * NSEC_PER_USEC);
	lapic_send(apic_ids[cpu], ICR_STARTUP | ICR_ASSERT | TRAMPOLINE >> 12);
	if (wait_online(cpu, 10 * NSEC_PER_MSEC))
		return 0;
	lapic_send(apic_ids[cpu], ICR_STARTUP | ICR_ASSERT | TRAMPOLINE >> 12);
	return wait_online(cpu, START_TIMEOUT_NS) ? 0 : -EIO;
}

void arch_secondary_main(unsigned cpu)
{
	cpu_load_percpu(cpu);
	tables_init_cpu(cpu);
	cpu_init();
	arch_pgtable_activate(&arch_kernel_pgtable);
	lapic_init_cpu();
	kernel_secondary_main(cpu);
}
