/* SPDX-License-Identifier: MIT
 * vm/reclaim.c - dropping pages of the cache when memory runs short
 *
 * Owns:      the list of mappings whose pages lie in a store as well; the thread "reclaim".
 * Layer:     vm.  Registered into mem as mem_reclaim and mem_low.
 * Locks:     cache_lock, a leaf spinlock under mapping->lock: the list.  Mappings are scanned under mapping->lock.
 * Contexts:  reclaim_pages runs inside page_alloc, so under whatever sleeping locks an allocation may be made: it
 *            calls no file system and only tries mutexes.  The thread holds nothing and may do both.
 * Manual:    proc(5): drop_caches.
 * Tests:     kernel/fs/storefs_ktest.c.
 *
 * Theory
 * ------
 * A clock: mappings stand in a ring, each with a hand on one of its pages.  The
 * mapping in front is looked at for a piece of its pages, then goes to the end:
 *
 *      used since the last look (PAGE_REFERENCED)     spared once
 *      dirty, locked, on its way                      spared; the flusher is told
 *      mapped                                         unmapped where not used lately (accessed bits), gone next time
 *      the mapping's own reference alone              dropped
 *
 * With mapping->lock held and one reference left nobody can find the page, so it may go.
 *
 * page_alloc asks when it finds nothing.  Before it comes to that, memory below a low mark wakes the thread, which
 * drops pages, and names and inodes too, up to a high mark.
 */
#include "internal.h"
#include <base/panic.h>
#include <sched/timer.h>

enum { SCAN_PIECE = 64, ROUNDS = 3, DROP_BATCH = 32 };
static struct spinlock cache_lock = SPINLOCK_INIT("reclaim");
static LIST_HEAD(cached);
static unsigned nr_cached;
static struct waitq low = WAITQ_INIT(low), scanned = WAITQ_INIT(scanned);
static u32 is_low;
unsigned long (*reclaim_objects)(unsigned long n);

void reclaim_note_mapping(struct mapping *m)
{
	if (!mapping_has_store(m))
		return;
	spin_lock(&cache_lock);
	if (list_empty(&m->cache_link)) {
		list_add_tail(&m->cache_link, &cached);
		nr_cached++;
	}
	spin_unlock(&cache_lock);
}

void reclaim_forget_mapping(struct mapping *m)
{
	spin_lock(&cache_lock);
	if (!list_empty(&m->cache_link))
		nr_cached--;
	list_del(&m->cache_link);
	list_init(&m->cache_link);
	spin_unlock(&cache_lock);
	wait_event(&scanned, !atomic_load(&m->scanners));
}

/* The next mapping of the ring, which cannot go until scan_end. */
static struct mapping *scan_begin(void)
{
	struct mapping *m = NULL;

	spin_lock(&cache_lock);
	if (!list_empty(&cached)) {
		m = list_first_entry(&cached, struct mapping, cache_link);
		list_move_tail(&m->cache_link, &cached);
		atomic_add(&m->scanners, 1);
	}
	spin_unlock(&cache_lock);
	return m;
}

static void scan_end(struct mapping *m)
{
	if (!atomic_sub(&m->scanners, 1))
		waitq_wake_all(&scanned);
}

struct scan {
	struct page *gone[DROP_BATCH];
	unsigned nr_gone, nr_mapped, nr_dirty;
	u64 mapped[DROP_BATCH]; /* pages to be unmapped */
	bool all;               /* used or not: drop_caches */
};

/* What is to be done with the page; see the table above. */
static void look_at(struct scan *sc, struct mapping *m, struct page *p) MUST_HOLD(&m->lock)
{
	u32 flags = atomic_load(&p->flags);
	void *erased;

	if (flags & PAGE_DIRTY)
		sc->nr_dirty++;
	if (flags & (PAGE_DIRTY | PAGE_LOCKED | PAGE_WRITEBACK))
		return;
	if (flags & PAGE_REFERENCED && !sc->all) {
		atomic_and(&p->flags, ~PAGE_REFERENCED);
		return;
	}
	if (atomic_load(&p->mapcount)) {
		sc->mapped[sc->nr_mapped++] = p->index;
		return;
	}
	if (ref_read(&p->ref) != 1)
		return;
	erased = xa_erase(&m->pages, p->index);
	assert(erased == p);
	p->mapping = NULL;
	m->nr_pages--;
	sc->gone[sc->nr_gone++] = p;
}

/* Looks at pages of [*from, last] until a batch is full or `n` were seen; *from moves on. The number seen. */
static unsigned scan_some(struct scan *sc, struct mapping *m, u64 *from, u64 last, unsigned n)
{
	struct page *p;
	unsigned seen = 0;

	sc->nr_gone = sc->nr_mapped = 0;
	spin_lock(&m->lock);
	while (seen < n && sc->nr_gone < DROP_BATCH && sc->nr_mapped < DROP_BATCH &&
	       (p = xa_find(&m->pages, from)) && *from <= last) {
		look_at(sc, m, p);
		seen++;
		++*from;
	}
	spin_unlock(&m->lock);

	for (unsigned i = 0; i < sc->nr_gone; i++) {
		atomic_and(&sc->gone[i]->flags,
		           ~(PAGE_UPTODATE | PAGE_ERROR | PAGE_REFERENCED | PAGE_READAHEAD));
		page_put(sc->gone[i]);
	}
	if (sc->nr_gone)
		mem_count(m->counter, -(long)sc->nr_gone);
	return seen;
}

/* The hand of one mapping goes on by a piece; pages dropped. */
static unsigned scan_mapping(struct scan *sc, struct mapping *m)
{
	u64 hand = atomic_load(&m->clock_hand);
	unsigned left = SCAN_PIECE, dropped = 0;

	while (left) {
		unsigned seen = scan_some(sc, m, &hand, ~0UL, left);

		dropped += sc->nr_gone;
		left -= seen;
		for (unsigned i = 0; i < sc->nr_mapped; i++)
			vm_try_unmap_page(m, sc->mapped[i]);
		if (!seen) {
			hand = 0;
			break;
		}
	}
	atomic_store(&m->clock_hand, hand);
	return dropped;
}

unsigned long reclaim_pages(unsigned long n)
{
	struct mem_stats st;
	struct scan sc = { .nr_dirty = 0 };
	unsigned long dropped = 0, looks;
	struct mapping *m;

	mem_stats(&st);
	/* Each round spares what the one before has looked at; no page is looked at more often. */
	looks = ROUNDS * (st.cache_pages / SCAN_PIECE + atomic_load(&nr_cached) + 1);
	while (dropped < n && looks-- && (m = scan_begin())) {
		dropped += scan_mapping(&sc, m);
		scan_end(m);
		cond_resched();
	}
	if (dropped < n && sc.nr_dirty)
		flusher_kick();
	return dropped;
}

u64 mapping_invalidate(struct mapping *m, u64 first, u64 last)
{
	struct scan sc = { .all = true };
	u64 dropped = 0;

	if (!mapping_has_store(m))
		return 0;
	while (first <= last && scan_some(&sc, m, &first, last, SCAN_PIECE)) {
		dropped += sc.nr_gone;
		cond_resched();
	}
	return dropped;
}

void reclaim_drop_all(void)
{
	unsigned n = atomic_load(&nr_cached);
	struct mapping *m;

	while (n-- && (m = scan_begin())) {
		(void)mapping_invalidate(m, 0, ~0UL);
		scan_end(m);
	}
}

/* ---- before it is too late ---- */

static void note_low(void)
{
	if (atomic_load(&is_low))
		return;
	atomic_store(&is_low, 1);
	waitq_wake_all(&low);
}

static u64 free_now(void)
{
	struct mem_stats st;

	mem_stats(&st);
	return st.free_pages;
}

/* Drops pages up to the high mark; false when there is nothing more to be had. */
static bool fill_up(void)
{
	unsigned long freed = reclaim_pages(mem_low_mark);

	if (freed < mem_low_mark / 2 && reclaim_objects)
		freed += reclaim_objects(1024);
	return freed;
}

static void reclaim_main(void *unused)
{
	for (;;) {
		(void)!wait_event_interruptible(&low, atomic_load(&is_low));
		while (free_now() < 2 * mem_low_mark) {
			if (fill_up())
				continue;
			/* All is in use: not again at once. */
			(void)!thread_sleep_until(clock_monotonic() + NSEC_PER_SEC / 2, true);
			break;
		}
		atomic_store(&is_low, 0);
	}
}

void reclaim_init(void)
{
	struct mem_stats st;

	mem_stats(&st);
	mem_reclaim = reclaim_pages;
	mem_low = note_low;
	mem_low_mark = MAX(MIN(st.total_pages / 32, 8192ul), 64ul);
	if (!kthread_start(reclaim_main, NULL, "reclaim", -1))
		panic("no memory for the reclaim thread");
}
