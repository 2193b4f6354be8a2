/* SPDX-License-Identifier: MIT
 * ipc/futex_internal.h - what the files of the futexes share */
#pragma once
#include <ipc/futex.h>
#include <base/spinlock.h>
#include <lib/list.h>

struct futex_key {
	const void *object; /* struct vm_space or struct mapping; only compared */
	u64 offset;         /* of the word, a multiple of 4, with KEY_ in the low bits */
};
/* The key of a word.  May sleep.  0, -EINVAL (not aligned), -EFAULT. */
MUST_CHECK int futex_key_get(u32 __user *uaddr, unsigned flags, struct futex_key *k);
static inline bool futex_key_equal(const struct futex_key *a, const struct futex_key *b)
{
	return a->object == b->object && a->offset == b->offset;
}
/* ---- futex.c: the table of those who wait for a word ---- */
struct futex_bucket {
	struct spinlock lock;
	struct list_head waiters GUARDED_BY(&lock); /* higher real-time priority first, then first come */
} __attribute__((aligned(64)));
struct futex_pi_waiter;
struct futex_waiter {
	struct list_head link;
	struct futex_bucket *bucket; /* where it is queued; NULL: not any more */
	struct futex_key key;        /* bucket->lock */
	struct thread *thread;
	u32 bitset;
	u8 prio; /* when it was queued; 0 = none */
	bool woken;
	/* FUTEX_WAIT_REQUEUE_PI: what it will wait with at which lock; nobody may simply wake it. */
	struct futex_pi_waiter *pi;
	struct futex_key pi_key;
};
struct futex_bucket *futex_bucket_of(const struct futex_key *k);
/* Queues w if *uaddr == val: 0; or -EAGAIN, -EFAULT, -ERESTARTSYS (killed on the way).  May sleep. */
MUST_CHECK int futex_waiter_queue(struct futex_waiter *w, u32 __user *uaddr, unsigned flags, u32 val);
/* Sleeps until one of w[n] was woken: 0.  Or -ETIMEDOUT, -ERESTARTSYS. */
MUST_CHECK int futex_waiters_sleep(const struct futex_waiter *w, unsigned n, ktime_t deadline, bool wall);
/* Takes a waiter out of the table; false: it was woken before. */
bool futex_waiter_leave(struct futex_waiter *w);
/* Wakes w, which is its owner's alone from then on. */
void futex_waiter_wake(struct futex_waiter *w);
bool futex_has_waiter(const struct futex_key *k); /* in the table */

/* ---- futex_pi.c: locks with inheritance ---- */
enum futex_pi_step { STEP_TAKEN, STEP_QUEUED, STEP_AGAIN }; /* or a negative errno */
struct futex_pi;
struct futex_pi_waiter {
	struct list_head link;
	struct futex_pi *pi;
	struct task *task;
	unsigned prio; /* its real-time priority when it was put in its place */
	u32 mark;     /* FUTEX_WAITERS: others follow, and the lock cannot be given back without the kernel */
	bool granted; /* it has the lock */
	bool died;    /* ... of an owner that died: it has to write the word */
	struct futex_pi *spare; /* of futex_pi_alloc; NULL once it is in use */
};
/* For another, which sleeps: gives w the lock, or queues it there.  -EFAULT: the page is not there.  Any context. */
MUST_CHECK int futex_pi_start(struct futex_pi_waiter *w, u32 __user *uaddr, const struct futex_key *key);
/* What it does when it runs again: 0 when it has the lock, or as futex_lock_pi. */
MUST_CHECK int futex_pi_wait(struct futex_pi_waiter *w, u32 __user *uaddr, ktime_t deadline, bool wall);
struct futex_pi *futex_pi_alloc(void); /* kfree when it was not used; NULL: no memory */
bool futex_pi_has_waiter(const struct futex_key *k);

/* Makes the page of the word present and writable: 0 or -EFAULT.  May sleep. */
MUST_CHECK int futex_fault_in(u32 __user *uaddr);
