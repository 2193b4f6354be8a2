/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/vdso_image.S - the vDSO in the kernel image
 *
 * Owns:      whole pages: processes map them, and must see nothing else of the kernel.
 * Layer:     arch/x86_64.  Mapped by proc/exec_vdso.c through <arch/elf.h>.
 * Locks:     none: read-only.
 * Contexts:  -
 * Manual:    vdso(7).
 * Tests:     tests/abi/vdso.c
 */
	.section .rodata
	.balign 4096
	.globl arch_vdso_start, arch_vdso_end
arch_vdso_start:
	.incbin "vdso64.so"
	.balign 4096
arch_vdso_end:
