/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_sleep.c - nanosleep(2), clock_nanosleep(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses sched, base/clock.
 * Locks:     none.
 * Contexts:  process context of a user task; sleeps.
 * Manual:    nanosleep(2), clock_nanosleep(2), signal(7) (restart).
 * Tests:     tests/abi/itimer.c, tests/abi/cpuclock.c
 *
 * A sleep is one until a deadline, on the monotonic clock but for absolute times of the wall clock.  A relative one that a stop signal interrupts
 * goes on to the same deadline by restart_syscall(2), so stopping and continuing does not lengthen it.
 *
 * CPU time passes at most as fast as the wall clock, on each CPU: who sleeps until such a clock shows something looks when
 * that is possible, and again.
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
	case CLOCK_THREAD_CPUTIME_ID: /* which stands still meanwhile */
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

static bool clock_is_cpu(int clock)
{
	return clock < 0 || clock == CLOCK_PROCESS_CPUTIME_ID;
}

/* 0, -EINVAL: no such clock, or it is the caller's own, which stands still meanwhile.  -EOPNOTSUPP: a device's. */
static int cpu_clock_check(int clock)
{
	enum { OF_DEVICE = 3, OF_THREAD = 4, KIND = 7 };
	ktime_t now;
	int tid = ~(clock >> 3);

	if (clock < 0 && (clock & KIND) == OF_DEVICE)
		return -EOPNOTSUPP;
	if (clock < 0 && (clock & OF_THREAD) && (tid == 0 || tid == current_task()->pid))
		return -EINVAL;
	return clock_read(clock, &now);
}

/* Until the clock shows `until`, or nobody is left whose time it is. */
static int sleep_cpu(int clock, ktime_t until)
{
	ktime_t now;

	while (!clock_read(clock, &now) && now < until) {
		ktime_t least = MAX((until - now) / (ktime_t)cpu_count, (ktime_t)NSEC_PER_MSEC);
		int err = thread_sleep_until(deadline_after(least), true);
		if (err)
			return err;
	}
	return 0;
}

static long sleep_cpu_relative(struct task *t, int clock, ktime_t until, struct timespec_k __user *rem);

static long sleep_cpu_restart(struct task *t)
{
	return sleep_cpu_relative(t, (int)t->restart.arg[1], t->restart.deadline,
	                          (struct timespec_k __user *)t->restart.arg[0]);
}

static long sleep_cpu_relative(struct task *t, int clock, ktime_t until, struct timespec_k __user *rem)
{
	ktime_t now;

	if (!sleep_cpu(clock, until) || clock_read(clock, &now) || now >= until)
		return 0;
	if (rem && timespec_put(until - now, rem))
		return -EFAULT;
	t->restart.fn = sleep_cpu_restart;
	t->restart.deadline = until;
	t->restart.arg[0] = (unsigned long)rem;
	t->restart.arg[1] = (unsigned long)(long)clock;
	return -ERESTART_RESTARTBLOCK;
}

static long sleep_on_cpu_clock(int clock, bool absolute, ktime_t t, struct timespec_k __user *rem)
{
	ktime_t now;

	if (absolute)
		return sleep_cpu(clock, t) ? -ERESTARTNOHAND : 0;
	if (clock_read(clock, &now))
		return -EINVAL;
	return sleep_cpu_relative(current_task(), clock, t > KTIME_MAX - now ? KTIME_MAX : now + t, rem);
}

long sys_clock_nanosleep(int clock, int flags, const struct timespec_k __user *req,
                         struct timespec_k __user *rem)
{
	ktime_t t;
	int err = clock_is_cpu(clock) ? cpu_clock_check(clock) : clock_check(clock);

	if (err)
		return err;
	err = timespec_get(&t, req);
	if (err)
		return err;
	if (clock_is_cpu(clock))
		return sleep_on_cpu_clock(clock, flags & TIMER_ABSTIME, t, rem);
	if (!(flags & TIMER_ABSTIME))
		return sleep_until(current_task(), deadline_after(t), rem);
	/* An absolute sleep is restarted as it is; the time left needs no telling. */
	err = clock_is_wall(clock) ? thread_sleep_until_wall(t) : thread_sleep_until(t, true);
	return err ? -ERESTARTNOHAND : 0;
}
