/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_open.c - open(2) and its family, close(2), close_range(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses fs (vfs_open, descriptor tables).
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    open(2), close(2), close_range(2).
 * Tests:     tests/abi/open.c
 *
 * The file is opened first and gets its descriptor last: when there is none left, the file is dropped again,
 * and a thread that looks at the table never sees half an open.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>

/* Flags unknown to open(2) are ignored, as they always were; vfs_open() judges the others. */
enum {
	OPEN_FLAGS = O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC |
	             FASYNC | O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC |
	             O_PATH | O_TMPFILE_BIT,
};

static long do_open(int dirfd, const char __user *path, int flags, umode_t mode)
{
	struct task *t = current_task();
	struct user_path p;
	struct file *f;
	int fd;

	flags &= OPEN_FLAGS;
	if (!call_small()) /* where a file's size fits into an off_t in any case */
		flags |= O_LARGEFILE;
	fd = user_path_get(&p, dirfd, path, 0);
	if (unlikely(fd))
		return fd;
	fd = vfs_open(&p.walk, p.name, (unsigned)flags, mode & S_IALLUGO, &f);
	user_path_put(&p);
	if (fd)
		return fd;
	fd = fd_install(t->files, f, flags & O_CLOEXEC, task_rlimit(t, RLIMIT_NOFILE));
	if (unlikely(fd < 0))
		file_put(f);
	return fd;
}

long sys_open(const char __user *path, int flags, umode_t mode)
{
	return do_open(AT_FDCWD, path, flags, mode);
}

long sys_openat(int dirfd, const char __user *path, int flags, umode_t mode)
{
	return do_open(dirfd, path, flags, mode);
}

long sys_creat(const char __user *path, umode_t mode)
{
	return do_open(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

/* The descriptor is gone whatever flush says, so the call must not be restarted. */
long sys_close(unsigned fd)
{
	int err = fd_close(current_task()->files, fd);

	if (unlikely(err == -ERESTARTSYS || err == -ERESTARTNOINTR || err == -ERESTARTNOHAND ||
	             err == -ERESTART_RESTARTBLOCK))
		err = -EINTR;
	return err;
}

long sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	struct task *me = current_task();
	struct fd_table *t;

	if (flags & ~(unsigned)(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC) || first > last)
		return -EINVAL;
	if (flags & CLOSE_RANGE_UNSHARE && task_unshare_files(me))
		return -ENOMEM;
	t = me->files;
	for (int fd = fd_next(t, first); fd >= 0 && (unsigned)fd <= last; fd = fd_next(t, (unsigned)fd + 1)) {
		int err = flags & CLOSE_RANGE_CLOEXEC ? fd_set_cloexec(t, (unsigned)fd, true)
		                                      : fd_close(t, (unsigned)fd);
		(void)err; /* another thread closed it first, or flush failed: neither is reported */
		cond_resched();
	}
	return 0;
}
