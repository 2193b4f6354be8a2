/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_resource.c - getrlimit(2), prlimit(2), getrusage(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses proc (limits, counts).
 * Locks:     RCU for the credentials of others.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    getrlimit(2), getrusage(2).
 * Tests:     tests/abi/limits.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <proc/process.h>

/* All ids of the other process must be the caller's real ones. */
static bool limits_allowed(struct task *t)
{
	const struct cred *me = current_task()->cred, *c;
	bool ok;

	if (t->group == current_task()->group || capable(CAP_SYS_RESOURCE))
		return true;
	rcu_read_lock();
	c = rcu_dereference(t->cred);
	ok = me->uid == c->euid && me->uid == c->suid && me->uid == c->uid && me->gid == c->egid &&
	     me->gid == c->sgid && me->gid == c->gid;
	rcu_read_unlock();
	return ok;
}

long sys_prlimit64(pid_t pid, unsigned resource, const struct rlimit64_k __user *new,
                   struct rlimit64_k __user *old)
{
	struct rlimit64_k n, o;
	struct task *t;
	int err;

	if (new &&copy_from_user(&n, new, sizeof(n)))
		return -EFAULT;
	if (resource >= RLIM_NLIMITS)
		return -EINVAL;
	t = pid < 0 ? NULL : task_arg(pid);
	if (!t)
		return -ESRCH;
	err = limits_allowed(t) ? process_rlimit(t->group, resource, new ? &n : NULL, old ? &o : NULL)
	                        : -EPERM;
	task_put(t);
	if (!err && old && copy_to_user(old, &o, sizeof(o)))
		return -EFAULT;
	return err;
}

/* A limit of 32 bits: all ones for none, and for what does not fit. */
static u64 rlimit_widen(u64 v)
{
	return (u32)v == ~0u ? RLIM_INFINITY : (u32)v;
}

static int rlimit_put(struct rlimit64_k __user *u, struct rlimit64_k k)
{
	if (call_small())
		k = (struct rlimit64_k){ MIN(k.cur, (u64)~0u), MIN(k.max, (u64)~0u) };
	return longs_put(u, (s64 *)&k, 2);
}

long sys_getrlimit(unsigned resource, struct rlimit64_k __user *lim)
{
	struct rlimit64_k k;
	int err;

	if (resource >= RLIM_NLIMITS)
		return -EINVAL;
	err = process_rlimit(current_task()->group, resource, NULL, &k);
	return err ? err : rlimit_put(lim, k);
}

long sys_setrlimit(unsigned resource, const struct rlimit64_k __user *lim)
{
	struct rlimit64_k k;

	if (longs_get((s64 *)&k, lim, 2))
		return -EFAULT;
	if (call_small())
		k = (struct rlimit64_k){ rlimit_widen(k.cur), rlimit_widen(k.max) };
	if (resource >= RLIM_NLIMITS)
		return -EINVAL;
	return process_rlimit(current_task()->group, resource, &k, NULL);
}

long sys_getrusage(int who, struct rusage_k __user *ru)
{
	struct rusage_k k;

	if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD)
		return -EINVAL;
	process_rusage(current_task()->group, who, &k);
	return longs_put(ru, (s64 *)&k, sizeof(k) / sizeof(s64));
}
