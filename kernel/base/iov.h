/* SPDX-License-Identifier: MIT
 * base/iov.h - a cursor over the caller's memory, in user or kernel space.
 *
 * read() and write() hand one to the file; the file copies through it and never sees a user pointer.
 * Copies from and to user memory may fault and so may sleep. */
#pragma once
#include <abi/types.h>
#include <abi/errno.h>
#include <arch/user_access.h>

struct iovec {
	unsigned long base; /* address: user or kernel, as iov_iter.user says */
	size_t len;
};
struct iov_iter {
	unsigned long at;        /* the next byte, in the current segment */
	size_t room;             /* bytes left in the current segment */
	size_t count;            /* bytes left in all */
	const struct iovec *iov; /* current segment, the caller's; NULL with a single buffer */
	unsigned more;           /* segments after it */
	bool append;             /* a write goes to the end of its file, wherever the position is */
	bool user;               /* addresses are a user's, and were checked when the iter was made */
};
/* For one buffer of kernel memory. */
static inline void iov_init_kernel(struct iov_iter *it, const void *p, size_t len)
{
	*it = (struct iov_iter){ .at = (unsigned long)p, .room = len, .count = len };
}
/* For one buffer of user memory: 0, or -EFAULT when the range cannot be a user's.  The only places that let a user
 * address into an iter are this one and iov_init_user_vec, so a copy need not look again. */
static inline MUST_CHECK int iov_init_user(struct iov_iter *it, unsigned long addr, size_t len)
{
	*it = (struct iov_iter){ .at = addr, .room = len, .count = len, .user = true };
	return likely(arch_user_range_ok(addr, len)) ? 0 : -EFAULT;
}
/* For nr segments of user memory in a vector of kernel memory, which must live as long; 0 or -EFAULT. */
MUST_CHECK int iov_init_user_vec(struct iov_iter *it, const struct iovec *iov, unsigned nr);
/* Copy up to n bytes and advance; the bytes copied: fewer than MIN(n, count) means a fault (-EFAULT). */
size_t copy_to_iter(const void *src, size_t n, struct iov_iter *it);
size_t copy_from_iter(void *dst, size_t n, struct iov_iter *it);
size_t zero_iter(size_t n, struct iov_iter *it);
/* Are all addresses multiples of address_mask + 1, and all lengths of length_mask + 1 (powers of two)? */
bool iov_is_aligned(const struct iov_iter *it, unsigned long address_mask, size_t length_mask);
/* Takes back the last n bytes. Only valid for n <= what the last copy moved. */
void iov_revert(struct iov_iter *it, size_t n);

/* The address of a member of a structure in user memory.  &u->member says the same, but is defined only for a u that is
 * aligned and not null, and a user's need be neither. */
#define user_field(u, member)                                                                                \
	((__typeof__((u)->member) __user *)((unsigned long)(u) + offsetof(__typeof__(*(u)), member)))

/* Plain copies with the user: 0 or -EFAULT.  May sleep. */
MUST_CHECK int copy_from_user(void *dst, const void __user *src, size_t n);
MUST_CHECK int copy_to_user(void __user *dst, const void *src, size_t n);
MUST_CHECK int clear_user(void __user *dst, size_t n);
/* The length without NUL, -EFAULT, or -ENAMETOOLONG when there is no NUL in the first `size` bytes. */
MUST_CHECK ssize_t strncpy_from_user(char *dst, const char __user *src, size_t size);
#define get_user(x, ptr) copy_from_user(&(x), ptr, sizeof(x))
/* (void)0, *(ptr) has the type without its address space, so that a local can have it; the address goes through an
 * integer because "do not dereference" sticks to the type. */
#define put_user(x, ptr)                                                                                     \
	({                                                                                                   \
		__typeof__((void)0, *(ptr)) v_ = (x);                                                        \
		copy_to_user(ptr, (const void *)(unsigned long)&v_, sizeof(v_));                             \
	})
