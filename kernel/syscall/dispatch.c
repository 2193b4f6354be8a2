/* SPDX-License-Identifier: MIT
 *
 * syscall/dispatch.c - calls that do not exist, and calls that are watched
 *
 * Owns:      the list of (program, number) pairs that were reported as unknown.
 * Layer:     syscall.  The CPU's entry code calls the table directly; it comes here only when a thread flag
 * asks. Locks:     unknown_lock (leaf) guards the list. Contexts:  process context of a user task. Manual:
 * syscalls(2), syscall(2). Tests:     tests/abi/system.c
 *
 * The list is bounded: a program that renames itself and calls numbers at random fills it once, and the log
 * stays readable.
 */
#include <syscall/syscall.h>
#include <arch/ptrace.h>
#include <arch/switch.h>
#include <base/cmdline.h>
#include <base/log.h>
#include <base/trace.h>
#include <lib/string.h>
#include <proc/ptrace.h>
#include <proc/seccomp.h>
#include <proc/user_dispatch.h>

enum { UNKNOWN_MAX = 64 };

static struct spinlock unknown_lock = SPINLOCK_INIT("unknown_syscalls");
static struct unknown_call {
	char comm[COMM_LEN];
	long nr;
} unknown[UNKNOWN_MAX] GUARDED_BY(&unknown_lock);
static unsigned unknown_count GUARDED_BY(&unknown_lock);

/* True the first time a program uses the number, while there is room to remember. */
static bool unknown_is_new(const char *comm, long nr)
{
	bool fresh = false;

	spin_lock(&unknown_lock);
	for (unsigned i = 0; i < unknown_count; i++)
		if (unknown[i].nr == nr && !strncmp(unknown[i].comm, comm, COMM_LEN))
			goto out;
	if (unknown_count < UNKNOWN_MAX) {
		strlcpy(unknown[unknown_count].comm, comm, COMM_LEN);
		unknown[unknown_count++].nr = nr;
		fresh = true;
	}
out:
	spin_unlock(&unknown_lock);
	return fresh;
}

long sys_ni(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e,
            unsigned long f)
{
	struct task *t = current_task();
	long nr = tf_syscall_nr(arch_user_frame(&t->thread));

	if (unknown_is_new(t->comm, nr))
		log_debug("%s[%d]: system call %ld is not implemented", t->comm, t->pid, nr);
	return -ENOSYS;
}

/* By the ABI's table, and by where it passes its arguments. */
static long call_traced(struct trapframe *tf, unsigned long nr, const syscall_fn *table, u32 audit,
                        unsigned long (*arg)(const struct trapframe *, unsigned))
{
	struct strace_line *line = NULL;
	unsigned long a[6];
	syscall_fn fn;
	long result;
	if (unlikely(thread_flag(thread_current(), TF_SYSCALL_DISPATCH)) && user_dispatch_enter(tf, audit))
		return tf_result(tf); /* no call: nobody else hears of it */
	bool run = true, traced = thread_flag(thread_current(), TF_SYSCALL_PTRACE);

	if (unlikely(traced)) { /* the tracer may change the number and the arguments */
		run = ptrace_syscall_enter(tf);
		nr = (u32)arch_syscall_nr(tf);
		run = run && nr != (u32)-1; /* then the result is what the tracer has written */
	}
	if (run && unlikely(thread_flag(thread_current(), TF_SYSCALL_SECCOMP))) {
		struct seccomp_data_k d = { .arch = audit };

		run = seccomp_enter(tf, &d, arg);
		nr = (u32)arch_syscall_nr(tf);
	}
	fn = nr < SYSCALL_NATIVE_MAX ? table[nr] : sys_ni;
	for (unsigned i = 0; i < ARRAY_SIZE(a); i++)
		a[i] = arg(tf, i);
	TRACE4(syscall_enter, nr, a[0], a[1], a[2]);
	if (thread_flag(thread_current(), TF_SYSCALL_STRACE))
		line = strace_enter(nr, a);
	result = run ? fn(a[0], a[1], a[2], a[3], a[4], a[5]) : tf_result(tf);
	strace_exit(line, result);
	TRACE2(syscall_exit, nr, result);
	if (unlikely(thread_flag(thread_current(), TF_SYSCALL_PTRACE | TF_SYSCALL_STEP))) {
		tf_set_result(tf, result);
		ptrace_syscall_exit();
		result = tf_result(tf);
	}
	return result;
}

long syscall_traced(struct trapframe *tf, unsigned long nr)
{
	return call_traced(tf, nr, syscall_table_native, ARCH_AUDIT, tf_arg);
}

long syscall_traced_i386(struct trapframe *tf, unsigned long nr)
{
	return call_traced(tf, nr, syscall_table_i386, ARCH_AUDIT32, tf_arg_i386);
}

void strace_set(struct task *t, bool on)
{
	t->strace = on;
	if (on)
		thread_set_flag(&t->thread, TF_SYSCALL_STRACE);
	else
		thread_clear_flag(&t->thread, TF_SYSCALL_STRACE);
}

void strace_boot(void)
{
	struct task *init;

	if (!cmdline_flag("zerno.strace"))
		return;
	init = process_find_get(1);
	if (!init)
		return;
	strace_set(init, true); /* children inherit it */
	task_put(init);
}
