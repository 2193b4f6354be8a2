/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_ptrace.c - ptrace(2): the requests
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses proc/ptrace, arch/ptrace (registers), vm_copy (memory).
 * Locks:     none; the tracee is held in its stop while a request works on it.
 * Contexts:  process context of the tracer; may sleep.
 * Manual:    ptrace(2).
 * Tests:     tests/abi/ptrace.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <abi/rseq.h>
#include <arch/ptrace.h>
#include <arch/switch.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <proc/ptrace.h>
#include <proc/seccomp.h>
#include <proc/signal.h>

/* Bytes of the caller's words. */
static size_t word_size(void)
{
	return call_small() ? sizeof(u32) : sizeof(u64);
}

static size_t memory_copy(struct task *t, unsigned long addr, u64 *word, bool write)
{
	struct vm_space *mm = task_mm_get(t);
	size_t n;

	if (!mm)
		return 0;
	n = vm_copy(mm, addr, word, word_size(), write, true);
	vm_space_put(mm);
	return n;
}

static long do_peek(struct task *t, unsigned long addr, u64 __user *to)
{
	u64 word;

	if (memory_copy(t, addr, &word, false) != word_size())
		return -EIO;
	return copy_to_user(to, &word, word_size());
}

static long do_poke(struct task *t, unsigned long addr, u64 word)
{
	return memory_copy(t, addr, &word, true) == word_size() ? 0 : -EIO;
}

static long do_siginfo(struct task *t, bool set, struct siginfo __user *u)
{
	struct siginfo info;
	int err;

	if (set) {
		err = siginfo_get(&info, u);
		return err ? err : ptrace_set_siginfo(t, &info);
	}
	err = ptrace_get_siginfo(t, &info);
	return err ? err : siginfo_put(u, &info, false);
}

/* Pending signals, oldest first; the number of them. */
static long do_peek_siginfo(struct task *t, const void __user *uargs, struct siginfo __user *u)
{
	size_t size = call_small() ? sizeof(struct siginfo32) : sizeof(struct siginfo);
	struct ptrace_peeksiginfo_args_k a;
	struct siginfo info;
	int n = 0;

	if (copy_from_user(&a, uargs, sizeof(a)))
		return -EFAULT;
	if (a.flags & ~PTRACE_PEEKSIGINFO_SHARED || a.nr < 0)
		return -EINVAL;
	if ((s64)a.off < 0 || a.off + (u64)a.nr < a.off)
		return 0;
	for (; n < a.nr && !thread_signal_pending(); n++) {
		if (!ptrace_peek_siginfo(t, a.flags & PTRACE_PEEKSIGINFO_SHARED, a.off + (u64)n, &info))
			break;
		if (siginfo_put((struct siginfo __user *)((char __user *)u + (size_t)n * size), &info, false))
			return n ? n : -EFAULT;
		cond_resched();
	}
	return n;
}

static long do_sigmask(struct task *t, bool set, unsigned long size, sigset_k __user *u)
{
	sigset_k mask;

	if (size != sizeof(mask))
		return -EINVAL;
	if (!set) {
		mask = thread_flag(&t->thread, TF_RESTORE_MASK) ? t->saved_mask : t->blocked;
		return put_user(mask, u);
	}
	if (get_user(mask, u))
		return -EFAULT;
	ptrace_set_sigmask(t, mask);
	return 0;
}

/* What the stop is about, for strace. */
static size_t syscall_info_fill(struct task *t, struct ptrace_syscall_info_k *info)
{
	const struct trapframe *tf = arch_user_frame(&t->thread);
	struct siginfo si = { 0 };
	size_t size = offsetof(struct ptrace_syscall_info_k, entry);

	bool small = t->call_layout != CALL_NATIVE; /* it is in a call of the i386 ABI */
	info->arch = small ? ARCH_AUDIT32 : ARCH_AUDIT;
	info->instruction_pointer = tf_ip(tf);
	info->stack_pointer = tf_sp(tf);
	if (ptrace_get_siginfo(t, &si))
		return size;
	bool seccomp = si.si_code == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8);
	bool call = si.si_code == (SIGTRAP | 0x80);
	if (seccomp || (call && t->pt.message == PTRACE_EVENTMSG_SYSCALL_ENTRY)) {
		info->op = seccomp ? PTRACE_SYSCALL_INFO_SECCOMP : PTRACE_SYSCALL_INFO_ENTRY;
		info->entry.nr = t->call_layout ? (u32)tf_syscall_nr(tf) : (u64)tf_syscall_nr(tf);
		for (unsigned i = 0; i < ARRAY_SIZE(info->entry.args); i++)
			info->entry.args[i] = small ? tf_arg_i386(tf, i) : tf_arg(tf, i);
		if (seccomp)
			info->entry.ret_data = (u32)t->pt.message;
		return seccomp ? sizeof(*info) : offsetof(struct ptrace_syscall_info_k, entry.ret_data);
	}
	if (call && t->pt.message == PTRACE_EVENTMSG_SYSCALL_EXIT) {
		info->op = PTRACE_SYSCALL_INFO_EXIT;
		info->exit.rval = tf_result(tf);
		info->exit.is_error = tf_result(tf) < 0 && tf_result(tf) >= -4095;
		size = offsetof(struct ptrace_syscall_info_k, exit.is_error) + 1;
	}
	return size;
}

static long do_syscall_info(struct task *t, unsigned long size, void __user *u)
{
	struct ptrace_syscall_info_k info;

	memset(&info, 0, sizeof(info));
	size_t actual = syscall_info_fill(t, &info);
	return copy_to_user(u, &info, MIN(size, actual)) ? -EFAULT : (long)actual;
}

static long do_rseq(const struct task *t, unsigned long size, void __user *u)
{
	struct ptrace_rseq_configuration_k conf = { .rseq_abi_pointer = (unsigned long)t->rseq };

	if (t->rseq) {
		conf.rseq_abi_size = sizeof(struct rseq_k);
		conf.signature = t->rseq_signature;
	}
	return copy_to_user(u, &conf, MIN(size, sizeof(conf))) ? -EFAULT : (long)sizeof(conf);
}

static bool may_see_filters(void)
{
	return capable(CAP_SYS_ADMIN) && current_task()->seccomp_mode == SECCOMP_MODE_DISABLED;
}

/* The nth filter of t, the oldest first: its length, and into `u` unless that is NULL. */
static long do_seccomp_filter(struct task *t, unsigned long nth, struct sock_filter_k __user *u)
{
	struct sock_filter_k *prog;
	long n;

	if (!may_see_filters())
		return -EACCES;
	n = seccomp_get_filter(t, nth, &prog);
	if (n < 0)
		return n;
	if (u && copy_to_user(u, prog, (size_t)n * sizeof(*prog)))
		n = -EFAULT;
	kfree(prog);
	return n;
}

/* *u says which filter; the size of what is known of it. */
static long do_seccomp_metadata(struct task *t, unsigned long size, struct seccomp_metadata_k __user *u)
{
	struct seccomp_metadata_k m = { 0 };
	int err;

	if (!may_see_filters())
		return -EACCES;
	size = MIN(size, sizeof(m));
	if (size < sizeof(m.filter_off))
		return -EINVAL;
	if (copy_from_user(&m.filter_off, &u->filter_off, sizeof(m.filter_off)))
		return -EFAULT;
	err = seccomp_get_flags(t, m.filter_off, &m.flags);
	if (err)
		return err;
	return copy_to_user(u, &m, size) ? -EFAULT : (long)size;
}

static long do_options(struct task *t, unsigned long options)
{
	int err = ptrace_check_options(options);

	if (!err)
		t->pt.options = (u32)options; /* only its stopped tracee reads them */
	return err;
}

/* Requests that leave the tracee stopped. */
static long request_held(struct task *t, long request, unsigned long addr, unsigned long data)
{
	switch (request) {
	case PTRACE_PEEKTEXT:
	case PTRACE_PEEKDATA:
		return do_peek(t, addr, (u64 __user *)data);
	case PTRACE_POKETEXT:
	case PTRACE_POKEDATA:
		return do_poke(t, addr, data);
	case PTRACE_SETOPTIONS:
	case PTRACE_OLDSETOPTIONS:
		return do_options(t, data);
	case PTRACE_GETEVENTMSG:
		return copy_to_user((void __user *)data, &t->pt.message, word_size());
	case PTRACE_GETSIGINFO:
	case PTRACE_SETSIGINFO:
		return do_siginfo(t, request == PTRACE_SETSIGINFO, (struct siginfo __user *)data);
	case PTRACE_PEEKSIGINFO:
		return do_peek_siginfo(t, (const void __user *)addr, (struct siginfo __user *)data);
	case PTRACE_GETSIGMASK:
	case PTRACE_SETSIGMASK:
		return do_sigmask(t, request == PTRACE_SETSIGMASK, addr, (sigset_k __user *)data);
	case PTRACE_GET_SYSCALL_INFO:
		return do_syscall_info(t, addr, (void __user *)data);
	case PTRACE_GET_RSEQ_CONFIGURATION:
		return do_rseq(t, addr, (void __user *)data);
	case PTRACE_SECCOMP_GET_FILTER:
		return do_seccomp_filter(t, addr, (struct sock_filter_k __user *)data);
	case PTRACE_SECCOMP_GET_METADATA:
		return do_seccomp_metadata(t, addr, (struct seccomp_metadata_k __user *)data);
	case PTRACE_LISTEN:
		return ptrace_listen(t);
	default:
		return arch_ptrace(&t->thread, request, addr, data);
	}
}

static long request_stopped(struct task *t, long request, unsigned long addr, unsigned long data)
{
	long result = ptrace_hold(t);

	if (result)
		return result;
	switch (request) {
	case PTRACE_CONT:
	case PTRACE_SYSCALL:
	case PTRACE_SINGLESTEP:
	case PTRACE_SYSEMU:
	case PTRACE_SYSEMU_STEP:
		result = ptrace_resume(t, request, data);
		if (!result)
			return 0;
		break;
	case PTRACE_DETACH:
		result = ptrace_detach(t, data);
		if (!result)
			return 0;
		break;
	default:
		result = request_held(t, request, addr, data);
	}
	ptrace_release(t);
	return result;
}

static long request(struct task *t, long request, unsigned long addr, unsigned long data)
{
	if (request == PTRACE_ATTACH || request == PTRACE_SEIZE)
		return ptrace_attach(t, request == PTRACE_SEIZE, addr, data);
	if (!ptrace_is_mine(t))
		return -ESRCH;
	if (request == PTRACE_KILL)
		return signal_send_thread(t, SIGKILL, SIGINFO_KERNEL);
	if (request == PTRACE_INTERRUPT)
		return ptrace_interrupt(t);
	return request_stopped(t, request, addr, data);
}

long sys_ptrace(long what, long pid, unsigned long addr, unsigned long data)
{
	struct task *t;
	long result;

	if (what == PTRACE_TRACEME)
		return ptrace_traceme();
	t = (pid_t)pid > 0 ? task_find_get((pid_t)pid) : NULL; /* of the argument's low half, as Linux */
	if (!t)
		return -ESRCH;
	result = request(t, what, addr, data);
	task_put(t);
	return result;
}
