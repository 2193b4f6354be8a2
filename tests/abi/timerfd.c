/* SPDX-License-Identifier: MIT
 * tests/abi/timerfd.c - timerfd_create, timerfd_settime, timerfd_gettime */
#include "abi.h"

#include <sys/timerfd.h>
static uint64_t v;
static struct itimerspec old;
static int set(int t, int flags, long ns, long every)
{
	struct itimerspec s = { { every / 1000000000, every % 1000000000 }, { ns / 1000000000, ns % 1000000000 } };
	return timerfd_settime(t, flags, &s, &old);
}
static int ready(int fd, int ms)
{
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };
	poll(&p, 1, ms);
	return p.revents;
}
int main(void)
{
	SECTION("errors");
	CALL(timerfd_create, CLOCK_MONOTONIC, 1);
	CALL(timerfd_create, CLOCK_PROCESS_CPUTIME_ID, 0);
	CALL(timerfd_create, 99, 0);
	int t = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	SHOW_INT(fcntl(t, F_GETFD));
	SHOW_HEX(fcntl(t, F_GETFL));
	show_fstat("timerfd", t);
	struct itimerspec bad = { { 0, 0 }, { 0, 1000000000 } }, neg = { { -1, 0 }, { 1, 0 } }, ok = { { 0, 0 }, { 100, 0 } };
	CALL(timerfd_settime, t, 0, &bad, 0);
	CALL(timerfd_settime, t, 0, &neg, 0);
	CALL(timerfd_settime, t, 4, &ok, 0);
	CALL(timerfd_settime, t, 0, 8, 0);
	CALL(timerfd_settime, 1, 0, &ok, 0);
	CALL(timerfd_settime, 99, 0, &ok, 0);
	CALL(timerfd_gettime, t, 8);
	CALL(timerfd_gettime, 0, &ok);
	SHOW(read(t, &v, 8));
	SHOW(read(t, &v, 7));
	SHOW(write(t, &v, 8));
	SECTION("once");
	SHOW(set(t, 0, 100000000000, 0));
	SHOW_HEX(ready(t, 0));
	SHOW(timerfd_gettime(t, &old));
	SHOW_INT(old.it_value.tv_sec > 30 && old.it_value.tv_sec <= 100);
	SHOW(set(t, 0, 20000000, 0));
	SHOW_HEX(ready(t, 60000));
	SHOW(read(t, &v, 8));
	SHOW_INT(v);
	SHOW(read(t, &v, 8));
	SHOW(timerfd_gettime(t, &old));
	SHOW_INT(old.it_value.tv_nsec);
	SECTION("interval");
	long from = clock_ns(CLOCK_MONOTONIC);
	SHOW(set(t, 0, 10000000, 10000000));
	sleep_ms(55);
	SHOW(read(t, &v, 8));
	SHOW_INT(v >= 5 && (long)v <= (clock_ns(CLOCK_MONOTONIC) - from) / 10000000);
	SHOW_HEX(ready(t, 60000));
	SHOW(timerfd_gettime(t, &old));
	SHOW_INT(old.it_interval.tv_nsec);
	SHOW_INT(old.it_value.tv_nsec > 0 && old.it_value.tv_nsec <= 10000000);
	SHOW(set(t, 0, 0, 0));
	SHOW_INT(old.it_interval.tv_nsec);
	SHOW_HEX(ready(t, 30));
	SHOW(set(t, 0, 1, 1));
	sleep_ms(2);
	SHOW(read(t, &v, 8));
	SHOW_INT(v > 1000000);
	SECTION("absolute");
	SHOW(set(t, TFD_TIMER_ABSTIME, clock_ns(CLOCK_MONOTONIC) + 10000000, 0));
	SHOW_HEX(ready(t, 60000));
	SHOW(set(t, TFD_TIMER_ABSTIME, 1, 0));
	SHOW_HEX(ready(t, 60000));
	int r = timerfd_create(CLOCK_REALTIME, 0);
	SHOW(set(r, TFD_TIMER_ABSTIME, clock_ns(CLOCK_REALTIME) + 10000000, 0));
	SHOW(read(r, &v, 8));
	SHOW_INT(v);
	SHOW_INT(clock_ns(CLOCK_REALTIME) > 0);
	struct itimerspec ever = { { 0, 0 }, { INT64_MAX, 0 } };
	SHOW(timerfd_settime(r, TFD_TIMER_ABSTIME, &ever, NULL));
	SHOW_HEX(ready(r, 5));
	SHOW(timerfd_settime(r, 0, &ever, NULL));
	SHOW_HEX(ready(r, 5));
	SHOW(set(r, 0, 10000000, 0));
	SHOW(read(r, (void *)8, 8));
	close(r);
	close(t);
	return 0;
}
