/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_eventfd.c - eventfd(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses ipc/eventfd.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    eventfd(2).
 * Tests:     tests/abi/eventfd.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <ipc/eventfd.h>

long sys_eventfd2(unsigned count, int flags)
{
	struct file *f = eventfd_create(count, (unsigned)flags, current_task()->cred);

	return IS_ERR(f) ? PTR_ERR(f) : fd_give(f, flags & O_CLOEXEC);
}

long sys_eventfd(unsigned count)
{
	return sys_eventfd2(count, 0);
}
