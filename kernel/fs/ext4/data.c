/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/data.c - the bytes of files: between page cache and disk
 *
 * Owns:      what is promised to pages that are not on the disk yet (ext4_inode.promised), disk_size.
 * Layer:     fs/ext4. Uses map.c, io.c, vm (mapping).
 * Locks:     page lock -> handle -> map_lock.  Nobody waits for a page while a handle is open.
 * Contexts:  process context; may sleep.
 * Manual:    vm/mapping.h.
 * Tests:     tests/ext4.
 *
 * Theory
 * ------
 * write(2) changes pages only; a block that the file does not have yet is promised (counted, so that there will be
 * room).  Write-back takes a run of dirty pages and goes through it in pieces, each what one look into the map gives:
 *
 *      mapped, inside disk_size     write
 *      unwritten, or behind it      handle: write, wait; mark it written, move disk_size; end
 *      hole                         handle: allocate; write, wait; move disk_size; end
 *
 * The handle is open while the data is on its way, so no transaction commits a block before its data (ordered mode),
 * and a file's size on the disk never covers what was not written.  What was written is known by the file's size as it
 * was before: while the data is on its way the file may grow, in the same page, too, and that is written next time.
 */
#include "internal.h"
#include <lib/string.h>
#include <mem/slab.h>
#include <sched/thread.h>
#include <vm/mapping.h>

enum { RUN_MAX = 128 /* pages written in one go */ };

static unsigned blocks_per_page(const struct ext4_fs *fs)
{
	return 1u << (PAGE_SHIFT - fs->block_bits);
}

/* ---- promises; map_lock held ---- */

static u32 count_bits(u32 bits)
{
	u32 n = 0;

	for (; bits; bits &= bits - 1)
		n++;
	return n;
}

static u32 promised_bits(const struct ext4_inode *ei, u64 index)
{
	return (u32)((u64)xa_load(&ei->promised, index) >> 1);
}

/* Sets the bits of a page; fewer than before always succeeds. */
static int promised_set(struct ext4_inode *ei, u64 index, u32 bits)
{
	u32 before = promised_bits(ei, index);
	int err = 0;

	if (bits)
		err = xa_store(&ei->promised, index, (void *)(((u64)bits << 1) | 1));
	else if (before)
		(void)xa_erase(&ei->promised, index);
	if (!err)
		ei->nr_promised += count_bits(bits) - count_bits(before);
	return err;
}

/* Blocks [blk, blk + n) need no promise any more. */
static void promises_end(struct ext4_inode *ei, u64 blk, u64 n)
{
	u32 per = blocks_per_page(ei->fs), gone = 0;

	if (!ei->nr_promised)
		return;
	for (u64 index = blk / per; index <= (blk + n - 1) / per; index++) {
		u32 bits = promised_bits(ei, index), left = bits;

		for (u32 k = 0; k < per; k++)
			if (index * per + k >= blk && index * per + k < blk + n)
				left &= ~(1u << k);
		if (left == bits)
			continue;
		gone += count_bits(bits ^ left);
		(void)promised_set(ei, index, left); /* replaces or removes: needs no memory */
	}
	if (gone)
		ext4_unpromise_blocks(ei->fs, gone);
}

void ext4_promises_drop(struct inode *i, u64 first, u64 last) NO_LOCK_CHECK
{
	struct ext4_inode *ei = ext4_i(i);
	u64 index = first;

	mutex_lock(&ei->map_lock);
	while (ei->nr_promised && xa_find(&ei->promised, &index) && index <= last) {
		u32 bits = promised_bits(ei, index);

		(void)promised_set(ei, index, 0);
		ext4_unpromise_blocks(ei->fs, count_bits(bits));
	}
	mutex_unlock(&ei->map_lock);
}

void ext4_promises_drop_blocks(struct inode *i, u64 from, u64 to) NO_LOCK_CHECK
{
	struct ext4_inode *ei = ext4_i(i);
	u32 per = blocks_per_page(ei->fs);
	u64 first = DIV_ROUND_UP(from, per), behind = to / per;

	if (from >= to)
		return;
	mutex_lock(&ei->map_lock);
	if (from % per)
		promises_end(ei, from, MIN(first * per, to) - from);
	if (to % per && behind >= first)
		promises_end(ei, behind * per, to - behind * per);
	mutex_unlock(&ei->map_lock);
	if (behind > first)
		ext4_promises_drop(i, first, behind - 1);
}

/* Promises those blocks of [blk, blk + n), all of one page, that are holes. */
static int promise_page(struct inode *i, u64 blk, u32 n) MUST_HOLD(&ext4_i(i)->map_lock)
{
	struct ext4_inode *ei = ext4_i(i);
	u32 per = blocks_per_page(ei->fs), bits, new;
	u64 index = blk / per;
	int err;

	if (blk + n > ext4_max_blocks(i))
		return -EFBIG;
	bits = new = promised_bits(ei, index);
	for (u64 b = blk; b < blk + n; b++) {
		struct ext4_map m;

		if (bits >> (b % per) & 1)
			continue;
		err = ext4_map_find(i, b, 1, &m);
		if (err)
			return err;
		if (!m.mapped)
			new |= 1u << (b % per);
	}
	if (new == bits)
		return 0;
	err = ext4_promise_blocks(ei->fs, count_bits(new ^ bits));
	if (err)
		return err;
	err = promised_set(ei, index, new);
	if (err)
		ext4_unpromise_blocks(ei->fs, count_bits(new ^ bits));
	return err;
}

/* The page with the old end may have anything behind it on the disk: zeros, before the file covers it. */
int ext4_zero_tail(struct inode *i)
{
	u64 size = (u64)i->size, at = size % PAGE_SIZE;
	struct page *p;

	if (!at)
		return 0;
	p = mapping_get(i->mapping, size / PAGE_SIZE);
	if (IS_ERR(p))
		return (int)PTR_ERR(p);
	memset((char *)page_virt(p) + at, 0, PAGE_SIZE - at);
	page_mark_dirty(p);
	page_put(p);
	return 0;
}

static int write_begin_once(struct inode *i, u64 pos, unsigned len) NO_LOCK_CHECK
{
	struct ext4_inode *ei = ext4_i(i);
	u64 first = pos >> ei->fs->block_bits, last = (pos + len - 1) >> ei->fs->block_bits;
	int err;

	mutex_lock(&ei->map_lock);
	err = promise_page(i, first, (u32)(last - first + 1));
	mutex_unlock(&ei->map_lock);
	return err;
}

static int ext4_write_begin(struct mapping *m, u64 pos, unsigned len)
{
	struct inode *i = m->host;
	struct ext4_fs *fs = ext4_i(i)->fs;
	int err;

	if (fs->read_only || atomic_load(&fs->failed))
		return -EROFS;
	if (!len)
		return 0;
	if (pos > (u64)i->size && i->size % (loff_t)PAGE_SIZE &&
	    pos / PAGE_SIZE != (u64)i->size / PAGE_SIZE) {
		err = ext4_zero_tail(i);
		if (err)
			return err;
	}
	err = write_begin_once(i, pos, len);
	if (err == -ENOSPC && !ext4_commit_all(fs))
		err = write_begin_once(i, pos, len);
	return err;
}

/* ---- reading ---- */

static int read_blocks(struct inode *i, struct page *p, struct ext4_io *io) MUST_HOLD(&ext4_i(i)->map_lock)
{
	struct ext4_fs *fs = ext4_i(i)->fs;
	unsigned per = blocks_per_page(fs), k = 0;
	char *to = page_virt(p);

	while (k < per) {
		struct ext4_map m;
		int err = ext4_map_find(i, p->index * per + k, per - k, &m);

		if (err)
			return err;
		if (!m.mapped || m.unwritten)
			memset(to + (k << fs->block_bits), 0, (size_t)m.len << fs->block_bits);
		else
			err = ext4_io_add(io, m.pblk << fs->block_bits, to + (k << fs->block_bits),
			                  (size_t)m.len << fs->block_bits);
		if (err)
			return err;
		k += m.len;
	}
	return 0;
}

static int ext4_read_page(struct mapping *m, struct page *p) NO_LOCK_CHECK
{
	struct inode *i = m->host;
	struct ext4_inode *ei = ext4_i(i);
	struct ext4_io *io = ext4_io_begin(ei->fs, false);
	u64 start = p->index << PAGE_SHIFT, size = atomic_load(&m->size);
	int err, late;

	if (!io)
		return -ENOMEM;
	mutex_lock(&ei->map_lock);
	err = read_blocks(i, p, io);
	mutex_unlock(&ei->map_lock);
	late = ext4_io_wait(io);
	err = err ? err : late;
	if (!err && size < start + PAGE_SIZE)
		memset((char *)page_virt(p) + (size > start ? size - start : 0), 0,
		       PAGE_SIZE - (size > start ? size - start : 0));
	return err;
}

/* Pages that lie in one piece on the disk, wholly inside the file; the others are read when they are asked for. */
static void ext4_read_ahead(struct mapping *m, u64 index, unsigned n) NO_LOCK_CHECK
{
	struct inode *i = m->host;
	struct ext4_inode *ei = ext4_i(i);
	u32 per = blocks_per_page(ei->fs);
	u64 end = MIN(index + n, atomic_load(&m->size) >> PAGE_SHIFT);

	while (index < end) {
		struct ext4_map map;
		int err;

		mutex_lock(&ei->map_lock);
		err = ext4_map_find(i, index * per, (u32)(end - index) * per, &map);
		mutex_unlock(&ei->map_lock);
		if (err)
			return;
		if (map.len < per || !map.mapped || map.unwritten) {
			index += MAX(map.len / per, 1u);
			continue;
		}
		ext4_dev_read_pages(ei->fs, map.pblk << ei->fs->block_bits, m, index, map.len / per);
		index += map.len / per;
	}
}

/* ---- writing back ---- */

struct run {
	struct inode *i;
	struct page *page[RUN_MAX];
	unsigned n;
	u64 first;         /* index of page[0] */
	loff_t size;       /* the file's, from before the bytes are taken */
	bool direct;       /* past the page cache: the file's size moves afterwards */
	struct page *tail; /* what is written of the page that the file ends in: zeros follow the end */
};

static char *block_bytes(const struct run *r, u64 blk)
{
	const struct ext4_fs *fs = ext4_i(r->i)->fs;
	u64 at = (blk << fs->block_bits) - (r->first << PAGE_SHIFT), index = at >> PAGE_SHIFT;
	bool last = r->tail && r->first + index == (u64)r->size >> PAGE_SHIFT;

	return (char *)page_virt(last ? r->tail : r->page[index]) + at % PAGE_SIZE;
}

/* The size that is written up to is now; the page it lies in is copied, for others may store behind the end. */
static void take_size(struct run *r)
{
	size_t used;
	u64 index;

	r->size = atomic_load(&r->i->size);
	used = (u64)r->size % PAGE_SIZE;
	index = (u64)r->size >> PAGE_SHIFT;
	if (!used || index < r->first || index >= r->first + r->n)
		return;
	memcpy(page_virt(r->tail), page_virt(r->page[index - r->first]), used);
	memset((char *)page_virt(r->tail) + used, 0, PAGE_SIZE - used);
}

static int write_bytes(const struct run *r, const struct ext4_map *m)
{
	struct ext4_fs *fs = ext4_i(r->i)->fs;
	struct ext4_io *io = ext4_io_begin(fs, true);
	int err = 0, late;

	if (!io)
		return -ENOMEM;
	for (u32 k = 0; k < m->len && !err; k++)
		err = ext4_io_add(io, (m->pblk + k) << fs->block_bits, block_bytes(r, m->lblk + k),
		                  fs->block_size);
	late = ext4_io_wait(io);
	return err ? err : late;
}

static bool all_zero(const char *p, size_t n)
{
	return !*p && !memcmp(p, p + 1, n - 1);
}

/* Does the hole at blk get a block?  Zeros that nobody promised a block for stay a hole. */
static bool wants_block(const struct run *r, u64 blk)
{
	const struct ext4_inode *ei = ext4_i(r->i);
	u32 per = blocks_per_page(ei->fs);

	return promised_bits(ei, blk / per) >> (blk % per) & 1 ||
	       !all_zero(block_bytes(r, blk), ei->fs->block_size);
}

/* The piece at blk as the map has it; of a hole: as much as wants blocks, or as much as does not (*skip). */
static int look(const struct run *r, u64 blk, u64 end, struct ext4_map *m, bool *skip)
        MUST_HOLD(&ext4_i(r->i)->map_lock)
{
	int err = ext4_map_find(r->i, blk, (u32)(end - blk), m);
	u32 n = 1;

	*skip = false;
	if (err || m->mapped)
		return err;
	*skip = !wants_block(r, blk);
	while (n < m->len && wants_block(r, blk + n) == !*skip)
		n++;
	m->len = n;
	return 0;
}

static loff_t piece_end(const struct run *r, const struct ext4_map *m)
{
	return MIN((loff_t)((m->lblk + m->len) << ext4_i(r->i)->fs->block_bits), r->size);
}

/* The piece is on the disk. */
static void move_disk_size(const struct run *r, const struct ext4_map *m) MUST_HOLD(&ext4_i(r->i)->map_lock)
{
	struct ext4_inode *ei = ext4_i(r->i);
	loff_t end = piece_end(r, m);

	if (!r->direct) /* it may have been cut meanwhile */
		end = MIN(end, atomic_load(&r->i->size));
	ei->disk_size = MAX(ei->disk_size, end);
}

/* Inside a handle: blocks for the piece, its data, and what follows from that. */
static int write_new(struct ext4_handle *h, const struct run *r, struct ext4_map *m) NO_LOCK_CHECK
{
	struct inode *i = r->i;
	struct ext4_inode *ei = ext4_i(i);
	bool hole, skip;
	int err;

	mutex_lock(&ei->map_lock);
	err = look(r, m->lblk, m->lblk + m->len, m, &skip); /* once more: fallocate may have come between */
	hole = !err && !m->mapped && !skip;
	if (hole)
		err = ext4_map_fill(h, i, m, false, true);
	if (hole && !err)
		promises_end(ei, m->lblk, m->len);
	mutex_unlock(&ei->map_lock);
	if (err || skip)
		return err;
	err = write_bytes(r, m);
	mutex_lock(&ei->map_lock);
	if (err && hole) /* no old bytes of somebody else's may show */
		(void)ext4_map_remove(h, i, m->lblk, m->lblk + m->len);
	else if (!err && m->unwritten)
		err = ext4_map_written(h, i, m->lblk, m->len);
	if (!err)
		move_disk_size(r, m);
	mutex_unlock(&ei->map_lock);
	if (!err)
		ei->datatid = h->txn->tid;
	return err;
}

/* One piece of [blk, end); *done blocks of it. */
static int write_piece(const struct run *r, u64 blk, u64 end, u32 *done) NO_LOCK_CHECK
{
	struct inode *i = r->i;
	struct ext4_inode *ei = ext4_i(i);
	struct ext4_handle h;
	struct ext4_map m;
	bool skip;
	int err, late;

	mutex_lock(&ei->map_lock);
	err = look(r, blk, end, &m, &skip);
	mutex_unlock(&ei->map_lock);
	*done = m.len;
	if (err || skip)
		return err;
	if (m.mapped && !m.unwritten && piece_end(r, &m) <= ei->disk_size)
		return write_bytes(r, &m);
	err = ext4_start(ei->fs, &h, 2 * MAP_CREDITS + WRITE_INODE_CREDITS);
	if (err)
		return err;
	err = write_new(&h, r, &m);
	late = ext4_inode_write(&h, i);
	*done = m.len;
	return ext4_stop(&h, err ? err : late);
}

/* *written: the block behind the last one that was. */
static int write_run(const struct run *r, u64 *written)
{
	struct ext4_fs *fs = ext4_i(r->i)->fs;
	u32 per = blocks_per_page(fs), done = 0;
	u64 blk = r->first * per, end = (r->first + r->n) * per;
	unsigned retries = 0;
	int err = 0;

	end = MIN(end, DIV_ROUND_UP((u64)r->size, fs->block_size));
	*written = blk;
	while (blk < end && !err) {
		err = write_piece(r, blk, end, &done);
		if (err == -ENOSPC && retries++ < 3) { /* what the running transaction freed may do */
			err = ext4_commit_all(fs);
			continue;
		}
		blk += done;
		if (!err)
			*written = blk;
	}
	return err;
}

int ext4_write_direct(struct inode *i, u64 first, struct page *base, unsigned n, size_t *written)
{
	struct ext4_fs *fs = ext4_i(i)->fs;
	u64 start = first * blocks_per_page(fs), behind = start;
	struct run *r;
	int err = 0;
	unsigned k = 0;

	assert(n && n <= RUN_MAX);
	r = kmalloc(sizeof(*r), 0);
	if (!r)
		return -ENOMEM;
	*r = (struct run){ .i = i, .first = first, .direct = true };
	/* A block for each page: promised now, so that -ENOSPC comes before anything is written. */
	while (k < n && !(err = ext4_write_begin(i->mapping, (first + k) << PAGE_SHIFT, PAGE_SIZE))) {
		r->page[k] = base + k;
		k++;
	}
	r->n = k;
	r->size = MAX(i->size, (loff_t)((first + k) << PAGE_SHIFT));
	if (k)
		err = write_run(r, &behind);
	if (behind < (first + k) * blocks_per_page(fs))
		ext4_promises_drop_blocks(i, behind, (first + k) * blocks_per_page(fs));
	kfree(r);
	*written = (size_t)(behind - start) << fs->block_bits;
	return *written ? 0 : err;
}

static int ext4_write_pages(struct mapping *m, u64 first, u64 last, bool wait)
{
	struct run *r = kmalloc(sizeof(*r), 0);
	struct page *next;
	u64 index = first, behind;
	int first_err = 0;

	struct page *tail = r ? page_alloc(0, 0) : NULL;

	if (!tail) {
		kfree(r);
		return -ENOMEM;
	}
	r->i = m->host;
	r->direct = false;
	r->tail = tail;
	next = mapping_next_dirty_locked(m, &index, last);
	while (next) {
		int err;

		r->first = next->index;
		r->page[0] = next;
		r->n = 1;
		while ((next = mapping_next_dirty_locked(m, &index, last)) && r->n < RUN_MAX &&
		       next->index == r->first + r->n)
			r->page[r->n++] = next;
		take_size(r);
		err = write_run(r, &behind);
		for (unsigned k = 0; k < r->n; k++)
			mapping_write_end(r->page[k], err);
		first_err = first_err ? first_err : err;
		cond_resched();
	}
	page_put(tail);
	kfree(r);
	return first_err;
}

const struct mapping_ops ext4_mapping_ops = {
	.read_page = ext4_read_page,
	.read_ahead = ext4_read_ahead,
	.write_begin = ext4_write_begin,
	.write_pages = ext4_write_pages,
	.direct = ext4_direct,
	.hold = inode_mapping_hold,
	.release = inode_mapping_release,
};
