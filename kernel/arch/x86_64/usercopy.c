/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/usercopy.c - strings from user memory, and the futex word
 *
 * Owns:      the two accesses of user memory that are not plain copies.
 * Layer:     arch/x86_64.  Called by base/iov.c and ipc/futex through <arch/user_access.h>.
 * Locks:     none.
 * Contexts:  process context; a fault may sleep.
 * Tests:     ktest usercopy_fault, usercopy_string.
 *
 * A string is read eight bytes at a time, never across a page boundary, so nothing behind the page of the NUL
 * is touched.  (w - 0x01..) & ~w & 0x80.. has the top bit set of each zero byte, exactly so for the lowest
 * one.
 */
#include <arch/user_access.h>
#include <lib/string.h>
#include <abi/errno.h>
#include "features.h"

#define ONES 0x0101010101010101UL
#define TOPS 0x8080808080808080UL

#define EX_ENTRY(insn, fixup)                                                                                \
	".pushsection .ex_table, \"a\"\n.long " #insn " - .\n.long " #fixup " - .\n.popsection\n"

static inline void user_begin(void)
{
	__asm__ volatile(STAC ::: "memory");
}
static inline void user_end(void)
{
	__asm__ volatile(CLAC ::: "memory");
}

/* 0 or -EFAULT */
static inline int read_word(u64 *w, unsigned long addr)
{
	int err = 0;

	__asm__ volatile("1: movq %2, %0\n"
	                 "2:\n"
	                 ".pushsection .text.unlikely, \"ax\"\n"
	                 "3: movl %3, %1\n"
	                 "jmp 2b\n"
	                 ".popsection\n" EX_ENTRY(1b, 3b)
	                 : "=r"(*w), "+r"(err)
	                 : "m"(*(const u64 *)addr), "i"(-EFAULT));
	return err;
}

static inline int read_byte(u8 *b, unsigned long addr)
{
	int err = 0;

	__asm__ volatile("1: movb %2, %0\n"
	                 "2:\n"
	                 ".pushsection .text.unlikely, \"ax\"\n"
	                 "3: movl %3, %1\n"
	                 "jmp 2b\n"
	                 ".popsection\n" EX_ENTRY(1b, 3b)
	                 : "=q"(*b), "+r"(err)
	                 : "m"(*(const u8 *)addr), "i"(-EFAULT));
	return err;
}

/* Copies until NUL, size, or a fault. */
static ssize_t copy_string(char *dst, unsigned long src, size_t size)
{
	size_t n = 0;

	while (n < size) {
		u64 w, zero;
		u8 b;

		if (size - n >= 8 && ((src + n) & (PAGE_SIZE - 1)) <= PAGE_SIZE - 8) {
			if (read_word(&w, src + n))
				return -EFAULT;
			memcpy(dst + n, &w, 8);
			zero = (w - ONES) & ~w & TOPS;
			if (zero)
				return (ssize_t)(n + (unsigned)__builtin_ctzll(zero) / 8);
			n += 8;
			continue;
		}
		if (read_byte(&b, src + n))
			return -EFAULT;
		dst[n] = (char)b;
		if (!b)
			return (ssize_t)n;
		n++;
	}
	return (ssize_t)size;
}

ssize_t arch_strncpy_from_user(char *dst, unsigned long src, size_t size)
{
	ssize_t n;

	user_begin();
	n = copy_string(dst, src, size);
	user_end();
	return n;
}

int arch_cmpxchg_user_u32(unsigned long addr, u32 *old, u32 new)
{
	int err = 0;

	user_begin();
	__asm__ volatile("1: lock cmpxchgl %3, %1\n"
	                 "2:\n"
	                 ".pushsection .text.unlikely, \"ax\"\n"
	                 "3: movl %4, %2\n"
	                 "jmp 2b\n"
	                 ".popsection\n" EX_ENTRY(1b, 3b)
	                 : "+a"(*old), "+m"(*(u32 *)addr), "+r"(err)
	                 : "r"(new), "i"(-EFAULT)
	                 : "memory");
	user_end();
	return err;
}
