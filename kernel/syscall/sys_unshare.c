/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_unshare.c - unshare(2), setns(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses proc.
 * Locks:     none: a task changes only itself here.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    unshare(2), setns(2), namespaces(7).
 * Tests:     tests/abi/unshare.c
 *
 * A task may part with the descriptors or the directories that it shares by clone(2)'s flags.  Namespaces there are
 * none: what asks for a new one, or wants to enter one, is answered as by a Linux that was built without them.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <proc/process.h>
#include <abi/sched.h>

#define NAMESPACES                                                                                           \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |        \
	 CLONE_NEWNET | CLONE_NEWTIME)
/* What only a process of one thread has to itself anyway. */
#define OF_THREADS (CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)
#define UNSHARED   (CLONE_FILES | CLONE_FS | CLONE_SYSVSEM)

long sys_unshare(unsigned long flags)
{
	struct task *t = current_task();
	int err = 0;

	if (flags & ~(unsigned long)(NAMESPACES | OF_THREADS | UNSHARED))
		return -EINVAL;
	if ((flags & (OF_THREADS | CLONE_NEWUSER)) && t->group->nr_live > 1)
		return -EINVAL;
	if ((flags & OF_THREADS) && ref_read(&t->mm->users) > 1)
		return -EINVAL;
	if (flags & NAMESPACES)
		return flags & CLONE_NEWUSER || capable(CAP_SYS_ADMIN) ? -EINVAL : -EPERM;
	if (flags & CLONE_FS)
		err = task_unshare_fs(t);
	if (!err && (flags & CLONE_FILES))
		err = task_unshare_files(t);
	return err;
}

long sys_setns(int fd, int type)
{
	struct fd_ref r = fd_arg((unsigned)fd);

	if (!r.file)
		return -EBADF;
	fd_ref_put(r);
	return -EINVAL; /* not a namespace; or a pidfd, whose namespaces are ours */
}
