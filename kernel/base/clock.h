/* SPDX-License-Identifier: MIT
 * base/clock.h - what time it is.  Any context. */
#pragma once
#include <abi/types.h>
#include <arch/timer.h>

/* CLOCK_MONOTONIC: ns since boot, from the cycle counter; never goes back, also across CPUs. */
ktime_t clock_monotonic(void);
/* CLOCK_REALTIME: ns since 1970 UTC. */
ktime_t clock_realtime(void);
/* The monotonic time at which the wall clock, as it is set now, will show `wall`. */
ktime_t clock_from_realtime(ktime_t wall);
void clock_set_realtime(ktime_t now);
/* Wall clock at the start of the current tick-less "jiffy": cheap, within 1 ms; for file times. */
ktime_t clock_realtime_coarse(void);
/* Called by arch once the counter's frequency is known, and once by the RTC driver with the wall time. */
void clock_init(u64 cycles_hz);
/* The page with struct clock_page (base/clock_page.h), which exec maps read-only into each process. */
paddr_t clock_page_paddr(void);
