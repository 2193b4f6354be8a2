/* SPDX-License-Identifier: MIT
 * base/trace.h - tracepoints: one predicted branch when off, a record in the CPU's ring when on. Any context.
 */
#pragma once
#include <abi/types.h>

/* X(name, group, format of the four arguments, given as unsigned long) - the one list of events. */
#define TRACE_EVENTS(X)                                                                                      \
	X(sched_switch, sched, "prev=%lu next=%lu prev_state=%lx")                                           \
	X(sched_wake, sched, "tid=%lu cpu=%lu")                                                              \
	X(sched_fork, sched, "parent=%lu child=%lu")                                                         \
	X(sched_exit, sched, "tid=%lu code=%lx")                                                             \
	X(fault, fault, "addr=%lx access=%lx result=%ld")                                                    \
	X(syscall_enter, syscall, "nr=%lu a0=%lx a1=%lx a2=%lx")                                             \
	X(syscall_exit, syscall, "nr=%lu result=%ld")                                                        \
	X(irq_enter, irq, "line=%lu")                                                                        \
	X(irq_exit, irq, "line=%lu")                                                                         \
	X(page_alloc, page, "pfn=%lx order=%lu flags=%lx")                                                   \
	X(page_free, page, "pfn=%lx order=%lu")                                                              \
	X(signal_send, signal, "tid=%lu sig=%lu")                                                            \
	X(signal_deliver, signal, "tid=%lu sig=%lu")

enum trace_event {
#define X(name, group, fmt) TRACE_##name,
	TRACE_EVENTS(X)
#undef X
	        TRACE_NR
};
extern u64 trace_enabled; /* bit n = event n */
void trace_record(enum trace_event ev, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
#define TRACE4(name, a, b, c, d)                                                                             \
	do {                                                                                                 \
		if (unlikely(trace_enabled & 1UL << TRACE_##name))                                           \
			trace_record(TRACE_##name, (unsigned long)(a), (unsigned long)(b),                   \
			             (unsigned long)(c), (unsigned long)(d));                                \
	} while (0)
#define TRACE3(name, a, b, c) TRACE4(name, a, b, c, 0)
#define TRACE2(name, a, b)    TRACE4(name, a, b, 0, 0)
#define TRACE1(name, a)       TRACE4(name, a, 0, 0, 0)
/* Where the rings come from (mem registers page memory); without it trace_set answers -ENOMEM. */
void trace_set_allocator(void *(*alloc)(size_t size));
/* Enables events by comma-separated names or groups ("sched,fault", "all", "" = none).  0, -EINVAL (unknown
 * name), -ENOMEM or -EBUSY (another call is under way). May sleep. */
int trace_set(const char *names);
/* Text of the merged rings, oldest first, starting at record *cursor; bytes written. */
size_t trace_format(u64 *cursor, char *dst, size_t size);
/* Prints the last n records to the log (panic). */
void trace_dump_last(unsigned n);
