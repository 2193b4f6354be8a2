/* SPDX-License-Identifier: MIT
 * fs/ext4/xattr.h - extended attributes and access control lists. */
#pragma once
#include "internal.h"

enum ext4_xattr_index { XA_USER = 1, XA_ACL_ACCESS = 2, XA_ACL_DEFAULT = 3, XA_TRUSTED = 4, XA_SECURITY = 6 };

/* ---- xattr_store.c: all attributes of an inode, taken apart and put together ---- */
struct ext4_xattr {
	u8 index, len; /* of the name without its namespace */
	bool in_block;
	const char *name; /* not NUL-terminated; in the set's copies, or the caller's */
	const void *value;
	u32 size;
};
struct ext4_xattrs {
	char *body, *block; /* copies of the inode's part and of the block; NULL: none */
	u32 n;
	struct ext4_xattr item[];
};
/* *out to be freed with ext4_xattrs_free. -EUCLEAN, -ENOMEM, -EIO. */
int ext4_xattrs_load(struct inode *i, struct ext4_xattrs **out);
void ext4_xattrs_free(struct ext4_xattrs *s);
struct ext4_xattr *ext4_xattrs_find(struct ext4_xattrs *s, u8 index, const char *name, size_t len);
/* Writes them: into the inode what fits, the rest into a block, with the inode itself. -ENOSPC. */
int ext4_xattrs_store(struct ext4_handle *h, struct inode *i, struct ext4_xattrs *s);
/* Sets (value not NULL) or removes one, in the handle. */
int ext4_xattr_put(struct ext4_handle *h, struct inode *i, u8 index, const char *name, size_t len,
                   const void *value, size_t size, int flags);
enum { XATTR_CREDITS = 16 };
/* The inode is deleted: its block of attributes goes, or has one user fewer. */
int ext4_xattr_delete(struct ext4_handle *h, struct inode *i);

/* ---- xattr.c: inode_ops ---- */
ssize_t ext4_getxattr(struct inode *i, const char *name, void *value, size_t size);
int ext4_setxattr(struct inode *i, const char *name, const void *value, size_t size, int flags);
int ext4_listxattr(struct inode *i, struct xattr_list *to);
int ext4_removexattr(struct inode *i, const char *name);

/* ---- acl.c ---- */
/* A new inode gets what its directory gives on: the default ACL. */
int ext4_xattr_inherit(struct ext4_handle *h, struct inode *dir, struct inode *i);
/* The mode was changed: so is the ACL that goes with it. */
int ext4_acl_chmod(struct ext4_handle *h, struct inode *i);
/* Between the form of system calls and that of the disk; `to` has room for as many bytes as `from`. Bytes or error. */
ssize_t ext4_acl_to_disk(const void *from, size_t size, void *to);
ssize_t ext4_acl_from_disk(const void *from, size_t size, void *to, size_t room);
/* An access ACL is set: the mode bits it stands for; *minimal: it says nothing more than they do. */
int ext4_acl_mode(const void *disk, size_t size, umode_t *mode, bool *minimal);
/* inode_ops->permission of inodes with an ACL. */
int ext4_permission(struct inode *i, unsigned want, const struct cred *c);
