/* SPDX-License-Identifier: MIT
 * base/ktest.c - running the tests that are linked into the kernel
 *
 * Owns:      nothing.
 * Layer:     base.  The tests stand in the linker section .ktest, in every chapter.
 * Locks:     none.
 * Contexts:  a kernel thread.
 * Tests:     tests/ktest
 *
 * Prints `KTEST ok NAME` or `KTEST not ok NAME` with the words that repeat the run, and last
 * `KTEST passed=N failed=N`, which the test driver waits for.
 */
#include <base/ktest.h>
#include <base/cmdline.h>
#include <base/random.h>
#include <lib/string.h>

extern const struct ktest __ktest_start[], __ktest_end[];

/* Is `name` one of the comma-separated words of `list`? */
static bool list_has(const char *list, const char *name)
{
	size_t n = strlen(name);
	for (;;) {
		const char *comma = strchr(list, ',');
		size_t len = comma ? (size_t)(comma - list) : strlen(list);
		if ((len == n && !strncmp(list, name, n)) || (len == 3 && !strncmp(list, "all", 3)))
			return true;
		if (!comma)
			return false;
		list = comma + 1;
	}
}

static bool ktest_run(const struct ktest *t, u64 seed)
{
	int result = t->run(seed);
	if (result)
		log_err("KTEST not ok %s (again: ktest=%s seed=%lu)", t->name, t->name, seed);
	else
		log_info("KTEST ok %s", t->name);
	return result == 0;
}

bool ktest_main(void)
{
	const char *list = cmdline_get("ktest");
	u64 seed = cmdline_u64("seed", 0), repeat = cmdline_u64("repeat", 1);
	unsigned passed = 0, failed = 0;
	if (!list)
		return false;
	if (!seed)
		seed = random_u64() >> 32;
	for (u64 round = 0; round < repeat; round++)
		for (const struct ktest *t = __ktest_start; t < __ktest_end; t++) {
			if (!list_has(list, t->name))
				continue;
			if (ktest_run(t, seed + round))
				passed++;
			else
				failed++;
		}
	log_err("KTEST passed=%u failed=%u", passed, failed);
	return true;
}
