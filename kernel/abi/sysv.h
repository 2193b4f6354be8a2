/* SPDX-License-Identifier: MIT
 * abi/sysv.h - System V IPC: ids, permissions, shared memory (<linux/ipc.h>, <linux/shm.h>; x86-64 and i386) */
#pragma once
#include <abi/types.h>

enum { IPC_PRIVATE = 0 };
enum { IPC_CREAT = 01000, IPC_EXCL = 02000, IPC_NOWAIT = 04000 };
enum { IPC_RMID = 0, IPC_SET = 1, IPC_STAT = 2, IPC_INFO = 3 };
enum { IPC_64 = 0x100 }; /* or'ed to a command of the i386 ABI: the structures below */
enum { SHM_LOCK = 11, SHM_UNLOCK = 12, SHM_STAT = 13, SHM_INFO = 14, SHM_STAT_ANY = 15 };
enum { SHM_HUGETLB = 04000, SHM_NORESERVE = 010000 };                                   /* shmget */
enum { SHM_RDONLY = 010000, SHM_RND = 020000, SHM_REMAP = 040000, SHM_EXEC = 0100000 }; /* shmat */
enum { SHM_DEST = 01000, SHM_LOCKED = 02000 }; /* in the mode that IPC_STAT shows */
enum { I386_IPC_SHMAT = 21, I386_IPC_SHMDT, I386_IPC_SHMGET, I386_IPC_SHMCTL }; /* ipc(2) */

struct ipc64_perm_k {
	s32 key;
	u32 uid, gid, cuid, cgid, mode;
	u16 seq, pad;
	u64 unused[2];
};
struct shmid64_ds_k {
	struct ipc64_perm_k perm;
	u64 segsz;
	s64 atime, dtime, ctime;
	s32 cpid, lpid;
	u64 nattch, unused[2];
};
struct shminfo64_k {
	u64 shmmax, shmmin, shmmni, shmseg, shmall, unused[4];
};
struct shm_info_k {
	s32 used_ids, pad;
	u64 shm_tot, shm_rss, shm_swp, swap_attempts, swap_successes;
};
_Static_assert(sizeof(struct shmid64_ds_k) == 112, "struct shmid64_ds of x86-64");

struct i386_ipc64_perm {
	s32 key;
	u32 uid, gid, cuid, cgid;
	u16 mode, pad1, seq, pad2;
	u32 unused[2];
};
struct i386_shmid64_ds {
	struct i386_ipc64_perm perm;
	u32 segsz, atime, atime_high, dtime, dtime_high, ctime, ctime_high;
	s32 cpid, lpid;
	u32 nattch, unused[2];
};
struct i386_shminfo64 {
	u32 shmmax, shmmin, shmmni, shmseg, shmall, unused[4];
};
struct i386_shm_info {
	s32 used_ids;
	u32 shm_tot, shm_rss, shm_swp, swap_attempts, swap_successes;
};
_Static_assert(sizeof(struct i386_shmid64_ds) == 84, "struct shmid64_ds of i386");
