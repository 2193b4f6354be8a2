/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_adjtime.c - adjtimex(2), clock_adjtime(2)
 *
 * Owns:      the unit of time that ADJ_NANO and ADJ_MICRO chose.
 * Layer:     syscall.  Uses base/clock.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    adjtimex(2).
 * Tests:     tests/abi/adjtime.c
 * Deviates:  nothing steers the clock's rate: setting a frequency, a phase or an error bound gives -EOPNOTSUPP.
 *
 * What is told is what Linux tells of a clock that no time daemon has synchronised yet.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>

#define MODES_DONE (ADJ_SETOFFSET | ADJ_NANO | ADJ_MICRO)
/* Microseconds of error that is as good as any; parts per million, shifted by 16 bits. */
enum { ERROR_MAX = 16000000, TOLERANCE = 500 << 16, TICK_US = 1000000 / USER_HZ };
#define FREQUENCY_MAX (INT64_MAX / 65536)

static bool unit_is_nano;

/* The fields are in the same order. */
static int timex_get(struct timex_k *tx, const void __user *u)
{
	struct timex32_k k;

	if (likely(current_task()->call_layout != CALL_I386))
		return copy_from_user(tx, u, sizeof(*tx));
	if (copy_from_user(&k, u, sizeof(k)))
		return -EFAULT;
	*tx = (struct timex_k){ .modes = k.modes,
		                .offset = k.offset,
		                .freq = k.freq,
		                .maxerror = k.maxerror,
		                .esterror = k.esterror,
		                .status = k.status,
		                .constant = k.constant,
		                .time = { k.sec, k.usec },
		                .tick = k.tick };
	return 0;
}

static int timex_put(const struct timex_k *tx, void __user *u)
{
	if (likely(current_task()->call_layout != CALL_I386))
		return copy_to_user(u, tx, sizeof(*tx));
	struct timex32_k k = { .modes = tx->modes,
		               .maxerror = (s32)tx->maxerror,
		               .esterror = (s32)tx->esterror,
		               .status = tx->status,
		               .constant = (s32)tx->constant,
		               .precision = (s32)tx->precision,
		               .tolerance = (s32)tx->tolerance,
		               .sec = (s32)tx->time.tv_sec,
		               .usec = (s32)tx->time.tv_usec,
		               .tick = (s32)tx->tick };
	return copy_to_user(u, &k, sizeof(k));
}

/* 0; -EPERM or -EINVAL. */
static int timex_check(const struct timex_k *tx)
{
	bool may = capable(CAP_SYS_TIME);

	if (tx->modes & ADJ_ADJTIME) {
		if ((tx->modes & ADJ_SINGLE) != ADJ_SINGLE)
			return -EINVAL;
		if (!(tx->modes & ADJ_READONLY) && !may)
			return -EPERM;
	} else {
		if (tx->modes && !may)
			return -EPERM;
		if ((tx->modes & ADJ_TICK) && (tx->tick < 900000 / USER_HZ || tx->tick > 1100000 / USER_HZ))
			return -EINVAL;
	}
	if (tx->modes & ADJ_SETOFFSET) {
		s64 limit = tx->modes & ADJ_NANO ? NSEC_PER_SEC : 1000000;
		if (!may)
			return -EPERM;
		if (tx->time.tv_usec < 0 || tx->time.tv_usec >= limit)
			return -EINVAL;
	}
	if ((tx->modes & ADJ_FREQUENCY) && (tx->freq > FREQUENCY_MAX || tx->freq < -FREQUENCY_MAX - 1))
		return -EINVAL;
	return 0;
}

/* Steps the clock by tx->time: 0 or -EINVAL. */
static int timex_step(const struct timex_k *tx)
{
	s64 part = tx->modes & ADJ_NANO ? tx->time.tv_usec : tx->time.tv_usec * NSEC_PER_USEC;
	ktime_t to;

	if (__builtin_mul_overflow(tx->time.tv_sec, (s64)NSEC_PER_SEC, &to) ||
	    __builtin_add_overflow(to, part, &to) || __builtin_add_overflow(to, clock_realtime(), &to))
		return -EINVAL;
	return wall_clock_set(to);
}

static int timex_apply(const struct timex_k *tx)
{
	if (!tx->modes || tx->modes == (ADJ_SINGLE | ADJ_READONLY))
		return 0;
	if (tx->modes & ~(u32)MODES_DONE)
		return -EOPNOTSUPP;
	int err = tx->modes & ADJ_SETOFFSET ? timex_step(tx) : 0;
	if (err)
		return err;
	if (tx->modes & ADJ_NANO)
		atomic_store(&unit_is_nano, true);
	if (tx->modes & ADJ_MICRO)
		atomic_store(&unit_is_nano, false);
	return 0;
}

static void timex_fill(struct timex_k *tx)
{
	bool nano = atomic_load(&unit_is_nano);
	ktime_t now = clock_realtime();

	tx->offset = tx->freq = 0;
	tx->maxerror = tx->esterror = ERROR_MAX;
	tx->status = nano ? STA_UNSYNC | STA_NANO : STA_UNSYNC;
	tx->constant = 2;
	tx->precision = 1;
	tx->tolerance = TOLERANCE;
	tx->time.tv_sec = now / NSEC_PER_SEC;
	tx->time.tv_usec = nano ? now % NSEC_PER_SEC : now % NSEC_PER_SEC / NSEC_PER_USEC;
	tx->tick = TICK_US;
	tx->ppsfreq = tx->jitter = tx->stabil = tx->jitcnt = tx->calcnt = tx->errcnt = tx->stbcnt = 0;
	tx->shift = tx->tai = 0;
}

long sys_adjtimex(struct timex_k __user *u)
{
	struct timex_k tx;

	if (timex_get(&tx, u))
		return -EFAULT;
	int err = timex_check(&tx);
	if (!err)
		err = timex_apply(&tx);
	if (err)
		return err;
	timex_fill(&tx);
	return timex_put(&tx, u) ? -EFAULT : TIME_ERROR;
}

long sys_clock_adjtime(int clock, struct timex_k __user *u)
{
	struct timex_k tx;

	if (timex_get(&tx, u))
		return -EFAULT;
	if (clock == CLOCK_REALTIME)
		return sys_adjtimex(u);
	return clock > CLOCK_TAI || clock == CLOCK_TAI - 1 ? -EINVAL : -EOPNOTSUPP;
}
