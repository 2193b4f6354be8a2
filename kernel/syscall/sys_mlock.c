/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_mlock.c - mlock(2), mlockall(2)
 *
 * Owns:      the rule how much memory may be locked, and by whom.
 * Layer:     syscall.  Uses vm.
 * Locks:     the address space's lock for reading, to look at areas.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    mlock(2), setrlimit(2) (RLIMIT_MEMLOCK), capabilities(7) (CAP_IPC_LOCK).
 * Tests:     tests/abi/mem.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>

static u64 lock_limit(void)
{
	return capable(CAP_IPC_LOCK) ? RLIM_INFINITY : task_rlimit(current_task(), RLIMIT_MEMLOCK);
}

int mlock_set_limit(struct vm_space *s)
{
	u64 limit = lock_limit();

	atomic_store(&s->limit_memlock, limit);
	return limit ? 0 : -EPERM;
}

/* Pages of [start, end) that are not locked yet. */
static u64 unlocked_pages(struct vm_space *s, uaddr_t start, uaddr_t end)
{
	u64 pages = (end - start) >> PAGE_SHIFT;

	rwlock_read_lock(&s->lock);
	for (struct vma *v = vma_find(s, start); v && v->start < end; v = vma_next(v))
		if (v->flags & VM_LOCKED)
			pages -= (MIN(v->end, end) - MAX(v->start, start)) >> PAGE_SHIFT;
	rwlock_read_unlock(&s->lock);
	return pages;
}

/* May `pages` more be locked?  0, -EPERM (none at all), -ENOMEM. */
static int lock_allowed(const struct vm_space *s, u64 pages)
{
	u64 limit = lock_limit();

	if (limit == RLIM_INFINITY)
		return 0;
	if (!limit)
		return -EPERM;
	return atomic_load(&s->locked_pages) + pages > limit >> PAGE_SHIFT ? -ENOMEM : 0;
}

/* Rounding the length up may wrap around to nothing, as on Linux. */
static long do_mlock(unsigned long addr, size_t len, u32 lock)
{
	struct vm_space *s = current_task()->mm;
	uaddr_t start = addr & PAGE_MASK, end;
	int err = 0;

	len = ALIGN_UP(len + (addr & ~PAGE_MASK), PAGE_SIZE);
	end = start + len;
	if (lock)
		err = lock_allowed(s, len >> PAGE_SHIFT > USER_TOP >> PAGE_SHIFT
		                              ? len >> PAGE_SHIFT
		                              : unlocked_pages(s, start, end));
	if (err)
		return err;
	if (lock && mlock_set_limit(s))
		return -EPERM;
	return end < start ? -EINVAL : vm_mlock(s, start, len, lock);
}

long sys_mlock(unsigned long addr, size_t len)
{
	return do_mlock(addr, len, VM_LOCKED);
}

long sys_mlock2(unsigned long addr, size_t len, int flags)
{
	if (flags & ~MLOCK_ONFAULT)
		return -EINVAL;
	return do_mlock(addr, len, VM_LOCKED | (flags ? VM_LOCKONFAULT : 0));
}

long sys_munlock(unsigned long addr, size_t len)
{
	return do_mlock(addr, len, 0);
}

long sys_mlockall(int flags)
{
	struct vm_space *s = current_task()->mm;
	u32 lock = VM_LOCKED | (flags & MCL_ONFAULT ? VM_LOCKONFAULT : 0);
	int err;

	if (!flags || flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) || flags == MCL_ONFAULT)
		return -EINVAL;
	err = mlock_set_limit(s);
	if (!err && flags & MCL_CURRENT)
		err = lock_allowed(s, s->total_pages - MIN(s->total_pages, s->locked_pages));
	if (err)
		return err;
	vm_mlock_future(s, flags & MCL_FUTURE ? lock : 0);
	if (flags & MCL_CURRENT)
		vm_mlock_all(s, lock);
	return 0;
}

long sys_munlockall(void)
{
	struct vm_space *s = current_task()->mm;

	vm_mlock_future(s, 0);
	vm_mlock_all(s, 0);
	return 0;
}
