/* SPDX-License-Identifier: MIT
 * fs/mount_tree.h - inside fs: the tree of mounts as the walk and mount(2) see it.  See mount.c. */
#pragma once
#include <fs/mount.h>

extern struct list_head
        all_mounts; /* by mount->all, in the order they were made; mount_lock, mount_mutex to change */
/* A copy, not attached, of what is mounted at `from`; recursive: with what is mounted below, but for unbindable
 * ones.  A reference is the caller's.  ERR_PTR(-ENOMEM). mount_mutex held. */
struct mount *mount_copy_tree(const struct path *from, bool recursive);
/* A mount that was not attached goes, with the copies below it; drops the reference. */
void mount_discard(struct mount *m);
/* Guards parent, mountpoint, the hash and the lists of all mounts. Order: mount_lock -> dcache_lock. */
extern struct spinlock mount_lock;
/* One change of the tree at a time; may sleep. Order: mount_mutex -> inode locks. */
extern struct mutex mount_mutex;
/* What a file system as a whole has of the flags of mount(2). */
enum { SUPER_FLAGS = MS_RDONLY | MS_SYNCHRONOUS | MS_DIRSYNC | MS_LAZYTIME };
/* The device that a block special file names: 0, -ENOTBLK, -EACCES, -EINVAL or what the walk says. */
int mount_find_device(const struct fs_walk *w, const char *source, dev_t *dev);
/* New flags and options (may be NULL) for a file system as a whole. mount_mutex held. */
int mount_remount_super(struct super_block *sb, u32 flags, const char *options);
/* As dcache_seq, for the tree of mounts. */
extern u32 mount_seq;

/* What is mounted at dentry in parent: under RCU, no reference. */
struct mount *mount_find_rcu(const struct mount *parent, const struct dentry *at);
/* While something is mounted at *p, replaces it by that mount's root (references move along). */
void path_enter_mounts(struct path *p);
/* A mount of sb's `root` in no tree yet, reference 1; takes its own references. NULL = no memory. */
struct mount *mount_create(struct super_block *sb, struct dentry *root, u32 flags);
static inline struct mount *mount_get(struct mount *m)
{
	ref_get(&m->ref);
	return m;
}
void mount_put(struct mount *m); /* may sleep */
/* Links m (whose reference the tree takes over) at `at`; its own references to the place. mount_mutex held.
 */
void mount_attach(struct mount *m, const struct path *at);
/* Unlinks m from its place; with `tree` everything below it too, each dropping the tree's reference. For
 * pivot and move (tree = false) m keeps its children and the tree's reference is the caller's. mount_mutex
 * held. */
void mount_detach(struct mount *m, bool tree);
/* Does m hang in the tree, not in one that only a file holds? mount_mutex held. */
bool mount_reachable(const struct mount *m);
bool mount_has_children(const struct mount *m);
/* Is a file open for writing through any mount of sb? */
bool super_has_writers(const struct super_block *sb);
/* The next mount of the subtree of `top` in depth-first order after m, NULL at the end; without `down`, the
 * subtree of m is skipped. mount_mutex held. */
struct mount *mount_next(struct mount *m, const struct mount *top, bool down);
/* Is m mounted (or the top of a tree)?  Not so after a lazy umount. mount_mutex held. */
static inline bool mount_in_tree(const struct mount *m)
{
	return !list_empty(&m->all);
}
/* Parent mount and mountpoint with references; false at the top of a tree. */
bool mount_above(struct mount *m, struct path *out);
void mounts_init(void);
