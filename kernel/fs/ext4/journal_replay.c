/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/journal_replay.c - after a crash: what the log holds goes home
 *
 * Owns:      nothing that lives on.
 * Layer:     fs/ext4.
 * Locks:     none: the mount is alone.
 * Contexts:  process context; sleeps.
 * Manual:    the ext4 disk layout, "Journal (jbd2)".
 * Tests:     tests/ext4: crashes of our own log; logs that debugfs wrote.
 *
 * Theory
 * ------
 * Three passes over the log from its start, each by the same walk:
 *
 *   scan     how far do whole transactions reach?  The end is the first block that is none of the log's, has
 *            another number, or a wrong checksum.
 *   revoke   which blocks were given up, by which transaction at last?  Copies up to that one must not come back:
 *            the block may be a file's data now.
 *   replay   copy the other blocks home, in order.
 *
 * All of it is a stranger's data: the walk ends after as many blocks as the log has, and no block outside of the file
 * system is written.
 */
#include "jbd2.h"
#include <lib/string.h>
#include <mem/slab.h>

enum pass { PASS_SCAN, PASS_REVOKE, PASS_REPLAY };
struct replay {
	struct ext4_journal *j;
	enum pass pass;
	char *block, *data;    /* a block of the log's own; one that goes home */
	u32 at, sequence;      /* the walk */
	u32 left;              /* blocks it may still pass */
	u32 end;               /* the number after the last whole transaction */
	struct xarray revoked; /* block -> number << 1 | 1 */
	u32 replayed;
};

static int read_log(struct ext4_journal *j, u32 n, void *to)
{
	u64 at = journal_block(j, n);

	if (!at)
		return -EUCLEAN;
	return ext4_dev_read(j->fs, at << j->fs->block_bits, to, j->fs->block_size);
}

static bool tail_ok(const struct ext4_journal *j, char *block)
{
	u32 *tail = (u32 *)(block + j->fs->block_size - 4), stored = *tail, c;

	if (!j->csum)
		return true;
	*tail = 0;
	c = ext4_crc(j->csum_seed, block, j->fs->block_size);
	*tail = stored;
	return stored == be32(c);
}

static bool commit_ok(const struct ext4_journal *j, char *block)
{
	struct jbd2_commit *c = (struct jbd2_commit *)block;
	u32 stored = c->csum[0], computed;

	if (!j->csum)
		return true;
	c->csum[0] = 0;
	computed = ext4_crc(j->csum_seed, block, j->fs->block_size);
	c->csum[0] = stored;
	return stored == be32(computed);
}

/* ---- revoked blocks ---- */

static int revoke_one(struct replay *r, u64 block)
{
	u64 old = (u64)xa_load(&r->revoked, block) >> 1;
	u64 new = (u64)r->sequence << 1 | 1;

	if (block >= r->j->fs->blocks)
		return 0; /* nothing of it could come back */
	if (old && (s32)(r->sequence - (u32)old) <= 0)
		return 0;
	return xa_store(&r->revoked, block, (void *)new);
}

static int revoke_block(struct replay *r)
{
	struct ext4_journal *j = r->j;
	const struct jbd2_revoke *rv = (const struct jbd2_revoke *)r->block;
	unsigned size = j->incompat & JBD2_INCOMPAT_64BIT ? 8 : 4;
	u32 count = be32(rv->count), at = sizeof(*rv);
	int err = 0;

	if (!tail_ok(j, r->block) || count < at || count > j->fs->block_size - journal_tail_size(j))
		return -EUCLEAN;
	for (; at + size <= count && !err; at += size) {
		u64 wide;
		u32 narrow;

		memcpy(&wide, r->block + at, size);
		memcpy(&narrow, r->block + at, 4);
		err = revoke_one(r, size == 8 ? be64(wide) : be32(narrow));
	}
	return err;
}

static bool is_revoked(const struct replay *r, u64 block)
{
	u64 v = (u64)xa_load(&r->revoked, block);

	return v && (s32)(r->sequence - (u32)(v >> 1)) <= 0;
}

/* ---- descriptors ---- */

struct tag {
	u64 block;
	u32 flags, csum;
};

/* Reads the tag at *off and moves on; false: it does not fit. */
static bool next_tag(const struct replay *r, u32 *off, struct tag *t)
{
	const struct ext4_journal *j = r->j;
	u32 end = j->fs->block_size - journal_tail_size(j);

	if (*off + j->tag_size > end)
		return false;
	if (j->incompat & JBD2_INCOMPAT_CSUM_V3) {
		struct jbd2_tag3 tag;

		memcpy(&tag, r->block + *off, sizeof(tag));
		*t = (struct tag){ be32(tag.nr), be32(tag.flags), be32(tag.csum) };
		if (j->incompat & JBD2_INCOMPAT_64BIT)
			t->block |= (u64)be32(tag.nr_hi) << 32;
	} else {
		struct jbd2_tag tag = { 0 };

		memcpy(&tag, r->block + *off, MIN(j->tag_size, (u32)sizeof(tag)));
		*t = (struct tag){ be32(tag.nr), be16(tag.flags), be16(tag.csum) };
		if (j->incompat & JBD2_INCOMPAT_64BIT)
			t->block |= (u64)be32(tag.nr_hi) << 32;
	}
	*off += j->tag_size + (t->flags & TAG_SAME_UUID ? 0 : 16);
	return true;
}

/* The copy at log block `at` goes to t->block. */
static int replay_one(struct replay *r, const struct tag *t, u32 at)
{
	struct ext4_journal *j = r->j;
	struct ext4_fs *fs = j->fs;
	u32 c;
	int err;

	if (t->flags & TAG_DELETED || is_revoked(r, t->block))
		return 0;
	if (t->block >= fs->blocks) {
		log_err("ext4 %s: the journal wants to write block %llu", fs->sb->source,
		        (unsigned long long)t->block);
		return -EUCLEAN;
	}
	err = read_log(j, at, r->data);
	if (err)
		return err;
	c = journal_tag_csum(j, r->sequence, r->data);
	if (j->csum && t->csum != (j->incompat & JBD2_INCOMPAT_CSUM_V3 ? c : c & 0xffff)) {
		log_err("ext4 %s: checksum of a block in the journal is wrong", fs->sb->source);
		return -EBADMSG;
	}
	if (t->flags & TAG_ESCAPE)
		*(u32 *)r->data = be32(JBD2_MAGIC);
	r->replayed++;
	return ext4_dev_write(fs, t->block << fs->block_bits, r->data, fs->block_size, false);
}

/* Moves the walk behind the descriptor and its blocks. */
static int descriptor(struct replay *r)
{
	struct ext4_journal *j = r->j;
	u32 off = sizeof(struct jbd2_head), at = r->at;
	struct tag t = { 0 };
	int err = 0;

	if (!tail_ok(j, r->block))
		return -EUCLEAN;
	while (!err && !(t.flags & TAG_LAST) && next_tag(r, &off, &t)) {
		if (!r->left--)
			return -EUCLEAN;
		at = journal_next(j, at);
		if (r->pass == PASS_REPLAY)
			err = replay_one(r, &t, at);
	}
	r->at = at;
	return err;
}

/* ---- the walk ---- */

/* One block of the log: 0 go on, 1 the log ends here, or an error. */
static int step(struct replay *r)
{
	const struct jbd2_head *head = (const struct jbd2_head *)r->block;
	int err = read_log(r->j, r->at, r->block);

	if (err)
		return err;
	if (be32(head->magic) != JBD2_MAGIC || be32(head->sequence) != r->sequence)
		return 1;
	switch (be32(head->type)) {
	case JBD2_DESCRIPTOR:
		err = descriptor(r);
		break;
	case JBD2_COMMIT:
		if (r->pass == PASS_SCAN && !commit_ok(r->j, r->block))
			return 1;
		r->sequence++;
		break;
	case JBD2_REVOKE:
		if (r->pass == PASS_REVOKE)
			err = revoke_block(r);
		break;
	default:
		return 1;
	}
	if (err == -EUCLEAN && r->pass == PASS_SCAN)
		return 1; /* a transaction that was not finished */
	r->at = journal_next(r->j, r->at);
	return err;
}

static int walk(struct replay *r, enum pass pass)
{
	struct ext4_journal *j = r->j;
	int err = 0;

	r->pass = pass;
	r->at = be32(j->super->start);
	r->sequence = be32(j->super->sequence);
	r->left = j->maxlen;
	while (!err && r->left-- && !(pass != PASS_SCAN && r->sequence == r->end))
		err = step(r);
	if (pass == PASS_SCAN)
		r->end = r->sequence;
	else if (err == 1)
		err = -EIO; /* the scan saw more than this */
	return err < 0 ? err : 0;
}

int journal_replay(struct ext4_journal *j)
{
	struct replay r = { .j = j, .revoked = XARRAY_INIT };
	int err = -ENOMEM;

	r.block = kmalloc(j->fs->block_size, 0);
	r.data = kmalloc(j->fs->block_size, 0);
	if (!r.block || !r.data)
		goto out;
	err = walk(&r, PASS_SCAN);
	if (!err)
		err = walk(&r, PASS_REVOKE);
	if (!err)
		err = walk(&r, PASS_REPLAY);
	if (!err)
		err = ext4_dev_flush(j->fs);
	if (!err) {
		log_info("ext4 %s: journal replayed, %u transactions, %u blocks", j->fs->sb->source,
		         r.end - be32(j->super->sequence), r.replayed);
		err = journal_write_super(j, 0, r.end + 1);
	}
out:
	xa_destroy(&r.revoked);
	kfree(r.block);
	kfree(r.data);
	return err;
}
