/* SPDX-License-Identifier: MIT
 * ipc/sysv_shm.h - System V shared memory; see sysv_shm.c.  All may sleep. */
#pragma once
#include <abi/sysv.h>
#include <cred/cred.h>
#include <vm/space.h>

/* Of /proc/sys/kernel: the largest segment (bytes), pages of all, number of segments. */
extern u64 shm_max, shm_all;
extern s32 shm_mni;

/* shmget(2): the id, or -EINVAL, -EEXIST, -ENOENT, -EACCES, -ENOSPC, -ENOMEM. */
MUST_CHECK int shm_get(s32 key, size_t size, unsigned flags, const struct cred *c);
/* shmat(2): the address, or -EINVAL, -EACCES, -EIDRM, -ENOMEM. */
MUST_CHECK long shm_attach(struct vm_space *s, int id, uaddr_t addr, unsigned flags, const struct cred *c);
/* shmdt(2): 0 or -EINVAL. */
MUST_CHECK int shm_detach(struct vm_space *s, uaddr_t addr);
/* IPC_STAT of an id, SHM_STAT of a slot, SHM_STAT_ANY of one without asking for permission.
 * The id (IPC_STAT: 0), or -EINVAL, -EACCES. */
MUST_CHECK int shm_stat(int id, int cmd, const struct cred *c, struct shmid64_ds_k *out);
/* IPC_SET, IPC_RMID, SHM_LOCK (lock_allowed: the caller has RLIMIT_MEMLOCK), SHM_UNLOCK.  0, -EINVAL, -EPERM. */
MUST_CHECK int shm_set(int id, const struct ipc64_perm_k *to, const struct cred *c);
MUST_CHECK int shm_remove(int id, const struct cred *c);
MUST_CHECK int shm_lock(int id, bool lock, bool lock_allowed, const struct cred *c);
/* IPC_INFO, SHM_INFO: the highest slot in use. */
int shm_limits(struct shminfo64_k *out);
int shm_totals(struct shm_info_k *out);
/* A walk for /proc/sysvipc/shm: the segment in the first used slot from *slot on; false at the end. */
bool shm_next(u64 *slot, struct shmid64_ds_k *out, int *id, u64 *resident_bytes);
