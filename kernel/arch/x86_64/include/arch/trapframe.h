/* SPDX-License-Identifier: MIT
 * arch/trapframe.h (x86-64) - the registers of an interrupted context, as the entry code pushes them. */
#pragma once
#include <abi/types.h>

/* Selectors, Linux's values: programs see them in signal frames. */
enum { KERNEL_CS = 0x10, KERNEL_DS = 0x18, USER32_CS = 0x23, USER_DS = 0x2b, USER_CS = 0x33 };

struct trapframe { /* same order as Linux's struct pt_regs / user_regs_struct */
	u64 r15, r14, r13, r12, bp, bx;
	u64 r11, r10, r9, r8, ax, cx, dx, si, di;
	u64 orig_ax; /* system call number, or -1 for traps and interrupts */
	u64 ip, cs, flags, sp, ss;
};
static inline bool tf_from_user(const struct trapframe *tf)
{
	return (tf->cs & 3) == 3;
}
static inline unsigned long tf_ip(const struct trapframe *tf)
{
	return tf->ip;
}
static inline unsigned long tf_sp(const struct trapframe *tf)
{
	return tf->sp;
}
static inline void tf_set_ip(struct trapframe *tf, unsigned long ip)
{
	tf->ip = ip;
}
static inline void tf_set_sp(struct trapframe *tf, unsigned long sp)
{
	tf->sp = sp;
}
/* System call view: arg i in 0..5 as the x86-64 ABI orders them (di si dx r10 r8 r9). */
static inline bool tf_in_syscall(const struct trapframe *tf)
{
	return (s64)tf->orig_ax >= 0;
}
static inline long tf_syscall_nr(const struct trapframe *tf)
{
	return (long)tf->orig_ax;
}
static inline unsigned long tf_arg(const struct trapframe *tf, unsigned i)
{
	switch (i) {
	case 0:
		return tf->di;
	case 1:
		return tf->si;
	case 2:
		return tf->dx;
	case 3:
		return tf->r10;
	case 4:
		return tf->r8;
	default:
		return tf->r9;
	}
}
/* As the i386 ABI orders them; zero-extended. */
static inline unsigned long tf_arg_i386(const struct trapframe *tf, unsigned i)
{
	switch (i) {
	case 0:
		return (u32)tf->bx;
	case 1:
		return (u32)tf->cx;
	case 2:
		return (u32)tf->dx;
	case 3:
		return (u32)tf->si;
	case 4:
		return (u32)tf->di;
	default:
		return (u32)tf->bp;
	}
}
static inline long tf_result(const struct trapframe *tf)
{
	return (long)tf->ax;
}
static inline void tf_set_result(struct trapframe *tf, long r)
{
	tf->ax = (u64)r;
}
/* Forget that this was a system call (after exec, sigreturn): no restart, full register restore. */
static inline void tf_clear_syscall(struct trapframe *tf)
{
	tf->orig_ax = (u64)-1;
}
/* Makes the return to user mode execute the system call again, with number nr. */
static inline void tf_restart_syscall(struct trapframe *tf, long nr)
{
	tf->ax = (u64)nr;
	tf->ip -= 2; /* both `syscall` and `int $0x80` are two bytes long */
}
