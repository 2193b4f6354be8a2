/* SPDX-License-Identifier: MIT
 * base/clock.c - time from the cycle counter
 *
 * Owns:      the scale and the offset to the wall clock.
 * Layer:     base.  Uses arch (the cycle counter).
 * Locks:     none: the scale is set at boot on one CPU, the offset is one word.
 * Contexts:  any.
 * Manual:    clock_gettime(2).
 * Tests:     base/base_ktest.c
 *
 * Theory
 * ------
 *     ns = base_ns + (cycles - base_cycles) * mult / 2^32,   mult = 10^9 * 2^32 / hz.
 *
 * The product has 128 bits, so it does not overflow in the life of the machine; the rounding of mult costs
 * at most 1 ns a second at 4 GHz.  arch uses the cycle counter only where all CPUs' counters run together,
 * which makes time monotonic across CPUs; a counter that lags by a few cycles is held at the base.
 */
#include <base/clock.h>
#include <base/atomic.h>
#include <base/panic.h>
#include <arch/cpu.h>

enum { CLOCK_SHIFT = 32 };

static u64 base_cycles, mult; /* mult 0: no clock yet, it is 0 o'clock */
static ktime_t base_ns;
static ktime_t wall_offset; /* CLOCK_REALTIME - CLOCK_MONOTONIC */

void clock_init(u64 cycles_hz)
{
	assert(cycles_hz >= 1000000);
	ktime_t now = clock_monotonic();
	mult = ((u64)NSEC_PER_SEC << CLOCK_SHIFT) / cycles_hz;
	base_cycles = arch_cycles();
	base_ns = now;
}

ktime_t clock_monotonic(void)
{
	s64 cycles = (s64)(arch_cycles() - base_cycles);
	if (unlikely(cycles < 0))
		return base_ns;
	return base_ns + (ktime_t)((unsigned __int128)(u64)cycles * mult >> CLOCK_SHIFT);
}

ktime_t clock_realtime(void)
{
	return clock_monotonic() + atomic_load(&wall_offset);
}

ktime_t clock_from_realtime(ktime_t wall)
{
	ktime_t t;

	return wall == KTIME_MAX || __builtin_sub_overflow(wall, atomic_load(&wall_offset), &t) ? KTIME_MAX
	                                                                                        : t;
}

void clock_set_realtime(ktime_t now)
{
	atomic_store(&wall_offset, now - clock_monotonic());
}

/* Reading the counter costs less than keeping a copy of the time would. */
ktime_t clock_realtime_coarse(void)
{
	return clock_realtime();
}
