/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_pidfd.c - pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2); kcmp(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses proc (pidfd, signals, who may trace).
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2), kcmp(2).
 * Tests:     tests/abi/pidfd.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <base/random.h>
#include <ipc/epoll.h>
#include <proc/pidfd.h>
#include <proc/ptrace.h>
#include <procfs/procfs.h>
#include <fs/file.h>

enum { KCMP_FILE, KCMP_VM, KCMP_FILES, KCMP_FS, KCMP_SIGHAND, KCMP_IO, KCMP_SYSVSEM, KCMP_EPOLL_TFD };

/* A watch of an epoll set: the one of descriptor tfd, and of several with this number the toff-th. */
struct kcmp_slot_k {
	u32 efd, tfd, toff;
};

long sys_pidfd_open(pid_t nr, unsigned flags)
{
	struct task *leader;
	struct file *f;

	if (flags & ~(unsigned)O_NONBLOCK || nr <= 0)
		return -EINVAL;
	leader = process_find_get(nr);
	if (!leader) {
		leader = task_find_get(nr);
		if (!leader)
			return -ESRCH;
		task_put(leader);
		return -EINVAL; /* a thread that is no leader */
	}
	struct pid *pid = pid_find_get(nr);
	task_put(leader);
	if (!pid)
		return -ESRCH;
	f = pidfd_create(pid, flags, current_task()->cred);
	pid_put(pid);
	return f ? fd_give(f, true) : -ENOMEM;
}

/* The number a pidfd names, referenced; NULL: -EBADF. */
static struct pid *pidfd_arg(int fd)
{
	struct fd_ref r = fd_arg((unsigned)fd);
	struct pid *pid = r.file ? pidfd_pid(r.file) : NULL;

	if (pid)
		pid_get(pid);
	if (r.file)
		fd_ref_put(r);
	return pid;
}

/* The same, or the process of a directory of /proc. */
static struct pid *pid_arg(int fd)
{
	struct fd_ref r = fd_arg((unsigned)fd);
	struct pid *pid = NULL;

	if (!r.file)
		return NULL;
	pid = pidfd_pid(r.file);
	if (pid)
		pid_get(pid);
	else if (r.file->inode)
		pid = proc_dir_pid(r.file->inode);
	fd_ref_put(r);
	return pid;
}

static long send_info(struct pid *pid, int sig, const struct siginfo __user *info)
{
	struct siginfo k;

	if (siginfo_get(&k, info))
		return -EFAULT;
	if (k.si_signo != sig)
		return -EINVAL;
	return signal_queue(pid->nr, sig, &k);
}

long sys_pidfd_send_signal(int fd, int sig, const struct siginfo __user *info, unsigned flags)
{
	struct pid *pid;
	long err;

	if (flags)
		return -EINVAL;
	pid = pid_arg(fd);
	if (!pid)
		return -EBADF;
	err = info ? send_info(pid, sig, info) : signal_kill(pid->nr, sig);
	pid_put(pid);
	return err;
}

static long take_file(struct task *t, int fd)
{
	struct fd_table *files;
	struct file *f;

	if (!ptrace_may_access(t, true))
		return -EPERM;
	files = task_files_get(t);
	if (!files)
		return -ESRCH;
	f = fd_file_get(files, (unsigned)fd);
	fd_table_put(files);
	return f ? fd_give(f, true) : -EBADF;
}

long sys_pidfd_getfd(int pidfd, int fd, unsigned flags)
{
	struct pid *pid;
	struct task *t;
	long got = -ESRCH;

	if (flags)
		return -EINVAL;
	pid = pidfd_arg(pidfd);
	if (!pid)
		return -EBADF;
	t = task_find_get(pid->nr);
	if (t) {
		got = take_file(t, fd);
		task_put(t);
	}
	pid_put(pid);
	return got;
}

/* ---- kcmp ---- */

static struct file *task_file_get(struct task *t, unsigned fd)
{
	struct fd_table *files = task_files_get(t);
	struct file *f = files ? fd_file_get(files, fd) : NULL;

	if (files)
		fd_table_put(files);
	return f;
}

/* What a set of task t watches. */
static long kcmp_watched(struct task *t, unsigned long slot, unsigned long *out)
{
	struct kcmp_slot_k k;
	struct file *set;
	long err;

	if (copy_from_user(&k, (const void __user *)slot, sizeof(k)))
		return -EFAULT;
	set = task_file_get(t, k.efd);
	if (!set)
		return -EBADF;
	err = file_is_epoll(set) ? epoll_watched(set, (int)k.tfd, k.toff, out) : -EINVAL;
	file_put(set);
	return err;
}

/* The object of a task as a number that is compared and not used. */
static long kcmp_object(struct task *t, int type, unsigned long idx, unsigned long *out)
{
	struct file *f;

	switch (type) {
	case KCMP_VM:
		*out = (unsigned long)atomic_load(&t->mm);
		return 0;
	case KCMP_FILES:
		*out = (unsigned long)atomic_load(&t->files);
		return 0;
	case KCMP_FS:
		*out = (unsigned long)atomic_load(&t->fs);
		return 0;
	case KCMP_SIGHAND:
		*out = (unsigned long)atomic_load(&t->sighand);
		return 0;
	case KCMP_FILE:
		f = task_file_get(t, (unsigned)idx);
		*out = (unsigned long)f;
		if (f)
			file_put(f);
		return f ? 0 : -EBADF;
	case KCMP_IO:
	case KCMP_SYSVSEM:
		return -EOPNOTSUPP; /* there is neither */
	default:
		return -EINVAL;
	}
}

static long compare(struct task *a, struct task *b, int type, unsigned long i, unsigned long j)
{
	/* Programs sort by the answer: the order must be stable, but tell little of addresses. */
	static unsigned long secret;
	unsigned long x, y;
	long err;

	if (!ptrace_may_access(a, true) || !ptrace_may_access(b, true))
		return -EPERM;
	bool watch = type == KCMP_EPOLL_TFD;
	err = kcmp_object(a, watch ? KCMP_FILE : type, i, &x);
	if (!err)
		err = watch ? kcmp_watched(b, j, &y) : kcmp_object(b, type, j, &y);
	if (err)
		return err;
	if (!atomic_load(&secret))
		(void)!atomic_cas(&secret, 0UL, random_u64() | 1);
	x *= secret;
	y *= secret;
	return x == y ? 0 : x < y ? 1 : 2;
}

long sys_kcmp(pid_t pid1, pid_t pid2, int type, unsigned long idx1, unsigned long idx2)
{
	struct task *a = task_find_get(pid1), *b = task_find_get(pid2);
	long r = a && b ? compare(a, b, type, idx1, idx2) : -ESRCH;

	if (a)
		task_put(a);
	if (b)
		task_put(b);
	return r;
}
