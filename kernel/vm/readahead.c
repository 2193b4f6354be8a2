/* SPDX-License-Identifier: MIT
 * vm/readahead.c - reading pages before they are asked for
 *
 * Owns:      struct readahead: what one open file's reader has been given so far.
 * Layer:     vm.
 * Locks:     none of its own: a struct readahead is a guess, and two readers of one description that spoil each
 *            other's only read too much or too little.
 * Contexts:  process context; may sleep (for memory, for a full request queue), not for the data.
 * Manual:    readahead(2), posix_fadvise(2), madvise(2).
 * Tests:     kernel/fs/storefs_ktest.c.
 *
 * Theory
 * ------
 * A reader that goes forward gets a window of pages that starts small and doubles up to a limit.  The first page
 * of the part he has not asked for carries a mark; when he comes to it, the next window is started, and he finds
 * its pages there when he needs them:
 *
 *        asked for now      read as well
 *      |---- want ----|------- async -------|               window 1: [start, start + size)
 *                     ^mark                 |-------------------------------------|     window 2, twice as large
 *                                            ^mark
 *
 * A page that is not there although a window held it was dropped before it was used: memory is short (or another
 * reader moved the window), so the next window is half as large.  Who jumps about gets what he asks for and no more.
 */
#include "internal.h"

enum { FIRST_WINDOW = 4 /* pages */, PIECE = 256 /* pages in one call, when much is asked for */ };

/* Starts reading [index, index + n) as far as the object goes. */
static void submit(struct mapping *m, u64 index, u64 n)
{
	u64 end = DIV_ROUND_UP(atomic_load(&m->size), PAGE_SIZE);

	if (index < end && n)
		m->ops->read_ahead(m, index, (unsigned)MIN(n, end - index));
}

/* Who comes to this page starts the next window. */
static void mark(struct mapping *m, u64 index)
{
	struct page *p = mapping_find(m, index);

	if (!p)
		return;
	atomic_or(&p->flags, PAGE_READAHEAD);
	page_put(p);
}

static u32 window_max(const struct mapping *m, const struct readahead *ra)
{
	return ra->mode == READAHEAD_SEQUENTIAL ? 2 * m->ra_pages : m->ra_pages;
}

/* The first window of a reader who wants `want` pages: a power of two above it. */
static u32 first_size(u64 want, u32 max)
{
	u32 size = FIRST_WINDOW;

	while (size < max && size < 2 * want)
		size *= 2;
	return MIN(size, max);
}

static void start_window(struct mapping *m, struct readahead *ra)
{
	submit(m, ra->start, ra->size);
	if (ra->async && ra->async <= ra->size)
		mark(m, ra->start + ra->size - ra->async);
}

void readahead_miss(struct mapping *m, struct readahead *ra, u64 index, u64 want)
{
	u32 max = window_max(m, ra);
	bool inside = index >= ra->start && index - ra->start < ra->size;

	if (!m->ops->read_ahead || !max)
		return;
	want = MAX(MIN(want, (u64)max), 1ul);
	if (ra->mode == READAHEAD_RANDOM) {
		submit(m, index, want);
		return;
	}
	if (ra->size && inside && index == ra->prev + 1) { /* dropped before it was used */
		ra->size = (u32)MAX(MAX((u64)ra->size / 2, want), (u64)FIRST_WINDOW);
	} else if (ra->size && index == ra->start + ra->size) {
		ra->size = MIN(2 * ra->size, max);
	} else if (index == 0 || index == ra->prev || index == ra->prev + 1 ||
	           ra->mode == READAHEAD_SEQUENTIAL) {
		ra->size = first_size(want, max);
	} else {
		ra->size = 0;
		submit(m, index, want);
		return;
	}
	ra->start = index;
	ra->async = ra->size > want ? ra->size - (u32)want : ra->size;
	start_window(m, ra);
}

void readahead_mark_reached(struct mapping *m, struct readahead *ra, struct page *p)
{
	u32 max = window_max(m, ra);
	u64 index = p->index;

	atomic_and(&p->flags, ~PAGE_READAHEAD);
	if (!m->ops->read_ahead || !max || ra->mode == READAHEAD_RANDOM)
		return;
	if (ra->size && index >= ra->start && index < ra->start + ra->size) {
		ra->start += ra->size;
		ra->size = MIN(2 * ra->size, max);
	} else { /* another reader's mark: go on behind what is there */
		ra->start = index + 1;
		ra->size = first_size(1, max);
	}
	ra->async = ra->size;
	start_window(m, ra);
}

void mapping_read_range(struct mapping *m, u64 first, u64 n)
{
	u64 end = DIV_ROUND_UP(atomic_load(&m->size), PAGE_SIZE);
	struct mem_stats st;

	if (!mapping_has_store(m) || !m->ops->read_ahead || first >= end)
		return;
	mem_stats(&st);
	n = MIN(MIN(n, end - first), (st.free_pages + st.cache_pages) / 2);
	for (; n && !thread_kill_pending(); cond_resched()) {
		u64 piece = MIN(n, (u64)PIECE);

		submit(m, first, piece);
		first += piece;
		n -= piece;
	}
}

void mapping_read_around(struct mapping *m, u64 index, u32 vma_flags)
{
	u32 n = m->ra_pages;

	if (!mapping_has_store(m) || !m->ops->read_ahead || !n || vma_flags & VM_RAND_READ)
		return;
	if (vma_flags & VM_SEQ_READ)
		submit(m, index, 2 * n);
	else
		submit(m, index - index % n, n);
}
