/* SPDX-License-Identifier: MIT
 * proc/fork.c - new processes and threads
 *
 * Owns:      the order in which a task is put together.
 * Layer:     proc.
 * Locks:     none while copying; proc_lock and sighand->lock for the moment the child becomes visible.
 * Contexts:  process context; sleeps (copying the address space, vfork).
 * Manual:    clone(2), fork(2), vfork(2), getrlimit(2): RLIMIT_NPROC.
 * Tests:     tests/abi/fork.c, tests/abi/thread.c; failing allocations:
 * tests/stress/failalloc.c.
 *
 * Theory
 * ------
 * First everything that may fail is made: kernel stack, number, tables, the copy-on-write address space.
 * Nobody can see the child yet, so undoing is freeing in reverse order.  Then, under proc_lock, it is linked
 * into the tree, which cannot fail; last it is given to the scheduler.
 *
 * A signal that arrives at the group while it is copied must reach the child's copy of the group too (Ctrl-C
 * between fork and the linking), so with a signal pending at that moment the call starts anew.
 */
#include <proc/process.h>
#include <proc/internal.h>
#include <proc/pidfd.h>
#include <proc/ptrace.h>
#include <proc/rseq.h>
#include <proc/seccomp.h>
#include <proc/signal.h>
#include <arch/ptrace.h>
#include <base/iov.h>
#include <base/trace.h>
#include <abi/sched.h>
#include <lib/string.h>

#define CLONE_NEW_ANY                                                                                        \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |        \
	 CLONE_NEWNET)

static struct spinlock vfork_lock = SPINLOCK_INIT("vfork");

static int clone_check(const struct clone_args_k *a)
{
	const struct task *self = current_task();
	u64 f = a->flags;

	if ((f & CLONE_FS) && (f & (CLONE_NEWNS | CLONE_NEWUSER)))
		return -EINVAL;
	if ((f & CLONE_THREAD) && !(f & CLONE_SIGHAND))
		return -EINVAL;
	if ((f & CLONE_SIGHAND) && !(f & CLONE_VM))
		return -EINVAL;
	if ((f & CLONE_SIGHAND) && (f & CLONE_CLEAR_SIGHAND))
		return -EINVAL;
	if ((f & CLONE_PARENT) && self->group->unkillable)
		return -EINVAL;
	if ((f & CLONE_PIDFD) && (f & CLONE_THREAD))
		return -EINVAL;
	if (f & CLONE_INTO_CGROUP) /* there are none */
		return -EINVAL;
	if (f & CLONE_NEW_ANY) /* no namespaces: as a Linux built without them */
		return cred_capable(self->cred, CAP_SYS_ADMIN) || (f & CLONE_NEWUSER) ? -EINVAL : -EPERM;
	return 0;
}

static int clone_check_limits(const struct task *self)
{
	const struct cred *c = self->cred;

	if ((u64)atomic_load(&self->user->processes) >= task_rlimit(self, RLIMIT_NPROC) && c->uid != 0 &&
	    !cred_capable(c, CAP_SYS_RESOURCE) && !cred_capable(c, CAP_SYS_ADMIN))
		return -EAGAIN;
	if (tasks_count() >= atomic_load(&tasks_max))
		return -EAGAIN;
	return 0;
}

/* The CPU's and the plain fields; the scheduler's are sched_start()'s. */
static void clone_copy_thread(struct task *t, const struct task *self, const struct clone_args_k *a)
{
	struct thread *to = &t->thread;
	const struct thread *from = &self->thread;

	thread_set_flag(to, atomic_load(&from->flags) & TF_SYSCALL_WORK &
	                            ~(TF_SYSCALL_PTRACE | TF_SYSCALL_STEP | TF_SYSCALL_SECCOMP |
	                              TF_SYSCALL_DISPATCH));
	arch_thread_copy(to);
	arch_frame_fork(arch_user_frame(to), arch_user_frame(from), a->stack);
	rseq_fork(t, self, a->flags & CLONE_VM);
	arch_single_step(to, false); /* a tracer steps the parent only */

	memcpy(t->comm, self->comm, COMM_LEN);
	t->blocked = self->blocked;
	t->personality = self->personality;
	t->timer_slack_ns = t->timer_slack_usual_ns = self->timer_slack_ns;
	t->strace = self->strace;
	t->no_new_privs = self->no_new_privs;
	t->mce_kill = self->mce_kill;
	/* A new stack means that the old alternate one is not this task's (vfork keeps it: the parent waits).
	 */
	if ((a->flags & (CLONE_VM | CLONE_VFORK)) != CLONE_VM)
		t->altstack = self->altstack;
	if (a->flags & CLONE_CHILD_CLEARTID)
		t->clear_child_tid = (u64 __user *)a->child_tid;
}

static int clone_files(struct task *t, struct task *self, u64 flags)
{
	if (flags & CLONE_FILES) {
		ref_get(&self->files->ref);
		t->files = self->files;
	} else {
		t->files = fd_table_copy(self->files);
	}
	return t->files ? 0 : -ENOMEM;
}

static int clone_fs(struct task *t, struct task *self, u64 flags)
{
	if (flags & CLONE_FS) {
		ref_get(&self->fs->ref);
		t->fs = self->fs;
	} else {
		t->fs = fs_ctx_copy(self->fs);
	}
	return t->fs ? 0 : -ENOMEM;
}

static int clone_sighand(struct task *t, struct task *self, u64 flags)
{
	if (flags & CLONE_SIGHAND) {
		ref_get(&self->sighand->ref);
		t->sighand = self->sighand;
	} else {
		t->sighand = sighand_copy(flags & CLONE_CLEAR_SIGHAND ? NULL : self->sighand);
	}
	return t->sighand ? 0 : -ENOMEM;
}

static int clone_mm(struct task *t, struct task *self, u64 flags)
{
	if (flags & CLONE_VM) {
		vm_space_get(self->mm);
		t->mm = self->mm;
	} else {
		t->mm = vm_space_fork(self->mm);
	}
	return t->mm ? 0 : -ENOMEM;
}

static int clone_group(struct task *t, struct task *self, const struct clone_args_k *a)
{
	if (a->flags & CLONE_THREAD) {
		ref_get(&self->group->ref);
		t->group = self->group;
		return 0;
	}
	struct thread_group *g = group_alloc();
	if (!g)
		return -ENOMEM;
	g->rlim = self->group->rlim;
	g->oom_score_adj = self->group->oom_score_adj;
	g->exit_signal = a->flags & CLONE_PARENT ? self->group->exit_signal : a->exit_signal;
	t->group = g;
	return 0;
}

void clone_undo(struct task *t)
{
	if (t->pid_node)
		pid_put(t->pid_node);
	if (t->group)
		group_put(t->group);
	if (t->mm)
		vm_space_put(t->mm);
	if (t->sighand)
		sighand_put(t->sighand);
	if (t->fs)
		fs_ctx_put(t->fs);
	if (t->files)
		fd_table_put(t->files);
	if (t->user) {
		atomic_sub(&t->user->processes, 1);
		user_put(t->user);
	}
	if (t->cred)
		cred_put(t->cred);
	task_discard(t);
}

/* Everything that may fail; the result is not visible to anybody. */
static struct task *clone_build(const struct clone_args_k *a)
{
	struct task *self = current_task();
	struct task *t = task_alloc(NULL, NULL);
	int err;

	if (!t)
		return ERR_PTR(-ENOMEM);
	t->cred = cred_get(self->cred);
	t->user = user_ref(self->user);
	atomic_add(&t->user->processes, 1);
	if ((err = clone_files(t, self, a->flags)) || (err = clone_fs(t, self, a->flags)) ||
	    (err = clone_sighand(t, self, a->flags)) || (err = clone_group(t, self, a)) ||
	    (err = clone_mm(t, self, a->flags)))
		goto undo;
	clone_copy_thread(t, self, a);
	if (a->flags & CLONE_SETTLS) {
		err = arch_set_tls(&t->thread, a->tls);
		if (err)
			goto undo;
	}
	t->pid_node = a->set_tid ? pid_alloc_at(a->set_tid) : pid_alloc();
	if (IS_ERR(t->pid_node)) {
		err = (int)PTR_ERR(t->pid_node);
		t->pid_node = NULL;
		goto undo;
	}
	t->pid = t->thread.tid = t->pid_node->nr;
	return t;

undo:
	clone_undo(t);
	return ERR_PTR(err);
}

/* Makes t visible: 0 or -ERESTARTNOINTR (a signal came: handle it, then fork again). */
static int clone_link(struct task *t, const struct clone_args_k *a, int event)
{
	struct task *self = current_task();
	struct thread_group *mine = self->group;
	bool parents = a->flags & CLONE_PARENT;

	irqflags_t f = spin_lock_irqsave(&proc_lock);
	spin_lock(&self->sighand->lock);
	signal_recalc(self);
	if (mine->group_exit || (mine->exec_task && mine->exec_task != self))
		thread_set_flag(&self->thread, TF_SIGPENDING);
	bool pending = thread_signal_pending();
	if (!pending && (a->flags & CLONE_SIGHAND) && !(a->flags & CLONE_THREAD))
		t->sighand->processes++;
	if (!pending)
		seccomp_fork(t, self);
	spin_unlock(&self->sighand->lock);
	if (pending) {
		spin_unlock_irqrestore(&proc_lock, f);
		return -ERESTARTNOINTR;
	}
	if (a->flags & CLONE_THREAD)
		task_link_thread(t);
	else
		task_link_leader(t, parents ? mine->parent : mine, parents ? mine->parent_tid : self->pid,
		                 mine->pgrp, mine->session);
	if (unlikely(self->pt.tracer) && (event || (a->flags & CLONE_PTRACE)))
		ptrace_inherit(t, self);
	if (t->group != mine) {
		t->group->tty = mine->tty;
		if (itimer_cpu_limited(t->group))
			itimer_start_cpu(t->group);
	}
	spin_unlock_irqrestore(&proc_lock, f);
	return 0;
}

/* vfork: the child runs on our memory; wait until it has its own, or is gone. */
static void vfork_wait(struct task *child, struct waitq *done)
{
	int killed = wait_event_killable(done, !atomic_load_acquire(&child->vfork_done));

	/* Also when woken: the child may still be inside vfork_complete, on a queue of our stack. */
	irqflags_t f = spin_lock_irqsave(&vfork_lock);
	if (killed)
		child->vfork_done = NULL;
	spin_unlock_irqrestore(&vfork_lock, f);
	task_put(child);
}

void vfork_complete(struct task *t)
{
	if (!atomic_load(&t->vfork_done))
		return;
	irqflags_t f = spin_lock_irqsave(&vfork_lock);
	struct waitq *q = t->vfork_done;
	if (q) {
		atomic_store_release(&t->vfork_done, (struct waitq *)NULL);
		waitq_wake(q, 0, 0);
	}
	spin_unlock_irqrestore(&vfork_lock, f);
}

/* The event a tracer is told of, 0 = none. */
static int clone_event(const struct clone_args_k *a)
{
	int event = a->flags & CLONE_VFORK      ? PTRACE_EVENT_VFORK
	            : a->exit_signal != SIGCHLD ? PTRACE_EVENT_CLONE
	                                        : PTRACE_EVENT_FORK;

	if (likely(!atomic_load(&current_task()->pt.tracer)) || (a->flags & CLONE_UNTRACED))
		return 0;
	return ptrace_event_wanted(current_task(), event) ? event : 0;
}

/* CLONE_PIDFD: *fd is the descriptor that the caller has been told; -1 = none is wanted.  0, -EMFILE, -ENOMEM, -EFAULT. */
static int clone_pidfd(struct task *t, const struct clone_args_k *a, int *fd)
{
	struct task *self = current_task();

	*fd = -1;
	if (likely(!(a->flags & CLONE_PIDFD)))
		return 0;
	struct file *f = pidfd_create(t->pid_node, 0, self->cred);
	if (!f)
		return -ENOMEM;
	*fd = fd_install(self->files, f, true, task_rlimit(self, RLIMIT_NOFILE));
	if (*fd < 0) {
		file_put(f);
		return *fd;
	}
	return put_user(*fd, a->pidfd);
}

static void clone_give_up(struct task *t, int pidfd)
{
	if (pidfd >= 0) {
		int ignored = fd_close(current_task()->files, (unsigned)pidfd);
		(void)ignored; /* nobody has it yet */
	}
	clone_undo(t);
}

long process_clone(const struct clone_args_k *a)
{
	struct waitq done;
	int err = clone_check(a);

	if (!err)
		err = clone_check_limits(current_task());
	if (err)
		return err;
	struct task *t = clone_build(a);
	if (IS_ERR(t))
		return PTR_ERR(t);
	pid_t nr = t->pid;
	int pidfd;

	err = clone_pidfd(t, a, &pidfd);
	if (err) {
		clone_give_up(t, pidfd);
		return err;
	}
	if (a->flags & CLONE_CHILD_SETTID)
		(void)vm_copy(t->mm, (uaddr_t)a->child_tid, &nr, sizeof(nr), true, false);
	if (a->flags & CLONE_VFORK) {
		waitq_init(&done);
		t->vfork_done = &done;
		task_get(t);
	}
	int event = clone_event(a);
	err = clone_link(t, a, event);
	if (err) {
		clone_give_up(t, pidfd);
		return err;
	}
	if (a->flags & CLONE_PARENT_SETTID) {
		int ignored = put_user(nr, a->parent_tid);
		(void)ignored; /* as Linux: the child exists, a bad pointer is the caller's loss */
	}
	TRACE2(sched_fork, current_task()->pid, nr);
	sched_start(&t->thread, thread_current());
	if (unlikely(event))
		ptrace_event(event, (u64)nr);
	if (a->flags & CLONE_VFORK) {
		vfork_wait(t, &done);
		ptrace_event(PTRACE_EVENT_VFORK_DONE, (u64)nr);
	}
	return nr;
}
