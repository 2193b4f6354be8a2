/* SPDX-License-Identifier: MIT
 * vm/mapping.c - the page cache of one object: finding, reading and dirtying pages
 *
 * Owns:      struct mapping and the pages in it; each page holds one reference for its mapping.
 * Layer:     vm.  Uses lib (xarray), mem, sched (waitq).  File systems give mapping_ops.
 * Locks:     mapping->lock, a leaf spinlock, guards the tree and which pages are in it; PAGE_LOCKED of a page,
 *            for which one may sleep, is held while its bytes come from or go to the store.
 * Contexts:  process context; may sleep where the header says so.
 * Manual:    mmap(2), fsync(2), lseek(2) SEEK_DATA and SEEK_HOLE.
 * Tests:     kernel/vm/vm_ktest.c.
 *
 * Theory
 * ------
 * A page in the cache goes through these states; memory-only objects know the second alone:
 *
 *   new, locked --read--> whole --write--> whole, dirty --written back--> whole
 *        \--error--> not whole: the next user tries again
 *
 * Whoever finds a page that is not up to date takes PAGE_LOCKED, looks again, and reads it himself.  Removing
 * a page (truncate.c) clears page->mapping; a reader that still holds a reference may finish with it.
 */
#include "internal.h"
#include <lib/hash.h>
#include <lib/string.h>

/* Waiters for PAGE_LOCKED, by hash of the page: collisions only cost a wake-up. */
enum { PAGE_WAIT_BITS = 5 };
static struct waitq page_waitqs[1 << PAGE_WAIT_BITS];

void mapping_init_waitqs(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(page_waitqs); i++)
		waitq_init(&page_waitqs[i]);
}

static struct waitq *page_waitq(const struct page *p)
{
	return &page_waitqs[hash_u64(page_pfn(p), PAGE_WAIT_BITS)];
}

static bool page_trylock(struct page *p)
{
	return !(atomic_or(&p->flags, PAGE_LOCKED) & PAGE_LOCKED);
}

static void page_lock(struct page *p)
{
	struct waitq *q = page_waitq(p);

	wait_event(q, page_trylock(p));
}

static void page_unlock(struct page *p)
{
	assert(atomic_and(&p->flags, ~PAGE_LOCKED) & PAGE_LOCKED);
	waitq_wake_all(page_waitq(p));
}

static bool page_uptodate(const struct page *p)
{
	return atomic_load_acquire(&p->flags) & PAGE_UPTODATE;
}

void mapping_init(struct mapping *m, const struct mapping_ops *ops, void *host,
                  enum mem_counter counter) NO_LOCK_CHECK
{
	memset(m, 0, sizeof(*m));
	m->pages = XARRAY_INIT;
	spin_init(&m->lock, "mapping");
	m->ops = ops;
	m->host = host;
	list_init(&m->vmas);
	mutex_init(&m->vmas_lock);
	m->counter = counter;
}

struct page *mapping_find(struct mapping *m, u64 index)
{
	struct page *p;

	spin_lock(&m->lock);
	p = xa_load(&m->pages, index);
	if (p)
		page_get(p);
	spin_unlock(&m->lock);
	return p;
}

/* A new page at index, or the one another thread put there meanwhile; with a reference for the caller. */
static struct page *add_page(struct mapping *m, u64 index)
{
	bool from_store = m->ops && m->ops->read_page;
	struct page *p = page_alloc(0, ALLOC_USER | (from_store ? 0 : ALLOC_ZERO)), *there;
	int err = 0;

	if (!p)
		return ERR_PTR(-ENOMEM);
	p->mapping = m;
	p->index = index;
	p->mapcount = 0;
	if (!from_store)
		p->flags |= PAGE_UPTODATE; /* nobody else knows it yet */

	spin_lock(&m->lock);
	there = xa_load(&m->pages, index);
	if (there)
		page_get(there);
	else
		err = xa_store(&m->pages, index, p);
	if (!there && !err) {
		page_get(p);
		m->nr_pages++;
	}
	spin_unlock(&m->lock);

	if (!there && !err) {
		mem_count(m->counter, 1);
		return p;
	}
	p->mapping = NULL;
	atomic_and(&p->flags, ~PAGE_UPTODATE);
	page_put(p);
	return there ? there : ERR_PTR(err);
}

/* Brings a page up to date from the store. 0 or an error. */
static int read_page(struct mapping *m, struct page *p)
{
	int err = 0;

	page_lock(p);
	if (!page_uptodate(p)) {
		atomic_and(&p->flags, ~PAGE_ERROR);
		err = m->ops->read_page(m, p);
		if (err)
			atomic_or(&p->flags, PAGE_ERROR);
		else
			atomic_or(&p->flags, PAGE_UPTODATE);
	}
	page_unlock(p);
	return err;
}

struct page *mapping_get(struct mapping *m, u64 index)
{
	struct page *p = mapping_find(m, index);
	int err;

	if (!p) {
		p = add_page(m, index);
		if (IS_ERR(p))
			return p;
	}
	if (likely(page_uptodate(p)))
		return p;
	err = read_page(m, p);
	if (err) {
		page_put(p);
		return ERR_PTR(err);
	}
	return p;
}

struct page *mapping_get_for_write(struct mapping *m, u64 index)
{
	/* A page another thread can see must never hold somebody's old bytes, and the copy from the user may
	 * stop half-way.  So a new page of a memory object is zero, and one with a store behind it is read.
	 */
	return mapping_get(m, index);
}

void page_mark_dirty(struct page *p)
{
	if (!(atomic_load(&p->flags) & PAGE_DIRTY))
		atomic_or(&p->flags, PAGE_DIRTY);
}

/* The first dirty page with index in [*index, last], referenced; *index is its index. */
static struct page *next_dirty(struct mapping *m, u64 *index, u64 last)
{
	struct page *p;

	spin_lock(&m->lock);
	for (;; ++*index) {
		p = xa_find(&m->pages, index);
		if (!p || *index > last) {
			p = NULL;
			break;
		}
		if (atomic_load(&p->flags) & PAGE_DIRTY) {
			page_get(p);
			break;
		}
	}
	spin_unlock(&m->lock);
	return p;
}

int mapping_sync(struct mapping *m, u64 start, u64 end)
{
	u64 index = start >> PAGE_SHIFT, last;
	struct page *p;
	int first_err = 0;

	if (!m->ops || !m->ops->write_page || end <= start)
		return 0;
	last = (end - 1) >> PAGE_SHIFT;
	for (; index <= last && (p = next_dirty(m, &index, last)); index++) {
		page_lock(p);
		/* Clean first: a write that comes while the page is on its way makes it dirty again. */
		if (p->mapping == m && (atomic_and(&p->flags, ~PAGE_DIRTY) & PAGE_DIRTY)) {
			vm_clean_mapping(m, index, index);
			int err = m->ops->write_page(m, p);

			if (err) {
				page_mark_dirty(p);
				first_err = first_err ? first_err : err;
			}
		}
		page_unlock(p);
		page_put(p);
		cond_resched();
	}
	return first_err;
}

loff_t mapping_seek(struct mapping *m, loff_t off, loff_t size, bool data)
{
	u64 index, at;
	void *found;

	if (off < 0 || off >= size)
		return -ENXIO;
	index = at = (u64)off >> PAGE_SHIFT;
	spin_lock(&m->lock);
	if (data)
		found = xa_find(&m->pages, &at);
	else
		at = xa_find_hole(&m->pages, index), found = m;
	spin_unlock(&m->lock);
	if (!found || at >= DIV_ROUND_UP((u64)size, PAGE_SIZE))
		return data ? -ENXIO : size;
	return at == index ? off : (loff_t)(at << PAGE_SHIFT);
}

void mapping_destroy(struct mapping *m) NO_LOCK_CHECK
{
	struct page *p;
	u64 index;

	assert(list_empty(&m->vmas));
	xa_for_each(&m->pages, index, p)
	{
		p->mapping = NULL;
		atomic_and(&p->flags, ~(PAGE_DIRTY | PAGE_UPTODATE | PAGE_ERROR));
		page_put(p);
	}
	mem_count(m->counter, -(long)m->nr_pages);
	m->nr_pages = 0;
	xa_destroy(&m->pages);
}
