/* SPDX-License-Identifier: MIT
 * base/iov.c - copies with the caller's memory
 *
 * Owns:      nothing.
 * Layer:     base.  Uses arch (user_access); the only caller of it.
 * Locks:     none.
 * Contexts:  process context: a copy with user memory may fault and sleep.
 * Manual:    readv(2).
 * Tests:     tests/abi (EFAULT in every call)
 *
 * A user range is checked against the top of user space when its iter is made, so that a hostile pointer cannot
 * name kernel memory.  A copy that faults in the middle returns what was moved until then.
 */
#include <base/iov.h>
#include <base/kasan.h>
#include <base/spinlock.h>
#include <arch/user_access.h>
#include <abi/errno.h>
#include <lib/string.h>

enum iov_op { IOV_TO, IOV_FROM, IOV_ZERO };

int iov_init_user_vec(struct iov_iter *it, const struct iovec *iov, unsigned nr)
{
	size_t count = 0;
	for (unsigned i = 0; i < nr; i++) {
		if (!arch_user_range_ok(iov[i].base, iov[i].len) ||
		    __builtin_add_overflow(count, iov[i].len, &count))
			return -EFAULT;
	}
	*it = (struct iov_iter){ .count = count, .iov = iov, .user = true };
	if (nr) {
		it->at = iov->base;
		it->room = iov->len;
		it->more = nr - 1;
	}
	return 0;
}

/* Moves n bytes between kernel memory and the current segment; the number of bytes NOT moved. */
static inline size_t segment_move(enum iov_op op, unsigned long at, void *kernel, size_t n, bool user)
{
	if (likely(user)) {
		lockdep_might_fault();
		if (op != IOV_ZERO)
			kasan_check(kernel, n, op == IOV_FROM);
		if (op == IOV_TO)
			return arch_copy_to_user(at, kernel, n);
		if (op == IOV_FROM)
			return arch_copy_from_user(kernel, at, n);
		return arch_clear_user(at, n);
	}
	if (op == IOV_TO)
		memcpy((void *)at, kernel, n);
	else if (op == IOV_FROM)
		memcpy(kernel, (const void *)at, n);
	else
		memset((void *)at, 0, n);
	return 0;
}

static inline void iov_advance(struct iov_iter *it, size_t n)
{
	it->at += n;
	it->room -= n;
	it->count -= n;
}

/* Segment by segment; the bytes moved. */
static COLD size_t iov_move_many(enum iov_op op, void *kernel, size_t n, struct iov_iter *it)
{
	size_t done = 0;
	while (done < n) {
		size_t part = MIN(n - done, it->room);
		size_t left = part ? segment_move(op, it->at, (char *)kernel + done, part, it->user) : 0;
		iov_advance(it, part - left);
		done += part - left;
		if (left)
			break;
		if (done < n) {
			if (!it->more)
				break; /* the iter says more than its segments hold */
			it->iov++;
			it->more--;
			it->at = it->iov->base;
			it->room = it->iov->len;
		}
	}
	return done;
}

static inline size_t iov_move(enum iov_op op, void *kernel, size_t n, struct iov_iter *it)
{
	n = MIN(n, it->count);
	if (unlikely(n > it->room))
		return iov_move_many(op, kernel, n, it);
	n -= segment_move(op, it->at, kernel, n, it->user);
	iov_advance(it, n);
	return n;
}

size_t copy_to_iter(const void *src, size_t n, struct iov_iter *it)
{
	return iov_move(IOV_TO, (void *)src, n, it);
}

size_t copy_from_iter(void *dst, size_t n, struct iov_iter *it)
{
	return iov_move(IOV_FROM, dst, n, it);
}

size_t zero_iter(size_t n, struct iov_iter *it)
{
	return iov_move(IOV_ZERO, NULL, n, it);
}

bool iov_is_aligned(const struct iov_iter *it, unsigned long address_mask, size_t length_mask)
{
	size_t left = it->count, room = it->room;
	unsigned long at = it->at;

	for (unsigned n = 0; left; n++) {
		size_t len = MIN(left, room);

		if (at & address_mask || len & length_mask)
			return false;
		left -= len;
		if (!left || n >= it->more)
			break;
		at = it->iov[n + 1].base;
		room = it->iov[n + 1].len;
	}
	return true;
}

void iov_revert(struct iov_iter *it, size_t n)
{
	it->count += n;
	for (;;) {
		size_t done = it->iov ? it->at - it->iov->base : n;
		size_t back = MIN(n, done);

		it->at -= back;
		it->room += back;
		n -= back;
		if (!n)
			return;
		it->iov--;
		it->more++;
		it->at = it->iov->base + it->iov->len;
		it->room = 0;
	}
}

int copy_from_user(void *dst, const void __user *src, size_t n)
{
	unsigned long at = (unsigned long)src;
	lockdep_might_fault();
	kasan_check(dst, n, true);
	return unlikely(!arch_user_range_ok(at, n) || arch_copy_from_user(dst, at, n)) ? -EFAULT : 0;
}

int copy_to_user(void __user *dst, const void *src, size_t n)
{
	unsigned long at = (unsigned long)dst;
	lockdep_might_fault();
	kasan_check(src, n, false);
	return unlikely(!arch_user_range_ok(at, n) || arch_copy_to_user(at, src, n)) ? -EFAULT : 0;
}

int clear_user(void __user *dst, size_t n)
{
	unsigned long at = (unsigned long)dst;
	return unlikely(!arch_user_range_ok(at, n) || arch_clear_user(at, n)) ? -EFAULT : 0;
}

ssize_t strncpy_from_user(char *dst, const char __user *src, size_t size)
{
	unsigned long at = (unsigned long)src;
	if (at >= USER_TOP)
		return -EFAULT;
	size_t room = MIN(size, USER_TOP - at);
	ssize_t n = arch_strncpy_from_user(dst, at, room);
	if (n < 0 || (size_t)n < room)
		return n;
	return room < size ? -EFAULT : -ENAMETOOLONG;
}
