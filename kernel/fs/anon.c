/* SPDX-License-Identifier: MIT
 *
 * fs/anon.c - files that stand in no directory: pipes, sockets, ptys
 *
 * Owns:      the internal instance and mount they belong to.
 * Layer:     fs.
 * Locks:     none; written once at boot.
 * Contexts:  process context; may sleep.
 * Manual:    proc(5): /proc/pid/fd shows "pipe:[7]".
 * Tests:     tests/abi/pipe.c (fstat), tests/abi/procself.c.
 */
#include <fs/namei.h>
#include <fs/dcache.h>
#include <fs/mount_tree.h>
#include <fs/anon.h>
#include <lib/string.h>
#include <abi/errno.h>

static struct path anon_root;

static int anon_fill(struct super_block *sb, const char *source, const char *options)
{
	sb->magic = PIPEFS_MAGIC;
	sb->root_inode = inode_alloc(sb, S_IFDIR | 0555);
	return sb->root_inode ? 0 : -ENOMEM;
}

/* Not registered: nobody can mount it. */
static struct fs_type anon_type = { .name = "pipefs", .nodev = true, .fill = anon_fill };

void anon_init(void)
{
	struct super_block *sb = super_get(&anon_type, "pipefs", "");

	if (IS_ERR(sb))
		panic("no memory for the anonymous file system");
	anon_root.mnt = mount_create(sb, sb->root, MS_NOATIME);
	anon_root.dentry = sb->root;
	if (!anon_root.mnt)
		panic("no memory for the anonymous file system");
	super_put(sb);
}

struct file *file_alloc_anon(const char *name, umode_t mode, const struct file_ops *ops, unsigned flags,
                             void *private, const struct cred *c)
{
	struct qname n = { name, (unsigned)strlen(name), 0 };
	struct inode *i = inode_alloc(anon_root.mnt->sb, mode);
	struct path p;
	struct file *f;

	if (!i)
		return NULL;
	i->uid = c->fsuid;
	i->gid = c->fsgid;
	i->no_file_caps = true;
	p.dentry = dentry_alloc(anon_root.dentry, &n, i);
	if (!p.dentry) {
		inode_put(i);
		return NULL;
	}
	p.dentry->anon = true;
	p.mnt = mount_get(anon_root.mnt);
	f = file_alloc_path(&p, ops, flags, c);
	if (IS_ERR(f))
		return NULL;
	f->private = private;
	return f;
}
