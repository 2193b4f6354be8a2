/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/vdso/vdso.c - the code that the kernel lends to every process
 *
 * Owns:      nothing; reads the clock page (base/clock.c) that is mapped in front of it.
 * Layer:     arch/x86_64.  Runs in user mode: it may call nothing and has no data of its own.
 * Locks:     none: the clock page has a sequence count.
 * Contexts:  user mode, any thread, also a signal handler in the middle of another call.
 * Manual:    vdso(7), clock_gettime(2), getcpu(2); Intel SDM vol. 2: RDTSC, LSL.
 * Tests:     tests/abi/vdso.c
 *
 * Theory
 * ------
 *      [vvar]  one page, read-only: struct clock_page          <- linked as `vdso_clock`, one page below the image
 *      [vdso]  an ELF shared object: headers, symbols, unwind tables, this code
 *
 * It is position-independent and needs no relocation, so all processes map the same pages of the kernel image.
 * Whoever wants it finds its ELF header by AT_SYSINFO_EHDR.  What a function cannot answer (the CPU time of a thread,
 * an unknown clock) it asks the kernel, so that the result is always the system call's.
 */
#include "clock_read.h"

enum { NR_GETTIMEOFDAY = 96, NR_CLOCK_GETTIME = 228, NR_CLOCK_GETRES = 229 };

struct timespec {
	s64 sec, nsec;
};
struct timeval {
	s64 sec, usec;
};

static inline long syscall2(long nr, unsigned long a, unsigned long b)
{
	long r;

	__asm__ volatile("syscall" : "=a"(r) : "0"(nr), "D"(a), "S"(b) : "rcx", "r11", "memory");
	return r;
}

int __vdso_clock_gettime(int clock, struct timespec *ts);
int __vdso_clock_gettime(int clock, struct timespec *ts)
{
	if (!clock_in(clock, WALL_CLOCKS | MONOTONIC_CLOCKS))
		return (int)syscall2(NR_CLOCK_GETTIME, (unsigned long)clock, (unsigned long)ts);
	u64 ns = read_clock(clock_in(clock, WALL_CLOCKS));

	ts->sec = (s64)(ns / NSEC_PER_SEC);
	ts->nsec = (s64)(ns % NSEC_PER_SEC);
	return 0;
}
EXPORT(clock_gettime);

int __vdso_clock_getres(int clock, struct timespec *res);
int __vdso_clock_getres(int clock, struct timespec *res)
{
	if (!clock_in(clock, WALL_CLOCKS | MONOTONIC_CLOCKS))
		return (int)syscall2(NR_CLOCK_GETRES, (unsigned long)clock, (unsigned long)res);
	if (res) {
		res->sec = 0;
		res->nsec = clock_in(clock, COARSE_CLOCKS) ? CLOCK_COARSE_NS : 1;
	}
	return 0;
}
EXPORT(clock_getres);

int __vdso_gettimeofday(struct timeval *tv, void *tz);
int __vdso_gettimeofday(struct timeval *tv, void *tz)
{
	if (tz) /* the zone is the kernel's */
		return (int)syscall2(NR_GETTIMEOFDAY, (unsigned long)tv, (unsigned long)tz);
	if (tv) {
		u64 ns = read_clock(true);

		tv->sec = (s64)(ns / NSEC_PER_SEC);
		tv->usec = (s64)(ns % NSEC_PER_SEC) / NSEC_PER_USEC;
	}
	return 0;
}
EXPORT(gettimeofday);

s64 __vdso_time(s64 *out);
s64 __vdso_time(s64 *out)
{
	s64 now = (s64)(read_clock(true) / NSEC_PER_SEC);

	if (out)
		*out = now;
	return now;
}
EXPORT(time);

long __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused);
long __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused)
{
	read_cpu(cpu, node);
	return 0;
}
EXPORT(getcpu);
