/* SPDX-License-Identifier: MIT
 *
 * fs/dcache.c - the cache of names
 *
 * Owns:      struct dentry, the hash table by (parent, name), the LRU list.
 * Layer:     fs. Uses mem (slab), sched (rcu, rwlock of inodes). Used by walk.c and everything that changes
 *            names.
 * Locks:     dcache_lock guards chains, names, parents, children, LRU. It is a leaf. An inode's lock (of
 *            the parent directory) is taken before it and makes "look up, then insert" one step.
 * Contexts:  process context; dcache_find_rcu does not sleep, the others may.
 * Manual:    path_resolution(7).
 * Tests:     fs/dcache_ktest.c; tests/abi (every call that takes a name).
 *
 * Theory
 * ------
 * A dentry says "in directory `parent`, `name` is `inode`", or with inode NULL: "there is no such name"
 * (negative).
 *
 *   - While a dentry is in the hash table, the cache itself holds ONE reference.  So ref == 1 means cached
 *     and unused, and giving a dentry back is one atomic subtraction: no list is touched.  Eviction changes
 *     1 to 0 by compare-and-swap, and from then on nobody can get it (ref_get_unless_zero).
 *   - A child holds a reference to its parent: a directory with cached children has ref > 1 and stays.
 *   - inode changes once, from NULL to a value, under the directory's lock.  It never goes back: a removed
 *     name leaves the table instead, and who still holds the dentry (an open file) sees the old inode.
 *   - Lockless walkers follow the chains under RCU; memory is freed after a grace period.  Rename changes
 *     name and parent in place, because open files and working directories point at the dentry; a walker
 *     that ran meanwhile sees dcache_seq changed and walks again with references.
 *   - Names are NUL-terminated at all times, also in the middle of a change, so that a comparison, which
 *     stops at the first difference, never leaves the name's memory.
 *
 * The LRU is a clock: the hand takes the oldest entry; one used since the last turn goes to the young end.
 */
#include <fs/dcache.h>
#include <fs/notify.h>
#include <lib/string.h>
#include <lib/bitmap.h>
#include <lib/hash.h>
#include <mem/slab.h>
#include <sched/rcu.h>
#include <abi/errno.h>

struct spinlock dcache_lock = SPINLOCK_INIT("dcache");
u32 dcache_seq;
struct hlist_head *dcache_table;
unsigned dcache_shift;
static LIST_HEAD(lru);
/* Held from the choice of victims to the end of their inodes: an instance that dies waits for it, and so an
 * inode never outlives its instance. Order: inode locks -> evict_mutex. */
static struct mutex evict_mutex = { NULL, WAITQ_INIT(evict_mutex.waiters) };
static unsigned long cached, limit;
static struct kmem_cache *dentry_slab;

void dcache_init(void)
{
	struct mem_stats ms;
	unsigned bits;

	if (dcache_table)
		return;
	mem_stats(&ms);
	bits = log2_up(ms.total_pages / 32);
	bits = MIN(MAX(bits, 10u), 16u);
	dcache_table = page_alloc_virt(bits - 9, ALLOC_ZERO | ALLOC_NOFAIL_INJECT);
	assert(dcache_table != NULL);
	dcache_shift = 32 - bits;
	limit = MIN(MAX(ms.total_pages / 8, 512ul), 262144ul);
	dentry_slab = kmem_cache_create("dentry", sizeof(struct dentry), 64);
}

struct qname qname_make(const char *s, unsigned len)
{
	struct qname n = { s, len, NAME_HASH_INIT };

	for (unsigned i = 0; i < len; i++)
		n.hash = name_hash_step(n.hash, s[i]);
	return n;
}

/* ---- life ---- */

int dentry_name_alloc(const struct qname *n, char **ext)
{
	*ext = NULL;
	if (n->len < DNAME_INLINE)
		return 0;
	*ext = kmalloc(n->len + 1, 0);
	return *ext ? 0 : -ENOMEM;
}

static void dentry_set_name(struct dentry *d, const struct qname *n, char *ext)
{
	char *dst = ext ? ext : d->inline_name;

	memcpy(dst, n->s, n->len);
	dst[n->len] = 0;
	d->inline_name[DNAME_INLINE - 1] = 0;
	d->hash = n->hash;
	d->len = (u16)n->len;
	atomic_store_release(&d->name, dst);
}

struct dentry *dentry_alloc(struct dentry *parent, const struct qname *n, struct inode *inode)
{
	struct dentry *d = kmem_cache_alloc(dentry_slab, 0);
	char *ext;

	if (!d)
		return NULL;
	if (dentry_name_alloc(n, &ext)) {
		kmem_cache_free(dentry_slab, d);
		return NULL;
	}
	ref_init(&d->ref, 1);
	d->parent = parent ? dentry_get(parent) : d;
	d->sb = parent ? parent->sb : inode->sb;
	d->inode = inode;
	d->hnode = (struct hlist_node){ NULL, NULL };
	list_init(&d->children);
	list_init(&d->sibling);
	list_init(&d->lru);
	d->mounted = d->unlinked = d->used = d->anon = d->orphan = false;
	dentry_set_name(d, n, ext);
	return d;
}

struct dentry *dentry_alloc_root(struct inode *root)
{
	struct qname n = qname_make("/", 1);
	struct dentry *d = dentry_alloc(NULL, &n, root);

	if (!d)
		inode_put(root);
	return d;
}

static void dentry_free_rcu(struct rcu_head *h)
{
	struct dentry *d = container_of(h, struct dentry, rcu);

	if (d->name != d->inline_name)
		kfree(d->name);
	kmem_cache_free(dentry_slab, d);
}

/* The last reference is gone; returns the parent, whose reference is now the caller's to drop. */
static struct dentry *dentry_destroy(struct dentry *d)
{
	struct dentry *parent = d->parent == d || d->orphan ? NULL : d->parent;

	assert(hlist_unhashed(&d->hnode));
	assert(list_empty(&d->children));
	if (d->inode) {
		notify_removed(d->inode);
		inode_put(d->inode);
	}
	rcu_call(&d->rcu, dentry_free_rcu);
	return parent;
}

void dentry_put(struct dentry *d)
{
	while (d && ref_put(&d->ref))
		d = dentry_destroy(d);
}

struct dentry *dentry_get_parent(struct dentry *d)
{
	spin_lock(&dcache_lock);
	struct dentry *p = dentry_get(d->parent);
	spin_unlock(&dcache_lock);
	return p;
}

unsigned dentry_copy_name(const struct dentry *d, char *buf)
{
	unsigned len;

	spin_lock(&dcache_lock);
	len = d->len;
	memcpy(buf, d->name, len);
	spin_unlock(&dcache_lock);
	buf[len] = 0;
	return len;
}

bool dentry_is_ancestor(const struct dentry *a, const struct dentry *d)
{
	for (;;) {
		if (a == d)
			return true;
		if (d->parent == d)
			return false;
		d = d->parent;
	}
}

bool dentry_is_lasting(const struct dentry *d)
{
	for (; d->parent != d; d = d->parent)
		if (d->parent->inode->revalidate == NAMES_NEVER)
			return false;
	return true;
}

/* ---- the table ---- */

/* A directory whose names may change behind our back. */
static COLD bool names_good(struct dentry *parent)
{
	struct inode *dir = parent->inode;

	return dir->revalidate == NAMES_ASK && dir->ops->names_good(dir, parent);
}

struct dentry *dentry_find_cached(struct dentry *parent, const struct qname *n)
{
	if (unlikely(parent->inode->revalidate) && !names_good(parent))
		return NULL;
	spin_lock(&dcache_lock);
	struct dentry *d = dcache_find_rcu(parent, n);
	if (d) {
		ref_get(&d->ref); /* in the table, so the cache's own reference is there */
		d->used = true;
	}
	spin_unlock(&dcache_lock);
	return d;
}

static void hash_in(struct dentry *d) MUST_HOLD(&dcache_lock)
{
	hlist_add_head(&d->hnode, dcache_bucket(d->parent, d->hash));
	list_add_tail(&d->sibling, &d->parent->children);
	list_add_tail(&d->lru, &lru);
	cached++;
}

static void hash_out(struct dentry *d) MUST_HOLD(&dcache_lock)
{
	hlist_del(&d->hnode);
	list_del(&d->sibling);
	list_del(&d->lru);
	cached--;
}

/* Takes d, whose count is 0 now, out of the cache, and then each parent that nobody else uses: else a chain of
 * directories would need as many rounds as it is deep.  The number taken. */
static unsigned evict_up(struct dentry *d, struct list_head *dead) MUST_HOLD(&dcache_lock)
{
	for (unsigned n = 1;; n++) {
		struct dentry *parent = d->parent;

		hash_out(d);
		list_add_tail(&d->lru, dead);
		if (hlist_unhashed(
		            &parent->hnode)) /* a root, or a removed directory: dentry_destroy() drops it */
			return n;
		d->orphan = true;
		(void)!ref_put(&parent->ref); /* not the last: the cache has one */
		if (!atomic_cas(&parent->ref.n, 1, 0))
			return n;
		d = parent;
	}
}

/* Looks at up to n of the oldest entries and moves the unused ones to `dead`; with sb, only its entries; with
 * `all`, without regard for recent use.  The number moved. */
static unsigned lru_collect(unsigned n, struct super_block *sb, bool all, struct list_head *dead)
{
	unsigned found = 0;

	spin_lock(&dcache_lock);
	while (n-- && !list_empty(&lru)) {
		struct dentry *d = list_first_entry(&lru, struct dentry, lru);
		bool spare = sb ? d->sb != sb : d->used && !all;

		if (!spare && ref_read(&d->ref) == 1 && atomic_cas(&d->ref.n, 1, 0)) {
			found += evict_up(d, dead);
			continue;
		}
		d->used = false;
		list_move_tail(&d->lru, &lru);
	}
	spin_unlock(&dcache_lock);
	return found;
}

static void free_dead(struct list_head *dead)
{
	while (!list_empty(dead)) {
		struct dentry *d = list_first_entry(dead, struct dentry, lru);

		list_del(&d->lru);
		dentry_put(dentry_destroy(d));
	}
}

/* Several passes: a directory becomes unused when its last child has gone. */
static void shrink(struct super_block *sb)
{
	unsigned long freed;

	do {
		unsigned long left = atomic_load(&cached);

		for (freed = 0; left;) {
			LIST_HEAD(dead);
			unsigned n = (unsigned)MIN(left, 64ul);

			mutex_lock(&evict_mutex);
			freed += lru_collect(n, sb, true, &dead);
			free_dead(&dead);
			mutex_unlock(&evict_mutex);
			left -= n;
			cond_resched();
		}
	} while (freed);
}

unsigned long dcache_shrink_some(unsigned long n)
{
	unsigned long dropped = 0;

	for (n = MIN(n, atomic_load(&cached)); n; n -= MIN(n, 64ul)) {
		LIST_HEAD(dead);

		mutex_lock(&evict_mutex);
		dropped += lru_collect((unsigned)MIN(n, 64ul), NULL, false, &dead);
		free_dead(&dead);
		mutex_unlock(&evict_mutex);
		cond_resched();
	}
	return dropped;
}

void dcache_shrink(void)
{
	shrink(NULL);
}

void dcache_shrink_super(struct super_block *sb)
{
	shrink(sb);
	mutex_lock(&evict_mutex); /* who chose victims of this instance before has finished then */
	mutex_unlock(&evict_mutex);
}

/* Puts d into the table and returns it, or the one that another reader of the directory put there meanwhile.
 */
static struct dentry *dcache_insert(struct dentry *d)
{
	struct qname n = { d->name, d->len, d->hash };

	spin_lock(&dcache_lock);
	struct dentry *old = dcache_find_rcu(d->parent, &n);
	if (old) {
		ref_get(&old->ref);
	} else {
		ref_get(&d->ref);
		hash_in(d);
	}
	spin_unlock(&dcache_lock);

	if (old) {
		dentry_put(d);
		return old;
	}
	if (unlikely(cached > limit) && mutex_trylock(&evict_mutex)) {
		LIST_HEAD(dead);

		lru_collect(16, NULL, false, &dead);
		free_dead(&dead);
		mutex_unlock(&evict_mutex);
	}
	return d;
}

/* ---- lookup with the file system's help ---- */

/* The parent's inode lock is held (either way), so the answer of the file system stays true until it is in
 * the table. */
static struct dentry *lookup_real(struct dentry *parent, const struct qname *n)
{
	struct inode *dir = parent->inode, *i;
	struct dentry *d;

	if (unlikely(parent->unlinked))
		return ERR_PTR(-ENOENT);
	if (!dir->ops->lookup)
		return ERR_PTR(-ENOTDIR);
	i = dir->ops->lookup(dir, n->s, n->len);
	if (IS_ERR(i))
		return (void *)i;
	d = dentry_alloc(parent, n, i);
	if (!d) {
		if (i)
			inode_put(i);
		return ERR_PTR(-ENOMEM);
	}
	return dir->revalidate == NAMES_NEVER ? d : dcache_insert(d);
}

struct dentry *dentry_lookup_locked(struct dentry *parent, const struct qname *n)
{
	struct dentry *d = dentry_find_cached(parent, n);

	return d ? d : lookup_real(parent, n);
}

struct dentry *dentry_lookup(struct dentry *parent, const struct qname *n)
{
	struct inode *dir = parent->inode;
	struct dentry *d = dentry_find_cached(parent, n);

	if (d)
		return d;
	rwlock_read_lock(&dir->lock);
	d = dentry_lookup_locked(parent, n);
	rwlock_read_unlock(&dir->lock);
	return d;
}

void dentry_instantiate(struct dentry *d, struct inode *i)
{
	assert(!d->inode);
	atomic_store_release(&d->inode, i);
}

/* ---- removal and rename ---- */

static bool unhash(struct dentry *d)
{
	spin_lock(&dcache_lock);
	bool was = !hlist_unhashed(&d->hnode);
	if (was)
		hash_out(d);
	spin_unlock(&dcache_lock);
	return was;
}

void dentry_kill_name(struct dentry *d)
{
	d->unlinked = true;
	for (;;) { /* no new names come: lookup_real sees `unlinked` */
		spin_lock(&dcache_lock);
		struct dentry *child = NULL;
		if (!list_empty(&d->children)) {
			child = list_first_entry(&d->children, struct dentry, sibling);
			hash_out(child);
		}
		spin_unlock(&dcache_lock);
		if (!child)
			break;
		dentry_put(child);
	}
	if (unhash(d))
		dentry_put(d);
}

void dentry_drop(struct dentry *d)
{
	if (unhash(d))
		dentry_put(d);
}

void dentry_forget_names(struct dentry *parent)
{
	struct dentry *d, *next;
	LIST_HEAD(dead);

	scoped_mutex(&evict_mutex);
	spin_lock(&dcache_lock);
	list_for_each_entry_safe (d, next, &parent->children, sibling) {
		if (!atomic_cas(&d->ref.n, 1, 0))
			continue;
		hash_out(d);
		list_add_tail(&d->lru, &dead);
	}
	spin_unlock(&dcache_lock);
	free_dead(&dead);
}

static void seq_begin(void) MUST_HOLD(&dcache_lock)
{
	atomic_store(&dcache_seq, dcache_seq + 1);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void seq_end(void) MUST_HOLD(&dcache_lock)
{
	atomic_store_release(&dcache_seq, dcache_seq + 1);
}

char *dentry_move(struct dentry *d, struct dentry *new_parent, const struct qname *n, char *ext)
{
	struct dentry *old_parent = d->parent;
	char *old_name = d->name == d->inline_name ? NULL : d->name;
	bool hashed;

	dentry_get(new_parent);
	spin_lock(&dcache_lock);
	seq_begin();
	hashed = !hlist_unhashed(&d->hnode);
	if (hashed)
		hash_out(d);
	atomic_store(&d->parent, new_parent);
	dentry_set_name(d, n, ext);
	if (hashed)
		hash_in(d);
	seq_end();
	spin_unlock(&dcache_lock);
	dentry_put(old_parent);
	return old_name;
}

static void swap_names(struct dentry *a, struct dentry *b)
{
	char ta[DNAME_INLINE], tb[DNAME_INLINE];
	char *ea = a->name == a->inline_name ? NULL : a->name;
	char *eb = b->name == b->inline_name ? NULL : b->name;
	u32 hash = a->hash;
	u16 len = a->len;

	memcpy(ta, a->inline_name, DNAME_INLINE);
	memcpy(tb, b->inline_name, DNAME_INLINE);
	memcpy(a->inline_name, tb, DNAME_INLINE);
	memcpy(b->inline_name, ta, DNAME_INLINE);
	atomic_store_release(&a->name, eb ? eb : a->inline_name);
	atomic_store_release(&b->name, ea ? ea : b->inline_name);
	a->hash = b->hash;
	a->len = b->len;
	b->hash = hash;
	b->len = len;
}

void dentry_exchange(struct dentry *a, struct dentry *b)
{
	struct dentry *pa = a->parent;
	bool ha, hb;

	spin_lock(&dcache_lock);
	seq_begin();
	ha = !hlist_unhashed(&a->hnode);
	hb = !hlist_unhashed(&b->hnode);
	if (ha)
		hash_out(a);
	if (hb)
		hash_out(b);
	swap_names(a, b);
	atomic_store(&a->parent, b->parent); /* the two references change hands */
	atomic_store(&b->parent, pa);
	if (ha)
		hash_in(a);
	if (hb)
		hash_in(b);
	seq_end();
	spin_unlock(&dcache_lock);
}
