/* SPDX-License-Identifier: MIT
 * base/errseq.h - an error that each of several watchers is told of once.
 *
 * One word holds the last error (bits 0-11), whether anybody has been told of it (bit 12) and a number that
 * grows with each error that comes after a told one.  A watcher keeps the word as he saw it last: when it has
 * changed since, there is an error he does not know. */
#pragma once
#include <abi/types.h>
#include <base/atomic.h>

enum { ERRSEQ_ERROR = 0xfff, ERRSEQ_SEEN = 0x1000, ERRSEQ_STEP = 0x2000 };

/* An error happened: err is negative, above -4096.  Any context. */
static inline void errseq_set(u32 *seq, int err)
{
	u32 old = atomic_load(seq), new;

	do {
		new = (old & ~(u32)(ERRSEQ_ERROR | ERRSEQ_SEEN)) | (u32)-err;
		if (old & ERRSEQ_SEEN)
			new += ERRSEQ_STEP;
	} while (!__atomic_compare_exchange_n(seq, &old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
}

/* Where a new watcher begins: he is told of what is there only if nobody was. */
static inline u32 errseq_sample(const u32 *seq)
{
	u32 now = atomic_load(seq);

	return now & ERRSEQ_SEEN ? now : 0;
}

/* The error that happened since `*since` (0 = none); the watcher is then told of it. */
static inline int errseq_check(u32 *seq, u32 *since)
{
	u32 now = atomic_load(seq);

	if (likely(now == atomic_load(since)))
		return 0;
	while (!(now & ERRSEQ_SEEN) && !__atomic_compare_exchange_n(seq, &now, now | ERRSEQ_SEEN, false,
	                                                            __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		;
	now |= ERRSEQ_SEEN;
	atomic_store(since, now);
	return -(int)(now & ERRSEQ_ERROR);
}
