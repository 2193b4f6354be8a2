/* SPDX-License-Identifier: MIT
 * proc/exit.c - the end of threads and processes
 *
 * Owns:      the order of letting go; the zombie.
 * Layer:     proc.
 * Locks:     sighand->lock to decide who is last; proc_lock to leave the tree and tell the parent.
 * Contexts:  process context of the dying task; sleeps until the last step.
 * Manual:    _exit(2), exit_group(2), wait(2), set_tid_address(2), prctl(2): PR_SET_PDEATHSIG.
 * Tests:     tests/abi/fork.c, tests/abi/wait2.c.
 *
 * Theory
 * ------
 * A thread gives back, in this order: its memory (a parent in vfork wakes), files, file-system context; then
 * it leaves the tree.  A thread that is no leader disappears there at once.  A leader stays as a zombie,
 * since its number is the number of the process, until all other threads are gone and someone has waited for
 * it:
 *
 *     leader exits first:   leader TASK_DEAD ... last thread leaves -> group->zombie, parent told
 *     leader exits last:    leader TASK_DEAD  ----------------------> group->zombie, parent told
 *
 * A parent that ignores SIGCHLD, or set SA_NOCLDWAIT, does not want zombies: then the last thread reaps the
 * process.
 *
 * A traced task is a zombie for its tracer first, also when it is no leader: it stays in the tables until the
 * tracer has waited for it, and only then the parent is told.
 */
#include <proc/coredump.h>
#include <proc/process.h>
#include <proc/internal.h>
#include <proc/ptrace.h>
#include <proc/signal.h>
#include <base/iov.h>
#include <base/panic.h>
#include <base/trace.h>

void (*session_leader_exit)(struct thread_group *g);
void (*futex_wake_hook)(u32 __user *addr);
void (*futex_release_hook)(struct task *t);

/* From here on the thread takes no signals.  True if it is the last one of its process. */
static bool exit_begin(struct task *t, int code)
{
	struct thread_group *g = t->group;
	irqflags_t f;
	struct sighand *s = sighand_lock_self(t, &f);

	coredump_wait(t, &s, &f);
	assert(!t->exiting);
	t->exit_code = code;
	t->exiting = TASK_EXITING;
	bool last = --g->nr_live == 0;
	if (last && !g->group_exit) { /* what the last thread says is the status of the process */
		g->group_exit = true;
		g->exit_code = code;
	}
	bool stopped = signal_stop_leave(t);
	if (!last)
		signal_retarget(t, ~t->blocked);
	sighand_unlock(s, f);
	if (stopped && !last)
		group_notify_stopped(g, CLD_STOPPED);
	return last;
}

void task_clear_tid(struct task *t)
{
	u32 __user *addr = (u32 __user *)t->clear_child_tid;

	if (futex_release_hook)
		futex_release_hook(t);
	t->clear_child_tid = NULL;
	if (!addr || ref_read(&t->mm->users) < 2)
		return;
	int bad = put_user(0u, addr);
	if (!bad && futex_wake_hook)
		futex_wake_hook(addr);
}

static void exit_mm(struct task *t)
{
	struct vm_space *mm = t->mm;
	struct thread_group *g = t->group;

	if (!mm)
		return;
	task_clear_tid(t);
	s64 rss = atomic_load(&mm->rss_anon) + atomic_load(&mm->rss_file) + atomic_load(&mm->rss_shmem);
	g->maxrss_pages = MAX(g->maxrss_pages, MAX((u64)MAX(rss, (s64)0), atomic_load(&mm->hiwater_rss)));
	task_switch_mm(t, NULL);
	vfork_complete(t);
	vm_space_put(mm);
}

static void exit_files(struct task *t)
{
	irqflags_t f = spin_lock_irqsave(&t->lock);
	struct fd_table *files = t->files;
	struct fs_ctx *fs = t->fs;

	t->files = NULL;
	t->fs = NULL;
	spin_unlock_irqrestore(&t->lock, f);
	fd_table_put(files);
	fs_ctx_put(fs);
}

int group_wait_status(const struct thread_group *g)
{
	return g->group_exit ? g->exit_code : g->leader->exit_code;
}

/* The SIGCHLD of an exit. */
static void exit_siginfo(struct thread_group *g, struct siginfo *info)
{
	int status = group_wait_status(g);
	struct sighand *s = g->leader->sighand;
	struct usage_sum use;

	spin_lock(&s->lock);
	usage_of_group(g, &use);
	spin_unlock(&s->lock);
	*info = (struct siginfo){ .si_signo = g->exit_signal };
	info->pid = g->tgid;
	info->uid = g->leader->cred->uid;
	info->chld.utime = (s64)(use.utime / (NSEC_PER_SEC / 100));
	info->chld.stime = (s64)(use.stime / (NSEC_PER_SEC / 100));
	info->si_code = status & 0x80 ? CLD_DUMPED : status & 0x7f ? CLD_KILLED : CLD_EXITED;
	info->chld.status = status & 0x7f ? status & 0x7f : status >> 8 & 0xff;
}

bool group_notify_exit(struct thread_group *g)
{
	struct thread_group *parent = g->parent;
	int sig = g->exit_signal;
	bool reap = false;
	struct siginfo info;

	g->zombie = true;
	waitq_wake_all(&g->leader->pid_node->exited);
	if (unlikely(g->leader->pt.tracer)) {
		ptrace_tell_exit(g->leader);
		return false;
	}
	if (!parent)
		return false;
	if (unlikely(g->helper))
		return true;
	exit_siginfo(g, &info);

	struct sighand *s = parent->leader->sighand;
	spin_lock(&s->lock);
	const struct sigaction_k *sa = &s->action[SIGCHLD];
	if (sig == SIGCHLD && (sa->handler == SIG_IGN || (sa->flags & SA_NOCLDWAIT))) {
		reap = true;
		if (sa->handler == SIG_IGN)
			sig = 0;
	}
	if (sig > 0 && sig < NSIG)
		signal_send_locked(s, parent->leader, true, sig, &info);
	spin_unlock(&s->lock);
	waitq_wake_all(&parent->wait_child);
	return reap;
}

/* A thread of several is going: its children belong to another one from now on. */
static void exit_hand_over(struct task *t) MUST_HOLD(&proc_lock)
{
	struct thread_group *g = t->group, *child;

	list_for_each_entry (child, &g->children, sibling) {
		if (child->parent_tid != t->pid)
			continue;
		child->parent_tid = g->tgid;
		if (child->leader->pdeath_signal)
			signal_send_process(child, child->leader->pdeath_signal, NULL);
	}
}

/* Leaves the tree.  Processes that nobody will wait for, this one perhaps, are moved to `reap`, threads to
 * `threads`. */
static void exit_leave(struct task *t, bool last, struct list_head *reap, struct list_head *threads)
        MUST_HOLD(&proc_lock)
{
	struct thread_group *g = t->group;

	if (unlikely(!list_empty(&t->pt.tracees)))
		ptrace_exit_tracees(t, reap, threads);
	if (last) {
		reparent_children(g, reap);
		pgrp_check_orphaned(g, NULL);
	} else if (unlikely(!list_empty(&g->children))) {
		exit_hand_over(t);
	}
	atomic_store_release(&t->exiting, TASK_DEAD);
	if (t != g->leader) {
		if (unlikely(t->pt.tracer)) {
			ptrace_tell_exit(t);
		} else {
			task_unlink_thread(t);
			list_add_tail(&t->pt.link, threads);
		}
	}
	if (g->exec_task)
		thread_wake(&g->exec_task->thread);
	if (g->nr_threads == 1 && g->leader->exiting == TASK_DEAD && group_notify_exit(g)) {
		process_unlink(g);
		list_add_tail(&g->all, reap);
	}
}

void thread_free(struct task *t)
{
	pid_put(t->pid_node);
	user_put(t->user);
	task_put(t);
}

static void exit_notify(struct task *t, bool last)
{
	LIST_HEAD(reap);
	LIST_HEAD(threads);

	irqflags_t f = spin_lock_irqsave(&proc_lock);
	exit_leave(t, last, &reap, &threads);
	spin_unlock_irqrestore(&proc_lock, f);

	while (!list_empty(&threads)) {
		struct task *gone = list_first_entry(&threads, struct task, pt.link);
		list_del(&gone->pt.link);
		thread_free(gone);
	}
	while (!list_empty(&reap)) {
		struct thread_group *g = list_first_entry(&reap, struct thread_group, all);
		list_del(&g->all);
		process_free(g->leader);
	}
}

NORETURN void task_exit(int code)
{
	struct task *t = current_task();
	struct thread_group *g = t->group;

	TRACE2(sched_exit, t->pid, code);
	if (unlikely(atomic_load(&g->core))) {
		irqflags_t f;
		struct sighand *s = sighand_lock_self(t, &f);
		coredump_wait(t, &s, &f); /* before the tracer hears of the end */
		sighand_unlock(s, f);
	}
	ptrace_event(PTRACE_EVENT_EXIT, (u64)code);
	bool last = exit_begin(t, code);
	if (last) {
		if (g == init_group)
			panic("Attempted to kill init! exitcode=0x%08x", g->group_exit ? g->exit_code : code);
		itimer_exit(g);
		posix_timers_delete_all(g);
	}
	exit_mm(t);
	exit_files(t);
	if (last && g->leader_of_session && session_leader_exit)
		session_leader_exit(g);
	exit_notify(t, last);
	sched_exit();
}

NORETURN void process_exit(int code)
{
	struct task *t = current_task();
	struct thread_group *g = t->group;
	irqflags_t f;
	struct sighand *s = sighand_lock_self(t, &f);

	if (g->group_exit) {
		code = g->exit_code;
	} else if (!g->exec_task || g->exec_task == t) {
		g->group_exit = true;
		g->exit_code = code;
		group_kill_others(g, t);
	} else {
		code = 0; /* another thread executes a program; we are in its way */
	}
	sighand_unlock(s, f);
	task_exit(code);
}
