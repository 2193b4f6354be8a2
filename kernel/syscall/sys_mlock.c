/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_mlock.c - mlock(2), mlockall(2)
 *
 * Owns:      the rule whose memory may be locked.
 * Layer:     syscall.  Uses vm.
 * Locks:     none; vm locks the address space.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    mlock(2), setrlimit(2) (RLIMIT_MEMLOCK).
 * Tests:     tests/abi/mlock.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>

/* vm counts; how much may be locked depends on who asks.  0, or -EPERM: nothing at all. */
int mlock_set_limit(struct vm_space *s)
{
	u64 limit = capable(CAP_IPC_LOCK) ? RLIM_INFINITY : task_rlimit(current_task(), RLIMIT_MEMLOCK);

	atomic_store(&s->limit_memlock, limit);
	return limit ? 0 : -EPERM;
}

long sys_mlock(unsigned long addr, size_t len)
{
	struct vm_space *s = current_task()->mm;
	int err = mlock_set_limit(s);

	return err ? err : vm_mlock(s, addr, len, true);
}

long sys_mlock2(unsigned long addr, size_t len, int flags)
{
	return flags ? -EINVAL : sys_mlock(addr, len);
}

long sys_munlock(unsigned long addr, size_t len)
{
	return vm_mlock(current_task()->mm, addr, len, false);
}

long sys_mlockall(int flags)
{
	struct vm_space *s = current_task()->mm;
	int err;

	if (flags != MCL_CURRENT)
		return -EINVAL;
	err = mlock_set_limit(s);
	return err ? err : vm_mlock_all(s, true);
}

long sys_munlockall(void)
{
	return vm_mlock_all(current_task()->mm, false);
}
