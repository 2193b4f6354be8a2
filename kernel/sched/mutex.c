/* SPDX-License-Identifier: MIT
 *
 * sched/mutex.c - the mutex: a lock whose contenders sleep
 *
 * Owns:      struct mutex.
 * Layer:     sched.
 * Locks:     mutex->waiters.lock (irqs off) guards the queue and the waiters' bit.
 * Contexts:  process context; not from interrupts, also not mutex_unlock.
 * Manual:    none.
 * Tests:     tests/stress
 *
 * Theory
 * ------
 * `owner` is the owning thread, with bit 0 set while somebody waits; NULL when free.  Without contention lock
 * and unlock are one compare-and-exchange each.  An unlock that finds the bit hands the mutex to the first
 * waiter, so that nobody starves; on several CPUs a contender first spins a little, since most sections are
 * short.
 */
#include <sched/mutex.h>
#include <base/panic.h>

enum { WAITERS = 1, MUTEX_SPIN = 200 };

void mutex_init(struct mutex *m)
{
	m->owner = NULL;
	waitq_init(&m->waiters);
}

static struct thread *owner_thread(const struct mutex *m)
{
	return (struct thread *)((unsigned long)atomic_load(&m->owner) & ~(unsigned long)WAITERS);
}

static bool mutex_spin(struct mutex *m)
{
	if ((cpu_online_mask & (cpu_online_mask - 1)) == 0)
		return false;
	for (unsigned i = 0; i < MUTEX_SPIN; i++) {
		struct thread *o = atomic_load(&m->owner);

		if (!o && atomic_cas(&m->owner, NULL, thread_current()))
			return true;
		if ((unsigned long)o & WAITERS)
			return false;
		arch_cpu_relax();
	}
	return false;
}

/* Takes the mutex, or marks that somebody waits.  m->waiters.lock held. */
static bool take_or_mark(struct mutex *m)
{
	for (;;) {
		struct thread *o = atomic_load(&m->owner);

		if (!o) {
			if (atomic_cas(&m->owner, NULL, thread_current()))
				return true;
		} else if ((unsigned long)o & WAITERS ||
		           atomic_cas(&m->owner, o, (struct thread *)((unsigned long)o | WAITERS))) {
			return false;
		}
	}
}

static COLD int mutex_lock_slow(struct mutex *m, enum thread_state state)
{
	struct waiter w = { .thread = thread_current(), .exclusive = true };
	int err = 0;

	assert(owner_thread(m) != thread_current());
	if (mutex_spin(m))
		return 0;

	irqflags_t f = spin_lock_irqsave(&m->waiters.lock);
	if (take_or_mark(m)) {
		spin_unlock_irqrestore(&m->waiters.lock, f);
		return 0;
	}
	list_add_tail(&w.link, &m->waiters.waiters);
	while (owner_thread(m) != w.thread) {
		if (state == THREAD_KILLABLE && thread_kill_pending()) {
			list_del(&w.link); /* the waiters' bit may stay: unlock copes with an empty queue */
			err = -EINTR;
			break;
		}
		thread_set_state(state);
		spin_unlock_irqrestore(&m->waiters.lock, f);
		sched_schedule();
		f = spin_lock_irqsave(&m->waiters.lock);
	}
	atomic_store(&w.thread->state, THREAD_RUNNING);
	spin_unlock_irqrestore(&m->waiters.lock, f);
	return err;
}

void mutex_lock(struct mutex *m) NO_LOCK_CHECK
{
	lockdep_might_sleep();
	if (unlikely(!atomic_cas(&m->owner, NULL, thread_current())))
		(void)mutex_lock_slow(m, THREAD_UNINTERRUPTIBLE);
}

int mutex_lock_killable(struct mutex *m)
{
	if (likely(atomic_cas(&m->owner, NULL, thread_current())))
		return 0;
	return mutex_lock_slow(m, THREAD_KILLABLE);
}

bool mutex_trylock(struct mutex *m) NO_LOCK_CHECK
{
	return atomic_cas(&m->owner, NULL, thread_current());
}

static COLD void mutex_unlock_slow(struct mutex *m)
{
	irqflags_t f = spin_lock_irqsave(&m->waiters.lock);

	assert(owner_thread(m) == thread_current());
	if (list_empty(&m->waiters.waiters)) {
		atomic_store_release(&m->owner, NULL);
	} else {
		struct waiter *w = list_first_entry(&m->waiters.waiters, struct waiter, link);
		struct thread *t = w->thread;

		list_del(&w->link);
		bool more = !list_empty(&m->waiters.waiters);
		atomic_store_release(&m->owner, (struct thread *)((unsigned long)t | (more ? WAITERS : 0)));
		thread_wake(t); /* it cannot go on before we drop the queue's lock */
	}
	spin_unlock_irqrestore(&m->waiters.lock, f);
}

void mutex_unlock(struct mutex *m) NO_LOCK_CHECK
{
	if (unlikely(!atomic_cas(&m->owner, thread_current(), NULL)))
		mutex_unlock_slow(m);
}
