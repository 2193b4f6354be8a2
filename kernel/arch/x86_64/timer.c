/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/timer.c - the one-shot timer of each CPU
 *
 * Owns:      the timer part of each local APIC.
 * Layer:     arch/x86_64.  Called by sched through <arch/timer.h>; the interrupt goes to timer_interrupt().
 * Locks:     none: each CPU has its own.
 * Contexts:  any with interrupts off.
 * Manual:    Intel SDM vol. 3, 10.5.4 (APIC timer, TSC-deadline mode).
 * Tests:     ktest timer; tests/abi sleep.
 *
 * With TSC-deadline the comparison is made by the cycle counter itself; otherwise a 32-bit count-down runs at
 * the APIC's clock.  An interrupt that comes early (the count is clamped) is harmless: sched arms the timer
 * anew.
 */
#include <arch/cpu.h>
#include <arch/timer.h>
#include <base/atomic.h>
#include <base/clock.h>
#include "entry.h"
#include "features.h"
#include "lapic.h"
#include "msr.h"
#include "tsc.h"

void arch_timer_init_cpu(void)
{
	lapic_write(LAPIC_TIMER_DIVIDE, 0xb);
	lapic_write(LAPIC_LVT_TIMER, VECTOR_TIMER | (cpu_features.tsc_deadline ? LVT_TSC_DEADLINE : 0));
	memory_barrier(); /* the mode before the first deadline (SDM 10.5.4.1) */
}

void arch_timer_set(ktime_t deadline)
{
	if (deadline == KTIME_MAX) {
		if (cpu_features.tsc_deadline)
			wrmsr(MSR_TSC_DEADLINE, 0);
		else
			lapic_write(LAPIC_TIMER_INITIAL, 0);
		return;
	}
	ktime_t now = clock_monotonic();
	s64 delta = deadline > now ? deadline - now : 0;

	if (cpu_features.tsc_deadline) {
		u64 cycles = (u64)((unsigned __int128)(u64)delta * tsc_mult() >> 32);

		wrmsr(MSR_TSC_DEADLINE, arch_cycles() + cycles + 1);
	} else {
		u64 ticks = (u64)((unsigned __int128)(u64)delta * lapic_timer_mult() >> 32) + 1;

		lapic_write(LAPIC_TIMER_INITIAL, ticks > ~0u ? ~0u : (u32)ticks);
	}
}
