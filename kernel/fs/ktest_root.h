/* SPDX-License-Identifier: MIT
 * fs/ktest_root.h - for tests in the kernel: a private tmpfs to make names in, and the count of what is in use. */
#pragma once
#include <fs/mount_tree.h>
#include <fs/namei.h>
#include <mem/slab.h>

struct ktest_root {
	struct fs_ctx *fs;
	struct fs_walk walk;
};
/* A tmpfs that is mounted nowhere, as root and working directory of r->walk. 0 or -errno. */
static inline int ktest_root_begin(struct ktest_root *r, const char *options)
{
	struct fs_type *t = fs_type_find("tmpfs");
	struct super_block *sb = t ? super_get(t, "ktest", options) : ERR_PTR(-ENODEV);
	struct path p;

	if (IS_ERR(sb))
		return (int)PTR_ERR(sb);
	p.dentry = sb->root;
	p.mnt = mount_create(sb, sb->root, MS_RELATIME);
	super_put(sb);
	if (!p.mnt)
		return -ENOMEM;
	r->fs = fs_ctx_copy(NULL);
	if (r->fs) {
		fs_ctx_set_root(r->fs, &p);
		fs_ctx_set_cwd(r->fs, &p);
	}
	mount_put(p.mnt);
	r->walk = (struct fs_walk){ r->fs, &cred_init, NULL };
	return r->fs ? 0 : -ENOMEM;
}
static inline void ktest_root_end(struct ktest_root *r)
{
	fs_ctx_put(r->fs);
}
/* Objects in use when nothing is under way and nothing unused is cached. */
static inline u64 ktest_objects(void)
{
	dcache_shrink();
	rcu_barrier();
	slab_shrink();
	return slab_active_total();
}
