/* SPDX-License-Identifier: MIT
 * tests/unit/bpf_test.c - lib/bpf.c: random programs that pass the check end, and touch nothing that is not theirs
 *
 * The sanitizers watch the run; MemorySanitizer is not there, so reads of unwritten words are caught by a model.
 */
#include "unit.h"
#include <lib/bpf.h>

static u32 seed = 1;

static u32 rnd(u32 n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* Mostly instructions that mean something. */
static struct sock_filter_k random_insn(unsigned left)
{
	static const u16 codes[] = { 0x20, 0x80, 0x81, 0x00, 0x01, 0x60, 0x61, 0x02, 0x03, 0x06, 0x16,
		                     0x07, 0x87, 0x05, 0x15, 0x1d, 0x25, 0x2d, 0x35, 0x3d, 0x45, 0x4d,
		                     0x04, 0x0c, 0x14, 0x1c, 0x24, 0x2c, 0x34, 0x3c, 0x44, 0x4c, 0x54,
		                     0x5c, 0x64, 0x6c, 0x74, 0x7c, 0x84, 0xa4, 0xac };
	struct sock_filter_k i = { .code = codes[rnd(ARRAY_SIZE(codes))] };

	if (rnd(200) == 0)
		i.code = (u16)rnd(65536);
	i.k = i.code == 0x20      ? rnd(16) * 4
	      : (i.code & 7) == 5 ? rnd(left + 1)
	      : rnd(3)            ? rnd(16)
	                          : rnd(1 << 24) << 8;
	i.jt = (u8)rnd(MIN(left + 1, 256u));
	i.jf = (u8)rnd(MIN(left + 1, 256u));
	return i;
}

static void test_random(void **state)
{
	struct seccomp_data_k data;
	struct sock_filter_k prog[40];
	u16 scratch[40];
	unsigned accepted = 0;

	(void)state;
	for (unsigned i = 0; i < sizeof(data); i++)
		((u8 *)&data)[i] = (u8)rnd(256);
	for (unsigned n = 0; n < 400000; n++) {
		unsigned len = 1 + rnd(n % 8 ? 6 : ARRAY_SIZE(prog));
		/* Exactly as large as it may use, so that a step too far is a sanitizer's. */
		struct sock_filter_k *p = malloc(len * sizeof(*p));

		for (unsigned i = 0; i < len; i++)
			p[i] = random_insn(len - i - 1);
		if (rnd(8))
			p[len - 1] = (struct sock_filter_k){ .code = 6, .k = rnd(1000) };
		if (bpf_check(p, len, scratch)) {
			accepted++;
			(void)bpf_run(p, &data);
		}
		free(p);
	}
	assert_true(accepted > 10000);
}

static void test_paths(void **state)
{
	/* A word that only one of two ways has written. */
	struct sock_filter_k prog[] = {
		{ 0x20, 0, 0, 0 }, { 0x15, 0, 1, 7 }, { 0x02, 0, 0, 3 }, { 0x60, 0, 0, 3 }, { 0x16, 0, 0, 0 }
	};
	struct seccomp_data_k data = { .nr = 7 };
	u16 scratch[5];

	(void)state;
	assert_false(bpf_check(prog, 5, scratch));
	prog[1].jf = 0;
	assert_true(bpf_check(prog, 5, scratch));
	assert_int_equal(bpf_run(prog, &data), 7);
	assert_false(bpf_check(prog, 0, scratch));
	assert_false(bpf_check(prog, 4, scratch));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random), cmocka_unit_test(test_paths) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
