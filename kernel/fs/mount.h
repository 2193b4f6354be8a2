/* SPDX-License-Identifier: MIT
 * fs/mount.h - mounts: mount(2), umount2(2), pivot_root(2). */
#pragma once
#include <fs/dentry.h>
#include <abi/mount.h>

struct mount {
	struct refcount ref;
	struct mount *parent;      /* itself at the top */
	struct dentry *mountpoint; /* in parent; owned */
	struct dentry *root;       /* owned */
	struct super_block *sb;
	u32 flags; /* MS_RDONLY, NOSUID, NODEV, NOEXEC, NOATIME, RELATIME */
	u32 id;
	struct list_head children, sibling, all;
	struct hlist_node hnode;
	s32 writers;     /* files open for writing through it, atomically */
	bool unbindable; /* MS_UNBINDABLE; mount_mutex */
	bool floating;   /* in no tree: a file holds it, see mountfd.c; mount_mutex */
	u32 old_flags;   /* while mount_setattr(2) is under way; mount_mutex */
	u8 expiring;     /* umount2(MNT_EXPIRE) found it idle: 2 in that call, 1 until it is used again */
	/* propagate.c; mount_mutex */
	u32 group, master_group;        /* 0: none */
	u32 round;                      /* of a search that reached it */
	struct mount *source, *pending; /* in that search: what copies are made from; the copy for it */
	struct rcu_head rcu;
};
struct fs_walk;
bool mount_readonly(const struct mount *m); /* by itself, or with its whole file system */
int vfs_mount(const struct fs_walk *w, const char *source, const char *target, const char *type,
              unsigned long flags, const char *options);
int vfs_umount(const struct fs_walk *w, const char *target, int flags);
int vfs_pivot_root(const struct fs_walk *w, const char *new_root, const char *put_old);
/* Boot: the root file system, empty; fills a referenced path. */
int mount_root(const char *type, struct path *out);
/* The mounts below root in the order they were made: calls fn for each with its path; for /proc/mounts. */
void mounts_for_each(const struct path *root, void (*fn)(struct mount *m, const char *path, void *ctx),
                     void *ctx);
