/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_fd.c - dup(2), dup2(2), dup3(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses fs/fdtable.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep (the replaced file is closed).
 * Manual:    dup(2).
 * Tests:     tests/abi/fd.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>

long sys_dup(unsigned oldfd)
{
	struct task *t = current_task();
	struct file *f = fd_file_get(t->files, oldfd);
	int fd;

	if (!f)
		return -EBADF;
	fd = fd_install(t->files, f, false, task_rlimit(t, RLIMIT_NOFILE));
	if (fd < 0)
		file_put(f);
	return fd;
}

static long do_dup3(unsigned oldfd, unsigned newfd, int flags)
{
	struct task *t = current_task();
	u64 limit = task_rlimit(t, RLIMIT_NOFILE);
	struct file *f;
	int fd;

	if (newfd >= limit)
		return -EBADF;
	f = fd_file_get(t->files, oldfd);
	if (!f)
		return -EBADF;
	fd = fd_replace(t->files, newfd, f, flags & O_CLOEXEC, limit);
	if (fd < 0)
		file_put(f);
	return fd;
}

long sys_dup2(unsigned oldfd, unsigned newfd)
{
	struct file *f;

	if (oldfd != newfd)
		return do_dup3(oldfd, newfd, 0);
	f = fd_file_get(current_task()->files, oldfd);
	if (!f)
		return -EBADF;
	file_put(f);
	return (long)newfd;
}

long sys_dup3(unsigned oldfd, unsigned newfd, int flags)
{
	if (flags & ~O_CLOEXEC || oldfd == newfd)
		return -EINVAL;
	return do_dup3(oldfd, newfd, flags);
}
