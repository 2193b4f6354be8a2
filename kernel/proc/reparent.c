/* SPDX-License-Identifier: MIT
 * proc/reparent.c - orphans: processes without a parent, and process groups without a guardian
 *
 * Owns:      the choice of a new parent.
 * Layer:     proc.
 * Locks:     proc_lock throughout; sighand->lock inside for signals.
 * Contexts:  a process that exits; does not sleep.
 * Manual:    wait(2) NOTES, prctl(2): PR_SET_CHILD_SUBREAPER, POSIX.1-2017 3.269 (orphaned process group),
 * _exit(). Tests:     tests/abi/session.c, tests/abi/fork.c.
 *
 * Theory
 * ------
 * A process group is orphaned when no member has a parent outside of the group but inside the session: there
 * is no shell left that could continue it after a stop.  When an exit makes it so and a member is stopped,
 * all members get SIGHUP and SIGCONT.  The exit of a process can do this to its own group (it was the
 * guardian's child that counted) and to the groups of its children (it was the guardian).
 */
#include <proc/process.h>
#include <proc/internal.h>
#include <proc/signal.h>

/* Without counting `leaving`. */
static bool pgrp_orphaned_without(struct pid *pgrp, const struct thread_group *leaving) MUST_HOLD(&proc_lock)
{
	struct thread_group *g;

	list_for_each_entry (g, &pgrp->pgrp, pgrp_link) {
		const struct thread_group *parent = g->parent;
		if (g == leaving || g->zombie || !parent || parent == init_group)
			continue;
		if (parent->pgrp != pgrp && parent->session == g->session)
			return false;
	}
	return true;
}

bool pgrp_orphaned(struct pid *pgrp)
{
	return pgrp_orphaned_without(pgrp, NULL);
}

static bool pgrp_has_stopped(struct pid *pgrp) MUST_HOLD(&proc_lock)
{
	struct thread_group *g;

	list_for_each_entry (g, &pgrp->pgrp, pgrp_link)
		if (g->wait_flags & GROUP_STOPPED)
			return true;
	return false;
}

void pgrp_check_orphaned(struct thread_group *g, struct thread_group *parent)
{
	struct pid *pgrp = g->pgrp;
	const struct thread_group *leaving = NULL;

	if (!parent) { /* g itself is leaving, rather than its parent */
		parent = g->parent;
		leaving = g;
	}
	if (!parent || parent->pgrp == pgrp || parent->session != g->session)
		return;
	if (pgrp_has_stopped(pgrp) && pgrp_orphaned_without(pgrp, leaving)) {
		(void)signal_send_pgrp_locked(pgrp, SIGHUP, SIGINFO_KERNEL);
		(void)signal_send_pgrp_locked(pgrp, SIGCONT, SIGINFO_KERNEL);
	}
}

/* The nearest ancestor that asked for orphans and lives, else PID 1. */
static struct thread_group *reaper_find(const struct thread_group *g) MUST_HOLD(&proc_lock)
{
	for (struct thread_group *a = g->parent; a; a = a->parent)
		if (a->child_subreaper && a->nr_live > 0)
			return a;
	return init_group;
}

void reparent_children(struct thread_group *g, struct list_head *reap)
{
	struct thread_group *child, *next, *reaper;

	if (list_empty(&g->children))
		return;
	reaper = reaper_find(g);
	list_for_each_entry_safe (child, next, &g->children, sibling) {
		child->parent = reaper;
		child->parent_tid = reaper->tgid;
		list_move_tail(&child->sibling, &reaper->children);
		if (child->leader->pdeath_signal && !child->zombie)
			signal_send_process(child, child->leader->pdeath_signal, NULL);
		child->exit_signal = SIGCHLD;
		if (child->zombie && !child->leader->pt.tracer) {
			if (group_notify_exit(child)) {
				process_unlink(child);
				list_add_tail(&child->all, reap);
			}
		} else if (!child->zombie) {
			pgrp_check_orphaned(child, g);
		}
	}
}
