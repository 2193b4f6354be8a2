/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/orphan.c - inodes that a crash would leave without a name or half cut
 *
 * Owns:      the list that begins in the superblock (s_last_orphan) and goes through i_dtime.
 * Layer:     fs/ext4.
 * Locks:     fs->orphan_lock, inside a handle.
 * Contexts:  process context; may sleep.
 * Manual:    the ext4 disk layout, "Orphan File" (the older list is what is used here).
 * Tests:     tests/ext4.
 *
 * A file that is unlinked while it is open, and one that is being truncated, is on the list from the transaction that
 * begins it to the one that ends it. After a crash the mount (or e2fsck) finishes the work.
 */
#include "internal.h"
#include <lib/string.h>

static u32 next_ino(struct ext4_fs *fs, struct ext4_inode *ei) MUST_HOLD(&fs->orphan_lock)
{
	if (ei->orphan.next == &fs->orphans)
		return fs->orphans_rest;
	return (u32)list_entry(ei->orphan.next, struct ext4_inode, orphan)->inode->ino;
}

int ext4_orphan_add(struct ext4_handle *h, struct inode *i)
{
	struct ext4_inode *ei = ext4_i(i);
	struct ext4_fs *fs = ei->fs;
	int err;

	scoped_mutex(&fs->orphan_lock);
	if (!list_empty(&ei->orphan))
		return 0;
	err = ext4_access(h, fs->super_buf);
	if (err)
		return err;
	ei->dtime = fs->es->s_last_orphan;
	err = ext4_inode_write(h, i);
	if (err)
		return err;
	fs->es->s_last_orphan = (u32)i->ino;
	ext4_super_changed(fs);
	list_add(&ei->orphan, &fs->orphans);
	return 0;
}

/* Takes i out of the list on the disk: who pointed to it points to the next. */
static int unlink_on_disk(struct ext4_handle *h, struct ext4_inode *ei) MUST_HOLD(&ei->fs->orphan_lock)
{
	struct ext4_fs *fs = ei->fs;
	struct ext4_inode *before;
	int err;

	if (ei->orphan.prev == &fs->orphans) {
		err = ext4_access(h, fs->super_buf);
		if (!err) {
			fs->es->s_last_orphan = next_ino(fs, ei);
			ext4_super_changed(fs);
		}
		return err;
	}
	before = list_entry(ei->orphan.prev, struct ext4_inode, orphan);
	before->dtime = next_ino(fs, ei);
	return ext4_inode_write(h, before->inode);
}

int ext4_orphan_remove(struct ext4_handle *h, struct inode *i)
{
	struct ext4_inode *ei = ext4_i(i);
	int err;

	scoped_mutex(&ei->fs->orphan_lock);
	if (list_empty(&ei->orphan))
		return 0;
	err = unlink_on_disk(h, ei);
	if (err)
		return err;
	list_del(&ei->orphan);
	ei->dtime = 0;
	return ext4_inode_write(h, i);
}

/* The list cannot be followed: it ends here, and e2fsck will find the rest. */
static void list_forget(struct ext4_fs *fs)
{
	struct ext4_handle h;
	int err = ext4_start(fs, &h, WRITE_INODE_CREDITS);

	if (err)
		return;
	err = ext4_access(&h, fs->super_buf);
	if (!err) {
		fs->es->s_last_orphan = 0;
		ext4_super_changed(fs);
	}
	(void)ext4_stop(&h, err);
}

/* Deletes or cuts the first of the list; `rest` is what follows it on the disk. */
static int process_one(struct ext4_fs *fs, struct inode *i, u32 rest)
{
	int err = 0;

	mutex_lock(&fs->orphan_lock);
	if (list_empty(&ext4_i(i)->orphan))
		list_add(&ext4_i(i)->orphan, &fs->orphans);
	fs->orphans_rest = rest;
	mutex_unlock(&fs->orphan_lock);
	if (i->nlink && i->mapping) {
		rwlock_write_lock(&i->lock);
		err = ext4_truncate(i);
		rwlock_write_unlock(&i->lock);
	}
	inode_put(i);
	mutex_lock(&fs->orphan_lock);
	fs->orphans_rest = 0;
	mutex_unlock(&fs->orphan_lock);
	return err ? err : fs->es->s_last_orphan == rest ? 0 : -EUCLEAN;
}

void ext4_orphans_process(struct ext4_fs *fs) NO_LOCK_CHECK
{
	unsigned deleted = 0, cut = 0;
	u32 ino;

	while ((ino = fs->es->s_last_orphan) != 0) {
		struct inode *i = ext4_iget(fs, ino, false);
		u32 rest = IS_ERR(i) ? 0 : ext4_i(i)->dtime;
		int err = IS_ERR(i) ? -EUCLEAN : 0;

		if (!err)
			i->nlink ? cut++ : deleted++;
		if (!err && (rest == ino || rest > fs->inodes || deleted + cut > fs->inodes)) {
			inode_put(i);
			err = -EUCLEAN;
		}
		if (!err)
			err = process_one(fs, i, rest);
		if (err) {
			ext4_error(fs, "the list of orphans is broken at inode %u", ino);
			list_forget(fs);
			return;
		}
	}
	if (deleted || cut)
		log_info("ext4 %s: %u inodes deleted, %u truncated after a crash", fs->sb->source, deleted,
		         cut);
}
