/* SPDX-License-Identifier: MIT
 * lib/bitmap.h - arrays of bits in unsigned longs.  The caller locks. */
#pragma once
#include <lib/types.h>

#define BITS_PER_LONG   64
#define BITMAP_LONGS(n) DIV_ROUND_UP(n, BITS_PER_LONG)
static inline void bitmap_set(unsigned long *m, unsigned n)
{
	m[n / 64] |= 1UL << n % 64;
}
static inline void bitmap_clear(unsigned long *m, unsigned n)
{
	m[n / 64] &= ~(1UL << n % 64);
}
static inline bool bitmap_test(const unsigned long *m, unsigned n)
{
	return m[n / 64] >> n % 64 & 1;
}
/* First clear (set) bit >= from, or nbits. */
unsigned bitmap_find_clear(const unsigned long *m, unsigned nbits, unsigned from);
unsigned bitmap_find_set(const unsigned long *m, unsigned nbits, unsigned from);
static inline unsigned fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}
static inline unsigned log2_up(u64 x)
{
	return x <= 1 ? 0 : fls64(x - 1);
}
#define cpumask_for_each(cpu, mask)                                                                          \
	for (cpumask_t m_ = (mask); m_ && (cpu = (unsigned)__builtin_ctzll(m_), true); m_ &= m_ - 1)
