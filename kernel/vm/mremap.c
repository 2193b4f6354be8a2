/* SPDX-License-Identifier: MIT
 * vm/mremap.c - resizing and moving a mapping
 *
 * Owns:      vm_mremap.
 * Layer:     vm.
 * Locks:     space->lock for writing; while entries move: mapping->vmas_lock, then pt_lock, so that a truncate
 *            sees them at the old place or at the new one.
 * Contexts:  process context; may sleep.
 * Manual:    mremap(2).
 * Tests:     kernel/vm/vm_ktest.c, tests/abi/mem.c.
 *
 * Theory
 * ------
 * A move takes page-table entries along, not bytes.  All that may fail is done first: the new vma, the
 * charge, and the page tables at the new place for whatever has tables at the old one.  Then entries move,
 * then the old range, now empty, is unmapped.
 */
#include "internal.h"

struct move {
	struct vm_space *s;
	uaddr_t old, new; /* starts */
	struct vm_batch *range;
};

/* Makes the tables that moving these entries needs. */
static int make_tables(pte_t *pte, uaddr_t va, unsigned n, void *ctx)
{
	struct move *m = ctx;
	uaddr_t first = va - m->old + m->new, last = first + ((uaddr_t)(n - 1) << PAGE_SHIFT);

	/* One leaf table's worth of entries meets at most two tables at the new place. */
	if (!arch_pgtable_walk(&m->s->pt, first, true) || !arch_pgtable_walk(&m->s->pt, last, true))
		return -ENOMEM;
	return 0;
}

static int move_leaf(pte_t *pte, uaddr_t va, unsigned n, void *ctx)
{
	struct move *m = ctx;

	for (unsigned i = pte_next(pte, 0, n); i < n; i = pte_next(pte, i + 1, n)) {
		uaddr_t from = va + ((uaddr_t)i << PAGE_SHIFT);
		pte_t *to = arch_pgtable_walk(&m->s->pt, from - m->old + m->new, false);

		assert(to && pte_none(*to));
		*to = pte[i];
		atomic_store(&pte[i], (pte_t)0);
		vm_batch_note(m->range, from);
	}
	return 0;
}

static int move_entries(struct vm_space *s, struct vma *v, uaddr_t old, size_t len, uaddr_t new) NO_LOCK_CHECK
{
	struct vm_batch range;
	struct move m = { s, old, new, &range };
	int err;

	if (v->mapping)
		mutex_lock(&v->mapping->vmas_lock);
	spin_lock(&s->pt_lock);
	vm_batch_init(&range, s);
	err = arch_pgtable_for_each(&s->pt, old, old + len, make_tables, &m);
	if (!err) {
		(void)arch_pgtable_for_each(&s->pt, old, old + len, move_leaf, &m);
		vm_batch_finish(&range);
	}
	spin_unlock(&s->pt_lock);
	if (v->mapping)
		mutex_unlock(&v->mapping->vmas_lock);
	return err;
}

/* Can old_len bytes at v's part `old` become new_len?  Charges the difference. */
static int check_resize(struct vm_space *s, struct vma *v, uaddr_t old, size_t old_len, size_t new_len,
                        u64 *charge)
{
	u64 more = new_len > old_len ? (new_len - old_len) >> PAGE_SHIFT : 0;

	*charge = 0;
	if (!old_len && !(v->flags & VM_SHARED))
		return -EINVAL; /* only shared memory can be mapped a second time */
	if (old_len > v->end - old)
		return -EFAULT;
	if (new_len == old_len)
		return 0;
	if (v->mapping && vma_index(v, old) + (new_len >> PAGE_SHIFT) < v->pgoff)
		return -EINVAL;
	if (v->flags & VM_SPECIAL)
		return -EFAULT;
	if ((v->flags & VM_LOCKED) && vm_may_lock(s, more))
		return -EAGAIN;
	if (!vm_may_expand(s, v->flags, more))
		return -ENOMEM;
	if (v->flags & VM_ACCOUNT) {
		if (vm_commit_charge(s, more))
			return -ENOMEM;
		*charge = more;
	}
	return 0;
}

/* v's part at `old` goes to `new`, which is free. The new address or -ENOMEM (nothing changed). */
static long move_vma(struct vm_space *s, struct vma *v, uaddr_t old, size_t old_len, size_t new_len,
                     uaddr_t new, bool keep, struct list_head *dead) MUST_HOLD(&s->lock)
{
	struct vma *c;
	u64 charge = 0;
	int err;

	if (s->nr_vmas >= VM_MAX_MAPS - 3)
		return -ENOMEM;
	c = vma_alloc();
	if (!c)
		return -ENOMEM;
	*c = *v;
	c->start = new;
	c->end = new + new_len;
	c->pgoff = v->mapping ? vma_index(v, old) : 0;
	c->flags &= ~(u32)VM_HEAP;
	if (c->ops && c->ops->get)
		c->ops->get(c);
	/* Cut out first: then to unmap the old range needs no memory, and v stays what it is until the end. */
	err = old_len && !keep ? vm_split_edges(s, old, old + old_len, &v) : 0;
	if (err)
		goto free_copy;
	/* The old range is uncharged when it is unmapped, the new one is charged whole. */
	if (v->flags & VM_ACCOUNT)
		charge = old_len >> PAGE_SHIFT;
	err = vm_commit_charge(s, charge);
	if (err)
		goto merge_old;

	vma_link(s, c, v->mapping ? v : NULL);
	err = old_len ? move_entries(s, v, old, old_len, new) : 0;
	if (err)
		goto unlink_copy;
	if (old_len && !keep) {
		err = vm_unmap_locked(s, old, old + old_len, dead);
		assert(!err);
	}
	vma_merge(s, c);
	return (long)new;

unlink_copy:
	vma_unlink(s, c);
	vm_commit_uncharge(s, charge);
merge_old:
	vma_merge(s, v);
free_copy:
	vma_free(c);
	return err;
}

/* After a failed move: tables made for nothing at [new, new + len). */
static void drop_tables(struct vm_space *s, uaddr_t new, size_t len)
{
	struct vma *next = vma_find(s, new), *prev = next ? vma_prev(next) : vma_last(s);

	spin_lock(&s->pt_lock);
	arch_pgtable_free_range(&s->pt, new, new + len, prev ? prev->end : 0,
	                        next ? next->start : USER_TOP + PAGE_SIZE);
	vm_flush(s, new, new + PAGE_SIZE);
	arch_pgtable_free_range(&s->pt, 0, 0, 0, 0);
	spin_unlock(&s->pt_lock);
}

static long resize_and_move(struct vm_space *s, struct vma *v, uaddr_t old, size_t old_len, size_t new_len,
                            uaddr_t new, int flags, struct list_head *dead) MUST_HOLD(&s->lock)
{
	u64 charge;
	long r = check_resize(s, v, old, old_len, new_len, &charge);

	if (r)
		return r;
	if ((flags & MREMAP_DONTUNMAP) && !vm_may_expand(s, v->flags, new_len >> PAGE_SHIFT))
		return -ENOMEM;
	if (!(flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) || (!(flags & MREMAP_FIXED) && !new))
		r = vm_find_gap(s, 0, new_len, false);
	else if (flags & MREMAP_FIXED)
		r = (long)new;
	else
		r = vm_find_gap(s, new, new_len, false);
	if (r > 0) {
		new = (uaddr_t)r;
		r = move_vma(s, v, old, old_len, new_len, new, flags & MREMAP_DONTUNMAP, dead);
		if (r < 0)
			drop_tables(s, new, new_len);
	}
	if (r < 0)
		vm_commit_uncharge(s, charge);
	return r;
}

/* MREMAP_FIXED: whatever is at the new place goes first. */
static long remap_fixed(struct vm_space *s, uaddr_t old, size_t old_len, size_t new_len, uaddr_t new,
                        int flags, struct list_head *dead) MUST_HOLD(&s->lock)
{
	struct vma *v;
	int err;

	if (!IS_ALIGNED(new, PAGE_SIZE) || new_len > s->top || new > s->top - new_len)
		return -EINVAL;
	if (old + old_len > new &&new + new_len > old)
		return -EINVAL;
	if (new < USER_MIN)
		return -EPERM;
	if (s->nr_vmas + 2 >= VM_MAX_MAPS - 3)
		return -ENOMEM;
	err = vm_unmap_locked(s, new, new + new_len, dead);
	if (err)
		return err;
	if (old_len > new_len) {
		err = vm_unmap_locked(s, old + new_len, old + old_len, dead);
		if (err)
			return err;
		old_len = new_len;
	}
	v = vma_find(s, old);
	if (!v || v->start > old)
		return -EFAULT;
	return resize_and_move(s, v, old, old_len, new_len, new, flags, dead);
}

/* Room right behind v for `more` bytes? */
static bool can_expand(const struct vma *v, size_t more)
{
	const struct vma *next = vma_next(v);

	return more <= v->space->top && v->end <= v->space->top - more &&
	       (!next || v->end + more <= vma_gap_start(next));
}

static long remap_locked(struct vm_space *s, uaddr_t old, size_t old_len, size_t new_len, int flags,
                         uaddr_t new, struct list_head *dead) MUST_HOLD(&s->lock)
{
	struct vma *v = vma_find(s, old);
	u64 charge;
	long r;

	if (!v || v->start > old)
		return -EFAULT;
	if ((flags & MREMAP_DONTUNMAP) && (v->flags & VM_SPECIAL))
		return -EINVAL;
	if (flags & MREMAP_FIXED)
		return remap_fixed(s, old, old_len, new_len, new, flags, dead);
	if (flags & MREMAP_DONTUNMAP)
		return resize_and_move(s, v, old, old_len, new_len, new, flags, dead);
	if (old_len >= new_len) {
		r = old_len > new_len ? vm_unmap_locked(s, old + new_len, old + old_len, dead) : 0;
		return r ? r : (long)old;
	}
	if (old_len && old_len == v->end - old && can_expand(v, new_len - old_len)) {
		r = check_resize(s, v, old, old_len, new_len, &charge);
		if (r)
			return r;
		vma_set_range(v, v->start, old + new_len, v->pgoff);
		vm_account(s, v->flags, (s64)((new_len - old_len) >> PAGE_SHIFT));
		vma_merge(s, v);
		return (long)old;
	}
	if (flags & MREMAP_MAYMOVE)
		return resize_and_move(s, v, old, old_len, new_len, 0, flags, dead);
	r = check_resize(s, v, old, old_len, new_len, &charge); /* its errors come first */
	vm_commit_uncharge(s, r ? 0 : charge);
	return r ? r : -ENOMEM;
}

long vm_mremap(struct vm_space *s, uaddr_t old, size_t old_len, size_t new_len, int flags, uaddr_t new_addr)
{
	LIST_HEAD(dead);
	bool locked;
	long r;

	if (flags & ~(MREMAP_FIXED | MREMAP_MAYMOVE | MREMAP_DONTUNMAP))
		return -EINVAL;
	if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) && !(flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if ((flags & MREMAP_DONTUNMAP) && old_len != new_len)
		return -EINVAL;
	if (!IS_ALIGNED(old, PAGE_SIZE))
		return -EINVAL;
	old_len = ALIGN_UP(old_len, PAGE_SIZE);
	new_len = ALIGN_UP(new_len, PAGE_SIZE);
	if (!new_len || old_len > s->top || old > s->top - old_len)
		return !new_len ? -EINVAL : -EFAULT;

	rwlock_write_lock(&s->lock);
	r = remap_locked(s, old, old_len, new_len, flags, new_addr, &dead);
	locked = r > 0 && new_len > old_len &&
	         (vma_find(s, (uaddr_t)r)->flags & (VM_LOCKED | VM_LOCKONFAULT)) == VM_LOCKED;
	rwlock_write_unlock(&s->lock);
	vm_free_dead(&dead);
	if (locked)
		(void)vm_populate(s, (uaddr_t)r + old_len, (uaddr_t)r + new_len, VM_ACCESS_WRITE);
	return r;
}
