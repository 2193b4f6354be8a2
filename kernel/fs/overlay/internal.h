/* SPDX-License-Identifier: MIT
 * fs/overlay/internal.h - inside fs/overlay: an instance, its layers, and what an inode stands for. */
#pragma once
#include <fs/inode.h>
#include <fs/dcache.h>
#include <fs/namei.h>
#include <sched/mutex.h>

enum { OVL_LAYERS_MAX = 500, OVL_NODE_BITS = 8, OVL_TMP_NAME = 24, OVL_COPY_BYTES = 64 * 1024 };

struct ovl_super {
	struct path upper, work; /* mnt NULL: read-only */
	struct fs_ctx *fs;       /* for the kernel's own walks: umask 0, root is upper */
	char *lowerdir, *upperdir, *workdir;
	u64 next_tmp;
	bool one_fs;      /* all layers lie on one instance: its inode numbers serve */
	bool userxattr;   /* marks are user.overlay.*, not trusted.overlay.* */
	bool is_volatile; /* no fsync of what is copied up */
	struct mutex nodes_lock;
	struct hlist_head nodes[1 << OVL_NODE_BITS] GUARDED_BY(
	        &nodes_lock); /* by upper inode; no directories */
	unsigned nlayers;
	struct path layers[]; /* lowerdir=, the first is the topmost */
};
struct ovl_place {
	struct dentry *d; /* owned */
	unsigned layer;
};
struct ovl_node { /* inode->private */
	struct inode *inode;
	struct mutex lock;    /* one copy-up of it at a time */
	struct dentry *upper; /* owned; set once, atomically */
	struct inode
	        *parent; /* owned; the overlay directory a copy goes into; NULL when upper was there first */
	struct hlist_node link;
	bool gone; /* its name was removed: a copy gets none */
	unsigned nlower;
	struct ovl_place lower[]; /* of a directory: all that are merged; else at most one */
};
static inline struct ovl_super *ovl_super(const struct super_block *sb)
{
	return sb->private;
}
static inline struct ovl_node *ovl_node(const struct inode *i)
{
	return i->private;
}
static inline struct dentry *ovl_upper(const struct inode *i)
{
	return atomic_load_acquire(&ovl_node(i)->upper);
}
static inline bool ovl_is_whiteout(const struct inode *i)
{
	return (i->mode & S_IFMT) == S_IFCHR && !i->rdev;
}
/* The object that counts; borrowed from i. */
struct path ovl_real(const struct inode *i);
static inline struct inode *ovl_real_inode(const struct inode *i)
{
	return ovl_real(i).dentry->inode;
}
struct path ovl_upper_path(const struct inode *i); /* upper must be there */

/* lookup.c */
struct inode *ovl_lookup(struct inode *dir, const char *name, unsigned len);
struct ovl_node *ovl_node_new(unsigned nlower);
void ovl_node_free(struct ovl_node *n);
/* The inode for n, which it takes over; or the one that stands for the same upper inode. ERR_PTR(-ENOMEM). */
struct inode *ovl_inode_get(struct super_block *sb, struct ovl_node *n, struct inode *parent);
void ovl_node_hash(struct inode *i); /* after a copy-up */
void ovl_refresh(struct inode *i);   /* fields as the real inode's */
void ovl_evict(struct inode *i);
/* The overlay's inode number for one of a layer's. */
u64 ovl_number(const struct ovl_super *s, const struct mount *layer, u64 ino);
/* The positive child with a reference, NULL or ERR_PTR. */
struct dentry *ovl_child(struct dentry *dir, const char *name, unsigned len);
/* Does a lower layer of dir have the name? 1, 0 or an error. */
int ovl_lower_has(struct inode *dir, const char *name, unsigned len);

/* copyup.c */
MUST_CHECK int ovl_copy_up(struct inode *i);
/* A walk from base by the kernel itself, or by c with all rights (who owns what is made). */
struct fs_walk ovl_walk(struct ovl_super *s, const struct path *base, const struct cred *c);
/* c with all capabilities; for the time of a call. */
struct cred ovl_cred(const struct cred *c);
void ovl_tmp_name(struct ovl_super *s, char name[OVL_TMP_NAME]);
/* Makes a node; *out: it, referenced (may be NULL). */
MUST_CHECK int ovl_make(struct ovl_super *s, const struct path *dir, const char *name, umode_t mode,
                        dev_t rdev, const char *target, const struct cred *c, struct path *out);
MUST_CHECK int ovl_set_opaque(struct ovl_super *s, struct inode *upper);
bool ovl_is_opaque(struct ovl_super *s, struct inode *dir);

/* change.c, rename.c */
extern const struct inode_ops ovl_dir_ops;
int ovl_rename(struct inode *od, const char *on, unsigned olen, struct inode *moved, struct inode *nd,
               const char *nn, unsigned nlen, struct inode *victim, unsigned flags);
/* Removes the whiteouts of an upper directory that is to be removed. */
MUST_CHECK int ovl_clear_dir(struct ovl_super *s, const struct path *dir);
/* Makes name in dir, which nothing shows there any more, a whiteout. */
MUST_CHECK int ovl_whiteout(struct ovl_super *s, const struct path *dir, const char *name);

/* dir.c */
extern const struct file_ops ovl_dir_file_ops;
MUST_CHECK int ovl_check_empty(struct inode *dir);
int ovl_list_whiteouts(const struct ovl_super *s, const struct path *dir,
                       bool (*fn)(void *ctx, const char *name, unsigned len), void *ctx);

/* file.c, attr.c */
extern const struct file_ops ovl_file_ops;
extern const struct inode_ops ovl_node_ops, ovl_link_ops;
int ovl_setattr(struct inode *i, const struct iattr *a);
int ovl_getattr(struct inode *i, struct kstat *st);

/* xattr.c */
struct xattr_list;
ssize_t ovl_getxattr(struct inode *i, const char *name, void *value, size_t size);
int ovl_setxattr(struct inode *i, const char *name, const void *value, size_t size, int flags);
int ovl_listxattr(struct inode *i, struct xattr_list *to);
int ovl_removexattr(struct inode *i, const char *name);
/* All but the overlay's own marks; what `to` cannot keep is left out. */
MUST_CHECK int ovl_copy_xattrs(struct ovl_super *s, struct inode *from, struct inode *to);
