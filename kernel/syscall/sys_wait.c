/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_wait.c - wait4(2), waitid(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses proc (process_wait).
 * Locks:     none.
 * Contexts:  process context of a user task; sleeps.
 * Manual:    wait(2), wait4(2).
 * Tests:     tests/abi/wait2.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <proc/pidfd.h>
#include <proc/process.h>
#include <lib/string.h>

enum { WAIT_KIND = (int)(__WNOTHREAD | __WCLONE | __WALL) };

static int usage_put(const struct rusage_k *usage, struct rusage_k __user *u)
{
	return u ? longs_put(u, (const s64 *)usage, sizeof(*usage) / sizeof(s64)) : 0;
}

long sys_wait4(pid_t pid, int __user *status, int options, struct rusage_k __user *ru)
{
	struct wait_args a = { .options = options | WEXITED };
	long got;

	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED | WAIT_KIND))
		return -EINVAL;
	if (pid == INT32_MIN)
		return -ESRCH;
	if (pid == -1) {
		a.which = P_ALL;
	} else if (pid > 0) {
		a.which = P_PID;
		a.id = pid;
	} else {
		a.which = P_PGID;
		a.id = pid ? -pid : process_getpgid(0);
	}
	got = process_wait(&a);
	if (got <= 0)
		return got;
	if ((status && put_user(a.status, status)) || usage_put(&a.usage, ru))
		return -EFAULT;
	return got;
}

static int waitid_check(int which, pid_t id, int options)
{
	if (options & ~(WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | WAIT_KIND))
		return -EINVAL;
	if (!(options & (WEXITED | WSTOPPED | WCONTINUED)))
		return -EINVAL;
	switch (which) {
	case P_ALL:
		return 0;
	case P_PID:
		return id > 0 ? 0 : -EINVAL;
	case P_PGID:
	case P_PIDFD:
		return id >= 0 ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

/* The process a pidfd names, as P_PID; *pid keeps its number from being another's. */
static int waitid_pidfd(struct wait_args *a, struct pid **pid)
{
	struct fd_ref r = fd_arg((unsigned)a->id);

	*pid = r.file ? pidfd_pid(r.file) : NULL;
	if (!*pid) {
		if (r.file)
			fd_ref_put(r);
		return -EBADF;
	}
	pid_get(*pid);
	a->which = P_PID;
	a->id = (*pid)->nr;
	if (r.file->flags & O_NONBLOCK)
		a->options |= WNOHANG;
	fd_ref_put(r);
	return 0;
}

long sys_waitid(int which, pid_t id, struct siginfo __user *info, int options, struct rusage_k __user *ru)
{
	struct wait_args a = { .which = which, .id = id, .options = options };
	struct pid *pid = NULL;
	long got = waitid_check(which, id, options);

	if (got)
		return got;
	if (which == P_PGID && !id)
		a.id = process_getpgid(0);
	if (which == P_PIDFD) {
		got = waitid_pidfd(&a, &pid);
		if (got)
			return got;
	}
	got = process_wait(&a);
	if (pid)
		pid_put(pid);
	if (!got && !(options & WNOHANG))
		return -EAGAIN; /* a pidfd that does not block */
	if (got < 0)
		return got;
	if (!got)
		memset(&a.info, 0, sizeof(a.info));
	else if (usage_put(&a.usage, ru))
		return -EFAULT;
	return info ? siginfo_put(info, &a.info, true) : 0;
}
