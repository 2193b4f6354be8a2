/* SPDX-License-Identifier: MIT
 * proc/group.c - process groups and sessions
 *
 * Owns:      membership: group->pgrp, group->session.
 * Layer:     proc.
 * Locks:     proc_lock.
 * Contexts:  process context; nothing sleeps.
 * Manual:    setpgid(2), setsid(2), getpgid(2), getsid(2), credentials(7).
 * Tests:     tests/abi/session.c.
 */
#include <proc/process.h>
#include <proc/internal.h>

static void group_set_pgrp(struct thread_group *g, struct pid *pgrp) MUST_HOLD(&proc_lock)
{
	struct pid *old = g->pgrp;

	list_del(&g->pgrp_link);
	list_add_tail(&g->pgrp_link, &pgrp->pgrp);
	g->pgrp = pid_get(pgrp);
	pid_put(old);
}

static void group_set_session(struct thread_group *g, struct pid *session) MUST_HOLD(&proc_lock)
{
	struct pid *old = g->session;

	list_del(&g->session_link);
	list_add_tail(&g->session_link, &session->session);
	g->session = pid_get(session);
	pid_put(old);
}

/* The process with this number, or NULL. */
static struct thread_group *group_by_pid(pid_t nr) MUST_HOLD(&proc_lock)
{
	struct pid *p = pid_find_rcu(nr);
	struct task *t = p ? p->task : NULL;

	return t ? t->group : NULL;
}

/* Does the session have a group of this number? */
static bool pgrp_in_session(const struct pid *pgrp, const struct pid *session) MUST_HOLD(&proc_lock)
{
	struct thread_group *g;

	list_for_each_entry (g, &pgrp->pgrp, pgrp_link)
		if (g->session == session)
			return true;
	return false;
}

static int setpgid_locked(pid_t pid, pid_t pgid) MUST_HOLD(&proc_lock)
{
	struct thread_group *self = current_task()->group, *g = group_by_pid(pid);

	if (!g)
		return -ESRCH;
	if (g->tgid != pid) /* a thread that leads no process */
		return -EINVAL;
	if (g->parent == self) {
		if (g->session != self->session)
			return -EPERM;
		if (g->execed)
			return -EACCES;
	} else if (g != self) {
		return -ESRCH;
	}
	if (g->leader_of_session)
		return -EPERM;
	struct pid *pgrp = g->leader->pid_node;
	if (pgid != pid) {
		pgrp = pid_find_rcu(pgid);
		if (!pgrp || !pgrp_in_session(pgrp, self->session))
			return -EPERM;
	}
	if (g->pgrp != pgrp)
		group_set_pgrp(g, pgrp);
	return 0;
}

int process_setpgid(pid_t pid, pid_t pgid)
{
	pid_t self = current_task()->group->tgid;

	if (!pid)
		pid = self;
	if (!pgid)
		pgid = pid;
	if (pgid < 0)
		return -EINVAL;
	irqflags_t f = spin_lock_irqsave(&proc_lock);
	int err = setpgid_locked(pid, pgid);
	spin_unlock_irqrestore(&proc_lock, f);
	return err;
}

pid_t process_getpgid(pid_t pid)
{
	pid_t result = -ESRCH;

	irqflags_t f = spin_lock_irqsave(&proc_lock);
	struct thread_group *g = pid ? group_by_pid(pid) : current_task()->group;
	if (g)
		result = g->pgrp->nr;
	spin_unlock_irqrestore(&proc_lock, f);
	return result;
}

pid_t process_getsid(pid_t pid)
{
	pid_t result = -ESRCH;

	irqflags_t f = spin_lock_irqsave(&proc_lock);
	struct thread_group *g = pid ? group_by_pid(pid) : current_task()->group;
	if (g)
		result = g->session->nr;
	spin_unlock_irqrestore(&proc_lock, f);
	return result;
}

pid_t process_setsid(void)
{
	struct thread_group *g = current_task()->group;
	pid_t result = -EPERM;

	irqflags_t f = spin_lock_irqsave(&proc_lock);
	struct pid *own = g->leader->pid_node;
	/* Not for a group's leader, nor while the number is still another group's. */
	if (!g->leader_of_session && list_empty(&own->pgrp)) {
		group_set_session(g, own);
		group_set_pgrp(g, own);
		g->leader_of_session = true;
		g->tty = NULL;
		result = g->tgid;
	}
	spin_unlock_irqrestore(&proc_lock, f);
	return result;
}
