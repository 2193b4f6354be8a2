/* SPDX-License-Identifier: MIT
 * vm/fault_file.c - page faults in mappings of files and shared memory
 *
 * Owns:      the way from the page cache into page tables.
 * Layer:     vm.
 * Locks:     space->lock (read) and pt_lock held; mapping->lock, a spinlock, inside.  pt_lock is dropped while a
 *            page is read.
 * Contexts:  process context; may sleep.
 * Manual:    mmap(2): SIGBUS; MAP_PRIVATE.
 * Tests:     kernel/vm/vm_ktest.c, tests/abi/mem.c.
 *
 * Theory
 * ------
 * A truncate does:  size := n;  remove pages from the mapping (under mapping->lock);  unmap them from every
 * space (under its pt_lock).  Here the page is looked up and entered with both locks held.  So either the
 * lookup comes after the removal and finds nothing, or the entry is made before the truncate gets pt_lock,
 * and is unmapped.
 *
 * A page that is missing is read with pt_lock dropped, then everything is looked at again.  When the page was
 * there, its neighbours probably are too: up to 16 pages around are entered for the price of one fault.
 */
#include "internal.h"
#include <lib/string.h>

enum { FAULT_AROUND = 16 };

/* May the page be entered writable at once?  Without a store behind it nobody needs to see the first write.
 */
static bool map_writable(const struct vma *v, bool write)
{
	const struct mapping *m = v->mapping;

	if (!(v->flags & VM_SHARED) || !(v->flags & VM_WRITE))
		return false;
	if (mapping_writes_back(m))
		return write && !m->ops->write_begin;
	return true;
}

/* Enters a page of the cache; mapping->lock keeps it there. */
static inline void install(pte_t *pte, struct page *p, u32 prot) NO_LOCK_CHECK
{
	page_get(p);
	atomic_add(&p->mapcount, 1);
	if (prot & VM_WRITE)
		page_mark_dirty_locked(p->mapping, p);
	atomic_store(pte, pte_make_user(page_paddr(p), prot));
}

/* Enters what is cached at [start, end), which lies in one leaf table, from *pte on; the number of pages. */
static s64 install_cached(struct vma *v, uaddr_t start, uaddr_t end, pte_t *pte) NO_LOCK_CHECK
{
	struct mapping *m = v->mapping;
	u64 index = vma_index(v, start), stop = vma_index(v, end);
	u64 nr_pages = DIV_ROUND_UP(atomic_load(&m->size), PAGE_SIZE);
	/* Neighbours are a guess: with a store behind them a write to them must still be noticed. */
	u32 prot = v->flags & VM_PROT_BITS & (map_writable(v, false) ? ~0u : ~(u32)VM_WRITE);
	s64 n = 0;

	for (stop = MIN(stop, nr_pages); index < stop; index++, pte++) {
		struct page *p;

		if (!pte_none(*pte))
			continue;
		p = xa_load(&m->pages, index);
		if (!p || !(atomic_load(&p->flags) & PAGE_UPTODATE))
			continue;
		install(pte, p, prot);
		n++;
	}
	return n;
}

/* Enters the page at addr, found as p, and those around that are cached. mapping->lock and pt_lock held. */
static void map_around(struct vm_space *s, struct vma *v, uaddr_t addr, pte_t *pte, struct page *p,
                       bool write)
{
	uaddr_t window = ALIGN_DOWN(addr, FAULT_AROUND * PAGE_SIZE); /* lies within one leaf table */
	uaddr_t start = MAX(window, v->start), end = MIN(window + FAULT_AROUND * PAGE_SIZE, v->end);
	s64 *rss = vma_rss(s, v, p), n = 1;
	u32 prot = v->flags & VM_PROT_BITS;

	if (unlikely(!prot)) { /* ptrace looks into PROT_NONE memory */
		install(pte, p, 0);
		atomic_store(pte, vma_make_pte(v, page_paddr(p), false));
	} else {
		install(pte, p, map_writable(v, write) ? prot : prot & ~(u32)VM_WRITE);
		n += install_cached(v, start, end, pte - ((addr - start) >> PAGE_SHIFT));
	}
	atomic_store(rss, *rss + n);
}

/* The page at index if it is cached and whole, with mapping->lock held; else NULL, not held. */
static struct page *lookup_lock(struct mapping *m, u64 index) NO_LOCK_CHECK
{
	struct page *p;

	spin_lock(&m->lock);
	p = xa_load(&m->pages, index);
	if (p && (atomic_load_acquire(&p->flags) & PAGE_UPTODATE))
		return p;
	spin_unlock(&m->lock);
	return NULL;
}

/* A private copy of the page; mapping->lock is held and dropped. */
static enum vm_fault_result copy_private(struct vm_space *s, struct vma *v, pte_t *pte,
                                         struct page *p) NO_LOCK_CHECK
{
	struct page *copy;

	page_get(p);
	spin_unlock(&v->mapping->lock);
	copy = vm_anon_alloc(false);
	if (copy) {
		memcpy(page_virt(copy), page_virt(p), PAGE_SIZE);
		vm_anon_install(s, v, pte, copy);
	}
	page_put(p);
	return copy ? VM_FAULT_MINOR : VM_FAULT_OOM;
}

enum vm_fault_result vm_fault_file(struct vm_space *s, struct vma *v, uaddr_t addr, bool write,
                                   pte_t *pte) NO_LOCK_CHECK
{
	struct mapping *m = v->mapping;
	u64 index = vma_index(v, addr);
	enum vm_fault_result r = VM_FAULT_MINOR;
	struct page *p;

	for (;;) {
		if (index >= DIV_ROUND_UP(atomic_load(&m->size), PAGE_SIZE))
			return VM_FAULT_BUS;
		p = lookup_lock(m, index);
		if (p)
			break;

		spin_unlock(&s->pt_lock);
		mapping_read_around(m, index, v->flags);
		p = mapping_get(m, index);
		if (!IS_ERR(p)) {
			page_put(p);
			if (mapping_has_store(m))
				r = VM_FAULT_MAJOR;
		}
		spin_lock(&s->pt_lock); /* tables stay: the vma cannot go while space->lock is held */
		if (IS_ERR(p))
			return PTR_ERR(p) == -ENOMEM ? VM_FAULT_OOM : VM_FAULT_BUS;
		if (!pte_none(*pte))
			return r; /* another thread was faster; if it mapped less, the access faults again */
	}

	if (write && !(v->flags & VM_SHARED)) {
		enum vm_fault_result copied = copy_private(s, v, pte, p);

		return copied == VM_FAULT_MINOR ? r : copied;
	}
	map_around(s, v, addr, pte, p, write);
	spin_unlock(&m->lock);
	return r;
}
