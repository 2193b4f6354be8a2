/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/journal_open.c - finding the journal at mount
 *
 * Owns:      which features of a journal are known.
 * Layer:     fs/ext4.
 * Locks:     none: the mount is alone.
 * Contexts:  process context; sleeps.
 * Manual:    the ext4 disk layout, "Journal (jbd2)".
 * Tests:     tests/ext4.
 */
#include "jbd2.h"
#include <lib/string.h>
#include <mem/slab.h>

static struct ext4_journal *journal_alloc(struct ext4_fs *fs) NO_LOCK_CHECK
{
	struct ext4_journal *j = kzalloc(sizeof(*j));

	if (!j)
		return NULL;
	j->fs = fs;
	spin_init(&j->lock, "ext4 journal");
	waitq_init(&j->wait);
	mutex_init(&j->commit_lock);
	list_init(&j->handles);
	list_init(&j->done);
	j->next_tid = 1;
	j->max_txn = 4096;
	return j;
}

static int add_run(struct ext4_journal *j, u32 first, u64 at, u32 n)
{
	struct log_run *last = j->nr_runs ? &j->runs[j->nr_runs - 1] : NULL, *more;

	if (last && last->at + last->n == at) {
		last->n += n;
		return 0;
	}
	if (!(j->nr_runs & (j->nr_runs - 1))) { /* room for a power of two of them */
		more = krealloc(j->runs, MAX(j->nr_runs * 2, 1u) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		j->runs = more;
	}
	j->runs[j->nr_runs++] = (struct log_run){ first, n, at };
	return 0;
}

/* Where the log's blocks stand. */
static int read_runs(struct ext4_journal *j, struct inode *i) NO_LOCK_CHECK
{
	u64 n = (u64)i->size >> j->fs->block_bits, at = 0;
	int err = 0;

	if (!s_isreg(i->mode) || !i->nlink || !n || n > UINT32_MAX / 2)
		return -EUCLEAN;
	mutex_lock(&ext4_i(i)->map_lock);
	while (at < n && !err) {
		struct ext4_map m;

		err = ext4_map_find(i, at, (u32)(n - at), &m);
		if (!err && !m.mapped)
			err = -EUCLEAN;
		if (!err)
			err = add_run(j, (u32)at, m.pblk, m.len);
		if (!err)
			at += m.len;
	}
	mutex_unlock(&ext4_i(i)->map_lock);
	j->maxlen = (u32)n;
	return err;
}

static int check_super(struct ext4_journal *j)
{
	struct jbd2_super *s = j->super;
	u32 type = be32(s->head.type);
	const char *name = j->fs->sb->source;

	if (be32(s->head.magic) != JBD2_MAGIC || (type != JBD2_SUPER_V1 && type != JBD2_SUPER_V2) ||
	    be32(s->blocksize) != j->fs->block_size || be32(s->maxlen) > j->maxlen || be32(s->first) < 1 ||
	    be32(s->maxlen) < 64 || be32(s->first) >= be32(s->maxlen) - 32 ||
	    be32(s->start) >= be32(s->maxlen) || (s->start && be32(s->start) < be32(s->first))) {
		log_err("ext4 %s: the journal's superblock is wrong", name);
		return -EUCLEAN;
	}
	if (type == JBD2_SUPER_V1)
		s->compat = s->incompat = s->ro_compat = 0;
	if (be32(s->incompat) & ~(u32)JBD2_INCOMPAT_KNOWN || s->ro_compat) {
		log_err("ext4 %s: the journal has unknown features (%#x, %#x)", name, be32(s->incompat),
		        be32(s->ro_compat));
		return -EINVAL;
	}
	if (!journal_super_csum_ok(s)) {
		log_err("ext4 %s: checksum of the journal's superblock is wrong", name);
		return -EBADMSG;
	}
	j->maxlen = be32(s->maxlen);
	j->first = be32(s->first);
	j->free = j->maxlen - j->first;
	return 0;
}

static void apply_features(struct ext4_journal *j)
{
	j->csum = j->incompat & (JBD2_INCOMPAT_CSUM_V2 | JBD2_INCOMPAT_CSUM_V3);
	j->tag_size = journal_tag_size(j->incompat);
	j->csum_seed = ext4_crc(~0u, j->super->uuid, sizeof(j->super->uuid));
}

/* The log is empty: from now on as Linux would write it. */
static void choose_features(struct ext4_journal *j)
{
	if (be32(j->super->head.type) == JBD2_SUPER_V1)
		return;
	if (j->fs->metadata_csum)
		j->incompat = (j->incompat & ~(u32)JBD2_INCOMPAT_CSUM_V2) | JBD2_INCOMPAT_CSUM_V3;
	if (j->fs->incompat & INCOMPAT_64BIT)
		j->incompat |= JBD2_INCOMPAT_64BIT;
	apply_features(j);
}

static int read_super(struct ext4_journal *j)
{
	struct ext4_fs *fs = j->fs;
	int err;

	j->super = kmalloc(fs->block_size, 0);
	for (unsigned k = 0; k < NR_SCRATCH; k++)
		j->scratch[k] = kmalloc(fs->block_size, 0);
	if (!j->super || !j->scratch[NR_SCRATCH - 1])
		return -ENOMEM;
	for (unsigned k = 0; k < NR_SCRATCH; k++)
		if (!j->scratch[k])
			return -ENOMEM;
	err = ext4_dev_read(fs, journal_block(j, 0) << fs->block_bits, j->super, fs->block_size);
	if (!err)
		err = check_super(j);
	if (err)
		return err;
	j->incompat = be32(j->super->incompat);
	apply_features(j);
	return 0;
}

static int open_log(struct ext4_journal *j, bool may_write)
{
	struct ext4_fs *fs = j->fs;
	struct inode *i = ext4_iget(fs, fs->es->s_journal_inum, true);
	int err;

	if (IS_ERR(i))
		return (int)PTR_ERR(i);
	err = read_runs(j, i);
	inode_put(i);
	if (!err)
		err = read_super(j);
	if (err)
		return err;
	j->has_log = true;
	if (j->super->start) {
		if (!may_write) {
			log_err("ext4 %s: the journal must be replayed, but the device is read-only",
			        fs->sb->source);
			return -EROFS;
		}
		fs->replayed = true;
		err = journal_replay(j);
	}
	if (err)
		return err;
	if (may_write)
		choose_features(j);
	j->head = j->first;
	j->next_sequence = be32(j->super->sequence);
	j->max_txn = (j->maxlen - j->first) / 4;
	return 0;
}

int ext4_journal_open(struct ext4_fs *fs, bool may_write)
{
	struct ext4_journal *j = journal_alloc(fs);
	int err = 0;

	if (!j)
		return -ENOMEM;
	fs->journal = j;
	if (fs->compat & COMPAT_HAS_JOURNAL && !fs->options.no_load) {
		if (!fs->es->s_journal_inum) {
			log_err("ext4 %s: a journal on another device is not supported", fs->sb->source);
			return -EINVAL;
		}
		err = open_log(j, may_write);
	}
	j->committed = j->next_tid - 1;
	return err;
}
