/* SPDX-License-Identifier: MIT
 * base/clock_page.h - what one needs to tell the time: the page that every process sees as [vvar].
 *
 * Written by base/clock.c alone.  A reader that is not the kernel takes `seq`, reads the rest, and starts again when
 * seq is odd or has changed.  All programs can read it, so nothing secret may lie on this page. */
#pragma once
#include <abi/types.h>

enum { CLOCK_SHIFT = 32, CLOCK_COARSE_NS = 1000000 /* resolution of the coarse clocks */ };

struct clock_page {
	u32 seq; /* odd while the rest changes */
	/* ns since boot = base_ns + (cycles - base_cycles) * mult / 2^CLOCK_SHIFT.  Aligned, so that 32-bit code finds
	 * all of it at the same offsets. */
	u64 base_cycles __attribute__((aligned(8)));
	u64 mult; /* 0: no clock yet, it is 0 o'clock */
	ktime_t base_ns;
	ktime_t wall_offset; /* CLOCK_REALTIME - CLOCK_MONOTONIC */
};
