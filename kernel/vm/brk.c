/* SPDX-License-Identifier: MIT
 * vm/brk.c - the program break
 *
 * Owns:      space->brk after exec has set brk_start.
 * Layer:     vm.
 * Locks:     space->lock for writing.
 * Contexts:  process context; may sleep.
 * Manual:    brk(2): the system call returns the break, the old one when it cannot move.
 * Tests:     kernel/vm/vm_ktest.c, tests/abi/mem.c.
 */
#include "internal.h"

#define HEAP_FLAGS ((u32)(VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_HEAP | VM_ACCOUNT))

/* The heap grows from `old` to `new`, both page-aligned. */
static int grow(struct vm_space *s, uaddr_t old, uaddr_t new) MUST_HOLD(&s->lock)
{
	u64 pages = (new - old) >> PAGE_SHIFT;
	struct vma *v = vma_find(s, old);
	u32 flags = HEAP_FLAGS | s->lock_future;
	int err;

	if (v && vma_gap_start(v) < new + PAGE_SIZE)
		return -ENOMEM;
	if (s->nr_vmas >= VM_MAX_MAPS || !vm_may_expand(s, flags, pages))
		return -ENOMEM;
	if ((flags & VM_LOCKED) && vm_may_lock(s, pages))
		return -EAGAIN;
	v = vma_alloc();
	if (!v)
		return -ENOMEM;
	err = vm_commit_charge(s, pages);
	if (err) {
		*v = (struct vma){ .start = 0 };
		vma_free(v);
		return err;
	}
	*v = (struct vma){ .start = old, .end = new, .flags = flags };
	vma_insert(s, v);
	return 0;
}

static uaddr_t brk_locked(struct vm_space *s, uaddr_t want, struct list_head *dead) MUST_HOLD(&s->lock)
{
	uaddr_t old = ALIGN_UP(s->brk, PAGE_SIZE), new;
	u64 data = s->data_end - s->data_start;

	if (want < s->brk_start || want > s->top - PAGE_SIZE)
		return s->brk;
	if (want - s->brk_start > ~0UL - data || want - s->brk_start + data > atomic_load(&s->limit_data))
		return s->brk;
	new = ALIGN_UP(want, PAGE_SIZE);
	if (new < old ? vm_unmap_locked(s, new, old, dead) : new > old && grow(s, old, new))
		return s->brk;
	s->brk = want;
	return want;
}

uaddr_t vm_brk(struct vm_space *s, uaddr_t new_brk)
{
	LIST_HEAD(dead);
	uaddr_t now, old;
	bool populate;

	rwlock_write_lock(&s->lock);
	old = s->brk;
	now = brk_locked(s, new_brk, &dead);
	populate = unlikely((s->lock_future & (VM_LOCKED | VM_LOCKONFAULT)) == VM_LOCKED) && now > old;
	rwlock_write_unlock(&s->lock);
	vm_free_dead(&dead);
	if (populate)
		(void)vm_populate(s, ALIGN_UP(old, PAGE_SIZE), ALIGN_UP(now, PAGE_SIZE), VM_ACCESS_WRITE);
	return now;
}
