/* SPDX-License-Identifier: MIT
 * tests/abi/posixtimer.c - timer_create, timer_settime, timer_gettime, timer_getoverrun, timer_delete */
#include "abi.h"

static volatile int hits, code, value, overrun;
static void h(int s, siginfo_t *i, void *u)
{
	(void)s, (void)u;
	hits++;
	code = i->si_code;
	value = i->si_int;
	overrun = i->si_overrun;
}
struct ev { uint64_t value; int signo, notify, tid, pad[11]; };
static struct itimerspec old;
static int set(int t, int flags, long ns, long every)
{
	struct itimerspec s = { { every / 1000000000, every % 1000000000 }, { ns / 1000000000, ns % 1000000000 } };
	return syscall(SYS_timer_settime, t, flags, &s, &old);
}
static int make(int clock, int notify, int signo, int v)
{
	struct ev e = { v, signo, notify, syscall(SYS_gettid), { 0 } };
	int id = -1;
	return syscall(SYS_timer_create, clock, &e, &id) ? -1 : id;
}
static void burn(int n)
{
	for (time_t end = time(NULL) + 60; hits < n && time(NULL) < end;)
		;
}
int main(void)
{
	int id = 77;
	struct ev e = { 1, SIGUSR1, 0, 0, { 0 } };
	struct sigaction sa = { .sa_sigaction = h, .sa_flags = SA_SIGINFO };
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGALRM, &sa, NULL);
	SECTION("errors");
	CALL(timer_create, 99, &e, &id);
	CALL(timer_create, CLOCK_MONOTONIC_COARSE, &e, &id);
	CALL(timer_create, CLOCK_MONOTONIC, 8, &id);
	CALL(timer_create, CLOCK_MONOTONIC, &e, 8);
	e.signo = 65;
	CALL(timer_create, CLOCK_MONOTONIC, &e, &id);
	e.signo = 0;
	CALL(timer_create, CLOCK_MONOTONIC, &e, &id);
	e.signo = SIGUSR1;
	e.notify = 3;
	CALL(timer_create, CLOCK_MONOTONIC, &e, &id);
	e.notify = 4;
	e.tid = 1;
	CALL(timer_create, CLOCK_MONOTONIC, &e, &id);
	CALL(timer_settime, 1234, 0, &old, 0);
	CALL(timer_gettime, 1234, &old);
	CALL(timer_getoverrun, 1234);
	CALL(timer_delete, 1234);
	int t = make(CLOCK_MONOTONIC, 0, SIGUSR1, 42);
	SHOW_INT(t >= 0);
	SHOW(set(t, 0, 0, -1));
	struct itimerspec bad = { { 0, 0 }, { 0, 1000000000 } };
	SHOW(syscall(SYS_timer_settime, t, 0, &bad, NULL));
	SHOW(syscall(SYS_timer_settime, t, 0, NULL, NULL));
	SHOW(syscall(SYS_timer_settime, t, 0, 8, NULL));
	SHOW(syscall(SYS_timer_gettime, t, 8));
	SECTION("once");
	SHOW(set(t, 0, 100000000000, 0));
	SHOW(syscall(SYS_timer_gettime, t, &old));
	SHOW_INT(old.it_value.tv_sec > 30 && old.it_value.tv_sec <= 100);
	sigset_t m, o;
	sigemptyset(&m);
	sigaddset(&m, SIGUSR1);
	sigprocmask(SIG_BLOCK, &m, &o); /* it comes while sigsuspend waits, however late that begins */
	SHOW(set(t, 0, 20000000, 0));
	SHOW(sigsuspend(&o));
	sigprocmask(SIG_SETMASK, &o, NULL);
	SHOW_INT(hits);
	SHOW_INT(code);
	SHOW_INT(value);
	SHOW_INT(overrun);
	SHOW(syscall(SYS_timer_gettime, t, &old));
	SHOW_INT(old.it_value.tv_nsec);
	SECTION("interval");
	hits = 0;
	SHOW(set(t, 0, 5000000, 5000000));
	while (hits < 5)
		pause();
	SHOW(set(t, 0, 0, 0));
	SHOW_INT(old.it_interval.tv_nsec);
	SECTION("overrun");
	sigprocmask(SIG_BLOCK, &m, &o);
	hits = 0;
	long from = clock_ns(CLOCK_MONOTONIC);
	SHOW(set(t, 0, 5000000, 5000000));
	sleep_ms(53);
	SHOW(syscall(SYS_timer_gettime, t, &old));
	SHOW_INT(old.it_value.tv_nsec > 0 && old.it_value.tv_nsec <= 5000000);
	siginfo_t si;
	SHOW(sigwaitinfo(&m, &si) == SIGUSR1);
	SHOW_INT(si.si_overrun >= 9 && si.si_overrun < (clock_ns(CLOCK_MONOTONIC) - from) / 5000000);
	SHOW_INT(syscall(SYS_timer_getoverrun, t) == si.si_overrun);
	SHOW(sigwaitinfo(&m, &si) == SIGUSR1);
	SHOW_INT(si.si_int);
	SHOW(set(t, 0, 0, 0));
	struct timespec zero = { 0, 0 };
	while (sigtimedwait(&m, NULL, &zero) > 0)
		;
	SHOW(set(t, 0, 1, 1));
	sleep_ms(2);
	SHOW(sigwaitinfo(&m, &si) == SIGUSR1);
	SHOW_INT(si.si_overrun > 1000000);
	SHOW(set(t, 0, 0, 0));
	while (sigtimedwait(&m, NULL, &zero) > 0)
		;
	sigprocmask(SIG_SETMASK, &o, NULL);
	SECTION("ignored, then not");
	hits = 0;
	signal(SIGUSR1, SIG_IGN);
	SHOW(set(t, 0, 5000000, 5000000));
	sleep_ms(20);
	sigaction(SIGUSR1, &sa, NULL);
	while (hits < 3)
		pause();
	SHOW(syscall(SYS_timer_delete, t));
	SHOW(syscall(SYS_timer_delete, t));
	SECTION("kinds");
	hits = 0;
	t = make(CLOCK_REALTIME, 4, SIGUSR1, 7);
	sigprocmask(SIG_BLOCK, &m, &o);
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	SHOW(set(t, TIMER_ABSTIME, now.tv_sec * 1000000000 + now.tv_nsec + 20000000, 0));
	sigsuspend(&o);
	sigprocmask(SIG_SETMASK, &o, NULL);
	SHOW_INT(hits);
	SHOW_INT(value);
	SHOW(syscall(SYS_timer_delete, t));
	t = make(CLOCK_MONOTONIC, 1, 0, 0);
	SHOW(set(t, 0, 10000000, 10000000));
	sleep_ms(15);
	SHOW(syscall(SYS_timer_gettime, t, &old));
	SHOW_INT(old.it_value.tv_nsec > 0 && old.it_value.tv_nsec <= 10000000);
	SHOW(syscall(SYS_timer_delete, t));
	hits = 0;
	SHOW(syscall(SYS_timer_create, CLOCK_BOOTTIME, NULL, &t));
	SHOW(set(t, 0, 1000000, 0));
	while (!hits)
		sleep_ms(1);
	SHOW_INT(value == t);
	SHOW(syscall(SYS_timer_delete, t));
	SECTION("CPU time");
	hits = 0;
	t = make(CLOCK_PROCESS_CPUTIME_ID, 0, SIGUSR1, 9);
	SHOW(set(t, 0, 500000000, 0)); /* far more than the sleep itself may cost on a machine that is busy */
	sleep_ms(600);
	SHOW_INT(hits);
	SHOW(set(t, 0, 20000000, 20000000));
	burn(2);
	SHOW_INT(hits >= 2);
	SHOW(syscall(SYS_timer_delete, t));
	hits = 0;
	t = make(CLOCK_THREAD_CPUTIME_ID, 0, SIGUSR1, 9);
	SHOW(set(t, 0, 20000000, 0));
	burn(1);
	SHOW_INT(hits);
	SECTION("fork");
	IN_CHILD("child", SHOW(syscall(SYS_timer_delete, t)));
	SHOW(syscall(SYS_timer_delete, t));
	SECTION("limit");
	IN_CHILD("limit", become(31234); struct rlimit l = { 3, 3 }; setrlimit(RLIMIT_SIGPENDING, &l); for (int i = 0; i < 5; i++)
		 puts(make(CLOCK_MONOTONIC, 0, SIGUSR1, 0) < 0 ? strerror(errno) : "ok"));
	return 0;
}
