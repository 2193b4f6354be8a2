/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_priority.c - getpriority(2), setpriority(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses sched, proc.
 * Locks:     proc_lock while a process's group is compared.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    getpriority(2).
 * Tests:     tests/abi/sched2.c
 *
 * PRIO_PGRP and PRIO_USER walk all processes; the calls are rare, and the walk holds no lock over its length.
 * A nice value belongs to a thread; for groups and users each process's threads get it.
 */
#include <syscall/syscall.h>
#include <syscall/sched_policy.h>
#include <sys_protos.h>

enum { NICE_MIN = -20, NICE_MAX = 19 };

int sched_nice_set(struct task *t, int nice)
{
	nice = nice < NICE_MIN ? NICE_MIN : nice > NICE_MAX ? NICE_MAX : nice;
	if (!sched_may_change(t))
		return -EPERM;
	if (nice < t->thread.nice && !capable(CAP_SYS_NICE) && (u64)(20 - nice) > task_rlimit(t, RLIMIT_NICE))
		return -EACCES;
	sched_set_nice(&t->thread, nice);
	return 0;
}

/* What is done with each thread that was meant; the result starts as -ESRCH. */
struct prio_walk {
	bool set;
	int nice;
	long result;
};

static void prio_apply(struct prio_walk *w, struct task *t)
{
	if (w->set) {
		int err = sched_nice_set(t, w->nice);
		if (err || w->result == -ESRCH)
			w->result = err;
	} else {
		w->result = MAX(w->result, 20L - t->thread.nice);
	}
}

static bool in_pgrp(struct task *leader, pid_t pgrp)
{
	irqflags_t f = spin_lock_irqsave(&proc_lock);
	struct pid *p = leader->group->pgrp;
	bool is = p && p->nr == pgrp;

	spin_unlock_irqrestore(&proc_lock, f);
	return is;
}

static bool of_user(struct task *t, uid_t uid)
{
	bool is;

	rcu_read_lock();
	is = rcu_dereference(t->cred)->uid == uid;
	rcu_read_unlock();
	return is;
}

static void prio_apply_threads(struct prio_walk *w, struct task *leader)
{
	struct task *t;

	for (pid_t tid = 0; (t = process_next_thread(leader->group, &tid)); tid++) {
		prio_apply(w, t);
		task_put(t);
	}
}

static void prio_walk_all(struct prio_walk *w, int which, int who)
{
	struct task *leader;

	for (pid_t tgid = 1; (leader = process_next_get(&tgid)); tgid++) {
		if (which == PRIO_PGRP ? in_pgrp(leader, who) : of_user(leader, (uid_t)who))
			prio_apply_threads(w, leader);
		task_put(leader);
		cond_resched();
	}
}

static long prio_walk(struct prio_walk *w, int which, int who)
{
	struct task *t;

	w->result = -ESRCH;
	switch (which) {
	case PRIO_PROCESS:
		t = who < 0 ? NULL : task_arg(who);
		if (t) {
			prio_apply(w, t);
			task_put(t);
		}
		return w->result;
	case PRIO_PGRP:
		prio_walk_all(w, which, who ? who : (int)sys_getpgrp());
		return w->result;
	case PRIO_USER:
		prio_walk_all(w, which, who ? who : (int)current_task()->cred->uid);
		return w->result;
	default:
		return -EINVAL;
	}
}

long sys_getpriority(int which, int who)
{
	struct prio_walk w = { .set = false };

	return prio_walk(&w, which, who);
}

long sys_setpriority(int which, int who, int nice)
{
	struct prio_walk w = { .set = true, .nice = nice };

	return prio_walk(&w, which, who);
}
