/* SPDX-License-Identifier: MIT
 * vm/madvise.c - what a program tells about its memory
 *
 * Owns:      vm_madvise.
 * Layer:     vm.
 * Locks:     space->lock: for writing where vmas change, else for reading; pt_lock inside.
 * Contexts:  process context; may sleep.
 * Manual:    madvise(2).
 * Tests:     kernel/vm/vm_ktest.c, tests/abi/mem.c.
 *
 * Theory
 * ------
 * Three kinds of advice: hints, which change nothing here (the answer is still checked as Linux does); orders
 * about pages (DONTNEED, FREE, REMOVE, POPULATE_*); and flags of the vma (DONTFORK, DONTDUMP, WIPEONFORK and
 * back). FREE may drop pages at any time until they are written again; we drop them at once.
 */
#include "internal.h"

/* Advice that sets and clears flags of a vma; false: it is of another kind. */
static bool advice_flags(int advice, u32 *set, u32 *clear)
{
	*set = *clear = 0;
	switch (advice) {
	case MADV_NORMAL:
		*clear = VM_SEQ_READ | VM_RAND_READ;
		return true;
	case MADV_SEQUENTIAL:
		*set = VM_SEQ_READ;
		*clear = VM_RAND_READ;
		return true;
	case MADV_RANDOM:
		*set = VM_RAND_READ;
		*clear = VM_SEQ_READ;
		return true;
	case MADV_DONTFORK:
		*set = VM_DONTFORK;
		return true;
	case MADV_DOFORK:
		*clear = VM_DONTFORK;
		return true;
	case MADV_DONTDUMP:
		*set = VM_DONTDUMP;
		return true;
	case MADV_DODUMP:
		*clear = VM_DONTDUMP;
		return true;
	case MADV_WIPEONFORK:
		*set = VM_WIPEONFORK;
		return true;
	case MADV_KEEPONFORK:
		*clear = VM_WIPEONFORK;
		return true;
	default:
		return false;
	}
}

static bool advice_known(int advice)
{
	u32 set, clear;

	switch (advice) {
	case MADV_WILLNEED:
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE:
	case MADV_REMOVE:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
	case MADV_COLD:
	case MADV_PAGEOUT:
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
		return true;
	default:
		return advice_flags(advice, &set, &clear);
	}
}

/* space->lock is held for writing: vm_madvise knows this kind of advice. */
static int set_vma_flags(struct vm_space *s, struct vma *v, uaddr_t start, uaddr_t end,
                         int advice) NO_LOCK_CHECK
{
	u32 set, clear;
	int err;

	advice_flags(advice, &set, &clear);
	if (advice == MADV_WIPEONFORK && (v->mapping || (v->flags & (VM_SHARED | VM_SPECIAL))))
		return -EINVAL;
	if ((advice == MADV_DOFORK || advice == MADV_DODUMP) && (v->flags & VM_SPECIAL))
		return -EINVAL;
	err = vma_set_flags(s, v, start, end, (v->flags | set) & ~clear, &v);
	if (err)
		return err;
	vma_merge(s, v);
	return 0;
}

static int drop_pages(struct vm_space *s, struct vma *v, uaddr_t start, uaddr_t end, int advice)
{
	struct vm_batch b;

	if (v->flags & VM_SPECIAL)
		return -EINVAL;
	if ((v->flags & VM_LOCKED) && advice != MADV_DONTNEED_LOCKED)
		return -EINVAL;
	if (advice == MADV_FREE && v->mapping)
		return -EINVAL;
	/* Piece by piece: other threads fault meanwhile. */
	for (uaddr_t stop; start < end; start = stop) {
		stop = MIN(end, ALIGN_DOWN(start, VM_LEAF_SPAN) + VM_LEAF_SPAN);
		spin_lock(&s->pt_lock);
		vm_batch_init(&b, s);
		vm_zap(&b, v, start, stop, true);
		vm_batch_finish(&b);
		spin_unlock(&s->pt_lock);
		cond_resched();
	}
	return 0;
}

static int remove_backing(struct vma *v, uaddr_t start, uaddr_t end)
{
	u64 first;

	if (v->flags & VM_LOCKED)
		return -EINVAL;
	if (!v->mapping || mapping_writes_back(v->mapping))
		return -EINVAL;
	if ((v->flags & (VM_SHARED | VM_WRITE)) != (VM_SHARED | VM_WRITE))
		return -EACCES;
	first = vma_index(v, start) << PAGE_SHIFT;
	mapping_punch(v->mapping, first, first + (end - start));
	return 0;
}

static int advise_vma(struct vm_space *s, struct vma *v, uaddr_t start, uaddr_t end, int advice)
{
	u32 set, clear;

	if (advice_flags(advice, &set, &clear))
		return set_vma_flags(s, v, start, end, advice);
	switch (advice) {
	case MADV_DONTNEED:
	case MADV_DONTNEED_LOCKED:
	case MADV_FREE:
		return drop_pages(s, v, start, end, advice);
	case MADV_REMOVE:
		return remove_backing(v, start, end);
	case MADV_WILLNEED:
		if (v->mapping)
			mapping_read_range(v->mapping, vma_index(v, start), (end - start) >> PAGE_SHIFT);
		return 0;
	case MADV_COLD:
	case MADV_PAGEOUT:
		return v->flags & (VM_LOCKED | VM_SPECIAL) ? -EINVAL : 0;
	default:
		return 0; /* hints */
	}
}

/* All vmas of the range; a hole is -ENOMEM, after the rest was done. */
static int advise_range(struct vm_space *s, uaddr_t start, uaddr_t end, int advice)
{
	int hole = 0;

	while (start < end) {
		struct vma *v = vma_find(s, start);
		uaddr_t stop;
		int err;

		if (!v || v->start >= end)
			return -ENOMEM;
		if (v->start > start) {
			hole = -ENOMEM;
			start = v->start;
		}
		stop = MIN(end, v->end);
		err = advise_vma(s, v, start, stop, advice);
		if (err)
			return err;
		start = stop;
	}
	return hole;
}

/* A mapping that does not allow the access is no fault here, but a wrong argument. */
static int populate(struct vm_space *s, uaddr_t start, uaddr_t end, unsigned access)
{
	u32 need = access == VM_ACCESS_WRITE ? VM_WRITE : VM_READ;

	while (start < end) {
		uaddr_t stop = 0;
		struct vma *v;
		int err = 0;

		rwlock_read_lock(&s->lock);
		v = vma_find(s, start);
		if (!v || v->start > start)
			err = -ENOMEM;
		else if (!(v->flags & need) || v->flags & VM_SPECIAL)
			err = -EINVAL;
		else
			stop = MIN(end, v->end);
		rwlock_read_unlock(&s->lock);
		if (!err)
			err = vm_populate(s, start, stop, access);
		if (err)
			return err;
		start = stop;
	}
	return 0;
}

int vm_madvise(struct vm_space *s, uaddr_t addr, size_t len, int advice)
{
	u32 set, clear;
	uaddr_t end;
	int err;

	if (!advice_known(advice) || !IS_ALIGNED(addr, PAGE_SIZE))
		return -EINVAL;
	end = addr + ALIGN_UP(len, PAGE_SIZE);
	if ((len && !ALIGN_UP(len, PAGE_SIZE)) || end < addr)
		return -EINVAL;
	if (end == addr)
		return 0;
	if (advice == MADV_POPULATE_READ)
		return populate(s, addr, end, VM_ACCESS_READ);
	if (advice == MADV_POPULATE_WRITE)
		return populate(s, addr, end, VM_ACCESS_WRITE);

	if (advice_flags(advice, &set, &clear)) {
		rwlock_write_lock(&s->lock);
		err = advise_range(s, addr, end, advice);
		rwlock_write_unlock(&s->lock);
	} else {
		rwlock_read_lock(&s->lock);
		err = advise_range(s, addr, end, advice);
		rwlock_read_unlock(&s->lock);
	}
	return err;
}
