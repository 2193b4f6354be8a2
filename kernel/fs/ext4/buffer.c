/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/buffer.c - blocks of metadata in memory
 *
 * Owns:      struct ext4_buffer, struct ext4_cache: the hash by block number, the list of unused buffers.
 * Layer:     fs/ext4. Uses io.c.
 * Locks:     cache->lock: hash, references, LRU. buffer->lock: one reader of the device at a time. The bytes
 *            belong to whoever owns the structure in them (group lock, map_lock, inode lock).
 * Contexts:  process context; may sleep.
 * Manual:    none.
 * Tests:     tests/ext4.
 *
 * A buffer with references, in a transaction, or not yet home stays; the others form an LRU list and are freed
 * from its cold end when there are more than `limit`, or when memory is short.  The transaction and the list of what
 * is to go home each hold a reference of their own.
 */
#include "internal.h"
#include <lib/hash.h>
#include <lib/string.h>
#include <mem/slab.h>

enum { CACHE_BITS = 10, LIMIT_MIN = 256 };
struct ext4_cache {
	struct spinlock lock;
	struct hlist_head table[1 << CACHE_BITS] GUARDED_BY(&lock);
	struct list_head lru GUARDED_BY(&lock); /* the coldest first */
	u32 count GUARDED_BY(&lock);
	u32 limit;
};

int ext4_cache_create(struct ext4_fs *fs) NO_LOCK_CHECK
{
	struct ext4_cache *c = kzalloc(sizeof(*c));
	struct mem_stats ms;

	if (!c)
		return -ENOMEM;
	mem_stats(&ms);
	spin_init(&c->lock, "ext4 cache");
	list_init(&c->lru);
	/* A sixteenth of memory may hold metadata. */
	c->limit = (u32)MAX((u64)LIMIT_MIN,
	                    MIN(ms.total_pages / 16 * (PAGE_SIZE / fs->block_size), (u64)1 << 20));
	fs->cache = c;
	return 0;
}

static void buffer_free(struct ext4_buffer *b)
{
	assert(!b->ref && !b->txn && !b->home_txn);
	kfree(b->frozen);
	kfree(b->data);
	kfree(b);
}

void ext4_cache_destroy(struct ext4_fs *fs) NO_LOCK_CHECK
{
	struct ext4_cache *c = fs->cache;

	if (!c)
		return;
	while (!list_empty(&c->lru)) {
		struct ext4_buffer *b = list_first_entry(&c->lru, struct ext4_buffer, lru);

		list_del(&b->lru);
		hlist_del(&b->hash);
		buffer_free(b);
		c->count--;
	}
	assert(!c->count);
	kfree(c);
	fs->cache = NULL;
}

static struct ext4_buffer *find(struct ext4_cache *c, u64 block) MUST_HOLD(&c->lock)
{
	struct ext4_buffer *b;

	hlist_for_each_entry(b, &c->table[hash_u64(block, CACHE_BITS)], hash)
	{
		if (b->block == block) {
			if (!b->ref++)
				list_del(&b->lru);
			return b;
		}
	}
	return NULL;
}

static struct ext4_buffer *buffer_alloc(struct ext4_fs *fs, u64 block)
{
	struct ext4_buffer *b = kzalloc(sizeof(*b));

	if (!b)
		return NULL;
	b->data = kmalloc(fs->block_size, 0);
	if (!b->data) {
		kfree(b);
		return NULL;
	}
	b->block = block;
	b->ref = 1;
	mutex_init(&b->lock);
	list_init(&b->lru);
	list_init(&b->txn_link);
	list_init(&b->home_link);
	return b;
}

/* Frees the coldest, if there are more than `keep`. */
static bool drop_one(struct ext4_cache *c, u32 keep)
{
	struct ext4_buffer *b = NULL;

	spin_lock(&c->lock);
	if (c->count > keep && !list_empty(&c->lru)) {
		b = list_first_entry(&c->lru, struct ext4_buffer, lru);
		list_del(&b->lru);
		hlist_del(&b->hash);
		c->count--;
	}
	spin_unlock(&c->lock);
	if (b)
		buffer_free(b);
	return b;
}

/* A few of the coldest when there are too many. */
static void trim(struct ext4_cache *c)
{
	for (unsigned n = 0; n < 8 && drop_one(c, c->limit); n++)
		;
}

unsigned long ext4_cache_shrink(struct super_block *sb, unsigned long n)
{
	unsigned long dropped = 0;

	while (dropped < n && drop_one(ext4_fs(sb)->cache, 0)) {
		dropped++;
		cond_resched();
	}
	return dropped;
}

struct ext4_buffer *ext4_buffer_get(struct ext4_fs *fs, u64 block)
{
	struct ext4_cache *c = fs->cache;
	struct ext4_buffer *b, *new;

	if (block >= fs->blocks)
		return ERR_PTR(-EUCLEAN);
	spin_lock(&c->lock);
	b = find(c, block);
	spin_unlock(&c->lock);
	if (b)
		return b;
	new = buffer_alloc(fs, block);
	if (!new)
		return ERR_PTR(-ENOMEM);
	spin_lock(&c->lock);
	b = find(c, block);
	if (!b) {
		hlist_add_head(&new->hash, &c->table[hash_u64(block, CACHE_BITS)]);
		c->count++;
	}
	spin_unlock(&c->lock);
	if (b) {
		new->ref = 0;
		buffer_free(new);
		return b;
	}
	trim(c);
	return new;
}

struct ext4_buffer *ext4_buffer_read(struct ext4_fs *fs, u64 block)
{
	struct ext4_buffer *b = ext4_buffer_get(fs, block);
	int err = 0;

	if (IS_ERR(b) || atomic_load_acquire(&b->flags) & BUF_UPTODATE)
		return b;
	mutex_lock(&b->lock);
	if (!(b->flags & BUF_UPTODATE)) {
		err = ext4_dev_read(fs, block << fs->block_bits, b->data, fs->block_size);
		if (!err)
			atomic_or(&b->flags, BUF_UPTODATE);
	}
	mutex_unlock(&b->lock);
	if (!err)
		return b;
	ext4_buffer_put(fs, b);
	return ERR_PTR(err);
}

struct ext4_buffer *ext4_buffer_new(struct ext4_handle *h, u64 block, enum ext4_kind kind)
{
	struct ext4_buffer *b = ext4_buffer_get(h->fs, block);
	int err;

	if (IS_ERR(b))
		return b;
	err = ext4_access(h, b);
	if (err) {
		ext4_buffer_put(h->fs, b);
		return ERR_PTR(err);
	}
	memset(b->data, 0, h->fs->block_size);
	b->kind = kind;
	b->seal = NULL;
	atomic_or(&b->flags, BUF_UPTODATE);
	return b;
}

int ext4_buffer_is(struct ext4_fs *fs, struct ext4_buffer *b, enum ext4_kind kind)
{
	if (likely(b->kind == kind))
		return 0;
	if (b->kind == KIND_NONE)
		return 1;
	return ext4_error(fs, "block %llu is used for two things", (unsigned long long)b->block);
}

void ext4_buffer_hold(struct ext4_buffer *b)
{
	s32 n = atomic_add(&b->ref, 1); /* the caller has a reference: it is not on the LRU list */

	assert(n > 1);
}

void ext4_buffer_put(struct ext4_fs *fs, struct ext4_buffer *b)
{
	struct ext4_cache *c = fs->cache;

	if (IS_ERR_OR_NULL(b))
		return;
	spin_lock(&c->lock);
	assert(b->ref > 0);
	if (!atomic_sub(&b->ref, 1))
		list_add_tail(&b->lru, &c->lru);
	spin_unlock(&c->lock);
}

void ext4_buffer_forget(struct ext4_fs *fs, struct ext4_buffer *b)
{
	atomic_and(&b->flags, ~(u32)BUF_UPTODATE);
	b->kind = KIND_NONE;
	b->seal = NULL;
}
