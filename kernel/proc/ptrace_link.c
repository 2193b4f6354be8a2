/* SPDX-License-Identifier: MIT
 * proc/ptrace_link.c - ptrace: who traces whom, who may, and what happens when the tracer is gone
 *
 * Owns:      pt.tracer, pt.tracees, pt.link, pt.options, pt.seized.
 * Layer:     proc.
 * Locks:     proc_lock, and sighand->lock of the tracee inside: holding either is enough to read pt.tracer.
 * Contexts:  process context; only ptrace_attach sleeps.
 * Manual:    ptrace(2): "Attaching and detaching", "Ptrace access mode checking"; proc(5): TracerPid.
 * Tests:     tests/abi/ptrace.c.
 *
 * Theory
 * ------
 * The tracer is one thread; the tracees hang on its list.  A dead tracee is the tracer's to wait for first, even a
 * thread that is no leader, which nobody else ever waits for; the parent learns of the death when the tracer has.
 */
#include <proc/internal.h>
#include <proc/ptrace.h>
#include <proc/signal.h>

/* Access. */

static bool ids_match(const struct cred *me, const struct cred *c, bool real)
{
	uid_t uid = real ? me->uid : me->fsuid;
	gid_t gid = real ? me->gid : me->fsgid;

	return uid == c->euid && uid == c->suid && uid == c->uid && gid == c->egid && gid == c->sgid &&
	       gid == c->gid;
}

bool ptrace_may_access(struct task *t, bool real)
{
	const struct cred *me = current_task()->cred;

	if (t->group == current_task()->group || cred_capable(me, CAP_SYS_PTRACE))
		return true;
	const struct cred *c = task_cred_get(t);
	bool ok = ids_match(me, c, real) &&
	          !(c->cap_permitted & ~(real ? me->cap_permitted : me->cap_effective));
	cred_put(c);
	struct vm_space *mm = ok ? task_mm_get(t) : NULL;
	if (mm) {
		ok = atomic_load(&mm->dumpable) == DUMP_YES;
		vm_space_put(mm);
	}
	return ok;
}

bool ptrace_tracer_capable(struct task *t)
{
	bool ok = true;

	if (likely(!atomic_load(&t->pt.tracer)))
		return true;
	irqflags_t f = spin_lock_irqsave(&proc_lock);
	if (t->pt.tracer)
		ok = cred_capable(rcu_dereference(t->pt.tracer->cred), CAP_SYS_PTRACE);
	spin_unlock_irqrestore(&proc_lock, f);
	return ok;
}

pid_t ptrace_tracer_pid(struct task *t)
{
	irqflags_t f = spin_lock_irqsave(&proc_lock);
	pid_t pid = t->pt.tracer ? t->pt.tracer->pid : 0;

	spin_unlock_irqrestore(&proc_lock, f);
	return pid;
}

/* The relation. */

static void link_locked(struct task *t, struct task *tracer, u32 options, bool seized) MUST_HOLD(&proc_lock)
{
	assert(!t->pt.tracer);
	t->pt.options = options;
	t->pt.seized = seized;
	atomic_store(&t->pt.tracer, tracer);
	list_add_tail(&t->pt.link, &tracer->pt.tracees);
}

/* sighand->lock held too. */
static void unlink_locked(struct task *t) MUST_HOLD(&proc_lock)
{
	struct thread_group *g = t->group;
	struct ptrace_state *p = &t->pt;

	list_del(&p->link);
	list_init(&p->link);
	atomic_store(&p->tracer, (struct task *)NULL);
	p->options = 0;
	p->seized = p->trap_stop = p->trap_notify = p->trapping = p->held = false;
	p->stepping = p->emulated = false;
	thread_clear_flag(&t->thread, TF_SYSCALL_PTRACE | TF_SYSCALL_STEP);
	if (t->exiting)
		return;
	if (g->group_stop && !t->stop_pending) { /* it may have run while its group was stopped: no longer */
		t->stop_pending = true;
		g->stop_count++;
		signal_wake(t, false);
	}
}

void ptrace_unlink(struct task *t)
{
	struct sighand *s = t->sighand;

	if (likely(!t->pt.tracer))
		return;
	spin_lock(&s->lock);
	unlink_locked(t);
	thread_wake_state(&t->thread, BIT(THREAD_TRACED));
	spin_unlock(&s->lock);
}

void ptrace_inherit(struct task *child, struct task *parent)
{
	struct sighand *s = child->sighand;

	if (!parent->pt.tracer)
		return;
	spin_lock(&s->lock);
	link_locked(child, parent->pt.tracer, parent->pt.options, parent->pt.seized);
	if (child->pt.seized)
		child->pt.trap_stop = true;
	else
		child->pending.set |= SIGMASK(SIGSTOP);
	thread_set_flag(&child->thread, TF_SIGPENDING);
	spin_unlock(&s->lock);
}

/* The thread that made this process, or its process's leader. */
static struct task *parent_task(const struct thread_group *g) MUST_HOLD(&proc_lock)
{
	struct pid *p = pid_find_rcu(g->parent_tid);
	struct task *t = p ? p->task : NULL;

	if (!g->parent)
		return NULL;
	return t && t->group == g->parent ? t : g->parent->leader;
}

int ptrace_traceme(void)
{
	struct task *t = current_task();
	int err = -EPERM;

	irqflags_t f = spin_lock_irqsave(&proc_lock);
	struct sighand *s = t->sighand;
	struct task *tracer = parent_task(t->group);
	spin_lock(&s->lock);
	if (!t->pt.tracer) {
		err = 0;
		if (tracer && !tracer->exiting)
			link_locked(t, tracer, 0, false);
	}
	spin_unlock(&s->lock);
	spin_unlock_irqrestore(&proc_lock, f);
	return err;
}

int ptrace_check_options(unsigned long options)
{
	if (options & ~(unsigned long)PTRACE_O_MASK)
		return -EINVAL;
	return options & PTRACE_O_SUSPEND_SECCOMP ? -EPERM : 0;
}

static int attach_locked(struct task *t, bool seize, u32 options) MUST_HOLD(&proc_lock)
{
	struct sighand *s = t->sighand;

	if (t->pt.tracer || t->exiting == TASK_DEAD)
		return -EPERM;
	spin_lock(&s->lock);
	link_locked(t, current_task(), options, seize);
	if (!seize)
		signal_send_locked(s, t, false, SIGSTOP, SIGINFO_KERNEL);
	if (atomic_load(&t->thread.state) == THREAD_STOPPED) {
		t->pt.trap_stop = t->pt.trapping = true;
		thread_set_flag(&t->thread, TF_SIGPENDING);
		thread_wake_state(&t->thread, BIT(THREAD_STOPPED));
	}
	spin_unlock(&s->lock);
	return 0;
}

int ptrace_attach(struct task *t, bool seize, unsigned long addr, unsigned long options)
{
	if (seize) {
		if (addr || (options & ~(unsigned long)PTRACE_O_MASK))
			return -EIO;
		int err = ptrace_check_options(options);
		if (err)
			return err;
	}
	if (t->group == current_task()->group || !ptrace_may_access(t, true))
		return -EPERM;
	irqflags_t f = spin_lock_irqsave(&proc_lock);
	int err = attach_locked(t, seize, seize ? (u32)options : 0);
	spin_unlock_irqrestore(&proc_lock, f);
	if (!err) /* who attaches to a stopped task may work on it at once */
		(void)wait_event_killable(&current_task()->group->wait_child, !atomic_load(&t->pt.trapping));
	return err;
}

/* Ends. */

void ptrace_tell_exit(struct task *t)
{
	struct thread_group *g = t->group, *to = t->pt.tracer->group;
	struct sighand *s = to->leader->sighand;
	bool parents = t == g->leader && to == g->parent;
	int status = g->group_exit ? g->exit_code : t->exit_code, sig = parents ? g->exit_signal : SIGCHLD;
	struct siginfo info = { .si_signo = sig };

	info.pid = t->pid;
	info.uid = t->cred->uid;
	info.si_code = status & 0x80 ? CLD_DUMPED : status & 0x7f ? CLD_KILLED : CLD_EXITED;
	info.chld.status = status & 0x7f ? status & 0x7f : status >> 8 & 0xff;
	spin_lock(&s->lock);
	if (sig > 0 && sig < NSIG)
		signal_send_locked(s, to->leader, true, sig, &info);
	spin_unlock(&s->lock);
	waitq_wake_all(&to->wait_child);
}

/* t was dead when its tracer went: does anybody else want it? */
static void leave_dead(struct task *t, struct list_head *groups, struct list_head *threads)
        MUST_HOLD(&proc_lock)
{
	struct thread_group *g = t->group;

	if (t != g->leader) {
		task_unlink_thread(t);
		list_add_tail(&t->pt.link, threads);
		if (g->exec_task)
			thread_wake(&g->exec_task->thread);
	}
	if (g->nr_threads == 1 && g->leader->exiting == TASK_DEAD && group_notify_exit(g)) {
		process_unlink(g);
		list_add_tail(&g->all, groups);
	}
}

void ptrace_exit_tracees(struct task *tracer, struct list_head *groups, struct list_head *threads)
{
	struct task *t;

	while (!list_empty(&tracer->pt.tracees)) {
		t = list_first_entry(&tracer->pt.tracees, struct task, pt.link);
		if (t->pt.options & PTRACE_O_EXITKILL) {
			struct sighand *s = t->sighand;
			spin_lock(&s->lock);
			signal_send_locked(s, t, false, SIGKILL, SIGINFO_KERNEL);
			spin_unlock(&s->lock);
		}
		ptrace_unlink(t);
		if (t->exiting == TASK_DEAD)
			leave_dead(t, groups, threads);
	}
}
