/* SPDX-License-Identifier: MIT
 *
 * proc/user_dispatch.c - a program that catches its own system calls
 *
 * Owns:      task.dispatch.
 * Layer:     proc.  Called by the system-call path when TF_SYSCALL_DISPATCH is set.
 * Locks:     none: of the running task only.
 * Contexts:  process context.
 * Manual:    prctl(2): PR_SET_SYSCALL_USER_DISPATCH.
 * Tests:     tests/abi/userdispatch.c.
 *
 * Theory
 * ------
 * An emulator runs foreign code in its own address space.  The calls of that code are not Linux's, and must come to the
 * emulator; its own must not.  The region tells them apart by the address they are made from.  The selector does by a byte
 * that the emulator writes when it enters and leaves foreign code, which costs it no system call.
 */
#include <proc/user_dispatch.h>
#include <proc/signal.h>
#include <base/iov.h>
#include <abi/errno.h>

int user_dispatch_on(u64 start, u64 len, const u8 __user *selector)
{
	struct task *t = current_task();

	if (start && start + len <= start)
		return -EINVAL;
	if (selector && !arch_user_range_ok((unsigned long)selector, 1))
		return -EFAULT;
	t->dispatch.start = start;
	t->dispatch.len = len;
	t->dispatch.selector = selector;
	thread_set_flag(&t->thread, TF_SYSCALL_DISPATCH);
	return 0;
}

void user_dispatch_off(struct task *t)
{
	thread_clear_flag(&t->thread, TF_SYSCALL_DISPATCH);
}

/* As one that a handler cannot catch. */
static void kill_caller(int sig)
{
	struct siginfo info = { .si_signo = sig, .si_code = SI_KERNEL };

	signal_force_info(&info, true);
}

bool user_dispatch_enter(struct trapframe *tf, u32 audit)
{
	struct task *t = current_task();
	u8 selector = SYSCALL_DISPATCH_FILTER_BLOCK;

	if (tf_ip(tf) - t->dispatch.start < t->dispatch.len)
		return false;
	if (t->dispatch.selector && get_user(selector, t->dispatch.selector))
		kill_caller(SIGSEGV);
	else if (selector == SYSCALL_DISPATCH_FILTER_ALLOW)
		return false;
	else if (selector != SYSCALL_DISPATCH_FILTER_BLOCK)
		kill_caller(SIGSYS);
	else
		signal_force_sigsys(tf, SYS_USER_DISPATCH, 0, audit, false);
	return true;
}
