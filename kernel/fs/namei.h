/* SPDX-License-Identifier: MIT
 * fs/namei.h - from names to inodes, and the calls that take names.  path_resolution(7).
 *
 * fs does not know tasks: who asks stands in struct fs_walk.  Names are kernel strings.  All may sleep; results
 * are 0 or -errno as the manual page of the call lists them. */
#pragma once
#include <fs/dentry.h>

struct fs_ctx { /* shared by CLONE_FS */
	struct refcount ref;
	struct spinlock lock;
	struct path root GUARDED_BY(&lock);
	struct path cwd GUARDED_BY(&lock);
	u32 umask;
	struct list_head all; /* of all contexts, for pivot_root */
};
struct fs_ctx *fs_ctx_copy(struct fs_ctx *old); /* old NULL: empty paths, umask 022.  NULL = no memory */
/* pivot_root: who stood at `old` stands at `new` then. */
void fs_ctx_replace_all(const struct path *old, const struct path *new);
void fs_ctx_put(struct fs_ctx *fs);
void fs_ctx_root(struct fs_ctx *fs, struct path *out); /* referenced */
void fs_ctx_cwd(struct fs_ctx *fs, struct path *out);
void fs_ctx_set_root(struct fs_ctx *fs, const struct path *p);
void fs_ctx_set_cwd(struct fs_ctx *fs, const struct path *p);

struct fs_walk {
	struct fs_ctx *fs;
	const struct cred *cred;
	const struct path *base; /* where relative names begin (dirfd); NULL = cwd */
};
enum lookup_flags {
	LOOKUP_FOLLOW = 1,    /* the last component, if a symbolic link */
	LOOKUP_DIRECTORY = 2, /* -ENOTDIR unless a directory */
	LOOKUP_EMPTY = 4,     /* "" names the base itself (AT_EMPTY_PATH) */
};
int path_lookup(const struct fs_walk *w, const char *name, unsigned flags, struct path *out); /* referenced */

int vfs_open(const struct fs_walk *w, const char *name, unsigned flags, umode_t mode, struct file **out);
int vfs_open_path(const struct path *p, unsigned flags, const struct cred *c, struct file **out);
int vfs_open_exec(const struct fs_walk *w, const char *name, unsigned lookup,
                  struct file **out); /* checks x; denies writes */
int vfs_mknod(const struct fs_walk *w, const char *name, umode_t mode,
              dev_t rdev); /* also regular, FIFO, socket */
/* The same of a node without a device (bind of a socket); *out: the new name, referenced. */
int vfs_mknod_path(const struct fs_walk *w, const char *name, umode_t mode, struct path *out);
int vfs_mkdir(const struct fs_walk *w, const char *name, umode_t mode);
int vfs_unlink(const struct fs_walk *w, const char *name);
int vfs_rmdir(const struct fs_walk *w, const char *name);
int vfs_symlink(const char *target, const struct fs_walk *w, const char *name);
int vfs_link(const struct fs_walk *ow, const char *old, const struct fs_walk *nw, const char *new,
             unsigned lookup);
int vfs_rename(const struct fs_walk *ow, const char *old, const struct fs_walk *nw, const char *new,
               unsigned flags);
ssize_t vfs_readlink(const struct fs_walk *w, const char *name, char *buf, size_t size, bool allow_empty);
int vfs_access(const struct fs_walk *w, const char *name, unsigned want, unsigned lookup);
int vfs_stat(const struct fs_walk *w, const char *name, unsigned lookup, struct kstat *st);
int vfs_stat_path(const struct path *p, struct kstat *st);
int vfs_setattr(const struct fs_walk *w, const char *name, unsigned lookup, struct iattr *a);
int vfs_setattr_path(const struct path *p, struct iattr *a, const struct cred *c); /* also -EROFS */
int vfs_chdir(const struct fs_walk *w, const char *name);
int vfs_chroot(const struct fs_walk *w, const char *name);
int vfs_statfs(const struct path *p, struct statfs64_k *out);
extern bool fs_protected_symlinks, fs_protected_hardlinks; /* /proc/sys/fs/protected_*, on as in Debian */
void vfs_init(void);
