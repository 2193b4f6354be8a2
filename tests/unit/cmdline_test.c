/* SPDX-License-Identifier: MIT
 * tests/unit/cmdline_test.c - base/cmdline.c
 */
#include "unit.h"
#include <base/cmdline.h>

static const char *argv[16], *envp[16];
static unsigned argc, envc;

static void parse(const char *text)
{
	cmdline_parse(text);
	argc = envc = 0;
	cmdline_for_init(argv, &argc, envp, &envc, 16);
}

static void test_values(void **state)
{
	(void)state;
	parse("console=ttyS0 panic=-1 maxcpus=2 quiet size=16M big=0x10k flag=0 maxcpus=3 log-buf-len=7");
	assert_string_equal(cmdline_get("console"), "ttyS0");
	assert_string_equal(cmdline_get("quiet"), "");
	assert_null(cmdline_get("cons"));
	assert_null(cmdline_get("consolex"));
	assert_true(cmdline_flag("quiet"));
	assert_false(cmdline_flag("flag"));
	assert_int_equal(cmdline_u64("maxcpus", 9), 3);
	assert_int_equal(cmdline_u64("size", 9), 16 << 20);
	assert_int_equal(cmdline_u64("big", 9), 16 << 10);
	assert_int_equal(cmdline_u64("none", 9), 9);
	assert_int_equal(cmdline_u64("console", 9), 9);
	assert_string_equal(cmdline_get("log_buf_len"), "7");
}

static void test_init_words(void **state)
{
	(void)state;
	parse("console=ttyS0 auto init=/bin/sh -c HOME=/x \"quoted arg\" VAR=\"a b\" mod.opt=1 zerno.bare "
	      "HOME=/y -- "
	      "quiet A=1");
	assert_int_equal(argc, 4);
	assert_string_equal(argv[0], "-c");
	assert_string_equal(argv[1], "quoted arg");
	assert_string_equal(argv[2], "quiet");
	assert_string_equal(argv[3], "A=1");
	assert_int_equal(envc, 2);
	assert_string_equal(envp[0], "HOME=/y");
	assert_string_equal(envp[1], "VAR=a b");
}

static void test_hostile(void **state)
{
	(void)state;
	char text[6000];
	for (int round = 0; round < 5000; round++) {
		static const char set[] = "ab=\" -.\n\t";
		size_t n = unit_random() % (round % 100 ? 200 : sizeof(text) - 1);
		for (size_t i = 0; i < n; i++)
			text[i] = set[unit_random() % (sizeof(set) - 1)];
		text[n] = 0;
		parse(text);
		assert_true(argc <= 16 && envc <= 16);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_init_words),
		cmocka_unit_test(test_hostile),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
