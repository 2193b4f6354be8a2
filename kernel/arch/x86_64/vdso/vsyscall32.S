/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/vdso/vsyscall32.S - how 32-bit programs call the kernel, and how their signal handlers return
 *
 * Owns:      -
 * Layer:     arch/x86_64.  Runs in user mode, in the 32-bit vDSO.
 * Locks:     none.
 * Contexts:  user mode.
 * Manual:    vdso(7): i386 functions; Intel SDM vol. 2 SYSENTER; AMD APM vol. 3 SYSCALL; DWARF 4, 6.4.
 * Tests:     tests/i386/vdso.c, tests/i386/signal.c; tests/boot with CPUs of both makers
 *
 * Theory
 * ------
 * Both fast instructions forget where they came from: SYSENTER the return address and esp, SYSCALL ecx.  So their
 * caller saves what they and the way back destroy, and the kernel always returns to `landing`:
 *
 *        push ecx, edx, ebp
 *     enter: 4 bytes, written at boot by cpu_patch_vsyscall():
 *              mov %esp, %ebp; sysenter      Intel: ebp = the stack, [ebp] = the sixth argument
 *              mov %ecx, %ebp; syscall       AMD:   ebp = the second argument, [esp] = the sixth
 *              nops                          others: int $0x80 does it
 *        int $0x80                           also the way a call is restarted: 2 bytes before `landing`
 *     landing:
 *        pop ebp, edx, ecx
 */
	.text
	.globl __kernel_vsyscall, vsyscall_enter, vsyscall_landing, __kernel_sigreturn, __kernel_rt_sigreturn
	.balign 16
	.type __kernel_vsyscall, @function
__kernel_vsyscall:
	.cfi_startproc
	pushl	%ecx
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset ecx, 0
	pushl	%edx
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset edx, 0
	pushl	%ebp
	.cfi_adjust_cfa_offset 4
	.cfi_rel_offset ebp, 0
vsyscall_enter:
	nop
	nop
	nop
	nop
	int	$0x80
vsyscall_landing:
	popl	%ebp
	.cfi_restore ebp
	.cfi_adjust_cfa_offset -4
	popl	%edx
	.cfi_restore edx
	.cfi_adjust_cfa_offset -4
	popl	%ecx
	.cfi_restore ecx
	.cfi_adjust_cfa_offset -4
	ret
	.cfi_endproc
	.size __kernel_vsyscall, . - __kernel_vsyscall

/* Where a register of the interrupted code lies: esp + offset (DW_CFA_expression; DW_OP_breg4 offset). */
.macro REG_AT number, offset
	.cfi_escape 0x10, \number, 3, 0x74, (\offset & 0x7f) | 0x80, \offset >> 7
.endm
/* The whole context, struct sigcontext at esp + sc; the CFA is the value of its esp. */
.macro CONTEXT_AT sc
	.cfi_escape 0x0f, 4, 0x74, ((\sc + 28) & 0x7f) | 0x80, (\sc + 28) >> 7, 0x06
	REG_AT 0, (\sc + 44)			/* eax */
	REG_AT 1, (\sc + 40)			/* ecx */
	REG_AT 2, (\sc + 36)			/* edx */
	REG_AT 3, (\sc + 32)			/* ebx */
	REG_AT 5, (\sc + 24)			/* ebp */
	REG_AT 6, (\sc + 20)			/* esi */
	REG_AT 7, (\sc + 16)			/* edi */
	REG_AT 8, (\sc + 56)			/* eip */
.endm

/* An unwinder looks up the address before the one a handler returns to: the description starts one byte early. */
	.balign 16
	.cfi_startproc simple
	.cfi_signal_frame
	CONTEXT_AT 4
	nop
	.type __kernel_sigreturn, @function
__kernel_sigreturn:
	popl	%eax
	CONTEXT_AT 0
	movl	$119, %eax
	int	$0x80
	.cfi_endproc
	nop
	.size __kernel_sigreturn, . - __kernel_sigreturn

	.balign 16
	.cfi_startproc simple
	.cfi_signal_frame
	CONTEXT_AT 160
	nop
	.type __kernel_rt_sigreturn, @function
__kernel_rt_sigreturn:
	movl	$173, %eax
	int	$0x80
	.cfi_endproc
	nop
	.size __kernel_rt_sigreturn, . - __kernel_rt_sigreturn

	.section .note.GNU-stack, "", @progbits
