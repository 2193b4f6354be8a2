/* SPDX-License-Identifier: MIT
 * vm/mlock.c - memory that stays
 *
 * Owns:      the flag VM_LOCKED.
 * Layer:     vm.  RLIMIT_MEMLOCK and CAP_IPC_LOCK are the caller's business.
 * Locks:     space->lock for writing; none while pages are faulted in.
 * Contexts:  process context; may sleep.
 * Manual:    mlock(2), mlockall(2).
 * Tests:     tests/abi/mlock.c.
 */
#include "internal.h"

static int lock_range(struct vm_space *s, uaddr_t start, uaddr_t end, bool lock)
{
	for (uaddr_t at = start; at < end;) {
		struct vma *v = vma_find(s, at);
		uaddr_t stop;
		int err;

		if (!v || v->start > at)
			return -ENOMEM;
		stop = MIN(end, v->end);
		if (!(v->flags & VM_SPECIAL)) {
			u32 flags = lock ? v->flags | VM_LOCKED : v->flags & ~(u32)VM_LOCKED;

			err = vma_set_flags(s, v, at, stop, flags, &v);
			if (err)
				return err;
			vma_merge(s, v);
		}
		at = stop;
	}
	return 0;
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
		if (!(v->flags & VM_PROT_BITS) || (v->flags & VM_SPECIAL))
			access = 0;
		rwlock_read_unlock(&s->lock);

		err = access ? vm_populate(s, start, stop, access) : 0;
		if (err)
			return err == -ENOMEM ? -EAGAIN : err == -EINTR ? err : -ENOMEM;
		start = stop;
	}
	return 0;
}

int vm_mlock(struct vm_space *s, uaddr_t addr, size_t len, bool lock)
{
	uaddr_t start = ALIGN_DOWN(addr, PAGE_SIZE), end = ALIGN_UP(addr + len, PAGE_SIZE);
	int err;

	if (addr + len < addr || end < start)
		return -EINVAL;
	if (start == end)
		return 0;
	rwlock_write_lock(&s->lock);
	err = lock_range(s, start, end, lock);
	rwlock_write_unlock(&s->lock);
	return err || !lock ? err : fault_in(s, start, end);
}
