/* SPDX-License-Identifier: MIT
 *
 * tty/devpts.c - the file system of /dev/pts: one node for each pty slave, and ptmx
 *
 * Owns:      the devpts instance (one, whatever number of mounts) and its options.
 * Layer:     tty, on fs.  The ptys themselves are pty.c's.
 * Locks:     none of its own; directory operations are called with the directory's lock.
 * Contexts:  process context, may sleep.
 * Manual:    pts(4), mount(8): uid=, gid=, mode=, ptmxmode=
 * Tests:     tests/abi/tty.c
 * Deviates:  every mount shows the same ptys (Linux: each mount is a new instance), as with Linux before 4.7.
 *
 * Names appear and vanish with the ptys, so the directory is looked up anew each time (inode->revalidate).
 */
#include "tty_struct.h"
#include <fs/chrdev.h>
#include <fs/inode.h>
#include <lib/format.h>
#include <lib/string.h>

enum { DEVPTS_MAGIC = 0x1cd1, INO_ROOT = 1, INO_PTMX = 2, DT_CHR_K = 2, DT_DIR_K = 4 };

struct devpts_options devpts_options = { .mode = 0600, .ptmxmode = 0 };

/* A name of digits without leading zero as number; false: it is none. */
static bool parse_number(const char *name, unsigned len, unsigned *out)
{
	unsigned v = 0;

	if (len == 0 || len > 6 || (name[0] == '0' && len > 1))
		return false;
	for (unsigned i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return false;
		v = v * 10 + (unsigned)(name[i] - '0');
	}
	*out = v;
	return true;
}

static struct inode *devpts_lookup(struct inode *dir, const char *name, unsigned len)
{
	unsigned n;

	if (len == 4 && !memcmp(name, "ptmx", 4))
		return inode_get(dir->sb->private);
	return parse_number(name, len, &n) ? pty_slave_inode(dir->sb, n) : NULL;
}

/* Positions: 0 ".", 1 "..", 2 "ptmx", 3 + n: pty n. */
static int devpts_iterate(struct file *f, struct dir_context *ctx)
{
	char name[12];
	int n;

	if (ctx->pos == 0) {
		if (!ctx->emit(ctx, ".", 1, INO_ROOT, DT_DIR_K))
			return 0;
		ctx->pos = 1;
	}
	if (ctx->pos == 1) {
		if (!ctx->emit(ctx, "..", 2, INO_ROOT, DT_DIR_K))
			return 0;
		ctx->pos = 2;
	}
	if (ctx->pos == 2) {
		if (!ctx->emit(ctx, "ptmx", 4, INO_PTMX, DT_CHR_K))
			return 0;
		ctx->pos = 3;
	}
	while (ctx->pos >= 3 && ctx->pos < PTY_MAX + 3 && (n = pty_next((unsigned)ctx->pos - 3)) >= 0) {
		unsigned len = (unsigned)scnprintf(name, sizeof(name), "%d", n);

		if (!ctx->emit(ctx, name, len, (u64)n + 3, DT_CHR_K))
			return 0;
		ctx->pos = n + 4;
	}
	return 0;
}

static const struct inode_ops devpts_dir_ops = { .lookup = devpts_lookup };
static const struct file_ops devpts_dir_fops = { .iterate = devpts_iterate, .lseek = generic_lseek };

static int devpts_statfs(struct super_block *sb, struct statfs64_k *out)
{
	memset(out, 0, sizeof(*out));
	out->f_type = DEVPTS_MAGIC;
	out->f_bsize = PAGE_SIZE;
	out->f_namelen = 255;
	return 0;
}
static void devpts_put_super(struct super_block *sb)
{
	inode_put(sb->private);
}
static const struct super_ops devpts_super_ops = { .statfs = devpts_statfs, .put_super = devpts_put_super };

/* ---- mount ---- */

static bool option_number(const char **s, const char *key, unsigned base, u64 max, u64 *out)
{
	if (!str_starts(*s, key))
		return false;
	*s += strlen(key);
	return parse_u64(s, base, out) && *out <= max && (**s == ',' || !**s);
}

static int parse_options(const char *s, struct devpts_options *o)
{
	u64 v;

	while (s && *s) {
		if (*s == ',') {
			s++;
		} else if (option_number(&s, "gid=", 10, UINT32_MAX - 1, &v)) {
			o->gid = (gid_t)v;
			o->gid_set = true;
		} else if (option_number(&s, "uid=", 10, UINT32_MAX - 1, &v)) {
			o->uid = (uid_t)v;
			o->uid_set = true;
		} else if (option_number(&s, "ptmxmode=", 8, 0777, &v)) {
			o->ptmxmode = (umode_t)v;
		} else if (option_number(&s, "mode=", 8, 0777, &v)) {
			o->mode = (umode_t)v;
		} else if (str_starts(s, "newinstance") || str_starts(s, "max=")) {
			while (*s && *s != ',')
				s++;
		} else {
			return -EINVAL;
		}
	}
	return 0;
}

static int devpts_fill(struct super_block *sb, const char *source, const char *options)
{
	struct devpts_options o = { .mode = 0600, .ptmxmode = 0 };
	struct inode *root, *ptmx;
	int err = parse_options(options, &o);

	if (err)
		return err;
	root = inode_alloc(sb, S_IFDIR | 0755);
	if (!root)
		return -ENOMEM;
	ptmx = inode_alloc(sb, S_IFCHR | o.ptmxmode);
	if (!ptmx) {
		inode_put(root);
		return -ENOMEM;
	}
	ptmx->ino = INO_PTMX;
	ptmx->nlink = 1;
	ptmx->rdev = dev_make(5, 2);
	ptmx->fops = &chrdev_open_ops;
	sb->private = ptmx; /* lives as long as the instance */

	root->ino = INO_ROOT;
	root->nlink = 2;
	root->ops = &devpts_dir_ops;
	root->fops = &devpts_dir_fops;
	root->revalidate = true;
	devpts_options = o;

	sb->ops = &devpts_super_ops;
	sb->magic = DEVPTS_MAGIC;
	sb->blocksize = PAGE_SIZE;
	sb->root_inode = root;
	sb->type->single = sb;
	return 0;
}

static struct fs_type devpts_type = { .name = "devpts", .nodev = true, .fill = devpts_fill };

void devpts_init(void)
{
	fs_register(&devpts_type);
}
