/* SPDX-License-Identifier: MIT
 * tests/abi/itimer.c - interval timers, alarm, sleeping: values, intervals, fork and exec, remainders, CPU clocks, errors */
#include "abi.h"

static volatile int count, last;
static void on(int s) { count++; last = s; }
static long ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
/* Seconds that are left, rounded to tens, which is the same in every run however slow it is. */
static long tens(long left)
{
	return (left + 5) / 10 * 10;
}
static void show_timer(const char *what, int which)
{
	struct itimerval v;
	int r = getitimer(which, &v);
	printf("%s %d: %d left %ld every %ld.%06ld\n", what, which, r, tens(v.it_value.tv_sec),
	       v.it_interval.tv_sec, v.it_interval.tv_usec);
	fflush(stdout);
}
static void handle(int s, int flags)
{
	struct sigaction a = { .sa_handler = on, .sa_flags = flags };
	sigaction(s, &a, NULL);
}
static void values(void)
{
	struct itimerval v = { { 3, 250000 }, { 100, 0 } }, o = { { 9, 9 }, { 9, 9 } };
	SECTION("values");
	for (int w = 0; w < 3; w++) {
		show_timer("fresh", w);
		printf("%d: %d\n", w, setitimer(w, &v, &o));
		printf("old %ld %ld\n", o.it_value.tv_sec, o.it_interval.tv_sec);
		show_timer("set", w);
	}
	IN_CHILD("not inherited", show_timer("child", 0); show_timer("child", 1); SHOW(alarm(0)));
	SHOW(alarm(50));
	show_timer("alarm", 0);
	SHOW(tens(alarm(0)));
	show_timer("off", 0);
	CALL(setitimer, 0, NULL, &o);
	CALL(setitimer, 3, &v, NULL);
	CALL(setitimer, -1, &v, NULL);
	CALL(setitimer, 0, 8, NULL);
	CALL(setitimer, 0, &v, 8);
	show_timer("a bad old value", 0);
	CALL(getitimer, 3, &v);
	CALL(getitimer, 0, 8);
	CALL(getitimer, 0, NULL);
	v = (struct itimerval){ { 0, 0 }, { 0, 1000000 } };
	CALL(setitimer, 0, &v, NULL);
	v = (struct itimerval){ { 0, 0 }, { -1, 0 } };
	CALL(setitimer, 0, &v, NULL);
	v = (struct itimerval){ { 0, -1 }, { 1, 0 } };
	CALL(setitimer, 0, &v, NULL);
	v = (struct itimerval){ { 5, 0 }, { 0, 0 } };
	CALL(setitimer, 0, &v, &o);
	show_timer("only an interval", 0);
	v = (struct itimerval){ { 0, 0 }, { LONG_MAX, 0 } };
	CALL(setitimer, 0, &v, NULL);
	SHOW_INT(alarm(-1) > 1000000);
	SHOW_INT(alarm(0) > 1000000);
	for (int w = 0; w < 3; w++) {
		v = (struct itimerval){ 0 };
		setitimer(w, &v, NULL);
	}
	SHOW(alarm(30));
	fflush(stdout);
	IN_CHILD("over exec", alarm(40); execl("/proc/self/exe", "itimer", "left", NULL));
	alarm(0);
}
static void signals(void)
{
	SECTION("signals");
	handle(SIGALRM, 0);
	handle(SIGVTALRM, 0);
	handle(SIGPROF, 0);
	struct itimerval v = { { 0, 5000 }, { 0, 5000 } }, z = { 0 };
	for (int w = 0; w < 3; w++) {
		count = 0;
		setitimer(w, &v, NULL);
		while (count < 3)
			;
		setitimer(w, &z, NULL);
		printf("timer %d: signal %d\n", w, last);
	}
	count = 0;
	v = (struct itimerval){ { 0, 0 }, { 0, 1 } };
	setitimer(ITIMER_REAL, &v, NULL);
	while (!count)
		;
	show_timer("once", 0);
	signal(SIGALRM, SIG_DFL);
	signal(SIGVTALRM, SIG_DFL);
	signal(SIGPROF, SIG_DFL);
	IN_CHILD("alarm by default", setitimer(0, &v, NULL); for (;;) pause(););
	IN_CHILD("virtual by default", setitimer(1, &v, NULL); for (;;) ;);
	IN_CHILD("prof by default", setitimer(2, &v, NULL); for (;;) ;);
	sigset_t m;
	sigemptyset(&m);
	sigaddset(&m, SIGALRM);
	sigprocmask(SIG_BLOCK, &m, NULL);
	v = (struct itimerval){ { 0, 2000 }, { 0, 2000 } };
	setitimer(ITIMER_REAL, &v, NULL);
	sleep_ms(30);
	setitimer(ITIMER_REAL, &z, NULL);
	siginfo_t si;
	struct timespec t = { 0, 0 };
	CALL(rt_sigtimedwait, &m, &si, &t, 8);
	SHOW_INT(si.si_code);
	CALL(rt_sigtimedwait, &m, &si, &t, 8);
	sigprocmask(SIG_UNBLOCK, &m, NULL);
}
static void sleeping(void)
{
	struct timespec t = { 0, 0 }, rem = { 7, 7 };
	SECTION("sleeping");
	CALL(nanosleep, &t, &rem);
	SHOW_INT(rem.tv_sec * 10 + rem.tv_nsec);
	t.tv_nsec = -1;
	CALL(nanosleep, &t, &rem);
	t.tv_nsec = 1000000000;
	CALL(nanosleep, &t, &rem);
	t = (struct timespec){ -1, 5 };
	CALL(nanosleep, &t, &rem);
	CALL(nanosleep, NULL, &rem);
	CALL(nanosleep, 8, &rem);
	t = (struct timespec){ 0, 1000 };
	CALL(nanosleep, &t, 8);
	handle(SIGALRM, SA_RESTART);
	ring(20);
	t = (struct timespec){ 100, 0 };
	CALL(nanosleep, &t, &rem);
	SHOW_INT(tens(rem.tv_sec));
	CALL(nanosleep, &t, 8);
	CALL(nanosleep, &t, &t);
	SHOW_INT(tens(t.tv_sec));
	t = (struct timespec){ 100, 0 };
	CALL(clock_nanosleep, CLOCK_REALTIME, 0, &t, &rem);
	SHOW_INT(tens(rem.tv_sec));
	rem.tv_sec = 77;
	struct timespec abs;
	clock_gettime(CLOCK_MONOTONIC, &abs);
	abs.tv_sec += 100;
	CALL(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &abs, &rem);
	SHOW_INT(rem.tv_sec);
	ring(0);
	t = (struct timespec){ 0, 1000 };
	static const int clocks[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 99, -1 };
	for (unsigned i = 0; i < sizeof clocks / sizeof *clocks; i++) {
		if (clocks[i] == 2 || clocks[i] == 8 || clocks[i] == 9 || clocks[i] == 10)
			continue;
		errno = 0;
		long r = syscall(SYS_clock_nanosleep, clocks[i], 0L, &t, NULL);
		printf("clock %d: %ld %s\n", clocks[i], r, r ? strerror(errno) : "");
	}
	t.tv_nsec = -5;
	CALL(clock_nanosleep, CLOCK_MONOTONIC, 0, &t, NULL);
	CALL(clock_nanosleep, CLOCK_MONOTONIC, 0, 8, NULL);
	t = (struct timespec){ 0, 1000 };
	CALL(clock_nanosleep, CLOCK_MONOTONIC, 8, &t, NULL);
	t = (struct timespec){ 1, 0 };
	CALL(clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL);
	/* stopped and continued: the sleep goes on */
	fflush(stdout);
	pid_t k = fork();
	if (!k) {
		long from = ms();
		t = (struct timespec){ 0, 150000000 };
		CALL(nanosleep, &t, &rem);
		SHOW_INT(ms() - from >= 150);
		_exit(0);
	}
	until_asleep(k);
	kill(k, SIGSTOP);
	int st;
	waitpid(k, &st, WUNTRACED);
	kill(k, SIGCONT);
	waitpid(k, &st, 0);
	show_status("sleeper", st);
}
static void clocks(void)
{
	struct timespec t;
	struct timeval tv;
	struct tms tms;
	time_t now;
	char zone[8];
	SECTION("clocks");
	for (int c = 0; c < 13; c++) {
		if (c == 8 || c == 9 || c == 10)
			continue;
		errno = 0;
		long g = syscall(SYS_clock_gettime, c, &t);
		int ge = errno;
		errno = 0;
		long r = syscall(SYS_clock_getres, c, &t);
		printf("clock %d: %ld %s, %ld %s\n", c, g, g ? strerror(ge) : "", r, r ? strerror(errno) : "");
	}
	CALL(clock_gettime, 0, 8);
	CALL(clock_getres, 0, 8);
	CALL(clock_getres, 0, NULL);
	CALL(clock_getres, 99, NULL);
	CALL(clock_gettime, ~getpid() << 3 | 2, &t);
	CALL(clock_gettime, ~getpid() << 3 | 6, &t);
	CALL(clock_gettime, ~999999 << 3 | 2, &t);
	CALL(clock_gettime, ~getpid() << 3 | 3, &t);
	CALL(clock_getres, ~getpid() << 3 | 2, &t);
	CALL(clock_settime, CLOCK_MONOTONIC, &t);
	CALL(clock_settime, 99, &t);
	CALL(clock_settime, CLOCK_REALTIME, 8);
	t = (struct timespec){ 0, 1000000000 };
	CALL(clock_settime, CLOCK_REALTIME, &t);
	t = (struct timespec){ -1, 0 };
	CALL(clock_settime, CLOCK_REALTIME, &t);
	CALL(gettimeofday, NULL, NULL);
	CALL(gettimeofday, 8, NULL);
	CALL(gettimeofday, &tv, zone);
	SHOW_INT(tv.tv_usec >= 0 && tv.tv_usec < 1000000);
	tv.tv_usec = 1000000;
	CALL(settimeofday, &tv, NULL);
	CALL(settimeofday, 8, NULL);
	IN_CHILD("user", become(1000); clock_gettime(CLOCK_REALTIME, &t); CALL(clock_settime, CLOCK_REALTIME, &t); gettimeofday(&tv, NULL);
		 CALL(settimeofday, &tv, NULL));
	SHOW_INT(syscall(SYS_time, &now) == now);
	SHOW_INT(syscall(SYS_time, NULL) - now <= 60);
	CALL(time, 8);
	SHOW_INT(times(&tms) > 0);
	SHOW_INT(times(NULL) > 0);
	CALL(times, 8);
	SHOW_INT(sysconf(_SC_CLK_TCK));
	SECTION("CPU time");
	struct rusage u;
	IN_CHILD("children's time", if (!fork()) { do getrusage(RUSAGE_SELF, &u); while (u.ru_utime.tv_usec + u.ru_stime.tv_usec < 60000 &&
		 u.ru_utime.tv_sec + u.ru_stime.tv_sec == 0); _exit(0); } getrusage(RUSAGE_CHILDREN, &u);
		 SHOW_INT(u.ru_utime.tv_usec + u.ru_stime.tv_usec); wait(NULL); getrusage(RUSAGE_CHILDREN, &u);
		 SHOW_INT(u.ru_utime.tv_sec * 1000000 + u.ru_utime.tv_usec + u.ru_stime.tv_usec >= 50000); times(&tms);
		 SHOW_INT(tms.tms_cutime + tms.tms_cstime >= 3));
	getrusage(RUSAGE_CHILDREN, &u);
	CALL(getrusage, RUSAGE_SELF, 8);
	CALL(getrusage, 2, &u);
	CALL(getrusage, -2, &u);
	CALL(getrusage, 1, &u);
	SHOW_INT(u.ru_maxrss > 0);
	SHOW_INT(u.ru_nvcsw >= 0 && u.ru_minflt > 0);
	fflush(stdout);
	pid_t k = fork();
	if (!k)
		_exit(0);
	int st;
	SHOW_INT(syscall(SYS_wait4, k, &st, 0L, &u) == k);
	SHOW_INT(u.ru_minflt > 0);
}
int main(int argc, char **argv)
{
	if (argc > 1) {
		SHOW(tens(alarm(0)));
		return 0;
	}
	values();
	signals();
	sleeping();
	clocks();
	return 0;
}
