/* SPDX-License-Identifier: MIT
 * vm/mprotect.c - changing permissions
 *
 * Owns:      the permission bits of entries after they were made.
 * Layer:     vm.
 * Locks:     space->lock for writing, pt_lock inside.
 * Contexts:  process context; may sleep.
 * Manual:    mprotect(2).
 * Tests:     kernel/vm/vm_ktest.c, tests/abi/mem.c.
 *
 * Theory
 * ------
 * Entries take the new permission at once, with one exception: write permission is given only where the first
 * write means nothing (a page that is ours alone, shared memory without a store); else the fault gives it.
 * PROT_NONE hides entries (internal.h) and keeps their pages.
 */
#include "internal.h"

struct prot_walk {
	const struct vma *vma;
	struct vm_batch *range; /* only its range is used */
};

/* May this entry become writable without a fault? */
static bool write_at_once(const struct vma *v, pte_t e)
{
	struct page *p;

	if (v->flags & VM_SPECIAL)
		return (v->flags & VM_SHARED) && pte_special(e);
	if (pte_special(e))
		return false;
	p = paddr_page(pte_paddr(e));
	if (p->flags & PAGE_ANON)
		return ref_read(&p->ref) == 1;
	if (!(v->flags & VM_SHARED) || mapping_writes_back(v->mapping))
		return false;
	page_mark_dirty(p);
	return true;
}

static int prot_leaf(pte_t *pte, uaddr_t va, unsigned n, void *ctx)
{
	struct prot_walk *w = ctx;
	u32 prot = w->vma->flags & VM_PROT_BITS;

	for (unsigned i = pte_next(pte, 0, n); i < n; i = pte_next(pte, i + 1, n)) {
		pte_t old = pte[i];
		bool write = (prot & VM_WRITE) && write_at_once(w->vma, old);
		pte_t e = pte_set_prot(pte_show(old), prot, write);

		if (!prot)
			e = pte_hide(e);
		if (e == old)
			continue;
		atomic_store(&pte[i], e);
		vm_batch_note(w->range, va + ((uaddr_t)i << PAGE_SHIFT));
	}
	return 0;
}

/* The entries of v follow its new flags. */
static void protect_pages(struct vm_space *s, struct vma *v)
{
	struct vm_batch range;
	struct prot_walk w = { v, &range };

	spin_lock(&s->pt_lock);
	vm_batch_init(&range, s);
	(void)arch_pgtable_for_each(&s->pt, v->start, v->end, prot_leaf, &w);
	vm_batch_finish(&range);
	spin_unlock(&s->pt_lock);
}

/* [start, end) of v gets other permissions. */
static int protect_vma(struct vm_space *s, struct vma *v, uaddr_t start, uaddr_t end, u32 prot)
        MUST_HOLD(&s->lock)
{
	u32 flags = (v->flags & ~VM_PROT_BITS) | prot;
	u64 pages = (end - start) >> PAGE_SHIFT, charge = 0;
	int err;

	if (flags & ~(flags >> 4) & VM_PROT_BITS)
		return -EACCES;
	if (flags == v->flags)
		return 0;
	if ((flags & VM_WRITE) && !(v->flags & VM_WRITE)) {
		/* It becomes data: RLIMIT_DATA, and the charge for what can now be written. */
		if (!vm_may_expand(s, flags, pages) && vm_may_expand(s, v->flags, pages))
			return -ENOMEM;
		if (vm_flags_accountable(flags) && !(v->flags & VM_ACCOUNT)) {
			charge = pages;
			flags |= VM_ACCOUNT;
		}
	}
	err = vm_commit_charge(s, charge);
	if (err)
		return err;
	err = vma_set_flags(s, v, start, end, flags, &v);
	if (err) {
		vm_commit_uncharge(s, charge);
		return err;
	}
	protect_pages(s, v);
	vma_merge(s, v);
	return 0;
}

static int protect_range(struct vm_space *s, uaddr_t start, uaddr_t end, u32 prot, bool growsdown)
        MUST_HOLD(&s->lock)
{
	struct vma *v = vma_find(s, start);

	if (!v)
		return -ENOMEM;
	if (growsdown) {
		if (v->start >= end)
			return -ENOMEM;
		if (!(v->flags & VM_GROWSDOWN))
			return -EINVAL;
		start = v->start;
	}
	for (uaddr_t at = start; at < end;) {
		uaddr_t stop;
		int err;

		v = vma_find(s, at);
		if (!v || v->start > at)
			return -ENOMEM;
		stop = MIN(end, v->end);
		err = protect_vma(s, v, at, stop, prot);
		if (err)
			return err;
		at = stop;
	}
	return 0;
}

int vm_mprotect(struct vm_space *s, uaddr_t addr, size_t len, int prot)
{
	int grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP);
	int err;

	prot &= ~(PROT_GROWSDOWN | PROT_GROWSUP);
	if (grows == (PROT_GROWSDOWN | PROT_GROWSUP))
		return -EINVAL;
	if (!IS_ALIGNED(addr, PAGE_SIZE))
		return -EINVAL;
	if (!len)
		return 0;
	len = ALIGN_UP(len, PAGE_SIZE);
	if (addr + len <= addr)
		return -ENOMEM;
	if (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM) || (grows & PROT_GROWSUP))
		return -EINVAL;

	rwlock_write_lock(&s->lock);
	err = protect_range(s, addr, addr + len, (u32)prot & VM_PROT_BITS, grows & PROT_GROWSDOWN);
	rwlock_write_unlock(&s->lock);
	return err;
}
