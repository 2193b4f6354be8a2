/* SPDX-License-Identifier: MIT
 *
 * tty/jobctl.c - terminals and sessions: controlling terminal, foreground group, hang-up
 *
 * Owns:      tty->session, tty->pgrp; sets thread_group->tty.
 * Layer:     tty.  Uses proc (pid, thread_group, signals); gives proc the session_leader_exit hook.
 * Locks:     proc_lock guards all three fields.  References to pids are dropped, and signals sent, without it.
 * Contexts:  process context; tty_signal_foreground: any.
 * Manual:    credentials(7), tty_ioctl(4), setsid(2); POSIX.1-2017 11.1.3, 11.1.4.
 * Tests:     tests/abi/tty.c, tests/abi/session.c, tests/interactive.py
 *
 * Theory
 * ------
 *      struct tty ---session---> struct pid <---session--- thread_group (each member)
 *          |                                                   |
 *          +-------pgrp------> struct pid (foreground)         +--tty--> the same struct tty
 *
 * A terminal controls at most one session and a session has at most one terminal.  thread_group->tty holds no
 * reference: only members of tty->session point to the terminal, and it takes itself away from all of them
 * (tty_leave_session) before it dies.  So a pointer read under proc_lock can be given a reference there.
 */
#include "tty_struct.h"
#include <base/log.h>
#include <proc/process.h>
#include <proc/signal.h>

/* The caller as a process, or NULL in a kernel thread (boot opens the console for PID 1). */
static struct thread_group *caller_group(void)
{
	return thread_current()->ops ? current_task()->group : NULL;
}

struct tty *tty_current_get(void)
{
	struct thread_group *g = caller_group();
	struct tty *t;

	if (!g)
		return NULL;
	irqflags_t f = spin_lock_irqsave(&proc_lock);
	t = g->tty;
	if (t && !ref_get_unless_zero(&t->ref))
		t = NULL;
	spin_unlock_irqrestore(&proc_lock, f);
	return t;
}

static bool is_controlling(const struct tty *t)
{
	struct thread_group *g = caller_group();

	return g && atomic_load(&g->tty) == t;
}

dev_t tty_number(struct thread_group *g)
{
	irqflags_t f = spin_lock_irqsave(&proc_lock);
	dev_t dev = g->tty ? g->tty->dev : 0;

	spin_unlock_irqrestore(&proc_lock, f);
	return dev;
}

pid_t tty_foreground(struct thread_group *g)
{
	irqflags_t f = spin_lock_irqsave(&proc_lock);
	pid_t nr = g->tty ? (g->tty->pgrp ? g->tty->pgrp->nr : 0) : -1;

	spin_unlock_irqrestore(&proc_lock, f);
	return nr;
}

static struct pid *foreground_get(struct tty *t)
{
	irqflags_t f = spin_lock_irqsave(&proc_lock);
	struct pid *p = t->pgrp ? pid_get(t->pgrp) : NULL;

	spin_unlock_irqrestore(&proc_lock, f);
	return p;
}

/* The group may be empty: nobody hears it. */
static void send_to_group(struct pid *pgrp, int sig)
{
	(void)signal_send_pgrp(pgrp, sig, SIGINFO_KERNEL);
}

void tty_signal_foreground(struct tty *t, int sig)
{
	struct pid *pgrp = foreground_get(t);

	if (!pgrp)
		return;
	send_to_group(pgrp, sig);
	pid_put(pgrp);
}

int tty_check_background(struct tty *t, int sig)
{
	struct thread_group *g = caller_group();
	struct pid *own;
	bool background, orphaned = false;

	if (!g || atomic_load(&g->tty) != t)
		return 0;
	irqflags_t f = spin_lock_irqsave(&proc_lock);
	own = pid_get(g->pgrp);
	background = t->pgrp && own != t->pgrp;
	if (background)
		orphaned = pgrp_orphaned(own);
	spin_unlock_irqrestore(&proc_lock, f);

	int err = 0;
	if (background) {
		if (signal_ignored(current_task(), sig)) {
			err = sig == SIGTTIN ? -EIO : 0;
		} else if (orphaned) {
			err = -EIO;
		} else {
			send_to_group(own, sig);
			err = -ERESTARTSYS;
		}
	}
	pid_put(own);
	return err;
}

/* ---- taking and leaving ---- */

/* proc_lock held.  *session and *pgrp are references the caller drops after it. */
static void detach_locked(struct tty *t, struct pid **session, struct pid **pgrp) MUST_HOLD(&proc_lock)
{
	struct thread_group *g;

	*session = t->session;
	*pgrp = t->pgrp;
	t->session = t->pgrp = NULL;
	if (!*session)
		return;
	list_for_each_entry (g, &(*session)->session, session_link)
		if (g->tty == t)
			g->tty = NULL;
}

static void put_pids(struct pid *a, struct pid *b)
{
	if (a)
		pid_put(a);
	if (b)
		pid_put(b);
}

void tty_leave_session(struct tty *t)
{
	struct pid *session, *pgrp;
	irqflags_t f = spin_lock_irqsave(&proc_lock);

	detach_locked(t, &session, &pgrp);
	spin_unlock_irqrestore(&proc_lock, f);
	put_pids(session, pgrp);
}

/* proc_lock held; the terminal has no session, the group is a leader without terminal. */
static void attach_locked(struct tty *t, struct thread_group *g) MUST_HOLD(&proc_lock)
{
	assert(!t->session && !t->pgrp);
	t->session = pid_get(g->session);
	t->pgrp = pid_get(g->pgrp);
	g->tty = t;
}

void tty_acquire_on_open(struct tty *t, const struct file *f)
{
	struct thread_group *g = caller_group();

	if (!g || !(f->mode & FMODE_READ))
		return;
	irqflags_t fl = spin_lock_irqsave(&proc_lock);
	if (g->leader_of_session && !g->tty && !t->session)
		attach_locked(t, g);
	spin_unlock_irqrestore(&proc_lock, fl);
}

/* TIOCSCTTY; steal: argument 1 by root takes it from another session. */
static long set_controlling(struct tty *t, const struct file *file, bool steal)
{
	struct thread_group *g = caller_group();
	const struct cred *c = current_task()->cred;
	const bool admin = cred_capable(c, CAP_SYS_ADMIN);
	struct pid *session = NULL, *pgrp = NULL;
	long err = 0;

	irqflags_t f = spin_lock_irqsave(&proc_lock);
	if (g->leader_of_session && g->session == t->session)
		goto out;
	err = -EPERM;
	if (!g->leader_of_session || g->tty)
		goto out;
	if (t->session && !(steal && admin))
		goto out;
	if (!(file->mode & FMODE_READ) && !admin)
		goto out;
	detach_locked(t, &session, &pgrp);
	attach_locked(t, g);
	err = 0;
out:
	spin_unlock_irqrestore(&proc_lock, f);
	put_pids(session, pgrp);
	return err;
}

/* A session leader gives up its terminal: by TIOCNOTTY or by exiting. */
static void leader_disassociate(struct thread_group *g, bool exiting)
{
	struct pid *session, *pgrp;
	struct tty *t;

	irqflags_t f = spin_lock_irqsave(&proc_lock);
	t = g->tty;
	if (!t || !ref_get_unless_zero(&t->ref)) {
		spin_unlock_irqrestore(&proc_lock, f);
		return;
	}
	detach_locked(t, &session, &pgrp);
	g->tty = NULL;
	spin_unlock_irqrestore(&proc_lock, f);

	/* A line is hung up when the leader exits, so that the next session does not meet open files of this one.
	 * A pty dies with its master anyway, and stays usable for those who have it open. */
	const bool hang = exiting && dev_major(t->dev) != PTY_SLAVE_MAJOR;
	if (pgrp) {
		send_to_group(pgrp, SIGHUP);
		if (!exiting)
			send_to_group(pgrp, SIGCONT);
	}
	if (hang)
		tty_hangup(t);
	put_pids(session, pgrp);
	tty_put(t);
}

static void leader_exit(struct thread_group *g)
{
	leader_disassociate(g, true);
}

static long give_up(struct tty *t)
{
	struct thread_group *g = caller_group();

	if (!is_controlling(t))
		return -ENOTTY;
	if (g->leader_of_session) {
		leader_disassociate(g, false);
	} else {
		irqflags_t f = spin_lock_irqsave(&proc_lock);
		g->tty = NULL;
		spin_unlock_irqrestore(&proc_lock, f);
	}
	return 0;
}

/* ---- foreground group ---- */

/* proc_lock held: the session a process group belongs to. */
static struct pid *group_session(struct pid *pgrp) MUST_HOLD(&proc_lock)
{
	if (!list_empty(&pgrp->pgrp))
		return list_first_entry(&pgrp->pgrp, struct thread_group, pgrp_link)->session;
	return pgrp->task ? pgrp->task->group->session : NULL;
}

static long set_foreground(struct tty *t, pid_t nr)
{
	struct thread_group *g = caller_group();
	int err = tty_check_background(t, SIGTTOU);

	if (err)
		return err == -EIO ? -ENOTTY : err;
	if (!is_controlling(t) || atomic_load(&t->session) != g->session)
		return -ENOTTY;
	if (nr < 0)
		return -EINVAL;
	struct pid *new = pid_find_get(nr), *old = NULL;
	if (!new)
		return -ESRCH;

	irqflags_t f = spin_lock_irqsave(&proc_lock);
	if (g->tty != t || t->session != g->session) {
		err = -ENOTTY;
	} else if (group_session(new) != g->session) {
		err = -EPERM;
	} else {
		old = t->pgrp;
		t->pgrp = pid_get(new);
	}
	spin_unlock_irqrestore(&proc_lock, f);
	put_pids(old, new);
	return err;
}

long tty_jobctl_ioctl(struct tty *t, const struct file *file, unsigned cmd, void *arg, bool master)
{
	struct pid *p;
	long err = 0;

	switch (cmd) {
	case TIOCSCTTY:
		return master ? -EINVAL : set_controlling(t, file, (unsigned long)arg == 1);
	case TIOCNOTTY:
		return give_up(t);
	case TIOCSPGRP:
		return set_foreground(t, *(const s32 *)arg);
	}
	/* What is left asks; only the terminal's own session, or the pty's master, may. */
	if (!master && !is_controlling(t))
		return -ENOTTY;
	irqflags_t f = spin_lock_irqsave(&proc_lock);
	p = cmd == TIOCGSID ? t->session : t->pgrp;
	if (cmd == TIOCGSID && !p)
		err = -ENOTTY;
	else
		*(s32 *)arg = p ? p->nr : 0;
	spin_unlock_irqrestore(&proc_lock, f);
	return err;
}

/* ---- hang-up ---- */

/* proc_lock held: a reference to the leading process of the session, or NULL. */
static struct task *session_leader_get(struct pid *session) MUST_HOLD(&proc_lock)
{
	struct task *leader = session ? session->task : NULL;

	if (leader && leader->group->leader_of_session) {
		task_get(leader);
		return leader;
	}
	return NULL;
}

void tty_hangup(struct tty *t)
{
	struct pid *session, *pgrp;
	struct task *leader;

	irqflags_t f = spin_lock_irqsave(&proc_lock);
	leader = session_leader_get(t->session);
	detach_locked(t, &session, &pgrp);
	spin_unlock_irqrestore(&proc_lock, f);

	f = spin_lock_irqsave(&t->lock);
	atomic_add(&t->generation, 1);
	ldisc_flush_input(t);
	t->echo_tail = t->echo_head;
	t->stopped = t->tco_stopped = false;
	spin_unlock_irqrestore(&t->lock, f);

	if (leader) {
		(void)signal_send_process(leader->group, SIGHUP, SIGINFO_KERNEL);
		(void)signal_send_process(leader->group, SIGCONT, SIGINFO_KERNEL);
		task_put(leader);
	}
	if (t->drv->hangup)
		t->drv->hangup(t);
	waitq_wake_all(&t->readers);
	waitq_wake_all(&t->writers);
	put_pids(session, pgrp);
}

int tty_vhangup_current(void)
{
	if (!cred_capable(current_task()->cred, CAP_SYS_TTY_CONFIG))
		return -EPERM;
	struct tty *t = tty_current_get();
	if (t) {
		tty_hangup(t);
		tty_put(t);
	}
	return 0;
}

void tty_jobctl_init(void)
{
	session_leader_exit = leader_exit;
}
