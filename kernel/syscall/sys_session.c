/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_session.c - process groups and sessions: setpgid(2), setsid(2), vhangup(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses proc, tty.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    setpgid(2), setsid(2), vhangup(2), credentials(7).
 * Tests:     tests/abi/session.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <proc/process.h>
#include <tty/tty.h>

long sys_setpgid(pid_t pid, pid_t pgid)
{
	if (pgid < 0)
		return -EINVAL;
	return process_setpgid(pid, pgid);
}

long sys_getpgid(pid_t pid)
{
	return process_getpgid(pid);
}

long sys_getpgrp(void)
{
	return process_getpgid(0);
}

long sys_setsid(void)
{
	return process_setsid();
}

long sys_getsid(pid_t pid)
{
	return process_getsid(pid);
}

long sys_vhangup(void)
{
	return tty_vhangup_current();
}
