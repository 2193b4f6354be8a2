/* SPDX-License-Identifier: MIT
 * fs/dentry.h - the cache of names: (parent, name) -> inode, also "no such name". Lookups run under RCU. */
#pragma once
#include <fs/inode.h>

enum { NAME_MAX_LEN = 255, DNAME_INLINE = 32 };
struct dentry {
	struct refcount ref;
	u32 hash;
	struct dentry *parent; /* owned; itself at a root */
	struct inode *inode;   /* owned; NULL = negative */
	struct hlist_node hnode;
	struct list_head children, sibling; /* under parent->inode->lock */
	struct list_head lru;
	u16 len;
	bool mounted; /* something is mounted here */
	bool unlinked;
	bool used;   /* found since the LRU hand passed */
	bool orphan; /* evicted: its reference to the parent was given back already */
	bool anon;   /* stands in no directory: shown as "name:[ino]" */
	char *name;  /* = inline_name or an allocation */
	char inline_name[DNAME_INLINE];
	struct super_block *sb;
	struct rcu_head rcu;
};
struct dentry *dentry_alloc_root(struct inode *root); /* takes over the inode reference */
static inline struct dentry *dentry_get(struct dentry *d)
{
	ref_get(&d->ref);
	return d;
}
void dentry_put(struct dentry *d); /* may sleep */
/* Text of a path as seen from root: the pointer into buf, or ERR_PTR(-ENAMETOOLONG).  " (deleted)" is added, and
 * "(unreachable)" put before as getcwd(2). */
#define UNREACHABLE "(unreachable)"
char *path_string(const struct path *p, const struct path *root, char *buf, size_t size);
/* Drops unused entries (leak tests). */
void dcache_shrink(void);
void dcache_init(void);
