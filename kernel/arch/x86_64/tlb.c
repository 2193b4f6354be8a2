/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/tlb.c - dropping cached translations, here and on other CPUs
 *
 * Owns:      the shootdown request of each CPU, and who asked it.
 * Layer:     arch/x86_64.
 * Locks:     none: a CPU has one request of its own, and is asked by atomic bits.
 * Contexts:  any but an interrupt handler, with no lock held that an interrupt handler of another CPU may spin on.
 * Manual:    Intel SDM vol. 3, 4.10.4 (invalidation), 4.10.5 (propagation to other processors).
 * Tests:     ktest flush_at_once, flush_idle, kernel_map_flush; tests/stress.
 *
 * Theory
 * ------
 *     CPU 0: request { start, end, pending 0110 }  --- bit 0 --->  CPU 1: asked 1001
 *     CPU 3: request { start, end, pending 0010 }  --- bit 3 --->
 *
 * The requester fills the request of its CPU, sets its bit in `asked` of each target and sends IPIs; a target takes all
 * bits of `asked` at once, does what those CPUs request, and clears its bit in their `pending`; a requester waits for
 * its `pending` to be zero.  So any number of CPUs wait at the same time, and a CPU whose `asked` was not empty gets
 * no second IPI: it has not taken the first one yet.
 *
 * Two CPUs that want this at once with interrupts off would wait for each other for ever, so whoever waits answers
 * meanwhile.  It takes the bits and answers them with interrupts off, so that nothing comes between.
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
#include <lib/bitmap.h>
#include <sched/thread.h>
#include <vm/space.h>
#include "msr.h"
#include "tlb.h"

enum { FLUSH_PAGES_MAX = 32 };

struct flush_request {
	uaddr_t start, end;
	cpumask_t pending; /* who has not answered yet; zero: no request is under way */
};
static DEFINE_PERCPU(struct flush_request, flush_requests);
static DEFINE_PERCPU(cpumask_t, flush_asked); /* by whom; the bits are theirs to set and ours to clear */

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
	cpumask_t self = BIT(cpu_id()), by;
	unsigned cpu;

	debug_assert(!arch_irqs_enabled());
	by = atomic_xchg(this_cpu_ptr(flush_asked), 0);
	cpumask_for_each (cpu, by) {
		struct flush_request *r = percpu_ptr(flush_requests, cpu);

		debug_assert(r->pending & self);
		if (r->start < KERNEL_HALF && thread_current()->is_idle)
			vm_space_leave(); /* asked once is enough */
		else
			flush_local(r->start, r->end);
		atomic_and(&r->pending, ~self);
	}
}

/* Interrupts may be on: this CPU may be asked at any time. */
static COLD void flush_others(cpumask_t others, uaddr_t start, uaddr_t end)
{
	struct flush_request *r = this_cpu_ptr(flush_requests);
	cpumask_t self = BIT(cpu_id()), unasked = 0;
	unsigned cpu;

	assert(!r->pending);
	r->start = start;
	r->end = end;
	atomic_store(&r->pending, others);
	cpumask_for_each (cpu, others)
		if (!atomic_or(percpu_ptr(flush_asked, cpu), self))
			unasked |= BIT(cpu);
	arch_ipi_send(unasked, IPI_TLB);
	while (atomic_load_acquire(&r->pending)) {
		if (atomic_load(this_cpu_ptr(flush_asked))) {
			irqflags_t f = arch_irq_save();

			tlb_handle();
			arch_irq_restore(f);
		}
		arch_cpu_relax();
	}
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
