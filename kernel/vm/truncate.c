/* SPDX-License-Identifier: MIT
 * vm/truncate.c - removing pages from a mapping: truncate, hole punching, invalidation
 *
 * Owns:      the order  size -> remove from the cache -> unmap  (fault_file.c says why).
 * Layer:     vm.
 * Locks:     mapping->lock for the removal; vmas_lock and pt_lock through vm_unmap_mapping.  The owner of the
 *            mapping keeps writers away (a file system: the inode's lock).
 * Contexts:  process context; may sleep.
 * Manual:    truncate(2), fallocate(2) FALLOC_FL_PUNCH_HOLE.
 * Tests:     kernel/vm/vm_ktest.c.
 */
#include "internal.h"
#include <lib/string.h>

enum { REMOVE_BATCH = 32 };

/* Removes up to REMOVE_BATCH pages with index in [*from, last]; *from moves on. The number removed.  It stops at a
 * page that is on its way from or to the store: *busy, referenced. */
static unsigned remove_some(struct mapping *m, u64 *from, u64 last, struct page **busy)
{
	struct page *gone[REMOVE_BATCH], *p;
	unsigned n = 0;

	spin_lock(&m->lock);
	while (n < REMOVE_BATCH && (p = xa_find(&m->pages, from)) && *from <= last) {
		void *erased;

		if (atomic_load(&p->flags) & (PAGE_WRITEBACK | PAGE_LOCKED) && mapping_has_store(m)) {
			page_get(p);
			*busy = p;
			break;
		}
		page_forget_dirty(m, p);
		erased = xa_erase(&m->pages, *from);
		assert(erased == p);
		p->mapping = NULL;
		gone[n++] = p;
		m->nr_pages--;
	}
	spin_unlock(&m->lock);

	for (unsigned i = 0; i < n; i++) {
		atomic_and(&gone[i]->flags, ~(PAGE_DIRTY | PAGE_REFERENCED | PAGE_READAHEAD));
		page_put(gone[i]);
	}
	if (n)
		mem_count(m->counter, -(long)n);
	return n;
}

static void remove_pages(struct mapping *m, u64 first, u64 last, bool cows)
{
	u64 from = first;

	if (first > last)
		return;
	for (;;) {
		struct page *busy = NULL;

		if (remove_some(m, &from, last, &busy) < REMOVE_BATCH && !busy)
			break;
		if (busy) {
			page_lock(busy);
			page_unlock(busy);
			page_wait_writeback(busy);
			page_put(busy);
		}
		cond_resched();
	}
	/* A vma that is linked after this look finds no page of the range any more. */
	memory_barrier();
	if (!list_empty(&m->vmas))
		vm_unmap_mapping_pages(m, first, last, cows);
}

void mapping_drop(struct mapping *m, u64 first, u64 last)
{
	remove_pages(m, first, last, false);
}

/* Zeroes bytes [from, to) of the page that holds them. */
static void zero_part(struct mapping *m, u64 from, u64 to)
{
	u64 index = from >> PAGE_SHIFT;
	struct page *p = mapping_has_store(m) ? mapping_get(m, index) : mapping_find(m, index);

	if (IS_ERR_OR_NULL(p))
		return; /* not in memory: nothing to clear; unreadable: the next reader gets the error */
	memset((char *)page_virt(p) + from % PAGE_SIZE, 0, to - from);
	page_mark_dirty(p);
	page_put(p);
}

void mapping_truncate(struct mapping *m, u64 size)
{
	if (atomic_load(&m->size) > size)
		atomic_store(&m->size, size);
	remove_pages(m, DIV_ROUND_UP(size, PAGE_SIZE), ~0UL, true);
	if (size % PAGE_SIZE)
		zero_part(m, size, ALIGN_UP(size, PAGE_SIZE));
}

void mapping_punch(struct mapping *m, u64 start, u64 end)
{
	u64 first = DIV_ROUND_UP(start, PAGE_SIZE), behind = end >> PAGE_SHIFT;

	if (start >= end)
		return;
	if (start >> PAGE_SHIFT == end >> PAGE_SHIFT) { /* inside one page */
		zero_part(m, start, end);
		return;
	}
	if (start % PAGE_SIZE)
		zero_part(m, start, first << PAGE_SHIFT);
	if (behind > first)
		remove_pages(m, first, behind - 1, false);
	if (end % PAGE_SIZE)
		zero_part(m, behind << PAGE_SHIFT, end);
}
