/* SPDX-License-Identifier: MIT
 *
 * ipc/futex_robust.c - what a dying thread leaves behind: its thread id and its locks
 *
 * Owns:      nothing; walks the list that user space keeps.
 * Layer:     ipc.  proc calls it through hooks, when a thread exits or executes a program.
 * Locks:     none.
 * Contexts:  process context of the dying thread, which still has its memory; sleeps.
 * Manual:    get_robust_list(2), set_tid_address(2), pthread_mutexattr_setrobust(3).
 * Tests:     tests/abi/futex.c: robust lists.
 *
 * Theory
 * ------
 * A thread that holds a robust lock has it in a list in its own memory:
 *
 *     head.next -> entry -> entry -> head          futex of an entry = entry + head.futex_offset
 *
 * Of each futex whose word names the dying thread we set FUTEX_OWNER_DIED, and wake a waiter if there is one.
 * head.list_op_pending covers the moment between taking a lock and entering it into the list, and between
 * removing and releasing it: there the word may already be 0 with the wake-up still owed.
 *
 * The list is a program's and may be anything: unmapped, endless, circular.  It is left at the first address that
 * cannot be read and after ROBUST_LIST_LIMIT entries.
 */
#include <ipc/futex.h>
#include <base/iov.h>
#include <proc/process.h>

enum { ENTRY_PI = 1 }; /* bit 0 of a pointer to an entry: a priority-inheriting lock */

static void wake_one(u32 __user *uaddr)
{
	int woken = futex_wake(uaddr, FUTEX_SHARED, 1, FUTEX_BITSET_MATCH_ANY);
	(void)woken; /* nobody is there to be told about a bad address */
}

/* Hands on one lock.  -EFAULT ends the walk. */
static int release_lock(struct task *t, u32 __user *uaddr, bool pi, bool pending)
{
	unsigned long addr = (unsigned long)uaddr;
	u32 old, seen;

	if (addr % sizeof(u32) || get_user(old, uaddr))
		return -EFAULT;
	do {
		if (pending && !pi && !(old & FUTEX_TID_MASK)) {
			wake_one(uaddr); /* released already, but the wake-up did not come any more */
			return 0;
		}
		if ((old & FUTEX_TID_MASK) != (u32)t->pid)
			return 0;
		seen = old;
		if (arch_cmpxchg_user_u32(addr, &old, (seen & FUTEX_WAITERS) | FUTEX_OWNER_DIED))
			return -EFAULT;
	} while (old != seen);
	if (!pi && (seen & FUTEX_WAITERS))
		wake_one(uaddr);
	return 0;
}

static u32 __user *entry_futex(u64 entry, s64 offset)
{
	return (u32 __user *)((entry & ~(u64)ENTRY_PI) + (u64)offset);
}

/* A pointer of the list; a 32-bit program's has 4 bytes. */
static int link_get(u64 *next, u64 at, bool small)
{
	u32 narrow = 0;
	int err;

	if (!small)
		return get_user(*next, (const u64 __user *)at);
	err = get_user(narrow, (const u32 __user *)at);
	*next = narrow;
	return err;
}

static int head_get(struct robust_list_head_k *head, const void __user *list, bool small)
{
	u32 k[3];

	if (!small)
		return copy_from_user(head, list, sizeof(*head));
	if (copy_from_user(k, list, sizeof(k)))
		return -EFAULT;
	*head = (struct robust_list_head_k){ k[0], (s32)k[1], k[2] };
	return 0;
}

static void robust_release(struct task *t)
{
	struct robust_list_head_k __user *list = t->robust_list;
	struct robust_list_head_k head;
	bool small = t->robust_list_len != sizeof(head);

	t->robust_list = NULL;
	if (head_get(&head, list, small))
		return;
	u64 pending = head.list_op_pending, entry = head.next;

	for (unsigned n = 0; n < ROBUST_LIST_LIMIT; n++) {
		u64 at = entry & ~(u64)ENTRY_PI, next = 0;
		if (at == (u64)list)
			break;
		/* First the link: once the lock is free its new owner may unlink the entry. */
		int bad = link_get(&next, at, small);
		if (at != (pending & ~(u64)ENTRY_PI) &&
		    release_lock(t, entry_futex(entry, head.futex_offset), entry & ENTRY_PI, false))
			return;
		if (bad)
			break;
		entry = next;
		cond_resched();
	}
	if (pending & ~(u64)ENTRY_PI)
		(void)release_lock(t, entry_futex(pending, head.futex_offset), pending & ENTRY_PI, true);
}

static void futex_release(struct task *t)
{
	if (t->robust_list)
		robust_release(t);
	futex_pi_release(t);
}

INIT_CODE void futex_robust_init(void)
{
	futex_wake_hook = wake_one;
	futex_release_hook = futex_release;
}
