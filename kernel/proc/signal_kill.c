/* SPDX-License-Identifier: MIT
 * proc/signal_kill.c - the calls that send signals, with the rules who may send to whom
 *
 * Owns:      nothing.
 * Layer:     proc.
 * Locks:     proc_lock for groups and "everybody"; RCU for one process.
 * Contexts:  process context.
 * Manual:    kill(2), tgkill(2), rt_sigqueueinfo(2), credentials(7).
 * Tests:     tests/abi/sigq.c.
 */
#include <proc/internal.h>
#include <proc/signal.h>

/* 0, -EINVAL, -EPERM: may the running task send sig to t? */
static int kill_allowed(int sig, const struct siginfo *info, struct task *t)
{
	struct task *self = current_task();
	const struct cred *c = self->cred, *to;
	bool ok;

	if (sig < 0 || sig >= NSIG)
		return -EINVAL;
	if (info == SIGINFO_KERNEL || t->group == self->group)
		return 0;
	rcu_read_lock();
	to = rcu_dereference(t->cred);
	ok = c->euid == to->suid || c->euid == to->uid || c->uid == to->suid || c->uid == to->uid ||
	     cred_capable(c, CAP_KILL);
	rcu_read_unlock();
	if (!ok && sig == SIGCONT)
		ok = atomic_load(&t->group->session) == atomic_load(&self->group->session);
	return ok ? 0 : -EPERM;
}

static int kill_process(struct task *leader, int sig, const struct siginfo *info)
{
	int err = kill_allowed(sig, info, leader);

	if (err || sig == 0)
		return err;
	return signal_send_process(leader->group, sig, info);
}

static int kill_pid(pid_t pid, int sig, const struct siginfo *info)
{
	struct task *t = task_find_get(pid); /* Linux takes any thread's number here */

	if (!t)
		return -ESRCH;
	int err = kill_allowed(sig, info, t);
	if (!err && sig)
		err = signal_send_process(t->group, sig, info);
	task_put(t);
	return err;
}

static int kill_pgrp(struct pid *pgrp, int sig)
{
	struct thread_group *g;
	int last = -ESRCH;
	bool sent = false;

	irqflags_t f = spin_lock_irqsave(&proc_lock);
	list_for_each_entry (g, &pgrp->pgrp, pgrp_link) {
		int err = kill_process(g->leader, sig, NULL);
		sent |= !err;
		last = err;
	}
	spin_unlock_irqrestore(&proc_lock, f);
	return sent ? 0 : last;
}

static int kill_everybody(int sig)
{
	struct thread_group *g, *self = current_task()->group;
	int result = 0, count = 0;

	irqflags_t f = spin_lock_irqsave(&proc_lock);
	list_for_each_entry (g, &groups_all, all) {
		if (g == init_group || g == self)
			continue;
		int err = kill_process(g->leader, sig, NULL);
		count++;
		if (err != -EPERM)
			result = err;
	}
	spin_unlock_irqrestore(&proc_lock, f);
	return count ? result : -ESRCH;
}

int signal_kill(pid_t pid, int sig)
{
	if (pid > 0)
		return kill_pid(pid, sig, NULL);
	if (pid == -1)
		return kill_everybody(sig);
	if (pid == INT32_MIN)
		return -ESRCH;

	struct pid *pgrp;
	if (pid == 0) {
		irqflags_t f = spin_lock_irqsave(&proc_lock);
		pgrp = pid_get(current_task()->group->pgrp);
		spin_unlock_irqrestore(&proc_lock, f);
	} else {
		pgrp = pid_find_get(-pid);
	}
	if (!pgrp)
		return -ESRCH;
	int err = kill_pgrp(pgrp, sig);
	pid_put(pgrp);
	return err;
}

/* To one thread; tgid <= 0: whatever process it belongs to. */
static int kill_thread(pid_t tgid, pid_t tid, int sig, const struct siginfo *info)
{
	struct task *t = task_find_get(tid);

	if (!t)
		return -ESRCH;
	int err = -ESRCH;
	if (tgid <= 0 || t->group->tgid == tgid) {
		err = kill_allowed(sig, info, t);
		if (!err && sig)
			err = signal_send_thread(t, sig, info);
	}
	task_put(t);
	return err;
}

int signal_tgkill(pid_t tgid, pid_t tid, int sig)
{
	struct task *self = current_task();
	struct siginfo info = { .si_signo = sig, .si_code = SI_TKILL };

	if (tid <= 0 || tgid == 0)
		return -EINVAL;
	info.pid = self->group->tgid;
	info.uid = self->cred->uid;
	return kill_thread(tgid, tid, sig, &info);
}

/* Nobody may pretend to be the kernel or kill(2), but to himself. */
static bool info_forged(const struct siginfo *info, pid_t to)
{
	return (info->si_code >= 0 || info->si_code == SI_TKILL) && to != current_task()->group->tgid;
}

int signal_queue(pid_t pid, int sig, struct siginfo *info)
{
	if (info_forged(info, pid))
		return -EPERM;
	info->si_signo = sig;
	return kill_pid(pid, sig, info);
}

int signal_tgqueue(pid_t tgid, pid_t tid, int sig, struct siginfo *info)
{
	if (tgid <= 0 || tid <= 0)
		return -EINVAL;
	if (info_forged(info, tgid))
		return -EPERM;
	info->si_signo = sig;
	return kill_thread(tgid, tid, sig, info);
}
