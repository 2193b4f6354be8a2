/* SPDX-License-Identifier: MIT
 * syscall/dispatch.h - from a number to a function.  The tables are generated from syscalls.tbl. */
#pragma once
#include <abi/types.h>
#include <arch/trapframe.h>

typedef long (*syscall_fn)(unsigned long, unsigned long, unsigned long, unsigned long, unsigned long,
                           unsigned long);
enum syscall_abi { ABI_X86_64, ABI_I386, ABI_RISCV64 };
enum { SYSCALL_NATIVE_MAX = 512 };
/* Typed thunks; a hole is sys_ni, which logs once per program and answers -ENOSYS. */
extern const syscall_fn syscall_table_native[SYSCALL_NATIVE_MAX];
extern const syscall_fn syscall_table_i386[SYSCALL_NATIVE_MAX]; /* x86-64's second table */
long sys_ni(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e,
            unsigned long f);
/* With tracing, strace or ptrace flags set on the thread: entry and exit work around the call. */
long syscall_traced(struct trapframe *tf, unsigned long nr);
long syscall_traced_i386(struct trapframe *tf, unsigned long nr);

/* Description for strace, the fuzzer and docs. */
struct syscall_arg {
	const char *name, *kind; /* kind as in syscalls.tbl */
};
struct syscall_desc {
	const char *name;
	const char *result;
	u8 nargs;
	struct syscall_arg arg[6];
};
extern const struct syscall_desc syscall_desc_native[SYSCALL_NATIVE_MAX];
extern const struct syscall_desc syscall_desc_i386[SYSCALL_NATIVE_MAX];

/* strace to the log, per task; children inherit it. */
struct task;
void strace_set(struct task *t, bool on);
/* Boot, once PID 1 exists: `zerno.strace=1` watches it and so everybody. */
void strace_boot(void);
