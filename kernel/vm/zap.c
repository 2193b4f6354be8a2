/* SPDX-License-Identifier: MIT
 * vm/zap.c - taking pages out of page tables, and out of the TLBs
 *
 * Owns:      the order  clear entry -> flush TLBs -> free page.
 * Layer:     vm.  Uses arch (pgtable), mem.
 * Locks:     space->pt_lock for the tables; mapping->vmas_lock before it when a mapping is unmapped everywhere.
 * Contexts:  process context, interrupts on (a shootdown waits for other CPUs).
 * Manual:    Intel SDM vol. 3, 4.10.4 (invalidation), 4.10.5 (propagation to other processors).
 * Tests:     kernel/vm/vm_ktest.c.
 *
 * Theory
 * ------
 * Another CPU may go on using a translation until it is told not to.  A page must not be given to anyone else
 * before; so unmapped pages wait in a struct vm_batch, and one flush is paid for up to 120 of them.  A space
 * that is active on no CPU (it dies) needs no flush, one that is active here alone needs no interrupt.
 */
#include "internal.h"

void vm_flush(struct vm_space *s, uaddr_t start, uaddr_t end)
{
	cpumask_t cpus;

	/* The entries were changed before the mask is read; vm_space_activate sets its bit before it loads
	 * the tables.  So a CPU that is missed here has not seen the old entries. */
	memory_barrier();
	cpus = atomic_load(&s->cpus);
	if (cpus)
		arch_tlb_flush(cpus, start, end);
}

void vm_flush_page(struct vm_space *s, uaddr_t va)
{
	cpumask_t cpus;

	memory_barrier();
	cpus = atomic_load(&s->cpus);
	if (likely(cpus == BIT(cpu_id())))
		arch_tlb_flush_page_local(va);
	else if (cpus)
		arch_tlb_flush(cpus, va, va + PAGE_SIZE);
}

void vm_batch_finish(struct vm_batch *b)
{
	if (b->start < b->end) {
		if (b->end - b->start == PAGE_SIZE)
			vm_flush_page(b->space, b->start);
		else
			vm_flush(b->space, b->start, b->end);
		b->start = ~0UL;
		b->end = 0;
	}
	for (unsigned i = 0; i < b->nr; i++)
		page_put(b->pages[i]);
	b->nr = 0;
}

struct zap {
	struct vm_batch *batch;
	bool cows;
	s64 anon, other; /* unmapped pages */
	s64 anon_freed;  /* of anon: nobody maps them any more */
};

/* One mapping of an anonymous page less. */
static void drop_anon(struct zap *z, struct page *p)
{
	z->anon++;
	if (atomic_sub(&p->mapcount, 1) == 0) {
		atomic_and(&p->flags, ~PAGE_ANON);
		z->anon_freed++;
	}
}

/* Entries are cleared now; their range is noted for the flush before the batch is finished. */
static int zap_leaf(pte_t *pte, uaddr_t va, unsigned n, void *ctx)
{
	struct zap *z = ctx;
	struct vm_batch *b = z->batch;
	unsigned first = pte_next(pte, 0, n), i, behind = 0;

	for (i = first; i < n; i = pte_next(pte, i + 1, n)) {
		pte_t e = pte[i];
		struct page *p;

		if (pte_special(e)) {
			atomic_store(&pte[i], (pte_t)0);
			behind = i + 1;
			continue;
		}
		p = paddr_page(pte_paddr(e));
		if (p->flags & PAGE_ANON) {
			if (!z->cows)
				continue;
			drop_anon(z, p);
		} else {
			z->other++;
			atomic_sub(&p->mapcount, 1);
		}
		atomic_store(&pte[i], (pte_t)0);
		behind = i + 1;
		b->pages[b->nr++] = p;
		if (unlikely(b->nr == VM_BATCH_PAGES)) {
			vm_batch_note_range(b, va + first * PAGE_SIZE, va + behind * PAGE_SIZE);
			vm_batch_finish(b);
		}
	}
	if (behind)
		vm_batch_note_range(b, va + first * PAGE_SIZE, va + behind * PAGE_SIZE);
	return 0;
}

void vm_zap(struct vm_batch *b, struct vma *v, uaddr_t start, uaddr_t end, bool cows)
{
	struct zap z = { .batch = b, .cows = cows };
	struct vm_space *s = b->space;

	(void)arch_pgtable_for_each(&s->pt, start, end, zap_leaf, &z);
	if (z.anon)
		atomic_store(&s->rss_anon, s->rss_anon - z.anon);
	if (z.anon_freed)
		mem_count(MEMC_ANON, -(long)z.anon_freed);
	if (z.other) {
		s64 *rss = v->mapping && v->mapping->counter == MEMC_SHMEM ? &s->rss_shmem : &s->rss_file;

		atomic_store(rss, *rss - z.other);
	}
	debug_assert(s->rss_anon >= 0 && s->rss_file >= 0 && s->rss_shmem >= 0);
}

/* The part of v that maps pages [first, last] of its mapping: false when there is none. */
static bool vma_part(const struct vma *v, u64 first, u64 last, uaddr_t *start, uaddr_t *end)
{
	u64 v_last = v->pgoff + vma_pages(v) - 1;

	if (first > v_last || last < v->pgoff)
		return false;
	*start = first <= v->pgoff ? v->start : v->start + ((first - v->pgoff) << PAGE_SHIFT);
	*end = last >= v_last ? v->end : v->start + ((last + 1 - v->pgoff) << PAGE_SHIFT);
	return true;
}

void vm_unmap_mapping_pages(struct mapping *m, u64 first, u64 last, bool cows)
{
	struct vma *v;
	struct vm_batch b;
	uaddr_t start, end;

	mutex_lock(&m->vmas_lock);
	list_for_each_entry (v, &m->vmas, mapping_link) {
		struct vm_space *s = v->space;

		if ((v->flags & VM_SPECIAL) || !vma_part(v, first, last, &start, &end))
			continue;
		spin_lock(&s->pt_lock);
		vm_batch_init(&b, s);
		vm_zap(&b, v, start, end, cows);
		vm_batch_finish(&b);
		spin_unlock(&s->pt_lock);
	}
	mutex_unlock(&m->vmas_lock);
}

void vm_unmap_mapping(struct mapping *m, u64 first, u64 last)
{
	vm_unmap_mapping_pages(m, first, last, true);
}

static int clean_leaf(pte_t *pte, uaddr_t va, unsigned n, void *ctx)
{
	struct vm_batch *b = ctx;

	for (unsigned i = pte_next(pte, 0, n); i < n; i = pte_next(pte, i + 1, n)) {
		if (!pte_writable(pte[i]) || pte_special(pte[i]))
			continue;
		atomic_store(&pte[i], pte_wrprotect(pte[i]));
		vm_batch_note(b, va + ((uaddr_t)i << PAGE_SHIFT));
	}
	return 0;
}

void vm_clean_mapping(struct mapping *m, u64 first, u64 last)
{
	struct vma *v;
	struct vm_batch b;
	uaddr_t start, end;

	/* A vma that is linked after this look enters the page as a clean one. */
	memory_barrier();
	if (list_empty(&m->vmas))
		return;
	mutex_lock(&m->vmas_lock);
	list_for_each_entry (v, &m->vmas, mapping_link) {
		if (!(v->flags & VM_SHARED) || !vma_part(v, first, last, &start, &end))
			continue;
		spin_lock(&v->space->pt_lock);
		vm_batch_init(&b, v->space);
		(void)arch_pgtable_for_each(&v->space->pt, start, end, clean_leaf, &b);
		vm_batch_finish(&b);
		spin_unlock(&v->space->pt_lock);
	}
	mutex_unlock(&m->vmas_lock);
}

/* Was the page used through this entry since the last look? */
static int young_leaf(pte_t *pte, uaddr_t va, unsigned n, void *ctx)
{
	bool *young = ctx;

	for (unsigned i = pte_next(pte, 0, n); i < n; i = pte_next(pte, i + 1, n)) {
		if (pte_special(pte[i]) || !pte_present(pte[i]) || !pte_accessed(pte[i]))
			continue;
		/* Not flushed from the TLBs: at worst the next use goes unnoticed. */
		*young = true;
		atomic_store(&pte[i], pte_mkold(pte[i]));
	}
	return 0;
}

static void try_unmap_vma(struct vma *v, uaddr_t start, uaddr_t end)
{
	struct vm_space *s = v->space;
	struct vm_batch b;
	bool young = v->flags & VM_LOCKED;

	spin_lock(&s->pt_lock);
	if (!young)
		(void)arch_pgtable_for_each(&s->pt, start, end, young_leaf, &young);
	if (!young) {
		vm_batch_init(&b, s);
		vm_zap(&b, v, start, end, false);
		vm_batch_finish(&b);
	}
	spin_unlock(&s->pt_lock);
}

void vm_try_unmap_page(struct mapping *m, u64 index)
{
	struct vma *v;
	uaddr_t start, end;

	if (!mutex_trylock(&m->vmas_lock))
		return;
	list_for_each_entry (v, &m->vmas, mapping_link)
		if (!(v->flags & VM_SPECIAL) && vma_part(v, index, index, &start, &end))
			try_unmap_vma(v, start, end);
	mutex_unlock(&m->vmas_lock);
}
