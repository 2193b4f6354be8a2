/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_shm.c - shmget(2), shmat(2), shmdt(2), shmctl(2), and the i386 forms of these, ipc(2) among them
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses ipc/sysv_shm.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    shmget(2), shmop(2), shmctl(2), ipc(2).
 * Tests:     tests/abi/shm.c, tests/i386/shm.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <ipc/sysv_shm.h>

long sys_shmget(int key, size_t size, int flags)
{
	return shm_get(key, size, (unsigned)flags, current_task()->cred);
}

long sys_shmat(int id, unsigned long addr, int flags)
{
	return shm_attach(current_task()->mm, id, addr, (unsigned)flags, current_task()->cred);
}

long sys_shmdt(unsigned long addr)
{
	return shm_detach(current_task()->mm, addr);
}

/* A command's answer, of which there is one at a time. */
union shm_answer {
	struct shmid64_ds_k stat;
	struct shminfo64_k limits;
	struct shm_info_k totals;
};

static bool shm_cmd_reads(int cmd)
{
	return cmd == IPC_STAT || cmd == SHM_STAT || cmd == SHM_STAT_ANY || cmd == IPC_INFO ||
	       cmd == SHM_INFO;
}

/* The commands that only answer. */
static long shm_read(int id, int cmd, union shm_answer *out)
{
	if (cmd == IPC_INFO)
		return shm_limits(&out->limits);
	if (cmd == SHM_INFO)
		return shm_totals(&out->totals);
	return shm_stat(id, cmd, current_task()->cred, &out->stat);
}

/* The others, but IPC_SET, which has an argument. */
static long shm_change(int id, int cmd)
{
	const struct cred *c = current_task()->cred;

	switch (cmd) {
	case IPC_RMID:
		return shm_remove(id, c);
	case SHM_LOCK:
	case SHM_UNLOCK:
		return shm_lock(id, cmd == SHM_LOCK, task_rlimit(current_task(), RLIMIT_MEMLOCK) > 0, c);
	default:
		return -EINVAL;
	}
}

long sys_shmctl(int id, int cmd, void __user *buf)
{
	union shm_answer answer;
	size_t size = cmd == IPC_INFO   ? sizeof(answer.limits)
	              : cmd == SHM_INFO ? sizeof(answer.totals)
	                                : sizeof(answer.stat);
	long ret;

	if (id < 0 || cmd < 0)
		return -EINVAL;
	if (cmd == IPC_SET) {
		if (copy_from_user(&answer.stat, buf, sizeof(answer.stat)))
			return -EFAULT;
		return shm_set(id, &answer.stat.perm, current_task()->cred);
	}
	if (!shm_cmd_reads(cmd))
		return shm_change(id, cmd);
	ret = shm_read(id, cmd, &answer);
	return ret >= 0 && copy_to_user(buf, &answer, size) ? -EFAULT : ret;
}

/* ---- i386 ---- */

static long give_i386_stat(void __user *buf, const struct shmid64_ds_k *st)
{
	struct i386_shmid64_ds out = {
		.perm = { st->perm.key,
		          st->perm.uid,
		          st->perm.gid,
		          st->perm.cuid,
		          st->perm.cgid,
		          (u16)st->perm.mode,
		          0,
		          st->perm.seq,
		          0,
		          { 0, 0 } },
		.segsz = (u32)st->segsz,
		.atime = (u32)st->atime,
		.atime_high = (u32)(st->atime >> 32),
		.dtime = (u32)st->dtime,
		.dtime_high = (u32)(st->dtime >> 32),
		.ctime = (u32)st->ctime,
		.ctime_high = (u32)(st->ctime >> 32),
		.cpid = st->cpid,
		.lpid = st->lpid,
		.nattch = (u32)st->nattch,
	};

	return copy_to_user(buf, &out, sizeof(out)) ? -EFAULT : 0;
}

static long give_i386_limits(void __user *buf, const struct shminfo64_k *l)
{
	struct i386_shminfo64 out = {
		.shmmax = (u32)MIN(l->shmmax, (u64)INT32_MAX),
		.shmmin = (u32)l->shmmin,
		.shmmni = (u32)l->shmmni,
		.shmseg = (u32)l->shmseg,
		.shmall = (u32)l->shmall,
	};

	return copy_to_user(buf, &out, sizeof(out)) ? -EFAULT : 0;
}

static long give_i386_totals(void __user *buf, const struct shm_info_k *t)
{
	struct i386_shm_info out = { t->used_ids, (u32)t->shm_tot, (u32)t->shm_rss, 0, 0, 0 };

	return copy_to_user(buf, &out, sizeof(out)) ? -EFAULT : 0;
}

long sys_i386_shmctl(int id, int cmd, void __user *buf)
{
	union shm_answer answer;
	struct i386_shmid64_ds set;
	long ret, err;

	cmd &= ~IPC_64;
	if (id < 0 || cmd < 0)
		return -EINVAL;
	if (cmd == IPC_SET) {
		if (copy_from_user(&set, buf, sizeof(set)))
			return -EFAULT;
		struct ipc64_perm_k to = { .uid = set.perm.uid, .gid = set.perm.gid, .mode = set.perm.mode };
		return shm_set(id, &to, current_task()->cred);
	}
	if (!shm_cmd_reads(cmd))
		return shm_change(id, cmd);
	ret = shm_read(id, cmd, &answer);
	if (ret < 0)
		return ret;
	err = cmd == IPC_INFO   ? give_i386_limits(buf, &answer.limits)
	      : cmd == SHM_INFO ? give_i386_totals(buf, &answer.totals)
	                        : give_i386_stat(buf, &answer.stat);
	return err ? err : ret;
}

/* ipc(2): one number for all of System V IPC. */
long sys_i386_ipc(unsigned call, int first, unsigned long second, unsigned long third, void __user *ptr)
{
	switch (call & 0xffff) {
	case I386_IPC_SHMAT: {
		if (call >> 16 == 1)
			return -EINVAL;
		long at = sys_shmat(first, (unsigned long)ptr, (int)second);
		return at < 0 ? at : put_user((u32)at, (u32 __user *)third);
	}
	case I386_IPC_SHMDT:
		return sys_shmdt((unsigned long)ptr);
	case I386_IPC_SHMGET:
		return sys_shmget(first, second, (int)third);
	case I386_IPC_SHMCTL:
		/* Without IPC_64: structures with 16-bit ids, which no C library of this century uses. */
		return second & IPC_64 ? sys_i386_shmctl(first, (int)second, ptr) : -EINVAL;
	default:
		return -ENOSYS;
	}
}
