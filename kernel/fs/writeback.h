/* SPDX-License-Identifier: MIT
 * fs/writeback.h - inside fs: inodes that are newer than their store.  See writeback.c. */
#pragma once
#include <fs/inode.h>

/* Fields or pages that were not written yet? */
static inline bool inode_is_dirty(const struct inode *i)
{
	return atomic_load(&i->dirty) || (i->mapping == &i->data && !list_empty(&i->data.dirty_link));
}
/* Writes pages and fields of an inode that is about to lose its last user; errors are noted in the mapping. */
void inode_write_back(struct inode *i);
/* The inode dies: out of the list. */
void inode_forget_dirty(struct inode *i);
/* The instance stays while it is pinned, though it may not be used otherwise; false: it dies.  Does not sleep. */
bool super_pin(struct super_block *sb);
void super_unpin(struct super_block *sb);
void writeback_init(void);
/* The instance dies: no flusher works in it from now on. May sleep. */
void writeback_end_super(struct super_block *sb);
