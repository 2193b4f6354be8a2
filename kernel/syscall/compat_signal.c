/* SPDX-License-Identifier: MIT
 *
 * syscall/compat_signal.c - the i386 ABI: signals: the calls with masks of 32 bits
 *
 * Owns:      nothing.
 * Layer:     syscall.  Calls the handlers of the 64-bit ABI.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    signal(2), sigaction(2), sigprocmask(2), sigsuspend(2), sigreturn(2).
 * Tests:     tests/i386.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <arch/switch.h>

struct old_sigaction {
	u32 handler, mask, flags, restorer;
};

long sys_i386_sigaction(int sig, const void __user *act, void __user *old)
{
	struct sigaction_k new_sa, old_sa;
	struct old_sigaction s;
	int err;

	if (act) {
		if (copy_from_user(&s, act, sizeof(s)))
			return -EFAULT;
		new_sa = (struct sigaction_k){ s.handler, s.flags, s.restorer, s.mask };
	}
	err = signal_action(sig, act ? &new_sa : NULL, old ? &old_sa : NULL);
	if (err || !old)
		return err;
	s = (struct old_sigaction){ (u32)old_sa.handler, (u32)old_sa.mask, (u32)old_sa.flags,
		                    (u32)old_sa.restorer };
	return copy_to_user(old, &s, sizeof(s));
}

/* The handler is gone once it runs, and the signal is not blocked in it. */
long sys_i386_signal(int sig, unsigned long handler)
{
	struct sigaction_k new_sa = { .handler = handler, .flags = SA_RESETHAND | SA_NODEFER }, old_sa;
	int err = signal_action(sig, &new_sa, &old_sa);

	return err ? err : (long)old_sa.handler;
}

long sys_i386_sigprocmask(int how, const u32 __user *set, u32 __user *old)
{
	sigset_k was = current_task()->blocked, now;
	u32 mask;

	if (set) {
		if (get_user(mask, set))
			return -EFAULT;
		switch (how) {
		case SIG_BLOCK:
			now = was | mask;
			break;
		case SIG_UNBLOCK:
			now = was & ~(sigset_k)mask;
			break;
		case SIG_SETMASK:
			now = (was & ~(sigset_k)~0u) | mask;
			break;
		default:
			return -EINVAL;
		}
		signal_set_mask(now);
	}
	return old ? put_user((u32)was, old) : 0;
}

long sys_i386_sigpending(u32 __user *set)
{
	return put_user((u32)(signal_pending_set() & current_task()->blocked), set);
}

long sys_i386_sigsuspend(int unused1, int unused2, unsigned mask)
{
	signal_suspend_mask(mask);
	return sys_pause();
}

long sys_i386_sgetmask(void)
{
	return (u32)current_task()->blocked;
}

long sys_i386_ssetmask(unsigned mask)
{
	u32 was = (u32)current_task()->blocked;

	signal_set_mask(mask);
	return was;
}

long sys_i386_sigreturn(void)
{
	return signal_return(arch_user_frame(thread_current()));
}
