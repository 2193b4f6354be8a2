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
 * A user range is checked against the top of user space before the first byte moves, so that a hostile
 * pointer cannot name kernel memory.  A copy that faults in the middle returns what was moved until then.
 */
#include <base/iov.h>
#include <arch/user_access.h>
#include <abi/errno.h>
#include <lib/string.h>

enum iov_op { IOV_TO, IOV_FROM, IOV_ZERO };

void iov_init(struct iov_iter *it, const struct iovec *iov, unsigned nr, bool user)
{
	size_t count = 0;
	for (unsigned i = 0; i < nr; i++)
		if (__builtin_add_overflow(count, iov[i].len, &count))
			count = SIZE_MAX;
	it->iov = iov;
	it->nr = nr;
	it->off = 0;
	it->count = count;
	it->user = user;
}

/* Moves n bytes between kernel memory and one segment; the number of bytes NOT moved. */
static inline size_t segment_move(enum iov_op op, unsigned long at, void *kernel, size_t n, bool user)
{
	if (likely(user)) {
		if (unlikely(!arch_user_range_ok(at, n)))
			return n;
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

/* Segment by segment; the bytes moved. */
static size_t iov_move_many(enum iov_op op, void *kernel, size_t n, struct iov_iter *it)
{
	size_t done = 0;
	while (done < n && it->nr) {
		size_t room = it->iov->len - it->off;
		size_t part = MIN(n - done, room);
		size_t left = part ? segment_move(op, it->iov->base + it->off, (char *)kernel + done, part,
		                                  it->user)
		                   : 0;
		it->off += part - left;
		it->count -= part - left;
		done += part - left;
		if (left)
			break;
		if (part == room && it->nr > 1) {
			it->iov++;
			it->nr--;
			it->off = 0;
		} else if (part == room && done < n) {
			break; /* the iter says more than its segments hold */
		}
	}
	return done;
}

static inline size_t iov_move(enum iov_op op, void *kernel, size_t n, struct iov_iter *it)
{
	n = MIN(n, it->count);
	if (n == 0)
		return 0;
	if (unlikely(n > it->iov->len - it->off))
		return iov_move_many(op, kernel, n, it);
	n -= segment_move(op, it->iov->base + it->off, kernel, n, it->user);
	it->off += n;
	it->count -= n;
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

void iov_revert(struct iov_iter *it, size_t n)
{
	it->count += n;
	while (n > it->off) {
		n -= it->off;
		it->iov--;
		it->nr++;
		it->off = it->iov->len;
	}
	it->off -= n;
}

int copy_from_user(void *dst, const void __user *src, size_t n)
{
	unsigned long at = (unsigned long)src;
	return unlikely(!arch_user_range_ok(at, n) || arch_copy_from_user(dst, at, n)) ? -EFAULT : 0;
}

int copy_to_user(void __user *dst, const void *src, size_t n)
{
	unsigned long at = (unsigned long)dst;
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
