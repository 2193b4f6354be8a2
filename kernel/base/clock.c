/* SPDX-License-Identifier: MIT
 * base/clock.c - time from the cycle counter
 *
 * Owns:      the scale and the offset to the wall clock: the clock page.
 * Layer:     base.  Uses arch (the cycle counter).
 * Locks:     clock_lock for writing.  The kernel reads without: the scale is set at boot on one CPU, the offset is
 *            one word.
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
 *
 * These numbers fill a page of their own, which exec maps into each process as [vvar]: the vDSO computes the time
 * from it without a system call.  The writer makes `seq` odd, changes, and makes it even again.
 */
#include <base/atomic.h>
#include <base/clock.h>
#include <base/clock_page.h>
#include <base/panic.h>
#include <base/spinlock.h>
#include <arch/cpu.h>
#include <arch/pgtable.h>

static union {
	struct clock_page c;
	u8 whole[PAGE_SIZE]; /* nothing else lies on this page: every process sees it */
} page __attribute__((aligned(PAGE_SIZE)));
static struct spinlock clock_lock = SPINLOCK_INIT("clock");

paddr_t clock_page_paddr(void)
{
	return virt_to_phys(&page);
}

static void page_change_begin(void) MUST_HOLD(&clock_lock)
{
	atomic_store(&page.c.seq, page.c.seq + 1);
	memory_barrier();
}

static void page_change_end(void) MUST_HOLD(&clock_lock)
{
	atomic_store_release(&page.c.seq, page.c.seq + 1);
}

void clock_init(u64 cycles_hz)
{
	assert(cycles_hz >= 1000000);
	ktime_t now = clock_monotonic();
	irqflags_t f = spin_lock_irqsave(&clock_lock);

	page_change_begin();
	page.c.mult = ((u64)NSEC_PER_SEC << CLOCK_SHIFT) / cycles_hz;
	page.c.base_cycles = arch_cycles();
	page.c.base_ns = now;
	page_change_end();
	spin_unlock_irqrestore(&clock_lock, f);
}

ktime_t clock_monotonic(void)
{
	s64 cycles = (s64)(arch_cycles() - page.c.base_cycles);
	if (unlikely(cycles < 0))
		return page.c.base_ns;
	return page.c.base_ns + (ktime_t)((unsigned __int128)(u64)cycles * page.c.mult >> CLOCK_SHIFT);
}

ktime_t clock_realtime(void)
{
	return clock_monotonic() + atomic_load(&page.c.wall_offset);
}

ktime_t clock_from_realtime(ktime_t wall)
{
	ktime_t t;

	return wall == KTIME_MAX || __builtin_sub_overflow(wall, atomic_load(&page.c.wall_offset), &t)
	               ? KTIME_MAX
	               : t;
}

void clock_set_realtime(ktime_t now)
{
	irqflags_t f = spin_lock_irqsave(&clock_lock);

	page_change_begin();
	atomic_store(&page.c.wall_offset, now - clock_monotonic());
	page_change_end();
	spin_unlock_irqrestore(&clock_lock, f);
}

/* Reading the counter costs less than keeping a copy of the time would. */
ktime_t clock_realtime_coarse(void)
{
	return clock_realtime();
}
