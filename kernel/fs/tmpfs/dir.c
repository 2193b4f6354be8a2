/* SPDX-License-Identifier: MIT
 *
 * fs/tmpfs/dir.c - the names of a directory in memory
 *
 * Owns:      struct tmpfs_dir, struct tmpfs_dirent.
 * Layer:     fs/tmpfs.
 * Locks:     the directory inode's lock, held by the caller.
 * Contexts:  process context.
 * Manual:    getdents(2), readdir(3), telldir(3).
 * Tests:     fs/tmpfs/tmpfs_ktest.c, tests/abi/dents.c.
 *
 * Theory
 * ------
 * Names are found by a hash table that doubles when it has more than two names a bucket.
 *
 * Listing must survive changes made between two getdents calls (`rm -r` deletes while it lists): no name that
 * stays may be listed twice or left out.  So each name gets a cookie, a number that only grows and is never
 * used again, and the position in the listing is a cookie.  Names stand in a tree by cookie; the listing goes
 * from the newest to the oldest, as on Linux:
 *
 *      position 0: "."    1: ".."    2: the newest name    c >= 3: the newest name with a cookie below c
 *
 * A name removed meanwhile leaves a number that is simply not met; a name made meanwhile has a larger cookie
 * and lies behind the listing.
 */
#include <fs/tmpfs/tmpfs_internal.h>
#include <fs/dentry.h>
#include <lib/hash.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <abi/errno.h>

enum { POS_DOT, POS_DOTDOT, POS_NEWEST, COOKIE_FIRST };
static const u32 hash_seed = 0x7a65726e;

static inline struct hlist_head *bucket(const struct tmpfs_dir *d, u32 hash)
{
	return &d->buckets[hash_u64(hash, d->bits)];
}

struct tmpfs_dir *tmpfs_dir_create(void)
{
	struct tmpfs_dir *d = kzalloc(sizeof(*d));

	if (!d)
		return NULL;
	d->buckets = d->first;
	d->bits = 3;
	_Static_assert(DIR_BUCKETS_FIRST == 1 << 3, "bits of the first table");
	d->next_cookie = COOKIE_FIRST;
	d->cookies = RB_ROOT;
	return d;
}

void tmpfs_dir_free(struct tmpfs_dir *d)
{
	assert(!d->count);
	if (d->buckets != d->first)
		kfree(d->buckets);
	kfree(d);
}

struct tmpfs_dirent *tmpfs_dir_find(const struct tmpfs_dir *d, const char *name, unsigned len)
{
	u32 hash = hash_bytes(name, len, hash_seed);
	struct tmpfs_dirent *e;

	hlist_for_each_entry(e, bucket(d, hash), hash_link) if (e->hash == hash && e->len == len &&
	                                                        !memcmp(e->name, name, len)) return e;
	return NULL;
}

struct tmpfs_dirent *tmpfs_dirent_alloc(const char *name, unsigned len)
{
	struct tmpfs_dirent *e = kmalloc(sizeof(*e) + len + 1, 0);

	if (!e)
		return NULL;
	e->inode = NULL;
	e->len = len;
	memcpy(e->name, name, len);
	e->name[len] = 0;
	e->hash = hash_bytes(name, len, hash_seed);
	return e;
}

/* Twice the buckets; without memory the chains just stay longer. */
static void grow(struct tmpfs_dir *d)
{
	unsigned bits = d->bits + 1;
	struct hlist_head *new = kzalloc(sizeof(*new) << bits);
	struct hlist_head *old = d->buckets;

	if (!new)
		return;
	d->buckets = new;
	d->bits = bits;
	for (unsigned i = 0; i < 1u << (bits - 1); i++) {
		while (old[i].first) {
			struct tmpfs_dirent *e = container_of(old[i].first, struct tmpfs_dirent, hash_link);

			hlist_del(&e->hash_link);
			hlist_add_head(&e->hash_link, bucket(d, e->hash));
		}
	}
	if (old != d->first)
		kfree(old);
}

void tmpfs_dir_insert(struct tmpfs_dir *d, struct tmpfs_dirent *e)
{
	struct rb_node *newest = rb_last(&d->cookies);

	if (d->count >> d->bits >= 2 && d->bits < 18)
		grow(d);
	e->cookie = d->next_cookie++;
	rb_insert(&d->cookies, &e->by_cookie, newest, newest ? &newest->right : &d->cookies.node);
	hlist_add_head(&e->hash_link, bucket(d, e->hash));
	d->count++;
}

void tmpfs_dir_remove(struct tmpfs_dir *d, struct tmpfs_dirent *e)
{
	assert(d->count > 0);
	hlist_del(&e->hash_link);
	rb_erase(&d->cookies, &e->by_cookie);
	d->count--;
}

struct tmpfs_dirent *tmpfs_dir_any(const struct tmpfs_dir *d)
{
	struct rb_node *n = d->cookies.node;

	return n ? rb_entry(n, struct tmpfs_dirent, by_cookie) : NULL;
}

/* The newest name with a cookie below `limit`. */
static struct rb_node *newest_below(const struct tmpfs_dir *d, u64 limit)
{
	struct rb_node *n = d->cookies.node, *best = NULL;

	while (n) {
		if (rb_entry(n, struct tmpfs_dirent, by_cookie)->cookie < limit) {
			best = n;
			n = n->right;
		} else {
			n = n->left;
		}
	}
	return best;
}

int tmpfs_dir_iterate(struct file *f, struct dir_context *ctx)
{
	const struct tmpfs_dir *d = f->inode->private;
	struct rb_node *n;

	if (ctx->pos == POS_DOT) {
		if (!ctx->emit(ctx, ".", 1, f->inode->ino, DT_DIR))
			return 0;
		ctx->pos = POS_DOTDOT;
	}
	if (ctx->pos == POS_DOTDOT) {
		if (!ctx->emit(ctx, "..", 2, f->path.dentry->parent->inode->ino, DT_DIR))
			return 0;
		ctx->pos = POS_NEWEST;
	}
	n = newest_below(d, ctx->pos == POS_NEWEST ? UINT64_MAX : (u64)ctx->pos);
	for (; n; n = rb_prev(n)) {
		struct tmpfs_dirent *e = rb_entry(n, struct tmpfs_dirent, by_cookie);

		if (!ctx->emit(ctx, e->name, e->len, e->inode->ino, (e->inode->mode & S_IFMT) >> 12))
			return 0;
		ctx->pos = (loff_t)e->cookie; /* the next one lies below */
	}
	return 0;
}
