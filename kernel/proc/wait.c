/* SPDX-License-Identifier: MIT
 * proc/wait.c - waiting for children
 *
 * Owns:      the reports of exit, stop and continuation; reaping.
 * Layer:     proc.
 * Locks:     proc_lock for the scan; the child's sighand->lock for its stop state.
 * Contexts:  process context; sleeps.
 * Manual:    wait(2), wait4(2), POSIX.1-2017 waitid().
 * Tests:     tests/abi/wait2.c.
 *
 * Theory
 * ------
 * The waiter queues itself on its group's wait_child first and scans then, so a child that changes between
 * the scan and the sleep wakes it.  One scan finds the first child that has something to tell.  A zombie is
 * taken out of the tree within the same hold of proc_lock, so two threads of the parent cannot both get it.
 */
#include <proc/process.h>
#include <proc/internal.h>
#include <proc/ptrace.h>
#include <lib/string.h>

#define WAIT_OPTIONS (WNOHANG | WEXITED | WSTOPPED | WCONTINUED | WNOWAIT | __WNOTHREAD | __WALL | __WCLONE)

struct wait_scan {
	struct wait_args *a;
	struct pid *pgrp;           /* P_PGID, referenced */
	bool any;                   /* there is a child that may report some day */
	struct task *reaped;        /* to be freed after the lock */
	struct task *reaped_thread; /* a tracee that was no leader, likewise */
};

static bool wait_matches(const struct wait_scan *w, const struct thread_group *child)
{
	const struct wait_args *a = w->a;

	if (a->which == P_PID && child->tgid != a->id)
		return false;
	if (a->which == P_PGID && child->pgrp != w->pgrp)
		return false;
	if ((a->options & (int)__WNOTHREAD) && child->parent_tid != current_task()->pid)
		return false;
	/* A "clone" child is one that tells its end by another signal than SIGCHLD. */
	return (a->options & __WALL) || (child->exit_signal != SIGCHLD) == !!((u32)a->options & __WCLONE);
}

static void wait_fill(struct wait_args *a, struct thread_group *child, int code, int status)
{
	struct usage_sum own, below;
	struct sighand *s = child->leader->sighand;

	spin_lock(&s->lock);
	usage_of_group(child, &own);
	spin_unlock(&s->lock);
	usage_children(child, &below);
	own.utime += below.utime;
	own.stime += below.stime;
	own.min_flt += below.min_flt;
	own.maj_flt += below.maj_flt;
	own.nvcsw += below.nvcsw;
	own.nivcsw += below.nivcsw;
	own.maxrss = MAX(own.maxrss, below.maxrss);
	usage_store(&own, &a->usage);
	a->info.si_signo = SIGCHLD;
	a->info.si_code = code;
	a->info.pid = child->tgid;
	a->info.uid = child->leader->cred->uid;
	a->info.chld.status = status;
}

static pid_t wait_zombie(struct wait_scan *w, struct thread_group *child) MUST_HOLD(&proc_lock)
{
	struct wait_args *a = w->a;
	int status = group_wait_status(child), sig = status & 0x7f;

	wait_fill(a, child,
	          status & 0x80 ? CLD_DUMPED
	          : sig         ? CLD_KILLED
	                        : CLD_EXITED,
	          sig ? sig : status >> 8 & 0xff);
	a->status = status;
	if (!(a->options & WNOWAIT)) {
		usage_add_child(child->parent, child);
		process_unlink(child);
		w->reaped = child->leader;
	}
	return child->tgid;
}

/* Stopped or continued children; 0 = nothing to report. */
static pid_t wait_stopped(struct wait_scan *w, struct thread_group *child) MUST_HOLD(&proc_lock)
{
	struct wait_args *a = w->a;
	struct sighand *s = child->leader->sighand;
	int code = 0, sig = 0;

	if (!(atomic_load(&child->wait_flags) & (GROUP_STOP_REPORT | GROUP_CONT_REPORT)))
		return 0;
	spin_lock(&s->lock);
	if ((a->options & WSTOPPED) && (child->wait_flags & GROUP_STOP_REPORT)) {
		code = CLD_STOPPED;
		sig = child->stop_sig;
		a->status = sig << 8 | 0x7f;
		if (!(a->options & WNOWAIT))
			child->wait_flags &= ~GROUP_STOP_REPORT;
	} else if ((a->options & WCONTINUED) && (child->wait_flags & GROUP_CONT_REPORT)) {
		code = CLD_CONTINUED;
		sig = SIGCONT;
		a->status = 0xffff;
		if (!(a->options & WNOWAIT))
			child->wait_flags &= ~GROUP_CONT_REPORT;
	}
	spin_unlock(&s->lock);
	if (!code)
		return 0;
	wait_fill(a, child, code, sig);
	return child->tgid;
}

/* ---- tracees ---- */

static pid_t wait_traced_dead(struct wait_scan *w, struct task *t) MUST_HOLD(&proc_lock)
{
	struct thread_group *g = t->group;
	struct wait_args *a = w->a;
	int status = g->group_exit ? g->exit_code : t->exit_code, sig = status & 0x7f;
	pid_t pid = t->pid;

	if (t == g->leader && t->pt.tracer->group == g->parent)
		return wait_zombie(w, g);
	wait_fill(a, g,
	          status & 0x80 ? CLD_DUMPED
	          : sig         ? CLD_KILLED
	                        : CLD_EXITED,
	          sig ? sig : status >> 8 & 0xff);
	a->info.pid = pid;
	a->status = status;
	if (a->options & WNOWAIT)
		return pid;
	if (t == g->leader) { /* now it is a zombie for its parent */
		ptrace_unlink(t);
	} else {
		task_unlink_thread(t);
		w->reaped_thread = t;
		if (g->exec_task)
			thread_wake(&g->exec_task->thread);
	}
	if (g->nr_threads == 1 && g->leader->exiting == TASK_DEAD && group_notify_exit(g)) {
		process_unlink(g);
		w->reaped = g->leader;
	}
	return pid;
}

static pid_t wait_traced_stopped(struct wait_scan *w, struct task *t) MUST_HOLD(&proc_lock)
{
	struct wait_args *a = w->a;
	struct sighand *s = t->sighand;
	int code = 0;

	spin_lock(&s->lock);
	if (atomic_load(&t->thread.state) == THREAD_TRACED && !t->pt.listening) {
		code = t->pt.code;
		if (!(a->options & WNOWAIT))
			t->pt.code = 0;
	}
	spin_unlock(&s->lock);
	if (!code)
		return 0;
	wait_fill(a, t->group, CLD_TRAPPED, code);
	a->info.pid = t->pid;
	a->status = code << 8 | 0x7f;
	return t->pid;
}

/* One tracee: its pid when it has something to tell, else 0. */
static pid_t wait_tracee(struct wait_scan *w, struct task *t) MUST_HOLD(&proc_lock)
{
	const struct wait_args *a = w->a;
	const struct thread_group *g = t->group;

	if ((a->which == P_PID && t->pid != a->id) || (a->which == P_PGID && g->pgrp != w->pgrp))
		return 0;
	if (t->exiting == TASK_DEAD) {
		bool delayed = t == g->leader && g->nr_threads > 1;
		if (!(a->options & (WEXITED | WCONTINUED)))
			return 0;
		w->any = true;
		return !delayed && (a->options & WEXITED) ? wait_traced_dead(w, t) : 0;
	}
	w->any = true;
	pid_t found = wait_traced_stopped(w, t);
	if (!found && (a->options & WCONTINUED) && t == g->leader) {
		int options = a->options;
		w->a->options &= ~WSTOPPED;
		found = wait_stopped(w, t->group);
		w->a->options = options;
	}
	return found;
}

/* What the threads of this process trace. */
static pid_t wait_scan_tracees(struct wait_scan *w) MUST_HOLD(&proc_lock)
{
	struct task *self = current_task(), *tracer, *t;
	pid_t found;

	list_for_each_entry (tracer, &self->group->threads, group_link) {
		if (((u32)w->a->options & __WNOTHREAD) && tracer != self)
			continue;
		list_for_each_entry (t, &tracer->pt.tracees, pt.link) {
			found = wait_tracee(w, t);
			if (found)
				return found;
		}
	}
	return 0;
}

static pid_t wait_scan_children(struct wait_scan *w)
{
	struct thread_group *self = current_task()->group, *child;
	pid_t found = 0;

	w->any = false;
	irqflags_t f = spin_lock_irqsave(&proc_lock);
	list_for_each_entry (child, &self->children, sibling) {
		if (!wait_matches(w, child))
			continue;
		if (child->zombie && !(w->a->options & WEXITED))
			continue; /* it has nothing more to tell this caller */
		w->any = true;
		const struct task *tracer = child->leader->pt.tracer;
		if (unlikely(tracer)) {
			/* Our own tracee comes below; another's zombie is ours when he has seen it. */
			if (child->zombie || tracer->group == self)
				continue;
		}
		found = child->zombie ? wait_zombie(w, child) : wait_stopped(w, child);
		if (found)
			break;
	}
	if (!found)
		found = wait_scan_tracees(w);
	spin_unlock_irqrestore(&proc_lock, f);
	if (unlikely(w->reaped_thread))
		thread_free(w->reaped_thread);
	if (w->reaped)
		process_free(w->reaped);
	return found;
}

/* P_PGID 0 is the caller's own group. */
static struct pid *wait_pgrp(pid_t id)
{
	if (id)
		return pid_find_get(id);
	irqflags_t f = spin_lock_irqsave(&proc_lock);
	struct pid *p = pid_get(current_task()->group->pgrp);
	spin_unlock_irqrestore(&proc_lock, f);
	return p;
}

static long wait_loop(struct wait_scan *w)
{
	struct waitq *q = &current_task()->group->wait_child;
	struct waiter me = { .link = LIST_HEAD_INIT(me.link) };
	long result;

	for (;;) {
		waitq_prepare(q, &me, THREAD_INTERRUPTIBLE);
		result = wait_scan_children(w);
		if (result)
			break;
		result = !w->any                   ? -ECHILD
		         : w->a->options & WNOHANG ? 0
		         : thread_signal_pending() ? -ERESTARTSYS
		                                   : 1;
		if (result <= 0)
			break;
		sched_schedule();
	}
	waitq_finish(q, &me);
	return result;
}

long process_wait(struct wait_args *a)
{
	struct wait_scan w = { .a = a };

	if (((u32)a->options & ~(u32)WAIT_OPTIONS) || !(a->options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	if (a->which != P_ALL && a->which != P_PID && a->which != P_PGID)
		return -EINVAL;
	if ((a->which == P_PID && a->id <= 0) || (a->which == P_PGID && a->id < 0))
		return -EINVAL;
	memset(&a->info, 0, sizeof(a->info));
	a->status = 0;
	if (a->which == P_PGID) {
		w.pgrp = wait_pgrp(a->id);
		if (!w.pgrp)
			return -ECHILD;
	}
	long result = wait_scan_children(&w); /* the usual case: without queueing */
	if (!result)
		result = wait_loop(&w);
	if (w.pgrp)
		pid_put(w.pgrp);
	return result;
}
