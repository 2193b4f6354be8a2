/* SPDX-License-Identifier: MIT
 * fs/tmpfs/tmpfs_internal.h - inside tmpfs: instances, directories. */
#pragma once
#include <fs/inode.h>
#include <lib/rbtree.h>
#include <lib/xarray.h>
#include <base/spinlock.h>

struct tmpfs_sb {
	u64 max_pages, max_inodes; /* 0 = no limit */
	s64 pages, inodes;         /* in use, atomically */
	umode_t mode;
	uid_t uid;
	gid_t gid;
	struct spinlock handles_lock;
	struct xarray by_ino GUARDED_BY(&handles_lock); /* inodes that a handle was made of */
};
static inline struct tmpfs_sb *tmpfs_sb(const struct super_block *sb)
{
	return sb->private;
}

/* One name.  Owns a reference to the inode. */
struct tmpfs_dirent {
	struct hlist_node hash_link;
	struct rb_node by_cookie;
	u64 cookie;
	struct inode *inode;
	u32 hash;
	u32 len;
	char name[];
};
enum { DIR_BUCKETS_FIRST = 8 };
struct tmpfs_dir {
	struct hlist_head *buckets; /* [1 << bits]; `first`, or an allocation */
	unsigned bits;
	unsigned count;
	u64 next_cookie;
	struct tmpfs_xattrs *xattrs;
	struct inode *parent; /* not owned; while it has a name.  sb->rename_mutex or the parent's lock */
	struct rb_root cookies;
	struct hlist_head first[DIR_BUCKETS_FIRST];
};

/* dir.c: the names of a directory.  The directory's inode lock is held (for writing, but for find and
 * iterate). */
struct tmpfs_dir *tmpfs_dir_create(void);
void tmpfs_dir_free(struct tmpfs_dir *d); /* empty */
struct tmpfs_dirent *tmpfs_dir_find(const struct tmpfs_dir *d, const char *name, unsigned len);
/* A name that is in no directory yet. NULL = no memory. */
struct tmpfs_dirent *tmpfs_dirent_alloc(const char *name, unsigned len);
void tmpfs_dir_insert(struct tmpfs_dir *d, struct tmpfs_dirent *e);
void tmpfs_dir_remove(struct tmpfs_dir *d, struct tmpfs_dirent *e);
struct tmpfs_dirent *tmpfs_dir_any(const struct tmpfs_dir *d); /* some entry, NULL when empty */
int tmpfs_dir_iterate(struct file *f, struct dir_context *ctx);

/* xattr.c: inode_ops; the attributes hang on i->private, of a directory on struct tmpfs_dir. */
ssize_t tmpfs_getxattr(struct inode *i, const char *name, void *value, size_t size);
int tmpfs_setxattr(struct inode *i, const char *name, const void *value, size_t size, int flags);
int tmpfs_listxattr(struct inode *i, struct xattr_list *to);
int tmpfs_removexattr(struct inode *i, const char *name);
void tmpfs_xattrs_free(struct inode *i); /* the inode dies */

/* handle.c */
extern const struct handle_ops tmpfs_handle_ops;
void tmpfs_handle_forget(struct inode *i); /* the inode dies */

/* file.c */
extern const struct file_ops tmpfs_file_ops;
struct fs_type;
void memfd_init(struct fs_type *type);
/* Brings i->blocks and the instance's count in step with the pages the file really has. */
void tmpfs_recount(struct inode *i);
void tmpfs_init_regular(struct inode *i);
int tmpfs_setattr(struct inode *i, const struct iattr *a);
int tmpfs_getattr(struct inode *i, struct kstat *st);
