/* SPDX-License-Identifier: MIT
 *
 * fs/super.c - kinds of file systems and their instances
 *
 * Owns:      struct fs_type's list, struct super_block.
 * Layer:     fs.
 * Locks:     types_lock: the list, fs_type.single. Types are never unregistered, so readers need no lock.
 *            fill_mutex: one instance is made at a time, so that a kind with one instance has only one, and
 *            nobody finds it half made. Order: fill_mutex -> what a fill takes.
 * Contexts:  process context.
 * Manual:    filesystems(5), mount(2).
 * Tests:     tests/abi/mount.c.
 */
#include <fs/dcache.h>
#include <fs/mount.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <sched/mutex.h>

static struct spinlock types_lock = SPINLOCK_INIT("fs_types");
static struct fs_type *types;
static struct mutex fill_mutex = { NULL, WAITQ_INIT(fill_mutex.waiters) };
static u32 anon_minor;

void fs_register(struct fs_type *t)
{
	struct fs_type **p = &types;

	spin_lock(&types_lock);
	while (*p)
		p = &(*p)->next;
	t->next = NULL;
	atomic_store_release(p, t);
	spin_unlock(&types_lock);
}

struct fs_type *fs_type_first(void)
{
	return atomic_load_acquire(&types);
}

struct fs_type *fs_type_find(const char *name)
{
	struct fs_type *t = fs_type_first();

	while (t && strcmp(t->name, name) != 0)
		t = atomic_load_acquire(&t->next);
	return t;
}

dev_t super_anon_dev(void)
{
	return dev_make(0, atomic_add(&anon_minor, 1) & 0xfffff);
}

struct super_block *super_alloc(struct fs_type *t)
{
	struct super_block *sb = kzalloc(sizeof(*sb));

	if (!sb)
		return NULL;
	ref_init(&sb->ref, 1);
	sb->type = t;
	sb->dev = super_anon_dev();
	sb->blocksize = PAGE_SIZE;
	return sb;
}

/* The one instance of a kind that has only one, if it lives. */
static struct super_block *single_get(struct fs_type *t)
{
	struct super_block *sb;

	spin_lock(&types_lock);
	sb = t->single;
	if (sb && !ref_get_unless_zero(&sb->ref))
		sb = NULL;
	spin_unlock(&types_lock);
	return sb;
}

struct super_block *super_get(struct fs_type *t, const char *source, const char *options)
{
	struct super_block *sb;
	int err;

	scoped_mutex(&fill_mutex);
	sb = single_get(t);
	if (sb)
		return sb;
	sb = super_alloc(t);
	if (!sb)
		return ERR_PTR(-ENOMEM);
	strlcpy(sb->source, source && *source ? source : "none", sizeof(sb->source));
	err = t->fill(sb, source, options ? options : "");
	if (!err) {
		sb->root = dentry_alloc_root(inode_get(sb->root_inode));
		if (!sb->root)
			err = -ENOMEM;
	}
	if (err) {
		super_put(sb);
		return ERR_PTR(err);
	}
	return sb;
}

/* Also after a fill that failed: then root, root_inode and ops may be missing. */
void super_put(struct super_block *sb)
{
	if (!ref_put(&sb->ref))
		return;
	spin_lock(&types_lock);
	if (sb->type && sb->type->single == sb)
		sb->type->single = NULL;
	spin_unlock(&types_lock);

	if (sb->root) {
		dcache_shrink_super(sb);
		dentry_put(sb->root);
	}
	if (sb->ops && sb->ops->put_super)
		sb->ops->put_super(sb);
	if (sb->root_inode)
		inode_put(sb->root_inode);
	kfree(sb);
}
