/* SPDX-License-Identifier: MIT
 * tests/abi/cpuclock.c - clocks of CPU time: sleeping by them, timers on another thread's, errors */
#include "abi.h"
#include <pthread.h>

/* Ids of the clocks of a process and of a thread (clock_getcpuclockid(3), pthread_getcpuclockid(3)). */
#define PROCESS_CLOCK(pid) ((int)((~(unsigned)(pid)) << 3 | 2))
#define THREAD_CLOCK(tid)  ((int)((~(unsigned)(tid)) << 3 | 6))

static volatile int stop, hits;
static volatile pid_t burner_tid;

static void *burn(void *unused)
{
	burner_tid = syscall(SYS_gettid);
	while (!stop)
		;
	return unused;
}
static long long now(int clock)
{
	struct timespec t = { 0, 0 };
	syscall(SYS_clock_gettime, clock, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}
static long nap(int clock, int flags, long long ns, struct timespec *rem)
{
	struct timespec t = { ns / 1000000000, ns % 1000000000 };
	return syscall(SYS_clock_nanosleep, clock, flags, &t, rem);
}
static void caught(int sig)
{
	(void)sig;
	hits++;
}
static int gone(void)
{
	pid_t c = fork();
	if (!c)
		_exit(0);
	waitpid(c, NULL, 0);
	return c;
}
static void errors(void)
{
	struct timespec bad = { 0, 1000000000 };
	SECTION("errors");
	SHOW(nap(CLOCK_THREAD_CPUTIME_ID, 0, 1000, NULL));
	SHOW(nap(THREAD_CLOCK(0), 0, 1000, NULL));
	SHOW(nap(THREAD_CLOCK(syscall(SYS_gettid)), 0, 1000, NULL));
	SHOW(nap(PROCESS_CLOCK(gone()), 0, 1000, NULL));
	SHOW(nap(THREAD_CLOCK(gone()), 0, 1000, NULL));
	SHOW(nap(THREAD_CLOCK(getppid()), 0, 1000, NULL));
	SHOW(nap(PROCESS_CLOCK(0) | 3, 0, 1000, NULL));
	SHOW(syscall(SYS_clock_nanosleep, CLOCK_PROCESS_CPUTIME_ID, 0, &bad, NULL));
	SHOW(syscall(SYS_clock_nanosleep, CLOCK_PROCESS_CPUTIME_ID, 0, 8, NULL));
	SHOW(nap(CLOCK_PROCESS_CPUTIME_ID, TIMER_ABSTIME, 1, NULL));
}
static void sleeping(void)
{
	struct timespec rem = { -1, -1 };
	pthread_t t;
	SECTION("sleeping");
	pthread_create(&t, NULL, burn, NULL);
	while (!burner_tid)
		sleep_ms(1);
	static const int clocks[] = { CLOCK_PROCESS_CPUTIME_ID, PROCESS_CLOCK(0), -1, -2 };
	for (int i = 0; i < 4; i++) {
		int clock = clocks[i] == -1 ? PROCESS_CLOCK(getpid()) : clocks[i] == -2 ? THREAD_CLOCK(burner_tid) : clocks[i];
		long long before = now(clock);
		long r = nap(clock, 0, 20000000, NULL);
		printf("%d: %ld, %s\n", i, r, now(clock) - before >= 20000000 ? "long enough" : "too short");
		before = now(clock);
		r = nap(clock, TIMER_ABSTIME, before + 20000000, NULL);
		printf("%d: %ld, %s\n", i, r, now(clock) >= before + 20000000 ? "long enough" : "too short");
	}
	SECTION("interrupted");
	signal(SIGALRM, caught);
	ring(20);
	SHOW(nap(CLOCK_PROCESS_CPUTIME_ID, 0, 1000000000000LL, &rem));
	SHOW_INT(rem.tv_sec > 900 && rem.tv_sec < 1000);
	rem.tv_sec = -1;
	SHOW(nap(CLOCK_PROCESS_CPUTIME_ID, TIMER_ABSTIME, 1000000000000LL, &rem));
	SHOW_INT(rem.tv_sec);
	ring(0);
	SECTION("timers");
	struct { uint64_t value; int signo, notify, tid, pad[11]; } e = { .signo = SIGUSR1 };
	struct itimerspec when = { { 0, 0 }, { 0, 20000000 } };
	static const char *const what[] = { "of a thread", "of the process", "of this thread" };
	signal(SIGUSR1, caught);
	for (int i = 0; i < 3; i++) {
		int id = -1, clock = i == 0 ? THREAD_CLOCK(burner_tid) : i == 1 ? PROCESS_CLOCK(getpid()) : THREAD_CLOCK(0);
		hits = 0;
		long r = syscall(SYS_timer_create, clock, &e, &id);
		printf("%s: %ld", what[i], r);
		long long before = now(clock);
		r = syscall(SYS_timer_settime, id, 0, &when, NULL);
		for (time_t end = time(NULL) + 60; !hits && time(NULL) < end;)
			if (i < 2)
				sleep_ms(1);
		printf(" %ld, %d, %s\n", r, hits, now(clock) - before >= 20000000 ? "not early" : "early");
		syscall(SYS_timer_delete, id);
	}
	int id;
	SHOW(syscall(SYS_timer_create, THREAD_CLOCK(getppid()), &e, &id));
	SHOW(syscall(SYS_timer_create, PROCESS_CLOCK(gone()), &e, &id));
	SHOW(syscall(SYS_timer_create, PROCESS_CLOCK(0) | 3, &e, &id));
	stop = 1;
	pthread_join(t, NULL);
	SECTION("another process's");
	fflush(stdout);
	pid_t c = fork();
	if (!c) {
		stop = 0;
		burn(NULL);
	}
	SHOW(nap(PROCESS_CLOCK(c), 0, 20000000, NULL));
	SHOW_INT(now(PROCESS_CLOCK(c)) >= 20000000);
	kill(c, SIGKILL);
	waitpid(c, NULL, 0);
}
int main(void)
{
	errors();
	sleeping();
	return 0;
}
