/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_timer.c - timer_create(2) and what belongs to it
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses proc (POSIX timers).
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    timer_create(2), timer_settime(2), timer_getoverrun(2), timer_delete(2).
 * Tests:     tests/abi/posixtimer.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <proc/posix_timer.h>

long sys_timer_create(int clock, const struct sigevent_k __user *event, int __user *id)
{
	struct sigevent_k ev;
	int nr, err;

	if (event && sigevent_get(&ev, event))
		return -EFAULT;
	err = posix_timer_create(clock, event ? &ev : NULL, &nr);
	if (err)
		return err;
	if (!put_user(nr, id))
		return 0;
	err = posix_timer_delete(nr);
	return err ? err : -EFAULT;
}

long sys_timer_settime(int id, int flags, const struct itimerspec_k __user *new,
                       struct itimerspec_k __user *old)
{
	ktime_t value, interval, left, was;
	int err;

	if (!new)
		return -EINVAL;
	err = itimerspec_get(&value, &interval, new);
	if (!err)
		err = posix_timer_set(id, flags & TIMER_ABSTIME, value, interval, &left, &was);
	if (err)
		return err;
	return old ? itimerspec_put(left, was, old) : 0;
}

long sys_timer_gettime(int id, struct itimerspec_k __user *value)
{
	ktime_t left, interval;
	int err = posix_timer_get(id, &left, &interval);

	return err ? err : itimerspec_put(left, interval, value);
}

long sys_timer_getoverrun(int id)
{
	return posix_timer_overrun(id);
}

long sys_timer_delete(int id)
{
	return posix_timer_delete(id);
}
