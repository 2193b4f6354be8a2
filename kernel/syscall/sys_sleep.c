/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_sleep.c - nanosleep(2), clock_nanosleep(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses sched, base/clock.
 * Locks:     none.
 * Contexts:  process context of a user task; sleeps.
 * Manual:    nanosleep(2), clock_nanosleep(2), signal(7) (restart).
 * Tests:     tests/abi/sleep.c
 *
 * A sleep is one until a deadline, on the monotonic clock but for absolute times of the wall clock.  A relative one that a stop signal interrupts
 * goes on to the same deadline by restart_syscall(2), so stopping and continuing does not lengthen it.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <sched/timer.h>

/* rem may be NULL. */
static long sleep_until(struct task *t, ktime_t deadline, struct timespec_k __user *rem);

static long sleep_restart(struct task *t)
{
	return sleep_until(t, t->restart.deadline, (struct timespec_k __user *)t->restart.arg[0]);
}

static long sleep_until(struct task *t, ktime_t deadline, struct timespec_k __user *rem)
{
	ktime_t left;

	if (!thread_sleep_until(deadline, true))
		return 0;
	left = deadline - clock_monotonic();
	if (left <= 0)
		return 0;
	if (rem && timespec_put(left, rem))
		return -EFAULT;
	t->restart.fn = sleep_restart;
	t->restart.deadline = deadline;
	t->restart.arg[0] = (unsigned long)rem;
	return -ERESTART_RESTARTBLOCK;
}

long sys_nanosleep(const struct timespec_k __user *req, struct timespec_k __user *rem)
{
	ktime_t ns;
	int err = timespec_get(&ns, req);

	if (err)
		return err;
	return sleep_until(current_task(), deadline_after(ns), rem);
}

static int clock_check(int clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
		return 0;
	case CLOCK_REALTIME_ALARM:
	case CLOCK_BOOTTIME_ALARM:
		return capable(CAP_WAKE_ALARM) ? 0 : -EPERM;
	case CLOCK_PROCESS_CPUTIME_ID:
	case CLOCK_THREAD_CPUTIME_ID:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
		return -EOPNOTSUPP;
	default:
		return -EINVAL;
	}
}

static bool clock_is_wall(int clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM || clock == CLOCK_TAI;
}

long sys_clock_nanosleep(int clock, int flags, const struct timespec_k __user *req,
                         struct timespec_k __user *rem)
{
	ktime_t t;
	int err = clock_check(clock);

	if (err)
		return err;
	err = timespec_get(&t, req);
	if (err)
		return err;
	if (!(flags & TIMER_ABSTIME))
		return sleep_until(current_task(), deadline_after(t), rem);
	/* An absolute sleep is restarted as it is; the time left needs no telling. */
	err = clock_is_wall(clock) ? thread_sleep_until_wall(t) : thread_sleep_until(t, true);
	return err ? -ERESTARTNOHAND : 0;
}
