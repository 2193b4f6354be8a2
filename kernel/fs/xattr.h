/* SPDX-License-Identifier: MIT
 * fs/xattr.h - extended attributes: names with values that belong to an inode.  xattr(7).
 *
 * A name is "NAMESPACE.rest" with at most XATTR_NAME_MAX bytes:
 *
 *     security.   read by everybody, written with CAP_SYS_ADMIN (security.capability: CAP_SETFCAP)
 *     system.     access control lists; the file system decides
 *     trusted.    seen and changed with CAP_SYS_ADMIN only
 *     user.       regular files and directories only, by their permission bits
 *
 * A file system stores what it can and fills in four inode_ops; it is given whole names, already checked.  Two doors lead
 * to them: the vfs_ calls, for programs, check who asks; the inode_ calls are the kernel's own (an overlay's marks on
 * its upper file system, file capabilities at exec).  All may sleep; lengths are bytes; errors are negative errno:
 * -EOPNOTSUPP (the namespace is not stored here), -ENODATA (no such attribute), -ERANGE (the buffer is too small),
 * -EINVAL (a namespace without a rest), -ENOSPC, -ENOMEM, -EIO.
 * set and remove change the inode's ctime. */
#pragma once
#include <fs/inode.h>

enum {
	XATTR_NAME_MAX = 255,
	XATTR_SIZE_MAX = 65536, /* of a value */
	XATTR_LIST_MAX = 65536, /* of all names of a file, each with its NUL */
	XATTR_CREATE = 1,       /* setxattr: -EEXIST when there is one */
	XATTR_REPLACE = 2,      /* -ENODATA when there is none */
};
#define XATTR_NAME_CAPS "security.capability"

/* The names of a file while they are collected.  `size` 0: only their length is asked for. */
struct xattr_list {
	char *to;
	size_t size, used;
	bool all; /* also trusted.* */
};
/* For ops->listxattr: adds "PREFIXname" (prefix "" or with its dot).  0, -ERANGE: return it. */
MUST_CHECK int xattr_list_add(struct xattr_list *l, const char *prefix, const char *name, size_t len);

/* The kernel's own: take i->lock, check nobody's rights.  get with size 0 gives the length alone. */
ssize_t inode_getxattr(struct inode *i, const char *name, void *value, size_t size);
MUST_CHECK int inode_setxattr(struct inode *i, const char *name, const void *value, size_t size, int flags);
ssize_t inode_listxattr(struct inode *i, char *list, size_t size); /* trusted.* too */
MUST_CHECK int inode_removexattr(struct inode *i, const char *name);
/* The same of a caller that holds i->lock (getxattr: any way; removexattr: for writing). */
ssize_t inode_getxattr_locked(struct inode *i, const char *name, void *value, size_t size);
MUST_CHECK int inode_removexattr_locked(struct inode *i, const char *name);

/* i->lock held for writing: what changes the contents or the owner takes security.capability away, whoever does it.
 * 0, or the file system's error. */
MUST_CHECK int inode_drop_file_caps(struct inode *i);
/* What execve gives for it: 0, -ENODATA, -EINVAL (damaged), -EIO, -ENOMEM. */
struct file_caps;
MUST_CHECK int inode_get_file_caps(struct inode *i, struct file_caps *fc);

/* A program's, with the checks of xattr(7).  set and remove: -EROFS on a read-only mount. */
struct path;
ssize_t vfs_getxattr(const struct path *p, const char *name, void *value, size_t size, const struct cred *c);
MUST_CHECK int vfs_setxattr(const struct path *p, const char *name, const void *value, size_t size, int flags,
                            const struct cred *c);
ssize_t vfs_listxattr(const struct path *p, char *list, size_t size, const struct cred *c);
MUST_CHECK int vfs_removexattr(const struct path *p, const char *name, const struct cred *c);
