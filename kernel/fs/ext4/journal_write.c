/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/journal_write.c - a transaction goes to the log, and later home
 *
 * Owns:      the log's head, its free space, its superblock's start.
 * Layer:     fs/ext4.
 * Locks:     commit_lock, held by the callers.
 * Contexts:  process context; sleeps. Needs no memory that it does not have already: a commit must not fail for
 *            want of it.
 * Manual:    the ext4 disk layout, "Journal (jbd2)".
 * Tests:     tests/ext4; e2fsck replays what this wrote.
 *
 * Theory
 * ------
 *      log:  [revoke]* ( [descriptor: n tags] [n blocks] )* [commit]        all with the transaction's number
 *
 * A tag names the block's home. A block that begins with the log's own magic number would be taken for a descriptor
 * at replay: its first word is written as 0 and the tag says ESCAPE. The commit block is written after a flush and
 * with FUA: when it is there, everything before it is.
 *
 * Writing home: the frozen copies of all committed transactions, by block number; then a flush; then the log's
 * superblock says "empty". Only then may the log's blocks be used again.
 */
#include "jbd2.h"
#include <base/clock.h>
#include <lib/sort.h>
#include <lib/string.h>
#include <mem/slab.h>

u64 journal_block(const struct ext4_journal *j, u32 n)
{
	u32 lo = 0, hi = j->nr_runs;

	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;
		const struct log_run *r = &j->runs[mid];

		if (n < r->first)
			hi = mid;
		else if (n - r->first >= r->n)
			lo = mid + 1;
		else
			return r->at + (n - r->first);
	}
	return 0;
}

u32 journal_next(const struct ext4_journal *j, u32 n)
{
	return n + 1 >= j->maxlen ? j->first : n + 1;
}

unsigned journal_tail_size(const struct ext4_journal *j)
{
	return j->csum ? 4 : 0;
}

u32 journal_tag_size(u32 incompat)
{
	if (incompat & JBD2_INCOMPAT_CSUM_V3)
		return sizeof(struct jbd2_tag3);
	return (incompat & JBD2_INCOMPAT_64BIT ? 12 : 8) + (incompat & JBD2_INCOMPAT_CSUM_V2 ? 2 : 0);
}

/* Of a block as it stands in the log. */
u32 journal_tag_csum(const struct ext4_journal *j, u32 sequence, const void *data)
{
	u32 seq = be32(sequence), c = ext4_crc(j->csum_seed, &seq, sizeof(seq));

	return ext4_crc(c, data, j->fs->block_size);
}

bool journal_super_csum_ok(const struct jbd2_super *s)
{
	struct jbd2_super copy;

	if (!(be32(s->incompat) & (JBD2_INCOMPAT_CSUM_V2 | JBD2_INCOMPAT_CSUM_V3)))
		return true;
	copy = *s;
	copy.checksum = 0;
	return s->checksum == be32(ext4_crc(~0u, &copy, sizeof(copy)));
}

int journal_write_super(struct ext4_journal *j, u32 start, u32 sequence)
{
	struct jbd2_super *s = j->super;
	int err;

	s->start = be32(start);
	s->sequence = be32(sequence);
	s->incompat = be32(j->incompat);
	if (j->csum) {
		s->checksum_type = JBD2_CRC32C;
		s->checksum = 0;
		s->checksum = be32(ext4_crc(~0u, s, sizeof(*s)));
	}
	err = ext4_dev_write(j->fs, journal_block(j, 0) << j->fs->block_bits, s, j->fs->block_size, true);
	if (!err)
		j->started = start != 0;
	return err;
}

/* ---- the log ---- */

struct log_writer {
	struct ext4_journal *j;
	struct ext4_io *io; /* NULL: one block at a time */
	unsigned scratch;   /* blocks of j->scratch in use */
	u32 sequence;
};

static int put_block(struct log_writer *w, void *data)
{
	struct ext4_journal *j = w->j;
	u64 at = journal_block(j, j->head) << j->fs->block_bits;

	j->head = journal_next(j, j->head);
	j->free--;
	if (w->io)
		return ext4_io_add(w->io, at, data, j->fs->block_size);
	return ext4_dev_write(j->fs, at, data, j->fs->block_size, false);
}

static int wait_blocks(struct log_writer *w)
{
	int err = w->io ? ext4_io_wait(w->io) : 0;

	w->io = NULL;
	w->scratch = 0;
	return err;
}

/* An empty block with a head; the scratch blocks are reused when all of them were written. */
static char *scratch_block(struct log_writer *w, enum jbd2_type type, int *err)
{
	struct jbd2_head *head;

	if (w->scratch == NR_SCRATCH) {
		*err = wait_blocks(w);
		w->io = ext4_io_begin(w->j->fs, true);
	}
	head = (struct jbd2_head *)w->j->scratch[w->scratch++];
	memset(head, 0, w->j->fs->block_size);
	*head = (struct jbd2_head){ be32(JBD2_MAGIC), be32(type), be32(w->sequence) };
	return (char *)head;
}

static void set_tail(struct ext4_journal *j, char *block)
{
	u32 *tail = (u32 *)(block + j->fs->block_size - 4);

	if (!j->csum)
		return;
	*tail = 0;
	*tail = be32(ext4_crc(j->csum_seed, block, j->fs->block_size));
}

static int log_revokes(struct log_writer *w, struct ext4_txn *t)
{
	struct ext4_journal *j = w->j;
	unsigned size = j->incompat & JBD2_INCOMPAT_64BIT ? 8 : 4;
	unsigned end = j->fs->block_size - journal_tail_size(j), at = end;
	struct jbd2_revoke *r = NULL;
	struct ext4_buffer *b;
	int err = 0;

	list_for_each_entry (b, &t->freed, txn_link) {
		u64 wide = be64(b->block);
		u32 narrow = be32((u32)b->block);

		if (at + size > end) {
			if (r) {
				set_tail(j, (char *)r);
				err = err ? err : put_block(w, r);
			}
			r = (struct jbd2_revoke *)scratch_block(w, JBD2_REVOKE, &err);
			at = sizeof(*r);
		}
		memcpy((char *)r + at, size == 8 ? (void *)&wide : (void *)&narrow, size);
		at += size;
		r->count = be32(at);
	}
	if (r) {
		set_tail(j, (char *)r);
		err = err ? err : put_block(w, r);
	}
	return err;
}

static unsigned tags_per_block(const struct ext4_journal *j)
{
	return (j->fs->block_size - (unsigned)sizeof(struct jbd2_head) - 16 - journal_tail_size(j)) /
	       j->tag_size;
}

/* Writes the tag at `to`; the first one of a descriptor is followed by the UUID. */
static unsigned put_tag(struct log_writer *w, char *to, const struct ext4_buffer *b, bool first, bool last)
{
	struct ext4_journal *j = w->j;
	u32 csum = j->csum ? journal_tag_csum(j, w->sequence, b->frozen) : 0;
	u32 flags = (b->escaped ? TAG_ESCAPE : 0) | (first ? 0 : TAG_SAME_UUID) | (last ? TAG_LAST : 0);

	if (j->incompat & JBD2_INCOMPAT_CSUM_V3) {
		struct jbd2_tag3 tag = { be32((u32)b->block), be32(flags), be32((u32)(b->block >> 32)),
			                 be32(csum) };

		memcpy(to, &tag, sizeof(tag));
	} else {
		struct jbd2_tag tag = { be32((u32)b->block), be16((u16)csum), be16((u16)flags),
			                be32((u32)(b->block >> 32)) };

		memcpy(to, &tag, MIN(j->tag_size, (u32)sizeof(tag)));
	}
	if (first)
		memcpy(to + j->tag_size, j->super->uuid, 16);
	return j->tag_size + (first ? 16 : 0);
}

static void escape(struct ext4_buffer *b)
{
	u32 *word = (u32 *)b->frozen;

	b->escaped = *word == be32(JBD2_MAGIC);
	if (b->escaped)
		*word = 0;
}

/* One descriptor and its blocks, from *b on. */
static int log_group(struct log_writer *w, struct ext4_txn *t, struct ext4_buffer **from)
{
	struct ext4_journal *j = w->j;
	unsigned n = 0, max = tags_per_block(j), at = sizeof(struct jbd2_head);
	struct ext4_buffer *b = *from;
	int err = 0;
	char *desc = scratch_block(w, JBD2_DESCRIPTOR, &err);

	for (; n < max && &b->home_link != &t->home; n++) {
		struct ext4_buffer *next = list_entry(b->home_link.next, struct ext4_buffer, home_link);

		escape(b);
		at += put_tag(w, desc + at, b, n == 0, n + 1 == max || &next->home_link == &t->home);
		b = next;
	}
	set_tail(j, desc);
	err = err ? err : put_block(w, desc);
	for (b = *from; n-- && !err; b = list_entry(b->home_link.next, struct ext4_buffer, home_link))
		err = put_block(w, b->frozen);
	*from = b;
	return err;
}

static int log_commit(struct log_writer *w)
{
	struct ext4_journal *j = w->j;
	int err = 0;
	char *block = scratch_block(w, JBD2_COMMIT, &err);
	struct jbd2_commit *c = (struct jbd2_commit *)block;
	ktime_t now = clock_realtime();
	u64 at = journal_block(j, j->head) << j->fs->block_bits;

	c->sec = be64((u64)(now / NSEC_PER_SEC));
	c->nsec = be32((u32)(now % NSEC_PER_SEC));
	if (j->csum)
		c->csum[0] = be32(ext4_crc(j->csum_seed, block, j->fs->block_size));
	j->head = journal_next(j, j->head);
	j->free--;
	return err ? err : ext4_dev_write(j->fs, at, block, j->fs->block_size, true);
}

static u32 blocks_needed(const struct ext4_journal *j, struct ext4_txn *t)
{
	u32 n = t->nr_buffers;

	return n + n / tags_per_block(j) + 1 + t->nr_freed / (j->fs->block_size / 8 - 4) + 1 + 1;
}

static int log_make_room(struct ext4_journal *j, struct ext4_txn *t) MUST_HOLD(&j->commit_lock)
{
	u32 needed = blocks_needed(j, t);
	int err = 0;

	if (j->free < needed)
		err = journal_write_home(j);
	if (!err && j->free < needed) {
		log_err("ext4 %s: a transaction of %u blocks is too large for the journal", j->fs->sb->source,
		        needed);
		err = -EIO;
	}
	if (!err && t->nr_freed)
		j->incompat |= JBD2_INCOMPAT_REVOKE;
	if (!err && (!j->started || j->super->incompat != be32(j->incompat)))
		err = journal_write_super(j, j->started ? be32(j->super->start) : j->head,
		                          j->started ? be32(j->super->sequence) : j->next_sequence);
	return err;
}

int journal_log(struct ext4_journal *j, struct ext4_txn *t)
{
	struct log_writer w = { .j = j, .sequence = j->next_sequence };
	struct ext4_buffer *b;
	int err = log_make_room(j, t), end;

	if (err)
		return err;
	w.io = ext4_io_begin(j->fs, true);
	err = log_revokes(&w, t);
	b = list_first_entry(&t->home, struct ext4_buffer, home_link);
	while (!err && &b->home_link != &t->home)
		err = log_group(&w, t, &b);
	end = wait_blocks(&w);
	list_for_each_entry (b, &t->home, home_link) {
		if (b->escaped)
			*(u32 *)b->frozen = be32(JBD2_MAGIC);
		b->escaped = false;
	}
	err = err ? err : end;
	j->next_sequence++;
	return err ? err : log_commit(&w);
}

/* ---- home ---- */

static int block_cmp(const void *a, const void *b)
{
	u64 x = (*(struct ext4_buffer *const *)a)->block, y = (*(struct ext4_buffer *const *)b)->block;

	return x < y ? -1 : x > y;
}

static int write_one(struct ext4_fs *fs, struct ext4_io *io, struct ext4_buffer *b)
{
	u64 at = b->block << fs->block_bits;

	return io ? ext4_io_add(io, at, b->frozen, fs->block_size)
	          : ext4_dev_write(fs, at, b->frozen, fs->block_size, false);
}

/* All frozen copies, sorted if there is memory for it. */
static int write_copies(struct ext4_journal *j, u32 count) MUST_HOLD(&j->commit_lock)
{
	struct ext4_buffer **all = count < (1u << 18) ? kmalloc((size_t)count * sizeof(*all), 0) : NULL, *b;
	struct ext4_io *io = ext4_io_begin(j->fs, true);
	struct ext4_txn *t;
	int err = 0, end;
	u32 n = 0;

	list_for_each_entry (t, &j->done, link) {
		list_for_each_entry (b, &t->home, home_link) {
			if (all)
				all[n++] = b;
			else if (!err)
				err = write_one(j->fs, io, b);
		}
	}
	if (all)
		sort(all, n, sizeof(*all), block_cmp);
	for (u32 k = 0; all && k < n && !err; k++)
		err = write_one(j->fs, io, all[k]);
	end = io ? ext4_io_wait(io) : 0;
	kfree(all);
	return err ? err : end;
}

/* The copies are home: they and their transactions go. */
static void release_home(struct ext4_journal *j, struct ext4_txn *t) MUST_HOLD(&j->commit_lock)
{
	while (!list_empty(&t->home)) {
		struct ext4_buffer *b = list_first_entry(&t->home, struct ext4_buffer, home_link);
		char *frozen = NULL;

		spin_lock(&j->lock);
		list_del(&b->home_link);
		b->home_txn = NULL;
		if (!b->txn || b->flags & BUF_FREED) {
			frozen = b->frozen;
			b->frozen = NULL;
		}
		spin_unlock(&j->lock);
		kfree(frozen);
		ext4_buffer_put(j->fs, b);
	}
}

int journal_write_home(struct ext4_journal *j)
{
	struct ext4_txn *t, *next;
	u32 count = 0;
	int err = 0;

	list_for_each_entry (t, &j->done, link)
		count += t->nr_buffers;
	if (count)
		err = write_copies(j, count);
	if (!err && (count || j->started))
		err = ext4_dev_flush(j->fs);
	if (!err && j->has_log && j->started) {
		err = journal_write_super(j, 0, j->next_sequence);
		j->free = j->maxlen - j->first;
	}
	if (err)
		return err;
	list_for_each_entry_safe (t, next, &j->done, link) {
		release_home(j, t);
		if (t->tid == j->committed || (s32)(j->committed - t->tid) > 0) {
			list_del(&t->link);
			kfree(t);
		}
	}
	return 0;
}
