/* SPDX-License-Identifier: MIT
 * base/atomic.h - atomic access to plain integers and pointers, in C11's memory model. */
#pragma once
#include <abi/types.h>

#define atomic_load(p)             __atomic_load_n(p, __ATOMIC_RELAXED)
#define atomic_load_acquire(p)     __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define atomic_store(p, v)         __atomic_store_n(p, v, __ATOMIC_RELAXED)
#define atomic_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define atomic_add(p, v)           __atomic_add_fetch(p, v, __ATOMIC_SEQ_CST)  /* the new value */
#define atomic_sub(p, v)           __atomic_sub_fetch(p, v, __ATOMIC_SEQ_CST)  /* the new value */
#define atomic_or(p, v)            __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST)   /* the old value */
#define atomic_and(p, v)           __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST)  /* the old value */
#define atomic_xchg(p, v)          __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST) /* the old value */
#define atomic_cas(p, old, new)                                                                              \
	({                                                                                                   \
		__typeof__(*(p)) o_ = (old);                                                                 \
		__atomic_compare_exchange_n(p, &o_, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);         \
	})
#define memory_barrier()   __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define compiler_barrier() __asm__ volatile("" ::: "memory")
