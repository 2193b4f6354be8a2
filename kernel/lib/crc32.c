/* SPDX-License-Identifier: MIT
 * lib/crc32.c - the CRC of gzip, eight bytes a step
 *
 * Owns:      the tables, computed at the first use.
 * Layer:     lib.
 * Locks:     none: two CPUs that compute the tables at once write the same values.
 * Contexts:  any.
 * Manual:    RFC 1952, section 8; ISO 3309.
 * Tests:     tests/unit/inflate_test.c
 *
 * table[0][b] is the CRC of byte b; table[k][b] that of b followed by k zero bytes.  Since a CRC is linear,
 * the CRC of eight bytes is the sum (xor) of eight lookups ("slicing by 8").
 */
#include <lib/inflate.h>

static u32 table[8][256];
static bool table_ready;

static void table_build(void)
{
	for (u32 b = 0; b < 256; b++) {
		u32 c = b;
		for (int k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ 0xedb88320 : c >> 1;
		table[0][b] = c;
	}
	for (int k = 1; k < 8; k++)
		for (u32 b = 0; b < 256; b++)
			table[k][b] = table[k - 1][b] >> 8 ^ table[0][table[k - 1][b] & 255];
	__atomic_store_n(&table_ready, true, __ATOMIC_RELEASE);
}

static inline u32 le32(const u8 *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (u32)p[3] << 24;
}

u32 crc32(u32 crc, const void *data, size_t n)
{
	const u8 *p = data;
	if (!__atomic_load_n(&table_ready, __ATOMIC_ACQUIRE))
		table_build();
	crc = ~crc;
	for (; n >= 8; n -= 8, p += 8) {
		u32 a = le32(p) ^ crc, b = le32(p + 4);
		crc = table[7][a & 255] ^ table[6][a >> 8 & 255] ^ table[5][a >> 16 & 255] ^
		      table[4][a >> 24] ^ table[3][b & 255] ^ table[2][b >> 8 & 255] ^
		      table[1][b >> 16 & 255] ^ table[0][b >> 24];
	}
	for (; n; n--)
		crc = crc >> 8 ^ table[0][(crc ^ *p++) & 255];
	return ~crc;
}
