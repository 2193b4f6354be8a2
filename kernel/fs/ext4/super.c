/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/super.c - an instance: mount, statfs, sync, remount, its end
 *
 * Owns:      struct ext4_fs, the superblock's fields.
 * Layer:     fs/ext4.
 * Locks:     none of its own; fs serialises mounts and remounts. The superblock's bytes change inside handles.
 * Contexts:  process context; may sleep.
 * Manual:    mount(2), ext4(5); the ext4 disk layout, "The Super Block".
 * Tests:     tests/ext4.
 *
 * A mount reads the superblock, refuses what it does not know, loads the group descriptors, finds the journal, and if
 * that was not empty replays it and begins again.  Then the orphans, and the superblock says "in use".
 */
#include "ext4.h"
#include "super.h"
#include <base/clock.h>
#include <fs/inode.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <abi/mount.h>

static bool writable(const struct ext4_fs *fs)
{
	return !fs->read_only && !atomic_load(&fs->failed);
}

/* ---- what the superblock tells while it is mounted ---- */

static void put_counts(struct ext4_fs *fs)
{
	u64 blocks = ext4_count_free_blocks(fs);

	fs->es->s_free_blocks_count_lo = (u32)blocks;
	if (fs->incompat & INCOMPAT_64BIT)
		fs->es->s_free_blocks_count_hi = (u32)(blocks >> 32);
	fs->es->s_free_inodes_count = (u32)MAX(atomic_load(&fs->free_inodes), (s64)0);
	fs->es->s_wtime = (u32)(clock_realtime() / NSEC_PER_SEC);
	if (fs->error_seen) {
		fs->es->s_state |= STATE_ERROR;
		fs->es->s_error_count += fs->error_count;
		if (!fs->es->s_first_error_time)
			fs->es->s_first_error_time = fs->first_error;
		fs->es->s_last_error_time = fs->es->s_wtime;
		fs->error_count = 0;
	}
}

int ext4_super_write(struct ext4_fs *fs)
{
	struct ext4_handle h;
	int err = ext4_start(fs, &h, WRITE_INODE_CREDITS);

	if (err)
		return err;
	err = ext4_access(&h, fs->super_buf);
	if (!err) {
		put_counts(fs);
		ext4_super_changed(fs);
	}
	return ext4_stop(&h, err);
}

/* The device is ours to write: the flags say so, before anything else is written. */
static int begin_writing(struct ext4_fs *fs)
{
	struct ext4_super *es = fs->es;
	int err;

	if (es->s_state & STATE_ERROR || !(es->s_state & STATE_VALID))
		log_warn("ext4 %s: was not unmounted cleanly or has errors: e2fsck is recommended",
		         fs->sb->source);
	es->s_mnt_count++;
	es->s_mtime = (u32)(clock_realtime() / NSEC_PER_SEC);
	if (fs->compat & COMPAT_HAS_JOURNAL)
		es->s_feature_incompat |= INCOMPAT_RECOVER;
	else
		es->s_state &= (u16)~STATE_VALID;
	err = ext4_journal_begin(fs);
	if (!err)
		err = ext4_super_write(fs);
	return err ? err : ext4_journal_flush(fs);
}

/* All is home: the next mount finds nothing to do. */
static int end_writing(struct ext4_fs *fs)
{
	struct ext4_handle h;
	int err = ext4_journal_flush(fs);

	if (!err)
		err = ext4_start(fs, &h, WRITE_INODE_CREDITS);
	if (err)
		return err;
	err = ext4_access(&h, fs->super_buf);
	if (!err) {
		put_counts(fs);
		fs->es->s_feature_incompat &= ~(u32)INCOMPAT_RECOVER;
		if (!(fs->compat & COMPAT_HAS_JOURNAL))
			fs->es->s_state |= fs->was_valid ? STATE_VALID : 0;
		ext4_super_changed(fs);
	}
	err = ext4_stop(&h, err);
	return err ? err : ext4_journal_flush(fs);
}

/* ---- operations ---- */

static int ext4_statfs(struct super_block *sb, struct statfs64_k *out)
{
	struct ext4_fs *fs = ext4_fs(sb);
	u64 free = ext4_count_free_blocks(fs), dirty = (u64)MAX(atomic_load(&fs->dirty_blocks), (s64)0), left;

	free = free > dirty ? free - dirty : 0;
	out->f_bsize = fs->block_size;
	out->f_blocks = fs->blocks > fs->overhead ? fs->blocks - fs->overhead : 0;
	out->f_bfree = free;
	/* What write(2) leaves for the trees of extents nobody can have: see ext4_promise_blocks. */
	left = free > fs->reserved_blocks ? free - fs->reserved_blocks : 0;
	out->f_bavail = left > left / 64 + 9 ? left - left / 64 - 9 : 0;
	out->f_files = fs->inodes;
	out->f_ffree = (u64)MAX(atomic_load(&fs->free_inodes), (s64)0);
	return 0;
}

static int ext4_sync(struct super_block *sb)
{
	struct ext4_fs *fs = ext4_fs(sb);

	int err;

	if (!writable(fs))
		return 0;
	err = ext4_commit_all(fs);
	return err ? err : ext4_dev_flush(fs); /* data that was overwritten in place is in no transaction */
}

static int ext4_write_inode(struct inode *i, bool wait)
{
	struct ext4_inode *ei = ext4_i(i);
	struct ext4_handle h;
	int err;

	if (!writable(ei->fs))
		return 0;
	err = ext4_start(ei->fs, &h, WRITE_INODE_CREDITS);
	if (!err)
		err = ext4_stop(&h, ext4_inode_write(&h, i));
	if (!err && wait)
		err = ext4_commit(ei->fs, ei->tid);
	return err;
}

static void fs_free(struct ext4_fs *fs) NO_LOCK_CHECK
{
	ext4_journal_close(fs);
	if (fs->cache) {
		ext4_groups_free(fs);
		ext4_buffer_put(fs, fs->super_buf);
		ext4_cache_destroy(fs);
	}
	ext4_dev_close(fs);
	kfree(fs);
}

/* Nothing goes through the journal any more; that e2fsck is needed is told by hand. */
static void write_error_state(struct ext4_fs *fs)
{
	struct ext4_super *es = kmalloc(sizeof(*es), 0);
	u32 now = (u32)(clock_realtime() / NSEC_PER_SEC);
	int err = es ? ext4_dev_read(fs, EXT4_SUPER_OFFSET, es, sizeof(*es)) : -ENOMEM;

	if (!err && es->s_magic == EXT4_SUPER_MAGIC) {
		es->s_state |= STATE_ERROR;
		es->s_error_count += fs->error_count;
		es->s_last_error_time = now;
		if (!es->s_first_error_time)
			es->s_first_error_time = fs->first_error ? fs->first_error : now;
		if (fs->metadata_csum)
			es->s_checksum = ext4_crc(~0u, es, offsetof(struct ext4_super, s_checksum));
		err = ext4_dev_write(fs, EXT4_SUPER_OFFSET, es, sizeof(*es), true);
	}
	if (err)
		log_err("ext4 %s: the superblock cannot be written (error %d)", fs->sb->source, err);
	kfree(es);
}

static void ext4_put_super(struct super_block *sb)
{
	struct ext4_fs *fs = ext4_fs(sb);
	int err;

	if (!fs)
		return;
	if (sb->root_inode) {
		inode_put(sb->root_inode);
		sb->root_inode = NULL;
	}
	if (writable(fs)) {
		err = end_writing(fs);
		if (err)
			log_err("ext4 %s: the last changes could not be written (error %d)", sb->source, err);
	}
	if (atomic_load(&fs->failed) && fs->error_seen && !ext4_dev_read_only(fs))
		write_error_state(fs);
	sb->private = NULL;
	fs_free(fs);
}

static int ext4_remount(struct super_block *sb, const char *options)
{
	struct ext4_fs *fs = ext4_fs(sb);
	bool ro = sb->flags & MS_RDONLY;
	int err = ext4_parse_options(fs, options);

	if (err || ro == fs->read_only)
		return err;
	if (ro) {
		err = super_sync(sb);
		if (!err && writable(fs))
			err = end_writing(fs);
		fs->read_only = !err;
		return err;
	}
	if (ext4_dev_read_only(fs))
		return -EACCES;
	if (atomic_load(&fs->failed) || fs->ro_compat & ~(u32)RO_COMPAT_KNOWN || fs->options.no_load)
		return -EROFS;
	fs->read_only = false;
	err = begin_writing(fs);
	fs->read_only = err != 0;
	if (!err)
		ext4_orphans_process(fs);
	return err;
}

static const struct super_ops ext4_super_ops = {
	.evict = ext4_evict,
	.statfs = ext4_statfs,
	.put_super = ext4_put_super,
	.sync = ext4_sync,
	.write_inode = ext4_write_inode,
	.remount = ext4_remount,
	.shrink = ext4_cache_shrink,
	.handles = &ext4_handle_ops,
};

/* ---- mount ---- */

static int load_caches(struct ext4_fs *fs)
{
	u64 block = EXT4_SUPER_OFFSET >> fs->block_bits;
	struct ext4_buffer *b;
	int err = ext4_cache_create(fs);

	if (err)
		return err;
	b = ext4_buffer_read(fs, block);
	if (IS_ERR(b))
		return (int)PTR_ERR(b);
	fs->super_buf = b;
	fs->es = (struct ext4_super *)(b->data + EXT4_SUPER_OFFSET % fs->block_size);
	return ext4_groups_load(fs);
}

static void drop_caches(struct ext4_fs *fs)
{
	ext4_groups_free(fs);
	ext4_buffer_put(fs, fs->super_buf);
	fs->super_buf = NULL;
	fs->es = NULL;
	ext4_cache_destroy(fs);
}

static int load(struct ext4_fs *fs, bool may_write)
{
	struct ext4_super *es = fs->super_copy;
	int err = ext4_super_read(fs);

	if (!err)
		err = load_caches(fs);
	if (err)
		return err;
	if (es->s_feature_incompat & INCOMPAT_RECOVER && fs->compat & COMPAT_HAS_JOURNAL &&
	    !fs->options.no_load && !may_write) {
		log_err("ext4 %s: the journal must be replayed, but the device is read-only", fs->sb->source);
		return -EROFS;
	}
	err = ext4_journal_open(fs, may_write);
	if (err || !fs->replayed)
		return err;
	/* What was read may be old: once more. */
	drop_caches(fs);
	err = ext4_super_read(fs);
	return err ? err : load_caches(fs);
}

/* Replayed, but not to be written: the flag goes, so that the next mount may be of a read-only device. */
static void after_replay(struct ext4_fs *fs)
{
	fs->read_only = false;
	(void)end_writing(fs);
	fs->read_only = true;
}

static int load_root(struct ext4_fs *fs)
{
	struct inode *root = ext4_iget(fs, EXT4_ROOT_INO, false);

	if (IS_ERR(root))
		return (int)PTR_ERR(root);
	if (!s_isdir(root->mode) || !root->nlink) {
		inode_put(root);
		return ext4_error(fs, "the root is no directory");
	}
	fs->sb->root_inode = root;
	return 0;
}

static void init_locks(struct ext4_fs *fs) NO_LOCK_CHECK
{
	spin_init(&fs->inodes_lock, "ext4 inodes");
	waitq_init(&fs->inode_wait);
	mutex_init(&fs->orphan_lock);
	for (unsigned k = 0; k < READ_LOCKS; k++)
		mutex_init(&fs->read_lock[k]);
	list_init(&fs->orphans);
}

static int start(struct ext4_fs *fs)
{
	struct super_block *sb = fs->sb;
	bool ro = sb->flags & MS_RDONLY, dev_ro;
	int err = ext4_dev_open(fs, sb->bdev_dev, !ro);

	if (err)
		return err;
	dev_ro = ext4_dev_read_only(fs);
	if (!ro && dev_ro)
		return -EACCES; /* mount(8) then tries it read-only */
	fs->read_only = true;
	err = load(fs, !dev_ro);
	if (err)
		return err;
	if (!ro && (fs->ro_compat & ~(u32)RO_COMPAT_KNOWN || fs->options.no_load)) {
		if (!fs->options.no_load)
			log_warn("ext4 %s: features %#x are not known: read-only", sb->source,
			         fs->ro_compat & ~(u32)RO_COMPAT_KNOWN);
		ro = true;
		atomic_or(&sb->flags, (u32)MS_RDONLY);
	}
	if (fs->replayed && !dev_ro && ro)
		after_replay(fs);
	fs->read_only = ro;
	if (!ro)
		err = begin_writing(fs);
	if (!err)
		err = load_root(fs);
	if (!err && !ro)
		ext4_orphans_process(fs);
	return err;
}

static int ext4_fill(struct super_block *sb, const char *source, const char *options)
{
	struct ext4_fs *fs = kzalloc(sizeof(*fs));
	int err;

	if (!fs)
		return -ENOMEM;
	fs->sb = sb;
	sb->private = fs;
	sb->ops = &ext4_super_ops;
	sb->magic = EXT4_SUPER_MAGIC;
	init_locks(fs);
	fs->super_copy = kmalloc(sizeof(struct ext4_super), 0);
	err = fs->super_copy ? ext4_parse_options(fs, options) : -ENOMEM;
	if (!err)
		err = start(fs);
	kfree(fs->super_copy);
	fs->super_copy = NULL;
	if (err) {
		if (sb->root_inode)
			inode_put(sb->root_inode);
		sb->root_inode = NULL;
		fs->read_only = true;
		fs_free(fs);
		sb->private = NULL;
	}
	return err;
}

static struct fs_type ext4_type = { .name = "ext4", .fill = ext4_fill, .param = ext4_param };
static struct fs_type ext3_type = { .name = "ext3", .fill = ext4_fill, .param = ext4_param };
static struct fs_type ext2_type = { .name = "ext2", .fill = ext4_fill, .param = ext4_param };

void ext4_init(void)
{
	fs_register(&ext3_type);
	fs_register(&ext2_type);
	fs_register(&ext4_type);
}
