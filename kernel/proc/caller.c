/* SPDX-License-Identifier: MIT
 *
 * proc/caller.c - who calls: the running process as sockets see it
 *
 * Owns:      nothing; registers itself with socket/, which knows no processes.
 * Layer:     proc.
 * Locks:     none; RCU in the look-up of a pid.
 * Contexts:  process context of a user task.
 * Manual:    unix(7): SCM_CREDENTIALS, SO_PEERCRED.
 * Tests:     tests/abi/scm.c.
 */
#include <proc/internal.h>
#include <socket/socket.h>

static struct socket_caller caller(void)
{
	struct task *t = current_task();

	return (struct socket_caller){
		t->group->tgid, t->cred, t->fs, t->files, task_rlimit(t, RLIMIT_NOFILE),
	};
}

static bool pid_exists(pid_t nr)
{
	struct pid *p = pid_find_get(nr);

	if (!p)
		return false;
	pid_put(p);
	return true;
}

INIT_CODE void caller_init(void)
{
	socket_caller = caller;
	socket_pid_exists = pid_exists;
}
