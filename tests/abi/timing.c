/* SPDX-License-Identifier: MIT
 * tests/abi/timing.c - clocks, nanosleep, clock_nanosleep, times, getrusage, gettimeofday */
#include "abi.h"

static long ms(struct timespec a, struct timespec b) { return (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000; }
int main(void)
{
	struct timespec a, b, t;
	int clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, 4, 5, 6, 7, 11 };
	for (unsigned i = 0; i < sizeof clocks / sizeof *clocks; i++) {
		printf("clock %d: %ld ", clocks[i], syscall(SYS_clock_gettime, clocks[i], &a));
		printf("res %ld ns %d\n", syscall(SYS_clock_getres, clocks[i], &b), b.tv_sec == 0 && b.tv_nsec > 0);
	}
	SHOW(syscall(SYS_clock_gettime, 99, &a));
	SHOW(syscall(SYS_clock_gettime, 1, 8));
	SECTION("sleeping");
	clock_gettime(CLOCK_MONOTONIC, &a);
	t = (struct timespec){ 0, 50000000 };
	SHOW(nanosleep(&t, NULL));
	clock_gettime(CLOCK_MONOTONIC, &b);
	SHOW_INT(ms(a, b) >= 50);
	t = (struct timespec){ 0, 1000000000 };
	SHOW(nanosleep(&t, NULL));
	t = (struct timespec){ -1, 0 };
	SHOW(nanosleep(&t, NULL));
	SHOW(nanosleep((void *)8, NULL));
	clock_gettime(CLOCK_MONOTONIC, &a);
	t = a;
	t.tv_nsec += 30000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	SHOW(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL));
	clock_gettime(CLOCK_MONOTONIC, &b);
	SHOW_INT(ms(a, b) >= 30);
	SHOW(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &(struct timespec){ 1, 0 }, NULL));
	SHOW(clock_nanosleep(99, 0, &t, NULL));
	SECTION("monotonic and agreeing");
	int back = 0;
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (int i = 0; i < 20000; i++) {
		clock_gettime(CLOCK_MONOTONIC, &b);
		back += ms(a, b) < 0 || (a.tv_sec == b.tv_sec && b.tv_nsec < a.tv_nsec);
		a = b;
	}
	SHOW_INT(back);
	struct timeval tv;
	time_t before = time(NULL);
	gettimeofday(&tv, NULL);
	SHOW_INT(before <= tv.tv_sec && tv.tv_sec <= time(NULL) + 1); /* time() may be a tick behind */
	SECTION("CPU time");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	for (int rounds = 0; rounds < 20; rounds++) { // several ticks, since Linux counts user time by them
		for (volatile int i = 0; i < 3000000; i++)
			;
	}
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	SHOW_INT(b.tv_sec > a.tv_sec || b.tv_nsec > a.tv_nsec);
	struct rusage u;
	SHOW(getrusage(RUSAGE_SELF, &u));
	SHOW_INT(u.ru_utime.tv_sec > 0 || u.ru_utime.tv_usec > 0);
	SHOW_INT(u.ru_maxrss > 0);
	SHOW(getrusage(RUSAGE_CHILDREN, &u));
	SHOW(getrusage(RUSAGE_THREAD, &u));
	SHOW(getrusage(77, &u));
	struct tms tm;
	SHOW_INT(times(&tm) > 0);
	SECTION("setting");
	IN_CHILD("user", setuid(1000); SHOW(syscall(SYS_clock_settime, 0, &a)));
	SHOW(syscall(SYS_clock_settime, 1, &a));
	return 0;
}
