/* SPDX-License-Identifier: MIT
 *
 * fs/devfs/devfs.c - devtmpfs: a tmpfs with a node for each registered device
 *
 * Owns:      the one instance of "devtmpfs" and the kernel's own mount of it.
 * Layer:     fs/devfs. Uses fs alone: the tmpfs below is found by its name.
 * Locks:     none of its own; makes names by the same calls as user space.
 * Contexts:  process context; may sleep.
 * Manual:    null(4), Linux' devtmpfs: every mount shows the same tree.
 * Tests:     tests/abi/system.c.
 *
 * The kernel mounts the instance once, in no tree, and works in it with a walk whose root it is.  So a node
 * made for a late driver is seen at once in /dev, wherever that is mounted, and names cached as missing
 * become present.
 */
#include <fs/devfs/devfs.h>
#include <fs/chrdev.h>
#include <fs/mount.h>
#include <fs/namei.h>
#include <base/log.h>
#include <lib/string.h>
#include <abi/errno.h>

static struct fs_ctx dev_ctx; /* root and cwd: the instance's root; umask 0 */
static const struct fs_walk dev_walk = { &dev_ctx, &cred_init, NULL };
static struct fs_type dev_type;

static int dev_fill(struct super_block *sb, const char *source, const char *options)
{
	struct fs_type *tmpfs = fs_type_find("tmpfs");
	int err;

	if (!tmpfs)
		return -ENODEV;
	err = tmpfs->fill(sb, source, "mode=755");
	if (err)
		return err;
	sb->options[0] = 0;
	dev_type.single = sb;
	return 0;
}

static struct fs_type dev_type = { .name = "devtmpfs", .nodev = true, .fill = dev_fill };

/* The directories in front of the last component of a node's name ("input/mice"). */
static void make_parents(const char *name)
{
	char dir[64];

	for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
		size_t n = (size_t)(slash - name);

		if (n >= sizeof(dir))
			return;
		memcpy(dir, name, n);
		dir[n] = 0;
		(void)!vfs_mkdir(&dev_walk, dir, 0755);
	}
}

static void add_node(const struct chrdev_node *n)
{
	const umode_t kind = (n->mode & S_IFMT) == S_IFBLK ? S_IFBLK : S_IFCHR;
	int err;

	make_parents(n->name);
	err = vfs_mknod(&dev_walk, n->name, kind | (n->mode & S_IALLUGO), n->dev);
	if (err && err != -EEXIST)
		log_warn("devtmpfs: no node %s: error %d", n->name, -err);
}

static void remove_node(const char *name)
{
	(void)!vfs_unlink(&dev_walk, name);
}

static void add_fixed(void)
{
	static const struct {
		const char *name, *target;
	} links[] = {
		{ "fd", "/proc/self/fd" },
		{ "stdin", "/proc/self/fd/0" },
		{ "stdout", "/proc/self/fd/1" },
		{ "stderr", "/proc/self/fd/2" },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(links); i++)
		(void)!vfs_symlink(links[i].target, &dev_walk, links[i].name);
	(void)!vfs_mkdir(&dev_walk, "pts", 0755);
	(void)!vfs_mkdir(&dev_walk, "shm", 01777);
}

void devfs_init(void)
{
	struct path root;
	struct chrdev_node n;
	int err;

	fs_register(&dev_type);
	err = mount_root("devtmpfs", &root);
	if (err) {
		log_err("devtmpfs: error %d", -err);
		return;
	}
	ref_init(&dev_ctx.ref, 1);
	spin_init(&dev_ctx.lock, "devfs");
	fs_ctx_set_root(&dev_ctx, &root);
	fs_ctx_set_cwd(&dev_ctx, &root);
	path_put(&root);
	chrdev_added = add_node;
	devnode_removed = remove_node;
	for (unsigned i = 0; chrdev_node(i, &n); i++)
		add_node(&n);
	add_fixed();
}
