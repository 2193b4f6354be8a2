/* SPDX-License-Identifier: MIT
 * ipc/futex.h - futex(7): waiting for a word of user memory to change.  See futex.c for the theory.
 *
 * All may sleep (a page may have to be read in).  Errors of all: -EINVAL (address not aligned), -EFAULT. */
#pragma once
#include <abi/futex.h>
#include <base/clock.h>

enum futex_flags {
	FUTEX_SHARED = 1, /* the word may lie in memory shared between processes */
	FUTEX_WALL = 2,   /* the deadline is on clock_realtime */
};

/* Sleeps while *uaddr == val, until a wake-up whose bits meet `bitset`: 0.  -EAGAIN (another value), -ETIMEDOUT
 * (deadline; KTIME_MAX: none), -ERESTARTSYS (signal), -EINVAL (no bits). */
MUST_CHECK int futex_wait(u32 __user *uaddr, unsigned flags, u32 val, ktime_t deadline, u32 bitset);
/* Wakes up to nr waiters, at least one: how many.  -EINVAL here and below: one waits for a lock with inheritance. */
MUST_CHECK int futex_wake(u32 __user *uaddr, unsigned flags, int nr, u32 bitset);
/* Wakes nr_wake waiters and lets up to nr_requeue more wait at uaddr2 instead: how many in all.  expected:
 * NULL, or what *uaddr must be (-EAGAIN). */
MUST_CHECK int futex_requeue(u32 __user *uaddr, u32 __user *uaddr2, unsigned flags, int nr_wake,
                             int nr_requeue, const u32 *expected);
/* Changes *uaddr2 as encoded_op says, wakes nr_wake at uaddr and, when the old value passes the comparison,
 * nr_wake2 at uaddr2: how many in all. */
MUST_CHECK int futex_wake_op(u32 __user *uaddr, u32 __user *uaddr2, unsigned flags, int nr_wake, int nr_wake2,
                             u32 encoded_op);
/* Waits at n words at once: the index of one that was woken, or as futex_wait. */
struct futex_waiter;
struct futex_wait_one {
	u32 __user *uaddr;
	u32 val;
	unsigned flags;
};
MUST_CHECK int futex_wait_many(const struct futex_wait_one *words, unsigned n, ktime_t deadline, bool wall);
/* Locks whose owner inherits the priority of those who wait; futex_pi.c.  Takes the lock, waiting for it if need be: 0.
 * -EAGAIN (try: another has it), -EDEADLK, -ESRCH (its owner is no thread), -EINVAL (the word and the waiters disagree),
 * -ENOMEM, -ETIMEDOUT, -ERESTARTNOINTR (signal). */
MUST_CHECK int futex_lock_pi(u32 __user *uaddr, unsigned flags, ktime_t deadline);
MUST_CHECK int futex_trylock_pi(u32 __user *uaddr, unsigned flags);
/* Gives it to the first waiter, or sets the word to 0: 0.  -EPERM (not the owner). */
MUST_CHECK int futex_unlock_pi(u32 __user *uaddr, unsigned flags);
/* Waits as futex_wait to be moved to the lock uaddr2, and then for that: 0 with the lock.  Also -EINVAL (the same word),
 * -ENOMEM, -ERESTARTNOINTR; -EAGAIN too when a signal ends the wait for the lock. */
MUST_CHECK int futex_wait_requeue_pi(u32 __user *uaddr, unsigned flags, u32 val, ktime_t deadline,
                                     u32 __user *uaddr2);
/* When *uaddr == expected: gives its best waiter the lock uaddr2, or lets it wait there, and so up to nr_requeue more:
 * how many in all.  -EAGAIN; -EINVAL (nr_wake is not 1, the same word, waiters of another kind); -EDEADLK, -ESRCH. */
MUST_CHECK int futex_cmp_requeue_pi(u32 __user *uaddr, u32 __user *uaddr2, unsigned flags, int nr_wake,
                                    int nr_requeue, u32 expected);
struct task;
/* t exits or executes a program: its locks go to their waiters.  Does not sleep. */
void futex_pi_release(struct task *t);
void futex_init(void);        /* the table */
void futex_robust_init(void); /* futex_robust.c: registers with proc */
