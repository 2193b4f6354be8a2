/* SPDX-License-Identifier: MIT
 * lib/crc32.c - the CRCs of gzip (crc32) and of iSCSI and ext4 (crc32c), eight bytes a step
 *
 * Owns:      the tables, each computed at its first use.
 * Layer:     lib.
 * Locks:     none: two CPUs that compute the tables at once write the same values.
 * Contexts:  any.
 * Manual:    RFC 1952, section 8; ISO 3309; RFC 3720, appendix B.4.
 * Tests:     tests/unit/inflate_test.c, tests/unit/crc32c_test.c
 *
 * at[0][b] is the CRC of byte b; at[k][b] that of b followed by k zero bytes.  Since a CRC is linear, the CRC of eight
 * bytes is the sum (xor) of eight lookups ("slicing by 8").  The two differ in the polynomial, and in that gzip's is
 * inverted at both ends, while the users of the other chain it.
 */
#include <lib/crc32c.h>
#include <lib/inflate.h>

struct crc_table {
	u32 polynomial; /* reflected */
	bool ready;
	u32 at[8][256];
};
static struct crc_table gzip = { .polynomial = 0xedb88320 }, castagnoli = { .polynomial = 0x82f63b78 };

static void table_build(struct crc_table *t)
{
	for (u32 b = 0; b < 256; b++) {
		u32 c = b;
		for (int k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ t->polynomial : c >> 1;
		t->at[0][b] = c;
	}
	for (int k = 1; k < 8; k++)
		for (u32 b = 0; b < 256; b++)
			t->at[k][b] = t->at[k - 1][b] >> 8 ^ t->at[0][t->at[k - 1][b] & 255];
	__atomic_store_n(&t->ready, true, __ATOMIC_RELEASE);
}

static inline u32 le32(const u8 *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (u32)p[3] << 24;
}

/* Inlined, so that each of the two has its table's address in its code. */
static inline __attribute__((always_inline)) u32 update(struct crc_table *t, u32 crc, const u8 *p, size_t n)
{
	if (!__atomic_load_n(&t->ready, __ATOMIC_ACQUIRE))
		table_build(t);
	for (; n >= 8; n -= 8, p += 8) {
		u32 a = le32(p) ^ crc, b = le32(p + 4);
		crc = t->at[7][a & 255] ^ t->at[6][a >> 8 & 255] ^ t->at[5][a >> 16 & 255] ^
		      t->at[4][a >> 24] ^ t->at[3][b & 255] ^ t->at[2][b >> 8 & 255] ^
		      t->at[1][b >> 16 & 255] ^ t->at[0][b >> 24];
	}
	for (; n; n--)
		crc = crc >> 8 ^ t->at[0][(crc ^ *p++) & 255];
	return crc;
}

u32 crc32(u32 crc, const void *data, size_t n)
{
	return ~update(&gzip, ~crc, data, n);
}

u32 crc32c(u32 crc, const void *data, size_t n)
{
	return update(&castagnoli, crc, data, n);
}
