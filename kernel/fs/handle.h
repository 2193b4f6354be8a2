/* SPDX-License-Identifier: MIT
 * fs/handle.h - files by handles that outlive names: name_to_handle_at(2), open_by_handle_at(2). */
#pragma once
#include <fs/namei.h>

enum { HANDLE_WORDS = 3, HANDLE_TYPE = 1 };
/* What a file system does for it (super_ops.handles); all may sleep. */
struct handle_ops {
	/* The handle of i into fh: its words, or -errno. */
	int (*make)(struct inode *i, u32 fh[HANDLE_WORDS]);
	/* The inode, referenced, or ERR_PTR(-ESTALE, ...).  n: words the caller has. */
	struct inode *(*find)(struct super_block *sb, const u32 *fh, unsigned n);
	/* The name of a directory, with a NUL (NAME_MAX_LEN + 1 bytes), and its parent, referenced. 0, -ESTALE, ... */
	int (*dir_name)(struct inode *dir, struct inode **parent, char *name);
};
/* The handle of what stands at p: its words, -EOPNOTSUPP or -errno. */
int handle_make(const struct path *p, u32 fh[HANDLE_WORDS]);
/* The place that a handle names, seen through mount `at`; referenced.  0, -ESTALE, -ENOMEM, -errno. */
int handle_find(const struct path *at, const u32 *fh, unsigned n, struct path *out);
