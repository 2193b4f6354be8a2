/* SPDX-License-Identifier: MIT
 * lib/crc32c.c - the CRC of iSCSI and ext4, eight bytes a step
 *
 * Owns:      the tables, computed at the first use.
 * Layer:     lib.
 * Locks:     none: two CPUs that compute the tables at once write the same values.
 * Contexts:  any.
 * Manual:    RFC 3720, appendix B.4; RFC 3385.
 * Tests:     tests/unit/crc32c_test.c
 *
 * The same slicing as crc32.c with another polynomial; without the inversions, as its users chain it.
 */
#include <lib/crc32c.h>

static u32 table[8][256];
static bool table_ready;

static void table_build(void)
{
	for (u32 b = 0; b < 256; b++) {
		u32 c = b;

		for (int k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ 0x82f63b78 : c >> 1;
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

u32 crc32c(u32 crc, const void *data, size_t n)
{
	const u8 *p = data;

	if (!__atomic_load_n(&table_ready, __ATOMIC_ACQUIRE))
		table_build();
	for (; n >= 8; n -= 8, p += 8) {
		u32 a = le32(p) ^ crc, b = le32(p + 4);

		crc = table[7][a & 255] ^ table[6][a >> 8 & 255] ^ table[5][a >> 16 & 255] ^
		      table[4][a >> 24] ^ table[3][b & 255] ^ table[2][b >> 8 & 255] ^
		      table[1][b >> 16 & 255] ^ table[0][b >> 24];
	}
	for (; n; n--)
		crc = crc >> 8 ^ table[0][(crc ^ *p++) & 255];
	return crc;
}
