/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/entry.S - into the kernel and back: exceptions, interrupts, system calls
 *
 * Owns:      the layout of struct trapframe on the stack; the rules of SWAPGS.
 * Layer:     arch/x86_64.  Calls trap.c, fault.c, interrupt.c, the system-call table and task_exit_to_user.
 * Locks:     none.
 * Contexts:  interrupts are off at each label; the C functions turn them on when they may.
 * Manual:    Intel SDM vol. 3, 6.12-6.14; vol. 2 SYSCALL, SYSRET, SWAPGS, IRET.
 * Tests:     tests/abi (registers over system calls and signals), ktest in trap_test.c, the fuzzer.
 *
 * Theory
 * ------
 * All ways in end with the same 21 words on the thread's kernel stack, struct trapframe:
 *
 *    high  ss sp flags cs ip    pushed by the CPU (by us for SYSCALL)
 *          orig_ax              error code at first; then the system call's number, or -1
 *          di si dx cx ax r8..r11 bx bp r12..r15
 *    low
 *
 * GS: while the kernel runs it is this CPU's arch_cpu; the user's base waits in MSR_KERNEL_GS_BASE.  SWAPGS is
 * done exactly once on each way from and to user mode, decided by the saved CS.  The IST vectors can hit between
 * the two (a SYSCALL whose SWAPGS has not run yet), so when they come from kernel mode they trust neither: they
 * save GS base, load the pointer at the top of their own stack, and put the saved one back (paranoid).
 *
 * Ways out: SYSRET only from a system call that nothing has touched (orig_ax still >= 0 and no exit work): its
 * ip is the word after a SYSCALL the user executed, so it is canonical, and the callee-saved registers still hold
 * the user's values because C preserved them.  Everything else goes by IRET, with a check of ip, and that may fault: cs and ss
 * are what the program asked for (sigreturn, a segment of its LDT that is gone).  Then it is the program's fault.
 */
#include "asm.h"

	.text

.macro PUSH_REST			/* di is pushed already */
	pushq %rsi
	pushq %rdx
	pushq %rcx
	pushq %rax
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
.endm
.macro POP_FRAME			/* up to the word before ip */
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rax
	popq %rcx
	popq %rdx
	popq %rsi
	popq %rdi
	addq $8, %rsp
.endm

/* One stub a vector, 16 bytes each: error code (or 0), di, vector in edi. */
	.globl entry_stubs
	.balign 16
entry_stubs:
	vector = 0
	.rept 256
	.balign 16
	.if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
	pushq $0
	.endif
	pushq %rdi
	movl $vector, %edi
	.if vector == 2 || vector == 8
	jmp ist_paranoid
	.elseif vector == 1 || vector == 18
	jmp ist_entry
	.elseif vector == 14
	jmp fault_entry
	.elseif vector < 32
	jmp trap_entry
	.elseif vector == 0x80
	jmp int80_entry
	.else
	jmp irq_entry
	.endif
	vector = vector + 1
	.endr
	.balign 16

/* From here the stack is: di, error, ip, cs, flags, sp, ss. */
.macro ENTER
	cld
	CLAC
	testb $3, 24(%rsp)
	jz 1f
	swapgs
1:	PUSH_REST
	movl %edi, %esi
	movq TF_ORIG_AX(%rsp), %rdx
	movq $-1, TF_ORIG_AX(%rsp)
	movq %rsp, %rdi
.endm
.macro LEAVE_BY_CS
	testb $3, TF_CS(%rsp)
	jnz entry_return_user
	jmp return_kernel
.endm

FUNC fault_entry
	ENTER
	call trap_page_fault
	LEAVE_BY_CS
ENDFUNC fault_entry

FUNC irq_entry
	ENTER
	call trap_interrupt
	LEAVE_BY_CS
ENDFUNC irq_entry

FUNC trap_entry
	testb $3, 24(%rsp)
	jz trap_kernel
trap_begin:
	ENTER
trap_entered:
	call trap_handle
	testb $3, TF_CS(%rsp)
	jnz entry_return_user
return_kernel:
	POP_FRAME
	iretq

trap_kernel:
	pushq %rax
	leaq return_iret(%rip), %rax
	cmpq %rax, 24(%rsp)		/* ip */
	popq %rax
	jne trap_begin
	/* The way out has failed: the frame that IRET was to pop, at the top of the stack, cannot be returned to.  All
	 * other registers are the user's again; so this becomes a trap from user mode, by that very frame. */
	swapgs
	cld
	CLAC
	shll $16, %edi			/* vector << 16 | error code, which is a selector or 0 */
	orl 8(%rsp), %edi
	movq %rdi, %gs:CPU_USER_SP
	popq %rdi
	movq %gs:CPU_KERNEL_SP, %rsp
	subq $40, %rsp
	pushq $-1			/* orig_ax */
	pushq %rdi
	PUSH_REST
	movq %gs:CPU_USER_SP, %rdx
	movl %edx, %esi
	shrl $16, %esi
	movzwl %dx, %edx
	movq %rsp, %rdi
	jmp trap_entered
ENDFUNC trap_entry

FUNC int80_entry
	ENTER
	call trap_int80
	jmp entry_return_user
ENDFUNC int80_entry

/* #DB and #MC: from user mode they move to the thread's own stack and are ordinary traps. */
FUNC ist_entry
	testb $3, 24(%rsp)
	jz ist_paranoid
	cld
	CLAC
	swapgs
	pushq %rsi
	movq %rsp, %rsi
	movq %gs:CPU_KERNEL_SP, %rsp
	pushq 56(%rsi)			/* ss */
	pushq 48(%rsi)
	pushq 40(%rsi)
	pushq 32(%rsi)
	pushq 24(%rsi)			/* ip */
	pushq 16(%rsi)			/* error */
	pushq 8(%rsi)			/* di */
	movq (%rsi), %rsi
	PUSH_REST
	movl %edi, %esi
	movq TF_ORIG_AX(%rsp), %rdx
	movq $-1, TF_ORIG_AX(%rsp)
	movq %rsp, %rdi
	jmp trap_entered
ENDFUNC ist_entry

FUNC ist_paranoid
	cld
	CLAC
	PUSH_REST
	movl %edi, %ebp			/* vector */
	movl $0xc0000101, %ecx		/* MSR_GS_BASE */
	rdmsr
	movl %eax, %ebx
	movl %edx, %r12d
	movq TF_SIZE(%rsp), %rax	/* the word at the top of this IST stack */
	movq %rax, %rdx
	shrq $32, %rdx
	wrmsr
	movl %ebp, %esi
	movq TF_ORIG_AX(%rsp), %rdx
	movq $-1, TF_ORIG_AX(%rsp)
	movq %rsp, %rdi
	call trap_paranoid
	movl $0xc0000101, %ecx
	movl %ebx, %eax
	movl %r12d, %edx
	wrmsr
	jmp return_kernel
ENDFUNC ist_paranoid

/* ------------------------------------------------------------------ system calls */

FUNC entry_syscall
	swapgs
	movq %rsp, %gs:CPU_USER_SP
	movq %gs:CPU_KERNEL_SP, %rsp
	pushq $0x2b			/* USER_DS */
	pushq %gs:CPU_USER_SP
	pushq %r11			/* flags */
	pushq $0x33			/* USER_CS */
	pushq %rcx			/* ip */
	pushq %rax			/* orig_ax */
	pushq %rdi
	pushq %rsi
	pushq %rdx
	pushq %rcx
	pushq $-ENOSYS_ASM		/* ax */
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %gs:CPU_CURRENT, %rcx
	sti
	testl $FLAGS_SYSCALL_WORK, (%rcx)
	jnz syscall_slow
	movl %eax, %eax			/* Linux looks at the low half only */
	cmpl $SYSCALL_MAX, %eax
	jae syscall_unknown
1:	movq %r10, %rcx
	call *syscall_table_native(, %rax, 8)
	movq %rax, TF_AX(%rsp)
	cli
	movq %gs:CPU_CURRENT, %rcx
	testl $FLAGS_EXIT_WORK, (%rcx)
	jnz return_work
	cmpq $0, TF_ORIG_AX(%rsp)	/* exec, sigreturn: registers are new */
	jl entry_return_user
	movq TF_R10(%rsp), %r10
	movq TF_R9(%rsp), %r9
	movq TF_R8(%rsp), %r8
	movq TF_DX(%rsp), %rdx
	movq TF_SI(%rsp), %rsi
	movq TF_DI(%rsp), %rdi
	movq TF_IP(%rsp), %rcx
	movq TF_FLAGS(%rsp), %r11
	movq TF_SP(%rsp), %rsp
	swapgs
	sysretq

syscall_unknown:
	movl $SYSCALL_MAX - 1, %eax	/* the last entry is a hole for ever */
	jmp 1b

syscall_slow:
	movl %eax, %esi
	movq %rsp, %rdi
	call syscall_traced
	movq %rax, TF_AX(%rsp)
	jmp entry_return_user
ENDFUNC entry_syscall

/* SYSCALL from 32-bit code (AMD) and SYSENTER (Intel): the rules are those of __kernel_vsyscall (vsyscall32.S),
 * where both come back; ip is set in C. */
FUNC entry_syscall_compat
	swapgs
	movl %esp, %esp
	movq %rsp, %gs:CPU_USER_SP
	movq %gs:CPU_KERNEL_SP, %rsp
	movl %ebp, %ecx			/* the second argument; ecx was the return address */
	pushq $0x2b
	pushq %gs:CPU_USER_SP
	pushq %r11			/* flags */
	jmp vsyscall_entered
ENDFUNC entry_syscall_compat

/* SYSENTER clears only IF, so the first instructions may run with the user's TF (trap.c knows), NT and AC. */
FUNC entry_sysenter
	swapgs
	movq %gs:CPU_KERNEL_SP, %rsp
	movl %ebp, %ebp
	pushq $0x2b
	pushq %rbp			/* sp */
	pushfq
	orl $0x200, (%rsp)		/* IF was on */
	pushq $2
	popfq
	.globl entry_sysenter_flags
entry_sysenter_flags:
vsyscall_entered:
	pushq $0x23			/* USER32_CS */
	pushq $0			/* ip */
	movl %eax, %eax
	pushq %rax			/* orig_ax */
	pushq %rdi
	PUSH_REST
	movq %rsp, %rdi
	call trap_vsyscall
	jmp entry_return_user
ENDFUNC entry_sysenter

/* ------------------------------------------------------------------ to user mode */

/* rsp = the frame.  Interrupts on or off. */
FUNC entry_return_user
	cli
	movq %gs:CPU_CURRENT, %rax
	testl $FLAGS_EXIT_WORK, (%rax)
	jnz return_work
	movq TF_IP(%rsp), %rax
	cmpb $0x33, TF_CS(%rsp)		/* USER_CS */
	jne return_compat
	shrq $47, %rax			/* IRET to no address could fault here or there */
	jnz return_high
return_now:
	POP_FRAME
	swapgs
	.globl entry_return_iret, entry_espfix_fault
entry_return_iret:
return_iret:				/* may fault: see trap_kernel */
	iretq
return_high:
	cmpl $0x1ffff, %eax		/* a kernel address faults in user mode */
	je return_now
	jmp return_bad
return_compat:
	shrq $32, %rax			/* 32-bit code, or a segment of the LDT */
	jnz return_bad
	testb $4, TF_SS(%rsp)
	jz return_now
	/* A stack segment of the LDT may be one of 16 bits: espfix.c. */
	movl %gs:CPU_ID, %ecx
	shll $ESPFIX_SHIFT, %ecx
	leaq espfix_frames(%rcx), %rdi
	movq TF_AX(%rsp), %rax
	movq %rax, (%rdi)
	movq TF_IP(%rsp), %rax
	movq %rax, 8(%rdi)
	movq TF_CS(%rsp), %rax
	movq %rax, 16(%rdi)
	movq TF_FLAGS(%rsp), %rax
	movq %rax, 24(%rdi)
	movq TF_SS(%rsp), %rax
	movq %rax, 40(%rdi)
	movq TF_SP(%rsp), %rax
	movq %rax, 32(%rdi)
	andl $0xffff0000, %eax
	addq %rcx, %rax
	movabsq $0xffffff0000000000, %rcx	/* ESPFIX_BASE */
	addq %rcx, %rax
	movq %rax, TF_AX(%rsp)
	POP_FRAME
	swapgs
	movq %rax, %rsp
	popq %rax
	jmp return_iret
/* From a double fault of that IRET: rsp = the user's frame; GS is the user's. */
entry_espfix_fault:
	swapgs
	movl $13, %esi
	xorl %edx, %edx
	movq %rsp, %rdi
	jmp trap_entered
return_work:
	sti
	movq %rsp, %rdi
	call task_exit_to_user
	jmp entry_return_user
return_bad:
	sti
	movq %rsp, %rdi
	call trap_bad_return
	jmp entry_return_user
ENDFUNC entry_return_user

/* ------------------------------------------------------------------ switch */

/* void *switch_stacks(unsigned long *save_sp, unsigned long next_sp, void *prev): returns prev on next's stack. */
FUNC switch_stacks
	pushq %rbp
	pushq %rbx
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	movq %rsp, (%rdi)
	movq %rsi, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbx
	popq %rbp
	movq %rdx, %rax
	ret
ENDFUNC switch_stacks

/* A new thread's first instruction: rax = prev, rbx = fn or 0, r12 = arg, rsp = the user frame. */
FUNC entry_thread
	movq %rax, %rdi
	call sched_thread_start
	testq %rbx, %rbx
	jz entry_return_user
	movq %r12, %rdi
	call *%rbx
	ud2				/* fn must not return */
ENDFUNC entry_thread

/* void enter_user_frame(struct trapframe *tf): leaves for user mode with that frame. */
FUNC enter_user_frame
	movq %rdi, %rsp
	jmp entry_return_user
ENDFUNC enter_user_frame

	.section .note.GNU-stack, "", @progbits
