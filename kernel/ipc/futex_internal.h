/* SPDX-License-Identifier: MIT
 * ipc/futex_internal.h - what the files of the futexes share */
#pragma once
#include <ipc/futex.h>

struct futex_key {
	const void *object; /* struct vm_space or struct mapping; only compared */
	u64 offset;         /* of the word, a multiple of 4, with KEY_ in the low bits */
};
/* The key of a word.  May sleep.  0, -EINVAL (not aligned), -EFAULT. */
MUST_CHECK int futex_key_get(u32 __user *uaddr, unsigned flags, struct futex_key *k);
static inline bool futex_key_equal(const struct futex_key *a, const struct futex_key *b)
{
	return a->object == b->object && a->offset == b->offset;
}
/* Makes the page of the word present and writable: 0 or -EFAULT.  May sleep. */
MUST_CHECK int futex_fault_in(u32 __user *uaddr);
