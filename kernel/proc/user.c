/* SPDX-License-Identifier: MIT
 * proc/user.c - counts per user
 *
 * Owns:      struct user_count and its table.
 * Layer:     proc.  Uses mem.
 * Locks:     user_lock (irqs off, leaf) guards the table; the counts change atomically.
 * Contexts:  any.
 * Manual:    getrlimit(2): RLIMIT_NPROC, RLIMIT_SIGPENDING.
 * Tests:     tests/abi/limits.c.
 */
#include <proc/user.h>
#include <base/spinlock.h>
#include <lib/hash.h>
#include <mem/slab.h>

enum { USER_HASH_BITS = 6 };

static struct spinlock user_lock = SPINLOCK_INIT("user");
static struct hlist_head user_hash[1 << USER_HASH_BITS] GUARDED_BY(&user_lock);
static struct kmem_cache *user_cache;

static struct user_count *user_find(uid_t uid) MUST_HOLD(&user_lock)
{
	struct user_count *u;

	hlist_for_each_entry(u, &user_hash[hash_u64(uid, USER_HASH_BITS)], hnode) if (u->uid == uid) return u;
	return NULL;
}

struct user_count *user_get(uid_t uid)
{
	struct user_count *fresh = kmem_cache_alloc(user_cache, ALLOC_ZERO | ALLOC_ATOMIC);

	irqflags_t f = spin_lock_irqsave(&user_lock);
	struct user_count *u = user_find(uid);
	if (u) {
		ref_get(&u->ref);
	} else if (fresh) {
		u = fresh;
		fresh = NULL;
		u->uid = uid;
		ref_init(&u->ref, 1);
		hlist_add_head(&u->hnode, &user_hash[hash_u64(uid, USER_HASH_BITS)]);
	}
	spin_unlock_irqrestore(&user_lock, f);
	if (fresh)
		kmem_cache_free(user_cache, fresh);
	return u;
}

void user_put(struct user_count *u)
{
	if (atomic_load(&u->ref.n) > 1) { /* the common case: no table lock; never drops the last one */
		s32 n = atomic_load(&u->ref.n);
		while (n > 1)
			if (__atomic_compare_exchange_n(&u->ref.n, &n, n - 1, false, __ATOMIC_SEQ_CST,
			                                __ATOMIC_RELAXED))
				return;
	}
	irqflags_t f = spin_lock_irqsave(&user_lock);
	bool last = ref_put(&u->ref);
	if (last)
		hlist_del(&u->hnode);
	spin_unlock_irqrestore(&user_lock, f);
	if (last) {
		assert(u->processes == 0 && u->sigpending == 0);
		kmem_cache_free(user_cache, u);
	}
}

INIT_CODE void user_init(void)
{
	user_cache = kmem_cache_create("user", sizeof(struct user_count), 0);
}
