/* SPDX-License-Identifier: MIT
 * fs/walk.h - inside fs: the state of a path walk.  See walk.c for the theory. */
#pragma once
#include <fs/namei.h>
#include <fs/dcache.h>
#include <fs/mount_tree.h>

enum { LINKS_MAX = 40 }; /* symbolic links followed in one walk, as Linux */
enum last_type { LAST_NORM, LAST_DOT, LAST_DOTDOT, LAST_NONE /* "/", or only slashes left */ };

struct walker {
	const struct cred *cred;
	struct path at, root; /* referenced unless rcu */
	const char *name;     /* what is left of the present string */
	struct qname last;    /* after walk_parent: the component not yet walked */
	enum last_type last_type;
	bool rcu;
	bool trailing; /* the last component is being walked */
	bool need_dir; /* a slash follows the last component */
	u32 dcache_seq, mount_seq;
	unsigned links; /* followed so far */
	unsigned nrest, nheld;
	const char *rest[LINKS_MAX]; /* what follows the links being walked; never empty strings */
	struct path
	        held[LINKS_MAX]; /* links whose text is in use (an inode alone does not keep its instance) */
};

/* Begins at the root, the base or the working directory.  After success walk_end() is due. */
int walk_begin(struct walker *k, const struct fs_walk *w, const char *name, bool rcu);
void walk_end(struct walker *k);
/* Walks all but the last component, which is left in k->last.  -ECHILD (rcu only): try again with references.
 */
int walk_parent(struct walker *k);
/* Walks k->last.  0, or 1: it was a link, and its text is to be walked (walk_parent again), or -errno. */
int walk_last(struct walker *k, bool follow);
/* Goes from k->at to its child d, whose reference (unless rcu) is taken over; 0, 1 (link) or -errno. */
int walk_into(struct walker *k, struct dentry *d, bool follow);
/* walk_begin + walk_parent, quickly if all is cached; k holds references then. On errors nothing is held. */
int walk_to_parent(struct walker *k, const struct fs_walk *w, const char *name);
/* -EROFS when the mount at p is read-only. */
static inline int path_check_write(const struct path *p)
{
	return mount_readonly(p->mnt) ? -EROFS : 0;
}
/* Removing `victim` from `dir`: -EACCES, -EPERM (sticky), -ENOTDIR or -EISDIR (isdir is what the caller
 * wants), -EBUSY, -ENOENT; the checks of unlink, rmdir and rename in Linux' order. */
int may_delete(const struct dentry *dir, const struct dentry *victim, bool isdir, const struct cred *c);
/* Making a name in `dir`: -ENOENT (a removed directory) or -EACCES. */
int may_create(const struct dentry *dir, const struct cred *c);
/* Makes the node for a negative dentry; dir's lock held. */
int create_node(struct dentry *d, umode_t mode, dev_t rdev, const char *target, const struct cred *c);
/* The mode of what is made in `dir`: without the bits of the umask, unless the directory has a default ACL (acl(5)). */
static inline umode_t new_mode(const struct inode *dir, umode_t mode, const struct fs_ctx *fs)
{
	return atomic_load(&dir->default_acl) ? mode : mode & ~(umode_t)atomic_load(&fs->umask);
}
