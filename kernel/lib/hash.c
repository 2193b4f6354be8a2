/* SPDX-License-Identifier: MIT
 * lib/hash.c - a hash of bytes, for tables
 *
 * Owns:      nothing.
 * Layer:     lib.
 * Locks:     none.
 * Contexts:  any.
 * Manual:    Fowler, Noll, Vo: FNV-1a, 64 bits, folded to 32.
 * Tests:     tests/unit/tables_test.c
 *
 * Names are hashed on every path lookup, so eight bytes are taken in one multiplication; the rest follows
 * as one word padded with its length, which keeps "a" and "a\0" apart.
 */
#include <lib/hash.h>

struct word {
	u64 v;
} __attribute__((packed, may_alias));

u32 hash_bytes(const void *p, size_t n, u32 seed)
{
	const u64 prime = 0x9e3779b97f4a7c15ULL;
	const u8 *s = p;
	u64 h = 0xcbf29ce484222325ULL ^ seed;
	for (; n >= 8; n -= 8, s += 8) {
		h = (h ^ ((const struct word *)s)->v) * prime;
		h ^= h >> 32;
	}
	u64 tail = n + 1;
	for (; n; n--)
		tail = tail << 8 | *s++;
	h = (h ^ tail) * prime;
	return (u32)(h ^ h >> 32);
}
