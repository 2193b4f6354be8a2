/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/vdso/vdso32.c - the functions of the vDSO for 32-bit programs
 *
 * Owns:      nothing; see vdso.c, which does the same for 64-bit programs.
 * Layer:     arch/x86_64.  Runs in user mode.
 * Locks:     none: the clock page has a sequence count.
 * Contexts:  user mode, any thread, also a signal handler in the middle of another call.
 * Manual:    vdso(7), clock_gettime(2), getcpu(2).
 * Tests:     tests/i386/vdso.c
 */
#include "clock_read.h"

enum { NR_GETTIMEOFDAY = 78, NR_CLOCK_GETTIME = 265, NR_CLOCK_GETRES, NR_CLOCK_GETTIME64 = 403 };

struct timespec32 {
	s32 sec, nsec;
};
struct timespec64 {
	s64 sec;
	s32 nsec, pad;
};
struct timeval32 {
	s32 sec, usec;
};

static inline int syscall2(int nr, int a, const void *b)
{
	int r;

	__asm__ volatile("call __kernel_vsyscall" : "=a"(r) : "0"(nr), "b"(a), "c"(b) : "memory");
	return r;
}

/* There is no library to divide 64 bits. */
static inline u64 divide(u64 n, u32 by, u32 *rest)
{
	u32 hi = (u32)(n >> 32), lo;

	__asm__("divl %4" : "=a"(lo), "=d"(*rest) : "a"((u32)n), "d"(hi % by), "rm"(by) : "cc");
	return (u64)(hi / by) << 32 | lo;
}

int __vdso_clock_gettime(int clock, struct timespec32 *ts);
int __vdso_clock_gettime(int clock, struct timespec32 *ts)
{
	if (!clock_in(clock, WALL_CLOCKS | MONOTONIC_CLOCKS))
		return syscall2(NR_CLOCK_GETTIME, clock, ts);
	u32 nsec;

	ts->sec = (s32)divide(read_clock(clock_in(clock, WALL_CLOCKS)), NSEC_PER_SEC, &nsec);
	ts->nsec = (s32)nsec;
	return 0;
}
EXPORT(clock_gettime);

int __vdso_clock_gettime64(int clock, struct timespec64 *ts);
int __vdso_clock_gettime64(int clock, struct timespec64 *ts)
{
	if (!clock_in(clock, WALL_CLOCKS | MONOTONIC_CLOCKS))
		return syscall2(NR_CLOCK_GETTIME64, clock, ts);
	u32 nsec;

	ts->sec = (s64)divide(read_clock(clock_in(clock, WALL_CLOCKS)), NSEC_PER_SEC, &nsec);
	ts->nsec = (s32)nsec;
	ts->pad = 0;
	return 0;
}
EXPORT(clock_gettime64);

int __vdso_clock_getres(int clock, struct timespec32 *res);
int __vdso_clock_getres(int clock, struct timespec32 *res)
{
	if (!clock_in(clock, WALL_CLOCKS | MONOTONIC_CLOCKS))
		return syscall2(NR_CLOCK_GETRES, clock, res);
	if (res) {
		res->sec = 0;
		res->nsec = clock_in(clock, COARSE_CLOCKS) ? CLOCK_COARSE_NS : 1;
	}
	return 0;
}
EXPORT(clock_getres);

int __vdso_gettimeofday(struct timeval32 *tv, void *tz);
int __vdso_gettimeofday(struct timeval32 *tv, void *tz)
{
	if (tz) /* the zone is the kernel's */
		return syscall2(NR_GETTIMEOFDAY, (int)tv, tz);
	if (tv) {
		u32 nsec;

		tv->sec = (s32)divide(read_clock(true), NSEC_PER_SEC, &nsec);
		tv->usec = (s32)(nsec / (u32)NSEC_PER_USEC);
	}
	return 0;
}
EXPORT(gettimeofday);

s32 __vdso_time(s32 *out);
s32 __vdso_time(s32 *out)
{
	u32 rest;
	s32 now = (s32)divide(read_clock(true), NSEC_PER_SEC, &rest);

	if (out)
		*out = now;
	return now;
}
EXPORT(time);

int __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused);
int __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused)
{
	read_cpu(cpu, node);
	return 0;
}
EXPORT(getcpu);
