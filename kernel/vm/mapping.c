/* SPDX-License-Identifier: MIT
 * vm/mapping.c - the page cache of one object: finding, making and reading pages
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

bool page_trylock(struct page *p)
{
	return !(atomic_or(&p->flags, PAGE_LOCKED) & PAGE_LOCKED);
}

void page_lock(struct page *p)
{
	struct waitq *q = page_waitq(p);

	wait_event(q, page_trylock(p));
}

void page_unlock(struct page *p)
{
	u32 old = atomic_and(&p->flags, ~PAGE_LOCKED);

	assert(old & PAGE_LOCKED);
	waitq_wake_all(page_waitq(p));
}

void page_wait_writeback(struct page *p)
{
	wait_event(page_waitq(p), !(atomic_load(&p->flags) & PAGE_WRITEBACK));
}

void page_end_writeback(struct page *p)
{
	u32 old = atomic_and(&p->flags, ~PAGE_WRITEBACK);

	assert(old & PAGE_WRITEBACK);
	mem_count(MEMC_WRITEBACK, -1);
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
	list_init(&m->dirty_link);
	list_init(&m->cache_link);
	m->ra_pages = READAHEAD_PAGES;
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

/* Puts the new page p at index unless there is one.  Returns the page that is there, with a reference for the
 * caller (p: a second one, the first is the mapping's), or ERR_PTR(-ENOMEM). */
static struct page *insert_page(struct mapping *m, u64 index, struct page *p)
{
	struct page *there;
	int err = 0;

	p->mapping = m;
	p->index = index;
	spin_lock(&m->lock);
	there = xa_load(&m->pages, index);
	if (!there)
		err = xa_store(&m->pages, index, p);
	if (there || !err)
		page_get(there ? there : p);
	if (!there && !err && !m->nr_pages++)
		reclaim_note_mapping(m);
	spin_unlock(&m->lock);

	if (!there && !err) {
		mem_count(m->counter, 1);
		return p;
	}
	p->mapping = NULL;
	return there ? there : ERR_PTR(err);
}

/* A page that was for a mapping and did not get into it. */
static void drop_new_page(struct page *p)
{
	atomic_and(&p->flags, ~(PAGE_UPTODATE | PAGE_LOCKED));
	page_put(p);
}

/* A new page at index, or the one another thread put there meanwhile; with a reference for the caller. */
static struct page *add_page(struct mapping *m, u64 index)
{
	bool from_store = mapping_has_store(m);
	struct page *p = page_alloc(0, ALLOC_USER | (from_store ? 0 : ALLOC_ZERO)), *there;

	if (!p)
		return ERR_PTR(-ENOMEM);
	if (!from_store)
		p->flags |= PAGE_UPTODATE; /* nobody else knows it yet */
	there = insert_page(m, index, p);
	if (there != p)
		drop_new_page(p);
	return there;
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

struct page *mapping_add_whole(struct mapping *m, u64 index, struct page *p)
{
	struct page *there;
	int err = 0;

	p->flags |= PAGE_UPTODATE; /* nobody else knows it yet */
	there = insert_page(m, index, p);
	if (there == p)
		return p;
	atomic_and(&p->flags, ~PAGE_UPTODATE);
	if (!IS_ERR(there) && !page_uptodate(there))
		err = read_page(m, there);
	if (!err)
		return there;
	page_put(there);
	return ERR_PTR(err);
}

struct page *mapping_add_for_read(struct mapping *m, u64 index)
{
	struct page *p = mapping_find(m, index), *there;

	if (p) {
		page_put(p);
		return NULL;
	}
	p = page_alloc(0, ALLOC_USER);
	if (!p)
		return NULL;
	p->flags |= PAGE_LOCKED;
	there = insert_page(m, index, p);
	if (there == p)
		return p;
	drop_new_page(p);
	if (!IS_ERR(there))
		page_put(there);
	return NULL;
}

void mapping_read_end(struct page *p, int err)
{
	atomic_or(&p->flags, err ? PAGE_ERROR : PAGE_UPTODATE);
	page_unlock(p);
	page_put(p);
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
	writeback_forget(m);
	reclaim_forget_mapping(m);
	mem_count(MEMC_DIRTY, -(long)m->nr_dirty);
	xa_for_each(&m->pages, index, p)
	{
		/* Read-ahead and write-backs still under way use the mapping. */
		page_lock(p);
		page_unlock(p);
		page_wait_writeback(p);
		p->mapping = NULL;
		atomic_and(&p->flags, ~PAGE_CACHE_FLAGS);
		page_put(p);
	}
	mem_count(m->counter, -(long)m->nr_pages);
	m->nr_pages = m->nr_dirty = 0;
	xa_destroy(&m->pages);
}
