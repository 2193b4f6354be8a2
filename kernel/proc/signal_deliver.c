/* SPDX-License-Identifier: MIT
 * proc/signal_deliver.c - the way back to user mode: signals are taken, calls are restarted
 *
 * Owns:      the delivery loop.
 * Layer:     proc.  Called by the entry code of arch; calls arch_signal_setup for the frame.
 * Locks:     sighand->lock, never while user memory is touched.
 * Contexts:  process context, irqs on, at the exit to user mode; sleeps (stops, faults on the user stack).
 * Manual:    signal(7): execution of handlers, interruption of system calls; sigreturn(2).
 * Tests:     tests/abi/signal.c.
 *
 * Theory
 * ------
 * A system call that a signal ends early returns one of four values no program ever sees; what becomes of
 * them depends on whether a handler runs:
 *
 *     returned            no handler               handler
 *     -ERESTARTNOINTR     again                    again, after the handler
 *     -ERESTARTSYS        again                    again with SA_RESTART, else -EINTR
 *     -ERESTARTNOHAND     again                    -EINTR
 *     -ERESTART_RESTARTBLOCK  restart_syscall(2)   -EINTR
 *
 * "Again" moves the instruction pointer back over the system-call instruction.  sigsuspend, ppoll and pselect
 * install a mask for the time of the call (TF_RESTORE_MASK): if a handler runs, its frame holds the old mask,
 * which sigreturn brings back; if none runs, the old mask comes back here.
 */
#include <proc/coredump.h>
#include <proc/process.h>
#include <proc/signal.h>
#include <proc/internal.h>
#include <proc/ptrace.h>
#include <proc/rseq.h>
#include <arch/ptrace.h>
#include <arch/signal.h>
#include <base/trace.h>

/* restart_syscall(2); the one number this chapter must know. */
enum { NR_RESTART_SYSCALL = 219, NR_I386_RESTART_SYSCALL = 0 };

enum verdict { TAKE_NEXT, RUN_HANDLER, SLEPT };

/* The default action of a signal.  Called with the lock; SLEPT (or no return) = the lock is gone. */
static enum verdict signal_default(struct task *t, struct sighand *s, irqflags_t *f, int sig,
                                   const struct siginfo *info)
{
	sigset_k bit = SIGMASK(sig);
	struct thread_group *g = t->group;

	if (bit & SIGSET_IGNORE)
		return TAKE_NEXT;
	if (g->unkillable && sig != SIGKILL)
		return TAKE_NEXT;
	if (bit & SIGSET_STOP) {
		if (sig !=
		    SIGSTOP) { /* a group nobody could continue is not stopped by the terminal's signals */
			sighand_unlock(s, *f);
			irqflags_t pf = spin_lock_irqsave(&proc_lock);
			bool orphaned = pgrp_orphaned(g->pgrp);
			spin_unlock_irqrestore(&proc_lock, pf);
			sighand_lock_self(t, f);
			if (orphaned)
				return TAKE_NEXT;
		}
		return signal_stop_here(t, s, *f, sig) ? SLEPT : TAKE_NEXT;
	}
	sighand_unlock(s, *f);
	if (bit & SIGSET_CORE)
		(void)coredump(sig, info);
	process_exit(sig);
}

/* What to do about one signal that was dequeued; *sa is filled when a handler is to run. */
static enum verdict signal_decide(struct task *t, struct sighand *s, irqflags_t *f, int sig,
                                  const struct siginfo *info, struct sigaction_k *sa)
{
	struct sigaction_k *now = &s->action[sig];

	if (now->handler == SIG_IGN)
		return TAKE_NEXT;
	if (now->handler == SIG_DFL)
		return signal_default(t, s, f, sig, info);
	*sa = *now;
	if (sa->flags & SA_RESETHAND)
		now->handler = SIG_DFL;
	return RUN_HANDLER;
}

/* The next signal for which a handler is to run; 0 = none.  May stop, or never come back. */
static int signal_take(struct task *t, struct siginfo *info, struct sigaction_k *sa)
{
	struct thread_group *g = t->group;
	irqflags_t f;
	struct sighand *s = sighand_lock_self(t, &f);

	for (;;) {
		if (unlikely(g->group_exit || (g->exec_task && g->exec_task != t))) {
			int code = g->exit_code;
			if (t->pt.tracer) { /* it may stop once more: PTRACE_EVENT_EXIT */
				t->pending.set &= ~SIGMASK(SIGKILL);
				thread_clear_flag(&t->thread, TF_KILLED);
			}
			sighand_unlock(s, f);
			task_exit(code);
		}
		if (unlikely(g->cld_pending)) {
			int why = g->cld_pending;
			g->cld_pending = 0;
			sighand_unlock(s, f);
			group_notify_stopped(g, why);
			s = sighand_lock_self(t, &f);
			continue;
		}
		if (unlikely(t->pt.tracer) && (t->stop_pending || t->pt.trap_stop || t->pt.trap_notify)) {
			ptrace_trap(t, &s, &f);
			continue;
		}
		if (unlikely(t->stop_pending)) {
			if (signal_stop_here(t, s, f, 0))
				s = sighand_lock_self(t, &f);
			continue;
		}
		int sig = signal_dequeue(t, t->blocked, info);
		if (!sig) {
			signal_recalc(t);
			sighand_unlock(s, f);
			return 0;
		}
		if (unlikely(t->pt.tracer) && sig != SIGKILL) {
			sig = ptrace_signal(t, &s, &f, sig, info);
			if (!sig)
				continue;
		}
		enum verdict v = signal_decide(t, s, &f, sig, info, sa);
		if (v == RUN_HANDLER) { /* TF_SIGPENDING is looked at when the handler's mask is set */
			sighand_unlock(s, f);
			return sig;
		}
		if (v == SLEPT)
			s = sighand_lock_self(t, &f);
	}
}

/* The handler's frame could not be written: the program has lost its stack. */
static void signal_frame_failed(struct task *t, int sig)
{
	if (sig == SIGSEGV) {
		irqflags_t f;
		struct sighand *s = sighand_lock_self(t, &f);
		s->action[SIGSEGV].handler = SIG_DFL;
		sighand_unlock(s, f);
	}
	signal_force(SIGSEGV);
}

static void syscall_before_handler(struct trapframe *tf, const struct sigaction_k *sa)
{
	switch (tf_result(tf)) {
	case -ERESTARTSYS:
		if (!(sa->flags & SA_RESTART)) {
			tf_set_result(tf, -EINTR);
			break;
		}
		/* fall through */
	case -ERESTARTNOINTR:
		tf_restart_syscall(tf, tf_syscall_nr(tf));
		break;
	case -ERESTARTNOHAND:
	case -ERESTART_RESTARTBLOCK:
		tf_set_result(tf, -EINTR);
		break;
	}
}

static void signal_run_handler(struct task *t, struct trapframe *tf, int sig, struct siginfo *info,
                               const struct sigaction_k *sa)
{
	bool restore = thread_flag(&t->thread, TF_RESTORE_MASK);
	sigset_k old = restore ? t->saved_mask : t->blocked;

	bool stepping = t->pt.stepping;

	TRACE2(signal_deliver, t->pid, sig);
	if (unlikely(stepping)) {
		arch_single_step(&t->thread, false);
		t->pt.stepping = false;
	}
	if (tf_in_syscall(tf))
		syscall_before_handler(tf, sa);
	if (t->rseq && unlikely(rseq_update(t, tf)))
		signal_frame_failed(t, sig); /* it finds the handler's frame made all the same */
	if (arch_signal_setup(tf, sa, info, old, &t->altstack)) {
		signal_frame_failed(t, sig);
		return;
	}
	tf_clear_syscall(tf);
	if (restore)
		thread_clear_flag(&t->thread, TF_RESTORE_MASK);
	if ((u32)t->altstack.ss_flags & SS_AUTODISARM)
		t->altstack = (struct sigaltstack_k){ .ss_flags = SS_DISABLE };
	signal_set_mask(t->blocked | sa->mask | (sa->flags & SA_NODEFER ? 0 : SIGMASK(sig)));
	if (unlikely(stepping))
		ptrace_notify(SIGTRAP, 0); /* the tracer sees the handler's first instruction */
}

static void syscall_without_handler(struct task *t, struct trapframe *tf)
{
	switch (tf_result(tf)) {
	case -ERESTARTSYS:
	case -ERESTARTNOINTR:
	case -ERESTARTNOHAND:
		tf_restart_syscall(tf, tf_syscall_nr(tf));
		break;
	case -ERESTART_RESTARTBLOCK:
		t->restart.layout = t->call_layout;
		tf_restart_syscall(tf, t->call_layout ? NR_I386_RESTART_SYSCALL : NR_RESTART_SYSCALL);
		break;
	default:
		return;
	}
	tf_clear_syscall(tf); /* at most once */
}

static void signal_deliver(struct task *t, struct trapframe *tf)
{
	struct siginfo info;
	struct sigaction_k sa;
	int sig = signal_take(t, &info, &sa);

	if (sig) {
		signal_run_handler(t, tf, sig, &info, &sa);
		return;
	}
	if (tf_in_syscall(tf))
		syscall_without_handler(t, tf);
	if (thread_flag(&t->thread, TF_RESTORE_MASK)) {
		thread_clear_flag(&t->thread, TF_RESTORE_MASK);
		signal_set_mask(t->saved_mask);
	}
}

void task_exit_to_user(struct trapframe *tf)
{
	struct task *t = current_task();
	u32 work;

	while ((work = atomic_load(&t->thread.flags) & TF_EXIT_WORK) != 0) {
		if (work & TF_NEED_RESCHED)
			sched_resched();
		if (work & (TF_SIGPENDING | TF_KILLED | TF_RESTORE_MASK))
			signal_deliver(t, tf);
		if (work & TF_NOTIFY) {
			thread_clear_flag(&t->thread, TF_NOTIFY);
			if (t->rseq && unlikely(rseq_update(t, tf)))
				signal_force(SIGSEGV);
		}
	}
}

long signal_return(struct trapframe *tf)
{
	struct task *t = current_task();
	struct sigaltstack_k alt;
	sigset_k mask = t->blocked;

	if (arch_signal_return(tf, &mask, &alt)) {
		signal_set_mask(mask); /* what of the frame could be read holds */
		signal_force(SIGSEGV);
		return 0;
	}
	tf_clear_syscall(tf);
	signal_set_mask(mask);
	t->restart.fn = NULL;
	/* An alternate stack from a hostile frame is refused silently, as Linux does. */
	if (alt.ss_sp != t->altstack.ss_sp || alt.ss_size != t->altstack.ss_size ||
	    alt.ss_flags != t->altstack.ss_flags)
		(void)signal_altstack(&alt, NULL, tf_sp(tf));
	return tf_result(tf);
}
