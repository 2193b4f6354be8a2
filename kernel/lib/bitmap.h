/* SPDX-License-Identifier: MIT
 * lib/bitmap.h - arrays of bits in unsigned longs.  The caller locks. */
#pragma once
#include <abi/types.h>

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
/* The number of set bits (no instruction for it on the oldest CPUs). */
static inline unsigned popcount64(u64 x)
{
	x -= x >> 1 & 0x5555555555555555UL;
	x = (x & 0x3333333333333333UL) + (x >> 2 & 0x3333333333333333UL);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fUL;
	return (unsigned)(x * 0x0101010101010101UL >> 56);
}
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
