/* SPDX-License-Identifier: MIT
 * vm/fork.c - copying an address space, copy-on-write
 *
 * Owns:      vm_space_fork.
 * Layer:     vm.
 * Locks:     old->lock for writing; then old->pt_lock, then new->pt_lock (a child's after its parent's).
 * Contexts:  process context; may sleep.
 * Manual:    fork(2), madvise(2) MADV_DONTFORK, MADV_WIPEONFORK.
 * Tests:     kernel/vm/vm_ktest.c, tests/abi/fork.c.
 *
 * Theory
 * ------
 * First all vmas are copied, then the entries of anonymous pages: both entries become read-only and count one
 * more reference of the page, and the first write on either side copies it (fault.c).  What can be found
 * again without the parent is not copied: pages of files, shared memory, the page of zeros.  A vma of a file
 * that never held a private copy is skipped without looking at its entries (vma->has_anon).
 *
 * Truncate may run meanwhile: it walks mapping->vmas, parent before child (the child's vma is put right
 * behind), and takes pt_lock.  If it has passed the parent there is nothing left to copy; else it will pass
 * the child.
 */
#include "internal.h"

/* The copy of v at the right end of the child's tree. */
static struct vma *dup_vma(struct vm_space *new, struct vma *v, struct vma *prev)
{
	struct vma *c = vma_alloc();

	if (!c)
		return NULL;
	*c = *v;
	c->space = new;
	c->flags &= ~(u32)(VM_LOCKED | VM_LOCKONFAULT); /* locks are not inherited */
	if (c->flags & VM_WIPEONFORK)
		c->has_anon = false;
	list_init(&c->mapping_link);
	if (c->ops && c->ops->get)
		c->ops->get(c);
	rb_insert(&new->vmas, &c->rb, prev ? &prev->rb : NULL, prev ? &prev->rb.right : &new->vmas.node);
	new->nr_vmas++;
	vm_account(new, c->flags, (s64)vma_pages(c));
	if (c->mapping) {
		mutex_lock(&c->mapping->vmas_lock);
		list_add(&c->mapping_link, &v->mapping_link);
		mutex_unlock(&c->mapping->vmas_lock);
	}
	return c;
}

static int dup_vmas(struct vm_space *new, struct vm_space *old)
{
	struct vma *prev = NULL;
	u64 charge = 0;

	for (struct vma *v = vma_first(old); v; v = vma_next(v)) {
		if (v->flags & VM_DONTFORK)
			continue;
		prev = dup_vma(new, v, prev);
		if (!prev)
			return -ENOMEM;
		if (prev->flags & VM_ACCOUNT)
			charge += vma_pages(prev);
	}
	return vm_commit_charge(new, charge);
}

struct fork_walk {
	struct vm_space *new;
	s64 copied;
	bool protected; /* an entry of the parent lost its write permission */
};

static int fork_leaf(pte_t *pte, uaddr_t va, unsigned n, void *ctx)
{
	struct fork_walk *w = ctx;
	pte_t *child = NULL;

	for (unsigned i = pte_next(pte, 0, n); i < n; i = pte_next(pte, i + 1, n)) {
		pte_t e = pte[i];
		struct page *p;

		if (pte_special(e))
			continue;
		p = paddr_page(pte_paddr(e));
		if (!(p->flags & PAGE_ANON))
			continue;
		if (!child) {
			child = arch_pgtable_walk(&w->new->pt, va, true);
			if (!child)
				return -ENOMEM;
		}
		if (pte_writable(e)) {
			e = pte_wrprotect(e);
			atomic_store(&pte[i], e);
			w->protected = true;
		}
		page_get(p);
		atomic_add(&p->mapcount, 1);
		atomic_store(&child[i], e);
		w->copied++;
	}
	return 0;
}

static int copy_entries(struct vm_space *new, struct vm_space *old)
{
	struct fork_walk w = { .new = new };
	int err = 0;

	spin_lock(&old->pt_lock);
	spin_lock(&new->pt_lock);
	for (struct vma *v = vma_first(new); v && !err; v = vma_next(v)) {
		if (v->flags & (VM_SHARED | VM_WIPEONFORK))
			continue;
		/* `has_anon` of the child's copy is as old as dup_vma; no fault came since: old->lock. */
		if ((v->mapping || (v->flags & VM_SPECIAL)) && !v->has_anon)
			continue;
		err = arch_pgtable_for_each(&old->pt, v->start, v->end, fork_leaf, &w);
	}
	new->rss_anon += w.copied;
	new->hiwater_rss = (u64) new->rss_anon;
	spin_unlock(&new->pt_lock);
	if (w.protected)
		vm_flush(old, 0, 0);
	spin_unlock(&old->pt_lock);
	return err;
}

struct vm_space *vm_space_fork(struct vm_space *old)
{
	struct vm_space *new;
	int err;

	rwlock_write_lock(&old->lock);
	new = vm_space_copy_fields(old);
	if (!new) {
		rwlock_write_unlock(&old->lock);
		return NULL;
	}
	if (old->exe && old->exe_get)
		new->exe = old->exe_get(old->exe);
	err = dup_vmas(new, old);
	if (!err)
		err = copy_entries(new, old);
	rwlock_write_unlock(&old->lock);
	if (err) {
		vm_space_put(new);
		return NULL;
	}
	return new;
}
