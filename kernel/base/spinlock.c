/* SPDX-License-Identifier: MIT
 * base/spinlock.c - the contended path of spinlocks
 *
 * Owns:      nothing.
 * Layer:     base.
 * Locks:     this is the lock.
 * Contexts:  any.
 * Tests:     every test with more than one CPU.
 *
 * A waiter reads until the lock looks free and only then tries the exchange, so that waiting CPUs share the
 * cache line instead of passing it around.
 */
#include <base/spinlock.h>
#include <base/panic.h>

void spin_lock_contended(struct spinlock *l)
{
#ifdef CONFIG_DEBUG
	if (atomic_load(&l->cpu) == arch_cpu_id() + 1)
		panic("spinlock %s taken twice by CPU %u", l->name ? l->name : "?", arch_cpu_id());
#endif
	do {
		while (atomic_load(&l->held))
			arch_cpu_relax();
	} while (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE));
}
