/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_mlock.c - mlock(2), mlockall(2)
 *
 * Owns:      the rule how much memory may be locked, and by whom.
 * Layer:     syscall.  Uses vm.
 * Locks:     the address space's lock for reading, to look at areas.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    mlock(2), setrlimit(2) (RLIMIT_MEMLOCK), capabilities(7) (CAP_IPC_LOCK).
 * Tests:     tests/abi/mlock.c
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

static long do_mlock(unsigned long addr, size_t len, bool lock)
{
	struct vm_space *s = current_task()->mm;
	uaddr_t start = addr & PAGE_MASK, end = ALIGN_UP(addr + len, PAGE_SIZE);
	int err = 0;

	if (addr + len < addr || end < start)
		return -EINVAL;
	if (lock)
		err = lock_allowed(s, unlocked_pages(s, start, end));
	return err ? err : vm_mlock(s, addr, len, lock);
}

long sys_mlock(unsigned long addr, size_t len)
{
	return do_mlock(addr, len, true);
}

long sys_mlock2(unsigned long addr, size_t len, int flags)
{
	return flags ? -EINVAL : do_mlock(addr, len, true);
}

long sys_munlock(unsigned long addr, size_t len)
{
	return do_mlock(addr, len, false);
}

/* The first area that ends behind addr; false when there is none. */
static bool next_area(struct vm_space *s, uaddr_t addr, uaddr_t *start, uaddr_t *end)
{
	struct vma *v;

	rwlock_read_lock(&s->lock);
	v = vma_find(s, addr);
	if (v) {
		*start = MAX(v->start, addr);
		*end = v->end;
	}
	rwlock_read_unlock(&s->lock);
	return v != NULL;
}

/* Area by area.  What cannot be locked (or is gone by now) is skipped, as Linux does. */
static long lock_all(struct vm_space *s, bool lock)
{
	uaddr_t start, end, at = 0;

	for (; next_area(s, at, &start, &end); at = end) {
		(void)!vm_mlock(s, start, end - start, lock);
		if (thread_kill_pending())
			return -EINTR;
		cond_resched();
	}
	return 0;
}

long sys_mlockall(int flags)
{
	struct vm_space *s = current_task()->mm;
	int err;

	if (flags != MCL_CURRENT)
		return -EINVAL;
	err = lock_allowed(s, s->total_pages - MIN(s->total_pages, s->locked_pages));
	return err ? err : lock_all(s, true);
}

long sys_munlockall(void)
{
	return lock_all(current_task()->mm, false);
}
