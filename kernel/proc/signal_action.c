/* SPDX-License-Identifier: MIT
 * proc/signal_action.c - what a task does about its own signals: actions, masks, alternate stack, waiting
 *
 * Owns:      nothing of its own; changes sighand->action, task->blocked, task->altstack.
 * Layer:     proc.
 * Locks:     sighand->lock.
 * Contexts:  process context of the task itself; signal_timedwait sleeps.
 * Manual:    sigaction(2), sigprocmask(2), sigaltstack(2), sigsuspend(2), sigtimedwait(2), execve(2).
 * Tests:     tests/abi/signal.c, tests/abi/sigq.c.
 */
#include <proc/internal.h>
#include <proc/signal.h>
#include <lib/string.h>

#define SA_KNOWN                                                                                             \
	(SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_EXPOSE_TAGBITS | SA_RESTORER | SA_ONSTACK |           \
	 SA_RESTART | SA_NODEFER | SA_RESETHAND)

/* POSIX: what is pending is forgotten when the signal is ignored from now on. */
static COLD void signal_forget(struct task *t, int sig)
{
	struct task *other;

	sigpending_remove(&t->group->shared, SIGMASK(sig));
	list_for_each_entry (other, &t->group->threads, group_link)
		sigpending_remove(&other->pending, SIGMASK(sig));
}

int signal_action(int sig, const struct sigaction_k *new, struct sigaction_k *old)
{
	struct task *t = current_task();
	irqflags_t f;

	if (sig < 1 || sig >= NSIG || (new && (SIGMASK(sig) & SIGSET_KERNEL_ONLY)))
		return -EINVAL;
	struct sighand *s = sighand_lock_self(t, &f);
	struct sigaction_k *sa = &s->action[sig];
	if (old)
		*old = *sa;
	if (old)
		old->flags &= ~SA_I386;
	if (new) {
		sa->handler = new->handler;
		sa->flags =
		        (new->flags &SA_KNOWN) |
		        (t->call_layout ? SA_I386 : 0); /* so that a program can ask which flags there are */
		sa->restorer = new->restorer;
		sa->mask = new->mask & ~SIGSET_KERNEL_ONLY;
		if (sa->handler <= SIG_IGN && signal_default_ignored(s, sig))
			signal_forget(t, sig);
	}
	sighand_unlock(s, f);
	return 0;
}

void signal_set_mask(sigset_k mask)
{
	struct task *t = current_task();
	irqflags_t f;

	mask &= ~SIGSET_KERNEL_ONLY;
	if (t->blocked == mask)
		return;
	struct sighand *s = sighand_lock_self(t, &f);
	sigset_k fresh = mask & ~t->blocked;
	t->blocked = mask;
	signal_retarget(t, fresh);
	signal_recalc(t);
	sighand_unlock(s, f);
}

void signal_suspend_mask(sigset_k mask)
{
	struct task *t = current_task();

	t->saved_mask = t->blocked;
	signal_set_mask(mask);
	thread_set_flag(&t->thread, TF_RESTORE_MASK);
}

/* SS_ONSTACK when sp lies on the alternate stack; one that disarms itself is never "in use". */
static int altstack_state(const struct sigaltstack_k *a, unsigned long sp)
{
	if (!a->ss_size)
		return SS_DISABLE;
	if ((u32)a->ss_flags & SS_AUTODISARM)
		return 0;
	return sp > a->ss_sp && sp - a->ss_sp <= a->ss_size ? SS_ONSTACK : 0;
}

int signal_altstack(const struct sigaltstack_k *new, struct sigaltstack_k *old, unsigned long sp)
{
	struct task *t = current_task();
	struct sigaltstack_k *a = &t->altstack;

	if (old) {
		memset(old, 0, sizeof(*old));
		old->ss_sp = a->ss_sp;
		old->ss_size = a->ss_size;
		old->ss_flags = altstack_state(a, sp) | (s32)((u32)a->ss_flags & SS_AUTODISARM);
	}
	if (!new)
		return 0;
	if (altstack_state(a, sp) == SS_ONSTACK)
		return -EPERM;
	u32 flags = (u32) new->ss_flags, mode = flags & ~SS_AUTODISARM;
	if (mode != 0 && mode != SS_ONSTACK && mode != SS_DISABLE)
		return -EINVAL;
	if (mode == SS_DISABLE) {
		*a = (struct sigaltstack_k){ .ss_flags = (s32)flags };
		return 0;
	}
	if (new->ss_size < MINSIGSTKSZ)
		return -ENOMEM;
	*a = (struct sigaltstack_k){ .ss_sp = new->ss_sp, .ss_size = new->ss_size, .ss_flags = (s32)flags };
	return 0;
}

int signal_timedwait(sigset_k set, struct siginfo *info, ktime_t deadline)
{
	struct task *t = current_task();
	irqflags_t f;
	int sig, err = 0;

	set &= ~SIGSET_KERNEL_ONLY;
	struct sighand *s = sighand_lock_self(t, &f);
	sig = signal_dequeue(t, ~set, info);
	if (!sig && deadline > clock_monotonic()) {
		/* While we sleep the signals are unblocked, so that they wake us; real_blocked says that they
		 * are wanted, so that they are neither dropped nor kill us. */
		t->real_blocked = t->blocked;
		t->blocked &= ~set;
		signal_recalc(t);
		thread_set_state(THREAD_INTERRUPTIBLE);
		sighand_unlock(s, f);
		if (thread_signal_pending())
			thread_set_state(THREAD_RUNNING);
		else
			err = sched_schedule_until(deadline);
		s = sighand_lock_self(t, &f);
		t->blocked = t->real_blocked;
		t->real_blocked = 0;
		sig = signal_dequeue(t, ~set, info);
		signal_recalc(t);
	} else {
		err = -ETIMEDOUT;
		if (sig)
			signal_recalc(t);
	}
	sighand_unlock(s, f);
	if (sig)
		return sig;
	return err == -ETIMEDOUT ? -EAGAIN : -EINTR;
}

void signal_exec(struct task *t)
{
	irqflags_t f;
	struct sighand *s = sighand_lock_self(t, &f);

	for (int sig = 1; sig < NSIG; sig++) {
		struct sigaction_k *sa = &s->action[sig];
		if (sa->handler != SIG_IGN)
			sa->handler = SIG_DFL;
		sa->flags = 0;
		sa->restorer = 0;
		sa->mask = 0;
	}
	sighand_unlock(s, f);
	t->altstack = (struct sigaltstack_k){ .ss_flags = SS_DISABLE };
}
