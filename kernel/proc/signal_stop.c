/* SPDX-License-Identifier: MIT
 * proc/signal_stop.c - stopping and continuing a process
 *
 * Owns:      the group's stop state: group_stop, stop_count, stop_sig, wait_flags, cld_pending.
 * Layer:     proc.
 * Locks:     sighand->lock; the parent is told under proc_lock, with sighand->lock released.
 * Contexts:  signal_stop_here sleeps; the rest anywhere.
 * Manual:    signal(7), POSIX.1-2017 2.4.3, wait(2): WUNTRACED, WCONTINUED.
 * Tests:     tests/abi/session.c.
 *
 * Theory
 * ------
 * A stop signal is taken by one thread, but stops all.  That thread asks the others by `stop_pending` and
 * counts in `stop_count` how many have yet to stop, itself included; the one that makes it zero reports
 * CLD_STOPPED.
 *
 *            stop signal taken                count reaches 0
 *  running -------------------> group_stop ------------------> GROUP_STOPPED, parent told
 *     ^                              |                               |
 *     |            SIGCONT           |           SIGCONT             |
 *     \------------------------------+-------------------------------/
 *
 * SIGCONT acts when it is sent, not when it is delivered: it may be blocked, ignored or caught and the
 * process goes on all the same.  The sender must not tell the parent (it may hold any lock), so it leaves the
 * message in cld_pending for the first thread of the group that comes by.
 */
#include <proc/internal.h>
#include <proc/ptrace.h>
#include <proc/signal.h>

static void group_forget(struct thread_group *g, sigset_k set)
{
	struct task *t;

	sigpending_remove(&g->shared, set);
	list_for_each_entry (t, &g->threads, group_link)
		sigpending_remove(&t->pending, set);
}

static void group_continue(struct thread_group *g)
{
	struct task *t;

	group_forget(g, SIGSET_STOP);
	list_for_each_entry (t, &g->threads, group_link) {
		t->stop_pending = false;
		t->stop_dequeued = false;
		if (t->pt.seized)
			ptrace_trap_notify(t);
		else if (g->group_stop)
			thread_wake_state(&t->thread, BIT(THREAD_STOPPED));
	}
	if (!g->group_stop)
		return;
	g->cld_pending = g->wait_flags & GROUP_STOPPED ? CLD_CONTINUED : CLD_STOPPED;
	g->wait_flags = GROUP_CONT_REPORT;
	g->group_stop = false;
	g->stop_count = 0;
}

void signal_stop_prepare(struct sighand *s, struct task *t, int sig)
{
	if (sig == SIGCONT)
		group_continue(t->group);
	else if (unlikely(SIGMASK(sig) & SIGSET_STOP))
		group_forget(t->group, SIGMASK(SIGCONT));
}

/* Asks all threads to stop. */
static void stop_begin(struct thread_group *g, struct task *self, int sig)
{
	struct task *t;

	if (!(g->wait_flags & GROUP_STOPPED))
		g->stop_sig = sig;
	g->group_stop = true;
	g->stop_count = 0;
	list_for_each_entry (t, &g->threads, group_link) {
		if (t->exiting || atomic_load(&t->thread.state) == THREAD_STOPPED)
			continue;
		t->stop_pending = true;
		g->stop_count++;
		if (t != self && t->pt.seized)
			ptrace_trap_notify(t);
		else if (t != self)
			signal_wake(t, false);
	}
}

bool signal_stop_arrive(struct task *t)
{
	struct thread_group *g = t->group;

	assert(t->stop_pending && g->stop_count > 0);
	t->stop_pending = false;
	if (--g->stop_count > 0)
		return false;
	bool fresh = !(g->wait_flags & GROUP_STOPPED);
	if (fresh)
		g->wait_flags = GROUP_STOPPED | GROUP_STOP_REPORT;
	return fresh;
}

bool signal_stop_here(struct task *t, struct sighand *s, irqflags_t f, int sig)
{
	struct thread_group *g = t->group;

	if (!t->stop_pending) {
		/* SIGCONT or SIGKILL came between taking the signal and here: then there is no stop. */
		if (!t->stop_dequeued || g->group_exit || g->exec_task)
			return false;
		stop_begin(g, t, sig);
	}
	if (unlikely(t->pt.tracer)) /* the delivery loop makes a stop for the tracer of it: ptrace_trap */
		return false;
	bool tell = signal_stop_arrive(t);

	/* Under the lock: whoever continues or kills us from now on sees a stopped thread and wakes it. */
	thread_set_state(THREAD_STOPPED);
	sighand_unlock(s, f);
	if (tell)
		group_notify_stopped(g, CLD_STOPPED);
	sched_schedule();
	return true;
}

bool signal_stop_leave(struct task *t)
{
	return t->stop_pending && signal_stop_arrive(t) && t->group->group_stop;
}

void group_notify_stopped(struct thread_group *g, int why)
{
	struct siginfo info = { .si_signo = SIGCHLD, .si_code = why };
	irqflags_t f = spin_lock_irqsave(&proc_lock);
	struct thread_group *parent = g->parent;
	struct usage_sum use;

	if (!parent || !parent->leader)
		goto unlock;
	struct sighand *s = g->leader->sighand;
	spin_lock(&s->lock);
	usage_of_group(g, &use);
	spin_unlock(&s->lock);
	info.pid = g->tgid;
	info.uid = g->leader->cred->uid;
	info.chld.utime = (s64)(use.utime / (NSEC_PER_SEC / 100));
	info.chld.stime = (s64)(use.stime / (NSEC_PER_SEC / 100));
	info.chld.status = why == CLD_CONTINUED ? SIGCONT : g->stop_sig & 0x7f;

	s = parent->leader->sighand;
	spin_lock(&s->lock);
	struct sigaction_k *sa = &s->action[SIGCHLD];
	if (sa->handler != SIG_IGN && !(sa->flags & SA_NOCLDSTOP))
		signal_send_locked(s, parent->leader, true, SIGCHLD, &info);
	spin_unlock(&s->lock);
	waitq_wake_all(&parent->wait_child); /* they wait even when they want no signal */
unlock:
	spin_unlock_irqrestore(&proc_lock, f);
}
