/* SPDX-License-Identifier: MIT
 * vm/writeback.c - pages that are newer than their store: marking, finding and writing them
 *
 * Owns:      PAGE_DIRTY and PAGE_WRITEBACK, the tags of both in mapping->pages, the list of dirty mappings.
 * Layer:     vm.
 * Locks:     mapping->lock: changes of PAGE_DIRTY and of the tags (objects with a store); dirty_lock, a leaf spinlock
 *            inside: the list.  PAGE_LOCKED is held while a page is on its way.
 * Contexts:  process context; mapping_write_end and page_mark_dirty do not sleep.
 * Manual:    fsync(2), sync_file_range(2), msync(2).
 * Tests:     kernel/fs/storefs_ktest.c.
 *
 * Theory
 * ------
 *            page_mark_dirty            mapping_next_dirty_locked               mapping_write_end
 *   clean ------------------> dirty ----------------------------> writeback ------------------> clean
 *                                                                   |    ^
 *                                                  page_mark_dirty  v    |  waits for the first, writes again
 *                                                               writeback, dirty
 *
 * Clean first, then write: bytes that change on the way make the page dirty again, and nothing is lost.  A page
 * that is mapped shared is made read-only at that moment, so that the next store into it is noticed.
 *
 * The tag XA_DIRTY follows PAGE_DIRTY exactly.  XA_WRITEBACK is set with PAGE_WRITEBACK, but who ends the
 * write may be an interrupt that must not take mapping->lock: so that tag may stay behind, and who waits
 * takes it away.
 */
#include "internal.h"
#include <lib/string.h>

static struct spinlock dirty_lock = SPINLOCK_INIT("dirty");
static LIST_HEAD(dirty_mappings); /* oldest first */

void page_mark_dirty_locked(struct mapping *m, struct page *p)
{
	if (atomic_load(&p->flags) & PAGE_DIRTY)
		return;
	atomic_or(&p->flags, PAGE_DIRTY);
	if (!mapping_writes_back(m))
		return;
	xa_tag_set(&m->pages, p->index, XA_DIRTY);
	mem_count(MEMC_DIRTY, 1);
	if (m->nr_dirty++)
		return;
	spin_lock(&dirty_lock);
	if (list_empty(&m->dirty_link)) {
		m->dirtied_when = clock_monotonic();
		list_add_tail(&m->dirty_link, &dirty_mappings);
	}
	spin_unlock(&dirty_lock);
	flusher_note_dirty();
}

void page_mark_dirty(struct page *p)
{
	struct mapping *m = atomic_load(&p->mapping);

	if (atomic_load(&p->flags) & PAGE_DIRTY || !m)
		return;
	if (!mapping_writes_back(m)) {
		atomic_or(&p->flags, PAGE_DIRTY);
		return;
	}
	spin_lock(&m->lock);
	if (p->mapping == m)
		page_mark_dirty_locked(m, p);
	spin_unlock(&m->lock);
}

static void clear_dirty(struct mapping *m, struct page *p) MUST_HOLD(&m->lock)
{
	atomic_and(&p->flags, ~PAGE_DIRTY);
	if (!mapping_writes_back(m))
		return;
	assert(m->nr_dirty > 0);
	xa_tag_clear(&m->pages, p->index, XA_DIRTY);
	mem_count(MEMC_DIRTY, -1);
	if (--m->nr_dirty)
		return;
	spin_lock(&dirty_lock);
	list_del(&m->dirty_link);
	list_init(&m->dirty_link);
	spin_unlock(&dirty_lock);
}

void page_forget_dirty(struct mapping *m, struct page *p)
{
	if (atomic_load(&p->flags) & PAGE_DIRTY)
		clear_dirty(m, p);
}

void writeback_forget(struct mapping *m)
{
	spin_lock(&dirty_lock);
	list_del(&m->dirty_link);
	list_init(&m->dirty_link);
	spin_unlock(&dirty_lock);
}

/* ---- writing ---- */

/* The first page with the tag and an index in [*index, last], referenced; *index is its index. */
static struct page *next_tagged(struct mapping *m, u64 *index, u64 last, unsigned tag)
{
	struct page *p;

	spin_lock(&m->lock);
	p = xa_find_tagged(&m->pages, index, tag);
	if (p && *index > last)
		p = NULL;
	if (p)
		page_get(p);
	spin_unlock(&m->lock);
	return p;
}

/* From dirty to writeback, if the page is still there and dirty. */
static bool start_write(struct mapping *m, struct page *p)
{
	bool dirty;

	spin_lock(&m->lock);
	dirty = p->mapping == m && atomic_load(&p->flags) & PAGE_DIRTY;
	if (dirty) {
		clear_dirty(m, p);
		atomic_or(&p->flags, PAGE_WRITEBACK);
		xa_tag_set(&m->pages, p->index, XA_WRITEBACK);
		mem_count(MEMC_WRITEBACK, 1);
	}
	spin_unlock(&m->lock);
	return dirty;
}

struct page *mapping_next_dirty_locked(struct mapping *m, u64 *index, u64 last)
{
	struct page *p;

	while (*index <= last && (p = next_tagged(m, index, last, XA_DIRTY))) {
		page_lock(p);
		page_wait_writeback(p);
		if (start_write(m, p)) {
			vm_clean_mapping(m, *index, *index);
			++*index;
			return p;
		}
		page_unlock(p);
		page_put(p);
		++*index;
	}
	return NULL;
}

void mapping_note_error(struct mapping *m, struct mapping_store *store, int err)
{
	if (m)
		errseq_set(&m->wb_err, err);
	if (store)
		errseq_set(&store->wb_err, err);
}

void mapping_write_end(struct page *p, int err)
{
	if (err) {
		mapping_note_error(p->mapping, p->mapping->store, err);
		atomic_or(&p->flags, PAGE_ERROR);
	}
	/* The mapping may go once this is seen. */
	page_end_writeback(p);
	page_unlock(p);
	page_put(p);
}

/* Page by page, for file systems that have no write_pages. */
static int write_each(struct mapping *m, u64 index, u64 last)
{
	struct page *p;
	int first_err = 0;

	while ((p = mapping_next_dirty_locked(m, &index, last))) {
		int err = m->ops->write_page(m, p);

		mapping_write_end(p, err);
		first_err = first_err ? first_err : err;
		cond_resched();
	}
	return first_err;
}

int mapping_write_start(struct mapping *m, u64 start, u64 end, bool wait)
{
	u64 first = start >> PAGE_SHIFT, last;

	if (!mapping_writes_back(m) || end <= start || !atomic_load(&m->nr_dirty))
		return 0;
	last = (end - 1) >> PAGE_SHIFT;
	return m->ops->write_pages ? m->ops->write_pages(m, first, last, wait) : write_each(m, first, last);
}

/* The write is over: takes the tag that its end may have left. */
static void clear_writeback_tag(struct mapping *m, struct page *p)
{
	spin_lock(&m->lock);
	if (p->mapping == m && !(atomic_load(&p->flags) & PAGE_WRITEBACK))
		xa_tag_clear(&m->pages, p->index, XA_WRITEBACK);
	spin_unlock(&m->lock);
}

static void wait_pages(struct mapping *m, u64 start, u64 end)
{
	u64 index = start >> PAGE_SHIFT, last = (end - 1) >> PAGE_SHIFT;
	struct page *p;

	if (!mapping_writes_back(m) || end <= start)
		return;
	for (; index <= last && (p = next_tagged(m, &index, last, XA_WRITEBACK)); index++) {
		page_wait_writeback(p);
		clear_writeback_tag(m, p);
		page_put(p);
	}
}

/* The error noted since wb_err was `before`.  That somebody was told of one is none. */
static int error_since(struct mapping *m, u32 before)
{
	u32 now = atomic_load(&m->wb_err);

	return (now ^ before) & ~(u32)ERRSEQ_SEEN ? -(int)(now & ERRSEQ_ERROR) : 0;
}

int mapping_write_wait(struct mapping *m, u64 start, u64 end)
{
	u32 before = atomic_load(&m->wb_err);

	wait_pages(m, start, end);
	return error_since(m, before);
}

int mapping_sync(struct mapping *m, u64 start, u64 end)
{
	u32 before = atomic_load(&m->wb_err);
	int err = mapping_write_start(m, start, end, true);

	wait_pages(m, start, end);
	return err ? err : error_since(m, before);
}

/* ---- many mappings ---- */

/* The mapping that has been dirty for longest, of `store` if not NULL, if that was before `until`; held.  It moves to
 * the end of the list, so that one whose pages cannot be written does not keep others waiting. */
static struct mapping *next_dirty_mapping(const struct mapping_store *store, ktime_t until)
{
	struct mapping *m;

	spin_lock(&dirty_lock);
	list_for_each_entry (m, &dirty_mappings, dirty_link) {
		if (m->dirtied_when > until)
			break;
		if ((store && m->store != store) || !m->ops->hold || !m->ops->hold(m))
			continue;
		m->dirtied_when = clock_monotonic();
		list_move_tail(&m->dirty_link, &dirty_mappings);
		spin_unlock(&dirty_lock);
		return m;
	}
	spin_unlock(&dirty_lock);
	return NULL;
}

bool writeback_pending(void)
{
	return !list_empty(&dirty_mappings);
}

bool writeback_oldest(ktime_t until)
{
	struct mapping *m = next_dirty_mapping(NULL, until);

	if (!m)
		return false;
	(void)mapping_write_start(m, 0, ~0UL, false); /* errors are noted in the mapping */
	(void)mapping_write_wait(m, 0, ~0UL);
	m->ops->release(m);
	return true;
}

int mapping_sync_store(const struct mapping_store *store)
{
	ktime_t until = clock_monotonic();
	struct mapping *m;
	int first_err = 0;

	while ((m = next_dirty_mapping(store, until))) {
		int err = mapping_sync(m, 0, ~0UL);

		m->ops->release(m);
		first_err = first_err ? first_err : err;
		cond_resched();
	}
	return first_err;
}
