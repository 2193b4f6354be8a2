/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/interrupt.c - from interrupt vector to handler
 *
 * Owns:      nothing; the vector numbers are in entry.h.
 * Layer:     arch/x86_64.  Calls base (irq_dispatch, cpu_call_handle) and sched (timers, reschedule).
 * Locks:     none.
 * Contexts:  interrupts off, on the stack of the thread that was hit.
 * Tests:     /proc/interrupts in tests/abi, ktest smp.
 *
 * The local APIC is told "done" (EOI) after a device's handler, so that a level line that is still high comes
 * again only then, but before the timer's and the IPIs' work.
 */
#include <arch/cpu.h>
#include <base/irq.h>
#include <base/spinlock.h>
#include <base/trace.h>
#include <sched/timer.h>
#include "entry.h"
#include "lapic.h"
#include "tlb.h"

static void device_interrupt(unsigned line)
{
	TRACE1(irq_enter, line);
	irq_dispatch(line);
	TRACE1(irq_exit, line);
	lapic_eoi();
}

void trap_interrupt(struct trapframe *tf, unsigned vector)
{
	lockdep_irq_enter();
	switch (vector) {
	case VECTOR_TIMER:
		lapic_eoi();
		irq_count_inc(IRQC_TIMER);
		timer_interrupt(tf_from_user(tf));
		break;
	case VECTOR_RESCHED:
		lapic_eoi();
		irq_count_inc(IRQC_RESCHED);
		sched_ipi_resched();
		break;
	case VECTOR_CALL:
		lapic_eoi();
		irq_count_inc(IRQC_CALL);
		cpu_call_handle();
		break;
	case VECTOR_TLB:
		lapic_eoi();
		irq_count_inc(IRQC_TLB);
		tlb_handle();
		break;
	default:
		if (vector >= VECTOR_DEVICE && vector < VECTOR_INT80)
			device_interrupt(vector - VECTOR_DEVICE);
		else if (vector >= VECTOR_DEVICE_HIGH && vector < VECTOR_DEVICE_HIGH + (IRQ_MAX - 80))
			device_interrupt(vector - VECTOR_DEVICE_HIGH + 80);
		else
			irq_count_inc(IRQC_SPURIOUS); /* the APIC's own, or a masked PIC's: no EOI */
	}
	lockdep_irq_exit();
}
