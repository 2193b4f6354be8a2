/* SPDX-License-Identifier: MIT
 * syscall/syscall.h - what the handlers share: names and descriptors of the caller, times, limits of writes.
 *
 * A handler copies and checks its arguments, calls the chapter below, and copies results back. */
#pragma once
#include <proc/task.h>
#include <proc/signal.h>
#include <syscall/dispatch.h>
#include <abi/errno.h>
#include <abi/sched.h>
#include <abi/time.h>

/* ---- user_path.c: a path name, and the directory it begins in ---- */
enum { USER_PATH_SMALL = 120 };
struct user_path {
	struct fs_walk walk;         /* of the running task; base = the directory of dirfd */
	const char *name;            /* kernel copy, good until user_path_put */
	struct fd_ref ref;           /* of dirfd */
	struct path base;            /* a copy, so that walk.base is stable */
	char small[USER_PATH_SMALL]; /* where most names fit */
};
/* Copies the name and finds the directory. flags: LOOKUP_EMPTY allows "".  0, or -EFAULT, -ENOENT (""),
 * -ENAMETOOLONG, -ENOMEM, -EBADF; nothing to put then. May sleep. */
MUST_CHECK int user_path_get(struct user_path *p, int dirfd, const char __user *name, unsigned flags);
void user_path_put(struct user_path *p);
/* A string of at most size - 1 bytes into a new kmalloc buffer, ERR_PTR(-EFAULT, -ENAMETOOLONG, -ENOMEM). */
char *user_string(const char __user *s, size_t size);

static inline struct fd_ref fd_arg(unsigned fd)
{
	return fd_ref_get(current_task()->files, fd);
}
/* As above, for calls that O_PATH descriptors allow. */
static inline struct fd_ref fd_arg_path(unsigned fd)
{
	return fd_ref_get_path(current_task()->files, fd);
}
/* A new descriptor for f, whose reference it takes over, also on failure: the fd, -EMFILE, -ENOMEM. */
static inline MUST_CHECK long fd_give(struct file *f, bool cloexec)
{
	struct task *t = current_task();
	int fd = fd_install(t->files, f, cloexec, task_rlimit(t, RLIMIT_NOFILE));

	if (fd < 0)
		file_put(f);
	return fd;
}
static inline bool capable(unsigned cap)
{
	return cred_capable(current_task()->cred, cap);
}

/* prctl(PR_SET_MM, part, addr, a4, a5): sys_prctl_mm.c. */
long prctl_set_mm(unsigned long part, unsigned long addr, unsigned long a4, unsigned long a5);

/* PR_SET_SECCOMP and seccomp(2) alike: sys_seccomp.c. */
long seccomp_filter(unsigned flags, const void __user *program);

/* ---- sys_stat.c: what a name (of `dirfd`, LOOKUP_* flags) or a descriptor stands for; 0 or -errno ---- */
struct kstat;
struct stat_k;
MUST_CHECK int stat_path(int dirfd, const char __user *path, unsigned lookup, struct kstat *st);
MUST_CHECK int stat_fd(unsigned fd, struct kstat *st);
void stat_fill(struct stat_k *to, const struct kstat *st);
/* sys_system.c: the system's names as the caller's personality has them. */
struct utsname_k;
void uts_get(struct utsname_k *to);

/* ---- user_layout.c: structures whose layout depends on the ABI of the call ---- */
/* Is the caller's `long` one of 32 bits? */
static inline bool call_small(void)
{
	return unlikely(current_task()->call_layout != CALL_NATIVE);
}
/* A structure that may grow, of which the caller knows `size` bytes and we `known`; `least` is its first version.  What a
 * newer program says beyond our fields must be zero.  0, -E2BIG, -EINVAL, -EFAULT. */
MUST_CHECK int user_struct_get(void *to, size_t known, size_t least, const void __user *u, size_t size);
/* n consecutive signed longs of the caller: 0 or -EFAULT; putting one that does not fit stores its low half. */
MUST_CHECK int longs_get(s64 *to, const void __user *u, unsigned n);
MUST_CHECK int longs_put(void __user *u, const s64 *from, unsigned n);
/* The structures, field by field.  0 or -EFAULT. */
MUST_CHECK int timespecs_get(struct timespec_k *to, const struct timespec_k __user *u, unsigned n);
MUST_CHECK int sigaction_get(struct sigaction_k *to, const struct sigaction_k __user *u);
MUST_CHECK int sigaction_put(struct sigaction_k __user *u, const struct sigaction_k *from);
MUST_CHECK int sigaltstack_get(struct sigaltstack_k *to, const struct sigaltstack_k __user *u);
MUST_CHECK int sigaltstack_put(struct sigaltstack_k __user *u, const struct sigaltstack_k *from);
/* All of it, or (head) up to si_status. */
MUST_CHECK int siginfo_put(struct siginfo __user *u, const struct siginfo *from, bool head);
MUST_CHECK int siginfo_get(struct siginfo *to, const struct siginfo __user *u);
MUST_CHECK int sigevent_get(struct sigevent_k *to, const struct sigevent_k __user *u);

/* ---- user_time.c: struct timespec and timeval against ktime_t ---- */
/* A time that is not negative and has proper fractions; seconds saturate. 0, -EFAULT, -EINVAL. */
MUST_CHECK int timespec_get(ktime_t *out, const struct timespec_k __user *u);
MUST_CHECK int timeval_get(ktime_t *out, const struct timeval_k __user *u);
MUST_CHECK int timespec_put(ktime_t ns, struct timespec_k __user *u);
MUST_CHECK int timeval_put(ktime_t ns, struct timeval_k __user *u);
/* Monotonic time ns from now, saturating. */
ktime_t deadline_after(ktime_t ns);
/* personality(2): select(2) and its kin leave the timeout as it was, and then are not restarted. */
static inline bool timeouts_stay(void)
{
	return unlikely(current_task()->personality & STICKY_TIMEOUTS);
}
/* struct itimerspec: both times in ns, 0, -EFAULT, -EINVAL. */
MUST_CHECK int itimerspec_get(ktime_t *value, ktime_t *interval, const struct itimerspec_k __user *u);
MUST_CHECK int itimerspec_put(ktime_t value, ktime_t interval, struct itimerspec_k __user *u);

/* ---- sys_rw.c: what all calls that move bytes share ---- */
/* Cuts from->count to RLIMIT_FSIZE for a write at pos (NULL: f->pos). 0, or -EFBIG with SIGXFSZ sent. */
MUST_CHECK int write_limit(struct file *f, struct iov_iter *from, const loff_t *pos);
/* The same limit for a new file size: 0 or -EFBIG with SIGXFSZ sent. */
MUST_CHECK int size_limit(const struct inode *i, loff_t size);
/* Before a write of the running task: a changed program is nobody's set-id program any more. */
static inline MUST_CHECK int write_drop_privs(const struct file *f, size_t count)
{
	if (unlikely(inode_may_have_privs(f->inode)) && f->mode & FMODE_WRITE && count)
		return inode_drop_privs(f->inode, current_task()->cred);
	return 0;
}
/* A write ended with err: sends SIGPIPE for -EPIPE. What the program is told. */
ssize_t write_failed(ssize_t err);
/* After a read or write: counts for /proc/pid/io (shared by the threads; an increment lost in a race is accepted); a
 * write that found no reader sends SIGPIPE.  Returns n. */
static inline long read_done(ssize_t n)
{
	struct thread_group *g = current_task()->group;

	g->syscr++;
	if (likely(n > 0))
		g->rchar += (u64)n;
	return n;
}
static inline long write_done(ssize_t n)
{
	struct thread_group *g = current_task()->group;

	g->syscw++;
	if (likely(n > 0))
		g->wchar += (u64)n;
	else if (n < 0)
		n = write_failed(n);
	return n;
}

/* ---- sys_rwv.c: a vector of the user's buffers ---- */
enum { VEC_SMALL = 8 };
struct user_vec {
	struct iovec *iov; /* = small or an allocation */
	struct iovec small[VEC_SMALL];
	struct iov_iter it;
};
/* Copies the vector: 0, -EINVAL, -EFAULT, -ENOMEM; nothing to put after an error. */
MUST_CHECK int user_vec_get(struct user_vec *v, const struct iovec __user *vec, unsigned long nr);
void user_vec_put(struct user_vec *v);

/* ---- sys_socket.c, sys_sockmsg.c ---- */
struct socket;
struct sockaddr_any;
/* The socket of a descriptor, borrowed until fd_ref_put(*r), or ERR_PTR(-EBADF, -ENOTSOCK) with nothing to put. */
struct socket *socket_arg(int fd, struct fd_ref *r);
MUST_CHECK int sockaddr_get(struct sockaddr_any *to, const void __user *from, int len);
/* An address of `len` bytes to the user, who has room for *ulen: 0, -EFAULT, -EINVAL. */
MUST_CHECK int sockaddr_put(const struct sockaddr_any *from, int len, void __user *to, s32 __user *ulen);

/* ---- sys_poll.c ---- */
/* ppoll, pselect6: the mask to wait under (u NULL: keep). 0, -EINVAL (size), -EFAULT. */
MUST_CHECK int wait_mask_begin(const sigset_k __user *u, size_t size);
/* The end of such a call: unless a signal ended it (-EINTR), the old mask is back at once. */
void wait_mask_end(long result);

/* ---- sys_attr.c: changes attributes by name, or (fd) of an open file ---- */
MUST_CHECK long setattr_at(int dirfd, const char __user *path, unsigned lookup, struct iattr *a);
MUST_CHECK long setattr_fd(unsigned fd, struct iattr *a);
/* What AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH mean to path_lookup(). */
static inline unsigned at_lookup(int flags)
{
	return (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) | (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
}

/* ---- find a task by the argument of a call: 0 = the caller. Referenced, or NULL (-ESRCH). ---- */
static inline struct task *task_arg(pid_t pid)
{
	if (pid)
		return task_find_get(pid);
	task_get(current_task());
	return current_task();
}

/* ---- sys_mlock.c: how much the caller may lock goes into its space; 0 or -EPERM ---- */
MUST_CHECK int mlock_set_limit(struct vm_space *s);

/* ---- sys_id.c ---- */
/* setgroups(2) of `size` ids, which `read` fetches in the caller's form: 0 or -EFAULT. */
long ids_set_user_groups(const void __user *list, size_t size,
                         int (*read)(gid_t *to, const void __user *list, size_t n));
/* ---- sys_clock.c: 0, -EPERM, -EINVAL ---- */
MUST_CHECK int wall_clock_set(ktime_t t);
/* What a clock of clock_gettime(2) shows, those of CPU time with their negative ids as well: 0 or -EINVAL. */
MUST_CHECK int clock_read(int clock, ktime_t *out);
/* ---- sys_system.c: what sysinfo(2) tells ---- */
struct sysinfo_k;
void system_info(struct sysinfo_k *k);

/* ---- sys_fcntl.c: F_GETLK and so on with the lock in kernel memory ---- */
MUST_CHECK int fcntl_lock_do(struct file *f, int cmd, struct flock_k *l);

/* ---- sys_ioctl.c ---- */
enum { IOCTL_IN = 1, IOCTL_OUT = 2, IOCTL_ARG_MAX = 304 };
struct ioctl_desc {
	u32 cmd;
	u16 size; /* bytes of the argument; 0: the argument is a value */
	u16 dir;  /* IOCTL_IN | IOCTL_OUT */
	const char *name;
};
extern const struct ioctl_desc ioctl_table[]; /* sorted by cmd; generated from ioctls.tbl */
extern const unsigned ioctl_table_len;
const struct ioctl_desc *ioctl_find(unsigned cmd); /* NULL: unknown */

/* ---- dispatch.c ---- */
/* Holes of the tables: reports the number once per program in the log, -ENOSYS. */
long sys_ni(unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e,
            unsigned long f);

/* ---- strace.c ---- */
struct strace_line;
/* Formats a call up to its first result argument; a call that never returns is printed at once. NULL when
 * there is nothing to complete, or no memory. */
struct strace_line *strace_enter(unsigned long nr, const unsigned long arg[6]);
/* Completes the line and prints it. s may be NULL. */
void strace_exit(struct strace_line *s, long result);
