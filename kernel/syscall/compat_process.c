/* SPDX-License-Identifier: MIT
 *
 * syscall/compat_process.c - the i386 ABI: processes, limits, and calls that others have replaced
 *
 * Owns:      nothing.
 * Layer:     syscall.  Calls the handlers of the 64-bit ABI.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    clone(2), waitpid(2), nice(2), select(2), sysinfo(2), stime(2), getrlimit(2).
 * Tests:     tests/i386.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <abi/utsname.h>
#include <proc/process.h>

long sys_i386_clone(unsigned long flags, unsigned long stack, int __user *parent_tid, unsigned long tls,
                    int __user *child_tid)
{
	return sys_clone(flags, stack, parent_tid, child_tid, tls);
}

long sys_i386_waitpid(pid_t pid, int __user *status, int options)
{
	return sys_wait4(pid, status, options, NULL);
}

long sys_i386_nice(int by)
{
	/* getpriority answers 20 - nice. */
	int now = 20 - (int)sys_getpriority(PRIO_PROCESS, 0);
	int nice = MAX(-20, MIN(19, now + MAX(-40, MIN(40, by))));
	long err = sys_setpriority(PRIO_PROCESS, 0, nice);

	return err == -EACCES ? -EPERM : err;
}

long sys_i386_select(const u32 __user *args)
{
	u32 a[5];

	if (copy_from_user(a, args, sizeof(a)))
		return -EFAULT;
	return sys_select((int)a[0], (unsigned long __user *)(unsigned long)a[1],
	                  (unsigned long __user *)(unsigned long)a[2],
	                  (unsigned long __user *)(unsigned long)a[3],
	                  (struct timeval_k __user *)(unsigned long)a[4]);
}

struct sysinfo32 {
	s32 uptime;
	u32 loads[3], totalram, freeram, sharedram, bufferram, totalswap, freeswap;
	u16 procs, pad;
	u32 totalhigh, freehigh, mem_unit;
	u8 tail[8];
};
_Static_assert(sizeof(struct sysinfo32) == 64, "struct sysinfo");

long sys_i386_sysinfo(void __user *info)
{
	struct sysinfo32 s = { .mem_unit = 1 };
	struct sysinfo_k k;
	unsigned shift = 0;

	system_info(&k);
	/* Memory that bytes in 32 bits cannot count is counted in pages. */
	if ((k.totalram | k.totalswap) >> 32) {
		shift = PAGE_SHIFT;
		s.mem_unit = PAGE_SIZE;
	}
	s.uptime = (s32)k.uptime;
	for (int i = 0; i < 3; i++)
		s.loads[i] = (u32)k.loads[i];
	s.totalram = (u32)(k.totalram >> shift);
	s.freeram = (u32)(k.freeram >> shift);
	s.sharedram = (u32)(k.sharedram >> shift);
	s.bufferram = (u32)(k.bufferram >> shift);
	s.totalswap = (u32)(k.totalswap >> shift);
	s.freeswap = (u32)(k.freeswap >> shift);
	s.procs = k.procs;
	return copy_to_user(info, &s, sizeof(s));
}

long sys_i386_stime(const void __user *time)
{
	s64 sec;

	if (longs_get(&sec, time, 1))
		return -EFAULT;
	return wall_clock_set(sec < 0 ? -1 : sec * NSEC_PER_SEC);
}

/* The first form: limits are signed. */
long sys_i386_getrlimit(unsigned resource, u32 __user *lim)
{
	struct rlimit64_k k;
	u32 v[2];
	int err;

	if (resource >= RLIM_NLIMITS)
		return -EINVAL;
	err = process_rlimit(current_task()->group, resource, NULL, &k);
	if (err)
		return err;
	v[0] = (u32)MIN(k.cur, (u64)INT32_MAX);
	v[1] = (u32)MIN(k.max, (u64)INT32_MAX);
	return copy_to_user(lim, v, sizeof(v));
}

long sys_i386_arch_prctl(int code, unsigned long addr)
{
	return -EINVAL;
}
