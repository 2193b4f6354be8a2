/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/xattr_store.c - where extended attributes stand: behind the inode's fields, and in one block
 *
 * Owns:      the bytes of both.
 * Layer:     fs/ext4.
 * Locks:     the inode's lock, for writing where they change. A block that inodes share: its buffer lock.
 * Contexts:  process context; may sleep.
 * Manual:    the ext4 disk layout, "Extended Attributes".
 * Tests:     tests/ext4.
 *
 *      inode:   [ fields | magic | entry entry ... 0        values ]
 *      block:   [ head           | entry entry ... 0        values ]     may be shared: h_refcount
 *
 * An entry names namespace, name and where the value stands; values grow from the end towards the entries.  A change
 * takes all attributes apart and puts them together anew, in memory; so there are no gaps, and what fits the inode
 * is there.
 */
#include "xattr.h"
#include <lib/sort.h>
#include <lib/string.h>
#include <mem/slab.h>

static u32 entry_size(u32 name_len)
{
	return ALIGN_UP((u32)sizeof(struct ext4_xattr_entry) + name_len, 4u);
}

/* The inode's part: where it begins in the raw inode, and its length; 0: none. */
static u32 body_at(const struct ext4_inode *ei)
{
	return EXT4_GOOD_OLD_INODE + ei->extra_isize;
}

static u32 body_size(const struct ext4_inode *ei)
{
	u32 at = body_at(ei);

	return ei->fs->inode_size > at + 8 && ei->extra_isize ? ei->fs->inode_size - at : 0;
}

/* ---- taking apart ---- */

/* Entries from `first` up to `end`; offsets of values count from `base`. */
static int parse(struct ext4_xattrs *s, const char *first, const char *end, const char *base, bool in_block)
{
	const char *at = first;

	while (end - at >= 4 && *(const u32 *)at) {
		const struct ext4_xattr_entry *e = (const struct ext4_xattr_entry *)at;
		size_t room = (size_t)(end - base);

		if (end - at < (long)sizeof(*e) || end - at < (long)entry_size(e->e_name_len) + 4 ||
		    e->e_value_inum || e->e_value_offs > room || e->e_value_size > room - e->e_value_offs)
			return -EUCLEAN;
		s->item[s->n++] = (struct ext4_xattr){ .index = e->e_name_index,
			                               .len = e->e_name_len,
			                               .in_block = in_block,
			                               .name = e->e_name,
			                               .value = base + e->e_value_offs,
			                               .size = e->e_value_size };
		at += entry_size(e->e_name_len);
	}
	return 0;
}

static int load_body(struct inode *i, struct ext4_xattrs *s)
{
	struct ext4_inode *ei = ext4_i(i);
	u32 size = body_size(ei);
	struct ext4_inode_disk *raw;
	struct ext4_buffer *b;

	if (!size || ei->state & EI_NEW)
		return 0;
	b = ext4_inode_buffer(ei->fs, (u32)i->ino, &raw);
	if (IS_ERR(b))
		return (int)PTR_ERR(b);
	s->body = kmalloc(size, 0);
	if (s->body)
		memcpy(s->body, (char *)raw + body_at(ei), size);
	ext4_buffer_put(ei->fs, b);
	if (!s->body)
		return -ENOMEM;
	if (*(u32 *)s->body != XATTR_MAGIC)
		return 0;
	return parse(s, s->body + 4, s->body + size, s->body + 4, false);
}

/* The block, checked: an error, or the buffer. */
static struct ext4_buffer *attr_block(struct inode *i)
{
	struct ext4_inode *ei = ext4_i(i);
	const struct ext4_xattr_head *head;
	struct ext4_buffer *b;
	int err;

	if (!ext4_block_valid(ei->fs, ei->file_acl, 1))
		return ERR_PTR(-EUCLEAN);
	b = ext4_buffer_read(ei->fs, ei->file_acl);
	if (IS_ERR(b))
		return b;
	head = (const struct ext4_xattr_head *)b->data;
	err = ext4_buffer_is(ei->fs, b, KIND_XATTR);
	if (err > 0) {
		err = head->h_magic == XATTR_MAGIC && head->h_blocks == 1 && head->h_refcount ? 0 : -EUCLEAN;
		if (!err && ei->fs->metadata_csum && head->h_checksum != ext4_xattr_csum(ei->fs, b))
			err = -EBADMSG;
	}
	if (!err) {
		b->kind = KIND_XATTR;
		return b;
	}
	ext4_buffer_put(ei->fs, b);
	return ERR_PTR(err);
}

static int load_block(struct inode *i, struct ext4_xattrs *s)
{
	struct ext4_fs *fs = ext4_i(i)->fs;
	struct ext4_buffer *b;

	if (!ext4_i(i)->file_acl)
		return 0;
	b = attr_block(i);
	if (IS_ERR(b))
		return (int)PTR_ERR(b);
	s->block = kmalloc(fs->block_size, 0);
	if (s->block)
		memcpy(s->block, b->data, fs->block_size);
	ext4_buffer_put(fs, b);
	if (!s->block)
		return -ENOMEM;
	return parse(s, s->block + sizeof(struct ext4_xattr_head), s->block + fs->block_size, s->block, true);
}

int ext4_xattrs_load(struct inode *i, struct ext4_xattrs **out)
{
	struct ext4_fs *fs = ext4_i(i)->fs;
	u32 most = (fs->block_size + fs->inode_size) / (u32)sizeof(struct ext4_xattr_entry) + 1;
	struct ext4_xattrs *s = kmalloc(sizeof(*s) + most * sizeof(s->item[0]), 0);
	int err;

	if (!s)
		return -ENOMEM;
	s->body = s->block = NULL;
	s->n = 0;
	err = load_body(i, s);
	if (!err)
		err = load_block(i, s);
	if (!err) {
		*out = s;
		return 0;
	}
	ext4_xattrs_free(s);
	if (err == -EUCLEAN || err == -EBADMSG)
		ext4_error(fs, "inode %llu: its attributes are wrong", (unsigned long long)i->ino);
	return err;
}

void ext4_xattrs_free(struct ext4_xattrs *s)
{
	kfree(s->body);
	kfree(s->block);
	kfree(s);
}

struct ext4_xattr *ext4_xattrs_find(struct ext4_xattrs *s, u8 index, const char *name, size_t len)
{
	for (u32 k = 0; k < s->n; k++)
		if (s->item[k].index == index && s->item[k].len == len && !memcmp(s->item[k].name, name, len))
			return &s->item[k];
	return NULL;
}

/* ---- putting together ---- */

static u32 item_size(const struct ext4_xattr *x)
{
	return entry_size(x->len) + ALIGN_UP(x->size, 4u);
}

/* Decides for each where it goes: those that are in the inode stay if they can. -ENOSPC. */
static int place(const struct ext4_inode *ei, struct ext4_xattrs *s)
{
	u32 body = body_size(ei) ? body_size(ei) - 8 : 0; /* magic, and the zero behind the entries */
	u32 block = ei->fs->block_size - (u32)sizeof(struct ext4_xattr_head) - 4;

	for (u32 pass = 0; pass < 2; pass++) {
		for (u32 k = 0; k < s->n; k++) {
			struct ext4_xattr *x = &s->item[k];
			u32 need = item_size(x);

			if (pass != x->in_block)
				continue;
			if (need <= body) {
				body -= need;
				x->in_block = false;
			} else if (pass == 1) {
				if (need > block)
					return -ENOSPC;
				block -= need;
			} else {
				x->in_block = true; /* the second pass finds it again */
			}
		}
	}
	return 0;
}

static u32 entry_hash(const struct ext4_xattr_entry *e, const char *value)
{
	u32 hash = 0, words = DIV_ROUND_UP(e->e_value_size, 4u);

	for (u32 k = 0; k < e->e_name_len; k++)
		hash = hash << 5 ^ hash >> 27 ^ (u32)(s32)(s8)e->e_name[k];
	for (u32 k = 0; k < words; k++)
		hash = hash << 16 ^ hash >> 16 ^ ((const u32 *)value)[k];
	return hash;
}

/* Writes the items of one place: entries from first on, values down from end. The combined hash. */
static u32 build(const struct ext4_xattrs *s, bool in_block, char *first, char *end, char *base)
{
	char *at = first, *value = end;
	u32 all = 0;
	bool hashed = true;

	for (u32 k = 0; k < s->n; k++) {
		const struct ext4_xattr *x = &s->item[k];
		struct ext4_xattr_entry *e = (struct ext4_xattr_entry *)at;

		if (x->in_block != in_block)
			continue;
		value -= ALIGN_UP(x->size, 4u);
		memcpy(value, x->value, x->size);
		*e = (struct ext4_xattr_entry){ .e_name_len = x->len,
			                        .e_name_index = x->index,
			                        .e_value_offs = (u16)(x->size ? value - base : 0),
			                        .e_value_size = x->size };
		memcpy(e->e_name, x->name, x->len);
		e->e_hash = entry_hash(e, value);
		hashed = hashed && e->e_hash;
		all = all << 16 ^ all >> 16 ^ e->e_hash;
		at += entry_size(x->len);
	}
	return hashed ? all : 0;
}

static u32 count_in(const struct ext4_xattrs *s, bool in_block)
{
	u32 n = 0;

	for (u32 k = 0; k < s->n; k++)
		n += s->item[k].in_block == in_block;
	return n;
}

static int item_cmp(const void *a, const void *b)
{
	const struct ext4_xattr *x = a, *y = b;

	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	return memcmp(x->name, y->name, x->len);
}

/* The items still point into s->body: it is built in new memory. */
static int store_body(struct ext4_handle *h, struct inode *i, struct ext4_xattrs *s)
{
	struct ext4_inode *ei = ext4_i(i);
	u32 size = body_size(ei);
	struct ext4_inode_disk *raw;
	struct ext4_buffer *b;
	char *new;
	int err;

	if (!size)
		return 0;
	new = kzalloc(size);
	if (!new)
		return -ENOMEM;
	if (count_in(s, false)) {
		*(u32 *)new = XATTR_MAGIC;
		(void)build(s, false, new + 4, new + size, new + 4);
	}
	b = ext4_inode_buffer(ei->fs, (u32)i->ino, &raw);
	err = IS_ERR(b) ? (int)PTR_ERR(b) : ext4_access(h, b);
	if (!err) {
		mutex_lock(&b->lock);
		memcpy((char *)raw + body_at(ei), new, size);
		mutex_unlock(&b->lock);
	}
	ext4_buffer_put(ei->fs, b);
	kfree(new);
	return err;
}

/* The block to write: the old one if nobody shares it, or a new one. */
static struct ext4_buffer *block_to_write(struct ext4_handle *h, struct inode *i)
{
	struct ext4_inode *ei = ext4_i(i);
	struct ext4_buffer *b;
	u32 n = 1;
	u64 block;
	int err;

	if (ei->file_acl) {
		b = attr_block(i);
		if (IS_ERR(b) || ((const struct ext4_xattr_head *)b->data)->h_refcount == 1)
			return b;
		ext4_buffer_put(ei->fs, b);
		err = ext4_xattr_delete(h, i);
		if (err)
			return ERR_PTR(err);
	}
	err = ext4_alloc_blocks(h, ext4_group_first(ei->fs, ((u32)i->ino - 1) / ei->fs->inodes_per_group), &n,
	                        &block, false);
	if (err)
		return ERR_PTR(err);
	b = ext4_buffer_new(h, block, KIND_XATTR);
	if (IS_ERR(b))
		return b;
	((struct ext4_xattr_head *)b->data)->h_refcount = 1;
	ei->file_acl = block;
	i->blocks += ei->fs->block_size / 512;
	return b;
}

static int store_block(struct ext4_handle *h, struct inode *i, struct ext4_xattrs *s)
{
	struct ext4_fs *fs = ext4_i(i)->fs;
	struct ext4_xattr_head *head;
	struct ext4_buffer *b;
	u32 hash;
	int err;

	if (!count_in(s, true))
		return ext4_xattr_delete(h, i);
	b = block_to_write(h, i);
	if (IS_ERR(b))
		return (int)PTR_ERR(b);
	err = ext4_access(h, b);
	if (!err) {
		memset(b->data, 0, fs->block_size);
		head = (struct ext4_xattr_head *)b->data;
		hash = build(s, true, b->data + sizeof(*head), b->data + fs->block_size, b->data);
		*head = (struct ext4_xattr_head){
			.h_magic = XATTR_MAGIC, .h_refcount = 1, .h_blocks = 1, .h_hash = hash
		};
		ext4_xattr_csum_set(fs, b);
	}
	ext4_buffer_put(fs, b);
	return err;
}

int ext4_xattrs_store(struct ext4_handle *h, struct inode *i, struct ext4_xattrs *s)
{
	int err;

	sort(s->item, s->n, sizeof(s->item[0]), item_cmp);
	err = place(ext4_i(i), s);
	if (!err && ext4_i(i)->state & EI_NEW)
		err = ext4_inode_write(h, i); /* else it would wipe what is put behind its fields */
	if (!err)
		err = store_block(h, i, s);
	if (!err)
		err = store_body(h, i, s);
	return err ? err : ext4_inode_write(h, i);
}

/* ---- the end ---- */

int ext4_xattr_delete(struct ext4_handle *h, struct inode *i)
{
	struct ext4_inode *ei = ext4_i(i);
	struct ext4_xattr_head *head;
	struct ext4_buffer *b;
	u64 block = ei->file_acl;
	int err;

	if (!block)
		return 0;
	b = attr_block(i);
	if (IS_ERR(b))
		return (int)PTR_ERR(b);
	head = (struct ext4_xattr_head *)b->data;
	ei->file_acl = 0;
	i->blocks -= MIN(i->blocks, (u64)ei->fs->block_size / 512);
	if (head->h_refcount > 1) {
		err = ext4_access(h, b);
		if (!err) {
			mutex_lock(&b->lock);
			head->h_refcount--;
			ext4_xattr_csum_set(ei->fs, b);
			mutex_unlock(&b->lock);
		}
	} else {
		err = ext4_revoke(h, block);
		if (!err)
			err = ext4_free_blocks(h, block, 1);
	}
	ext4_buffer_put(ei->fs, b);
	return err;
}
