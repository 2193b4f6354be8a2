/* SPDX-License-Identifier: MIT
 * vm/account.c - how much address space and memory a program may ask for
 *
 * Owns:      the page counters of a space, the commit charge of the system.
 * Layer:     vm.  Uses mem (mem_stats).
 * Locks:     counters of a space: its write lock; commit_pages and the system's charge: atomically.
 * Contexts:  process context; does not sleep.
 * Manual:    getrlimit(2), proc(5) /proc/sys/vm/overcommit_memory, Documentation of overcommit-accounting.
 * Tests:     kernel/vm/vm_ktest.c, tests/abi/mem.c.
 *
 * Theory
 * ------
 * Memory is lazy: mmap promises pages which exist only when touched.  Each page of private writable memory is
 * one promise; the sum is the commit charge.  Mode 0 refuses only what could never be kept (more than all
 * memory in one call), mode 1 nothing, mode 2 what would pass  ratio % of memory.
 */
#include "internal.h"

int vm_overcommit_memory;
int vm_overcommit_ratio = 50;
static s64 committed; /* pages, atomically */

static u64 total_ram_pages(void)
{
	static u64 cached; /* RAM does not change after boot; mem_stats sums over CPUs */

	if (!atomic_load(&cached)) {
		struct mem_stats st;

		mem_stats(&st);
		atomic_store(&cached, st.total_pages);
	}
	return atomic_load(&cached);
}

u64 vm_committed(void)
{
	s64 n = atomic_load(&committed);

	return n > 0 ? (u64)n : 0;
}

u64 vm_commit_limit(void)
{
	return total_ram_pages() * (u64)atomic_load(&vm_overcommit_ratio) / 100;
}

static bool commit_allowed(u64 pages, u64 sum)
{
	switch (atomic_load(&vm_overcommit_memory)) {
	case 1:
		return true;
	case 2:
		return sum <= vm_commit_limit();
	default:
		return pages <= total_ram_pages();
	}
}

int vm_commit_charge(struct vm_space *s, u64 pages)
{
	s64 sum;

	if (!pages)
		return 0;
	if (pages > USER_TOP >> PAGE_SHIFT)
		return -ENOMEM;
	sum = atomic_add(&committed, (s64)pages);
	if (unlikely(!commit_allowed(pages, sum > 0 ? (u64)sum : 0))) {
		atomic_sub(&committed, (s64)pages);
		return -ENOMEM;
	}
	if (s)
		atomic_add(&s->commit_pages, pages);
	return 0;
}

void vm_commit_uncharge(struct vm_space *s, u64 pages)
{
	if (!pages)
		return;
	atomic_sub(&committed, (s64)pages);
	if (s) {
		assert(s->commit_pages >= pages);
		atomic_sub(&s->commit_pages, pages);
	}
}

/* Private writable memory that is not a stack: what RLIMIT_DATA limits. */
static bool is_data(u32 flags)
{
	return (flags & (VM_WRITE | VM_SHARED | VM_GROWSDOWN)) == VM_WRITE;
}

void vm_account(struct vm_space *s, u32 flags, s64 pages)
{
	u64 n = (u64)pages; /* wraps around for negative counts */

	s->total_pages += n;
	if (s->total_pages > s->hiwater_vm)
		s->hiwater_vm = s->total_pages;
	if (flags & VM_LOCKED)
		s->locked_pages += n;
	if (flags & VM_SHARED)
		s->shared_pages += n;
	if (flags & VM_GROWSDOWN)
		s->stack_pages += n;
	else if (is_data(flags))
		s->data_pages += n;
	else if (flags & VM_EXEC)
		s->exec_pages += n;
}

bool vm_may_expand(const struct vm_space *s, u32 flags, u64 pages)
{
	if (s->total_pages + pages > atomic_load(&s->limit_as) >> PAGE_SHIFT)
		return false;
	return !is_data(flags) || s->data_pages + pages <= atomic_load(&s->limit_data) >> PAGE_SHIFT;
}

int vm_may_lock(const struct vm_space *s, u64 pages)
{
	u64 limit = atomic_load(&s->limit_memlock);

	return limit == ~0UL || s->locked_pages + pages <= limit >> PAGE_SHIFT ? 0 : -EAGAIN;
}
