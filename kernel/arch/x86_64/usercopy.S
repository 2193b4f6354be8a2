/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/usercopy.S - copies between kernel and user memory
 *
 * Owns:      the only data moves that may touch user memory in bulk.
 * Layer:     arch/x86_64.  Called by base/iov.c through <arch/user_access.h>.
 * Locks:     none.
 * Contexts:  process context; a fault may sleep.
 * Manual:    Intel SDM vol. 2, STAC, CLAC, MOVS.
 * Tests:     ktest usercopy_fault (every length 0..130 against a hole at every offset).
 *
 * Theory
 * ------
 * Short copies (<= 64 bytes) take the two overlapping ends: 8..16 bytes are two 8-byte moves, the second one ending at
 * the last byte.  Longer ones are REP MOVSQ, which counts one instruction for 8 bytes, and an overlapping tail.
 *
 * The result is the number of bytes not copied.  To keep that exact without a table of cases, every faulting move goes
 * to one of two places that redo the rest byte by byte with REP MOVSB, which stops exactly at the bad byte:
 * the registers still say where the copy began (rdi, rsi, rdx), or, inside REP MOVSQ, where it stopped.
 */
#include "asm.h"

	.text

/* size_t (void *dst, const void *src, size_t n): both directions, one body. */
FUNC arch_copy_from_user
	.globl arch_copy_to_user
arch_copy_to_user:
	STAC
	cmpq $64, %rdx
	ja copy_long
	cmpl $16, %edx
	ja copy_17_64
	cmpl $8, %edx
	jae copy_8_16
	cmpl $4, %edx
	jae copy_4_7
	testl %edx, %edx
	jz copy_done
	cmpl $1, %edx
	je 3f
1:	movzwl (%rsi), %eax		/* 2 or 3 */
2:	movzbl -1(%rsi, %rdx), %ecx
4:	movw %ax, (%rdi)
5:	movb %cl, -1(%rdi, %rdx)
	jmp copy_done
3:	movzbl (%rsi), %eax
6:	movb %al, (%rdi)
copy_done:
	xorl %eax, %eax
	CLAC
	ret
	EX_TABLE 1b, copy_bytes
	EX_TABLE 2b, copy_bytes
	EX_TABLE 3b, copy_bytes
	EX_TABLE 4b, copy_bytes
	EX_TABLE 5b, copy_bytes
	EX_TABLE 6b, copy_bytes

copy_4_7:
1:	movl (%rsi), %eax
2:	movl -4(%rsi, %rdx), %ecx
3:	movl %eax, (%rdi)
4:	movl %ecx, -4(%rdi, %rdx)
	jmp copy_done
	EX_TABLE 1b, copy_bytes
	EX_TABLE 2b, copy_bytes
	EX_TABLE 3b, copy_bytes
	EX_TABLE 4b, copy_bytes

copy_8_16:
1:	movq (%rsi), %rax
2:	movq -8(%rsi, %rdx), %rcx
3:	movq %rax, (%rdi)
4:	movq %rcx, -8(%rdi, %rdx)
	jmp copy_done
	EX_TABLE 1b, copy_bytes
	EX_TABLE 2b, copy_bytes
	EX_TABLE 3b, copy_bytes
	EX_TABLE 4b, copy_bytes

/* Whole 16s from the front, then the last 16 bytes. */
copy_17_64:
1:	movq (%rsi), %rax
2:	movq 8(%rsi), %rcx
3:	movq %rax, (%rdi)
4:	movq %rcx, 8(%rdi)
	addq $16, %rsi
	addq $16, %rdi
	subq $16, %rdx
	cmpq $16, %rdx
	ja 1b
5:	movq -16(%rsi, %rdx), %rax
6:	movq -8(%rsi, %rdx), %rcx
7:	movq %rax, -16(%rdi, %rdx)
8:	movq %rcx, -8(%rdi, %rdx)
	jmp copy_done
	EX_TABLE 1b, copy_bytes
	EX_TABLE 2b, copy_bytes
	EX_TABLE 3b, copy_bytes
	EX_TABLE 4b, copy_bytes
	EX_TABLE 5b, copy_bytes
	EX_TABLE 6b, copy_bytes
	EX_TABLE 7b, copy_bytes
	EX_TABLE 8b, copy_bytes

copy_long:
	movq %rdx, %rcx
	shrq $3, %rcx
	andl $7, %edx
1:	rep movsq
	jz copy_done			/* flags of the ANDL: no tail */
2:	movq -8(%rsi, %rdx), %rax
3:	movq %rax, -8(%rdi, %rdx)
	jmp copy_done
	EX_TABLE 1b, copy_long_fault
	EX_TABLE 2b, copy_bytes
	EX_TABLE 3b, copy_bytes

copy_long_fault:
	leaq (%rdx, %rcx, 8), %rdx
copy_bytes:				/* rdi, rsi, rdx: what is left */
	movq %rdx, %rcx
1:	rep movsb
2:	movq %rcx, %rax
	CLAC
	ret
	EX_TABLE 1b, 2b
ENDFUNC arch_copy_from_user

/* size_t arch_clear_user(unsigned long dst, size_t n) */
FUNC arch_clear_user
	STAC
	xorl %eax, %eax
	movq %rsi, %rcx
	cmpq $8, %rsi
	jb 2f				/* nothing but a tail */
	shrq $3, %rcx
	andl $7, %esi
1:	rep stosq
	movq %rsi, %rcx
2:	rep stosb
3:	movq %rcx, %rax
	CLAC
	ret
4:	leaq (%rsi, %rcx, 8), %rcx
	jmp 2b
	EX_TABLE 1b, 4b
	EX_TABLE 2b, 3b
ENDFUNC arch_clear_user

	.section .note.GNU-stack, "", @progbits
