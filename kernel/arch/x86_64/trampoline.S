/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/trampoline.S - the first instructions of the other CPUs, copied to physical 0x8000
 *
 * Owns:      the page at TRAMPOLINE while CPUs start.
 * Layer:     arch/x86_64.  Driven by smp.c, which fills the words at the end.
 * Locks:     none: CPUs are started one at a time.
 * Contexts:  a CPU after STARTUP: real mode, cs = 0x0800, ip = 0.
 * Manual:    Intel SDM vol. 3, 8.4.4 (MP initialization), 9.8.5.
 * Tests:     tests/boot with -smp 2 and 4.
 *
 * Real mode -> protected mode -> long mode on the boot page tables, which map this page at its own address; then
 * to arch_secondary_main in the kernel's half, on the stack of the CPU's idle thread.
 */
#include "asm.h"

#define HERE(label) (TRAMPOLINE + (label) - trampoline_start)

	.section .init.rodata, "a"
	.balign 16
	.globl trampoline_start, trampoline_end, trampoline_data
	.code16
trampoline_start:
	cli
	cld
	movw %cs, %ax
	movw %ax, %ds
	lgdtl (trampoline_gdt_ptr - trampoline_start)
	movl %cr0, %eax
	orb $1, %al
	movl %eax, %cr0
	ljmpl $0x08, $HERE(1f)

	.code32
1:	movl $0x18, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl %cr4, %eax
	orl $0x20, %eax			/* PAE */
	movl %eax, %cr4
	movl HERE(trampoline_cr3), %eax
	movl %eax, %cr3
	movl $0xc0000080, %ecx		/* EFER: LME, and NXE as the boot CPU has it */
	movl HERE(trampoline_efer), %eax
	xorl %edx, %edx
	wrmsr
	movl $0x80050033, %eax
	movl %eax, %cr0
	ljmp $0x10, $HERE(2f)

	.code64
2:	xorl %eax, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %fs
	movl %eax, %gs
	movl %eax, %ss
	movq HERE(trampoline_stack), %rsp
	movq HERE(trampoline_cpu), %rdi
	movq HERE(trampoline_entry), %rax
	xorl %ebp, %ebp
	call *%rax
	ud2

	.balign 8
trampoline_gdt:
	.quad 0
	.quad 0x00cf9b000000ffff
	.quad 0x00af9b000000ffff
	.quad 0x00cf93000000ffff
trampoline_gdt_ptr:
	.word 31
	.long HERE(trampoline_gdt)
	.balign 8
trampoline_data:			/* struct trampoline_data in smp.c */
trampoline_cr3:		.quad 0
trampoline_efer:	.quad 0
trampoline_stack:	.quad 0
trampoline_cpu:		.quad 0
trampoline_entry:	.quad 0
trampoline_end:

	.section .note.GNU-stack, "", @progbits
