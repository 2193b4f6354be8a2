/* SPDX-License-Identifier: MIT
 * proc/ptrace_control.c - ptrace, the tracer's side: holding and resuming a stopped tracee
 *
 * Owns:      pt.held, pt.listening, pt.stepping, pt.emulated.
 * Layer:     proc.  Called by sys_ptrace.c.
 * Locks:     sighand->lock of the tracee; proc_lock to detach.
 * Contexts:  process context of the tracer.
 * Manual:    ptrace(2).
 * Tests:     tests/abi/ptrace.c.
 *
 * Theory
 * ------
 * A request works on registers that lie on the tracee's kernel stack and copies to and from the tracer's memory,
 * which sleeps; so no lock can keep the tracee still.  The flag `held` does: while it is set only the tracer wakes
 * the tracee.  A SIGKILL that comes meanwhile is pending, and ptrace_release lets it act.
 *
 *     THREAD_TRACED --hold--> held --release (killed? wake)--> THREAD_TRACED
 *                              \----resume, detach-----------> running
 */
#include <proc/internal.h>
#include <proc/ptrace.h>
#include <proc/signal.h>
#include <arch/cpu.h>
#include <arch/ptrace.h>

bool ptrace_is_mine(struct task *t)
{
	return atomic_load(&t->pt.tracer) == current_task();
}

int ptrace_hold(struct task *t)
{
	irqflags_t f;
	struct sighand *s = sighand_lock(t, &f);
	bool ok = t->pt.tracer == current_task() && atomic_load(&t->thread.state) == THREAD_TRACED &&
	          !t->pt.listening && !thread_flag(&t->thread, TF_KILLED);

	if (ok)
		t->pt.held = true;
	sighand_unlock(s, f);
	if (!ok)
		return -ESRCH;
	/* It says that it stops before it does; its registers are in memory when it has left its CPU. */
	while (atomic_load_acquire(&t->thread.on_cpu))
		arch_cpu_relax();
	return 0;
}

/* sighand->lock held. */
static void let_go(struct task *t)
{
	t->pt.held = false;
	if (thread_flag(&t->thread, TF_KILLED))
		thread_wake_state(&t->thread, BIT(THREAD_TRACED));
}

void ptrace_release(struct task *t)
{
	irqflags_t f;
	struct sighand *s = sighand_lock(t, &f);

	let_go(t);
	sighand_unlock(s, f);
}

static void set_syscall_flags(struct task *t, bool calls, bool step)
{
	if (calls)
		thread_set_flag(&t->thread, TF_SYSCALL_PTRACE);
	else
		thread_clear_flag(&t->thread, TF_SYSCALL_PTRACE);
	if (step)
		thread_set_flag(&t->thread, TF_SYSCALL_STEP);
	else
		thread_clear_flag(&t->thread, TF_SYSCALL_STEP);
}

int ptrace_resume(struct task *t, long request, unsigned long sig)
{
	bool step = request == PTRACE_SINGLESTEP || request == PTRACE_SYSEMU_STEP;
	bool emulated = request == PTRACE_SYSEMU || request == PTRACE_SYSEMU_STEP;
	irqflags_t f;

	if (sig >= NSIG)
		return -EIO;
	arch_single_step(&t->thread, step);
	set_syscall_flags(t, emulated || request == PTRACE_SYSCALL, step);
	struct sighand *s = sighand_lock(t, &f);
	t->pt.stepping = step;
	t->pt.emulated = emulated;
	t->pt.code = (int)sig;
	t->pt.held = false;
	/* The tracer's next step is to wait for the next stop. */
	thread_wake_state_sync(&t->thread, BIT(THREAD_TRACED));
	sighand_unlock(s, f);
	return 0;
}

int ptrace_detach(struct task *t, unsigned long sig)
{
	irqflags_t f;

	if (sig >= NSIG)
		return -EIO;
	arch_single_step(&t->thread, false);
	f = spin_lock_irqsave(&proc_lock);
	struct sighand *s = t->sighand;
	spin_lock(&s->lock);
	t->pt.code = (int)sig;
	t->pt.held = false;
	spin_unlock(&s->lock);
	ptrace_unlink(t);
	spin_unlock_irqrestore(&proc_lock, f);
	return 0;
}

int ptrace_interrupt(struct task *t)
{
	irqflags_t f;
	struct sighand *s = sighand_lock(t, &f);
	int err = -EIO;

	if (t->pt.seized) {
		err = 0;
		if (!t->exiting) {
			t->pt.trap_stop = true;
			signal_wake(t, false);
			if (t->pt.listening)
				thread_wake_state(&t->thread, BIT(THREAD_TRACED));
		}
	}
	sighand_unlock(s, f);
	return err;
}

int ptrace_listen(struct task *t)
{
	irqflags_t f;
	struct sighand *s = sighand_lock(t, &f);
	int err = -EIO;

	if (t->pt.seized && t->pt.info && t->pt.info->si_code >> 8 == PTRACE_EVENT_STOP) {
		t->pt.listening = true;
		if (t->pt.trap_notify) { /* something happened since it stopped: stop anew */
			t->pt.held = false;
			thread_wake_state(&t->thread, BIT(THREAD_TRACED));
		}
		err = 0;
	}
	sighand_unlock(s, f);
	return err;
}

int ptrace_get_siginfo(struct task *t, struct siginfo *info)
{
	irqflags_t f;
	struct sighand *s = sighand_lock(t, &f);
	int err = t->pt.info ? 0 : -EINVAL;

	if (!err)
		*info = *t->pt.info;
	sighand_unlock(s, f);
	return err;
}

int ptrace_set_siginfo(struct task *t, const struct siginfo *info)
{
	irqflags_t f;
	struct sighand *s = sighand_lock(t, &f);
	int err = t->pt.info ? 0 : -EINVAL;

	if (!err)
		*t->pt.info = *info;
	sighand_unlock(s, f);
	return err;
}

bool ptrace_peek_siginfo(struct task *t, bool shared, u64 n, struct siginfo *info)
{
	irqflags_t f;
	struct sighand *s = sighand_lock(t, &f);
	const struct sigpending *p = shared ? &t->group->shared : &t->pending;
	const struct sigqueue *q;
	bool found = false;

	list_for_each_entry (q, &p->queue, link) {
		if (n--)
			continue;
		*info = q->info;
		found = true;
		break;
	}
	sighand_unlock(s, f);
	return found;
}

void ptrace_set_sigmask(struct task *t, sigset_k mask)
{
	irqflags_t f;
	struct sighand *s = sighand_lock(t, &f);

	t->blocked = mask & ~SIGSET_KERNEL_ONLY;
	thread_clear_flag(&t->thread, TF_RESTORE_MASK);
	thread_set_flag(&t->thread, TF_SIGPENDING); /* what that means it finds out itself */
	sighand_unlock(s, f);
}
