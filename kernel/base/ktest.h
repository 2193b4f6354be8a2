/* SPDX-License-Identifier: MIT
 * base/ktest.h - tests that run inside the kernel: `ktest=name,...` (or `ktest=all`), `seed=N`, `repeat=N`.
 */
#pragma once
#include <base/log.h>

struct ktest {
	const char *name;
	/* 0 = passed.  Runs in a kernel thread; may sleep. */
	int (*run)(u64 seed);
};
#define KTEST(fn_name)                                                                                       \
	static int fn_name(u64 seed);                                                                        \
	__attribute__((section(".ktest"), used)) static const struct ktest ktest_##fn_name = { #fn_name,     \
		                                                                               fn_name };    \
	static int fn_name(u64 seed)
#define KT_CHECK(e)                                                                                          \
	do {                                                                                                 \
		if (!(e)) {                                                                                  \
			log_err("ktest: %s:%d: %s", __FILE__, __LINE__, #e);                                 \
			return 1;                                                                            \
		}                                                                                            \
	} while (0)
/* Runs what the command line asks for and prints `KTEST passed=N failed=N`; true if anything was asked for.
 */
bool ktest_main(void);
