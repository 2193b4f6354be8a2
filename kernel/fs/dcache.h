/* SPDX-License-Identifier: MIT
 * fs/dcache.h - inside fs: what the walk and the name-changing calls use of the dentry cache.  See dcache.c.
 */
#pragma once
#include <fs/dentry.h>

/* A name with its length and hash, not NUL-terminated. */
struct qname {
	const char *s;
	unsigned len;
	u32 hash;
};
enum { NAME_HASH_INIT = 0x811c9dc5 };
static inline u32 name_hash_step(u32 h, char c)
{
	return (h ^ (u8)c) * 16777619u;
}
struct qname qname_make(const char *s, unsigned len);

/* Guards the hash chains, parent, name, children and LRU of all dentries. Leaf but for the slab's locks. */
extern struct spinlock dcache_lock;
/* Odd while a name moves; a lockless walk is good if it is even and unchanged from beginning to end. */
extern u32 dcache_seq;

/* A private dentry, reference 1, not in the cache; takes over `inode` (may be NULL).  NULL: no memory, inode
 * kept. */
struct dentry *dentry_alloc(struct dentry *parent, const struct qname *n, struct inode *inode);

/* The table of (parent, name); written once at boot. */
extern struct hlist_head *dcache_table;
extern unsigned dcache_shift; /* 32 - log2 of its size */
static inline struct hlist_head *dcache_bucket(const struct dentry *parent, u32 hash)
{
	u32 mix = hash ^ (u32)((unsigned long)parent >> 6);

	return &dcache_table[mix * 0x9e3779b9u >> dcache_shift];
}
static inline bool dentry_name_equal(const struct dentry *d, const struct qname *n)
{
	const char *s = atomic_load(&d->name);

	for (unsigned i = 0; i < n->len; i++)
		if (s[i] != n->s[i])
			return false;
	return true;
}
/* Under RCU, no reference taken. NULL: not in the cache.  Inline: it is most of a path walk. */
static inline struct dentry *dcache_find_rcu(const struct dentry *parent, const struct qname *n)
{
	struct dentry *d;

	hlist_for_each_entry(d, dcache_bucket(parent, n->hash),
	                     hnode) if (d->hash == n->hash && atomic_load(&d->parent) == parent &&
	                                d->len == n->len && dentry_name_equal(d, n)) return d;
	return NULL;
}
/* The child with a reference if it is in the cache (and the directory's names may be cached), else NULL. */
struct dentry *dentry_find_cached(struct dentry *parent, const struct qname *n);
/* The child (negative too) with a reference, from the cache or the file system, or ERR_PTR. Takes parent's
 * inode lock for reading; the _locked form is for who holds it for writing. May sleep. */
struct dentry *dentry_lookup(struct dentry *parent, const struct qname *n);
struct dentry *dentry_lookup_locked(struct dentry *parent, const struct qname *n);
/* A negative dentry gets its inode (reference taken over). Parent's inode lock held for writing. */
void dentry_instantiate(struct dentry *d, struct inode *i);
/* The name is gone: out of the cache, with the (negative) names below. Parent's and own inode lock held. */
void dentry_kill_name(struct dentry *d);
/* The name may be wrong: out of the cache; whoever uses it goes on with it. */
void dentry_drop(struct dentry *d);
/* Drops the cached names of a directory that nobody uses. May sleep. */
void dentry_forget_names(struct dentry *parent);
/* Rename.  move: the target's cached dentry must have been killed; ext: from dentry_name_alloc for the new
 * name. Returns an allocation to be freed after rcu_synchronize(), or NULL. */
char *dentry_move(struct dentry *d, struct dentry *new_parent, const struct qname *n, char *ext);
void dentry_exchange(struct dentry *a, struct dentry *b);
/* Memory for a name that does not fit inline; *ext NULL when it does. 0 or -ENOMEM. */
MUST_CHECK int dentry_name_alloc(const struct qname *n, char **ext);
/* The parent with a reference. */
struct dentry *dentry_get_parent(struct dentry *d);
/* Is a an ancestor of d, or d itself?  Exact only while no directory moves (vfs_rename's mutex). */
bool dentry_is_ancestor(const struct dentry *a, const struct dentry *d);
/* Does each walk to d's name find d itself?  Not where names are looked up anew each time (procfs): a mount there would
 * never be met. */
bool dentry_is_lasting(const struct dentry *d);
/* Looks at n of the oldest names and drops those that are unused and were not used lately; their number.  Runs the
 * end of inodes: not to be called with any lock held. */
unsigned long dcache_shrink_some(unsigned long n);
/* The name with a zero into buf (NAME_MAX_LEN + 1 bytes), though renames run; its length. */
unsigned dentry_copy_name(const struct dentry *d, char *buf);
/* Drops all unused names of an instance that dies. */
void dcache_shrink_super(struct super_block *sb);
