/* SPDX-License-Identifier: MIT
 * fs/path.h - a place in the tree of names: a dentry seen through a mount. */
#pragma once
#include <abi/types.h>
struct mount;
struct dentry;
struct path {
	struct mount *mnt;
	struct dentry *dentry;
};
void path_get(const struct path *p);
void path_put(const struct path *p); /* may sleep; NULL members are fine */
static inline bool path_equal(const struct path *a, const struct path *b)
{
	return a->mnt == b->mnt && a->dentry == b->dentry;
}
