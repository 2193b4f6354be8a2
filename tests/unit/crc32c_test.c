/* SPDX-License-Identifier: MIT
 * tests/unit/crc32c_test.c - lib/crc32c.c against the values of RFC 3720, appendix B.4, and against itself in parts
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <lib/crc32c.h>
#include <lib/string.h>

static u32 whole(const void *p, size_t n)
{
	return ~crc32c(~0u, p, n);
}

static void test_known(void **state)
{
	u8 bytes[32];

	assert_int_equal(whole("123456789", 9), 0xe3069283);
	memset(bytes, 0, 32);
	assert_int_equal(whole(bytes, 32), 0x8a9136aa);
	memset(bytes, 0xff, 32);
	assert_int_equal(whole(bytes, 32), 0x62a8ab43);
	for (u8 k = 0; k < 32; k++)
		bytes[k] = k;
	assert_int_equal(whole(bytes, 32), 0x46dd794e);
}

static void test_parts(void **state)
{
	u8 bytes[100];

	for (u8 k = 0; k < 100; k++)
		bytes[k] = (u8)(k * 37);
	for (size_t cut = 0; cut <= 100; cut++)
		assert_int_equal(crc32c(crc32c(7, bytes, cut), bytes + cut, 100 - cut), crc32c(7, bytes, 100));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_known), cmocka_unit_test(test_parts) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
