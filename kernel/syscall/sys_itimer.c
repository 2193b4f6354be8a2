/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_itimer.c - alarm(2), setitimer(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses proc (interval timers).
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    alarm(2), setitimer(2).
 * Tests:     tests/abi/itimer.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <proc/process.h>

/* The seconds that were left, at least 1 when a timer ran: "none" is 0. */
long sys_alarm(unsigned seconds)
{
	struct itimerval_k new = { .it_value = { MIN(seconds, (unsigned)INT32_MAX), 0 } }, old;
	int err = process_setitimer(ITIMER_REAL, &new, &old);

	if (err)
		return err;
	if (old.it_value.tv_usec >= 500000 || (!old.it_value.tv_sec && old.it_value.tv_usec))
		old.it_value.tv_sec++;
	return old.it_value.tv_sec;
}

static bool itimer_which_ok(int which)
{
	return which == ITIMER_REAL || which == ITIMER_VIRTUAL || which == ITIMER_PROF;
}

long sys_getitimer(int which, struct itimerval_k __user *value)
{
	struct itimerval_k k;
	int err = itimer_which_ok(which) ? process_getitimer(which, &k) : -EINVAL;

	return err ? err : longs_put(value, (s64 *)&k, 4);
}

static bool timeval_ok(const struct timeval_k *tv)
{
	return tv->tv_sec >= 0 && tv->tv_usec >= 0 && tv->tv_usec < 1000000;
}

long sys_setitimer(int which, const struct itimerval_k __user *value, struct itimerval_k __user *old)
{
	struct itimerval_k new = { 0 }, was;
	int err;

	if (value && longs_get((s64 *)&new, value, 4))
		return -EFAULT;
	if (!timeval_ok(&new.it_value) || !timeval_ok(&new.it_interval) || !itimer_which_ok(which))
		return -EINVAL;
	err = process_setitimer(which, &new, &was);
	if (!err && old && longs_put(old, (s64 *)&was, 4))
		return -EFAULT;
	return err;
}
