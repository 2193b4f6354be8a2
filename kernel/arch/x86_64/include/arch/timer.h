/* SPDX-License-Identifier: MIT
 * arch/timer.h (x86-64) - the one-shot timer of each CPU and the calibration of the cycle counter. */
#pragma once
#include <abi/types.h>
/* Finds the frequency of the cycle counter, calls clock_init() and sets the wall clock from the RTC. */
void arch_clock_init(void);
/* Starts this CPU's timer hardware (boot CPU and each secondary). */
void arch_timer_init_cpu(void);
/* One interrupt on this CPU at clock_monotonic() == deadline (at once if past); KTIME_MAX = none.
 * The interrupt calls timer_interrupt() of sched. */
void arch_timer_set(ktime_t deadline);
