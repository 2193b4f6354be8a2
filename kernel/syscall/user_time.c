/* SPDX-License-Identifier: MIT
 *
 * syscall/user_time.c - times of the caller: struct timespec, struct timeval and nanoseconds
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses base (iov, clock).
 * Locks:     none.
 * Contexts:  process context; may sleep.
 * Manual:    timespec(3type), nanosleep(2), select(2).
 * Tests:     tests/abi/timing.c
 *
 * A ktime_t holds 292 years.  Programs ask for "for ever" with huge seconds; such a time becomes KTIME_MAX,
 * which the scheduler takes for no deadline at all.
 */
#include <syscall/syscall.h>

static ktime_t ktime_make(s64 sec, s64 ns)
{
	return sec >= KTIME_MAX / NSEC_PER_SEC ? KTIME_MAX : sec * NSEC_PER_SEC + ns;
}

int timespec_get(ktime_t *out, const struct timespec_k __user *u)
{
	struct timespec_k ts;

	if (timespecs_get(&ts, u, 1))
		return -EFAULT;
	if (ts.tv_sec < 0 || ts.tv_nsec < 0 || ts.tv_nsec >= NSEC_PER_SEC)
		return -EINVAL;
	*out = ktime_make(ts.tv_sec, ts.tv_nsec);
	return 0;
}

int timeval_get(ktime_t *out, const struct timeval_k __user *u)
{
	struct timeval_k tv;

	if (longs_get((s64 *)&tv, u, 2))
		return -EFAULT;
	if (tv.tv_sec < 0 || tv.tv_usec < 0 || tv.tv_usec >= 1000000)
		return -EINVAL;
	*out = ktime_make(tv.tv_sec, tv.tv_usec * NSEC_PER_USEC);
	return 0;
}

int timespec_put(ktime_t ns, struct timespec_k __user *u)
{
	struct timespec_k ts = { ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };

	if (unlikely(current_task()->call_layout == CALL_I386))
		return longs_put(u, (s64 *)&ts, 2);
	return copy_to_user(u, &ts, sizeof(ts));
}

int timeval_put(ktime_t ns, struct timeval_k __user *u)
{
	struct timeval_k tv = { ns / NSEC_PER_SEC, ns % NSEC_PER_SEC / NSEC_PER_USEC };

	return longs_put(u, (s64 *)&tv, 2);
}

ktime_t deadline_after(ktime_t ns)
{
	ktime_t now = clock_monotonic();

	return ns > KTIME_MAX - now ? KTIME_MAX : now + ns;
}

/* The second of two times in the caller's memory. */
static struct timespec_k __user *second(const struct itimerspec_k __user *u)
{
	size_t one = current_task()->call_layout == CALL_I386 ? 2 * sizeof(s32) : sizeof(struct timespec_k);

	return (struct timespec_k __user *)((unsigned long)u + one);
}

int itimerspec_get(ktime_t *value, ktime_t *interval, const struct itimerspec_k __user *u)
{
	int err = timespec_get(value, second(u));

	return err ? err : timespec_get(interval, user_field(u, it_interval));
}

int itimerspec_put(ktime_t value, ktime_t interval, struct itimerspec_k __user *u)
{
	int err = timespec_put(value, second(u));

	return err ? err : timespec_put(interval, user_field(u, it_interval));
}
