/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_pipe.c - pipe(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses ipc/pipe, fs.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    pipe(2).
 * Tests:     tests/abi/pipe.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <ipc/pipe.h>

static long do_pipe(int __user *fds, int flags)
{
	struct task *t = current_task();
	u64 limit = task_rlimit(t, RLIMIT_NOFILE);
	struct file *end[2];
	int fd[2];
	int err;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	err = pipe_create_files(end, (unsigned)flags, t->cred);
	if (err)
		return err;
	fd[0] = err = fd_install(t->files, end[0], flags & O_CLOEXEC, limit);
	if (err < 0)
		goto put_both;
	fd[1] = err = fd_install(t->files, end[1], flags & O_CLOEXEC, limit);
	if (err < 0)
		goto close_first;
	if (!copy_to_user(fds, fd, sizeof(fd)))
		return 0;
	(void)!fd_close(t->files, (unsigned)fd[0]);
	(void)!fd_close(t->files, (unsigned)fd[1]);
	return -EFAULT;

close_first:
	(void)!fd_close(t->files, (unsigned)fd[0]);
	file_put(end[1]);
	return err;
put_both:
	file_put(end[0]);
	file_put(end[1]);
	return err;
}

long sys_pipe(int __user *fds)
{
	return do_pipe(fds, 0);
}

long sys_pipe2(int __user *fds, int flags)
{
	return do_pipe(fds, flags);
}
