/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_cap.c - capget(2), capset(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses cred, proc.
 * Locks:     RCU for the credentials of others.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    capget(2), capabilities(7).
 * Tests:     tests/abi/cred.c
 *
 * Version 1 of the interface had 32 capabilities in one struct of data; versions 2 and 3 use two of them.
 * With an unknown version the call says which it prefers, and that is how libraries ask.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>

/* The number of data structs, or -EINVAL. */
static int cap_structs(struct cap_user_header_k __user *header, u32 version)
{
	switch (version) {
	case LINUX_CAPABILITY_VERSION_1:
		return 1;
	case LINUX_CAPABILITY_VERSION_2:
	case LINUX_CAPABILITY_VERSION_3:
		return 2;
	default:
		return put_user((u32)LINUX_CAPABILITY_VERSION_3, user_field(header, version)) ? -EFAULT
		                                                                              : -EINVAL;
	}
}

static int cap_read(pid_t pid, struct cap_user_data_k d[2])
{
	struct task *t = task_arg(pid);
	const struct cred *c;

	if (!t)
		return -ESRCH;
	rcu_read_lock();
	c = rcu_dereference(t->cred);
	for (int i = 0; i < 2; i++)
		d[i] = (struct cap_user_data_k){ (u32)(c->cap_effective >> 32 * i),
			                         (u32)(c->cap_permitted >> 32 * i),
			                         (u32)(c->cap_inheritable >> 32 * i) };
	rcu_read_unlock();
	task_put(t);
	return 0;
}

long sys_capget(struct cap_user_header_k __user *header, struct cap_user_data_k __user *data)
{
	struct cap_user_header_k h;
	struct cap_user_data_k d[2];
	int n, err;

	if (get_user(h.version, user_field(header, version)))
		return -EFAULT;
	n = cap_structs(header, h.version);
	if (n < 0)
		return n == -EINVAL && !data ? 0 : n;
	if (!data)
		return 0;
	if (get_user(h.pid, user_field(header, pid)))
		return -EFAULT;
	if (h.pid < 0)
		return -EINVAL;
	err = cap_read(h.pid, d);
	return err ? err : copy_to_user(data, d, (size_t)n * sizeof(d[0]));
}

static u64 cap_join(u32 low, u32 high)
{
	return ((u64)high << 32 | low) & CAP_FULL_SET;
}

long sys_capset(struct cap_user_header_k __user *header, const struct cap_user_data_k __user *data)
{
	struct cap_user_header_k h;
	struct cap_user_data_k d[2] = { 0 };
	struct cred *c;
	int n, err;

	if (get_user(h.version, user_field(header, version)))
		return -EFAULT;
	n = cap_structs(header, h.version);
	if (n < 0)
		return n;
	if (get_user(h.pid, user_field(header, pid)))
		return -EFAULT;
	if (h.pid && h.pid != current_task()->pid)
		return -EPERM;
	if (copy_from_user(d, data, (size_t)n * sizeof(d[0])))
		return -EFAULT;
	c = cred_copy(current_task()->cred);
	if (!c)
		return -ENOMEM;
	err = cred_capset(c, cap_join(d[0].effective, d[1].effective),
	                  cap_join(d[0].permitted, d[1].permitted),
	                  cap_join(d[0].inheritable, d[1].inheritable));
	if (err)
		cred_put(c);
	else
		task_set_cred(c);
	return err;
}
