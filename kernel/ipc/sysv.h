/* SPDX-License-Identifier: MIT
 * ipc/sysv.h - what System V's three kinds of objects share: ids, keys and permissions; see sysv.c
 *
 * An object embeds a struct sysv_perm as its first member; its kind has one struct sysv_ids.  The caller holds ids->lock. */
#pragma once
#include <abi/sysv.h>
#include <cred/cred.h>
#include <lib/idr.h>
#include <sched/mutex.h>

struct sysv_perm {
	s32 key;
	int id;
	uid_t uid, cuid; /* owner, creator */
	gid_t gid, cgid;
	u32 mode;
	u32 seq; /* how often the slot had been used before: part of the id */
};
struct sysv_ids {
	struct mutex lock;
	struct idr slots GUARDED_BY(&lock);
	unsigned in_use GUARDED_BY(&lock);
	int last_slot GUARDED_BY(&lock);
	u32 seq GUARDED_BY(&lock);
};
#define SYSV_IDS_INIT(name)                                                                                  \
	{                                                                                                    \
		.lock = { NULL, WAITQ_INIT(name.lock.waiters) }, .slots = { XARRAY_INIT, 0 },                \
		.last_slot = -1                                                                              \
	}

enum { SYSV_SLOTS = 32768 }; /* of a kind: an id is seq * SYSV_SLOTS + slot, as on Linux */

/* Gives p an id, an owner and a mode.  0, -ENOSPC when `max` are in use, -ENOMEM. */
MUST_CHECK int sysv_add(struct sysv_ids *ids, struct sysv_perm *p, s32 key, u32 mode, unsigned max,
                        const struct cred *c) MUST_HOLD(&ids->lock);
void sysv_remove(struct sysv_ids *ids, struct sysv_perm *p) MUST_HOLD(&ids->lock);
/* By id; NULL when there is none or the slot is another object's by now. */
struct sysv_perm *sysv_find(struct sysv_ids *ids, int id) MUST_HOLD(&ids->lock);
/* By key (not IPC_PRIVATE), or by slot (SHM_STAT); NULL. */
struct sysv_perm *sysv_find_key(struct sysv_ids *ids, s32 key) MUST_HOLD(&ids->lock);
struct sysv_perm *sysv_in_slot(struct sysv_ids *ids, int slot) MUST_HOLD(&ids->lock);
/* The next in a walk over all: *slot is updated, begin with 0. */
struct sysv_perm *sysv_next(struct sysv_ids *ids, u64 *slot) MUST_HOLD(&ids->lock);
/* The highest slot in use; 0 if none is. */
int sysv_highest(struct sysv_ids *ids) MUST_HOLD(&ids->lock);
/* May c do what these bits (of 0777, in any of the three places) say?  svipc(7). */
bool sysv_allowed(const struct sysv_perm *p, u32 bits, const struct cred *c);
/* May c change or remove it (IPC_SET, IPC_RMID)? */
bool sysv_owned(const struct sysv_perm *p, const struct cred *c);
/* IPC_SET.  0 or -EINVAL (no such id). */
MUST_CHECK int sysv_set(struct sysv_perm *p, uid_t uid, gid_t gid, u32 mode);
void sysv_stat(const struct sysv_perm *p, struct ipc64_perm_k *out);
