/* SPDX-License-Identifier: MIT
 * base/sanitizers_ktest.c - do the sanitizers see what they should?
 *
 * Owns:      nothing.
 * Layer:     base.
 * Contexts:  ktest thread.
 * Tests:     this is one: ktest=ubsan_reports (UBSAN=1 builds).
 */
#include <base/ktest.h>
#include <base/sanitizers.h>

#ifdef CONFIG_UBSAN
static volatile int shift = 40, big = 0x7fffffff, at = 9, zero;
static volatile u8 not_bool = 7;
static char bytes[16] __attribute__((aligned(8)));

/* At least a report each; the results do not matter. */
static int do_shift(void)
{
	return 1 << shift;
}
static int do_add(void)
{
	return big + 1;
}
static int do_index(void)
{
	static int small[8];
	return small[at % 10];
}
static int do_misaligned(void)
{
	return *(volatile int *)(bytes + zero + 1);
}
static int do_bool(void)
{
	return *(volatile bool *)&not_bool;
}
static int do_builtin(void)
{
	return __builtin_ctz((unsigned)zero);
}

KTEST(ubsan_reports)
{
	int (*const all[])(void) = { do_shift, do_add, do_index, do_misaligned, do_bool, do_builtin };
	for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
		u64 before = sanitizer_reports();
		sanitizer_expected = true;
		int unused = all[i]();
		sanitizer_expected = false;
		(void)unused;
		if (sanitizer_reports() == before)
			log_err("ktest: number %u was not seen", i);
		KT_CHECK(sanitizer_reports() > before);
	}
	return 0;
}
#endif
