/* SPDX-License-Identifier: MIT
 * base/spinlock.h - locks for short sections that do not sleep.
 *
 * Kernel code is not preempted, so a plain spin_lock needs no preemption count; a lock that interrupt
 * handlers take too is taken with the _irqsave form everywhere outside of handlers. */
#pragma once
#include <base/atomic.h>
#include <arch/cpu.h>

struct LOCK_TYPE("spinlock") spinlock {
	u32 held;
#ifdef CONFIG_DEBUG
	const char *name;
	u32 cpu;
#endif
};
#ifdef CONFIG_DEBUG
#define SPINLOCK_INIT(n)                                                                                     \
	{                                                                                                    \
		.held = 0, .name = n, .cpu = 0                                                               \
	}
void lockdep_acquire(const void *lock, const char *name);
void lockdep_release(const void *lock);
void lockdep_show_held(void); /* this CPU's, to the log */
/* Around each interrupt's handler. */
void lockdep_irq_enter(void);
void lockdep_irq_exit(void);
/* Whoever calls this may sleep: no spinlock should be held. */
void lockdep_might_sleep(void);
/* Whoever calls this may page user memory in; with interrupts off a copy fails instead. */
void lockdep_might_fault(void);
#else
#define SPINLOCK_INIT(n)                                                                                     \
	{                                                                                                    \
		.held = 0                                                                                    \
	}
static inline void lockdep_acquire(const void *lock, const char *name) {}
static inline void lockdep_release(const void *lock) {}
static inline void lockdep_show_held(void) {}
static inline void lockdep_irq_enter(void) {}
static inline void lockdep_irq_exit(void) {}
static inline void lockdep_might_sleep(void) {}
static inline void lockdep_might_fault(void) {}
#endif
typedef unsigned long irqflags_t;

void spin_lock_contended(struct spinlock *l) NO_LOCK_CHECK;

static inline void spin_init(struct spinlock *l, const char *name)
{
	*l = (struct spinlock)SPINLOCK_INIT(name);
}
static inline void spin_lock(struct spinlock *l) ACQUIRES(l) NO_LOCK_CHECK
{
	if (unlikely(__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE)))
		spin_lock_contended(l);
	lockdep_acquire(l, NULL);
}
static inline bool spin_trylock(struct spinlock *l) TRY_ACQUIRES(l) NO_LOCK_CHECK
{
	return !__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE);
}
static inline void spin_unlock(struct spinlock *l) RELEASES(l) NO_LOCK_CHECK
{
	lockdep_release(l);
	atomic_store_release(&l->held, 0u);
}
static inline irqflags_t spin_lock_irqsave(struct spinlock *l) ACQUIRES(l) NO_LOCK_CHECK
{
	irqflags_t f = arch_irq_save();
	spin_lock(l);
	return f;
}
static inline void spin_unlock_irqrestore(struct spinlock *l, irqflags_t f) RELEASES(l) NO_LOCK_CHECK
{
	spin_unlock(l);
	arch_irq_restore(f);
}
static inline bool spin_is_locked(const struct spinlock *l)
{
	return atomic_load(&l->held) != 0;
}
