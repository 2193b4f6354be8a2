/* SPDX-License-Identifier: MIT
 * arch/x86_64/asm.h - what the assembly files share: frame offsets, exception table, SMAP sites.
 * trap.c asserts the numbers against the C structures. */
#pragma once
#define KERNEL_BASE_ASM 0xffffffff80000000
#define PHYS(sym)       (sym - KERNEL_BASE_ASM)

/* struct trapframe */
#define TF_R10     56
#define TF_R9      64
#define TF_R8      72
#define TF_AX      80
#define TF_DX      96
#define TF_SI      104
#define TF_DI      112
#define TF_ORIG_AX 120
#define TF_IP      128
#define TF_CS      136
#define TF_FLAGS   144
#define TF_SP      152
#define TF_SS      160
#define TF_SIZE    168

/* struct arch_cpu, through GS */
#define CPU_CURRENT   8
#define CPU_KERNEL_SP 16
#define CPU_USER_SP   24
#define CPU_ID        32

/* thread->flags (at offset 0) */
#define FLAGS_EXIT_WORK    0xff
#define FLAGS_SYSCALL_WORK 0xff00

#define SYSCALL_MAX        512
#define ENOSYS_ASM         38
#define TRAMPOLINE         0x8000
#define ESPFIX_SHIFT       6 /* bytes of a struct espfix_frame */

/* clang-format off */
#ifdef __ASSEMBLER__
/* An instruction that may fault on user memory, and where to go on then. */
.macro EX_TABLE insn, fixup
	.pushsection .ex_table, "a"
	.long \insn - .
	.long \fixup - .
	.popsection
.endm
/* Three-byte no-ops that cpu_patch_smap() turns into STAC and CLAC. */
.macro SMAP_SITE modrm
771:	.byte 0x0f, 0x1f, 0x00
	.pushsection .smap_patch, "a"
	.long 771b - .
	.byte \modrm
	.popsection
.endm
.macro STAC
	SMAP_SITE 0xcb
.endm
.macro CLAC
	SMAP_SITE 0xca
.endm
.macro FUNC name
	.globl \name
	.type \name, @function
	.balign 16
\name:
.endm
.macro ENDFUNC name
	.size \name, . - \name
.endm
#endif
