/* SPDX-License-Identifier: MIT
 * abi/time.h - clocks and time structures */
#pragma once
#include <abi/types.h>

struct timespec_k {
	s64 tv_sec, tv_nsec;
};
struct timeval_k {
	s64 tv_sec, tv_usec;
};
struct itimerval_k {
	struct timeval_k it_interval, it_value;
};
struct itimerspec_k {
	struct timespec_k it_interval, it_value;
};
struct timezone_k {
	s32 tz_minuteswest, tz_dsttime;
};
struct utimbuf_k {
	s64 actime, modtime;
};
struct tms_k {
	s64 tms_utime, tms_stime, tms_cutime, tms_cstime;
};
enum { USER_HZ = 100 };
#define CLOCK_REALTIME           0
#define CLOCK_MONOTONIC          1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID  3
#define CLOCK_MONOTONIC_RAW      4
#define CLOCK_REALTIME_COARSE    5
#define CLOCK_MONOTONIC_COARSE   6
#define CLOCK_BOOTTIME           7
#define CLOCK_REALTIME_ALARM     8
#define CLOCK_BOOTTIME_ALARM     9
#define CLOCK_TAI                11
#define TIMER_ABSTIME 1
#define ITIMER_REAL    0
#define ITIMER_VIRTUAL 1
#define ITIMER_PROF    2
