/* SPDX-License-Identifier: MIT
 * ipc/timerfd.h - timerfd_create(2): a timer as a file. */
#pragma once
#include <fs/file.h>
#define TFD_TIMER_ABSTIME       1
#define TFD_TIMER_CANCEL_ON_SET 2

/* A description of a disarmed timer of a clock (the caller has checked it); flags: O_NONBLOCK.  NULL = out of memory. */
struct file *timerfd_create(int clock, unsigned flags, const struct cred *c);
bool file_is_timerfd(const struct file *f);
/* Arms the timer for `value` (ns from now, or the clock's time), then every `interval`; value 0 disarms.  flags: TFD_*.
 * 0, or -ECANCELED: it is armed, but the clock was set before, and no read has told. */
MUST_CHECK int timerfd_set(struct file *f, unsigned flags, ktime_t value, ktime_t interval);
/* The wall clock was set: tells those who asked for it. */
void timerfd_clock_was_set(void);
/* What is left until it expires, 0 = never, and the interval. */
void timerfd_get(struct file *f, ktime_t *left, ktime_t *interval);
