/* SPDX-License-Identifier: MIT
 * vm/count.c - what is resident in a vma, for /proc/pid/smaps
 *
 * Owns:      vma_count_pages.
 * Layer:     vm.
 * Locks:     the caller holds space->lock; pt_lock is taken.
 * Contexts:  process context; may sleep.
 * Manual:    proc(5), smaps.
 * Tests:     tests/abi/mem.c.
 */
#include "internal.h"
#include <lib/string.h>

static int count_leaf(pte_t *pte, uaddr_t va, unsigned n, void *ctx)
{
	struct vma_pages *out = ctx;

	for (unsigned i = pte_next(pte, 0, n); i < n; i = pte_next(pte, i + 1, n)) {
		pte_t e = pte[i];
		struct page *p;
		bool dirty;
		u32 users;

		if (pte_special(e))
			continue;
		p = paddr_page(pte_paddr(e));
		users = MAX(atomic_load(&p->mapcount), 1u);
		/* An anonymous page has no other copy: it is dirty from the start. */
		dirty = pte_dirty(e) || (atomic_load(&p->flags) & (PAGE_DIRTY | PAGE_ANON));
		out->rss++;
		out->pss_bytes += PAGE_SIZE / users;
		out->referenced += pte_accessed(e);
		out->anonymous += !!(p->flags & PAGE_ANON);
		*(users > 1 ? dirty ? &out->shared_dirty : &out->shared_clean
		  : dirty   ? &out->private_dirty
		            : &out->private_clean) += 1;
	}
	return 0;
}

void vma_count_pages(struct vma *v, struct vma_pages *out)
{
	memset(out, 0, sizeof(*out));
	spin_lock(&v->space->pt_lock);
	(void)arch_pgtable_for_each(&v->space->pt, v->start, v->end, count_leaf, out);
	spin_unlock(&v->space->pt_lock);
}
