/* SPDX-License-Identifier: MIT
 * arch/user_access.h (x86-64) - the only instructions that touch user memory: SMAP opened around them, faults
 * caught by the exception table.  May sleep (a fault reads a page).  Called by base/iov.c alone. */
#pragma once
#include <abi/types.h>
#include <arch/pgtable.h>

static inline bool arch_user_range_ok(unsigned long addr, size_t n)
{
	return n <= USER_TOP && addr <= USER_TOP - n;
}
/* The number of bytes NOT copied; 0 = all. Ranges were checked by the caller. */
size_t arch_copy_from_user(void *dst, unsigned long src, size_t n);
size_t arch_copy_to_user(unsigned long dst, const void *src, size_t n);
size_t arch_clear_user(unsigned long dst, size_t n);
/* Length without NUL, `size` when there is no NUL in it, -EFAULT. */
ssize_t arch_strncpy_from_user(char *dst, unsigned long src, size_t size);
/* Atomic compare-and-exchange of a user u32 (futex): 0 or -EFAULT; *old is what was there. */
int arch_cmpxchg_user_u32(unsigned long addr, u32 *old, u32 new);
