/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_utime.c - utimensat(2) and the calls it has replaced
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses fs.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    utime(2), utimensat(2).
 * Tests:     tests/abi/stat.c
 *
 * All forms become a struct iattr: ATTR_ATIME alone means now (allowed to whoever may write), with
 * ATTR_ATIME_SET the given time (the owner's right).
 */
#include <syscall/syscall.h>
#include <sys_protos.h>

static const struct iattr attr_now = { .valid = ATTR_ATIME | ATTR_MTIME };

static ktime_t clamp_time(s64 sec, s64 ns)
{
	s64 max = KTIME_MAX / NSEC_PER_SEC - 1;

	sec = sec > max ? max : sec < -max ? -max : sec;
	return sec * NSEC_PER_SEC + ns;
}

static int attr_set(struct iattr *a, u32 which, u32 set, const struct timespec_k *t, ktime_t *out)
{
	if (t->tv_nsec == UTIME_OMIT)
		return 0;
	a->valid |= which;
	if (t->tv_nsec == UTIME_NOW)
		return 0;
	if (t->tv_nsec < 0 || t->tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	a->valid |= set;
	*out = clamp_time(t->tv_sec, t->tv_nsec);
	return 0;
}

static int attr_from_timespecs(struct iattr *a, const struct timespec_k t[2])
{
	int err;

	*a = (struct iattr){ .valid = t[0].tv_nsec == UTIME_NOW && t[1].tv_nsec == UTIME_NOW ? 0
		                                                                             : ATTR_TIMES };
	err = attr_set(a, ATTR_ATIME, ATTR_ATIME_SET, &t[0], &a->atime);
	return err ? err : attr_set(a, ATTR_MTIME, ATTR_MTIME_SET, &t[1], &a->mtime);
}

/* path NULL: the descriptor itself. */
static long do_utimes(int dirfd, const char __user *path, struct iattr *a, int flags)
{
	if (!path && dirfd != AT_FDCWD)
		return flags ? -EINVAL : setattr_fd((unsigned)dirfd, a);
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return setattr_at(dirfd, path, at_lookup(flags), a);
}

long sys_utimensat(int dirfd, const char __user *path, const struct timespec_k __user *times, int flags)
{
	struct iattr a = attr_now;
	struct timespec_k t[2];
	int err;

	if (times) {
		if (timespecs_get(t, times, 2))
			return -EFAULT;
		if (t[0].tv_nsec == UTIME_OMIT && t[1].tv_nsec == UTIME_OMIT)
			return 0; /* nothing to do, not even to look for the file */
		err = attr_from_timespecs(&a, t);
		if (err)
			return err;
	}
	return do_utimes(dirfd, path, &a, flags);
}

long sys_futimesat(int dirfd, const char __user *path, const struct timeval_k __user *times)
{
	struct iattr a = attr_now;
	struct timeval_k tv[2];

	if (times) {
		if (longs_get((s64 *)tv, times, 4))
			return -EFAULT;
		for (int i = 0; i < 2; i++)
			if (tv[i].tv_usec < 0 || tv[i].tv_usec >= 1000000)
				return -EINVAL;
		a.valid |= ATTR_ATIME_SET | ATTR_MTIME_SET;
		a.atime = clamp_time(tv[0].tv_sec, tv[0].tv_usec * NSEC_PER_USEC);
		a.mtime = clamp_time(tv[1].tv_sec, tv[1].tv_usec * NSEC_PER_USEC);
	}
	return do_utimes(dirfd, path, &a, 0);
}

long sys_utimes(const char __user *path, const struct timeval_k __user *times)
{
	return sys_futimesat(AT_FDCWD, path, times);
}

long sys_utime(const char __user *path, const struct utimbuf_k __user *times)
{
	struct iattr a = attr_now;
	struct utimbuf_k t;

	if (times) {
		if (longs_get((s64 *)&t, times, 2))
			return -EFAULT;
		a.valid |= ATTR_ATIME_SET | ATTR_MTIME_SET;
		a.atime = clamp_time(t.actime, 0);
		a.mtime = clamp_time(t.modtime, 0);
	}
	return do_utimes(AT_FDCWD, path, &a, 0);
}
