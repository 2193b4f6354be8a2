/* SPDX-License-Identifier: MIT
 * proc/ptrace_stop.c - ptrace, the tracee's side: stops
 *
 * Owns:      pt.code, pt.message, pt.info of a task that stops; the state THREAD_TRACED.
 * Layer:     proc.  Called by the signal delivery, the system-call path, fork, exec and exit.
 * Locks:     sighand->lock to stop; proc_lock, with it released, to tell the tracer.
 * Contexts:  process context of the tracee; sleeps.
 * Manual:    ptrace(2): "Stopped states".
 * Tests:     tests/abi/ptrace.c.
 *
 * Theory
 * ------
 * All stops are one function, ptrace_stop.  They differ in `code`, which wait(2) shows as status >> 8:
 *
 *     signal-delivery   sig                          a signal was taken from the queue, and is not yet acted on
 *     system call       SIGTRAP (| 0x80)             before and after it
 *     event             SIGTRAP | event << 8         fork, exec, exit, ...
 *     group             stop signal (| STOP << 8)    the process is stopped by job control
 *
 * The tracee writes the stop down and becomes THREAD_TRACED under sighand->lock, so whoever detaches, kills or
 * resumes it sees it stopped and wakes it: a wake-up between that and sched_schedule() just makes it return.
 * The answer stands in pt.code too: the signal that the tracer lets through.
 */
#include <proc/internal.h>
#include <proc/ptrace.h>
#include <proc/signal.h>
#include <arch/ptrace.h>

static void send_child_stopped(struct sighand *s, struct task *leader, const struct siginfo *info)
{
	spin_lock(&s->lock);
	const struct sigaction_k *sa = &s->action[SIGCHLD];
	if (sa->handler != SIG_IGN && !(sa->flags & SA_NOCLDSTOP))
		signal_send_locked(s, leader, true, SIGCHLD, info);
	spin_unlock(&s->lock);
}

/* SIGCHLD to a process and a wake-up of its waiters, for a stop of t. */
static void tell_stop(struct task *t, struct thread_group *to, int why, int status) MUST_HOLD(&proc_lock)
{
	struct siginfo info = { .si_signo = SIGCHLD, .si_code = why };
	u64 utime, stime;

	if (!to || !to->leader)
		return;
	task_cpu_times(t, &utime, &stime);
	info.pid = t->pid;
	info.uid = t->cred->uid;
	info.chld.utime = (s64)(utime / (NSEC_PER_SEC / 100));
	info.chld.stime = (s64)(stime / (NSEC_PER_SEC / 100));
	info.chld.status = status & 0x7f;
	send_child_stopped(to->leader->sighand, to->leader, &info);
	if (waitq_active(&to->wait_child))
		waitq_wake_sync(&to->wait_child); /* t sleeps at once */
}

/* The tracer, and the parent too when the last thread of the group has stopped. */
static void tell_all(struct task *t, int code, int why, bool group_stopped)
{
	irqflags_t f = spin_lock_irqsave(&proc_lock);
	struct task *tracer = t->pt.tracer;
	bool parent_too = group_stopped && (!tracer || tracer->group != t->group->parent);

	if (tracer)
		tell_stop(t, tracer->group, why, code);
	spin_unlock_irqrestore(&proc_lock, f);
	if (parent_too)
		group_notify_stopped(t->group, CLD_STOPPED);
}

int ptrace_stop(struct task *t, struct sighand **s, irqflags_t *f, int code, int why, u64 message,
                struct siginfo *info)
{
	struct ptrace_state *p = &t->pt;
	bool group_stopped = false;

	if (!p->tracer || thread_kill_pending())
		return code;
	p->message = message;
	p->info = info;
	p->code = code;
	if (why == CLD_STOPPED && t->stop_pending)
		group_stopped = signal_stop_arrive(t);
	p->trap_stop = p->trapping = false;
	if (info && info->si_code >> 8 == PTRACE_EVENT_STOP)
		p->trap_notify = false;
	thread_set_state(THREAD_TRACED);
	sighand_unlock(*s, *f);
	tell_all(t, code, why, group_stopped);
	sched_schedule();

	*s = sighand_lock_self(t, f);
	assert(!p->held);
	code = p->code;
	p->info = NULL;
	p->message = 0;
	p->code = 0;
	p->listening = false;
	/* The tracer may have changed registers: the way back is the one that loads all of them. */
	thread_set_flag(&t->thread, TF_NOTIFY);
	/* The flag is not cleared: what interrupted a system call may have been the request for this very stop (or one
	 * that the tracer took back), and signal_deliver() has still to restart the call. */
	if (!thread_flag(&t->thread, TF_SIGPENDING))
		signal_recalc(t);
	return code;
}

/* A stop whose siginfo says nothing but the code. */
static int stop_with_code(struct task *t, struct sighand **s, irqflags_t *f, int sig, int code, int why,
                          u64 message)
{
	struct siginfo info = { .si_signo = sig, .si_code = code };

	info.pid = t->pid;
	info.uid = t->cred->uid;
	return ptrace_stop(t, s, f, code, why, message, &info);
}

static int stop_now(int code, u64 message)
{
	struct task *t = current_task();
	irqflags_t f;
	struct sighand *s = sighand_lock_self(t, &f);
	int sig = stop_with_code(t, &s, &f, SIGTRAP, code, CLD_TRAPPED, message);

	sighand_unlock(s, f);
	return sig;
}

void ptrace_notify(int code, u64 message)
{
	(void)stop_now(code, message);
}

bool ptrace_event_wanted(const struct task *t, int event)
{
	return t->pt.tracer && t->pt.options >> event & 1;
}

void ptrace_event(int event, u64 message)
{
	struct task *t = current_task();

	if (likely(!atomic_load(&t->pt.tracer)))
		return;
	if (ptrace_event_wanted(t, event))
		ptrace_notify(event << 8 | SIGTRAP, message);
	else if (event == PTRACE_EVENT_EXEC && !t->pt.seized)
		signal_send_thread(t, SIGTRAP,
		                   NULL); /* how tracers learnt of execve before there were events */
}

int ptrace_signal(struct task *t, struct sighand **s, irqflags_t *f, int sig, struct siginfo *info)
{
	t->stop_dequeued = true; /* who knows what signal the tracer makes of it */
	int now = ptrace_stop(t, s, f, sig, CLD_TRAPPED, 0, info);

	if (!now)
		return 0;
	if (now != info->si_signo) {
		*info = (struct siginfo){ .si_signo = now, .si_code = SI_USER };
		info->pid = t->group->parent ? t->group->parent->tgid : 0;
		sighand_unlock(*s, *f);
		pid_t tracer = ptrace_tracer_pid(t);
		*s = sighand_lock_self(t, f);
		if (tracer)
			info->pid = tracer;
		info->uid = t->cred->uid;
	}
	if ((t->blocked & SIGMASK(now)) || (thread_kill_pending() && now != SIGKILL)) {
		signal_send_locked(*s, t, false, now, info);
		return 0;
	}
	return now;
}

void ptrace_trap(struct task *t, struct sighand **s, irqflags_t *f)
{
	struct thread_group *g = t->group;
	int sig = g->stop_sig;

	if (!t->pt.seized) {
		(void)ptrace_stop(t, s, f, sig, CLD_STOPPED, 0, NULL);
	} else {
		if (!g->group_stop)
			sig = SIGTRAP;
		(void)stop_with_code(t, s, f, sig, sig | PTRACE_EVENT_STOP << 8, CLD_STOPPED, 0);
	}
	/* Killed instead of stopped: the delivery loop must not come here again. */
	if (thread_kill_pending())
		t->pt.trap_stop = t->pt.trap_notify = t->stop_pending = false;
}

void ptrace_trap_notify(struct task *t)
{
	t->pt.trap_notify = true;
	signal_wake(t, false);
	if (t->pt.listening)
		thread_wake_state(&t->thread, BIT(THREAD_TRACED));
}

/* System calls. */

static void syscall_stop(u64 message)
{
	const struct task *t = current_task();
	int sig = stop_now(SIGTRAP | (t->pt.options & PTRACE_O_TRACESYSGOOD ? 0x80 : 0), message);

	if (sig && atomic_load(&t->pt.tracer)) /* sent, not injected: it gets a delivery stop of its own */
		signal_send_thread(current_task(), sig & 0x7f, SIGINFO_KERNEL);
}

bool ptrace_syscall_enter(struct trapframe *tf)
{
	struct task *t = current_task();
	bool emulated = t->pt.emulated;

	if (!atomic_load(&t->pt.tracer))
		return true;
	syscall_stop(PTRACE_EVENTMSG_SYSCALL_ENTRY);
	/* -1 alone leaves what the tracer wrote as the result; another number that there is not gives -ENOSYS. */
	return !emulated && !thread_kill_pending() && (s32)arch_syscall_nr(tf) != -1;
}

void ptrace_syscall_exit(void)
{
	struct task *t = current_task();

	if (!atomic_load(&t->pt.tracer) || t->pt.emulated)
		return;
	if (t->pt.stepping)
		signal_fault(SIGTRAP, TRAP_BRKPT, tf_ip(arch_user_frame(&t->thread)));
	else
		syscall_stop(PTRACE_EVENTMSG_SYSCALL_EXIT);
}
