/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/readdir.c - listing a directory
 *
 * Owns:      what a position in a directory is: the byte where the next entry begins.
 * Layer:     fs/ext4.
 * Locks:     the directory's inode lock, taken by fs.
 * Contexts:  process context; may sleep.
 * Manual:    getdents(2), readdir(3).
 * Tests:     tests/ext4.
 *
 * Entries do not move when others are removed, so `rm -r` may delete while it lists. A split of the index moves names
 * to the end of the directory: a listing that goes on meanwhile may then see a name twice.  An offset that is not an
 * entry's beginning any more goes on at the next one.
 */
#include "internal.h"
#include <fs/dentry.h>
#include <sched/thread.h>

static unsigned dtype(const struct ext4_dirent *de)
{
	static const u8 types[] = { 0,
		                    S_IFREG >> 12,
		                    S_IFDIR >> 12,
		                    S_IFCHR >> 12,
		                    S_IFBLK >> 12,
		                    S_IFIFO >> 12,
		                    S_IFSOCK >> 12,
		                    S_IFLNK >> 12 };

	return de->file_type < ARRAY_SIZE(types) ? types[de->file_type] : 0;
}

/* The entries of one block from ctx->pos on; false: the caller's buffer is full. */
static bool list_block(const struct ext4_fs *fs, const char *data, u64 start, struct dir_context *ctx)
{
	for (u32 at = 0; at < fs->block_size;) {
		const struct ext4_dirent *de = (const struct ext4_dirent *)(data + at);
		u64 pos = start + at;

		at += de->rec_len;
		if ((loff_t)pos < ctx->pos)
			continue;
		if (de->inode && de->name_len) {
			ctx->pos = (loff_t)pos;
			if (!ctx->emit(ctx, de->name, de->name_len, de->inode,
			               fs->incompat & INCOMPAT_FILETYPE ? dtype(de) : 0))
				return false;
		}
		ctx->pos = (loff_t)(start + at);
	}
	return true;
}

int ext4_dir_iterate(struct file *f, struct dir_context *ctx)
{
	struct inode *dir = f->inode;
	struct ext4_fs *fs = ext4_i(dir)->fs;

	while (ctx->pos < dir->size) {
		u64 lblk = (u64)ctx->pos >> fs->block_bits, want = lblk;
		struct ext4_buffer *b = ext4_dir_block_next(dir, &lblk);
		bool more;

		if (!b)
			break;
		if (IS_ERR(b))
			return (int)PTR_ERR(b);
		if (lblk != want)
			ctx->pos = (loff_t)(lblk << fs->block_bits);
		more = list_block(fs, b->data, lblk << fs->block_bits, ctx);
		ext4_buffer_put(fs, b);
		if (!more)
			break;
		cond_resched();
	}
	return 0;
}
