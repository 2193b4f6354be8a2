/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/backtrace.c - the chain of return addresses
 *
 * Owns:      nothing.
 * Layer:     arch/x86_64.
 * Locks:     none.
 * Contexts:  any, above all a panic: never faults for good, never loops.
 * Tests:     tests/boot (a panic's backtrace names its functions).
 *
 * Each function begins with `push bp; mov sp, bp`, so bp points to the caller's bp with the return address
 * above it.  The chain must rise, stay within one stack's size, and is read through the exception table,
 * since in a panic it may be garbage, and at the outermost frame of a system call bp is still the user's.
 */
#include <arch/cpu.h>
#include <arch/pgtable.h>
#include <arch/switch.h>
#include <arch/trapframe.h>

extern char _text[], _etext[];

static bool peek(unsigned long addr, unsigned long *out)
{
	bool ok = true;

	__asm__ volatile("1: movq %2, %0\n"
	                 "2:\n"
	                 ".pushsection .text.unlikely, \"ax\"\n"
	                 "3: movb $0, %1\n"
	                 "jmp 2b\n"
	                 ".popsection\n"
	                 ".pushsection .ex_table, \"a\"\n.long 1b - .\n.long 3b - .\n.popsection\n"
	                 : "=&r"(*out), "+q"(ok)
	                 : "m"(*(const unsigned long *)addr));
	return ok;
}

unsigned arch_backtrace(const struct trapframe *tf, unsigned long *pcs, unsigned max)
{
	unsigned long bp = (unsigned long)__builtin_frame_address(0), limit, next, pc;
	unsigned n = 0;

	if (tf && tf_from_user(tf))
		return 0;
	if (tf) {
		bp = tf->bp;
		if (n < max)
			pcs[n++] = tf->ip;
	}
	limit = bp + KSTACK_SIZE;
	while (n < max && bp >= KERNEL_HALF && bp < limit && IS_ALIGNED(bp, 8)) {
		if (!peek(bp, &next) || !peek(bp + 8, &pc) || pc < (unsigned long)_text ||
		    pc >= (unsigned long)_etext)
			break;
		pcs[n++] = pc;
		if (next <= bp)
			break;
		bp = next;
	}
	return n;
}
