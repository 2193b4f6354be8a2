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
struct timex_k {
	u32 modes, pad1;
	s64 offset, freq, maxerror, esterror;
	s32 status, pad2;
	s64 constant, precision, tolerance;
	struct timeval_k time;
	s64 tick, ppsfreq, jitter;
	s32 shift, pad3;
	s64 stabil, jitcnt, calcnt, errcnt, stbcnt;
	s32 tai, pad[11];
};
struct timex32_k { /* i386, but for clock_adjtime64 */
	u32 modes;
	s32 offset, freq, maxerror, esterror, status, constant, precision, tolerance, sec, usec, tick,
	        ppsfreq, jitter, shift, stabil, jitcnt, calcnt, errcnt, stbcnt, tai, pad[11];
};
#define ADJ_TICK      0x4000
#define ADJ_FREQUENCY 0x0002
#define ADJ_SETOFFSET 0x0100
#define ADJ_MICRO     0x1000
#define ADJ_NANO      0x2000
#define ADJ_READONLY  0x2000 /* with ADJ_SINGLESHOT: adjtime(3) */
#define ADJ_SINGLE    0x8001
#define ADJ_ADJTIME   0x8000
#define STA_UNSYNC    0x0040
#define STA_NANO      0x2000
#define TIME_ERROR    5
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
#define TIMER_ABSTIME            1
#define ITIMER_REAL              0
#define ITIMER_VIRTUAL           1
#define ITIMER_PROF              2
