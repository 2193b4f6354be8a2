/* SPDX-License-Identifier: MIT
 * base/sanitizers.c - what a report of a sanitizer leads to
 *
 * Owns:      the number of reports and which CPU prints one.
 * Layer:     base.  Used by sanitizers_undefined.c and sanitizers_address.c.
 * Locks:     none: `printing` is taken by compare-and-swap and never waited for.
 * Contexts:  any, from the first instruction on.
 * Manual:    GCC, "Program Instrumentation Options".
 * Tests:     kernel/base/sanitizers_ktest.c
 *
 * A report can come from anywhere, so also from what prints it: from log_printf, with the log's lock held, or from
 * the panic.  Hence a report within a report is counted and dropped, and nobody waits for another CPU's.
 */
#include <base/sanitizers.h>
#include <base/atomic.h>
#include <base/cmdline.h>
#include <base/log.h>
#include <base/panic.h>
#include <base/percpu.h>
#include <lib/string.h>

#if defined(CONFIG_UBSAN) || defined(CONFIG_KASAN)
bool sanitizer_expected;

static u64 reports;
static u32 printing; /* CPU number + 1 */
static int level_before;

bool sanitizer_begin(void)
{
	atomic_add(&reports, 1);
	if (panic_in_progress || sanitizer_expected || !atomic_cas(&printing, 0u, cpu_id() + 1))
		return false;
	level_before = log_console_level;
	log_console_level = MAX(level_before, (int)LOG_ERR);
	return true;
}

void sanitizer_end(const char *text)
{
	const char *mode = cmdline_get("sanitizer");
	if (!mode || strcmp(mode, "count"))
		panic("%s", text); /* with its backtrace */
	log_err("%s", text);
	backtrace_log(NULL);
	log_console_level = level_before;
	atomic_store_release(&printing, 0u);
}

u64 sanitizer_reports(void)
{
	return atomic_load(&reports);
}
#endif
