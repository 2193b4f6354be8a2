/* SPDX-License-Identifier: MIT
 * base/sanitizers.h - what the builds with UBSAN=1 and KASAN=1 report (docs/debugging.md). Any context. */
#pragma once
#include <abi/types.h>

/* Begins a report on this CPU and counts it; false: say nothing, since the kernel is dying already, this CPU's
 * report is what went wrong, or another CPU is printing one.  Each true is followed by sanitizer_end().  Until
 * then log_err() reaches the consoles, whatever their level. */
bool sanitizer_begin(void);
/* Panics with the text, or with `sanitizer=count` on the command line prints it with a backtrace and goes on. */
void sanitizer_end(const char *text);
u64 sanitizer_reports(void); /* since boot */
/* For tests: while set, reports are counted and neither printed nor fatal. */
extern bool sanitizer_expected;
