/* SPDX-License-Identifier: MIT
 * proc/rseq.c - restartable sequences: user code that notices when it was disturbed
 *
 * Owns:      task->rseq and its companions.
 * Layer:     proc.  Uses base (iov), arch (the trap frame).
 * Locks:     none: only the task itself looks at its fields, in a switch to it with irqs off.
 * Contexts:  process context; rseq_switch_in: in the scheduler, irqs off.
 * Manual:    rseq(2) of librseq; ld.so and libc register every thread.
 * Tests:     tests/abi/rseq.c.
 *
 * Theory
 * ------
 * A thread tells the kernel once where its struct rseq lies.  There the thread reads the number of its CPU without a
 * system call; and there it says, in rseq_cs, which short piece of code it is in that must not be interrupted:
 *
 *     start_ip                      start_ip + post_commit_offset         signature   abort_ip
 *        | read cpu_id ... compute ... commit (one store) |          ...  | 4 bytes | start again
 *
 * When the thread was preempted, moved or takes a signal there, it goes on at abort_ip instead.  So data of a CPU
 * is changed without atomic instructions: whoever commits was alone on its CPU from start to commit.
 *
 * The kernel need not act when it switches, only before the user's next instruction: a switch sets TF_NOTIFY, and the
 * exit to user mode calls rseq_update().  Of the switches those count that the user did not ask for, or that come back
 * on another CPU: a sequence must not make system calls, so who slept or yielded in one was in none.  A task without
 * an area has other thread_ops: it pays nothing.
 *
 * The four bytes before abort_ip must be those of the registration, or a program whose rseq_cs an attacker may write
 * could be sent anywhere.  No flags are known: those of old that forbade the restart are an error, as on Linux 6.1.
 */
#include <proc/internal.h>
#include <proc/rseq.h>
#include <arch/trapframe.h>
#include <base/iov.h>
#include <lib/string.h>

#define CPU_UNKNOWN UINT32_MAX

void rseq_switch_in(struct thread *next)
{
	struct task *t = thread_task(next);

	vm_space_activate(NULL, t->mm);
	if (t->rseq_cpu != cpu_id() || !tf_in_syscall(arch_user_frame(next)))
		thread_set_flag(next, TF_NOTIFY);
}

static void rseq_set(struct task *t, struct rseq_k __user *area, u32 signature)
{
	t->rseq = area;
	t->rseq_signature = signature;
	t->rseq_cpu = CPU_UNKNOWN;
	task_choose_ops(t);
	if (area)
		thread_set_flag(&t->thread, TF_NOTIFY);
}

int rseq_register(struct rseq_k __user *area, u32 size, u32 signature)
{
	struct task *t = current_task();

	if (t->rseq) {
		if (t->rseq != area || size != sizeof(*area))
			return -EINVAL;
		return t->rseq_signature != signature ? -EPERM : -EBUSY;
	}
	if ((unsigned long)area % sizeof(*area) || size != sizeof(*area))
		return -EINVAL;
	if (!arch_user_range_ok((unsigned long)area, size))
		return -EFAULT;
	rseq_set(t, area, signature);
	return 0;
}

static int put_cpu(struct rseq_k __user *area, u32 start, u32 cpu)
{
	u32 both[] = { start, cpu };

	return copy_to_user(user_field(area, cpu_id_start), both, sizeof(both));
}

int rseq_unregister(struct rseq_k __user *area, u32 size, u32 signature)
{
	struct task *t = current_task();

	if (t->rseq != area || !area || size != sizeof(*area))
		return -EINVAL;
	if (t->rseq_signature != signature)
		return -EPERM;
	t->rseq_cpu = CPU_UNKNOWN; /* should it stay registered */
	thread_set_flag(&t->thread, TF_NOTIFY);
	if (put_cpu(area, 0, RSEQ_CPU_ID_UNINITIALIZED))
		return -EFAULT;
	rseq_set(t, NULL, 0);
	return 0;
}

void rseq_fork(struct task *t, const struct task *self, bool shares_memory)
{
	if (self->rseq && !shares_memory)
		rseq_set(t, self->rseq, self->rseq_signature);
}

void rseq_exec(struct task *t)
{
	if (t->rseq)
		rseq_set(t, NULL, 0);
}

/* The sequence at `at` as the user describes it: 0, -EFAULT or -EINVAL. */
static int sequence_get(const struct task *t, u64 at, struct rseq_cs_k *cs)
{
	u32 signature;
	u64 end;

	if (at >= USER_TOP || copy_from_user(cs, (const void __user *)at, sizeof(*cs)))
		return at >= USER_TOP ? -EINVAL : -EFAULT;
	if (__builtin_add_overflow(cs->start_ip, cs->post_commit_offset, &end) || cs->start_ip >= USER_TOP ||
	    end >= USER_TOP || cs->abort_ip >= USER_TOP || cs->version)
		return -EINVAL;
	if (cs->abort_ip - cs->start_ip < cs->post_commit_offset) /* it would never end */
		return -EINVAL;
	if (copy_from_user(&signature, (const void __user *)(cs->abort_ip - sizeof(signature)),
	                   sizeof(signature)))
		return -EFAULT;
	return signature == t->rseq_signature ? 0 : -EINVAL;
}

static int sequence_leave(struct task *t, struct trapframe *tf)
{
	struct rseq_cs_k cs;
	u64 at;
	u32 flags;

	if (get_user(at, user_field(t->rseq, rseq_cs)))
		return -EFAULT;
	if (likely(!at))
		return 0;
	int err = sequence_get(t, at, &cs);
	if (err)
		return err;
	bool inside = tf_ip(tf) - cs.start_ip < cs.post_commit_offset;
	if (inside) {
		if (get_user(flags, user_field(t->rseq, flags)))
			return -EFAULT;
		if (cs.flags || flags)
			return -EINVAL;
	}
	/* The user leaves a sequence without clearing this: it is ours to do. */
	err = put_user(0, user_field(t->rseq, rseq_cs));
	if (!err && inside)
		tf_set_ip(tf, cs.abort_ip);
	return err;
}

int rseq_update(struct task *t, struct trapframe *tf)
{
	int err = sequence_leave(t, tf);
	u32 cpu = cpu_id();

	if (err || t->rseq_cpu == cpu)
		return err;
	/* First what rseq_switch_in() compares with: the copy may sleep, and wake up elsewhere. */
	t->rseq_cpu = cpu;
	err = put_cpu(t->rseq, cpu, cpu);
	if (unlikely(err))
		t->rseq_cpu = CPU_UNKNOWN;
	return err;
}
