/* SPDX-License-Identifier: MIT
 *
 * fs/super.c - kinds of file systems and their instances
 *
 * Owns:      struct fs_type's list, struct super_block.
 * Layer:     fs.
 * Locks:     types_lock: the lists of types and of instances, fs_type.single. Types are never unregistered, so readers need no lock.
 *            fill_mutex: one instance is made at a time, so that a kind with one instance has only one, and
 *            nobody finds it half made. Order: fill_mutex -> what a fill takes.
 * Contexts:  process context.
 * Manual:    filesystems(5), mount(2).
 * Tests:     tests/abi/mount.c.
 */
#include <fs/dcache.h>
#include <fs/mount.h>
#include <fs/notify.h>
#include <fs/writeback.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <sched/mutex.h>
#include <abi/errno.h>

static struct spinlock types_lock = SPINLOCK_INIT("fs_types");
static struct fs_type *types;
static LIST_HEAD(supers);
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

int fs_no_params(const char *key, const char *value)
{
	return -ENOENT;
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
	mutex_init(&sb->rename_mutex);
	list_init(&sb->all);
	list_init(&sb->dirty_inodes);
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

/* The instance that has the device already, if it lives. */
static struct super_block *on_device(struct fs_type *t, dev_t dev)
{
	struct super_block *sb;

	spin_lock(&types_lock);
	list_for_each_entry (sb, &supers, all) {
		if (sb->type == t && sb->bdev_dev == dev && ref_get_unless_zero(&sb->ref)) {
			spin_unlock(&types_lock);
			return sb;
		}
	}
	spin_unlock(&types_lock);
	return NULL;
}

/* An empty instance with what the mount says about it. */
static struct super_block *super_begin(struct fs_type *t, const struct super_args *a)
{
	const char *source = a->source && *a->source ? a->source : "none";
	struct super_block *sb = super_alloc(t);

	if (!sb)
		return NULL;
	sb->source = kmalloc(strlen(source) + 1, 0);
	if (!sb->source) {
		kfree(sb);
		return NULL;
	}
	strlcpy(sb->source, source, strlen(source) + 1);
	sb->flags = a->flags;
	if (!t->nodev)
		sb->dev = sb->bdev_dev = a->bdev_dev;
	return sb;
}

static int super_fill(struct super_block *sb, const struct super_args *a)
{
	int err;

	sb->mounter = a->mounter;
	err = sb->type->fill(sb, sb->source, a->options ? a->options : "");
	sb->mounter = NULL;
	if (err)
		return err;
	sb->root = dentry_alloc_root(inode_get(sb->root_inode));
	if (!sb->root)
		return -ENOMEM;
	spin_lock(&types_lock);
	list_add_tail(&sb->all, &supers);
	spin_unlock(&types_lock);
	return 0;
}

struct super_block *super_get_args(struct fs_type *t, const struct super_args *a)
{
	struct super_block *sb;
	int err;

	scoped_mutex(&fill_mutex);
	sb = t->nodev ? single_get(t) : on_device(t, a->bdev_dev);
	if (sb && !t->nodev && (sb->flags ^ a->flags) & MS_RDONLY) {
		super_put(sb);
		return ERR_PTR(-EBUSY);
	}
	if (sb)
		return sb;
	sb = super_begin(t, a);
	if (!sb)
		return ERR_PTR(-ENOMEM);
	err = super_fill(sb, a);
	if (err) {
		super_put(sb);
		return ERR_PTR(err);
	}
	return sb;
}

struct super_block *super_get(struct fs_type *t, const char *source, const char *options)
{
	struct super_args a = { .source = source, .options = options };

	return super_get_args(t, &a);
}

void super_for_each(void (*fn)(struct super_block *sb, void *ctx), void *ctx)
{
	struct super_block *sb, *prev = NULL;

	spin_lock(&types_lock);
	list_for_each_entry (sb, &supers, all) {
		if (!super_pin(sb))
			continue;
		spin_unlock(&types_lock);
		fn(sb, ctx);
		if (prev)
			super_unpin(prev);
		prev = sb; /* its place in the list is kept until the next one is found */
		spin_lock(&types_lock);
	}
	spin_unlock(&types_lock);
	if (prev)
		super_unpin(prev);
}

/* Also after a fill that failed: then root, root_inode and ops may be missing. */
void super_put(struct super_block *sb)
{
	if (!ref_put(&sb->ref))
		return;
	if (sb->root) {
		notify_unmount(sb);
		(void)super_sync(sb);
		writeback_end_super(sb);
	}
	spin_lock(&types_lock);
	if (sb->type && sb->type->single == sb)
		sb->type->single = NULL;
	list_del(&sb->all);
	spin_unlock(&types_lock);

	if (sb->root) {
		dcache_shrink_super(sb);
		dentry_put(sb->root);
	}
	if (sb->ops && sb->ops->put_super)
		sb->ops->put_super(sb);
	if (sb->root_inode)
		inode_put(sb->root_inode);
	kfree(sb->source);
	kfree(sb);
}
