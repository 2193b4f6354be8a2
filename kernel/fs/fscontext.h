/* SPDX-License-Identifier: MIT
 * fs/fscontext.h - the mount calls with descriptors: contexts of fsopen(2) and fspick(2), and mounts that hang in no tree
 * yet.  All may sleep and give 0 or -errno as the calls' manual pages say. */
#pragma once
#include <fs/mount.h>
#include <fs/namei.h>

/* A context for a new instance of a kind: ERR_PTR(-ENODEV, -ENOMEM, -ENFILE). */
struct file *fscontext_open(const char *type, const struct cred *c);
/* One to change the instance whose mount has its root at `at`: ERR_PTR(-EINVAL, ...). */
struct file *fscontext_pick(const struct path *at, const struct cred *c);
bool file_is_fscontext(const struct file *f);
/* One option; value NULL: a flag.  `odd`: the program gave a path, a descriptor or bytes, which none of our file systems
 * takes for any option. */
int fscontext_set(struct file *f, const char *key, const char *value, bool odd);
int fscontext_create(struct file *f, const struct fs_walk *w);
int fscontext_reconfigure(struct file *f);
/* A mount (mnt_flags: MS_*) of what was created, in no tree; *out holds it as the ones below do. */
int fscontext_mount(struct file *f, u32 mnt_flags, const struct cred *c, struct file **out);

/* ---- mountfd.c ---- */
/* An O_PATH file of m's root that takes over the caller's reference to m, also on failure: while m is in no tree it
 * goes when the file is closed. */
int mount_open_floating(struct mount *m, const struct cred *c, struct file **out);
/* The file with FMODE_FLOATING is closed. */
void mount_end_floating(struct mount *m);
/* open_tree(OPEN_TREE_CLONE): a copy of what is seen at p. */
int mount_clone_floating(const struct path *p, bool recursive, const struct cred *c, struct file **out);
/* move_mount(2), and with MOVE_MOUNT_SET_GROUP. */
int mount_move(const struct path *from, const struct path *to);
int mount_set_group(const struct path *from, const struct path *to);
struct mount_change {
	u32 set, clear;            /* of MS_*, in this order: clear, then set */
	unsigned long propagation; /* 0: as it is */
};
/* mount_setattr(2) at the root of a mount; recursive: of all below too, or of none. */
int mount_change(const struct path *at, const struct mount_change *c, bool recursive);
