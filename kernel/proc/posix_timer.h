/* SPDX-License-Identifier: MIT
 * proc/posix_timer.h - timer_create(2): timers of a process that send signals. */
#pragma once
#include <proc/task.h>

/* A disarmed timer of the running process; ev has been read from the user, NULL = SIGALRM.  0 with *id, or -EINVAL,
 * -EOPNOTSUPP (a clock without timers), -EPERM, -EAGAIN (memory, RLIMIT_SIGPENDING). */
MUST_CHECK int posix_timer_create(int clock, const struct sigevent_k *ev, int *id);
/* ns; value 0 disarms.  0 with what was left before, or -EINVAL: no such timer. */
MUST_CHECK int posix_timer_set(int id, bool absolute, ktime_t value, ktime_t interval, ktime_t *old_left,
                               ktime_t *old_interval);
MUST_CHECK int posix_timer_get(int id, ktime_t *left, ktime_t *interval);
int posix_timer_overrun(int id); /* or -EINVAL */
MUST_CHECK int posix_timer_delete(int id);
