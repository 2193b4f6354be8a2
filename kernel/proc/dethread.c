/* SPDX-License-Identifier: MIT
 * proc/dethread.c - execve of a process with threads
 *
 * Owns:      group->exec_task.
 * Layer:     proc.
 * Locks:     sighand->lock to begin; proc_lock to see the others go and to take over the number.
 * Contexts:  process context; sleeps until the other threads are gone.
 * Manual:    execve(2): "all threads other than the calling thread are destroyed"; pthreads(7).
 * Tests:     tests/abi/thread.c.
 *
 * Theory
 * ------
 * The thread that calls execve survives and is the process from then on, whichever thread it was: it takes
 * over the leader's number, because the number of the process must not change.  The old leader gets the other
 * number and disappears with it, like any thread.
 */
#include <proc/internal.h>

/* Are all others gone?  (An old leader stays, dead, for us to replace.) */
static bool alone(const struct task *t) MUST_HOLD(&proc_lock)
{
	const struct thread_group *g = t->group;

	if (g->leader == t)
		return g->nr_threads == 1;
	return g->nr_threads == 2 && g->leader->exiting == TASK_DEAD;
}

static bool wait_alone(struct task *t)
{
	for (;;) {
		thread_set_state(THREAD_KILLABLE);
		irqflags_t f = spin_lock_irqsave(&proc_lock);
		bool done = alone(t);
		spin_unlock_irqrestore(&proc_lock, f);
		if (done || thread_kill_pending()) {
			thread_set_state(THREAD_RUNNING);
			return done;
		}
		sched_schedule();
	}
}

/* Exchanges the numbers of t and the dead leader. */
static struct task *take_over(struct task *t) MUST_HOLD(&proc_lock)
{
	struct thread_group *g = t->group;
	struct task *old = g->leader;
	struct pid *mine = t->pid_node, *theirs = old->pid_node;
	struct thread_group *child;

	list_for_each_entry (child, &g->children, sibling)
		child->parent_tid = g->tgid;
	t->pid_node = theirs;
	old->pid_node = mine;
	rcu_assign(theirs->task, t);
	rcu_assign(mine->task, old);
	old->pid = old->thread.tid = mine->nr;
	t->pid = t->thread.tid = theirs->nr;
	rcu_assign(g->leader, t);
	task_unlink_thread(old);
	return old;
}

int exec_kill_threads(struct task *t)
{
	struct thread_group *g = t->group;
	struct task *old = NULL;
	irqflags_t f;

	if (g->nr_threads == 1)
		return 0;
	struct sighand *s = sighand_lock_self(t, &f);
	if (g->group_exit || g->exec_task) { /* we are being killed ourselves */
		sighand_unlock(s, f);
		return -EAGAIN;
	}
	g->exec_task = t;
	group_kill_others(g, t);
	sighand_unlock(s, f);

	bool done = wait_alone(t);
	f = spin_lock_irqsave(&proc_lock);
	if (done && g->leader != t)
		old = take_over(t);
	spin_lock(&s->lock);
	g->exec_task = NULL;
	spin_unlock(&s->lock);
	spin_unlock_irqrestore(&proc_lock, f);
	if (old)
		thread_free(old);
	return done ? 0 : -EAGAIN;
}
