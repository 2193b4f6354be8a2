/* SPDX-License-Identifier: MIT
 * sched/mutex.h - locks that sleep: mutex (one owner) and rwlock (many readers or one writer, writers
 * preferred). */
#pragma once
#include <sched/waitq.h>

struct LOCK_TYPE("mutex") mutex {
	struct thread *owner; /* NULL = free; bit 0 set = there are waiters */
	struct waitq waiters;
};
struct LOCK_TYPE("rwlock") rwlock {
	s32 count; /* > 0: readers, -1: writer */
	struct spinlock lock;
	struct list_head queue;
};
void mutex_init(struct mutex *m);
void mutex_lock(struct mutex *m) ACQUIRES(m);
bool mutex_trylock(struct mutex *m) TRY_ACQUIRES(m);
void mutex_unlock(struct mutex *m) RELEASES(m);
/* 0, or -EINTR when a fatal signal came first. */
MUST_CHECK int mutex_lock_killable(struct mutex *m) NO_LOCK_CHECK;
static inline bool mutex_is_locked(const struct mutex *m)
{
	return atomic_load(&m->owner) != NULL;
}

void rwlock_init(struct rwlock *l);
void rwlock_read_lock(struct rwlock *l) ACQUIRES_SHARED(l);
bool rwlock_read_trylock(struct rwlock *l) NO_LOCK_CHECK;
void rwlock_read_unlock(struct rwlock *l) RELEASES_SHARED(l);
void rwlock_write_lock(struct rwlock *l) ACQUIRES(l);
void rwlock_write_unlock(struct rwlock *l) RELEASES(l);
/* Sleeps on q, with m dropped meanwhile; 0 or -ERESTARTSYS (signal). */
MUST_CHECK int waitq_sleep(struct waitq *q, struct mutex *m) MUST_HOLD(m);

static inline void mutex_unlock_scope_(struct mutex **m) RELEASES(*m) NO_LOCK_CHECK
{
	mutex_unlock(*m);
}
#define CAT_(a, b) a##b
#define CAT(a, b)  CAT_(a, b)
/* Takes a mutex until the end of the enclosing block, on every path out of it. */
#define scoped_mutex(l)                                                                                      \
	struct mutex *CAT(scope_, __LINE__) CLEANUP(mutex_unlock_scope_) = (l);                              \
	mutex_lock(CAT(scope_, __LINE__))
