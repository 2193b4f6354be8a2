/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_sched_attr.c - sched_setattr(2), sched_getattr(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses sched.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    sched_setattr(2).
 * Tests:     tests/abi/sched2.c
 *
 * The struct says its own size, so that it can grow: a shorter one is padded with zeros, a longer one must be
 * zero where we know nothing.
 */
#include <syscall/syscall.h>
#include <syscall/sched_policy.h>
#include <sys_protos.h>
#include <abi/sched.h>
#include <lib/string.h>

enum { ATTR_SIZE_V0 = 48 };
enum {
	FLAG_RESET_ON_FORK = 1,
	FLAG_RECLAIM = 2,
	FLAG_DL_OVERRUN = 4, /* these two mean something to SCHED_DEADLINE alone */
	FLAG_KEEP_POLICY = 8,
	FLAG_KEEP_PARAMS = 16,
	FLAGS_KNOWN = 31,
	FLAGS_CLAMP = 96 /* of the utilisation */
};

struct sched_attr_k {
	u32 size, policy;
	u64 flags;
	s32 nice;
	u32 priority;
	u64 runtime, deadline, period; /* SCHED_DEADLINE */
};
_Static_assert(sizeof(struct sched_attr_k) == ATTR_SIZE_V0, "struct sched_attr, first version");

static int attr_too_big(void __user *u)
{
	(void)!put_user((u32)ATTR_SIZE_V0, (u32 __user *)u); /* tells what we know */
	return -E2BIG;
}

static int attr_get(struct sched_attr_k *k, void __user *u)
{
	u32 size;
	u8 byte;

	if (get_user(size, (u32 __user *)u))
		return -EFAULT;
	if (!size)
		size = ATTR_SIZE_V0;
	if (size < ATTR_SIZE_V0 || size > PAGE_SIZE)
		return attr_too_big(u);
	if (copy_from_user(k, u, sizeof(*k)))
		return -EFAULT;
	for (u32 i = sizeof(*k); i < size; i++) {
		if (get_user(byte, (u8 __user *)u + i))
			return -EFAULT;
		if (byte)
			return attr_too_big(u);
	}
	return 0;
}

static int attr_apply(struct task *t, struct sched_attr_k *k)
{
	const struct thread *now = &t->thread;
	bool reset = k->flags & FLAG_RESET_ON_FORK;
	int err;

	if (k->flags & FLAG_KEEP_POLICY) {
		k->policy = now->set_policy;
		reset = now->reset_on_fork;
	}
	err = sched_policy_check((int)k->policy, (int)k->priority);
	if (k->flags & FLAG_KEEP_PARAMS) { /* neither policy nor parameters: only the flag is set */
		k->policy = now->set_policy;
		k->priority = sched_policy_check(now->set_policy, 0) ? now->set_prio : 0;
		k->nice = now->nice;
	}
	if (!err && (k->policy == SCHED_OTHER || k->policy == SCHED_BATCH))
		err = sched_nice_set(t, k->nice);
	return err ? err : sched_policy_set(t, (int)k->policy, (int)k->priority, reset);
}

long sys_sched_setattr(pid_t pid, void __user *attr, unsigned flags)
{
	struct sched_attr_k k;
	struct task *t;
	int err;

	if (!attr || pid < 0 || flags)
		return -EINVAL;
	err = attr_get(&k, attr);
	if (err)
		return err;
	if (k.flags & FLAGS_CLAMP)
		return -EOPNOTSUPP;
	if (k.flags & ~(u64)FLAGS_KNOWN || k.policy > SCHED_IDLE || k.priority > 99)
		return -EINVAL;
	t = task_arg(pid);
	if (!t)
		return -ESRCH;
	err = attr_apply(t, &k);
	task_put(t);
	return err == -EACCES ? -EPERM : err;
}

long sys_sched_getattr(pid_t pid, void __user *attr, unsigned size, unsigned flags)
{
	struct sched_attr_k k = { .size = ATTR_SIZE_V0 };
	struct task *t;

	if (!attr || pid < 0 || size > PAGE_SIZE || size < ATTR_SIZE_V0 || flags)
		return -EINVAL;
	t = task_arg(pid);
	if (!t)
		return -ESRCH;
	k.policy = t->thread.set_policy;
	k.flags = t->thread.reset_on_fork ? FLAG_RESET_ON_FORK : 0;
	if (t->thread.set_policy == POLICY_FIFO || t->thread.set_policy == POLICY_RR)
		k.priority = t->thread.set_prio;
	else
		k.nice = t->thread.nice;
	task_put(t);
	return copy_to_user(attr, &k, sizeof(k));
}
