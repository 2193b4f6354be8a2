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
#include <base/clock_page.h>

enum { NR_GETTIMEOFDAY = 96, NR_CLOCK_GETTIME = 228, NR_CLOCK_GETRES = 229 };
enum { REALTIME, MONOTONIC, MONOTONIC_RAW = 4, REALTIME_COARSE, MONOTONIC_COARSE, BOOTTIME, TAI = 11 };
enum { CPU_SELECTOR = 15 * 8 + 3, CPU_MASK = 0xfff, NODE_SHIFT = 12 };

struct timespec {
	s64 sec, nsec;
};
struct timeval {
	s64 sec, usec;
};

extern const struct clock_page vdso_clock __attribute__((visibility("hidden")));

#define EXPORT(name) extern __typeof__(__vdso_##name) name __attribute__((weak, alias("__vdso_" #name)))

static inline long syscall2(long nr, unsigned long a, unsigned long b)
{
	long r;

	__asm__ volatile("syscall" : "=a"(r) : "0"(nr), "D"(a), "S"(b) : "rcx", "r11", "memory");
	return r;
}

/* The cycle counter, read neither before the loads in front of it nor while the page changes. */
static inline u64 cycles_now(void)
{
	u32 lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi)::"memory");
	return (u64)hi << 32 | lo;
}

/* ns since boot, or since 1970. */
static inline u64 read_clock(bool wall)
{
	const struct clock_page *c = &vdso_clock;
	u32 seq;
	u64 ns;

	do {
		seq = __atomic_load_n(&c->seq, __ATOMIC_ACQUIRE);
		s64 cycles = (s64)(cycles_now() - c->base_cycles);

		ns = (u64)c->base_ns + (wall ? (u64)c->wall_offset : 0);
		if (__builtin_expect(cycles > 0, 1))
			ns += (u64)((unsigned __int128)(u64)cycles * c->mult >> CLOCK_SHIFT);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
	} while (__builtin_expect((seq & 1) || __atomic_load_n(&c->seq, __ATOMIC_RELAXED) != seq, 0));
	return ns;
}

#define BIT_OF(clock) (1u << (clock))
#define WALL_CLOCKS   (BIT_OF(REALTIME) | BIT_OF(REALTIME_COARSE) | BIT_OF(TAI))
#define MONOTONIC_CLOCKS                                                                                     \
	(BIT_OF(MONOTONIC) | BIT_OF(MONOTONIC_RAW) | BIT_OF(MONOTONIC_COARSE) | BIT_OF(BOOTTIME))
#define COARSE_CLOCKS (BIT_OF(REALTIME_COARSE) | BIT_OF(MONOTONIC_COARSE))

static inline bool clock_in(int clock, u32 set)
{
	return (unsigned)clock < 32 && (set >> clock & 1);
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

/* Each CPU's GDT has a descriptor whose limit is the CPU's number (tables.c). */
long __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused);
long __vdso_getcpu(unsigned *cpu, unsigned *node, void *unused)
{
	unsigned limit;

	__asm__ volatile("lsl %1, %0" : "=r"(limit) : "r"(CPU_SELECTOR) : "cc");
	if (cpu)
		*cpu = limit & CPU_MASK;
	if (node)
		*node = limit >> NODE_SHIFT;
	return 0;
}
EXPORT(getcpu);
