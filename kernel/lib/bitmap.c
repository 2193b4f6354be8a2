/* SPDX-License-Identifier: MIT
 * lib/bitmap.c - searching arrays of bits
 *
 * Owns:      nothing.
 * Layer:     lib.
 * Locks:     none; the caller locks.
 * Contexts:  any.
 * Tests:     tests/unit/tables_test.c
 */
#include <lib/bitmap.h>

/* The first bit of (m ^ invert) that is set, at or behind `from`. */
static inline unsigned find_bit(const unsigned long *m, unsigned nbits, unsigned from, unsigned long invert)
{
	if (from >= nbits)
		return nbits;
	unsigned i = from / BITS_PER_LONG;
	unsigned long w = (m[i] ^ invert) & ~0UL << from % BITS_PER_LONG;
	while (!w) {
		if (++i >= BITMAP_LONGS(nbits))
			return nbits;
		w = m[i] ^ invert;
	}
	unsigned bit = i * BITS_PER_LONG + (unsigned)__builtin_ctzl(w);
	return MIN(bit, nbits);
}

unsigned bitmap_find_clear(const unsigned long *m, unsigned nbits, unsigned from)
{
	return find_bit(m, nbits, from, ~0UL);
}

unsigned bitmap_find_set(const unsigned long *m, unsigned nbits, unsigned from)
{
	return find_bit(m, nbits, from, 0);
}
