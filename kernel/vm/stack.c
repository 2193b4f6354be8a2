/* SPDX-License-Identifier: MIT
 * vm/stack.c - stacks that grow down, and faulting ranges in
 *
 * Owns:      the rules when a VM_GROWSDOWN vma is extended.
 * Layer:     vm.
 * Locks:     takes space->lock for writing (growth) or through vm_fault (populate).
 * Contexts:  process context; may sleep.
 * Manual:    mmap(2) MAP_GROWSDOWN, getrlimit(2) RLIMIT_STACK.
 * Tests:     kernel/vm/vm_ktest.c, tests/abi/mem.c.
 *
 * Theory
 * ------
 * An access below a stack extends it down to that page, if RLIMIT_STACK and RLIMIT_AS allow and VM_STACK_GAP
 * bytes stay free below: so a stack that runs away hits nothing but the gap.  A mapping without any
 * permission below counts as free room: programs put their own guard pages there.
 */
#include "internal.h"

static bool room_below(const struct vma *v, uaddr_t start)
{
	const struct vma *prev = vma_prev(v);

	if (!prev)
		return start >= USER_MIN;
	if (start < prev->end)
		return false;
	if (!(prev->flags & VM_PROT_BITS) || (prev->flags & VM_GROWSDOWN))
		return true;
	return start - prev->end >= VM_STACK_GAP;
}

static bool grow_locked(struct vm_space *s, struct vma *v, uaddr_t start)
{
	u64 pages = (v->start - start) >> PAGE_SHIFT;

	if (start < USER_MIN || !room_below(v, start))
		return false;
	if (v->end - start > atomic_load(&s->limit_stack) || !vm_may_expand(s, v->flags, pages))
		return false;
	if ((v->flags & VM_LOCKED) && vm_may_lock(s, pages))
		return false;
	if (v->mapping && v->pgoff < pages)
		return false;
	if ((v->flags & VM_ACCOUNT) && vm_commit_charge(s, pages))
		return false;
	vma_set_range(v, start, v->end, v->mapping ? v->pgoff - pages : v->pgoff);
	vm_account(s, v->flags, (s64)pages);
	return true;
}

bool vm_stack_grow(struct vm_space *s, uaddr_t addr)
{
	struct vma *v;
	bool ok;

	rwlock_write_lock(&s->lock);
	v = vma_find(s, addr);
	if (!v)
		ok = false;
	else if (addr >= v->start)
		ok = true; /* another thread did it */
	else
		ok = (v->flags & VM_GROWSDOWN) && grow_locked(s, v, ALIGN_DOWN(addr, PAGE_SIZE));
	rwlock_write_unlock(&s->lock);
	return ok;
}

int vm_populate(struct vm_space *s, uaddr_t start, uaddr_t end, unsigned access)
{
	for (uaddr_t va = start; va < end; va += PAGE_SIZE) {
		if (thread_kill_pending())
			return -EINTR;
		switch (vm_fault(s, va, access)) {
		case VM_FAULT_MINOR:
		case VM_FAULT_MAJOR:
			break;
		case VM_FAULT_MAPERR:
		case VM_FAULT_OOM:
			return -ENOMEM;
		default:
			return -EFAULT;
		}
		cond_resched();
	}
	return 0;
}
