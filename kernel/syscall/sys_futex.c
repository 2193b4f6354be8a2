/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_futex.c - futex(2), futex_waitv(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses ipc/futex.
 * Locks:     none.
 * Contexts:  process context of a user task; sleeps.
 * Manual:    futex(2), signal(7) (restart).
 * Tests:     tests/abi/futex.c
 *
 * A wait without a timeout is started anew after a signal handler with SA_RESTART; one with a timeout goes on to the
 * same deadline, but only when no handler ran.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <ipc/futex.h>
#include <mem/slab.h>

static long futex_wait_restart(struct task *t);

static long futex_wait_until(u32 __user *uaddr, unsigned flags, u32 val, ktime_t deadline, u32 bitset)
{
	struct task *t = current_task();
	int err = futex_wait(uaddr, flags, val, deadline, bitset);

	if (likely(err != -ERESTARTSYS) || deadline == KTIME_MAX)
		return err;
	t->restart.fn = futex_wait_restart;
	t->restart.deadline = deadline;
	t->restart.arg[0] = (unsigned long)uaddr;
	t->restart.arg[1] = flags;
	t->restart.arg[2] = val;
	t->restart.arg[3] = bitset;
	return -ERESTART_RESTARTBLOCK;
}

static long futex_wait_restart(struct task *t)
{
	const struct restart *r = &t->restart;

	return futex_wait_until((u32 __user *)r->arg[0], (unsigned)r->arg[1], (u32)r->arg[2], r->deadline,
	                        (u32)r->arg[3]);
}

static int futex_deadline(ktime_t *out, unsigned *flags, int op, const struct timespec_k __user *timeout)
{
	ktime_t t;

	int cmd = op & FUTEX_CMD_MASK;

	*out = KTIME_MAX;
	if (!timeout)
		return 0;
	int err = timespec_get(&t, timeout);
	if (err)
		return err;
	*out = cmd == FUTEX_WAIT ? deadline_after(t) : t;
	if ((op & FUTEX_CLOCK_REALTIME) || cmd == FUTEX_LOCK_PI) /* that knows no other clock */
		*flags |= FUTEX_WALL;
	return 0;
}

/* `timeout` is a number, val2, for the calls that do not wait. */
long sys_futex(u32 __user *uaddr, int op, u32 val, const struct timespec_k __user *timeout,
               u32 __user *uaddr2, u32 val3)
{
	unsigned flags = op & FUTEX_PRIVATE_FLAG ? 0 : FUTEX_SHARED;
	int cmd = op & FUTEX_CMD_MASK, val2 = (int)(unsigned long)timeout;
	ktime_t deadline = KTIME_MAX;

	if (cmd == FUTEX_WAIT || cmd == FUTEX_WAIT_BITSET || cmd == FUTEX_LOCK_PI || cmd == FUTEX_LOCK_PI2 ||
	    cmd == FUTEX_WAIT_REQUEUE_PI) {
		int err = futex_deadline(&deadline, &flags, op, timeout);
		if (err)
			return err;
	}
	if ((op & FUTEX_CLOCK_REALTIME) && cmd != FUTEX_WAIT_BITSET && cmd != FUTEX_LOCK_PI2 &&
	    cmd != FUTEX_WAIT_REQUEUE_PI)
		return -ENOSYS;
	switch (cmd) {
	case FUTEX_WAIT:
		return futex_wait_until(uaddr, flags, val, deadline, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAIT_BITSET:
		return futex_wait_until(uaddr, flags, val, deadline, val3);
	case FUTEX_WAKE:
		return futex_wake(uaddr, flags, (int)val, FUTEX_BITSET_MATCH_ANY);
	case FUTEX_WAKE_BITSET:
		return futex_wake(uaddr, flags, (int)val, val3);
	case FUTEX_REQUEUE:
		return futex_requeue(uaddr, uaddr2, flags, (int)val, val2, NULL);
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(uaddr, uaddr2, flags, (int)val, val2, &val3);
	case FUTEX_WAKE_OP:
		return futex_wake_op(uaddr, uaddr2, flags, (int)val, val2, val3);
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
		return futex_lock_pi(uaddr, flags, deadline);
	case FUTEX_TRYLOCK_PI:
		return futex_trylock_pi(uaddr, flags);
	case FUTEX_UNLOCK_PI:
		return futex_unlock_pi(uaddr, flags);
	case FUTEX_WAIT_REQUEUE_PI:
		return futex_wait_requeue_pi(uaddr, flags, val, deadline, uaddr2);
	case FUTEX_CMP_REQUEUE_PI:
		return futex_cmp_requeue_pi(uaddr, uaddr2, flags, (int)val, val2, val3);
	default:
		return -ENOSYS;
	}
}

/* The words to wait for: 0, or -EFAULT, -EINVAL. */
static int waitv_get(struct futex_wait_one *words, const struct futex_waitv_k __user *u, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct futex_waitv_k w;

		if (copy_from_user(&w, u + i, sizeof(w)))
			return -EFAULT;
		if (w.flags & ~(u32)(FUTEX_32 | FUTEX_PRIVATE_FLAG) || w.reserved || !(w.flags & FUTEX_32) ||
		    w.val > UINT32_MAX)
			return -EINVAL;
		words[i] = (struct futex_wait_one){
			.uaddr = (u32 __user *)w.uaddr,
			.val = (u32)w.val,
			.flags = w.flags & FUTEX_PRIVATE_FLAG ? 0 : FUTEX_SHARED,
		};
	}
	return 0;
}

long sys_futex_waitv(const struct futex_waitv_k __user *waiters, unsigned n, unsigned flags,
                     const struct timespec_k __user *timeout, int clock)
{
	ktime_t deadline = KTIME_MAX;
	int err = 0;

	if (flags || !n || n > FUTEX_WAITV_MAX || !waiters)
		return -EINVAL;
	if (timeout) {
		if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME)
			return -EINVAL;
		err = timespec_get(&deadline, timeout);
		if (err)
			return err;
	}
	struct futex_wait_one *words = kmalloc(n * sizeof(*words), 0);
	if (!words)
		return -ENOMEM;
	err = waitv_get(words, waiters, n);
	if (!err)
		err = futex_wait_many(words, n, deadline, timeout && clock == CLOCK_REALTIME);
	kfree(words);
	return err;
}
