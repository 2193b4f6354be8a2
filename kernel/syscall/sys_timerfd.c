/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_timerfd.c - timerfd_create(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses ipc/timerfd.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    timerfd_create(2).
 * Tests:     tests/abi/timerfd.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <ipc/timerfd.h>

static bool clock_is_alarm(int clock)
{
	return clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
}

long sys_timerfd_create(int clock, int flags)
{
	struct file *f;

	if (flags & ~(O_CLOEXEC | O_NONBLOCK))
		return -EINVAL;
	if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME && clock != CLOCK_BOOTTIME &&
	    !clock_is_alarm(clock))
		return -EINVAL;
	if (clock_is_alarm(clock) && !capable(CAP_WAKE_ALARM))
		return -EPERM;
	f = timerfd_create(clock, (unsigned)flags & O_NONBLOCK, current_task()->cred);
	return f ? fd_give(f, flags & O_CLOEXEC) : -ENOMEM;
}

static int timerfd_arg(struct fd_ref *r, int fd)
{
	*r = fd_arg((unsigned)fd);
	if (!r->file)
		return -EBADF;
	if (file_is_timerfd(r->file))
		return 0;
	fd_ref_put(*r);
	return -EINVAL;
}

long sys_timerfd_settime(int fd, int flags, const struct itimerspec_k __user *new,
                         struct itimerspec_k __user *old)
{
	ktime_t value, interval, left, was;
	struct fd_ref r;
	int err = itimerspec_get(&value, &interval, new);

	if (err)
		return err;
	if (flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET))
		return -EINVAL;
	err = timerfd_arg(&r, fd);
	if (err)
		return err;
	timerfd_get(r.file, &left, &was);
	err = timerfd_set(r.file, (unsigned)flags, value, interval);
	fd_ref_put(r);
	if (err)
		return err;
	return old ? itimerspec_put(left, was, old) : 0;
}

long sys_timerfd_gettime(int fd, struct itimerspec_k __user *u)
{
	ktime_t left, interval;
	struct fd_ref r;
	int err = timerfd_arg(&r, fd);

	if (err)
		return err;
	timerfd_get(r.file, &left, &interval);
	fd_ref_put(r);
	return itimerspec_put(left, interval, u);
}
