/* SPDX-License-Identifier: MIT
 * base/cpu_call.c - running a function on other CPUs
 *
 * Owns:      the one request that is under way.
 * Layer:     base.  Uses arch (IPI_CALL).
 * Locks:     call_lock: one caller at a time.  Waited for with interrupts on, so that two callers answer each
 *            other instead of deadlocking.
 * Contexts:  cpu_call in process context with interrupts on and no lock held that an interrupt handler or
 *            another CPU with interrupts off may wait for; cpu_call_handle in the interrupt.
 */
#include <base/irq.h>
#include <base/panic.h>
#include <base/percpu.h>
#include <base/spinlock.h>
#include <arch/smp.h>

static struct spinlock call_lock = SPINLOCK_INIT("cpu_call");
static void (*call_fn)(void *);
static void *call_ctx;
static cpumask_t call_pending; /* CPUs that have not run it yet */

/* The lock is taken when there are others to call, which the checker cannot follow. */
NO_LOCK_CHECK void cpu_call(cpumask_t mask, void (*fn)(void *), void *ctx)
{
	cpumask_t self = BIT(cpu_id()), others = mask & atomic_load(&cpu_online_mask) & ~self;
	if (others) {
		assert(arch_irqs_enabled());
		while (!spin_trylock(&call_lock))
			arch_cpu_relax();
		call_fn = fn;
		call_ctx = ctx;
		atomic_store_release(&call_pending, others);
		arch_ipi_send(others, IPI_CALL);
	}
	if (mask & self) {
		irqflags_t flags = arch_irq_save();
		fn(ctx);
		arch_irq_restore(flags);
	}
	if (others) {
		while (atomic_load_acquire(&call_pending))
			arch_cpu_relax();
		spin_unlock(&call_lock);
	}
}

void cpu_call_handle(void)
{
	cpumask_t self = BIT(cpu_id());
	if (!(atomic_load_acquire(&call_pending) & self))
		return;
	call_fn(call_ctx);
	atomic_and(&call_pending, ~self);
}
