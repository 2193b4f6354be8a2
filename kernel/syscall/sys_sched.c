/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_sched.c - sched_yield(2), affinity, policies: sched(7)
 *
 * Owns:      who may change whose scheduling.
 * Layer:     syscall.  Uses sched, proc.
 * Locks:     RCU for the credentials of others.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    sched(7), sched_setaffinity(2), sched_setscheduler(2), getcpu(2).
 * Tests:     tests/abi/sched2.c
 */
#include <syscall/syscall.h>
#include <syscall/sched_policy.h>
#include <sys_protos.h>
#include <abi/sched.h>

enum { CPUMASK_BYTES = sizeof(cpumask_t) };

long sys_sched_yield(void)
{
	sched_yield();
	return 0;
}

/* A task's effective user is its owner here, as in kill(2)'s rules. */
bool sched_may_change(struct task *t)
{
	const struct cred *me = current_task()->cred, *c;
	bool ok;

	if (capable(CAP_SYS_NICE))
		return true;
	rcu_read_lock();
	c = rcu_dereference(t->cred);
	ok = me->euid == c->euid || me->euid == c->uid;
	rcu_read_unlock();
	return ok;
}

long sys_sched_setaffinity(pid_t pid, unsigned len, const unsigned long __user *mask)
{
	cpumask_t m = 0;
	struct task *t;
	int err;

	if (copy_from_user(&m, mask, MIN(len, (unsigned)CPUMASK_BYTES)))
		return -EFAULT;
	t = pid < 0 ? NULL : task_arg(pid);
	if (!t)
		return -ESRCH;
	err = sched_may_change(t) ? sched_set_affinity(&t->thread, m) : -EPERM;
	task_put(t);
	return err;
}

long sys_sched_getaffinity(pid_t pid, unsigned len, unsigned long __user *mask)
{
	struct task *t;
	cpumask_t m;

	if (len < CPUMASK_BYTES || len % sizeof(unsigned long))
		return -EINVAL;
	t = pid < 0 ? NULL : task_arg(pid);
	if (!t)
		return -ESRCH;
	m = atomic_load(&t->thread.allowed) & cpu_online_mask;
	task_put(t);
	return copy_to_user(mask, &m, CPUMASK_BYTES) ? -EFAULT : CPUMASK_BYTES;
}

static bool policy_is_real_time(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

int sched_policy_check(int policy, int prio)
{
	switch (policy) {
	case SCHED_FIFO:
	case SCHED_RR:
		return prio >= 1 && prio <= 99 ? 0 : -EINVAL;
	case SCHED_OTHER:
	case SCHED_BATCH:
	case SCHED_IDLE:
		return prio == 0 ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

/* Real-time priorities need the capability, or RLIMIT_RTPRIO. */
static bool policy_allowed(struct task *t, int policy, int prio)
{
	u64 limit = task_rlimit(t, RLIMIT_RTPRIO);

	if (capable(CAP_SYS_NICE))
		return true;
	if (!sched_may_change(t))
		return false;
	if (!policy_is_real_time(policy))
		return t->thread.set_policy != POLICY_IDLE || policy == SCHED_IDLE ||
		       (u64)(20 - t->thread.nice) <= task_rlimit(t, RLIMIT_NICE);
	if (policy != t->thread.set_policy && !limit)
		return false;
	return prio <= t->thread.set_prio || (u64)prio <= limit;
}

int sched_policy_set(struct task *t, int policy, int prio, bool reset)
{
	int err = sched_policy_check(policy, prio);

	if (err)
		return err;
	if (!policy_allowed(t, policy, prio) || (t->thread.reset_on_fork && !reset && !capable(CAP_SYS_NICE)))
		return -EPERM;
	err = sched_set_policy(&t->thread, (enum sched_policy)policy, (unsigned)prio);
	if (!err)
		atomic_store(&t->thread.reset_on_fork, reset);
	return err;
}

/* policy < 0: keep the one it has. */
static long do_setscheduler(pid_t pid, int policy, const struct sched_param_k __user *param)
{
	struct sched_param_k k;
	struct task *t;
	bool reset;
	int err;

	if (!param || pid < 0)
		return -EINVAL;
	if (copy_from_user(&k, param, sizeof(k)))
		return -EFAULT;
	t = task_arg(pid);
	if (!t)
		return -ESRCH;
	reset = policy < 0 ? t->thread.reset_on_fork : policy & SCHED_RESET_ON_FORK;
	policy = policy < 0 ? t->thread.set_policy : policy & ~SCHED_RESET_ON_FORK;
	err = sched_policy_set(t, policy, k.sched_priority, reset);
	task_put(t);
	return err;
}

long sys_sched_setscheduler(pid_t pid, int policy, const struct sched_param_k __user *param)
{
	return policy < 0 ? -EINVAL : do_setscheduler(pid, policy, param);
}

long sys_sched_setparam(pid_t pid, const struct sched_param_k __user *param)
{
	return do_setscheduler(pid, -1, param);
}

long sys_sched_getscheduler(pid_t pid)
{
	struct task *t;
	long policy;

	if (pid < 0)
		return -EINVAL;
	t = task_arg(pid);
	if (!t)
		return -ESRCH;
	policy = t->thread.set_policy | (t->thread.reset_on_fork ? SCHED_RESET_ON_FORK : 0);
	task_put(t);
	return policy;
}

long sys_sched_getparam(pid_t pid, struct sched_param_k __user *param)
{
	struct sched_param_k k;
	struct task *t;

	if (!param || pid < 0)
		return -EINVAL;
	t = task_arg(pid);
	if (!t)
		return -ESRCH;
	k.sched_priority = policy_is_real_time(t->thread.set_policy) ? t->thread.set_prio : 0;
	task_put(t);
	return copy_to_user(param, &k, sizeof(k));
}

long sys_sched_get_priority_max(int policy)
{
	if (policy_is_real_time(policy))
		return 99;
	return sched_policy_check(policy, 0);
}

long sys_sched_get_priority_min(int policy)
{
	if (policy_is_real_time(policy))
		return 1;
	return sched_policy_check(policy, 0);
}

long sys_sched_rr_get_interval(pid_t pid, struct timespec_k __user *ts)
{
	struct task *t;
	ktime_t slice;

	if (pid < 0)
		return -EINVAL;
	t = task_arg(pid);
	if (!t)
		return -ESRCH;
	slice = t->thread.set_policy == POLICY_FIFO ? 0 : (ktime_t)t->thread.slice_ns;
	task_put(t);
	return timespec_put(slice, ts);
}

long sys_getcpu(unsigned __user *cpu, unsigned __user *node, void __user *unused)
{
	unsigned id = cpu_id(), zero = 0;

	if ((cpu && put_user(id, cpu)) || (node && put_user(zero, node)))
		return -EFAULT;
	return 0;
}
