/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/fpu_user.S - the FPU state straight between the registers and a signal frame
 *
 * Owns:      the four instructions that do it.
 * Layer:     arch/x86_64.  Called by fpu_frame.c, which has checked that the range is the user's.
 * Locks:     none: the running thread's own registers.
 * Contexts:  process context; a fault may sleep, and the instruction is done again with the registers it had.
 * Manual:    Intel SDM vol. 1, 13.4 to 13.8; vol. 2, FXSAVE, FXRSTOR, XSAVE, XRSTOR.
 * Tests:     tests/abi/signal.c.
 *
 * All return 0 or -EFAULT.  The bytes of a frame are the user's: what the CPU does not accept (reserved bits, a
 * wrong alignment, #GP) is answered as bytes that are not there.
 */
#include "asm.h"

#define FPU_SOFTWARE_BYTES 464
#define XSAVE_HEADER       512

	.text

/* int x86_fxsave_user(unsigned long addr): FXSAVE leaves the last 48 of its 512 bytes alone; they become zero. */
FUNC x86_fxsave_user
	STAC
	xorl %eax, %eax
1:	fxsave64 (%rdi)
	.irp at, 0, 8, 16, 24, 32, 40
2:	movq %rax, FPU_SOFTWARE_BYTES + \at(%rdi)
	EX_TABLE 2b, fpu_user_fault
	.endr
	CLAC
	ret
	EX_TABLE 1b, fpu_user_fault
ENDFUNC x86_fxsave_user

/* int x86_fxrstor_user(unsigned long addr) */
FUNC x86_fxrstor_user
	STAC
1:	fxrstor64 (%rdi)
	xorl %eax, %eax
	CLAC
	ret
	EX_TABLE 1b, fpu_user_fault
ENDFUNC x86_fxrstor_user

/* int x86_xsave_user(unsigned long addr): XSAVE keeps what the header held but for XSTATE_BV; it must be zero. */
FUNC x86_xsave_user
	STAC
	xorl %eax, %eax
	.irp at, 0, 8, 16, 24, 32, 40, 48, 56
2:	movq %rax, XSAVE_HEADER + \at(%rdi)
	EX_TABLE 2b, fpu_user_fault
	.endr
	movl $-1, %eax
	movl $-1, %edx
1:	xsave64 (%rdi)
	xorl %eax, %eax
	CLAC
	ret
	EX_TABLE 1b, fpu_user_fault
ENDFUNC x86_xsave_user

/* int x86_xrstor_user(unsigned long addr): components that the header does not name get their initial state. */
FUNC x86_xrstor_user
	STAC
	movl $-1, %eax
	movl $-1, %edx
1:	xrstor64 (%rdi)
	xorl %eax, %eax
	CLAC
	ret
	EX_TABLE 1b, fpu_user_fault
ENDFUNC x86_xrstor_user

fpu_user_fault:
	movl $-14, %eax			/* -EFAULT */
	CLAC
	ret

	.section .note.GNU-stack, "", @progbits
