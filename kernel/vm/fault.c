/* SPDX-License-Identifier: MIT
 * vm/fault.c - page faults: permission, anonymous memory, copy-on-write
 *
 * Owns:      the decision what an access to a page not (so) mapped means.
 * Layer:     vm.  Uses arch (pgtable), mem.  Called by arch traps, vm_copy, vm_populate.
 * Locks:     space->lock for reading (the vma stays), pt_lock inside it (the entry stays).
 * Contexts:  process context; may sleep.
 * Manual:    mmap(2), fork(2), proc(5) minflt and majflt, Intel SDM vol. 3, 4.7.
 * Tests:     kernel/vm/vm_ktest.c, tests/abi/mem.c.
 *
 * Theory
 * ------
 *   entry      access   vma                 what is done
 *   none       read     private anonymous   the shared page of zeros, read-only
 *   none       write    private anonymous   a fresh page of zeros
 *   none       any      of a file           fault_file.c
 *   none       any      physical memory     that frame
 *   read-only  write    shared              the page is marked dirty, the entry made writable
 *   read-only  write    private             own page if nobody else has it, else a copy
 *   fits       any      any                 another thread was faster, or the TLB was stale
 *
 * "Nobody else has it": each entry that maps an anonymous page holds a reference, and so does nothing else
 * for longer than pt_lock is held.  A reference count of 1 under pt_lock therefore means: this entry alone.
 */
#include "internal.h"
#include <base/trace.h>
#include <lib/string.h>

struct page *vm_anon_alloc(bool zero)
{
	struct page *p = page_alloc(0, ALLOC_USER | ALLOC_NOSLEEP | (zero ? ALLOC_ZERO : 0));

	if (likely(p)) {
		p->flags |= PAGE_ANON; /* nobody else knows the page yet */
		p->mapcount = 1;
		mem_count(MEMC_ANON, 1);
	}
	return p;
}

/* Keeps the peak for getrusage(2). */
static void note_rss(struct vm_space *s)
{
	u64 rss = (u64)(s->rss_anon + s->rss_file + s->rss_shmem);

	if (rss > s->hiwater_rss)
		s->hiwater_rss = rss;
}

void vm_anon_install(struct vm_space *s, struct vma *v, pte_t *pte, struct page *p)
{
	v->has_anon = true;
	atomic_store(&s->rss_anon, s->rss_anon + 1);
	atomic_store(pte, vma_make_pte(v, page_paddr(p), true));
}

static enum vm_fault_result fault_anon(struct vm_space *s, struct vma *v, bool write, pte_t *pte)
        MUST_HOLD(&s->pt_lock)
{
	struct page *p;

	if (!write) {
		atomic_store(pte, pte_mkspecial(vma_make_pte(v, vm_zero_page, false)));
		return VM_FAULT_MINOR;
	}
	p = vm_anon_alloc(true);
	if (!p)
		return VM_FAULT_OOM;
	vm_anon_install(s, v, pte, p);
	return VM_FAULT_MINOR;
}

static enum vm_fault_result fault_physical(struct vma *v, uaddr_t addr, pte_t *pte)
{
	paddr_t pa = vma_index(v, addr) << PAGE_SHIFT;

	/* Private memory is copied before it is written. */
	atomic_store(pte, pte_mkspecial(vma_make_pte(v, pa, v->flags & VM_SHARED)));
	return VM_FAULT_MINOR;
}

/* Replaces the frame behind *pte by the private page `copy`. */
static void cow_replace(struct vm_space *s, struct vma *v, uaddr_t addr, pte_t *pte, struct page *copy)
        MUST_HOLD(&s->pt_lock)
{
	pte_t old = *pte;
	struct page *p;

	/* While one CPU writes the copy no other may read the old page: empty, flush, then fill. */
	if (atomic_load(&s->cpus) & ~BIT(cpu_id())) {
		atomic_store(pte, (pte_t)0);
		vm_flush_page(s, addr);
		vm_anon_install(s, v, pte, copy);
	} else {
		vm_anon_install(s, v, pte, copy);
		vm_flush_page(s, addr);
	}
	if (pte_special(old))
		return;

	p = paddr_page(pte_paddr(old));
	s64 *rss = vma_rss(s, v, p);

	atomic_store(rss, *rss - 1);
	if (atomic_sub(&p->mapcount, 1) == 0 && (p->flags & PAGE_ANON)) {
		atomic_and(&p->flags, ~PAGE_ANON);
		mem_count(MEMC_ANON, -1);
	}
	page_put(p);
}

/* The file system makes room for the page before it becomes dirty.  pt_lock is dropped meanwhile; then everything
 * is looked at again: false when the entry is another one. */
static enum vm_fault_result make_room(struct vm_space *s, struct vma *v, uaddr_t addr, const pte_t *pte,
                                      bool *changed) NO_LOCK_CHECK
{
	struct mapping *m = v->mapping;
	u64 pos = vma_index(v, addr) << PAGE_SHIFT, size = atomic_load(&m->size);
	pte_t before = *pte;
	int err = 0;

	*changed = false;
	if (!m->ops || !m->ops->write_begin)
		return VM_FAULT_MINOR;
	spin_unlock(&s->pt_lock);
	if (pos < size)
		err = m->ops->write_begin(m, pos, (unsigned)MIN(size - pos, (u64)PAGE_SIZE));
	spin_lock(&s->pt_lock); /* tables stay: the vma cannot go while space->lock is held */
	*changed = *pte != before;
	return err == -ENOMEM ? VM_FAULT_OOM : err ? VM_FAULT_BUS : VM_FAULT_MINOR;
}

/* The first write since the page was clean. */
static enum vm_fault_result fault_shared(struct vm_space *s, struct vma *v, uaddr_t addr, pte_t *pte)
        MUST_HOLD(&s->pt_lock)
{
	enum vm_fault_result r = VM_FAULT_MINOR;
	bool changed = false;

	if (v->mapping)
		r = make_room(s, v, addr, pte, &changed);
	if (r != VM_FAULT_MINOR || changed)
		return r; /* another thread or a truncate was faster: the access faults again if need be */
	if (!pte_special(*pte))
		page_mark_dirty(paddr_page(pte_paddr(*pte)));
	if (v->mapping && v->ops && v->ops->written && mapping_writes_back(v->mapping))
		v->ops->written(v);
	atomic_store(pte, pte_mkwrite(*pte));
	vm_flush_page(s, addr);
	return VM_FAULT_MINOR;
}

/* A write to an entry that is there but not writable. */
static enum vm_fault_result fault_cow(struct vm_space *s, struct vma *v, uaddr_t addr, pte_t *pte)
        MUST_HOLD(&s->pt_lock)
{
	pte_t e = *pte;
	paddr_t pa = pte_paddr(e);
	bool special = pte_special(e);
	struct page *p = special ? NULL : paddr_page(pa), *copy;

	if (v->flags & VM_SHARED)
		return fault_shared(s, v, addr, pte);
	if (p && (p->flags & PAGE_ANON) && ref_read(&p->ref) == 1) {
		debug_assert(p->mapcount == 1);
		if (v->flags & VM_WRITE) {
			atomic_store(pte, pte_mkwrite(e));
			/* More is allowed than before: a CPU with the old entry faults once more, no harm. */
			arch_tlb_flush_page_local(addr);
		}
		return VM_FAULT_MINOR;
	}
	/* Registers of a device are not memory to copy. */
	if (special && pa != vm_zero_page && !pfn_valid(pa >> PAGE_SHIFT))
		return VM_FAULT_BUS;
	copy = vm_anon_alloc(pa == vm_zero_page);
	if (!copy)
		return VM_FAULT_OOM;
	if (pa != vm_zero_page)
		memcpy(page_virt(copy), phys_to_virt(pa), PAGE_SIZE);
	cow_replace(s, v, addr, pte, copy);
	return VM_FAULT_MINOR;
}

static bool access_allowed(const struct vma *v, unsigned access)
{
	u32 flags = v->flags;

	if (unlikely(access & VM_ACCESS_FORCE)) {
		if (access & VM_ACCESS_WRITE)
			return (flags & VM_WRITE) || ((flags & VM_MAYWRITE) && !(flags & VM_SHARED));
		return flags & (VM_PROT_BITS | VM_MAYREAD);
	}
	if (access & VM_ACCESS_WRITE)
		return flags & VM_WRITE;
	if (access & VM_ACCESS_EXEC)
		return flags & VM_EXEC;
	return flags & VM_PROT_BITS; /* what may be written or executed can be read: x86 has no other way */
}

static enum vm_fault_result fault_once(struct vm_space *s, struct vma *v, uaddr_t addr, bool write)
{
	enum vm_fault_result r;
	pte_t *pte;

	spin_lock(&s->pt_lock);
	pte = arch_pgtable_walk(&s->pt, addr, true);
	if (unlikely(!pte)) {
		r = VM_FAULT_OOM;
	} else if (!pte_none(*pte)) {
		r = VM_FAULT_MINOR;
		if (write && !pte_writable(*pte))
			r = fault_cow(s, v, addr, pte);
		else
			arch_tlb_flush_page_local(addr);
	} else if (unlikely(v->flags & VM_SPECIAL)) {
		r = fault_physical(v, addr, pte);
	} else if (!v->mapping) {
		r = fault_anon(s, v, write, pte);
	} else {
		r = vm_fault_file(s, v, addr, write, pte);
		if (r >= 0 && write && v->flags & VM_SHARED && pte_present(*pte) && !pte_writable(*pte))
			r = fault_shared(s, v, addr, pte) < 0 ? VM_FAULT_BUS : r;
	}
	if (r == VM_FAULT_MINOR)
		s->min_flt++;
	else if (r == VM_FAULT_MAJOR)
		s->maj_flt++;
	note_rss(s);
	spin_unlock(&s->pt_lock);
	return r;
}

enum vm_fault_result vm_fault_vma(struct vm_space *s, struct vma *v, uaddr_t addr, unsigned access)
{
	enum { TRIES = 4, RECLAIM = 64 /* pages */ };
	bool write = access & VM_ACCESS_WRITE;
	enum vm_fault_result r;

	if (unlikely(!access_allowed(v, access)))
		return VM_FAULT_ACCERR;
	addr = ALIGN_DOWN(addr, PAGE_SIZE);
	r = fault_once(s, v, addr, write);
	/* Pages for private memory are allocated under pt_lock, where nothing can be reclaimed. */
	for (unsigned i = 0; unlikely(r == VM_FAULT_OOM) && i < TRIES && reclaim_pages(RECLAIM); i++)
		r = fault_once(s, v, addr, write);
	if (unlikely(write && v->mapping && v->flags & VM_SHARED && mapping_writes_back(v->mapping)))
		flusher_throttle();
	return r;
}

enum vm_fault_result vm_fault(struct vm_space *s, uaddr_t addr, unsigned access)
{
	enum vm_fault_result r = VM_FAULT_MAPERR;
	struct vma *v;

	rwlock_read_lock(&s->lock);
	v = vma_find(s, addr);
	if (unlikely(v && addr < v->start && (v->flags & VM_GROWSDOWN))) {
		rwlock_read_unlock(&s->lock);
		if (!vm_stack_grow(s, addr))
			goto out;
		rwlock_read_lock(&s->lock);
		v = vma_find(s, addr);
	}
	if (likely(v && addr >= v->start))
		r = vm_fault_vma(s, v, addr, access);
	rwlock_read_unlock(&s->lock);
out:
	TRACE3(fault, addr, access, r);
	return r;
}
