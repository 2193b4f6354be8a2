/* SPDX-License-Identifier: MIT
 * vm/mlock.c - memory that stays
 *
 * Owns:      the flag VM_LOCKED.
 * Layer:     vm.  CAP_IPC_LOCK is the caller's business: for the privileged limit_memlock is infinite.
 * Locks:     space->lock for writing; none while pages are faulted in.
 * Contexts:  process context; may sleep.
 * Manual:    mlock(2), mlockall(2).
 * Tests:     tests/abi/mem.c.
 */
#include "internal.h"

#define LOCK_BITS ((u32)(VM_LOCKED | VM_LOCKONFAULT))

static int lock_range(struct vm_space *s, uaddr_t start, uaddr_t end, u32 lock) MUST_HOLD(&s->lock)
{
	for (uaddr_t at = start; at < end;) {
		struct vma *v = vma_find(s, at);
		uaddr_t stop;
		int err;

		if (!v || v->start > at)
			return -ENOMEM;
		stop = MIN(end, v->end);
		if (!(v->flags & VM_SPECIAL)) {
			err = vma_set_flags(s, v, at, stop, (v->flags & ~LOCK_BITS) | lock, &v);
			if (err)
				return err;
			vma_merge(s, v);
		}
		at = stop;
	}
	return 0;
}

/* Pages of [start, end) that are mapped but not locked yet. */
static u64 unlocked_pages(struct vm_space *s, uaddr_t start, uaddr_t end)
{
	u64 n = 0;

	for (struct vma *v = vma_find(s, start); v && v->start < end; v = vma_next(v))
		if (!(v->flags & VM_LOCKED))
			n += (MIN(v->end, end) - MAX(v->start, start)) >> PAGE_SHIFT;
	return n;
}

/* Locked memory is present: read it in, copy what may be written. */
static int fault_in(struct vm_space *s, uaddr_t start, uaddr_t end)
{
	while (start < end) {
		struct vma *v;
		uaddr_t stop;
		unsigned access;
		int err;

		rwlock_read_lock(&s->lock);
		v = vma_find(s, start);
		if (!v || v->start >= end) {
			rwlock_read_unlock(&s->lock);
			break;
		}
		start = MAX(start, v->start);
		stop = MIN(end, v->end);
		access = (v->flags & (VM_WRITE | VM_SHARED)) == VM_WRITE ? VM_ACCESS_WRITE : VM_ACCESS_READ;
		if (!(v->flags & VM_PROT_BITS) || (v->flags & (VM_SPECIAL | VM_LOCKONFAULT)))
			access = 0;
		rwlock_read_unlock(&s->lock);

		err = access ? vm_populate(s, start, stop, access) : 0;
		if (err)
			return err == -ENOMEM ? -EAGAIN : err == -EINTR ? err : -ENOMEM;
		start = stop;
	}
	return 0;
}

int vm_mlock(struct vm_space *s, uaddr_t addr, size_t len, u32 lock)
{
	uaddr_t start = ALIGN_DOWN(addr, PAGE_SIZE), end = ALIGN_UP(addr + len, PAGE_SIZE);
	int err = 0;

	if (addr + len < addr || end < start)
		return -EINVAL;
	if (start == end)
		return 0;
	rwlock_write_lock(&s->lock);
	if (lock && vm_may_lock(s, unlocked_pages(s, start, end)))
		err = -ENOMEM;
	if (!err)
		err = lock_range(s, start, end, lock);
	rwlock_write_unlock(&s->lock);
	return err || !lock ? err : fault_in(s, start, end);
}

void vm_mlock_all(struct vm_space *s, u32 lock)
{
	rwlock_write_lock(&s->lock);
	for (struct vma *v = vma_first(s); v;) {
		uaddr_t end = v->end; /* merging may free v */

		(void)lock_range(s, v->start, end, lock);
		v = vma_find(s, end);
	}
	rwlock_write_unlock(&s->lock);
	if (lock)
		(void)fault_in(s, 0, USER_TOP); /* as Linux: what cannot be had now is no error */
}

void vm_mlock_future(struct vm_space *s, u32 lock)
{
	rwlock_write_lock(&s->lock);
	s->lock_future = lock;
	rwlock_write_unlock(&s->lock);
}
