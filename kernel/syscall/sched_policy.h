/* SPDX-License-Identifier: MIT
 * syscall/sched_policy.h - the rules that sched_setscheduler(2), sched_setattr(2) and setpriority(2) share.
 */
#pragma once
#include <proc/task.h>

/* May the caller change t's scheduling at all? */
bool sched_may_change(struct task *t);
/* Does the policy exist, and does the priority fit it?  0 or -EINVAL. */
MUST_CHECK int sched_policy_check(int policy, int prio);
/* 0, -EINVAL, -EPERM.  reset: the thread's children start with the normal policy. */
MUST_CHECK int sched_policy_set(struct task *t, int policy, int prio, bool reset);
/* 0, -EPERM (not ours), -EACCES (a better nice value than allowed). nice is cut to -20..19. */
MUST_CHECK int sched_nice_set(struct task *t, int nice);
