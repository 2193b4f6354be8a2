/* SPDX-License-Identifier: MIT
 * adjtime.c - adjtimex(2), clock_adjtime(2), and timers of the wall clock while it is set.
 *
 * The clock of a Linux host is never set: what happens then is tried only where the machine is Zerno's (its clock is
 * nobody's) and compared with what the manuals say. */
#include "abi.h"
#include <pthread.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/utsname.h>

static bool is_zerno(void)
{
	struct utsname u;

	return uname(&u) == 0 && strstr(u.version, "Zerno");
}

static void reading(void)
{
	struct timex tx = { 0 };
	struct timespec now;

	SECTION("reading");
	printf("a state: %d\n", adjtimex(&tx) >= 0);
	SHOW_INT(tx.precision);
	SHOW_INT(tx.tolerance);
	SHOW_INT(tx.tick > 9000 && tx.tick < 11000);
	clock_gettime(CLOCK_REALTIME, &now);
	SHOW_INT(now.tv_sec - tx.time.tv_sec < 2);
	SHOW_INT(tx.time.tv_usec >= 0 && tx.time.tv_usec < (tx.status & STA_NANO ? 1000000000 : 1000000));
	tx.modes = ADJ_OFFSET_SS_READ;
	printf("ADJ_OFFSET_SS_READ: %d\n", adjtimex(&tx) >= 0);
	SHOW_INT(tx.offset);
	SHOW_HEX(tx.modes);
	tx.modes = 0;
	printf("clock_adjtime: %d\n", clock_adjtime(CLOCK_REALTIME, &tx) >= 0);
	SHOW(clock_adjtime(CLOCK_MONOTONIC, &tx));
	SHOW(clock_adjtime(CLOCK_BOOTTIME, &tx));
	SHOW(clock_adjtime(CLOCK_TAI, &tx));
	SHOW(clock_adjtime(CLOCK_PROCESS_CPUTIME_ID, &tx));
	SHOW(clock_adjtime(10, &tx));
	SHOW(clock_adjtime(12, &tx));
	SHOW(clock_adjtime(99, &tx));
	SHOW(syscall(SYS_adjtimex, NULL));
	SHOW(syscall(SYS_adjtimex, (void *)8));
	SHOW(syscall(SYS_clock_adjtime, 99, NULL));
	tx.modes = ADJ_TICK;
	tx.tick = 1;
	SHOW(adjtimex(&tx));
	tx.modes = 0x8000;
	SHOW(adjtimex(&tx));
	tx.modes = ADJ_SETOFFSET;
	tx.time.tv_usec = -1;
	SHOW(adjtimex(&tx));
	tx.time.tv_usec = 1000000;
	SHOW(adjtimex(&tx));
}

static void without_right(void)
{
	struct timex tx = { 0 };
	struct timespec ts = { 1000000000, 0 };

	printf("to read: %d\n", adjtimex(&tx) >= 0);
	tx.modes = ADJ_TICK;
	SHOW(adjtimex(&tx));
	tx.modes = ADJ_OFFSET_SINGLESHOT;
	SHOW(adjtimex(&tx));
	tx.modes = ADJ_OFFSET_SS_READ;
	printf("to read: %d\n", adjtimex(&tx) >= 0);
	tx.modes = ADJ_SETOFFSET;
	SHOW(adjtimex(&tx));
	tx.modes = ADJ_NANO;
	SHOW(adjtimex(&tx));
	SHOW(clock_settime(CLOCK_REALTIME, &ts));
}

/* ---- setting ---- */

static void step(long seconds)
{
	struct timespec t;

	if (!is_zerno())
		return;
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += seconds;
	clock_settime(CLOCK_REALTIME, &t);
}
static struct timespec in(long seconds)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += seconds;
	return t;
}
static volatile bool done[6];
static uint32_t word;

static pid_t sleepers[5];
static _Atomic int nr_sleepers;
static void announce(void)
{
	sleepers[nr_sleepers] = (pid_t)syscall(SYS_gettid);
	nr_sleepers++;
}
/* One after the other, until each sleeps. */
static void begin(pthread_t *t, void *(*f)(void *), long arg)
{
	int n = nr_sleepers;
	pthread_create(t, NULL, f, (void *)arg);
	while (nr_sleepers == n)
		sleep_ms(1);
	until_asleep(sleepers[n]);
}
/* Until they have been woken; a minute is enough on any machine. */
static void until_done(int n)
{
	for (int i = 0; is_zerno() && i < 6000 && !done[n]; i++)
		sleep_ms(10);
}

static void *sleeper(void *unused)
{
	struct timespec t = in(1000);
	announce();
	clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL);
	done[0] = true;
	return unused;
}
static void *futex_sleeper(void *unused)
{
	struct timespec t = in(1000);
	announce();
	long r = syscall(SYS_futex, &word, 9 | 128 | 256 /* WAIT_BITSET, private, CLOCK_REALTIME */, 0, &t, NULL, -1);
	done[1] = r == -1 && errno == ETIMEDOUT;
	return unused;
}
static void *relative_sleeper(void *unused)
{
	struct timespec t = { 1000, 0 };
	announce();
	clock_nanosleep(CLOCK_REALTIME, 0, &t, NULL);
	done[2] = true;
	return unused;
}
static void *fd_reader(void *fd)
{
	uint64_t n;
	announce();
	done[3] = read((int)(long)fd, &n, sizeof(n)) == sizeof(n) && n == 1;
	return fd;
}
static void *cancelled_reader(void *fd)
{
	uint64_t n;
	announce();
	done[4] = read((int)(long)fd, &n, sizeof(n)) == -1 && errno == ECANCELED;
	return fd;
}
static void on_timer(int sig)
{
	done[5] = true;
}
static int timer_of(long seconds, int flags)
{
	struct itimerspec its = { .it_value = in(seconds) };
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);

	timerfd_settime(fd, flags, &its, NULL);
	return fd;
}

/* On Linux the moving is not tried: what a line says is what is expected. */
static void fact(const char *what, bool seen)
{
	printf("%s: %s\n", what, seen || !is_zerno() ? "yes" : "no");
	fflush(stdout);
}

static void moving(void)
{
	struct itimerspec its, left;
	pthread_t t[5];
	timer_t id;
	uint64_t n;

	SECTION("moving");
	int fd = timer_of(1000, TFD_TIMER_ABSTIME), cancel = timer_of(5000, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
	int late = timer_of(5000, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
	fcntl(fd, F_SETFL, 0);
	fcntl(cancel, F_SETFL, 0);
	signal(SIGUSR1, on_timer);
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	timer_create(CLOCK_REALTIME, &ev, &id);
	its = (struct itimerspec){ .it_value = in(1000) };
	timer_settime(id, TIMER_ABSTIME, &its, NULL);
	begin(&t[0], sleeper, 0);
	begin(&t[1], futex_sleeper, 0);
	begin(&t[2], relative_sleeper, 0);
	begin(&t[3], fd_reader, fd);
	begin(&t[4], cancelled_reader, cancel);
	SHOW_INT(done[0] || done[1] || done[2] || done[3] || done[4] || done[5]);
	step(900);
	until_done(4);
	sleep_ms(100);
	SHOW_INT(done[0] || done[1] || done[2] || done[3] || done[5]);
	fact("TFD_TIMER_CANCEL_ON_SET", done[4]);
	timerfd_gettime(late, &left);
	fact("less is left", left.it_value.tv_sec <= 4101 && left.it_value.tv_sec > 4000);
	step(-900);
	sleep_ms(100);
	SHOW_INT(done[0] || done[1] || done[2] || done[3] || done[5]);
	timer_gettime(id, &left);
	fact("as at first", left.it_value.tv_sec <= 1000 && left.it_value.tv_sec > 900);
	step(1001);
	static const int woken[] = { 0, 1, 3, 5 };
	for (int i = 0; i < 4; i++)
		until_done(woken[i]);
	fact("clock_nanosleep", done[0]);
	fact("futex", done[1]);
	fact("timerfd", done[3]);
	fact("timer", done[5]);
	SHOW_INT(done[2]);
	its = (struct itimerspec){ .it_value = in(5000) };
	fact("set after a cancellation",
	     timerfd_settime(late, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &its, NULL) == -1 && errno == ECANCELED);
	SHOW(read(late, &n, sizeof(n)));
	step(-1000);
	fact("told once", read(late, &n, sizeof(n)) == -1 && errno == ECANCELED);
	SHOW(read(late, &n, sizeof(n)));
	its = (struct itimerspec){ .it_value = { 5000, 0 } };
	timerfd_settime(late, TFD_TIMER_CANCEL_ON_SET, &its, NULL); /* a relative timer has nothing to cancel */
	step(1);
	SHOW(read(late, &n, sizeof(n)));
	step(-1);
}

int main(void)
{
	reading();
	SECTION("without the right");
	IN_CHILD("a user", {
		if (setuid(1000))
			printf("setuid: %s\n", strerror(errno));
		else
			without_right();
	});
	moving();
	return 0;
}
