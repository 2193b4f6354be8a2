/* SPDX-License-Identifier: MIT
 * base/base_ktest.c - tests of base in the running kernel
 *
 * Owns:      nothing.
 * Layer:     base.
 * Locks:     none.
 * Contexts:  a kernel thread.
 */
#include <base/atomic.h>
#include <base/clock.h>
#include <base/irq.h>
#include <base/ktest.h>
#include <base/panic.h>
#include <base/percpu.h>
#include <base/trace.h>
#include <lib/string.h>

enum { EVENTS = 3000, ROUNDS = 200 };

static u64 events_said; /* the numbers given to page_free events, from 1 */

static void say_events(void *unused)
{
	for (int i = 0; i < EVENTS; i++)
		TRACE2(page_free, atomic_add(&events_said, 1), 77);
}

static unsigned count_text(const char *s, const char *find)
{
	unsigned n = 0;
	while ((s = strstr(s, find))) {
		n++;
		s++;
	}
	return n;
}

/* Rings of all CPUs are filled over their ends at once; the last events come out, each once, in whole lines.
 */
KTEST(trace_rings)
{
	static char text[4096];
	u64 cursor = 0;
	unsigned lines = 0, marked = 0;
	KT_CHECK(trace_set("no_such_event") < 0);
	int err = trace_set("page_free");
	KT_CHECK(err == 0);
	cpu_call(atomic_load(&cpu_online_mask), say_events, NULL);
	KT_CHECK(trace_set("") == 0);
	for (size_t n; (n = trace_format(&cursor, text, sizeof(text) - 1)) > 0;) {
		text[n] = 0;
		KT_CHECK(text[n - 1] == '\n');
		lines += count_text(text, "\n");
		marked += count_text(text, "page_free: pfn=");
	}
	KT_CHECK(lines == marked);
	KT_CHECK(lines >= 1024 && lines <= 1024 * cpu_count);
	return 0;
}

static ktime_t latest;
static bool went_back;

static void look_at_clock(void *unused)
{
	ktime_t before = atomic_load(&latest), now = clock_monotonic();
	if (now < before)
		went_back = true;
	while (before < now && !atomic_cas(&latest, before, now))
		before = atomic_load(&latest);
}

/* A time seen on one CPU and then told to another is never ahead of that one's. */
KTEST(clock_across_cpus)
{
	latest = 0;
	went_back = false;
	for (int i = 0; i < ROUNDS; i++)
		cpu_call(atomic_load(&cpu_online_mask), look_at_clock, NULL);
	KT_CHECK(!went_back);
	KT_CHECK(latest > 0);
	return 0;
}

/* Names resolve to the function they lie in, and nonsense to its number. */
KTEST(symbol_names)
{
	char buf[96];
	symbol_name((unsigned long)&symbol_name + 1, buf, sizeof(buf));
	KT_CHECK(str_starts(buf, "symbol_name+0x1/"));
	symbol_name(0x1234, buf, sizeof(buf));
	KT_CHECK(!strcmp(buf, "0x1234"));
	return 0;
}
