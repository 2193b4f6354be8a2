/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/vdso_image.S - the two vDSOs in the kernel image
 *
 * Owns:      whole pages: processes map them, and must see nothing else of the kernel.
 * Layer:     arch/x86_64.  Mapped by proc/exec_vdso.c through <arch/elf.h>.
 * Locks:     none: read-only.
 * Contexts:  -
 * Manual:    vdso(7).
 * Tests:     tests/abi/vdso.c, tests/i386/vdso.c
 */
#include "vdso32.h" /* from the linked one's symbols */
	.section .rodata
	.balign 4096
	.globl arch_vdso_start, arch_vdso_end, arch_vdso32_start, arch_vdso32_end, arch_vdso32
arch_vdso_start:
	.incbin "vdso64.so"
	.balign 4096
arch_vdso_end:
arch_vdso32_start:
	.incbin "vdso32.so"
	.balign 4096
arch_vdso32_end:

/* struct vdso32_symbols of <arch/elf.h>: offsets from arch_vdso32_start */
arch_vdso32:
	.long VDSO32___kernel_vsyscall, VDSO32_vsyscall_enter, VDSO32_vsyscall_landing
	.long VDSO32___kernel_sigreturn, VDSO32___kernel_rt_sigreturn
