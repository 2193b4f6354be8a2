/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_memfd.c - memfd_create(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses fs/tmpfs.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    memfd_create(2).
 * Tests:     tests/abi/memfd.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <fs/tmpfs/tmpfs.h>

enum { MEMFD_NAME_MAX = 255 - 6 };

long sys_memfd_create(const char __user *name, unsigned flags)
{
	char full[6 + MEMFD_NAME_MAX + 1] = "memfd:";
	struct file *f;
	ssize_t n;

	if (flags & ~(unsigned)(MFD_CLOEXEC | MFD_ALLOW_SEALING))
		return -EINVAL;
	n = strncpy_from_user(full + 6, name, MEMFD_NAME_MAX + 1);
	if (n < 0)
		return n == -ENAMETOOLONG ? -EINVAL : n;
	f = memfd_create(full, flags & MFD_ALLOW_SEALING, O_LARGEFILE, current_task()->cred);
	return IS_ERR(f) ? PTR_ERR(f) : fd_give(f, flags & MFD_CLOEXEC);
}
