/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_process.c - fork(2), clone(2), execve(2), _exit(2), and the ids of a process
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses proc.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    fork(2), clone(2), execve(2), execveat(2), _exit(2), set_tid_address(2), get_robust_list(2).
 * Tests:     tests/abi/fork.c, tests/abi/exec.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <proc/process.h>
#include <abi/sched.h>
#include <lib/string.h>

/* The 32 bits of clone(2) but for those that clone3 has no use for, and its own. */
#define CLONE3_FLAGS (0x3ffffffffUL & ~(u64)(CLONE_DETACHED | CSIGNAL))
enum { CLONE3_SIZE_V0 = 64, ROBUST_HEAD_SIZE = 24, ROBUST_HEAD_SIZE32 = 12 };

long sys_fork(void)
{
	struct clone_args_k a = { .exit_signal = SIGCHLD };

	return process_clone(&a);
}

long sys_vfork(void)
{
	struct clone_args_k a = { .flags = CLONE_VFORK | CLONE_VM, .exit_signal = SIGCHLD };

	return process_clone(&a);
}

long sys_clone(unsigned long flags, unsigned long stack, int __user *parent_tid, int __user *child_tid,
               unsigned long tls)
{
	if ((flags & CLONE_PIDFD) && (flags & (CLONE_DETACHED | CLONE_PARENT_SETTID)))
		return -EINVAL; /* there is one place for both */
	struct clone_args_k a = {
		.flags = (u32)flags & ~(u64)CSIGNAL,
		.stack = stack,
		.tls = tls,
		.parent_tid = parent_tid,
		.pidfd = parent_tid,
		.child_tid = child_tid,
		.exit_signal = (int)(flags & CSIGNAL),
	};

	return process_clone(&a);
}

long sys_clone3(const struct clone3_args_k __user *args, size_t size)
{
	struct clone3_args_k k;
	struct clone_args_k a;
	pid_t set_tid = 0;
	int err = user_struct_get(&k, sizeof(k), CLONE3_SIZE_V0, args, size);

	if (err)
		return err;
	if (k.exit_signal >= NSIG || !k.set_tid != !k.set_tid_size || k.set_tid_size > 1)
		return -EINVAL;
	if (k.set_tid_size && get_user(set_tid, (const pid_t __user *)k.set_tid))
		return -EFAULT;
	if (k.flags & ~CLONE3_FLAGS)
		return -EINVAL;
	if (k.flags & (CLONE_THREAD | CLONE_PARENT) && k.exit_signal)
		return -EINVAL;
	if (!k.stack != !k.stack_size || !arch_user_range_ok(k.stack, k.stack_size))
		return -EINVAL;
	if (k.set_tid_size && set_tid <= 0)
		return -EINVAL;
	a = (struct clone_args_k){
		.flags = k.flags,
		.stack = k.stack + k.stack_size,
		.tls = k.tls,
		.parent_tid = (pid_t __user *)k.parent_tid,
		.pidfd = (int __user *)k.pidfd,
		.child_tid = (pid_t __user *)k.child_tid,
		.exit_signal = (int)k.exit_signal,
		.set_tid = set_tid,
	};
	return process_clone(&a);
}

static long do_exec(int dirfd, const char __user *path, const void __user *argv, const void __user *envp,
                    int flags)
{
	unsigned lookup = at_lookup(flags);
	struct exec_strings a = { (const void __force *)argv, true, call_small() },
	                    e = { (const void __force *)envp, true, call_small() };
	struct user_path p;
	int err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = user_path_get(&p, dirfd, path, lookup);
	if (err)
		return err;
	err = process_exec(&p.walk, dirfd, p.name, lookup, a, e);
	user_path_put(&p);
	return err;
}

long sys_execve(const char __user *path, const void __user *argv, const void __user *envp)
{
	return do_exec(AT_FDCWD, path, argv, envp, 0);
}

long sys_execveat(int dirfd, const char __user *path, const void __user *argv, const void __user *envp,
                  int flags)
{
	return do_exec(dirfd, path, argv, envp, flags);
}

long sys_exit(int code)
{
	task_exit((code & 0xff) << 8);
}

long sys_exit_group(int code)
{
	process_exit((code & 0xff) << 8);
}

long sys_getpid(void)
{
	return current_task()->group->tgid;
}

long sys_gettid(void)
{
	return current_task()->pid;
}

long sys_getppid(void)
{
	struct thread_group *parent;
	pid_t pid;

	rcu_read_lock();
	parent = rcu_dereference(current_task()->group->parent);
	pid = parent ? parent->tgid : 0;
	rcu_read_unlock();
	return pid;
}

long sys_set_tid_address(int __user *tidptr)
{
	struct task *t = current_task();

	t->clear_child_tid = (__typeof__(t->clear_child_tid))tidptr;
	return t->pid;
}

long sys_set_robust_list(void __user *head, size_t len)
{
	struct task *t = current_task();

	if (len != (call_small() ? ROBUST_HEAD_SIZE32 : ROBUST_HEAD_SIZE))
		return -EINVAL;
	t->robust_list = head;
	t->robust_list_len = len;
	return 0;
}

/* May the caller look into t, as ptrace(2) defines it for reading? */
static bool may_inspect(struct task *t)
{
	const struct cred *me = current_task()->cred, *c;
	bool ok;

	if (t->group == current_task()->group || capable(CAP_SYS_PTRACE))
		return true;
	rcu_read_lock();
	c = rcu_dereference(t->cred);
	ok = me->uid == c->uid && me->uid == c->euid && me->uid == c->suid && me->gid == c->gid &&
	     me->gid == c->egid && me->gid == c->sgid;
	rcu_read_unlock();
	return ok;
}

long sys_get_robust_list(int pid, void __user *__user *head, size_t __user *len)
{
	struct task *t = task_arg(pid);
	void __user *list;
	bool ok;

	if (!t)
		return -ESRCH;
	ok = may_inspect(t);
	list = t->robust_list;
	task_put(t);
	if (!ok)
		return -EPERM;
	s64 size = call_small() ? ROBUST_HEAD_SIZE32 : ROBUST_HEAD_SIZE, at = (s64)list;
	return longs_put(len, &size, 1) || longs_put(head, &at, 1) ? -EFAULT : 0;
}
