/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/balloc.c - which blocks are free: taking and giving back
 *
 * Owns:      block bitmaps' bits, free counts, group->held, what is promised to data.
 * Layer:     fs/ext4. Uses bitmap.c, journal.c.
 * Locks:     group->lock, one at a time; the counters of the whole file system are atomic.
 * Contexts:  process context, inside a handle; may sleep.
 * Manual:    the ext4 disk layout.
 * Tests:     tests/ext4.
 *
 * Theory
 * ------
 * A block that a transaction frees may not be used before that transaction has committed: after a crash the old
 * owner is still there, with its block.  So each group has two more bitmaps, `held`, of what the transactions of even
 * and of odd number freed (at most two are alive), and a block is free only if no bitmap has it.
 *
 *      bitmap    1 1 0 0 1 0 0 1      held[0]   0 0 1 0 0 0 0 0      may be used: the bits that are 0 in all
 *
 * Written data gets its blocks late, when its pages are written back, in one piece then.  So that this does not fail,
 * write(2) promises the blocks before: dirty_blocks counts promises, and what is free beyond them can be had.
 */
#include "internal.h"
#include <lib/string.h>
#include <mem/slab.h>

struct run {
	u32 start, len;
};

/* ---- searching a group ---- */

static u64 used_word(const struct ext4_group *g, const char *map, u32 w)
{
	u64 used = ((const u64 *)map)[w];

	if (g->held_any[0])
		used |= g->held[0][w];
	if (g->held_any[1])
		used |= g->held[1][w];
	return used;
}

/* The first bit of [at, end) that is `set` (or clear); end if none. */
static u32 next_bit(const struct ext4_group *g, const char *map, u32 at, u32 end, bool set)
{
	while (at < end) {
		u64 word = used_word(g, map, at / 64);

		if (!set)
			word = ~word;
		word &= ~0ull << at % 64;
		if (word)
			return MIN(end, at / 64 * 64 + (u32)__builtin_ctzll(word));
		at = (at / 64 + 1) * 64;
	}
	return end;
}

/* The first free run of [from, end) with `want` blocks, or the longest. */
static struct run find_run(const struct ext4_group *g, const char *map, u32 from, u32 end, u32 want)
{
	struct run best = { 0, 0 };
	u32 at = from;

	while (at < end && best.len < want) {
		u32 start = next_bit(g, map, at, end, false), stop;

		if (start >= end)
			break;
		stop = next_bit(g, map, start, end, true);
		if (stop - start > best.len)
			best = (struct run){ start, MIN(stop - start, want) };
		at = stop;
	}
	return best;
}

/* ---- taking ---- */

static bool group_barred(struct ext4_fs *fs, struct ext4_group *g)
{
	if (g->barred_tid && ext4_committed(fs, g->barred_tid))
		g->barred_tid = 0;
	return g->barred_tid != 0;
}

static int take(struct ext4_handle *h, u32 group, struct ext4_buffer *b, const struct run *r)
{
	struct ext4_fs *fs = h->fs;
	struct ext4_desc *d = ext4_desc(fs, group);
	u32 free = ext4_desc_free_blocks(fs, d);
	int err;

	if (free < r->len || !ext4_block_valid(fs, ext4_group_first(fs, group) + r->start, r->len)) {
		fs->group[group].bad = true;
		return ext4_error(fs, "the block bitmap of group %u contradicts its descriptor", group);
	}
	err = ext4_access(h, b);
	if (!err)
		err = ext4_desc_access(h, group);
	if (err)
		return err;
	ext4_bits_set(b->data, r->start, r->len);
	ext4_desc_set_free_blocks(fs, d, free - r->len);
	ext4_block_bitmap_done(fs, group);
	ext4_desc_done(fs, group);
	atomic_sub(&fs->free_blocks, (s64)r->len);
	return 0;
}

/* Tries one group: 0 and *n > 0, 0 and *n == 0 (nothing fits), or an error.  least: fewer are not taken. */
static int alloc_in_group(struct ext4_handle *h, u32 group, u32 from, u32 least, u32 *n, u64 *block)
{
	struct ext4_fs *fs = h->fs;
	struct ext4_group *g = &fs->group[group];
	u32 want = *n, end = ext4_group_blocks(fs, group);
	struct ext4_buffer *b;
	struct run r = { 0, 0 };
	int err = 0;

	*n = 0;
	if (g->bad || !ext4_desc_free_blocks(fs, ext4_desc(fs, group)))
		return 0;
	scoped_mutex(&g->lock);
	if (group_barred(fs, g))
		return 0;
	b = ext4_block_bitmap(fs, group);
	if (IS_ERR(b))
		return PTR_ERR(b) == -EUCLEAN ? 0 : (int)PTR_ERR(b);
	g->hint = next_bit(g, b->data, g->hint, end, false);
	/* At the goal itself a short run is good too: the file goes on there. */
	if (from && from >= g->hint && from < end && next_bit(g, b->data, from, from + 1, false) == from)
		r = (struct run){ from, MIN(want, next_bit(g, b->data, from, end, true) - from) };
	if (r.len)
		least = 1;
	else
		r = find_run(g, b->data, MAX(from, g->hint), end, want);
	if (r.len < least && from)
		r = find_run(g, b->data, g->hint, end, want);
	if (r.len && r.len >= least) {
		err = take(h, group, b, &r);
		if (!err) {
			g->hint = r.start == g->hint ? r.start + r.len : g->hint;
			*n = r.len;
			*block = ext4_group_first(fs, group) + r.start;
		}
	}
	ext4_buffer_put(fs, b);
	return err == -EUCLEAN && !atomic_load(&fs->failed) ? 0 : err;
}

static int alloc_anywhere(struct ext4_handle *h, u64 goal, u32 *n, u64 *block)
{
	struct ext4_fs *fs = h->fs;
	u32 want = *n, first;

	if (goal < fs->first_data_block || goal >= fs->blocks)
		goal = fs->first_data_block;
	first = ext4_group_of(fs, goal);
	/* First a run as long as is wanted (or 64 blocks), then whatever there is. */
	for (u32 least = MIN(want, 64u);; least = 1) {
		for (u32 k = 0; k < fs->groups; k++) {
			u32 group = (u32)(((u64)first + k) % fs->groups);
			u32 from = k ? 0 : (u32)(goal - ext4_group_first(fs, group));
			int err;

			*n = want;
			err = alloc_in_group(h, group, from, least, n, block);
			if (err || *n)
				return err;
		}
		if (least == 1)
			return -ENOSPC;
	}
}

/* Blocks of extents' trees for n blocks of data: at worst one leaf for some hundred pieces. */
static s64 with_metadata(s64 n)
{
	return n + n / 64 + (n ? 8 : 0);
}

/* The blocks that the caller must leave to root, or to whom the superblock or resuid= and resgid= name. */
static s64 reserve(const struct ext4_fs *fs)
{
	const struct cred *c = cred_current ? cred_current() : NULL;

	if (!c || c->fsuid == fs->options.resuid ||
	    (fs->options.resgid && cred_in_group(c, fs->options.resgid)) || cred_capable(c, CAP_SYS_RESOURCE))
		return 0;
	return (s64)fs->reserved_blocks;
}

int ext4_alloc_blocks(struct ext4_handle *h, u64 goal, u32 *n, u64 *block, bool promised)
{
	struct ext4_fs *fs = h->fs;

	if (!promised) { /* what is kept for data is that data's */
		s64 kept = with_metadata(atomic_load(&fs->dirty_blocks));
		s64 room = atomic_load(&fs->free_blocks) - kept - reserve(fs);

		if (room <= 0)
			return -ENOSPC;
		*n = (u32)MIN((s64)*n, room);
	}
	return alloc_anywhere(h, goal, n, block);
}

/* ---- giving back ---- */

/* Remembers that the handle's transaction frees these bits. */
static void hold(struct ext4_handle *h, struct ext4_group *g, u32 start, u32 n)
{
	u32 tid = h->txn->tid, k = tid & 1;

	if (!g->held[k])
		g->held[k] = kzalloc(h->fs->block_size);
	if (!g->held[k]) {
		g->barred_tid = tid; /* without memory: the whole group waits */
		return;
	}
	g->held_any[k] = true;
	ext4_bits_set(g->held[k], start, n);
}

static int free_in_group(struct ext4_handle *h, u32 group, u32 start, u32 n)
{
	struct ext4_fs *fs = h->fs;
	struct ext4_group *g = &fs->group[group];
	struct ext4_desc *d = ext4_desc(fs, group);
	struct ext4_buffer *b;
	int err;

	scoped_mutex(&g->lock);
	b = ext4_block_bitmap(fs, group);
	if (IS_ERR(b))
		return (int)PTR_ERR(b);
	for (u32 k = start; k < start + n; k++) {
		if (!bit_test(b->data, k)) {
			ext4_buffer_put(fs, b);
			return ext4_error(fs, "block %llu is freed twice",
			                  (unsigned long long)ext4_group_first(fs, group) + k);
		}
	}
	err = ext4_access(h, b);
	if (!err)
		err = ext4_desc_access(h, group);
	if (!err) {
		ext4_bits_clear(b->data, start, n);
		g->hint = MIN(g->hint, start);
		ext4_desc_set_free_blocks(fs, d, MIN(ext4_desc_free_blocks(fs, d) + n, fs->blocks_per_group));
		ext4_block_bitmap_done(fs, group);
		ext4_desc_done(fs, group);
		hold(h, g, start, n);
		atomic_add(&fs->free_blocks, (s64)n);
	}
	ext4_buffer_put(fs, b);
	return err;
}

int ext4_free_blocks(struct ext4_handle *h, u64 block, u64 n)
{
	struct ext4_fs *fs = h->fs;
	int err = 0;

	if (!n)
		return 0;
	if (!ext4_block_valid(fs, block, n))
		return ext4_error(fs, "blocks %llu+%llu are freed but no file's", (unsigned long long)block,
		                  (unsigned long long)n);
	while (n && !err) {
		u32 group = ext4_group_of(fs, block);
		u32 start = (u32)(block - ext4_group_first(fs, group));
		u32 part = (u32)MIN(n, (u64)(ext4_group_blocks(fs, group) - start));

		err = free_in_group(h, group, start, part);
		block += part;
		n -= part;
	}
	return err;
}

void ext4_held_release(struct ext4_fs *fs, u32 tid)
{
	u32 k = tid & 1;

	for (u32 n = 0; n < fs->groups; n++) {
		struct ext4_group *g = &fs->group[n];

		if (!g->held_any[k])
			continue;
		mutex_lock(&g->lock);
		memset(g->held[k], 0, fs->block_size);
		g->hint = 0;
		g->held_any[k] = false;
		mutex_unlock(&g->lock);
	}
}

/* ---- promises ---- */

int ext4_promise_blocks(struct ext4_fs *fs, u32 n)
{
	s64 dirty = atomic_add(&fs->dirty_blocks, (s64)n);

	s64 room = atomic_load(&fs->free_blocks) - with_metadata(dirty);

	if (likely(room >= (s64)fs->reserved_blocks) || room >= reserve(fs))
		return 0;
	atomic_sub(&fs->dirty_blocks, (s64)n);
	return -ENOSPC;
}

void ext4_unpromise_blocks(struct ext4_fs *fs, u32 n)
{
	s64 left = atomic_sub(&fs->dirty_blocks, (s64)n);

	assert(left >= 0);
}

u64 ext4_count_free_blocks(struct ext4_fs *fs)
{
	return (u64)MAX(atomic_load(&fs->free_blocks), (s64)0);
}
