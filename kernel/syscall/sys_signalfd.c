/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_signalfd.c - signalfd(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses ipc/signalfd.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    signalfd(2).
 * Tests:     tests/abi/signalfd.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <ipc/signalfd.h>

long sys_signalfd4(int fd, const sigset_k __user *mask, size_t size, int flags)
{
	struct file *f;
	struct fd_ref r;
	sigset_k set;
	int err;

	if (size != sizeof(set))
		return -EINVAL;
	if (get_user(set, mask))
		return -EFAULT;
	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	set &= ~(SIGMASK(SIGKILL) | SIGMASK(SIGSTOP));
	if (fd == -1) {
		f = signalfd_create(set, (unsigned)flags & O_NONBLOCK, current_task()->cred);
		return f ? fd_give(f, flags & O_CLOEXEC) : -ENOMEM;
	}
	r = fd_arg((unsigned)fd);
	if (!r.file)
		return -EBADF;
	err = signalfd_change(r.file, set);
	fd_ref_put(r);
	return err ? err : fd;
}

long sys_signalfd(int fd, const sigset_k __user *mask, size_t size)
{
	return sys_signalfd4(fd, mask, size, 0);
}
