/* SPDX-License-Identifier: MIT
 *
 * ipc/futex.c - futexes: threads that wait for a word of memory to change
 *
 * Owns:      the table of waiters.
 * Layer:     ipc.  Uses proc (the task's address space), vm (what is mapped where), sched.
 * Locks:     bucket->lock, irqs off; two buckets: lower address first.  Below it futex_pi's lock, thread->wake_lock.
 * Contexts:  process context; may sleep.
 * Manual:    futex(2), futex(7), get_robust_list(2).
 * Tests:     tests/abi/futex.c, tests/abi/pthread.c; tests/stress/threads.c.
 *
 * Theory
 * ------
 * The kernel knows nothing of a futex until somebody waits: there is no object, only a table of waiters,
 * hashed by what they wait for, the key:
 *
 *      memory                              key
 *      private operation                   (address space, address)            no look-up, no lock
 *      shared op, private memory           (address space, address, KEY_MM)
 *      shared op, shared mapping           (mapping, offset in it, KEY_MAPPING)
 *
 * No wake-up is lost because the look at the word and the queueing are one step to everybody who wakes:
 *
 *      waiter: lock bucket; *uaddr == val? queue; unlock; sleep until w->woken
 *      waker:  *uaddr = new; lock bucket; wake and unlink those with the key; unlock
 *
 * The word is read under the bucket's lock, with interrupts off: then a page that is not there gives -EFAULT at
 * once instead of being paged in.  The lock is dropped, the page fetched by an ordinary read, and all begins
 * again.
 *
 * A waiter lives on its thread's stack.  The waker sets waiter->woken first, then wakes the thread (in this order,
 * or one just going back to sleep would miss it), and last clears waiter->bucket: a waiter that finds NULL there
 * may leave without the lock.  Requeueing changes bucket and key under both buckets' locks.
 *
 * A key holds no reference to the mapping: at worst, memory that is unmapped under a waiter gives it one
 * wake-up meant for somebody else, and every user of futexes looks at the word again.
 */
#include "futex_internal.h"
#include <base/iov.h>
#include <lib/hash.h>
#include <mem/slab.h>
#include <proc/task.h>

enum { BUCKET_BITS = 8, KEY_MM = 1, KEY_MAPPING = 2 };

static struct futex_bucket buckets[1 << BUCKET_BITS];

/* ---- keys ---- */

/* Is the word on a page that is this space's own and there?  Then its vma need not be asked, whose lock threads that
 * come and go with their stacks keep busy. */
static bool on_private_page(struct vm_space *s, unsigned long addr)
{
	spin_lock(&s->pt_lock);
	const pte_t *pte = arch_pgtable_walk(&s->pt, addr, false);
	bool own = pte && pte_present(*pte) && pte_writable(*pte) && !pte_special(*pte) &&
	           (paddr_page(pte_paddr(*pte))->flags & PAGE_ANON);
	spin_unlock(&s->pt_lock);
	return own;
}

/* A shared operation: the memory decides. */
static int key_shared(struct vm_space *s, u32 __user *uaddr, struct futex_key *k)
{
	unsigned long addr = (unsigned long)uaddr;
	int err = -EFAULT;
	u32 ignored;

	if (get_user(ignored, uaddr)) /* grows a stack, and finds what is beyond the end of a file */
		return -EFAULT;
	if (on_private_page(s, addr)) {
		*k = (struct futex_key){ s, addr + KEY_MM };
		return 0;
	}
	rwlock_read_lock(&s->lock);
	const struct vma *v = vma_find(s, addr);
	if (!v || addr < v->start) /* unmapped meanwhile */
		goto out;
	bool shared = v->flags & VM_SHARED, writable = v->flags & VM_WRITE;
	if (v->mapping && (shared || !writable)) {
		k->object = v->mapping;
		k->offset = (v->pgoff << PAGE_SHIFT) + (addr - v->start) + KEY_MAPPING;
	} else if (shared || writable) {
		k->object = s;
		k->offset = addr + KEY_MM;
	} else {
		goto out; /* memory that nobody can write */
	}
	err = 0;
out:
	rwlock_read_unlock(&s->lock);
	return err;
}

int futex_key_get(u32 __user *uaddr, unsigned flags, struct futex_key *k)
{
	struct vm_space *s = current_task()->mm;
	unsigned long addr = (unsigned long)uaddr;

	if (addr % sizeof(u32))
		return -EINVAL;
	if (!arch_user_range_ok(addr, sizeof(u32)))
		return -EFAULT;
	if (flags & FUTEX_SHARED)
		return key_shared(s, uaddr, k);
	*k = (struct futex_key){ s, addr };
	return 0;
}

struct futex_bucket *futex_bucket_of(const struct futex_key *k)
{
	return &buckets[hash_u64((u64)k->object / 8 + k->offset, BUCKET_BITS)];
}

/* ---- the table ---- */

static irqflags_t lock_two(struct futex_bucket *a, struct futex_bucket *b) NO_LOCK_CHECK
{
	irqflags_t f = spin_lock_irqsave(a <= b ? &a->lock : &b->lock);

	if (a != b)
		spin_lock(a <= b ? &b->lock : &a->lock);
	return f;
}

static void unlock_two(struct futex_bucket *a, struct futex_bucket *b, irqflags_t f) NO_LOCK_CHECK
{
	if (a != b)
		spin_unlock(&b->lock);
	spin_unlock_irqrestore(&a->lock, f);
}

/* Behind all of the same priority. */
static void bucket_insert(struct futex_bucket *b, struct futex_waiter *w) MUST_HOLD(&b->lock)
{
	struct list_head *before = &b->waiters;
	struct futex_waiter *x;

	if (unlikely(w->prio))
		list_for_each_entry (x, &b->waiters, link)
			if (x->prio < w->prio) {
				before = &x->link;
				break;
			}
	list_add_tail(&w->link, before);
	atomic_store(&w->bucket, b);
}

void futex_waiter_wake(struct futex_waiter *w)
{
	atomic_store(&w->woken, true);
	(void)thread_wake(w->thread);
	list_del(&w->link);
	atomic_store_release(&w->bucket, (struct futex_bucket *)NULL); /* w is its owner's from here */
}

/* The number; -EINVAL: somebody waits there for a lock with inheritance, in either way. */
static int bucket_wake(struct futex_bucket *b, const struct futex_key *k, int nr, u32 bitset)
        MUST_HOLD(&b->lock)
{
	struct futex_waiter *w, *next;
	int woken = 0;

	list_for_each_entry_safe (w, next, &b->waiters, link) {
		if (!futex_key_equal(&w->key, k))
			continue;
		if (unlikely(w->pi))
			return -EINVAL;
		if (!(w->bitset & bitset))
			continue;
		futex_waiter_wake(w);
		if (++woken >= nr)
			return woken;
	}
	return unlikely(futex_pi_has_waiter(k)) ? -EINVAL : woken;
}

bool futex_has_waiter(const struct futex_key *k)
{
	struct futex_bucket *b = futex_bucket_of(k);
	irqflags_t f = spin_lock_irqsave(&b->lock);
	struct futex_waiter *w;
	bool any = false;

	list_for_each_entry (w, &b->waiters, link)
		any |= futex_key_equal(&w->key, k);
	spin_unlock_irqrestore(&b->lock, f);
	return any;
}

bool futex_waiter_leave(struct futex_waiter *w) NO_LOCK_CHECK
{
	struct futex_bucket *b;

	while ((b = atomic_load_acquire(&w->bucket)) != NULL) {
		irqflags_t f = spin_lock_irqsave(&b->lock);
		bool ours = w->bucket == b; /* else it was woken or requeued meanwhile */
		if (ours) {
			list_del(&w->link);
			w->bucket = NULL;
		}
		spin_unlock_irqrestore(&b->lock, f);
		if (ours)
			return true;
	}
	return false;
}

/* ---- waiting ---- */

int futex_waiter_queue(struct futex_waiter *w, u32 __user *uaddr, unsigned flags, u32 val)
{
	int err = futex_key_get(uaddr, flags, &w->key);

	if (err)
		return err;
	struct futex_bucket *b = futex_bucket_of(&w->key);
	w->thread = thread_current();
	w->prio = w->thread->rt_prio;
	for (;;) {
		u32 now;
		irqflags_t f = spin_lock_irqsave(&b->lock);
		int bad = get_user(now, uaddr);

		if (likely(!bad && now == val))
			bucket_insert(b, w);
		spin_unlock_irqrestore(&b->lock, f);
		if (likely(!bad))
			return now == val ? 0 : -EAGAIN;
		if (get_user(now, uaddr))
			return -EFAULT;
		cond_resched();
		if (thread_kill_pending())
			return -ERESTARTSYS;
	}
}

static bool any_woken(const struct futex_waiter *w, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (atomic_load(&w[i].woken))
			return true;
	return false;
}

int futex_waiters_sleep(const struct futex_waiter *w, unsigned n, ktime_t deadline, bool wall)
{
	int r = 0;

	for (;;) {
		thread_set_state(THREAD_INTERRUPTIBLE);
		if (any_woken(w, n))
			break;
		if (thread_signal_pending()) {
			r = -ERESTARTSYS;
			break;
		}
		r = sched_schedule_until_clock(deadline, wall);
		if (r || likely(any_woken(w, n)))
			return r; /* who slept runs again in THREAD_RUNNING */
	}
	thread_set_state(THREAD_RUNNING);
	return r;
}

int futex_wait(u32 __user *uaddr, unsigned flags, u32 val, ktime_t deadline, u32 bitset)
{
	struct futex_waiter w = { .bitset = bitset };

	if (!bitset)
		return -EINVAL;
	int r = futex_waiter_queue(&w, uaddr, flags, val);
	if (r)
		return r;
	r = futex_waiters_sleep(&w, 1, deadline, flags & FUTEX_WALL);
	return futex_waiter_leave(&w) ? r : 0;
}

int futex_wait_many(const struct futex_wait_one *words, unsigned n, ktime_t deadline, bool wall)
{
	struct futex_waiter *w = kmalloc(n * sizeof(*w), ALLOC_ZERO);
	unsigned queued = 0;
	int r = 0;

	if (!w)
		return -ENOMEM;
	while (queued < n && !r) {
		w[queued].bitset = FUTEX_BITSET_MATCH_ANY;
		r = futex_waiter_queue(&w[queued], words[queued].uaddr, words[queued].flags,
		                       words[queued].val);
		if (!r)
			queued++;
	}
	if (!r)
		r = futex_waiters_sleep(w, n, deadline, wall);
	for (unsigned i = 0; i < queued; i++)
		if (!futex_waiter_leave(&w[i]))
			r = (int)i; /* as Linux: a wake-up beats an error, and the last one is told */
	kfree(w);
	return r;
}

/* ---- waking ---- */

int futex_wake(u32 __user *uaddr, unsigned flags, int nr, u32 bitset)
{
	struct futex_key k;
	int woken;

	if (!bitset)
		return -EINVAL;
	woken = futex_key_get(uaddr, flags, &k);
	if (woken)
		return woken;
	struct futex_bucket *b = futex_bucket_of(&k);
	irqflags_t f = spin_lock_irqsave(&b->lock);
	woken = bucket_wake(b, &k, nr, bitset);
	spin_unlock_irqrestore(&b->lock, f);
	return woken;
}

static int bucket_requeue(struct futex_bucket *from, struct futex_bucket *to, const struct futex_key *k1,
                          const struct futex_key *k2, int nr_wake, int nr_requeue)
        MUST_HOLD(&from->lock, &to->lock)
{
	struct futex_waiter *w, *next;
	int done = 0;

	list_for_each_entry_safe (w, next, &from->waiters, link) {
		if (done - nr_wake >= nr_requeue)
			break;
		if (!futex_key_equal(&w->key, k1))
			continue;
		if (unlikely(w->pi))
			return -EINVAL;
		if (++done <= nr_wake) {
			futex_waiter_wake(w);
			continue;
		}
		w->key = *k2;
		if (from != to) {
			list_del(&w->link);
			bucket_insert(to, w);
		}
	}
	return unlikely(!done && futex_pi_has_waiter(k1)) ? -EINVAL : done;
}

int futex_requeue(u32 __user *uaddr, u32 __user *uaddr2, unsigned flags, int nr_wake, int nr_requeue,
                  const u32 *expected) NO_LOCK_CHECK
{
	struct futex_key k1, k2;
	int err;

	if (nr_wake < 0 || nr_requeue < 0)
		return -EINVAL;
	if ((err = futex_key_get(uaddr, flags, &k1)) || (err = futex_key_get(uaddr2, flags, &k2)))
		return err;
	struct futex_bucket *from = futex_bucket_of(&k1), *to = futex_bucket_of(&k2);
	for (;;) {
		irqflags_t f = lock_two(from, to);
		u32 now;
		int bad = expected ? get_user(now, uaddr) : 0;

		if (!bad)
			err = expected && now != *expected
			              ? -EAGAIN
			              : bucket_requeue(from, to, &k1, &k2, nr_wake, nr_requeue);
		unlock_two(from, to, f);
		if (!bad)
			return err;
		if (get_user(now, uaddr))
			return -EFAULT;
		cond_resched();
		if (thread_kill_pending())
			return -ERESTARTSYS;
	}
}

/* ---- FUTEX_WAKE_OP ---- */

static s32 sign_extend_12(u32 v)
{
	return (s32)(v << 20) >> 20;
}

static int op_result(u32 encoded, u32 old, u32 *new)
{
	u32 op = encoded >> 28 & 7, arg = (u32)sign_extend_12(encoded >> 12 & 0xfff);

	if (encoded >> 28 & FUTEX_OP_OPARG_SHIFT)
		arg = 1U << (arg & 31);
	switch (op) {
	case FUTEX_OP_SET:
		*new = arg;
		break;
	case FUTEX_OP_ADD:
		*new = old + arg;
		break;
	case FUTEX_OP_OR:
		*new = old | arg;
		break;
	case FUTEX_OP_ANDN:
		*new = old & ~arg;
		break;
	case FUTEX_OP_XOR:
		*new = old ^ arg;
		break;
	default:
		return -ENOSYS;
	}
	return 0;
}

/* 1, 0 or -ENOSYS */
static int op_compare(u32 encoded, u32 old)
{
	s32 value = (s32)old, arg = sign_extend_12(encoded & 0xfff);

	switch (encoded >> 24 & 0xf) {
	case FUTEX_OP_CMP_EQ:
		return value == arg;
	case FUTEX_OP_CMP_NE:
		return value != arg;
	case FUTEX_OP_CMP_LT:
		return value < arg;
	case FUTEX_OP_CMP_LE:
		return value <= arg;
	case FUTEX_OP_CMP_GT:
		return value > arg;
	case FUTEX_OP_CMP_GE:
		return value >= arg;
	default:
		return -ENOSYS;
	}
}

/* Changes the word: what the comparison says of the old value, or -ENOSYS, -EFAULT. */
static int op_apply(u32 __user *uaddr, u32 encoded)
{
	u32 old, seen, new;
	int err;

	if (get_user(old, uaddr))
		return -EFAULT;
	for (;;) {
		seen = old;
		err = op_result(encoded, old, &new);
		if (err || (err = arch_cmpxchg_user_u32((unsigned long)uaddr, &old, new)))
			return err;
		if (old == seen)
			return op_compare(encoded, old);
	}
}

int futex_fault_in(u32 __user *uaddr)
{
	u32 zero = 0;

	return arch_cmpxchg_user_u32((unsigned long)uaddr, &zero, 0); /* changes nothing */
}

int futex_wake_op(u32 __user *uaddr, u32 __user *uaddr2, unsigned flags, int nr_wake, int nr_wake2,
                  u32 encoded_op) NO_LOCK_CHECK
{
	struct futex_key k1, k2;
	int err, woken = 0;

	if ((err = futex_key_get(uaddr, flags, &k1)) || (err = futex_key_get(uaddr2, flags, &k2)))
		return err;
	struct futex_bucket *b1 = futex_bucket_of(&k1), *b2 = futex_bucket_of(&k2);
	for (;;) {
		irqflags_t f = lock_two(b1, b2);
		int op = op_apply(uaddr2, encoded_op);

		if (op >= 0)
			woken = bucket_wake(b1, &k1, nr_wake, FUTEX_BITSET_MATCH_ANY);
		if (op > 0 && woken >= 0) {
			int more = bucket_wake(b2, &k2, nr_wake2, FUTEX_BITSET_MATCH_ANY);

			woken = more < 0 ? more : woken + more;
		}
		unlock_two(b1, b2, f);
		if (op != -EFAULT)
			return op < 0 ? op : woken;
		if (futex_fault_in(uaddr2))
			return -EFAULT;
		cond_resched();
		if (thread_kill_pending())
			return -ERESTARTSYS;
	}
}

INIT_CODE void futex_init(void) NO_LOCK_CHECK
{
	for (unsigned i = 0; i < ARRAY_SIZE(buckets); i++) {
		spin_init(&buckets[i].lock, "futex");
		list_init(&buckets[i].waiters);
	}
	futex_robust_init();
}
