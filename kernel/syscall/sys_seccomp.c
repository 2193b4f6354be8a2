/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_seccomp.c - seccomp(2), and its part of prctl(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses proc/seccomp.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    seccomp(2).
 * Tests:     tests/abi/seccomp.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <mem/slab.h>
#include <proc/seccomp.h>

#define FLAGS_KNOWN                                                                                          \
	(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW |              \
	 SECCOMP_FILTER_FLAG_TSYNC_ESRCH)

static int get_program(struct sock_fprog_k *p, const void __user *u)
{
	struct {
		u16 len;
		u32 filter;
	} small;
	int err;

	if (!call_small())
		return copy_from_user(p, u, sizeof(*p));
	err = copy_from_user(&small, u, sizeof(small));
	if (!err)
		*p = (struct sock_fprog_k){ small.len,
			                    (struct sock_filter_k __user *)(unsigned long)small.filter };
	return err;
}

long seccomp_filter(unsigned flags, const void __user *u)
{
	struct sock_fprog_k p;
	struct sock_filter_k *prog;

	if (flags & ~FLAGS_KNOWN)
		return -EINVAL;
	if (get_program(&p, u))
		return -EFAULT;
	if (!p.len || p.len > BPF_MAXINSNS)
		return -EINVAL;
	if (!seccomp_may_filter())
		return -EACCES;
	prog = kmalloc(p.len * sizeof(*prog), 0);
	if (!prog)
		return -ENOMEM;
	long result = copy_from_user(prog, p.filter, p.len * sizeof(*prog));
	if (!result)
		result = seccomp_set_filter(prog, p.len, flags);
	kfree(prog);
	return result;
}

static long action_available(const u32 __user *u)
{
	u32 action;

	if (get_user(action, u))
		return -EFAULT;
	switch (action) {
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_TRAP:
	case SECCOMP_RET_ERRNO:
	case SECCOMP_RET_TRACE:
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_ALLOW:
		return 0;
	default:
		return -EOPNOTSUPP;
	}
}

long sys_seccomp(unsigned op, unsigned flags, void __user *args)
{
	switch (op) {
	case SECCOMP_SET_MODE_STRICT:
		return flags || args ? -EINVAL : seccomp_set_strict();
	case SECCOMP_SET_MODE_FILTER:
		return seccomp_filter(flags, args);
	case SECCOMP_GET_ACTION_AVAIL:
		return flags ? -EINVAL : action_available(args);
	default: /* there are no notifications */
		return -EINVAL;
	}
}
