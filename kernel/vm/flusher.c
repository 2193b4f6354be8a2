/* SPDX-License-Identifier: MIT
 * vm/flusher.c - the thread that writes dirty pages back, and how fast writers may make new ones
 *
 * Owns:      the thread "flush"; the limits of /proc/sys/vm/dirty_*.
 * Layer:     vm.
 * Locks:     none of its own; the limits are single words.
 * Contexts:  a kernel thread; flusher_throttle in process context, may sleep.
 * Manual:    proc(5): /proc/sys/vm/dirty_ratio and the others.
 * Tests:     kernel/fs/storefs_ktest.c.
 *
 * Theory
 * ------
 *      dirty pages
 *           |  dirty_ratio (20 % of what could be page cache): writers wait
 *           |  dirty_background_ratio (10 %): the thread writes the oldest, whatever their age
 *           |  below: the thread writes what is older than dirty_expire (30 s), looking each dirty_writeback (5 s)
 *           0  nothing is dirty: the thread sleeps until something becomes so
 */
#include "internal.h"
#include <base/panic.h>

u32 dirty_ratio = 20, dirty_background_ratio = 10;
u32 dirty_expire_cs = 3000, dirty_writeback_cs = 500;
struct flusher_inodes flusher_inodes;

static struct waitq wanted = WAITQ_INIT(wanted);     /* the thread sleeps here */
static struct waitq progress = WAITQ_INIT(progress); /* throttled writers */
static u32 kicked;                                   /* somebody wants pages written now */
enum { THROTTLE_STEP_MS = 100, THROTTLE_STEPS = 30, CHECK_EACH = 32 /* pages made dirty */ };

static ktime_t centiseconds(u32 cs)
{
	return (ktime_t)cs * (NSEC_PER_SEC / 100);
}

/* Pages now dirty or on their way, and what `ratio` percent of the memory for page cache is. */
static u64 dirty_now(u64 *limit, u32 ratio)
{
	struct mem_stats st;

	mem_stats(&st);
	*limit = (st.free_pages + st.cache_pages) * ratio / 100;
	return st.dirty_pages + st.writeback_pages;
}

static bool over(u32 ratio)
{
	u64 limit;

	return dirty_now(&limit, ratio) > limit;
}

void flusher_kick(void)
{
	atomic_store(&kicked, 1);
	waitq_wake_all(&wanted);
}

void flusher_note_dirty(void)
{
	waitq_wake_all(&wanted);
}

void flusher_throttle(void)
{
	static DEFINE_PERCPU(u32, dirtied);

	if (likely(++this_cpu(dirtied) % CHECK_EACH) || !over(dirty_background_ratio))
		return;
	flusher_kick();
	if (thread_current()->is_kernel)
		return; /* a loop device's: it writes for somebody who waits already */
	/* A store that takes nothing any more must not hold its writers for ever. */
	for (unsigned i = 0; i < THROTTLE_STEPS && over(dirty_ratio) && !thread_kill_pending(); i++)
		(void)wait_event_until(&progress, !over(dirty_ratio),
		                       clock_monotonic() + THROTTLE_STEP_MS * NSEC_PER_MSEC);
}

/* One round: pages of mappings that became dirty before `until`, oldest first; with `background`, only while there
 * are too many. */
static void write_old(ktime_t until, bool background)
{
	while (!background || over(dirty_background_ratio)) {
		if (!writeback_oldest(until))
			break;
		waitq_wake_all(&progress);
		cond_resched();
	}
}

static bool anything_dirty(void)
{
	return writeback_pending() || (flusher_inodes.pending && flusher_inodes.pending());
}

/* Sleeps until it is time to look, or somebody kicks. */
static void sleep_until_due(void)
{
	u32 period = atomic_load(&dirty_writeback_cs);
	ktime_t wake = period ? clock_monotonic() + centiseconds(period) : KTIME_MAX;

	(void)!wait_event_interruptible(&wanted, atomic_load(&kicked) || anything_dirty());
	/* The first age begins now. */
	(void)!wait_event_interruptible_until(&wanted, atomic_load(&kicked), wake);
}

static void flusher_main(void *unused)
{
	for (;;) {
		ktime_t now, old;

		sleep_until_due();
		now = clock_monotonic();
		old = now - centiseconds(atomic_load(&dirty_expire_cs));
		write_old(old, false);
		if (atomic_xchg(&kicked, 0) || over(dirty_background_ratio))
			write_old(now, true);
		if (flusher_inodes.write)
			flusher_inodes.write(old);
		waitq_wake_all(&progress);
	}
}

void flusher_init(void)
{
	if (!kthread_start(flusher_main, NULL, "flush", -1))
		panic("no memory for the flusher");
}
