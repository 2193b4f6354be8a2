/* SPDX-License-Identifier: MIT
 * base/refcount.h - reference counts that panic rather than wrap. */
#pragma once
#include <base/atomic.h>
#include <base/panic.h>

struct refcount {
	s32 n;
};
#define REFCOUNT_INIT(v)                                                                                     \
	{                                                                                                    \
		v                                                                                            \
	}
static inline void ref_init(struct refcount *r, s32 n)
{
	r->n = n;
}
static inline s32 ref_read(const struct refcount *r)
{
	return atomic_load(&r->n);
}
static inline void ref_get(struct refcount *r)
{
	s32 n = atomic_add(&r->n, 1);
	assert(n > 1);
}
/* Takes a reference unless the count is already 0 (RCU lookups). */
static inline bool ref_get_unless_zero(struct refcount *r)
{
	s32 n = atomic_load(&r->n);
	while (n > 0)
		if (__atomic_compare_exchange_n(&r->n, &n, n + 1, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			return true;
	return false;
}
/* Drops one; true when it was the last and the caller must free the object. */
static inline bool ref_put(struct refcount *r)
{
	s32 n = atomic_sub(&r->n, 1);
	assert(n >= 0);
	return n == 0;
}
