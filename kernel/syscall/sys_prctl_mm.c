/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_prctl_mm.c - prctl(2): PR_SET_MM, where the parts of a program lie
 *
 * Owns:      nothing; changes the numbers of vm_space that /proc/[pid]/stat, cmdline, environ and auxv are made of,
 *            and the limits of brk(2).
 * Layer:     syscall.  Uses vm.
 * Locks:     vm_space.lock for writing.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    prctl(2) PR_SET_MM; proc(5).
 * Tests:     tests/abi/prctl_mm.c
 *
 * A program that restores another one says here where that one had its code, its heap and its arguments; one that names
 * itself anew moves its arguments.  The kernel only looks at the order: the memory may be anything, and who reads it later
 * reads what is there then.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <arch/pgtable.h>
#include <abi/elf.h>
#include <abi/sched.h>
#include <lib/string.h>

enum {
	SET_START_CODE = 1,
	SET_END_CODE,
	SET_START_DATA,
	SET_END_DATA,
	SET_START_STACK,
	SET_START_BRK,
	SET_BRK,
	SET_ARG_START,
	SET_ARG_END,
	SET_ENV_START,
	SET_ENV_END,
	SET_AUXV,
	SET_EXE_FILE,
	SET_MAP,
	GET_MAP_SIZE,
};

/* struct prctl_mm_map of Linux. */
struct mm_map_k {
	u64 code_start, code_end, data_start, data_end, brk_start, brk, stack_start;
	u64 arg_start, arg_end, env_start, env_end;
	u64 auxv;
	u32 auxv_size, exe_fd;
};
_Static_assert(sizeof(struct mm_map_k) == 104, "struct prctl_mm_map");

static void map_of(const struct vm_space *s, struct mm_map_k *m)
{
	*m = (struct mm_map_k){ s->code_start,
		                s->code_end,
		                s->data_start,
		                s->data_end,
		                s->brk_start,
		                s->brk,
		                s->stack_start,
		                s->arg_start,
		                s->arg_end,
		                s->env_start,
		                s->env_end,
		                0,
		                0,
		                0 };
}

static void map_store(struct vm_space *s, const struct mm_map_k *m) MUST_HOLD(&s->lock)
{
	/* Readers in procfs take no lock. */
	atomic_store(&s->code_start, m->code_start);
	atomic_store(&s->code_end, m->code_end);
	atomic_store(&s->data_start, m->data_start);
	atomic_store(&s->data_end, m->data_end);
	atomic_store(&s->brk_start, m->brk_start);
	atomic_store(&s->brk, m->brk);
	atomic_store(&s->stack_start, m->stack_start);
	atomic_store(&s->arg_start, m->arg_start);
	atomic_store(&s->arg_end, m->arg_end);
	atomic_store(&s->env_start, m->env_start);
	atomic_store(&s->env_end, m->env_end);
}

static bool address_ok(const struct vm_space *s, u64 addr)
{
	return addr >= USER_MIN && addr < s->top;
}

/* Every part lies in the program's half, begins before it ends, and the data fit in RLIMIT_DATA. */
static bool map_ok(const struct vm_space *s, const struct mm_map_k *m)
{
	const u64 all[] = { m->code_start,  m->code_end,  m->data_start, m->data_end,  m->brk_start, m->brk,
		            m->stack_start, m->arg_start, m->arg_end,    m->env_start, m->env_end };

	for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
		if (!address_ok(s, all[i]))
			return false;
	if (m->code_start >= m->code_end || m->data_start > m->data_end || m->brk_start > m->brk ||
	    m->arg_start > m->arg_end || m->env_start > m->env_end)
		return false;
	return m->brk - m->brk_start + (m->data_end - m->data_start) <= atomic_load(&s->limit_data);
}

/* The vector of the caller's words, zeros behind it: 0, -EINVAL (too long), -EFAULT. */
static int auxv_get(unsigned long *v, uaddr_t from, size_t len)
{
	struct vm_space *s = current_task()->mm;
	size_t word = call_small() ? sizeof(u32) : sizeof(u64);

	if (len > ARRAY_SIZE(s->saved_auxv) * word)
		return -EINVAL;
	memset(v, 0, sizeof(s->saved_auxv));
	for (size_t at = 0; at < len; at += word)
		if (copy_from_user(&v[at / word], (const u8 __user *)from + at, MIN(word, len - at)))
			return -EFAULT;
	v[ARRAY_SIZE(s->saved_auxv) - 2] = AT_NULL;
	v[ARRAY_SIZE(s->saved_auxv) - 1] = 0;
	return 0;
}

/* auxv NULL: it stays. */
static long map_install(const struct mm_map_k *m, const unsigned long *auxv)
{
	struct vm_space *s = current_task()->mm;

	rwlock_write_lock(&s->lock);
	bool ok = map_ok(s, m);
	if (ok)
		map_store(s, m);
	if (ok && auxv)
		memcpy(s->saved_auxv, auxv, sizeof(s->saved_auxv));
	rwlock_write_unlock(&s->lock);
	return ok ? 0 : -EINVAL;
}

static long set_auxv(uaddr_t from, size_t len)
{
	struct vm_space *s = current_task()->mm;
	unsigned long v[ARRAY_SIZE(s->saved_auxv)];
	int err = auxv_get(v, from, len);

	if (err)
		return err;
	rwlock_write_lock(&s->lock);
	memcpy(s->saved_auxv, v, sizeof(v));
	rwlock_write_unlock(&s->lock);
	return 0;
}

/* Another program's file cannot take this one's place: -EINVAL. */
static long set_exe(int fd)
{
	struct fd_ref r = fd_arg((unsigned)fd);

	if (!r.file)
		return -EBADF;
	fd_ref_put(r);
	return -EINVAL;
}

static long set_map(uaddr_t from, size_t size)
{
	struct vm_space *s = current_task()->mm;
	unsigned long v[ARRAY_SIZE(s->saved_auxv)];
	struct mm_map_k m;
	int err = 0;

	if (size != sizeof(m))
		return -EINVAL;
	if (copy_from_user(&m, (const void __user *)from, sizeof(m)))
		return -EFAULT;
	if (!map_ok(s, &m))
		return -EINVAL;
	if (m.auxv_size)
		err = m.auxv ? auxv_get(v, m.auxv, m.auxv_size) : -EINVAL;
	if (err)
		return err;
	if (m.exe_fd != (u32)-1)
		return capable(CAP_CHECKPOINT_RESTORE) || capable(CAP_SYS_ADMIN) ? set_exe((int)m.exe_fd)
		                                                                 : -EPERM;
	return map_install(&m, m.auxv_size ? v : NULL);
}

/* One number; the others are as they are. */
static long set_one(int part, uaddr_t addr)
{
	struct vm_space *s = current_task()->mm;
	struct mm_map_k m;
	u64 *const place[] = {
		[SET_START_CODE] = &m.code_start,   [SET_END_CODE] = &m.code_end,
		[SET_START_DATA] = &m.data_start,   [SET_END_DATA] = &m.data_end,
		[SET_START_BRK] = &m.brk_start,     [SET_BRK] = &m.brk,
		[SET_START_STACK] = &m.stack_start, [SET_ARG_START] = &m.arg_start,
		[SET_ARG_END] = &m.arg_end,         [SET_ENV_START] = &m.env_start,
		[SET_ENV_END] = &m.env_end,
	};
	bool in_memory = part == SET_START_STACK || part >= SET_ARG_START;
	long err = -EINVAL;

	if (!address_ok(s, addr) || part < SET_START_CODE || part > SET_ENV_END)
		return -EINVAL;
	rwlock_write_lock(&s->lock);
	map_of(s, &m);
	*place[part] = addr;
	if (map_ok(s, &m)) {
		err = in_memory && !vma_find(s, addr) ? -EFAULT : 0;
		if (!err)
			map_store(s, &m);
	}
	rwlock_write_unlock(&s->lock);
	return err;
}

long prctl_set_mm(unsigned long part, unsigned long addr, unsigned long a4, unsigned long a5)
{
	if (a5 || (a4 && part != SET_AUXV && part != SET_MAP && part != GET_MAP_SIZE))
		return -EINVAL;
	if (part == SET_MAP)
		return set_map(addr, a4);
	if (part == GET_MAP_SIZE)
		return put_user((u32)sizeof(struct mm_map_k), (u32 __user *)addr);
	if (!capable(CAP_SYS_RESOURCE))
		return -EPERM;
	if (part == SET_EXE_FILE)
		return set_exe((int)addr);
	if (part == SET_AUXV)
		return set_auxv(addr, a4);
	return set_one((int)part, addr);
}
