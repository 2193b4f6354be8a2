/* SPDX-License-Identifier: MIT
 * vm/munmap.c - removing mappings
 *
 * Owns:      the order of the steps of an unmap.
 * Layer:     vm.
 * Locks:     space->lock for writing; pt_lock inside.  Files are released after unlocking.
 * Contexts:  process context; may sleep.
 * Manual:    munmap(2).
 * Tests:     kernel/vm/vm_ktest.c, tests/abi/mem.c.
 *
 * Theory
 * ------
 * First the vmas at the edges are split (may fail, nothing has changed for the program), then nothing can
 * fail: clear entries, unlink page tables that cover nothing any more, flush TLBs once, free pages and
 * tables, take the vmas out.  Dropping a file may run a file system's code; so the removed vmas are freed
 * without the lock.
 */
#include "internal.h"

int vm_split_edges(struct vm_space *s, uaddr_t start, uaddr_t end, struct vma **first)
{
	struct vma *v = vma_intersect(s, start, end), *last;
	int err;

	*first = v;
	if (!v)
		return 0;
	if (start > v->start) {
		err = vma_split(s, v, start);
		if (err)
			return err;
		*first = v = vma_next(v);
	}
	last = vma_find(s, end - 1);
	if (last && last->start < end && last->end > end) {
		err = vma_split(s, last, end);
		if (err) {
			vma_merge(s, v);
			return err;
		}
	}
	return 0;
}

static void unmap_pages(struct vm_space *s, struct vma *first, uaddr_t start, uaddr_t end, uaddr_t floor,
                        uaddr_t ceiling)
{
	struct vm_batch b;
	u32 tables;

	spin_lock(&s->pt_lock);
	vm_batch_init(&b, s);
	for (struct vma *v = first; v && v->start < end; v = vma_next(v))
		vm_zap(&b, v, v->start, v->end, true);
	tables = s->pt.tables;
	arch_pgtable_free_range(&s->pt, start, end, floor, ceiling);
	if (s->pt.tables != tables) /* some flush is due: it also drops cached upper entries */
		vm_batch_note(&b, start);
	vm_batch_finish(&b);
	arch_pgtable_free_range(&s->pt, 0, 0, 0, 0);
	spin_unlock(&s->pt_lock);
}

int vm_unmap_locked(struct vm_space *s, uaddr_t start, uaddr_t end, struct list_head *dead)
{
	struct vma *v, *prev, *next;
	int err = vm_split_edges(s, start, end, &v);

	if (err || !v)
		return err;

	prev = vma_prev(v);
	next = vma_find(s, end);
	start = v->start; /* what lies before is a hole */
	unmap_pages(s, v, start, end, prev ? prev->end : 0, next ? next->start : USER_TOP + PAGE_SIZE);

	while (v && v->start < end) {
		next = vma_next(v);
		if (v->flags & VM_ACCOUNT)
			vm_commit_uncharge(s, vma_pages(v));
		vma_unlink(s, v);
		list_add_tail(&v->mapping_link, dead);
		v = next;
	}
	vm_gap_freed(s, end);
	return 0;
}

void vm_free_dead(struct list_head *dead)
{
	struct vma *v, *next;

	list_for_each_entry_safe (v, next, dead, mapping_link) {
		list_del(&v->mapping_link);
		vma_free(v);
	}
}

int vm_munmap(struct vm_space *s, uaddr_t addr, size_t len)
{
	LIST_HEAD(dead);
	int err;

	if (!IS_ALIGNED(addr, PAGE_SIZE) || addr > s->top || len > s->top - addr)
		return -EINVAL;
	len = ALIGN_UP(len, PAGE_SIZE);
	if (!len)
		return -EINVAL;

	rwlock_write_lock(&s->lock);
	err = vm_unmap_locked(s, addr, addr + len, &dead);
	rwlock_write_unlock(&s->lock);
	vm_free_dead(&dead);
	return err;
}
