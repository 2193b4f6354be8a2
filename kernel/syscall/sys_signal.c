/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_signal.c - kill(2), rt_sigaction(2), rt_sigprocmask(2) and the rest of the signal calls
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses proc/signal.
 * Locks:     none.
 * Contexts:  process context of a user task; sigsuspend, sigtimedwait, pause sleep.
 * Manual:    signal(7), sigaction(2), sigprocmask(2), sigsuspend(2), sigwaitinfo(2), rt_sigqueueinfo(2).
 * Tests:     tests/abi/signal.c
 *
 * Only the real-time forms exist on a 64-bit CPU.  Each gives the size of its sigset, which must be ours.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <arch/switch.h>

long sys_kill(pid_t pid, int sig)
{
	return signal_kill(pid, sig);
}

long sys_tkill(pid_t tid, int sig)
{
	return tid > 0 ? signal_tgkill(-1, tid, sig) : -EINVAL;
}

long sys_tgkill(pid_t tgid, pid_t tid, int sig)
{
	return tid > 0 && tgid > 0 ? signal_tgkill(tgid, tid, sig) : -EINVAL;
}

long sys_rt_sigaction(int sig, const struct sigaction_k __user *act, struct sigaction_k __user *old,
                      size_t size)
{
	struct sigaction_k new_sa, old_sa;
	int err;

	if (size != sizeof(sigset_k))
		return -EINVAL;
	if (act && sigaction_get(&new_sa, act))
		return -EFAULT;
	err = signal_action(sig, act ? &new_sa : NULL, old ? &old_sa : NULL);
	if (!err && old && sigaction_put(old, &old_sa))
		return -EFAULT;
	return err;
}

long sys_rt_sigprocmask(int how, const sigset_k __user *set, sigset_k __user *old, size_t size)
{
	sigset_k was = current_task()->blocked, mask;

	if (size != sizeof(sigset_k))
		return -EINVAL;
	if (set) {
		if (get_user(mask, set))
			return -EFAULT;
		switch (how) {
		case SIG_BLOCK:
			mask |= was;
			break;
		case SIG_UNBLOCK:
			mask = was & ~mask;
			break;
		case SIG_SETMASK:
			break;
		default:
			return -EINVAL;
		}
		signal_set_mask(mask);
	}
	return old && put_user(was, old) ? -EFAULT : 0;
}

long sys_rt_sigpending(sigset_k __user *set, size_t size)
{
	sigset_k pending;

	if (size > sizeof(pending))
		return -EINVAL;
	pending = signal_pending_set() & current_task()->blocked;
	return copy_to_user(set, &pending, size);
}

/* Sleeps until a signal is there to be delivered. */
static long sleep_for_signal(void)
{
	for (;;) {
		thread_set_state(THREAD_INTERRUPTIBLE);
		if (thread_signal_pending())
			break;
		sched_schedule();
	}
	thread_set_state(THREAD_RUNNING);
	return -ERESTARTNOHAND;
}

long sys_rt_sigsuspend(const sigset_k __user *set, size_t size)
{
	sigset_k mask;

	if (size != sizeof(mask))
		return -EINVAL;
	if (get_user(mask, set))
		return -EFAULT;
	signal_suspend_mask(mask);
	return sleep_for_signal();
}

long sys_pause(void)
{
	return sleep_for_signal();
}

long sys_rt_sigtimedwait(const sigset_k __user *set, struct siginfo __user *info,
                         const struct timespec_k __user *timeout, size_t size)
{
	ktime_t deadline = KTIME_MAX, ns;
	struct siginfo k;
	sigset_k mask;
	int sig;

	if (size != sizeof(mask))
		return -EINVAL;
	if (get_user(mask, set))
		return -EFAULT;
	if (timeout) {
		int err = timespec_get(&ns, timeout);
		if (err)
			return err;
		deadline = ns ? deadline_after(ns) : 0;
	}
	sig = signal_timedwait(mask, &k, deadline);
	if (sig > 0 && info && siginfo_put(info, &k, false))
		return -EFAULT;
	return sig;
}

long sys_rt_sigqueueinfo(pid_t tgid, int sig, const struct siginfo __user *info)
{
	struct siginfo k;

	return siginfo_get(&k, info) ? -EFAULT : signal_queue(tgid, sig, &k);
}

long sys_rt_tgsigqueueinfo(pid_t tgid, pid_t tid, int sig, const struct siginfo __user *info)
{
	struct siginfo k;

	return siginfo_get(&k, info) ? -EFAULT : signal_tgqueue(tgid, tid, sig, &k);
}

long sys_rt_sigreturn(void)
{
	return signal_return(arch_user_frame(thread_current()));
}

long sys_sigaltstack(const struct sigaltstack_k __user *new, struct sigaltstack_k __user *old)
{
	struct sigaltstack_k n, o;
	int err;

	if (new &&sigaltstack_get(&n, new))
		return -EFAULT;
	err = signal_altstack(new ? &n : NULL, old ? &o : NULL, tf_sp(arch_user_frame(thread_current())));
	if (!err && old && sigaltstack_put(old, &o))
		return -EFAULT;
	return err;
}

long sys_restart_syscall(void)
{
	struct task *t = current_task();
	long (*fn)(struct task *) = t->restart.fn;

	if (!fn)
		return -EINTR;
	t->call_layout = t->call_layout ? t->restart.layout : CALL_NATIVE;
	t->restart.fn = NULL; /* a program that calls this by itself gets no second go */
	return fn(t);
}
