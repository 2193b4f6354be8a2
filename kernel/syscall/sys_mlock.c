/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_mlock.c - mlock(2), mlockall(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses vm.
 * Locks:     the address space's lock for reading, to find the next area.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    mlock(2), setrlimit(2) (RLIMIT_MEMLOCK).
 * Tests:     tests/abi/mlock.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>

/* May `pages` more be locked?  0, -EPERM (none at all), -ENOMEM. */
static int mlock_allowed(const struct vm_space *s, u64 pages)
{
	u64 limit = task_rlimit(current_task(), RLIMIT_MEMLOCK);

	if (capable(CAP_IPC_LOCK) || limit == RLIM_INFINITY)
		return 0;
	if (!limit)
		return -EPERM;
	return atomic_load(&s->locked_pages) + pages > limit >> PAGE_SHIFT ? -ENOMEM : 0;
}

static long do_mlock(unsigned long addr, size_t len, bool lock)
{
	struct vm_space *s = current_task()->mm;
	unsigned long start = addr & PAGE_MASK, size = len + (addr & ~PAGE_MASK);
	int err;

	if (size < len || size > ~0UL - PAGE_SIZE)
		return -EINVAL;
	size = ALIGN_UP(size, PAGE_SIZE);
	if (start + size < start)
		return -EINVAL;
	if (!size)
		return 0;
	err = lock ? mlock_allowed(s, size >> PAGE_SHIFT) : 0;
	return err ? err : vm_mlock(s, start, size, lock);
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

/* Area by area: an area that changes meanwhile keeps what it has got, as the call promises nothing about it.
 */
static long lock_all(struct vm_space *s, bool lock)
{
	uaddr_t start, end, at = 0;
	int err;

	for (; next_area(s, at, &start, &end); at = end) {
		err = vm_mlock(s, start, end - start, lock);
		if (err && lock && err != -ENOMEM)
			return err;
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
	err = mlock_allowed(s, s->total_pages);
	return err ? err : lock_all(s, true);
}

long sys_munlockall(void)
{
	return lock_all(current_task()->mm, false);
}
