/* SPDX-License-Identifier: MIT
 * sched/rcu.h - read-copy-update: readers take no lock.  The kernel is not preempted, so a reader that does
 * not sleep is over once its CPU has switched threads, idled or run user code. */
#pragma once
#include <base/atomic.h>
struct rcu_head {
	struct rcu_head *next;
	void (*fn)(struct rcu_head *h);
};
static inline void rcu_read_lock(void)
{
	compiler_barrier();
}
static inline void rcu_read_unlock(void)
{
	compiler_barrier();
}
#define rcu_dereference(p) __atomic_load_n(&(p), __ATOMIC_CONSUME)
#define rcu_assign(p, v)   atomic_store_release(&(p), v)
/* fn(h) runs in a kernel thread after all present readers are done.  Any context. */
void rcu_call(struct rcu_head *h, void (*fn)(struct rcu_head *));
void rcu_synchronize(void); /* sleeps */
/* Waits until all callbacks queued before have run (leak tests). Sleeps. */
void rcu_barrier(void);
/* sched tells: this CPU has passed a quiescent state. */
void rcu_quiescent(void);
void rcu_init(void);
