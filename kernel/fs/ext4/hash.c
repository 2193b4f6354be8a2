/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/hash.c - the hashes by which an indexed directory orders its names
 *
 * Owns:      nothing; pure functions.
 * Layer:     fs/ext4.
 * Locks:     none.
 * Contexts:  any.
 * Manual:    the ext4 disk layout, "Hash Tree Directories"; RFC 1320 (MD4); Wheeler and Needham, "TEA".
 * Tests:     tests/ext4 (names indexed by e2fsck -D are found here, and the reverse).
 *
 * Three functions, each in a form for machines whose `char` is signed and one where it is not (the superblock's
 * flags say which wrote the disk).  The result has its lowest bit clear: the index uses that bit to say that a
 * hash's names go on in the next block.
 */
#include "internal.h"

static inline u32 rol(u32 x, unsigned n)
{
	return x << n | x >> (32 - n);
}

/* Half of MD4: three rounds of eight steps. */
static void half_md4(u32 buf[4], const u32 in[8])
{
	static const u8 order[3][8] = { { 0, 1, 2, 3, 4, 5, 6, 7 },
		                        { 1, 3, 5, 7, 0, 2, 4, 6 },
		                        { 3, 7, 2, 6, 1, 5, 0, 4 } };
	static const u8 shift[3][4] = { { 3, 7, 11, 19 }, { 3, 5, 9, 13 }, { 3, 9, 11, 15 } };
	static const u32 add[3] = { 0, 0x5a827999, 0x6ed9eba1 };
	u32 v[4] = { buf[0], buf[1], buf[2], buf[3] };

	for (unsigned r = 0; r < 3; r++) {
		for (unsigned k = 0; k < 8; k++) {
			/* The four words take turns: a, d, c, b. */
			u32 *a = &v[(4 - k) & 3];
			u32 b = v[(5 - k) & 3], c = v[(6 - k) & 3], d = v[(7 - k) & 3], f;

			f = r == 0 ? d ^ (b & (c ^ d)) : r == 1 ? (b & c) + ((b ^ c) & d) : b ^ c ^ d;
			*a = rol(*a + f + in[order[r][k]] + add[r], shift[r][k & 3]);
		}
	}
	for (unsigned k = 0; k < 4; k++)
		buf[k] += v[k];
}

static void tea(u32 buf[4], const u32 in[4])
{
	u32 sum = 0, b0 = buf[0], b1 = buf[1];

	for (unsigned n = 0; n < 16; n++) {
		sum += 0x9e3779b9;
		b0 += ((b1 << 4) + in[0]) ^ (b1 + sum) ^ ((b1 >> 5) + in[1]);
		b1 += ((b0 << 4) + in[2]) ^ (b0 + sum) ^ ((b0 >> 5) + in[3]);
	}
	buf[0] += b0;
	buf[1] += b1;
}

static inline u32 char_value(char c, bool is_unsigned)
{
	return is_unsigned ? (u32)(u8)c : (u32)(s32)(s8)c;
}

static u32 legacy(const char *name, unsigned len, bool is_unsigned)
{
	u32 hash, hash0 = 0x12a3fe2d, hash1 = 0x37abe8f9;

	while (len--) {
		hash = hash1 + (hash0 ^ (char_value(*name++, is_unsigned) * 7152373));
		if (hash & 0x80000000)
			hash -= 0x7fffffff;
		hash1 = hash0;
		hash0 = hash;
	}
	return hash0 << 1;
}

/* Up to num words of a name, padded with its length. */
static void name_to_words(const char *name, unsigned len, u32 *buf, int num, bool is_unsigned)
{
	u32 pad = len | len << 8, value;

	pad |= pad << 16;
	value = pad;
	if (len > (unsigned)num * 4)
		len = (unsigned)num * 4;
	for (unsigned i = 0; i < len; i++) {
		value = char_value(name[i], is_unsigned) + (value << 8);
		if (i % 4 == 3) {
			*buf++ = value;
			value = pad;
			num--;
		}
	}
	if (--num >= 0)
		*buf++ = value;
	while (--num >= 0)
		*buf++ = pad;
}

int ext4_dirhash(const struct ext4_hash_in *in, const char *name, unsigned len, u32 *hash, u32 *minor)
{
	u32 buf[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 }, words[8], result, second = 0;
	bool uns = in->version >= HASH_LEGACY_UNSIGNED;
	const u32 *seed = in->seed;

	if (seed[0] | seed[1] | seed[2] | seed[3])
		for (unsigned i = 0; i < 4; i++)
			buf[i] = seed[i];
	switch (in->version) {
	case HASH_LEGACY:
	case HASH_LEGACY_UNSIGNED:
		result = legacy(name, len, uns);
		break;
	case HASH_HALF_MD4:
	case HASH_HALF_MD4_UNSIGNED:
		for (unsigned done = 0; done < len; done += 32) {
			name_to_words(name + done, len - done, words, 8, uns);
			half_md4(buf, words);
		}
		result = buf[1];
		second = buf[2];
		break;
	case HASH_TEA:
	case HASH_TEA_UNSIGNED:
		for (unsigned done = 0; done < len; done += 16) {
			name_to_words(name + done, len - done, words, 4, uns);
			tea(buf, words);
		}
		result = buf[0];
		second = buf[1];
		break;
	default:
		return -EUCLEAN;
	}
	result &= ~1u;
	*hash = result == 0xfffffffe ? 0xfffffffc : result; /* the last value marks the end of a listing */
	if (minor)
		*minor = second;
	return 0;
}
