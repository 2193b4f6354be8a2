/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/tlb.c - dropping cached translations, here and on other CPUs
 *
 * Owns:      the shootdown request.
 * Layer:     arch/x86_64.
 * Locks:     tlb_lock: one request at a time.  Taken with or without interrupts.
 * Contexts:  any that holds no lock an interrupt handler of another CPU may spin on.
 * Manual:    Intel SDM vol. 3, 4.10.4 (invalidation), 4.10.5 (propagation to other processors).
 * Tests:     ktest tlb_shootdown; tests/stress.
 *
 * Theory
 * ------
 * The requester fills the request, sets a bit in `pending` for each target and sends IPIs; a target
 * invalidates and clears its bit; the requester waits for zero.  Two CPUs that want this at once with
 * interrupts off would wait for each other for ever, so whoever waits answers requests to itself meanwhile.
 * It does so with interrupts off.  Else the IPI of the same request could come in the middle of the answer, and
 * give one of its own; the requester goes on, perhaps to its next request, and the answer that was interrupted
 * would clear the bit of that one without having invalidated anything.
 *
 * A few pages are dropped one by one (INVLPG), more by reloading CR3, which keeps the kernel's global
 * entries.
 */
#include <arch/cpu.h>
#include <arch/pgtable.h>
#include <arch/smp.h>
#include <base/panic.h>
#include <base/percpu.h>
#include <base/spinlock.h>
#include "msr.h"
#include "tlb.h"

enum { FLUSH_PAGES_MAX = 32 };

static struct spinlock tlb_lock = SPINLOCK_INIT("tlb");
static uaddr_t request_start, request_end;
static cpumask_t request_pending;

static void flush_local(uaddr_t start, uaddr_t end)
{
	/* Kernel addresses are global: reloading CR3 would not drop them. */
	if (start < KERNEL_HALF && (end == 0 || end - start > FLUSH_PAGES_MAX * PAGE_SIZE)) {
		write_cr3(read_cr3());
		return;
	}
	for (uaddr_t va = start & PAGE_MASK; va < end; va += PAGE_SIZE)
		arch_tlb_flush_page_local(va);
}

void tlb_handle(void)
{
	cpumask_t self = BIT(cpu_id());

	debug_assert(!arch_irqs_enabled());
	if (!(atomic_load_acquire(&request_pending) & self))
		return;
	flush_local(request_start, request_end);
	atomic_and(&request_pending, ~self);
}

static COLD void flush_others(cpumask_t others, uaddr_t start, uaddr_t end) NO_LOCK_CHECK
{
	while (!spin_trylock(&tlb_lock)) {
		irqflags_t f = arch_irq_save();
		tlb_handle();
		arch_irq_restore(f);
		arch_cpu_relax();
	}
	request_start = start;
	request_end = end;
	atomic_store_release(&request_pending, others);
	arch_ipi_send(others, IPI_TLB);
	while (atomic_load_acquire(&request_pending))
		arch_cpu_relax();
	atomic_store_release(&tlb_lock.held, 0u);
}

void arch_tlb_flush(cpumask_t cpus, uaddr_t start, uaddr_t end)
{
	cpumask_t self = BIT(cpu_id());
	cpumask_t others = cpus & ~self;

	if (cpus & self)
		flush_local(start, end);
	if (likely(!others))
		return;
	others &= atomic_load(&cpu_online_mask);
	if (others)
		flush_others(others, start, end);
}
