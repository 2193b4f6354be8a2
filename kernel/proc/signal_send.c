/* SPDX-License-Identifier: MIT
 * proc/signal_send.c - sending signals
 *
 * Owns:      the decision what a signal does at the moment it is sent: dropped, queued, whom it wakes.
 * Layer:     proc.
 * Locks:     sighand->lock of the receiver; proc_lock for process groups.
 * Contexts:  any but NMI (timers and the terminal send from interrupts).
 * Manual:    signal(7), kill(2), POSIX.1-2017 2.4.
 * Tests:     tests/abi/signal.c, tests/abi/sigq.c.
 *
 * Theory
 * ------
 * A signal to a process is queued in the group's `shared` set, and one thread that does not block it is woken
 * to take it.  If its action is to end the process, there is nothing to deliver: all threads get SIGKILL at
 * once, so that a killed process with a thousand threads needs no thread to run first.  Signals that dump
 * core do not take this short cut, because the thread that takes them matters.
 *
 * Threads on other CPUs: thread_wake_state() takes a sleeping thread out of its sleep; a running one is
 * kicked, so that it passes the exit to user mode, where the flag is seen.
 */
#include <proc/coredump.h>
#include <proc/internal.h>
#include <proc/signal.h>
#include <arch/ptrace.h>
#include <base/trace.h>
#include <abi/poll.h>

struct waitq signal_watchers = WAITQ_INIT(signal_watchers);

bool signal_default_ignored(const struct sighand *s, int sig)
{
	unsigned long h = s->action[sig].handler;

	return h == SIG_IGN || (h == SIG_DFL && (SIGMASK(sig) & SIGSET_IGNORE));
}

/* Would the signal do nothing?  A blocked one is kept: its action may change before it is unblocked. */
static bool signal_dropped(const struct sighand *s, const struct task *t, int sig)
{
	if ((t->blocked | t->real_blocked) & SIGMASK(sig))
		return false;
	if (unlikely(t->pt.tracer) && sig != SIGKILL) /* its tracer may want to know */
		return false;
	if (t->group->unkillable && s->action[sig].handler == SIG_DFL)
		return true;
	return signal_default_ignored(s, sig);
}

void signal_wake(struct task *t, bool fatal)
{
	unsigned states = BIT(THREAD_INTERRUPTIBLE);

	thread_set_flag(&t->thread, fatal ? TF_SIGPENDING | TF_KILLED : TF_SIGPENDING);
	if (fatal)
		states |= BIT(THREAD_KILLABLE) | BIT(THREAD_STOPPED) | (t->pt.held ? 0 : BIT(THREAD_TRACED));
	if (&t->thread == thread_current() && atomic_load(&t->thread.state) == THREAD_RUNNING)
		return; /* else an interrupt has come between its look at the flags and its sleep */
	if (!thread_wake_state(&t->thread, states))
		thread_kick(&t->thread);
}

void group_kill_others(struct thread_group *g, const struct task *but)
{
	struct task *t;

	g->stop_count = 0;
	g->group_stop = false;
	g->wait_flags = 0;
	list_for_each_entry (t, &g->threads, group_link) {
		t->stop_pending = false;
		if (t == but || t->exiting)
			continue;
		t->pending.set |= SIGMASK(SIGKILL);
		signal_wake(t, true);
	}
}

static bool thread_wants(const struct task *t, int sig)
{
	if ((t->blocked & SIGMASK(sig)) || t->exiting)
		return false;
	if (sig == SIGKILL)
		return true;
	u32 state = atomic_load(&t->thread.state);
	if (state == THREAD_STOPPED || state == THREAD_TRACED)
		return false;
	return &t->thread == thread_current() || !thread_flag(&t->thread, TF_SIGPENDING);
}

/* The thread that shall take a signal just queued, or NULL: then whoever looks next does. */
static struct task *signal_choose(struct task *t, bool whole_group, int sig)
{
	struct task *other;

	if (thread_wants(t, sig))
		return t;
	if (whole_group && t->group->nr_threads > 1)
		list_for_each_entry (other, &t->group->threads, group_link)
			if (thread_wants(other, sig))
				return other;
	return NULL;
}

/* Does this signal surely end the process, without a core dump? */
static bool signal_is_fatal(const struct sighand *s, const struct task *t, int sig)
{
	return s->action[sig].handler == SIG_DFL && !t->group->group_exit &&
	       !(SIGMASK(sig) & (SIGSET_IGNORE | SIGSET_STOP | SIGSET_CORE)) &&
	       !(t->real_blocked & SIGMASK(sig)) && (!t->pt.tracer || sig == SIGKILL) &&
	       (!t->group->unkillable || sig == SIGKILL);
}

void signal_retarget(struct task *t, sigset_k given_up)
{
	sigset_k set = t->group->shared.set & given_up;
	struct task *other;

	if (!set || t->group->nr_threads < 2 || !thread_flag(&t->thread, TF_SIGPENDING))
		return;
	list_for_each_entry (other, &t->group->threads, group_link) {
		if (other == t || other->exiting || !(set & ~other->blocked))
			continue;
		set &= other->blocked;
		if (!thread_flag(&other->thread, TF_SIGPENDING))
			signal_wake(other, false);
		if (!set)
			break;
	}
}

static void signal_complete(struct sighand *s, struct task *t, bool whole_group, int sig)
{
	struct task *to = signal_choose(t, whole_group, sig);
	struct thread_group *g = t->group;

	if (!to)
		return;
	if (signal_is_fatal(s, to, sig)) {
		g->group_exit = true;
		g->exit_code = sig;
		group_kill_others(g, NULL);
		return;
	}
	signal_wake(to, sig == SIGKILL);
}

int signal_send_locked(struct sighand *s, struct task *t, bool whole_group, int sig,
                       const struct siginfo *info)
{
	struct sigpending *p = whole_group ? &t->group->shared : &t->pending;

	if (t->group->group_exit || (whole_group ? t->group->nr_live == 0 : t->exiting == TASK_DEAD)) {
		if (unlikely(t->group->core) && sig == SIGKILL)
			signal_wake(t->group->core->dumper, true); /* enough is written */
		return 0; /* it is dying: nothing more can reach it */
	}
	signal_stop_prepare(s, t, sig);
	if (signal_dropped(s, t, sig))
		return 0;
	if (sig < SIGRTMIN && (p->set & SIGMASK(sig)))
		return 0;
	int err = sigpending_add(p, t, sig, info);
	if (err)
		return err;
	TRACE2(signal_send, t->pid, sig);
	if (unlikely(!list_empty(
	            &signal_watchers.waiters))) /* a waiter is queued before it takes the lock to look */
		waitq_wake(&signal_watchers, 0, POLLIN | POLLRDNORM);
	signal_complete(s, t, whole_group, sig);
	return 0;
}

bool signal_send_entry(struct sighand *s, struct task *t, bool whole_group, struct sigqueue *q)
{
	struct sigpending *p = whole_group ? &t->group->shared : &t->pending;
	int sig = q->info.si_signo;

	if (t->group->group_exit || (whole_group ? t->group->nr_live == 0 : t->exiting != TASK_ALIVE))
		return false;
	signal_stop_prepare(s, t, sig);
	if (signal_dropped(s, t, sig))
		return false;
	list_add_tail(&q->link, &p->queue);
	p->set |= SIGMASK(sig);
	if (unlikely(!list_empty(&signal_watchers.waiters)))
		waitq_wake(&signal_watchers, 0, POLLIN | POLLRDNORM);
	signal_complete(s, t, whole_group, sig);
	return true;
}

int signal_send_thread(struct task *t, int sig, const struct siginfo *info)
{
	irqflags_t f;
	struct sighand *s = sighand_lock(t, &f);
	int err = signal_send_locked(s, t, false, sig, info);

	sighand_unlock(s, f);
	return err;
}

int signal_send_process(struct thread_group *g, int sig, const struct siginfo *info)
{
	int err = -ESRCH;

	rcu_read_lock();
	struct task *t = rcu_dereference(g->leader);
	if (t) {
		irqflags_t f;
		struct sighand *s = sighand_lock(t, &f);
		err = signal_send_locked(s, t, true, sig, info);
		sighand_unlock(s, f);
	}
	rcu_read_unlock();
	return err;
}

int signal_send_pgrp_locked(struct pid *pgrp, int sig, const struct siginfo *info)
{
	struct thread_group *g;
	int result = -ESRCH;

	list_for_each_entry (g, &pgrp->pgrp, pgrp_link) {
		int err = signal_send_process(g, sig, info);
		if (result) /* one success is success */
			result = err;
	}
	return result;
}

int signal_send_pgrp(struct pid *pgrp, int sig, const struct siginfo *info)
{
	irqflags_t f = spin_lock_irqsave(&proc_lock);
	int err = signal_send_pgrp_locked(pgrp, sig, info);

	spin_unlock_irqrestore(&proc_lock, f);
	return err;
}

/* A signal the running task has caused itself and cannot escape: blocked or ignored, it ends the process. */
static void signal_send_forced(int sig, const struct siginfo *info, bool fatal)
{
	struct task *t = current_task();
	irqflags_t f;
	struct sighand *s = sighand_lock_self(t, &f);
	struct sigaction_k *sa = &s->action[sig];
	bool blocked = t->blocked & SIGMASK(sig);

	if (fatal || blocked || sa->handler == SIG_IGN) {
		sa->handler = SIG_DFL;
		t->blocked &= ~SIGMASK(sig);
	}
	if (sa->handler == SIG_DFL)
		t->group->unkillable = false;
	signal_send_locked(s, t, false, sig, info);
	signal_recalc(t);
	sighand_unlock(s, f);
}

void signal_fault(int sig, int code, unsigned long addr)
{
	struct siginfo info = { .si_signo = sig, .si_code = code };

	info.fault.addr = addr;
	signal_send_forced(sig, &info, false);
}

void signal_force(int sig)
{
	signal_send_forced(sig, SIGINFO_KERNEL, false);
}

void signal_force_info(const struct siginfo *info, bool fatal)
{
	signal_send_forced(info->si_signo, info, fatal);
}

void signal_force_sigsys(struct trapframe *tf, int code, int error, u32 audit, bool fatal)
{
	struct siginfo info = { .si_signo = SIGSYS, .si_code = code };

	info.si_errno = error;
	info.sys.call_addr = tf_ip(tf);
	info.sys.syscall = (s32)arch_syscall_nr(tf);
	info.sys.arch = audit;
	tf_set_result(tf, arch_syscall_nr(tf));
	signal_force_info(&info, fatal);
}

bool signal_ignored(struct task *t, int sig)
{
	irqflags_t f;
	struct sighand *s = sighand_lock(t, &f);
	bool ignored = (t->blocked & SIGMASK(sig)) || s->action[sig].handler == SIG_IGN;

	sighand_unlock(s, f);
	return ignored;
}
