/* SPDX-License-Identifier: MIT
 * proc/pid.c - process numbers
 *
 * Owns:      the table of struct pid, the map of numbers in use, kernel.pid_max.
 * Layer:     proc.  Uses mem (caches), sched (RCU).
 * Locks:     pid_lock (irqs off, leaf) guards the map and changes of the hash; look-ups run under RCU.
 * Contexts:  pid_alloc in process context; the others anywhere.
 * Manual:    credentials(7), proc(5) kernel/pid_max.
 * Tests:     tests/abi/fork.c, tests/abi/session.c.
 *
 * Theory
 * ------
 * A number may have up to three meanings at once: a thread, a process group, a session.  Each use holds a
 * reference, and a number is given out again only when nobody uses it: so the number of a process group that
 * has lost its leader cannot come back as a stranger's process.
 *
 * Numbers are given out in ascending order and wrap to PID_RESERVED, so that a number that was just free is
 * not at once another process.
 */
#include <proc/internal.h>
#include <lib/bitmap.h>
#include <lib/hash.h>
#include <mem/slab.h>

enum { PID_LIMIT = 65536, PID_RESERVED = 300, PID_HASH_BITS = 10 };

int pid_max = 32768;
struct pid pid_zero = { .ref = REFCOUNT_INIT(1),
	                .pgrp = LIST_HEAD_INIT(pid_zero.pgrp),
	                .session = LIST_HEAD_INIT(pid_zero.session) };

static struct spinlock pid_lock = SPINLOCK_INIT("pid");
static unsigned long pid_used[BITMAP_LONGS(PID_LIMIT)] GUARDED_BY(&pid_lock) = { 1 }; /* 0 is nobody's */
static pid_t pid_last GUARDED_BY(&pid_lock);
static struct pid_slot {
	struct pid *first;
} pid_hash[1 << PID_HASH_BITS];
static struct kmem_cache *pid_cache;

static struct pid_slot *pid_slot(pid_t nr)
{
	return &pid_hash[hash_u64((u64)nr, PID_HASH_BITS)];
}

/* The next free number after the last one given; -1 = none. */
static pid_t pid_take_number(void) MUST_HOLD(&pid_lock)
{
	unsigned max = (unsigned)MIN(MAX(atomic_load(&pid_max), PID_RESERVED + 1), (int)PID_LIMIT);
	unsigned nr = bitmap_find_clear(pid_used, max, (unsigned)pid_last + 1);

	if (nr >= max)
		nr = bitmap_find_clear(pid_used, max, pid_last < PID_RESERVED ? 1 : PID_RESERVED);
	if (nr >= max)
		return -1;
	bitmap_set(pid_used, nr);
	pid_last = (pid_t)nr;
	return (pid_t)nr;
}

static int pid_take_this(pid_t nr) MUST_HOLD(&pid_lock)
{
	if (nr <= 0 || nr >= MIN(atomic_load(&pid_max), (int)PID_LIMIT))
		return -EINVAL;
	if (bitmap_test(pid_used, (unsigned)nr))
		return -EEXIST;
	bitmap_set(pid_used, (unsigned)nr);
	return nr;
}

/* want 0: any number. */
static struct pid *pid_make(pid_t want)
{
	struct pid *p = kmem_cache_alloc(pid_cache, 0);

	if (!p)
		return ERR_PTR(-ENOMEM);
	ref_init(&p->ref, 1);
	p->task = NULL;
	list_init(&p->pgrp);
	list_init(&p->session);
	waitq_init(&p->exited);

	irqflags_t f = spin_lock_irqsave(&pid_lock);
	p->nr = want ? pid_take_this(want) : pid_take_number();
	if (p->nr > 0) {
		struct pid_slot *slot = pid_slot(p->nr);
		p->next = slot->first;
		rcu_assign(slot->first, p);
	}
	spin_unlock_irqrestore(&pid_lock, f);
	if (p->nr > 0)
		return p;
	long err = want ? p->nr : -EAGAIN;
	kmem_cache_free(pid_cache, p);
	return ERR_PTR(err);
}

struct pid *pid_alloc(void)
{
	return pid_make(0);
}

struct pid *pid_alloc_at(pid_t nr)
{
	const struct cred *c = current_task()->cred;

	if (nr <= 0 || nr >= atomic_load(&pid_max))
		return ERR_PTR(-EINVAL);
	if (!cred_capable(c, CAP_CHECKPOINT_RESTORE) && !cred_capable(c, CAP_SYS_ADMIN))
		return ERR_PTR(-EPERM);
	return pid_make(nr);
}

static void pid_free_rcu(struct rcu_head *h)
{
	kmem_cache_free(pid_cache, container_of(h, struct pid, rcu));
}

void pid_put(struct pid *p)
{
	if (!ref_put(&p->ref))
		return;
	assert(!p->task && list_empty(&p->pgrp) && list_empty(&p->session));

	irqflags_t f = spin_lock_irqsave(&pid_lock);
	struct pid **at = &pid_slot(p->nr)->first;
	while (*at != p)
		at = &(*at)->next;
	rcu_assign(*at, p->next); /* p->next stays for readers who stand on p */
	bitmap_clear(pid_used, (unsigned)p->nr);
	spin_unlock_irqrestore(&pid_lock, f);
	rcu_call(&p->rcu, pid_free_rcu);
}

struct pid *pid_find_rcu(pid_t nr)
{
	if (nr <= 0 || nr >= PID_LIMIT)
		return NULL;
	for (struct pid *p = rcu_dereference(pid_slot(nr)->first); p; p = rcu_dereference(p->next))
		if (p->nr == nr)
			return p;
	return NULL;
}

struct pid *pid_find_get(pid_t nr)
{
	rcu_read_lock();
	struct pid *p = pid_find_rcu(nr);
	if (p && !ref_get_unless_zero(&p->ref))
		p = NULL;
	rcu_read_unlock();
	return p;
}

pid_t pid_next_used(pid_t from)
{
	unsigned nr = from < 1 ? 1 : (unsigned)from;

	if (nr >= PID_LIMIT)
		return -1;
	irqflags_t f = spin_lock_irqsave(&pid_lock);
	nr = bitmap_find_set(pid_used, PID_LIMIT, nr);
	spin_unlock_irqrestore(&pid_lock, f);
	return nr < PID_LIMIT ? (pid_t)nr : -1;
}

INIT_CODE void pid_init(void)
{
	pid_cache = kmem_cache_create("pid", sizeof(struct pid), 0);
}
