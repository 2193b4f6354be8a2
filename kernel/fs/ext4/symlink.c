/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/symlink.c - symbolic links: up to 59 bytes in the inode, longer ones in a block
 *
 * Owns:      inode->link of links.
 * Layer:     fs/ext4.
 * Locks:     none: a link's text never changes.
 * Contexts:  process context; may sleep.
 * Manual:    symlink(7); the ext4 disk layout, "Symbolic Links".
 * Tests:     tests/ext4.
 *
 * The text is read with the inode, so that the quick walk can follow it.
 */
#include "xattr.h"
#include <lib/string.h>
#include <mem/slab.h>

static int load_block(struct inode *i, char *to) NO_LOCK_CHECK
{
	struct ext4_inode *ei = ext4_i(i);
	struct ext4_buffer *b;
	struct ext4_map m;
	int err;

	mutex_lock(&ei->map_lock);
	err = ext4_map_find(i, 0, 1, &m);
	mutex_unlock(&ei->map_lock);
	if (err || !m.mapped)
		return err ? err : -EUCLEAN;
	b = ext4_buffer_read(ei->fs, m.pblk);
	if (IS_ERR(b))
		return (int)PTR_ERR(b);
	err = ext4_buffer_is(ei->fs, b, KIND_LINK);
	if (err >= 0) {
		b->kind = KIND_LINK;
		memcpy(to, b->data, (size_t)i->size);
		err = 0;
	}
	ext4_buffer_put(ei->fs, b);
	return err;
}

int ext4_symlink_load(struct inode *i)
{
	struct ext4_inode *ei = ext4_i(i);
	char *text;
	int err = 0;

	if (i->size <= 0 || i->size >= ei->fs->block_size)
		return ext4_error(ei->fs, "link %llu: %lld bytes", (unsigned long long)i->ino,
		                  (long long)i->size);
	text = kzalloc((size_t)i->size + 1);
	if (!text)
		return -ENOMEM;
	if (i->size < (loff_t)sizeof(ei->block) && !(ei->flags & FL_EXTENTS))
		memcpy(text, ei->block, (size_t)i->size);
	else
		err = load_block(i, text);
	if (!err && strnlen(text, (size_t)i->size) != (size_t)i->size)
		err = ext4_error(ei->fs, "link %llu holds a zero byte", (unsigned long long)i->ino);
	if (err)
		kfree(text);
	else
		i->link = text;
	return err;
}

int ext4_symlink_store(struct ext4_handle *h, struct inode *i, const char *target)
{
	struct ext4_inode *ei = ext4_i(i);
	size_t n = strlen(target);
	struct ext4_map m = { .len = 1 };
	struct ext4_buffer *b;
	int err;

	i->link = kstrdup(target);
	if (!i->link)
		return -ENOMEM;
	i->size = ei->disk_size = (loff_t)n;
	if (n < sizeof(ei->block)) {
		memcpy(ei->block, target, n);
		return 0;
	}
	if (h->fs->incompat & INCOMPAT_EXTENTS)
		ext4_ext_init(i);
	mutex_lock(&ei->map_lock);
	err = ext4_map_fill(h, i, &m, false, false);
	mutex_unlock(&ei->map_lock);
	if (err)
		return err;
	b = ext4_buffer_new(h, m.pblk, KIND_LINK);
	if (IS_ERR(b))
		return (int)PTR_ERR(b);
	memcpy(b->data, target, n);
	ext4_buffer_put(h->fs, b);
	return 0;
}

const struct inode_ops ext4_symlink_inode_ops = {
	.setattr = ext4_setattr,
	.getattr = ext4_getattr,
	.getxattr = ext4_getxattr,
	.setxattr = ext4_setxattr,
	.listxattr = ext4_listxattr,
	.removexattr = ext4_removexattr,
};
