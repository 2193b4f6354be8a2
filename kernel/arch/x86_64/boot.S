/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/boot.S - the first instructions: PVH entry, 32-bit to long mode
 *
 * Owns:      the PVH note, the boot page tables (freed after boot), the boot GDT.
 * Layer:     arch/x86_64.  Calls arch_boot_main (setup.c).
 * Locks:     none; one CPU runs.
 * Contexts:  32-bit protected mode, paging off, interrupts off; ebx = hvm_start_info.
 * Manual:    Xen's docs/misc/pvh.pandoc; Intel SDM vol. 3, 9.8.5 (entering IA-32e mode).
 * Tests:     every boot; tests/boot.
 *
 * Theory
 * ------
 * The loader puts the image at its physical addresses and jumps to start_pvh with paging off, while everything
 * is linked in the top 2 GiB.  So this code names memory by PHYS(symbol) until it has built a first table:
 *
 *   pml4[0]   -> 4 GiB identity        so that the next instruction after turning paging on exists
 *   pml4[273] -> the same 4 GiB        the direct map, enough to reach the loader's data and ACPI
 *   pml4[511] -> pdpt[510] -> 1 GiB    the kernel image where it is linked
 *
 * 2 MiB pages throughout, writable and executable: mmu.c replaces them by the strict ones before anything
 * else runs.  The secondary CPUs pass through the same table (trampoline.S).
 */
#include "asm.h"

	.section .note.pvh, "a", @note
	.balign 4
	.long 4, 4, 18			/* name size, description size, XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long PHYS(start_pvh)

	.globl start_pvh_phys
	.set start_pvh_phys, PHYS(start_pvh)

	.section .text.boot, "ax"
	.code32
	.globl start_pvh
start_pvh:
	cli
	cld
	/* 2048 entries of 2 MiB: the low 4 GiB. */
	movl $PHYS(boot_pd), %edi
	movl $0x83, %eax		/* present, writable, large */
	movl $2048, %ecx
1:	movl %eax, (%edi)
	addl $0x200000, %eax
	addl $8, %edi
	decl %ecx
	jnz 1b

	movl $PHYS(boot_pd) + 0x0003, %eax
	movl %eax, PHYS(boot_pdpt)
	movl %eax, PHYS(boot_pdpt_high) + 510 * 8
	movl $PHYS(boot_pd) + 0x1003, PHYS(boot_pdpt) + 8
	movl $PHYS(boot_pd) + 0x2003, PHYS(boot_pdpt) + 16
	movl $PHYS(boot_pd) + 0x3003, PHYS(boot_pdpt) + 24
	movl $PHYS(boot_pdpt) + 3, PHYS(boot_pml4)
	movl $PHYS(boot_pdpt) + 3, PHYS(boot_pml4) + 273 * 8
	movl $PHYS(boot_pdpt_high) + 3, PHYS(boot_pml4) + 511 * 8

#ifdef CONFIG_KASAN
	/* The shadow of the image, at 0xfffffbfff0000000: one large page, needed by the first function in C. */
	movl $PHYS(boot_shadow_pdpt) + 3, PHYS(boot_pml4) + 503 * 8
	movl $PHYS(boot_shadow_pd) + 3, PHYS(boot_shadow_pdpt) + 511 * 8
	movl $PHYS(shadow_of_image) + 0x83, PHYS(boot_shadow_pd) + 384 * 8
#endif

	movl %cr4, %eax
	orl $0x20, %eax			/* PAE */
	movl %eax, %cr4
	movl $PHYS(boot_pml4), %eax
	movl %eax, %cr3
	movl $0xc0000080, %ecx		/* EFER.LME */
	rdmsr
	orl $0x100, %eax
	wrmsr
	movl $0x80050033, %eax		/* PG AM WP NE ET MP PE */
	movl %eax, %cr0
	lgdt PHYS(boot_gdt_ptr)
	ljmp $0x10, $PHYS(1f)

	.code64
1:	movq $2f, %rax
	jmp *%rax
2:	xorl %eax, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %fs
	movl %eax, %gs
	movl %eax, %ss
	movq $_boot_stack_top, %rsp
	xorl %ebp, %ebp			/* the end of every backtrace */
	movl %ebx, %edi
	call arch_boot_main
	ud2

	.section .init.data, "aw"
	.balign 8
	.globl boot_gdt
boot_gdt:
	.quad 0
	.quad 0x00cf9b000000ffff	/* 0x08: 32-bit code (trampoline) */
	.quad 0x00af9b000000ffff	/* 0x10: 64-bit code */
	.quad 0x00cf93000000ffff	/* 0x18: data */
boot_gdt_ptr:
	.word 31
	.long PHYS(boot_gdt)

	.section .init.bss, "aw", @nobits
	.balign 4096
	.globl boot_pml4
boot_pml4:	.skip 4096
boot_pdpt:	.skip 4096
boot_pdpt_high:	.skip 4096
boot_pd:	.skip 4 * 4096
#ifdef CONFIG_KASAN
boot_shadow_pdpt: .skip 4096
boot_shadow_pd:	.skip 4096
#endif

	.section .note.GNU-stack, "", @progbits
