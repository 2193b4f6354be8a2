/* SPDX-License-Identifier: MIT
 *
 * ipc/futex_pi.c - futexes whose owner runs with the priority of those who wait: FUTEX_LOCK_PI and its family
 *
 * Owns:      struct futex_pi, task->pi_owned and task->pi_waits.
 * Layer:     ipc.  Uses proc (tasks by number), sched (sched_lend_priority).
 * Locks:     pi_lock, irqs off, guards everything here; below it thread->wake_lock.
 * Contexts:  process context; may sleep.
 * Manual:    futex(2), pthread_mutexattr_setprotocol(3).
 * Tests:     tests/abi/futex_pi.c, tests/abi/futex_requeue_pi.c
 *
 * Theory
 * ------
 * The word holds the thread id of the owner, or 0.  Free locks are taken and given back by user space alone;
 * the kernel comes in when somebody must wait:
 *
 *     word = FUTEX_WAITERS | tid          the owner cannot give it back without the kernel
 *
 * and then there is a struct futex_pi: the lock as the kernel sees it, with its owner and a queue of waiters,
 * highest priority first.  The owner is lent the priority of the best waiter of all its locks; if it waits for
 * a lock itself, so is the owner of that one, and so on: a low thread that holds a lock a high one needs is not
 * held up by those in between.
 *
 *     T9 ── waits ──> lock A ── owner ──> T2 ── waits ──> lock B ── owner ──> T1       T2 and T1 run as 9
 *
 * Unlocking hands the lock to the first waiter, by writing its thread id into the word.  When an owner dies the
 * lock is handed on as well; but the word may be mapped elsewhere, or nowhere any more, in the dying address
 * space, so the new owner writes it, with FUTEX_OWNER_DIED.  Until it has, the word says nothing (`fixing`).
 *
 * One lock guards all: chains of waiters cross many locks, and contended ones with inheritance are rare.
 */
#include "futex_internal.h"
#include <base/iov.h>
#include <mem/slab.h>
#include <proc/task.h>

enum { CHAIN_MAX = 1024 };

struct futex_pi {
	struct list_head link; /* all_pi */
	struct futex_key key;
	struct task *owner;       /* never NULL; leaves its locks behind before it dies */
	struct list_head owned;   /* owner->pi_owned */
	struct list_head waiters; /* of pi_waiter.link, higher priority first, then first come */
	unsigned fixing; /* 1 while the new owner of a lock whose owner died has not written the word */
};

static struct spinlock pi_lock = SPINLOCK_INIT("futex_pi");
static LIST_HEAD(all_pi); /* with waiters; pi_lock */

static struct futex_pi *pi_find(const struct futex_key *key) MUST_HOLD(&pi_lock)
{
	struct futex_pi *pi;

	list_for_each_entry (pi, &all_pi, link)
		if (futex_key_equal(&pi->key, key))
			return pi;
	return NULL;
}

/* ---- priorities ---- */

static void waiter_insert(struct futex_pi_waiter *w) MUST_HOLD(&pi_lock)
{
	struct list_head *before = &w->pi->waiters;
	struct futex_pi_waiter *x;

	w->prio = w->task->thread.rt_prio;
	list_for_each_entry (x, &w->pi->waiters, link)
		if (x->prio < w->prio) {
			before = &x->link;
			break;
		}
	list_add_tail(&w->link, before);
}

static unsigned best_waiting_for(const struct task *owner) MUST_HOLD(&pi_lock)
{
	const struct futex_pi *pi;
	unsigned best = 0;

	list_for_each_entry (pi, &owner->pi_owned, owned)
		if (!list_empty(&pi->waiters))
			best = MAX(best, list_first_entry(&pi->waiters, struct futex_pi_waiter, link)->prio);
	return best;
}

/* Its waiters have changed: what the owner is lent, and those it waits for.  No chain is longer than CHAIN_MAX. */
static void pi_propagate(struct task *owner) MUST_HOLD(&pi_lock)
{
	for (;;) {
		struct futex_pi_waiter *w = owner->pi_waits;

		sched_lend_priority(&owner->thread, best_waiting_for(owner));
		if (!w || w->prio == owner->thread.rt_prio)
			return;
		list_del(&w->link);
		waiter_insert(w);
		owner = w->pi->owner;
	}
}

/* Would `self` wait for itself at a lock of this owner?  A chain of endless length is answered alike. */
static bool chain_is_closed(const struct task *owner, const struct task *self) MUST_HOLD(&pi_lock)
{
	for (unsigned n = 0; n < CHAIN_MAX; n++) {
		if (owner == self)
			return true;
		if (!owner->pi_waits)
			return false;
		owner = owner->pi_waits->pi->owner;
	}
	return true;
}

/* ---- a lock's life ---- */

static void pi_set_owner(struct futex_pi *pi, struct task *owner) MUST_HOLD(&pi_lock)
{
	pi->owner = owner;
	list_add(&pi->owned, &owner->pi_owned);
}

/* Nobody waits any more: the word alone is the lock again. */
static void pi_free_unused(struct futex_pi *pi) MUST_HOLD(&pi_lock)
{
	if (!list_empty(&pi->waiters) || pi->fixing)
		return;
	list_del(&pi->link);
	list_del(&pi->owned);
	kfree(pi);
}

/* The owner gives the lock to its first waiter. */
static void pi_hand_over(struct futex_pi *pi, bool died) MUST_HOLD(&pi_lock)
{
	struct futex_pi_waiter *w = list_first_entry(&pi->waiters, struct futex_pi_waiter, link);
	struct task *from = pi->owner, *to = w->task;

	list_del(&w->link);
	list_del(&pi->owned);
	to->pi_waits = NULL;
	pi_set_owner(pi, to);
	pi->fixing = w->died = died;
	atomic_store(&w->granted, true);
	(void)thread_wake(&to->thread); /* w stays until pi_lock is free */
	pi_free_unused(pi);
	pi_propagate(from);
	pi_propagate(to);
}

/* ---- locking ---- */

/* The word must still be `seen`.  Writes it: 0, -EFAULT (page not there) or STEP_AGAIN (changed). */
static int word_replace(u32 __user *uaddr, u32 seen, u32 new)
{
	u32 old = seen;

	if (arch_cmpxchg_user_u32((unsigned long)uaddr, &old, new))
		return -EFAULT;
	return old == seen ? 0 : STEP_AGAIN;
}

/* Queues w at the lock of key; *spare becomes the struct futex_pi when there is none. */
static int pi_queue(struct futex_pi_waiter *w, struct futex_pi *pi, struct futex_pi **spare,
                    struct task *owner, const struct futex_key *key) MUST_HOLD(&pi_lock)
{
	if (chain_is_closed(owner, w->task))
		return -EDEADLK;
	if (!pi) {
		pi = *spare;
		*spare = NULL;
		pi->key = *key;
		list_init(&pi->waiters);
		list_add(&pi->link, &all_pi);
		pi_set_owner(pi, owner);
	}
	w->pi = pi;
	w->task->pi_waits = w;
	waiter_insert(w);
	pi_propagate(owner);
	return STEP_QUEUED;
}

/* One attempt: enum futex_pi_step or a negative errno.  seen: the word; owner: its thread, if there is one. */
static int lock_step(struct futex_pi_waiter *w, u32 __user *uaddr, const struct futex_key *key, u32 seen,
                     struct task *owner, struct futex_pi **spare) MUST_HOLD(&pi_lock)
{
	struct futex_pi *pi = pi_find(key);
	pid_t tid = (pid_t)(seen & FUTEX_TID_MASK);
	int r;

	if (!tid && !pi) {
		r = word_replace(uaddr, seen, (u32)w->task->pid | (seen & FUTEX_OWNER_DIED) | w->mark);
		return r ? r : STEP_TAKEN;
	}
	if (!pi && (!owner || owner->pi_gone)) {
		r = word_replace(uaddr, seen, seen | FUTEX_WAITERS); /* fails if it died just now */
		return r ? r : -ESRCH;
	}
	if (pi && !pi->fixing && pi->owner->pid != tid) {
		r = word_replace(uaddr, seen, seen);
		return r ? r : -EINVAL;
	}
	if (!spare)
		return -EAGAIN;
	r = word_replace(uaddr, seen, seen | FUTEX_WAITERS);
	return r ? r : pi_queue(w, pi, spare, pi ? pi->owner : owner, key);
}

/* lock_step() with the word that is there now. */
static int lock_attempt(struct futex_pi_waiter *w, u32 __user *uaddr, const struct futex_key *key,
                        struct futex_pi **spare)
{
	u32 seen;

	if (get_user(seen, uaddr))
		return -EFAULT;
	pid_t tid = (pid_t)(seen & FUTEX_TID_MASK);
	if (tid == w->task->pid)
		return -EDEADLK;
	struct task *owner = tid ? task_find_get(tid) : NULL;
	irqflags_t f = spin_lock_irqsave(&pi_lock);
	int r = lock_step(w, uaddr, key, seen, owner, spare);

	spin_unlock_irqrestore(&pi_lock, f);
	if (owner)
		task_put(owner);
	return r;
}

/* Tries until the lock is taken, w is queued or there is an error. */
static int lock_or_queue(struct futex_pi_waiter *w, u32 __user *uaddr, const struct futex_key *key,
                         struct futex_pi **spare)
{
	for (;;) {
		if (unlikely(futex_has_waiter(key)))
			return -EINVAL; /* somebody waits there as for a plain word */
		int r = lock_attempt(w, uaddr, key, spare);

		if (r == -EFAULT && !futex_fault_in(uaddr))
			r = STEP_AGAIN;
		if (r != STEP_AGAIN)
			return r;
		cond_resched();
		if (thread_kill_pending())
			return -ERESTARTSYS;
	}
}

/* Sleeps until w has the lock: 0; or leaves the queue: -ETIMEDOUT, -ERESTARTNOINTR. */
static int waiter_sleep(struct futex_pi_waiter *w, ktime_t deadline, bool wall)
{
	int r = 0;

	while (!r) {
		thread_set_state(THREAD_INTERRUPTIBLE);
		if (atomic_load(&w->granted))
			break;
		r = thread_signal_pending() ? -ERESTARTNOINTR : sched_schedule_until_clock(deadline, wall);
	}
	thread_set_state(THREAD_RUNNING);
	irqflags_t f = spin_lock_irqsave(&pi_lock);
	if (w->granted) {
		r = 0;
	} else {
		struct task *owner = w->pi->owner;
		list_del(&w->link);
		w->task->pi_waits = NULL;
		pi_free_unused(w->pi);
		pi_propagate(owner);
	}
	spin_unlock_irqrestore(&pi_lock, f);
	return r;
}

/* The last owner died: writes into the word whose the lock is.  0 or -EFAULT. */
static int word_fix(struct futex_pi_waiter *w, u32 __user *uaddr)
{
	u32 new = (u32)w->task->pid | FUTEX_OWNER_DIED | FUTEX_WAITERS, seen = 0;
	int r;

	do {
		r = get_user(seen, uaddr) ? -EFAULT : word_replace(uaddr, seen, new);
	} while (r == STEP_AGAIN || (r && !futex_fault_in(uaddr)));
	irqflags_t f = spin_lock_irqsave(&pi_lock);
	w->pi->fixing = 0;
	pi_free_unused(w->pi);
	spin_unlock_irqrestore(&pi_lock, f);
	return r;
}

int futex_pi_start(struct futex_pi_waiter *w, u32 __user *uaddr, const struct futex_key *key)
{
	int r = lock_attempt(w, uaddr, key, &w->spare);

	if (r == STEP_TAKEN)
		atomic_store(&w->granted, true);
	return r;
}

int futex_pi_wait(struct futex_pi_waiter *w, u32 __user *uaddr, ktime_t deadline, bool wall)
{
	int r = waiter_sleep(w, deadline, wall);

	return !r && w->died ? word_fix(w, uaddr) : r;
}

struct futex_pi *futex_pi_alloc(void)
{
	return kzalloc(sizeof(struct futex_pi));
}

bool futex_pi_has_waiter(const struct futex_key *k)
{
	if (likely(list_empty(&all_pi))) /* a waiter that comes just now came later */
		return false;
	irqflags_t f = spin_lock_irqsave(&pi_lock);
	const struct futex_pi *pi = pi_find(k);
	bool any = pi && !list_empty(&pi->waiters);

	spin_unlock_irqrestore(&pi_lock, f);
	return any;
}

int futex_lock_pi(u32 __user *uaddr, unsigned flags, ktime_t deadline)
{
	struct futex_pi_waiter w = { .task = current_task() };
	struct futex_pi *spare;
	struct futex_key key;
	int r = futex_key_get(uaddr, flags, &key);

	if (r)
		return r;
	spare = futex_pi_alloc();
	if (!spare)
		return -ENOMEM;
	r = lock_or_queue(&w, uaddr, &key, &spare);
	kfree(spare);
	return r == STEP_QUEUED ? futex_pi_wait(&w, uaddr, deadline, flags & FUTEX_WALL) : r;
}

int futex_trylock_pi(u32 __user *uaddr, unsigned flags)
{
	struct futex_pi_waiter w = { .task = current_task() };
	struct futex_key key;
	int r = futex_key_get(uaddr, flags, &key);

	return r ? r : lock_or_queue(&w, uaddr, &key, NULL);
}

/* ---- unlocking ---- */

static int unlock_step(u32 __user *uaddr, const struct futex_key *key, u32 seen) MUST_HOLD(&pi_lock)
{
	struct futex_pi *pi = pi_find(key);
	int r;

	if (!pi || list_empty(&pi->waiters))
		return word_replace(uaddr, seen, 0);
	if (pi->owner != current_task())
		return -EINVAL;
	const struct futex_pi_waiter *w = list_first_entry(&pi->waiters, struct futex_pi_waiter, link);
	r = word_replace(uaddr, seen, (u32)w->task->pid | FUTEX_WAITERS);
	if (!r)
		pi_hand_over(pi, false);
	return r;
}

int futex_unlock_pi(u32 __user *uaddr, unsigned flags)
{
	struct futex_key key;
	u32 seen;
	int r;

	for (;;) {
		if (get_user(seen, uaddr))
			return -EFAULT;
		if ((pid_t)(seen & FUTEX_TID_MASK) != current_task()->pid)
			return -EPERM;
		r = futex_key_get(uaddr, flags, &key);
		if (r)
			return r;
		if (unlikely(futex_has_waiter(&key)))
			return -EINVAL;
		irqflags_t f = spin_lock_irqsave(&pi_lock);
		r = unlock_step(uaddr, &key, seen);
		spin_unlock_irqrestore(&pi_lock, f);
		if (r != STEP_AGAIN && (r != -EFAULT || futex_fault_in(uaddr)))
			return r;
		cond_resched();
		if (thread_kill_pending())
			return -ERESTARTSYS;
	}
}

void futex_pi_release(struct task *t)
{
	irqflags_t f = spin_lock_irqsave(&pi_lock);

	while (!list_empty(&t->pi_owned))
		pi_hand_over(list_first_entry(&t->pi_owned, struct futex_pi, owned), true);
	t->pi_gone = t->exiting != TASK_ALIVE;
	spin_unlock_irqrestore(&pi_lock, f);
}
