/* SPDX-License-Identifier: MIT
 *
 * ipc/sysv.c - ids, keys and permissions of System V IPC
 *
 * Owns:      nothing: each kind of object has its struct sysv_ids.
 * Layer:     ipc.  Uses cred.
 * Locks:     ids->lock, the caller's.
 * Contexts:  process context; sysv_add may sleep.
 * Manual:    svipc(7), shmget(2), ftok(3).
 * Tests:     tests/abi/shm.c
 *
 * Theory
 * ------
 * An id names a slot and how often the table had wrapped around when the object was made:
 *
 *      id = seq * SYSV_SLOTS + slot
 *
 * so that an id kept too long does not reach the object that has its slot now.  The lowest free slot is taken;
 * seq grows whenever that is not above the slot taken last.
 */
#include <ipc/sysv.h>
#include <abi/errno.h>
#include <base/panic.h>

int sysv_add(struct sysv_ids *ids, struct sysv_perm *p, s32 key, u32 mode, unsigned max, const struct cred *c)
{
	if (ids->in_use >= max)
		return -ENOSPC;
	int slot = idr_alloc(&ids->slots, p, 0, SYSV_SLOTS - 1);
	if (slot < 0)
		return slot;
	if (slot <= ids->last_slot)
		ids->seq = (ids->seq + 1) % (INT32_MAX / SYSV_SLOTS + 1);
	ids->last_slot = slot;
	ids->in_use++;
	*p = (struct sysv_perm){
		.key = key,
		.id = (int)ids->seq * SYSV_SLOTS + slot,
		.uid = c->euid,
		.cuid = c->euid,
		.gid = c->egid,
		.cgid = c->egid,
		.mode = mode & 0777,
		.seq = ids->seq,
	};
	return 0;
}

void sysv_remove(struct sysv_ids *ids, struct sysv_perm *p)
{
	void *was = idr_remove(&ids->slots, p->id % SYSV_SLOTS);

	assert(was == p);
	ids->in_use--;
}

struct sysv_perm *sysv_in_slot(struct sysv_ids *ids, int slot)
{
	return idr_find(&ids->slots, slot);
}

struct sysv_perm *sysv_find(struct sysv_ids *ids, int id)
{
	struct sysv_perm *p = id < 0 ? NULL : sysv_in_slot(ids, id % SYSV_SLOTS);

	return p && p->id == id ? p : NULL;
}

struct sysv_perm *sysv_next(struct sysv_ids *ids, u64 *slot)
{
	return xa_find(&ids->slots.xa, slot);
}

struct sysv_perm *sysv_find_key(struct sysv_ids *ids, s32 key)
{
	struct sysv_perm *p;

	for (u64 slot = 0; (p = sysv_next(ids, &slot)) != NULL; slot++)
		if (p->key == key)
			return p;
	return NULL;
}

int sysv_highest(struct sysv_ids *ids)
{
	int highest = 0;

	for (u64 slot = 0; sysv_next(ids, &slot); slot++)
		highest = (int)slot;
	return highest;
}

bool sysv_allowed(const struct sysv_perm *p, u32 bits, const struct cred *c)
{
	u32 wanted = (bits >> 6 | bits >> 3 | bits) & 7, granted = p->mode;

	if (c->euid == p->cuid || c->euid == p->uid)
		granted >>= 6;
	else if (cred_in_group(c, p->cgid) || cred_in_group(c, p->gid))
		granted >>= 3;
	return !(wanted & ~granted) || cred_capable(c, CAP_IPC_OWNER);
}

bool sysv_owned(const struct sysv_perm *p, const struct cred *c)
{
	return c->euid == p->cuid || c->euid == p->uid || cred_capable(c, CAP_SYS_ADMIN);
}

int sysv_set(struct sysv_perm *p, uid_t uid, gid_t gid, u32 mode)
{
	if (uid == (uid_t)-1 || gid == (gid_t)-1)
		return -EINVAL;
	p->uid = uid;
	p->gid = gid;
	p->mode = (p->mode & ~0777U) | (mode & 0777);
	return 0;
}

void sysv_stat(const struct sysv_perm *p, struct ipc64_perm_k *out)
{
	*out = (struct ipc64_perm_k){
		.key = p->key,
		.uid = p->uid,
		.gid = p->gid,
		.cuid = p->cuid,
		.cgid = p->cgid,
		.mode = p->mode,
		.seq = (u16)p->seq,
	};
}
