/* SPDX-License-Identifier: MIT
 * vdso/clock_read.h - the time from the clock page, for both vDSOs. */
#pragma once
#include <base/clock_page.h>

enum { REALTIME, MONOTONIC, MONOTONIC_RAW = 4, REALTIME_COARSE, MONOTONIC_COARSE, BOOTTIME, TAI = 11 };
enum { CPU_SELECTOR = 15 * 8 + 3, CPU_MASK = 0xfff, NODE_SHIFT = 12 };

extern const struct clock_page vdso_clock __attribute__((visibility("hidden")));

#define EXPORT(name)  extern __typeof__(__vdso_##name) name __attribute__((weak, alias("__vdso_" #name)))

#define BIT_OF(clock) (1u << (clock))
#define WALL_CLOCKS   (BIT_OF(REALTIME) | BIT_OF(REALTIME_COARSE) | BIT_OF(TAI))
#define MONOTONIC_CLOCKS                                                                                     \
	(BIT_OF(MONOTONIC) | BIT_OF(MONOTONIC_RAW) | BIT_OF(MONOTONIC_COARSE) | BIT_OF(BOOTTIME))
#define COARSE_CLOCKS (BIT_OF(REALTIME_COARSE) | BIT_OF(MONOTONIC_COARSE))

static inline bool clock_in(int clock, u32 set)
{
	return (unsigned)clock < 32 && (set >> clock & 1);
}

/* The cycle counter, read neither before the loads in front of it nor while the page changes. */
static inline u64 cycles_now(void)
{
	u32 lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi)::"memory");
	return (u64)hi << 32 | lo;
}

/* cycles * mult / 2^CLOCK_SHIFT */
static inline u64 cycles_to_ns(u64 cycles, u64 mult)
{
#ifdef __x86_64__
	return (u64)((unsigned __int128)cycles * mult >> CLOCK_SHIFT);
#else
	u32 c_hi = (u32)(cycles >> 32), c_lo = (u32)cycles, m_hi = (u32)(mult >> 32), m_lo = (u32)mult;

	_Static_assert(CLOCK_SHIFT == 32, "the halves of the factors");
	return ((u64)(c_hi * m_hi) << 32) + (u64)c_hi * m_lo + (u64)c_lo * m_hi + ((u64)c_lo * m_lo >> 32);
#endif
}

/* ns since boot, or since 1970. */
static inline u64 read_clock(bool wall)
{
	const struct clock_page *c = &vdso_clock;
	u32 seq;
	u64 ns;

	do {
		seq = __atomic_load_n(&c->seq, __ATOMIC_ACQUIRE);
		s64 cycles = (s64)(cycles_now() - c->base_cycles);

		ns = (u64)c->base_ns + (wall ? (u64)c->wall_offset : 0);
		if (__builtin_expect(cycles > 0, 1))
			ns += cycles_to_ns((u64)cycles, c->mult);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (__builtin_expect((seq & 1) || __atomic_load_n(&c->seq, __ATOMIC_RELAXED) != seq, 0));
	return ns;
}

/* Each CPU's GDT has a descriptor whose limit is the CPU's number (tables.c). */
static inline void read_cpu(unsigned *cpu, unsigned *node)
{
	unsigned limit;

	__asm__ volatile("lsl %1, %0" : "=r"(limit) : "r"(CPU_SELECTOR) : "cc");
	if (cpu)
		*cpu = limit & CPU_MASK;
	if (node)
		*node = limit >> NODE_SHIFT;
}
