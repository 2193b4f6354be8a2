/* SPDX-License-Identifier: MIT
 * tests/unit/random_test.c - base/random.c: the block function's vector, and the streams
 *
 * Includes the .c file, since the block function is its own affair.
 */
#include "unit.h"
#include "../../kernel/base/random.c"

/* RFC 8439, 2.3.2: counter 1 and nonce 00:00:00:09 00:00:00:4a 00:00:00:00, which this layout (a counter and
 * a nonce of 64 bits each) spells as below. */
static void test_vector(void **state)
{
	(void)state;
	static const u8 want[16] = { 0x10, 0xf1, 0xe7, 0xe4, 0xd1, 0x3b, 0x59, 0x15,
		                     0x50, 0x0f, 0xdd, 0x1f, 0xa3, 0x20, 0x71, 0xc4 };
	u8 key[KEY], block[BLOCK];
	u32 words[KEY_WORDS];
	for (unsigned i = 0; i < KEY; i++)
		key[i] = (u8)i;
	memcpy(words, key, KEY);
	chacha_block(words, 0x0900000000000001ull, 0x000000004a000000ull, block);
	assert_memory_equal(block, want, sizeof(want));
}

static void test_stream(void **state)
{
	(void)state;
	static u8 big[100000], again[100000];
	unsigned count[256] = { 0 };
	random_bytes(big, sizeof(big));
	random_bytes(again, sizeof(again));
	assert_memory_not_equal(big, again, sizeof(big));
	for (size_t i = 0; i < sizeof(big); i++)
		count[big[i]]++;
	for (int i = 0; i < 256; i++)
		assert_in_range(count[i], 250, 550);
	/* Small requests of every size: none repeats, what was given out is erased. */
	u64 last = 0;
	for (size_t n = 8; n <= 300; n++) {
		random_bytes(big, n);
		u64 first;
		memcpy(&first, big, 8);
		assert_true(first != last);
		last = first;
		for (u32 i = 0; i < streams.used && i < BATCH; i++)
			assert_int_equal(streams.buf[i], 0);
	}
}

static void test_entropy(void **state)
{
	(void)state;
	u64 before = streams.generation;
	random_add_entropy("some noise that is longer than one key, to be mixed in", 54);
	random_u64();
	assert_true(streams.generation == before + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vector),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_entropy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
