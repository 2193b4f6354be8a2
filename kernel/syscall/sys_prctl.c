/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_prctl.c - prctl(2), arch_prctl(2), personality(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses proc, cred, vm.
 * Locks:     none: a task changes only itself here.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    prctl(2), arch_prctl(2), personality(2), capabilities(7).
 * Tests:     tests/abi/system.c, tests/abi/prctl2.c, tests/abi/prctl_mm.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <abi/sched.h>
#include <arch/switch.h>
#include <proc/seccomp.h>
#include <proc/user_dispatch.h>

enum { PERSONALITY_GET = -1 };
enum { AMBIENT_IS_SET = 1, AMBIENT_RAISE, AMBIENT_LOWER, AMBIENT_CLEAR_ALL };
enum { MCE_KILL_LATE, MCE_KILL_EARLY, MCE_KILL_DEFAULT };
enum { SECBITS_ALL = 0xff, SECBITS_LOCKS = 0xaa };

/* Installs a private copy of the credentials that was changed. */
static long cred_done(struct cred *c)
{
	task_set_cred(c);
	return 0;
}

static long prctl_keepcaps(unsigned long on)
{
	struct cred *c;

	if (on > 1)
		return -EINVAL;
	if (current_task()->cred->securebits & SECBIT_KEEP_CAPS_LOCKED)
		return -EPERM;
	c = cred_copy(current_task()->cred);
	if (!c)
		return -ENOMEM;
	c->securebits = (c->securebits & ~(u32)SECBIT_KEEP_CAPS) | (on ? SECBIT_KEEP_CAPS : 0);
	return cred_done(c);
}

/* A lock, once set, holds its bit and itself. */
static long prctl_securebits(unsigned long bits)
{
	u32 old = current_task()->cred->securebits, locked = old & SECBITS_LOCKS;
	struct cred *c;

	if ((locked >> 1 & (old ^ (u32)bits)) || (locked & ~(u32)bits) || bits & ~(unsigned long)SECBITS_ALL)
		return -EPERM;
	if (!capable(CAP_SETPCAP))
		return -EPERM;
	c = cred_copy(current_task()->cred);
	if (!c)
		return -ENOMEM;
	c->securebits = (u32)bits;
	return cred_done(c);
}

static long prctl_bounding_drop(unsigned long cap)
{
	struct cred *c;

	if (!capable(CAP_SETPCAP))
		return -EPERM;
	if (cap > CAP_LAST_CAP)
		return -EINVAL;
	c = cred_copy(current_task()->cred);
	if (!c)
		return -ENOMEM;
	c->cap_bounding &= ~BIT(cap);
	return cred_done(c);
}

static long prctl_ambient(unsigned long op, unsigned long cap, unsigned long a4, unsigned long a5)
{
	const struct cred *old = current_task()->cred;
	struct cred *c;

	if (a4 || a5 || op < AMBIENT_IS_SET || op > AMBIENT_CLEAR_ALL)
		return -EINVAL;
	if (op == AMBIENT_CLEAR_ALL ? cap != 0 : cap > CAP_LAST_CAP)
		return -EINVAL;
	if (op == AMBIENT_IS_SET)
		return old->cap_ambient >> cap & 1;
	if (op == AMBIENT_RAISE && (!(old->cap_permitted & old->cap_inheritable & BIT(cap)) ||
	                            old->securebits & SECBIT_NO_CAP_AMBIENT_RAISE))
		return -EPERM;
	c = cred_copy(old);
	if (!c)
		return -ENOMEM;
	if (op == AMBIENT_CLEAR_ALL)
		c->cap_ambient = 0;
	else if (op == AMBIENT_RAISE)
		c->cap_ambient |= BIT(cap);
	else
		c->cap_ambient &= ~BIT(cap);
	return cred_done(c);
}

static long prctl_set_name(const char __user *name)
{
	char comm[COMM_LEN] = { 0 };

	if (strncpy_from_user(comm, name, COMM_LEN - 1) == -EFAULT)
		return -EFAULT;
	comm[COMM_LEN - 1] = 0;
	for (int i = 0; i < COMM_LEN; i++)
		atomic_store(&current_task()->comm[i],
		             comm[i]); /* readers take no lock: NUL stays at the end */
	return 0;
}

static long prctl_pdeathsig(unsigned long sig)
{
	if (sig >= NSIG)
		return -EINVAL;
	current_task()->pdeath_signal = (int)sig;
	return 0;
}

static long prctl_dumpable(unsigned long on)
{
	if (on > 1)
		return -EINVAL;
	current_task()->mm->dumpable = on;
	return 0;
}

/* 0: the usual one, which was the parent's. */
static long prctl_timer_slack(struct task *t, unsigned long ns)
{
	t->timer_slack_ns = ns ? ns : t->timer_slack_usual_ns;
	return 0;
}

enum { TSC_ENABLE = 1, TSC_SIGSEGV };

static long prctl_set_tsc(unsigned long how)
{
	if (how != TSC_ENABLE && how != TSC_SIGSEGV)
		return -EINVAL;
	arch_set_tsc(how == TSC_ENABLE);
	return 0;
}

/* A CPU's guesses are not held back for anybody, as on a Linux with mitigations=off: a task is told so, and what would
 * change it is refused. */
static long prctl_speculation(bool set, unsigned long which, unsigned long how, unsigned long a4,
                              unsigned long a5)
{
	enum { STORE_BYPASS, INDIRECT_BRANCH, L1D_FLUSH };
	enum { SPEC_ENABLE = 2, SPEC_FORCE_DISABLE = 8 };

	if (a4 || a5 || (!set && how))
		return -EINVAL;
	switch (which) {
	case STORE_BYPASS:
		return set ? -ENXIO : SPEC_ENABLE;
	case INDIRECT_BRANCH:
		return !set ? SPEC_ENABLE : how == SPEC_ENABLE ? 0 : -EPERM;
	case L1D_FLUSH: /* at a switch: is never done */
		return set ? -EPERM : SPEC_FORCE_DISABLE;
	default:
		return -ENODEV;
	}
}

/* What an option asks for that has one answer here. */
static long prctl_fixed(int option, unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5)
{
	struct vm_space *mm = current_task()->mm;

	switch (option) {
	case PR_GET_TIMING: /* statistical, as for all */
		return 0;
	case PR_SET_TIMING:
		return a2 ? -EINVAL : 0;
	case PR_TASK_PERF_EVENTS_DISABLE: /* it has no counters */
	case PR_TASK_PERF_EVENTS_ENABLE:
		return 0;
	case PR_SET_THP_DISABLE:
		if (a3 || a4 || a5)
			return -EINVAL;
		atomic_store(&mm->no_huge_pages, a2 != 0);
		return 0;
	case PR_GET_SPECULATION_CTRL:
	case PR_SET_SPECULATION_CTRL:
		return prctl_speculation(option == PR_SET_SPECULATION_CTRL, a2, a3, a4, a5);
	case PR_GET_THP_DISABLE:
		return a2 || a3 || a4 || a5 ? -EINVAL : atomic_load(&mm->no_huge_pages);
	default:
		return -EINVAL;
	}
}

/* When a broken page of memory kills: at once, at the next use, or as the system's default is.  No memory is ever
 * found to be broken here, so the choice is only remembered.  It is kept such that a new task's 0 is the default. */
static long prctl_mce_kill(unsigned long what, unsigned long when, unsigned long a4, unsigned long a5)
{
	enum { CLEAR, SET };
	u8 to = MCE_KILL_DEFAULT;

	if (a4 || a5 || what > SET || (what == CLEAR ? when != 0 : when > MCE_KILL_DEFAULT))
		return -EINVAL;
	if (what == SET)
		to = (u8)when;
	current_task()->mce_kill = to ^ MCE_KILL_DEFAULT;
	return 0;
}

static long prctl_user_dispatch(unsigned long how, unsigned long start, unsigned long len,
                                unsigned long selector)
{
	if (how == PR_SYS_DISPATCH_ON)
		return user_dispatch_on(start, len, (const u8 __user *)selector);
	if (how != PR_SYS_DISPATCH_OFF || start || len || selector)
		return -EINVAL;
	user_dispatch_off(current_task());
	return 0;
}

/* What changes or shows the security of the task. */
static long prctl_security(int option, unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5)
{
	struct task *t = current_task();

	switch (option) {
	case PR_GET_KEEPCAPS:
		return !!(t->cred->securebits & SECBIT_KEEP_CAPS);
	case PR_SET_KEEPCAPS:
		return prctl_keepcaps(a2);
	case PR_CAPBSET_READ:
		return a2 > CAP_LAST_CAP ? -EINVAL : (long)(t->cred->cap_bounding >> a2 & 1);
	case PR_CAPBSET_DROP:
		return prctl_bounding_drop(a2);
	case PR_GET_SECUREBITS:
		return t->cred->securebits;
	case PR_SET_SECUREBITS:
		return prctl_securebits(a2);
	case PR_CAP_AMBIENT:
		return prctl_ambient(a2, a3, a4, a5);
	case PR_SET_NO_NEW_PRIVS:
		if (a2 != 1 || a3 || a4 || a5)
			return -EINVAL;
		t->no_new_privs = true;
		return 0;
	case PR_GET_NO_NEW_PRIVS:
		return a2 || a3 || a4 || a5 ? -EINVAL : t->no_new_privs;
	case PR_GET_SECCOMP:
		return t->seccomp_mode;
	case PR_SET_SECCOMP:
		if (a2 == SECCOMP_MODE_STRICT)
			return seccomp_set_strict();
		return a2 == SECCOMP_MODE_FILTER ? seccomp_filter(0, (const void __user *)a3) : -EINVAL;
	case PR_SET_SYSCALL_USER_DISPATCH:
		return prctl_user_dispatch(a2, a3, a4, a5);
	default:
		return prctl_fixed(option, a2, a3, a4, a5);
	}
}

long sys_prctl(int option, unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5)
{
	struct task *t = current_task();

	switch (option) {
	case PR_SET_PDEATHSIG:
		return prctl_pdeathsig(a2);
	case PR_GET_PDEATHSIG:
		return put_user(t->pdeath_signal, (int __user *)a2);
	case PR_GET_DUMPABLE:
		return t->mm->dumpable;
	case PR_SET_DUMPABLE:
		return prctl_dumpable(a2);
	case PR_SET_NAME:
		return prctl_set_name((const char __user *)a2);
	case PR_GET_NAME:
		return copy_to_user((char __user *)a2, t->comm, COMM_LEN);
	case PR_SET_CHILD_SUBREAPER:
		atomic_store(&t->group->child_subreaper, a2 != 0);
		return 0;
	case PR_GET_CHILD_SUBREAPER:
		return put_user((s32)t->group->child_subreaper, (s32 __user *)a2);
	case PR_GET_TIMERSLACK:
		return (long)t->timer_slack_ns;
	case PR_SET_TIMERSLACK:
		return prctl_timer_slack(t, a2);
	case PR_MCE_KILL:
		return prctl_mce_kill(a2, a3, a4, a5);
	case PR_MCE_KILL_GET:
		return a2 || a3 || a4 || a5 ? -EINVAL : t->mce_kill ^ MCE_KILL_DEFAULT;
	case PR_GET_TSC:
		return put_user(arch_get_tsc() ? TSC_ENABLE : TSC_SIGSEGV, (int __user *)a2);
	case PR_SET_TSC:
		return prctl_set_tsc(a2);
	case PR_SET_MM:
		return prctl_set_mm(a2, a3, a4, a5);
	case PR_GET_TID_ADDRESS:
		return put_user((unsigned long)t->clear_child_tid, (unsigned long __user *)a2);
	default:
		return prctl_security(option, a2, a3, a4, a5);
	}
}

/* Linux answers an int in the low half of the register, and so do we. */
long sys_modify_ldt(int func, void __user *desc, unsigned long size)
{
	return (u32)arch_modify_ldt(func, desc, size);
}

long sys_arch_prctl(int code, unsigned long addr)
{
	return arch_prctl(code, addr);
}

long sys_personality(unsigned persona)
{
	struct task *t = current_task();
	u32 old = t->personality;

	if (persona != (unsigned)PERSONALITY_GET)
		t->personality = persona;
	return old;
}
