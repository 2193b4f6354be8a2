/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_clock.c - clock_gettime(2) and what else tells or sets the time
 *
 * Owns:      the time zone that settimeofday(2) was told.
 * Layer:     syscall.  Uses base/clock, sched (CPU time), proc.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    clock_gettime(2), gettimeofday(2), time(2), times(2).
 * Tests:     tests/abi/timing.c
 *
 * A negative clock id names the CPU time of a process or thread: its complement shifted left by three, and in
 * the low bits 4 for a thread and 2 for "as the scheduler counts" (clock_getcpuclockid(3)).
 */
#include <syscall/syscall.h>
#include <base/clock_page.h>
#include <ipc/timerfd.h>
#include <sched/timer.h>
#include <sys_protos.h>

enum { CPUCLOCK_THREAD = 4, CPUCLOCK_KIND = 3, CPUCLOCK_SCHED = 2 };

static struct timezone_k time_zone;

static ktime_t process_cpu_time(struct thread_group *g)
{
	u64 user, system;

	process_times(g, &user, &system);
	return (ktime_t)(user + system);
}

/* 0, or -EINVAL: no such process, or not one of ours for a thread's clock. */
static int cpu_clock_read(int clock, ktime_t *out)
{
	pid_t pid = ~(clock >> 3);
	struct task *t;
	int err = 0;

	if ((clock & CPUCLOCK_KIND) > CPUCLOCK_SCHED)
		return -EINVAL;
	t = task_arg(pid);
	if (!t)
		return -EINVAL;
	if (clock & CPUCLOCK_THREAD) {
		if (t->group == current_task()->group)
			*out = (ktime_t)sched_cpu_time(&t->thread);
		else
			err = -EINVAL;
	} else {
		*out = process_cpu_time(t->group);
	}
	task_put(t);
	return err;
}

int clock_read(int clock, ktime_t *out)
{
	if (clock < 0)
		return cpu_clock_read(clock, out);
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_ALARM:
	case CLOCK_TAI:
		*out = clock_realtime();
		return 0;
	case CLOCK_REALTIME_COARSE:
		*out = clock_realtime_coarse();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*out = clock_monotonic();
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
		*out = process_cpu_time(current_task()->group);
		return 0;
	case CLOCK_THREAD_CPUTIME_ID:
		*out = (ktime_t)sched_cpu_time(thread_current());
		return 0;
	default:
		return -EINVAL;
	}
}

long sys_clock_gettime(int clock, struct timespec_k __user *ts)
{
	ktime_t now;
	int err = clock_read(clock, &now);

	return err ? err : timespec_put(now, ts);
}

long sys_clock_getres(int clock, struct timespec_k __user *ts)
{
	ktime_t now, res = 1;
	int err = clock_read(clock, &now);

	if (err)
		return err;
	if (clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE)
		res = CLOCK_COARSE_NS;
	return ts ? timespec_put(res, ts) : 0;
}

int wall_clock_set(ktime_t t)
{
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	if (t > KTIME_MAX / 2 || t < clock_monotonic())
		return -EINVAL; /* the machine was not switched on before 1970 */
	clock_set_realtime(t);
	timer_wall_changed();
	timerfd_clock_was_set();
	return 0;
}

long sys_clock_settime(int clock, const struct timespec_k __user *ts)
{
	ktime_t t;
	int err;

	if (clock != CLOCK_REALTIME)
		return -EINVAL;
	err = timespec_get(&t, ts);
	return err ? err : wall_clock_set(t);
}

long sys_gettimeofday(struct timeval_k __user *tv, struct timezone_k __user *tz)
{
	if (tv && timeval_put(clock_realtime(), tv))
		return -EFAULT;
	return tz && copy_to_user(tz, &time_zone, sizeof(time_zone)) ? -EFAULT : 0;
}

long sys_settimeofday(const struct timeval_k __user *tv, const struct timezone_k __user *tz)
{
	struct timezone_k zone;
	ktime_t t;
	int err;

	if (tv) {
		err = timeval_get(&t, tv);
		if (err)
			return err;
	}
	if (tz && copy_from_user(&zone, tz, sizeof(zone)))
		return -EFAULT;
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	if (tz) {
		if (zone.tz_minuteswest > 15 * 60 || zone.tz_minuteswest < -15 * 60)
			return -EINVAL;
		time_zone = zone;
	}
	return tv ? wall_clock_set(t) : 0;
}

long sys_time(s64 __user *t)
{
	s64 now = clock_realtime() / NSEC_PER_SEC;

	return t && longs_put(t, &now, 1) ? -EFAULT : now;
}

static s64 clock_ticks(u64 ns)
{
	return (s64)(ns / (NSEC_PER_SEC / USER_HZ));
}

long sys_times(struct tms_k __user *buf)
{
	struct thread_group *g = current_task()->group;
	struct tms_k k;
	u64 user, system;

	if (buf) {
		process_times(g, &user, &system);
		k = (struct tms_k){ clock_ticks(user), clock_ticks(system), clock_ticks(g->cutime_ns),
			            clock_ticks(g->cstime_ns) };
		if (longs_put(buf, (s64 *)&k, 4))
			return -EFAULT;
	}
	return clock_ticks((u64)clock_monotonic());
}
