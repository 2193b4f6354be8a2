/* SPDX-License-Identifier: MIT
 * base/trace.c - tracepoint records in per-CPU rings
 *
 * Owns:      the rings, the sequence number, the set of enabled events.
 * Layer:     base.  Memory for the rings comes from the allocator that mem registers.
 * Locks:     none to record; trace_set is serialised by a busy flag.
 * Contexts:  recording and reading in any; trace_set in process context.
 * Tests:     base/base_ktest.c
 *
 * Theory
 * ------
 * Each CPU writes its own ring with interrupts off, so writers need no lock.  A record's sequence number,
 * counted over all CPUs, orders the merged text and is the reader's cursor.  It is also the record's seal:
 * the writer sets it to 0, fills the record and sets it last; a reader copies the record and takes the copy
 * only when the number was the same before and after.
 *
 * Rings cost 56 KiB a CPU and are allocated when the first event is enabled; they stay.
 */
#include <base/trace.h>
#include <base/atomic.h>
#include <base/clock.h>
#include <base/log.h>
#include <base/percpu.h>
#include <lib/format.h>
#include <lib/string.h>
#include <abi/errno.h>

enum { RING_RECORDS = 1024 };

struct trace_entry {
	u64 seq; /* from 1; 0 = being written */
	u64 time_ns;
	u32 event, cpu;
	unsigned long arg[4];
};
struct trace_ring {
	u64 written; /* records ever */
	struct trace_entry at[RING_RECORDS];
};

u64 trace_enabled;

static struct trace_ring *rings[NR_CPUS];
static u64 last_seq;
static u32 busy; /* trace_set under way */
static void *(*ring_alloc)(size_t);

static const struct {
	const char *name, *group, *fmt;
} events[TRACE_NR] = {
#define X(name, group, fmt) { #name, #group, fmt },
	TRACE_EVENTS(X)
#undef X
};

void trace_set_allocator(void *(*alloc)(size_t size))
{
	ring_alloc = alloc;
}

void trace_record(enum trace_event ev, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	unsigned long flags = arch_irq_save();
	unsigned cpu = cpu_id();
	struct trace_ring *r = atomic_load_acquire(&rings[cpu]);
	if (r) {
		struct trace_entry *e = &r->at[r->written % RING_RECORDS];
		u64 seq = atomic_add(&last_seq, 1);
		atomic_store(&e->seq, 0ul);
		__atomic_thread_fence(__ATOMIC_RELEASE);
		e->time_ns = (u64)clock_monotonic();
		e->event = ev;
		e->cpu = cpu;
		e->arg[0] = a;
		e->arg[1] = b;
		e->arg[2] = c;
		e->arg[3] = d;
		atomic_store_release(&e->seq, seq);
		atomic_store_release(&r->written, r->written + 1);
	}
	arch_irq_restore(flags);
}

/* The events that a name or group of n bytes means; 0 = none. */
static u64 events_by_name(const char *name, size_t n)
{
	u64 set = 0;
	for (unsigned i = 0; i < TRACE_NR; i++) {
		bool all = n == 3 && !strncmp(name, "all", 3);
		bool group = strlen(events[i].group) == n && !strncmp(events[i].group, name, n);
		bool event = strlen(events[i].name) == n && !strncmp(events[i].name, name, n);
		if (all || group || event)
			set |= 1UL << i;
	}
	return set;
}

/* The events of a comma-separated list; false when a word is unknown. */
static bool events_parse(const char *s, u64 *out)
{
	*out = 0;
	while (*s) {
		size_t n = 0;
		while (s[n] && s[n] != ',' && s[n] != ' ' && s[n] != '\n')
			n++;
		u64 set = events_by_name(s, n);
		if (n && !set)
			return false;
		*out |= set;
		s += n + (s[n] != 0);
	}
	return true;
}

static int rings_make(void)
{
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		if (rings[cpu])
			continue;
		struct trace_ring *r = ring_alloc ? ring_alloc(sizeof(*r)) : NULL;
		if (!r)
			return -ENOMEM;
		memset(r, 0, sizeof(*r));
		atomic_store_release(&rings[cpu], r);
	}
	return 0;
}

int trace_set(const char *names)
{
	u64 set;
	if (!events_parse(names, &set))
		return -EINVAL;
	if (atomic_xchg(&busy, 1u))
		return -EBUSY;
	int err = set ? rings_make() : 0;
	if (!err)
		atomic_store(&trace_enabled, set);
	atomic_store_release(&busy, 0u);
	return err;
}

/* A consistent copy of record number i of a ring; false when it is being overwritten. */
static bool entry_read(const struct trace_ring *r, u64 i, struct trace_entry *out)
{
	const struct trace_entry *e = &r->at[i % RING_RECORDS];
	u64 seq = atomic_load_acquire(&e->seq);
	*out = *e;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return seq != 0 && atomic_load(&e->seq) == seq;
}

/* The record with the lowest sequence number >= cursor over all CPUs; at[] remembers each ring's position. */
static bool entry_next(u64 cursor, u64 at[NR_CPUS], struct trace_entry *out)
{
	bool found = false;
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		const struct trace_ring *r = atomic_load_acquire(&rings[cpu]);
		if (!r)
			continue;
		u64 end = atomic_load_acquire(&r->written);
		if (at[cpu] + RING_RECORDS < end)
			at[cpu] = end - RING_RECORDS;
		struct trace_entry e;
		for (; at[cpu] < end; at[cpu]++)
			if (entry_read(r, at[cpu], &e) && e.seq >= cursor)
				break;
		if (at[cpu] < end && (!found || e.seq < out->seq)) {
			*out = e;
			found = true;
		}
	}
	return found;
}

/* One line; a negative result never occurs. */
static size_t entry_format(const struct trace_entry *e, char *dst, size_t size)
{
	u64 us = e->time_ns / 1000;
	size_t n = (size_t)scnprintf(dst, size, "[%5lu.%06lu] cpu%u %s: ", us / 1000000, us % 1000000, e->cpu,
	                             events[e->event].name);
	n += (size_t)scnprintf(dst + n, size - n, events[e->event].fmt, e->arg[0], e->arg[1], e->arg[2],
	                       e->arg[3]);
	return n + (size_t)scnprintf(dst + n, size - n, "\n");
}

size_t trace_format(u64 *cursor, char *dst, size_t size)
{
	u64 at[NR_CPUS] = { 0 };
	char line[200];
	struct trace_entry e;
	size_t done = 0;
	while (entry_next(*cursor, at, &e)) {
		size_t n = entry_format(&e, line, sizeof(line));
		if (n > size - done)
			break;
		memcpy(dst + done, line, n);
		done += n;
		*cursor = e.seq + 1;
	}
	return done;
}

void trace_dump_last(unsigned n)
{
	u64 at[NR_CPUS] = { 0 }, last = atomic_load(&last_seq);
	u64 cursor = last > n ? last - n + 1 : 1;
	char line[200];
	struct trace_entry e;
	if (last == 0)
		return;
	log_err("last trace events:");
	for (; n > 0 && entry_next(cursor, at, &e); n--) {
		entry_format(&e, line, sizeof(line));
		log_err("  %s", line);
		cursor = e.seq + 1;
	}
}
