/* SPDX-License-Identifier: MIT
 * fs/propagate.h - inside fs: shared, slave and private mounts.  See propagate.c.  mount_mutex is held in all. */
#pragma once
#include <fs/mount_tree.h>

/* A copy made by a bind: in the same group, slave of the same one. */
void propagation_copy(struct mount *copy, const struct mount *orig);
/* MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE. */
void propagation_set(struct mount *m, unsigned long type);
/* m is no longer of its group; it may be out of the tree already. */
void propagation_leave(struct mount *m);
/* src, a tree, was attached at `at` of dest: it appears wherever dest hands it on to.  0 or -ENOMEM: nowhere. */
MUST_CHECK int propagate_mount(struct mount *dest, struct dentry *at, struct mount *src);
/* `gone` is about to be unmounted: so are its copies. */
void propagate_umount(struct mount *gone);
