/* SPDX-License-Identifier: MIT
 *
 * sysfs/sysfs.c - /sys as a file system: inodes made from tables
 *
 * Owns:      struct sys_node, the instance.
 * Layer:     sysfs.  Consumer of everything below; nobody calls it but boot.
 * Locks:     none of its own; a node holds a reference to its device.
 * Contexts:  process context; may sleep.
 * Manual:    sysfs(5)
 * Tests:     tests/disk.py, tests/debian/disks.cases (lsblk)
 *
 * Each directory is a table of struct sys_entry, plus, where devices are listed, a function that names them.  Directories
 * are marked `revalidate`: a device that is gone has no name.
 */
#include <sysfs/internal.h>
#include <sysfs/sysfs.h>
#include <fs/dentry.h>
#include <lib/hash.h>
#include <mem/slab.h>

enum { SYSFS_MAGIC = 0x62656572, SYS_ROOT_INO = 1 };
static const struct inode_ops dir_iops, file_iops, link_iops;
static const struct file_ops dir_fops, text_fops;

static struct sys_node *node_of(const struct inode *i)
{
	return i->private;
}

static u64 make_ino(u64 dir, const char *name)
{
	size_t len = strlen(name);
	u32 low = hash_bytes(name, len, (u32)dir), high = hash_bytes(name, len, (u32)(dir >> 16) + 1);

	return ((u64)high << 32 | low) & 0x7fffffffffffULL;
}

static umode_t entry_mode(const struct sys_entry *e)
{
	if (e->dir)
		return S_IFDIR | 0755;
	return e->link ? S_IFLNK | 0777 : e->write ? S_IFREG | 0644 : S_IFREG | 0444;
}

static int set_ops(struct inode *i, struct sys_node *n)
{
	const struct sys_entry *e = n->entry;
	char text[96];

	if (e->dir) {
		i->ops = &dir_iops;
		i->fops = &dir_fops;
		i->nlink = 2;
		i->revalidate = true;
		return 0;
	}
	if (!e->link) {
		i->ops = &file_iops;
		i->fops = &text_fops;
		i->size = PAGE_SIZE;
		return 0;
	}
	i->ops = &link_iops;
	int err = e->link(n, text, sizeof(text));
	if (err)
		return err;
	i->link = kstrdup(text);
	return i->link ? 0 : -ENOMEM;
}

/* Takes over the reference to d, also on failure. */
static struct inode *make_inode(struct super_block *sb, u64 ino, const struct sys_entry *e,
                                struct block_device *d)
{
	struct sys_node *n = kmalloc(sizeof(*n), 0);
	struct inode *i = n ? inode_alloc(sb, entry_mode(e)) : NULL;

	if (!i) {
		kfree(n);
		if (d)
			bdev_put(d);
		return ERR_PTR(-ENOMEM);
	}
	*n = (struct sys_node){ e, d };
	i->private = n;
	i->ino = ino;
	int err = set_ops(i, n);
	if (err) {
		inode_put(i); /* evict frees the node */
		return ERR_PTR(err);
	}
	return i;
}

static void sys_evict(struct inode *i)
{
	struct sys_node *n = node_of(i);

	if (n && n->bdev)
		bdev_put(n->bdev);
	kfree(n);
}

static bool is_there(const struct sys_node *dir, const struct sys_entry *e)
{
	return !e->present || e->present(dir->bdev);
}

static struct inode *sys_lookup(struct inode *dir, const char *name, unsigned len)
{
	struct sys_node *n = node_of(dir);
	const struct sys_dir *table = n->entry->dir;
	struct block_device *d = NULL;
	char own[SYS_NAME];

	for (unsigned i = 0; i < table->count; i++) {
		const struct sys_entry *e = &table->entries[i];

		if (strlen(e->name) != len || memcmp(e->name, name, len) || !is_there(n, e))
			continue;
		if (n->bdev)
			bdev_get(n->bdev);
		return make_inode(dir->sb, make_ino(dir->ino, e->name), e, n->bdev);
	}
	while (table->list && (d = bdev_next(d)) != NULL) {
		const struct sys_entry *e = table->list(n, d, own);

		if (e && strlen(own) == len && !memcmp(own, name, len))
			return make_inode(dir->sb, make_ino(dir->ino, own), e, d);
	}
	return ERR_PTR(-ENOENT); /* nothing can be made here, so there are no free names */
}

static bool emit(struct dir_context *ctx, u64 dir_ino, const char *name, umode_t mode)
{
	return ctx->emit(ctx, name, (unsigned)strlen(name), make_ino(dir_ino, name), (mode & S_IFMT) >> 12);
}

/* The devices, from the skip-th of those listed here. */
static void iterate_devices(struct file *f, struct dir_context *ctx, u64 skip)
{
	struct sys_node *n = node_of(f->inode);
	struct block_device *d = NULL;
	char name[SYS_NAME];

	while ((d = bdev_next(d)) != NULL) {
		const struct sys_entry *e = n->entry->dir->list(n, d, name);

		if (!e)
			continue;
		if (skip) {
			skip--;
			continue;
		}
		if (!emit(ctx, f->inode->ino, name, entry_mode(e))) {
			bdev_put(d);
			return;
		}
		ctx->pos++;
	}
}

/* Positions: 0 ".", 1 "..", then the table, then the devices. */
static int sys_iterate(struct file *f, struct dir_context *ctx)
{
	struct sys_node *n = node_of(f->inode);
	const struct sys_dir *table = n->entry->dir;
	const struct dentry *parent = f->path.dentry->parent;
	const loff_t devices = 2 + (loff_t)table->count;

	if (ctx->pos == 0 && ctx->emit(ctx, ".", 1, f->inode->ino, S_IFDIR >> 12))
		ctx->pos = 1;
	if (ctx->pos == 1 &&
	    ctx->emit(ctx, "..", 2, parent->inode ? parent->inode->ino : SYS_ROOT_INO, S_IFDIR >> 12))
		ctx->pos = 2;
	for (; ctx->pos >= 2 && ctx->pos < devices; ctx->pos++) {
		const struct sys_entry *e = &table->entries[ctx->pos - 2];

		if (is_there(n, e) && !emit(ctx, f->inode->ino, e->name, entry_mode(e)))
			return 0;
	}
	if (ctx->pos >= devices && table->list)
		iterate_devices(f, ctx, (u64)(ctx->pos - devices));
	return 0;
}

static int text_show(struct seq *s, void *ctx)
{
	struct sys_node *n = ctx;

	return n->entry->show(s, n);
}

static ssize_t text_write(void *ctx, char *text, size_t len)
{
	struct sys_node *n = ctx;
	int err = n->entry->write(n, text);

	return err ? err : (ssize_t)len;
}

static int text_open(struct inode *i, struct file *f)
{
	struct sys_node *n = node_of(i);

	/* The node lives as long as its inode, which f holds. */
	return seq_open(f, text_show, n->entry->write ? text_write : NULL, n, NULL);
}

static int sys_setattr(struct inode *i, const struct iattr *a)
{
	return a->valid & (ATTR_MODE | ATTR_UID | ATTR_GID) ? -EPERM : 0;
}

static const struct inode_ops dir_iops = { .lookup = sys_lookup, .setattr = sys_setattr };
static const struct inode_ops file_iops = { .setattr = sys_setattr };
static const struct inode_ops link_iops = { .setattr = sys_setattr };
static const struct file_ops dir_fops = { .iterate = sys_iterate, .lseek = generic_lseek };
static const struct file_ops text_fops = { .open = text_open };

static const struct super_ops sys_super_ops = { .evict = sys_evict };
static const struct sys_entry root_entry = { .name = "/", .dir = &sys_root_dir };

static int sys_fill(struct super_block *sb, const char *source, const char *options)
{
	struct inode *root;

	sb->ops = &sys_super_ops;
	sb->magic = SYSFS_MAGIC;
	root = make_inode(sb, SYS_ROOT_INO, &root_entry, NULL);
	if (IS_ERR(root))
		return (int)PTR_ERR(root);
	sb->root_inode = root;
	return 0;
}

static struct fs_type sys_type = { .name = "sysfs", .nodev = true, .fill = sys_fill, .param = fs_no_params };

INIT_CODE void sysfs_init(void)
{
	fs_register(&sys_type);
}
