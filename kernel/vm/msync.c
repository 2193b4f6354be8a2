/* SPDX-License-Identifier: MIT
 * vm/msync.c - writing mappings back, and asking what is in memory
 *
 * Owns:      vm_msync, vm_mincore.
 * Layer:     vm.
 * Locks:     space->lock for reading; pt_lock, mapping->lock inside.
 * Contexts:  process context; may sleep.
 * Manual:    msync(2), mincore(2).
 * Tests:     tests/abi/mem.c.
 */
#include "internal.h"
#include <lib/string.h>

/* Writes [start, end) of v back.  space->lock is dropped meanwhile: a file system's lock comes before it
 * (write(2) faults on its buffer with the inode locked), so it is not taken inside. */
static int sync_vma(struct vm_space *s, const struct vma *v, uaddr_t start, uaddr_t end) NO_LOCK_CHECK
{
	struct vma copy = *v; /* v may go; the copy holds its own reference to the file */
	u64 first = vma_index(v, start) << PAGE_SHIFT;
	int err;

	if (copy.ops->get)
		copy.ops->get(&copy);
	rwlock_read_unlock(&s->lock);
	err = copy.ops->sync(&copy, first, first + (end - start));
	if (copy.ops->put)
		copy.ops->put(&copy);
	rwlock_read_lock(&s->lock);
	return err;
}

static int sync_range(struct vm_space *s, uaddr_t addr, uaddr_t end, int flags)
{
	int err = 0, hole = 0;

	while (addr < end && !err) {
		struct vma *v = vma_find(s, addr);
		uaddr_t stop;

		if (!v || v->start >= end)
			return -ENOMEM;
		if (v->start > addr) {
			hole = -ENOMEM;
			addr = v->start;
		}
		stop = MIN(end, v->end);
		if ((flags & MS_INVALIDATE) && (v->flags & VM_LOCKED))
			return -EBUSY;
		if ((flags & MS_SYNC) && (v->flags & VM_SHARED) && v->mapping && v->ops && v->ops->sync)
			err = sync_vma(s, v, addr, stop);
		addr = stop;
	}
	return err ? err : hole;
}

int vm_msync(struct vm_space *s, uaddr_t addr, size_t len, int flags)
{
	uaddr_t end = addr + ALIGN_UP(len, PAGE_SIZE);
	int err;

	if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC))
		return -EINVAL;
	if (!IS_ALIGNED(addr, PAGE_SIZE) || (flags & (MS_ASYNC | MS_SYNC)) == (MS_ASYNC | MS_SYNC))
		return -EINVAL;
	if (end < addr)
		return -ENOMEM;

	rwlock_read_lock(&s->lock);
	err = sync_range(s, addr, end, flags);
	rwlock_read_unlock(&s->lock);
	return err;
}

struct mincore_walk {
	uaddr_t start;
	u8 *vec;
};

static int mincore_leaf(pte_t *pte, uaddr_t va, unsigned n, void *ctx)
{
	struct mincore_walk *w = ctx;

	for (unsigned i = pte_next(pte, 0, n); i < n; i = pte_next(pte, i + 1, n))
		w->vec[((va - w->start) >> PAGE_SHIFT) + i] = 1;
	return 0;
}

static void mincore_vma(struct vm_space *s, struct vma *v, uaddr_t start, uaddr_t end, u8 *vec)
{
	struct mincore_walk w = { start, vec };

	spin_lock(&s->pt_lock);
	(void)arch_pgtable_for_each(&s->pt, start, end, mincore_leaf, &w);
	spin_unlock(&s->pt_lock);
	if (!v->mapping)
		return;
	/* What is not mapped may still be in the page cache. */
	for (uaddr_t va = start; va < end; va += PAGE_SIZE, vec++) {
		struct page *p = *vec ? NULL : mapping_find(v->mapping, vma_index(v, va));

		if (p) {
			*vec = !!(atomic_load(&p->flags) & PAGE_UPTODATE);
			page_put(p);
		}
	}
}

int vm_mincore(struct vm_space *s, uaddr_t addr, size_t len, u8 *vec)
{
	uaddr_t end = addr + ALIGN_UP(len, PAGE_SIZE);
	int err = 0;

	if (!IS_ALIGNED(addr, PAGE_SIZE))
		return -EINVAL;
	if (end < addr || end > USER_TOP)
		return -ENOMEM;
	memset(vec, 0, (end - addr) >> PAGE_SHIFT);

	rwlock_read_lock(&s->lock);
	while (addr < end) {
		struct vma *v = vma_find(s, addr);
		uaddr_t stop;

		if (!v || v->start > addr) {
			err = -ENOMEM;
			break;
		}
		stop = MIN(end, v->end);
		mincore_vma(s, v, addr, stop, vec);
		vec += (stop - addr) >> PAGE_SHIFT;
		addr = stop;
	}
	rwlock_read_unlock(&s->lock);
	return err;
}
