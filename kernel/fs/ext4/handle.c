/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/handle.c - file handles
 *
 * Owns:      nothing.
 * Layer:     fs/ext4.
 * Locks:     the group's lock while its bitmap of inodes is asked; a directory's lock while it is searched.
 * Contexts:  process context; may sleep.
 * Manual:    open_by_handle_at(2).
 * Tests:     tests/ext4.
 *
 * A handle is the number of an inode and its generation, which changes with each new use of the number.  Anybody may have
 * made it up, so the bitmap is asked before the table: what was never used there may hold anything.
 */
#include "ext4.h"
#include "super.h"
#include <fs/handle.h>
#include <lib/bitmap.h>
#include <lib/string.h>

enum { WORDS = 2 };

static int handle_words(struct inode *i, u32 fh[HANDLE_WORDS])
{
	fh[0] = (u32)i->ino;
	fh[1] = ext4_i(i)->generation;
	return WORDS;
}

/* 0, or -ESTALE: nobody has the number. */
static int in_use(struct ext4_fs *fs, u32 ino)
{
	u32 group = (ino - 1) / fs->inodes_per_group, index = (ino - 1) % fs->inodes_per_group;
	struct ext4_buffer *b;
	int err;

	scoped_mutex(&fs->group[group].lock);
	b = ext4_inode_bitmap(fs, group);
	if (IS_ERR(b))
		return (int)PTR_ERR(b);
	err = bit_test(b->data, index) ? 0 : -ESTALE;
	ext4_buffer_put(fs, b);
	return err;
}

static struct inode *handle_inode(struct super_block *sb, const u32 *fh, unsigned n)
{
	struct ext4_fs *fs = ext4_fs(sb);
	struct inode *i;
	int err;

	if (n < WORDS || (fh[0] != EXT4_ROOT_INO && fh[0] < fs->first_ino) || fh[0] > fs->inodes)
		return ERR_PTR(-ESTALE);
	err = in_use(fs, fh[0]);
	i = err ? ERR_PTR(err) : ext4_iget(fs, fh[0], false);
	if (IS_ERR(i) || ext4_i(i)->generation == fh[1])
		return i;
	inode_put(i);
	return ERR_PTR(-ESTALE);
}

/* The name in this block whose inode it is. */
static bool name_in_block(const struct ext4_fs *fs, const char *data, u32 ino, char *name)
{
	for (u32 at = 0; at < fs->block_size;) {
		const struct ext4_dirent *de = (const struct ext4_dirent *)(data + at);
		bool dots = de->name[0] == '.' &&
		            (de->name_len == 1 || (de->name_len == 2 && de->name[1] == '.'));

		if (de->inode == ino && de->name_len && !dots) {
			memcpy(name, de->name, de->name_len);
			name[de->name_len] = 0;
			return true;
		}
		at += de->rec_len;
	}
	return false;
}

static int name_in(struct inode *parent, u32 ino, char *name)
{
	struct ext4_fs *fs = ext4_i(parent)->fs;
	struct ext4_buffer *b;
	bool found;

	for (u64 lblk = 0; (b = ext4_dir_block_next(parent, &lblk)); lblk++) {
		if (IS_ERR(b))
			return (int)PTR_ERR(b);
		found = name_in_block(fs, b->data, ino, name);
		ext4_buffer_put(fs, b);
		if (found)
			return 0;
		cond_resched();
	}
	return -ESTALE;
}

static int dir_name(struct inode *dir, struct inode **out, char *name)
{
	struct inode *parent;
	u32 ino;
	int err;

	rwlock_read_lock(&dir->lock);
	err = ext4_dir_parent(dir, &ino);
	rwlock_read_unlock(&dir->lock);
	if (err)
		return err;
	parent = ext4_iget(ext4_i(dir)->fs, ino, false);
	if (IS_ERR(parent))
		return (int)PTR_ERR(parent);
	err = -ESTALE;
	if (s_isdir(parent->mode)) {
		rwlock_read_lock(&parent->lock);
		err = name_in(parent, (u32)dir->ino, name);
		rwlock_read_unlock(&parent->lock);
	}
	if (err)
		inode_put(parent);
	*out = parent;
	return err;
}

const struct handle_ops ext4_handle_ops = {
	.make = handle_words,
	.find = handle_inode,
	.dir_name = dir_name,
};
