/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/dir.c - directories: blocks of names, searched from the first to the last
 *
 * Owns:      the bytes of directory blocks but for the index (htree.c).
 * Layer:     fs/ext4.
 * Locks:     the directory's inode lock, for writing where it changes; map_lock for its blocks.
 * Contexts:  process context; may sleep.
 * Manual:    the ext4 disk layout, "Directory Entries".
 * Tests:     tests/ext4.
 *
 *      | ino | len 12 | 1 | DIR | .   || ino | len 12 | 2 | DIR | ..  || ino | len ... | 5 | REG | hello ... |  tail |
 *
 * Entries fill a block: each says how far it is to the next; a free place belongs to the entry before it, or is an
 * entry of inode 0.  With metadata_csum the last 12 bytes look like such an empty entry and hold the checksum.
 */
#include "internal.h"
#include <lib/string.h>
#include <sched/thread.h>

unsigned ext4_dirent_size(unsigned name_len)
{
	return ALIGN_UP((unsigned)sizeof(struct ext4_dirent) + name_len, 4u);
}

unsigned ext4_dir_usable(const struct ext4_fs *fs)
{
	return fs->block_size - (fs->metadata_csum ? (unsigned)sizeof(struct ext4_dir_tail) : 0);
}

u8 ext4_file_type(const struct ext4_fs *fs, umode_t mode)
{
	static const u8 types[16] = { [S_IFREG >> 12] = 1, [S_IFDIR >> 12] = 2, [S_IFCHR >> 12] = 3,
		                      [S_IFBLK >> 12] = 4, [S_IFIFO >> 12] = 5, [S_IFSOCK >> 12] = 6,
		                      [S_IFLNK >> 12] = 7 };

	return fs->incompat & INCOMPAT_FILETYPE ? types[(mode & S_IFMT) >> 12] : 0;
}

/* ---- a block ---- */

static struct ext4_dir_tail *tail_of(const struct ext4_fs *fs, char *data)
{
	return (struct ext4_dir_tail *)(data + fs->block_size - sizeof(struct ext4_dir_tail));
}

void ext4_dir_tail_init(const struct ext4_fs *fs, char *data)
{
	if (fs->metadata_csum)
		*tail_of(fs, data) = (struct ext4_dir_tail){ .rec_len = sizeof(struct ext4_dir_tail),
			                                     .file_type = DIR_TAIL_TYPE };
}

static u32 block_csum(const struct ext4_fs *fs, u32 seed, const char *data)
{
	return ext4_crc(seed, data, fs->block_size - sizeof(struct ext4_dir_tail));
}

/* An inner node of the index looks like one empty entry as long as the block. */
static bool is_index_node(const struct ext4_fs *fs, const char *data)
{
	const struct ext4_dirent *de = (const struct ext4_dirent *)data;

	return !de->inode && de->rec_len == fs->block_size;
}

bool ext4_dir_is_indexed(const struct inode *dir)
{
	const struct ext4_inode *ei = ext4_i(dir);

	return ei->flags & FL_INDEX && ei->fs->compat & COMPAT_DIR_INDEX;
}

static int check_csum(struct inode *dir, struct ext4_buffer *b)
{
	struct ext4_inode *ei = ext4_i(dir);
	const struct ext4_dir_tail *t = tail_of(ei->fs, b->data);

	if (!ei->fs->metadata_csum)
		return 0;
	if (t->zero1 || t->rec_len != sizeof(*t) || t->zero2 || t->file_type != DIR_TAIL_TYPE ||
	    t->csum != block_csum(ei->fs, ei->csum_seed, b->data)) {
		ext4_error(ei->fs, "directory %llu: a block's checksum is wrong",
		           (unsigned long long)dir->ino);
		return -EBADMSG;
	}
	return 0;
}

/* The chain of entries ends exactly at the block's end, and each is whole. */
static int check_entries(struct inode *dir, const char *data)
{
	const struct ext4_fs *fs = ext4_i(dir)->fs;
	u32 at = 0;

	while (at < fs->block_size) {
		const struct ext4_dirent *de = (const struct ext4_dirent *)(data + at);

		if (fs->block_size - at < 12 || de->rec_len < 12 || de->rec_len % 4 ||
		    de->rec_len > fs->block_size - at || ext4_dirent_size(de->name_len) > de->rec_len ||
		    de->inode > fs->inodes)
			return ext4_error(ext4_i(dir)->fs, "directory %llu: a bad entry at %u",
			                  (unsigned long long)dir->ino, at);
		at += de->rec_len;
	}
	return 0;
}

static int check_block(struct inode *dir, struct ext4_buffer *b, u64 lblk)
{
	struct ext4_fs *fs = ext4_i(dir)->fs;
	int err = ext4_buffer_is(fs, b, KIND_DIR);

	if (err <= 0)
		return err;
	err = check_entries(dir, b->data);
	if (err)
		return err;
	if (ext4_dir_is_indexed(dir) && (lblk == 0 || is_index_node(fs, b->data)))
		err = ext4_dx_check(dir, b, lblk == 0);
	else
		err = check_csum(dir, b);
	if (!err)
		b->kind = KIND_DIR;
	return err;
}

static struct ext4_buffer *block_at(struct inode *dir, u64 lblk, u32 *hole) NO_LOCK_CHECK
{
	struct ext4_inode *ei = ext4_i(dir);
	u64 blocks = (u64)dir->size >> ei->fs->block_bits;
	struct ext4_buffer *b;
	struct ext4_map m;
	int err;

	if (lblk >= blocks)
		return ERR_PTR(-EUCLEAN);
	mutex_lock(&ei->map_lock);
	err = ext4_map_find(dir, lblk, (u32)MIN(blocks - lblk, (u64)UINT32_MAX), &m);
	mutex_unlock(&ei->map_lock);
	if (err)
		return ERR_PTR(err);
	*hole = m.len;
	if (!m.mapped || m.unwritten)
		return NULL;
	b = ext4_buffer_read(ei->fs, m.pblk);
	if (IS_ERR(b))
		return b;
	err = check_block(dir, b, lblk);
	if (!err)
		return b;
	ext4_buffer_put(ei->fs, b);
	return ERR_PTR(err);
}

struct ext4_buffer *ext4_dir_block(struct inode *dir, u64 lblk)
{
	u32 hole;

	return block_at(dir, lblk, &hole);
}

struct ext4_buffer *ext4_dir_block_next(struct inode *dir, u64 *lblk)
{
	u64 blocks = (u64)dir->size >> ext4_i(dir)->fs->block_bits;

	while (*lblk < blocks) {
		u32 hole = 1;
		struct ext4_buffer *b = block_at(dir, *lblk, &hole);

		if (b)
			return b;
		*lblk += MAX(hole, 1u);
		cond_resched();
		if (thread_kill_pending())
			return ERR_PTR(-EINTR);
	}
	return NULL;
}

static void leaf_seal(struct ext4_fs *fs, struct ext4_buffer *b)
{
	tail_of(fs, b->data)->csum = block_csum(fs, b->seed, b->data);
}

void ext4_dir_block_done(struct inode *dir, struct ext4_buffer *b)
{
	const struct ext4_inode *ei = ext4_i(dir);

	b->seed = ei->csum_seed;
	b->seal = ei->fs->metadata_csum ? leaf_seal : NULL;
}

/* ---- searching ---- */

bool ext4_dir_search(struct ext4_fs *fs, struct ext4_buffer *b, const char *name, unsigned len,
                     struct ext4_dirent **out)
{
	for (u32 at = 0; at < fs->block_size;) {
		struct ext4_dirent *de = (struct ext4_dirent *)(b->data + at);

		if (de->inode && de->name_len == len && !memcmp(de->name, name, len)) {
			*out = de;
			return true;
		}
		at += de->rec_len;
	}
	return false;
}

static int find_linear(struct inode *dir, const char *name, unsigned len, struct ext4_dir_at *at)
{
	struct ext4_fs *fs = ext4_i(dir)->fs;

	for (u64 lblk = 0;; lblk++) {
		struct ext4_buffer *b = ext4_dir_block_next(dir, &lblk);

		if (!b)
			return -ENOENT;
		if (IS_ERR(b))
			return ext4_read_failed(fs, (int)PTR_ERR(b), "directory", dir->ino);
		if (ext4_dir_search(fs, b, name, len, &at->de)) {
			at->buf = b;
			at->lblk = lblk;
			return 0;
		}
		ext4_buffer_put(fs, b);
		cond_resched();
	}
}

int ext4_dir_find(struct inode *dir, const char *name, unsigned len, struct ext4_dir_at *at)
{
	bool dots = name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')); /* not in the index */

	if (ext4_dir_is_indexed(dir) && !dots) {
		int err = ext4_dx_find(dir, name, len, at);

		if (err != -EUCLEAN || atomic_load(&ext4_i(dir)->fs->failed))
			return err;
	}
	return find_linear(dir, name, len, at);
}

int ext4_dir_is_empty(struct inode *dir)
{
	struct ext4_fs *fs = ext4_i(dir)->fs;

	for (u64 lblk = 0;; lblk++) {
		struct ext4_buffer *b = ext4_dir_block_next(dir, &lblk);
		bool used = false;

		if (!b)
			return 1;
		if (IS_ERR(b))
			return (int)PTR_ERR(b);
		for (u32 at = 0; at < fs->block_size && !used;) {
			const struct ext4_dirent *de = (const struct ext4_dirent *)(b->data + at);

			used = de->inode && !(de->name_len <= 2 && de->name_len && de->name[0] == '.' &&
			                      (de->name_len == 1 || de->name[1] == '.'));
			at += de->rec_len;
		}
		ext4_buffer_put(fs, b);
		if (used)
			return 0;
		cond_resched();
	}
}

/* ---- changing ---- */

int ext4_dir_insert(struct ext4_fs *fs, char *data, const char *name, unsigned len, u32 ino, u8 type)
{
	unsigned need = ext4_dirent_size(len), usable = ext4_dir_usable(fs);

	for (u32 at = 0; at < usable;) {
		struct ext4_dirent *de = (struct ext4_dirent *)(data + at);
		unsigned used = de->inode ? ext4_dirent_size(de->name_len) : 0, room = de->rec_len;

		if (room >= used + need && at + room <= usable) {
			if (used) {
				de->rec_len = (u16)used;
				de = (struct ext4_dirent *)(data + at + used);
				de->rec_len = (u16)(room - used);
			}
			de->inode = ino;
			de->name_len = (u8)len;
			de->file_type = type;
			memcpy(de->name, name, len);
			return 0;
		}
		at += room;
	}
	return -ENOSPC;
}

struct ext4_buffer *ext4_dir_append(struct ext4_handle *h, struct inode *dir, u64 *lblk) NO_LOCK_CHECK
{
	struct ext4_inode *ei = ext4_i(dir);
	struct ext4_map m = { .lblk = (u64)dir->size >> ei->fs->block_bits, .len = 1 };
	struct ext4_buffer *b;
	int err;

	if (dir->size >= (loff_t)UINT32_MAX - ei->fs->block_size)
		return ERR_PTR(-ENOSPC);
	mutex_lock(&ei->map_lock);
	err = ext4_map_fill(h, dir, &m, false, false);
	mutex_unlock(&ei->map_lock);
	if (err)
		return ERR_PTR(err);
	b = ext4_buffer_new(h, m.pblk, KIND_DIR);
	if (IS_ERR(b))
		return b;
	*(struct ext4_dirent *)b->data = (struct ext4_dirent){ .rec_len = (u16)ext4_dir_usable(ei->fs) };
	ext4_dir_tail_init(ei->fs, b->data);
	ext4_dir_block_done(dir, b);
	*lblk = m.lblk;
	dir->size += ei->fs->block_size;
	return b;
}

/* Into the block if there is room. */
static int add_to_block(struct ext4_handle *h, struct inode *dir, struct ext4_buffer *b, const char *name,
                        unsigned len, u32 ino, u8 type)
{
	int err = ext4_access(h, b);

	if (!err)
		err = ext4_dir_insert(h->fs, b->data, name, len, ino, type);
	if (!err)
		ext4_dir_block_done(dir, b);
	return err;
}

static bool has_room(const struct ext4_fs *fs, const struct ext4_buffer *b, unsigned len)
{
	unsigned need = ext4_dirent_size(len);

	for (u32 at = 0; at < ext4_dir_usable(fs);) {
		const struct ext4_dirent *de = (const struct ext4_dirent *)(b->data + at);

		if (de->rec_len >= (de->inode ? ext4_dirent_size(de->name_len) : 0) + need)
			return true;
		at += de->rec_len;
	}
	return false;
}

static int add_linear(struct ext4_handle *h, struct inode *dir, const char *name, unsigned len, u32 ino,
                      u8 type)
{
	struct ext4_fs *fs = h->fs;
	struct ext4_buffer *b;
	u64 lblk = 0;
	int err;

	for (;; lblk++) {
		b = ext4_dir_block_next(dir, &lblk);
		if (IS_ERR(b))
			return (int)PTR_ERR(b);
		if (!b)
			break;
		if (has_room(fs, b, len)) {
			err = add_to_block(h, dir, b, name, len, ino, type);
			ext4_buffer_put(fs, b);
			return err;
		}
		if (lblk == 0 && (u64)dir->size == fs->block_size && fs->compat & COMPAT_DIR_INDEX) {
			err = ext4_dx_create(h, dir, b);
			ext4_buffer_put(fs, b);
			return err ? err : ext4_dx_add(h, dir, name, len, ino, type);
		}
		ext4_buffer_put(fs, b);
	}
	b = ext4_dir_append(h, dir, &lblk);
	if (IS_ERR(b))
		return (int)PTR_ERR(b);
	err = add_to_block(h, dir, b, name, len, ino, type);
	ext4_buffer_put(fs, b);
	return err;
}

int ext4_dir_add(struct ext4_handle *h, struct inode *dir, const char *name, unsigned len, struct inode *i)
{
	u8 type = ext4_file_type(h->fs, i->mode);

	if (!len || len > EXT4_NAME_LEN)
		return -ENAMETOOLONG;
	if (ext4_dir_is_indexed(dir))
		return ext4_dx_add(h, dir, name, len, (u32)i->ino, type);
	return add_linear(h, dir, name, len, (u32)i->ino, type);
}

int ext4_dir_remove(struct ext4_handle *h, struct inode *dir, struct ext4_dir_at *at)
{
	struct ext4_dirent *de = at->de, *before = NULL;
	int err = ext4_access(h, at->buf);

	if (err)
		return err;
	for (char *p = at->buf->data; p < (char *)de;) {
		before = (struct ext4_dirent *)p;
		p += before->rec_len;
	}
	if (before && (char *)before + before->rec_len == (char *)de)
		before->rec_len = (u16)(before->rec_len + de->rec_len);
	de->inode = 0; /* found again by nobody, also where the entry before it took its place */
	ext4_dir_block_done(dir, at->buf);
	return 0;
}

int ext4_dir_set(struct ext4_handle *h, struct inode *dir, struct ext4_dir_at *at, struct inode *to)
{
	int err = ext4_access(h, at->buf);

	if (err)
		return err;
	at->de->inode = (u32)to->ino;
	at->de->file_type = ext4_file_type(h->fs, to->mode);
	ext4_dir_block_done(dir, at->buf);
	return 0;
}

/* ---- "." and ".." ---- */

static void put_dots(struct ext4_fs *fs, char *data, u32 self, u32 parent)
{
	struct ext4_dirent *dot = (struct ext4_dirent *)data, *dotdot = (struct ext4_dirent *)(data + 12);
	u8 type = ext4_file_type(fs, S_IFDIR);

	*dot = (struct ext4_dirent){ self, 12, 1, type };
	dot->name[0] = '.';
	*dotdot = (struct ext4_dirent){ parent, (u16)(ext4_dir_usable(fs) - 12), 2, type };
	dotdot->name[0] = dotdot->name[1] = '.';
}

int ext4_dir_init(struct ext4_handle *h, struct inode *dir, u32 parent)
{
	u64 lblk;
	struct ext4_buffer *b = ext4_dir_append(h, dir, &lblk);

	if (IS_ERR(b))
		return (int)PTR_ERR(b);
	put_dots(h->fs, b->data, (u32)dir->ino, parent);
	ext4_dir_block_done(dir, b);
	ext4_buffer_put(h->fs, b);
	return 0;
}

/* The first block with its second entry, which must be "..". */
static struct ext4_buffer *dotdot_block(struct inode *dir, struct ext4_dirent **de)
{
	struct ext4_buffer *b = ext4_dir_block(dir, 0);
	struct ext4_dirent *dot;

	if (!b)
		return ERR_PTR(ext4_error(ext4_i(dir)->fs, "directory %llu has no first block",
		                          (unsigned long long)dir->ino));
	if (IS_ERR(b))
		return b;
	dot = (struct ext4_dirent *)b->data;
	*de = (struct ext4_dirent *)(b->data + dot->rec_len);
	if (dot->rec_len < ext4_i(dir)->fs->block_size && dot->name_len == 1 && (*de)->name_len == 2 &&
	    (*de)->name[0] == '.' && (*de)->name[1] == '.')
		return b;
	ext4_buffer_put(ext4_i(dir)->fs, b);
	return ERR_PTR(
	        ext4_error(ext4_i(dir)->fs, "directory %llu has no \"..\"", (unsigned long long)dir->ino));
}

int ext4_dir_parent(struct inode *dir, u32 *ino)
{
	struct ext4_dirent *de;
	struct ext4_buffer *b = dotdot_block(dir, &de);

	if (IS_ERR(b))
		return (int)PTR_ERR(b);
	*ino = de->inode;
	ext4_buffer_put(ext4_i(dir)->fs, b);
	return 0;
}

int ext4_dir_set_parent(struct ext4_handle *h, struct inode *dir, u32 ino)
{
	struct ext4_dirent *de;
	struct ext4_buffer *b = dotdot_block(dir, &de);
	int err;

	if (IS_ERR(b))
		return (int)PTR_ERR(b);
	err = ext4_access(h, b);
	if (!err) {
		de->inode = ino;
		if (ext4_dir_is_indexed(dir))
			ext4_dx_block_done(dir, b, true);
		else
			ext4_dir_block_done(dir, b);
	}
	ext4_buffer_put(h->fs, b);
	return err;
}
