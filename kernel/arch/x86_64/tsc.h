/* SPDX-License-Identifier: MIT
 * arch/x86_64/tsc.h - frequencies found at boot. */
#pragma once
#include <abi/types.h>
u64 tsc_hz(void);
/* Ticks of the local APIC's timer in 2^32 ns, rounded up: ticks = ns * this >> 32. */
u64 lapic_timer_mult(void);
/* The same for the cycle counter. */
u64 tsc_mult(void);
/* rtc.c: the CMOS clock into clock_set_realtime. */
void rtc_read_wall_clock(void);
