/* SPDX-License-Identifier: MIT
 *
 * fs/tmpfs/memfd.c - files of memory without a directory
 *
 * Owns:      the instance they belong to, which has no limit and no visible root.
 * Layer:     fs/tmpfs.
 * Locks:     none; written once at boot.
 * Contexts:  process context; may sleep.
 * Manual:    memfd_create(2), fcntl(2): file seals.
 * Tests:     tests/abi/memfd.c.
 */
#include <fs/tmpfs/tmpfs_internal.h>
#include <fs/tmpfs/tmpfs.h>
#include <fs/dcache.h>
#include <fs/mount_tree.h>
#include <base/panic.h>
#include <lib/string.h>
#include <abi/errno.h>
#include <abi/fcntl.h>

static struct path memfd_root;

void memfd_init(struct fs_type *type)
{
	struct super_block *sb = super_get(type, "tmpfs", "");

	if (IS_ERR(sb))
		panic("no memory for memfd files");
	tmpfs_sb(sb)->max_pages = tmpfs_sb(sb)->max_inodes = 0;
	memfd_root.mnt = mount_create(sb, sb->root, MS_NOATIME);
	memfd_root.dentry = sb->root;
	if (!memfd_root.mnt)
		panic("no memory for memfd files");
	super_put(sb);
}

struct file *memfd_create(const char *name, bool sealable, unsigned flags, const struct cred *c)
{
	struct inode *dir = memfd_root.dentry->inode;
	struct qname n = { name, (unsigned)strlen(name), 0 };
	struct inode *i = dir->ops->tmpfile(dir, S_IFREG | 0777, c);
	struct path p;

	if (IS_ERR(i))
		return ERR_PTR(PTR_ERR(i));
	if (sealable)
		i->seals = 0;
	p.dentry = dentry_alloc(memfd_root.dentry, &n, i);
	if (!p.dentry) {
		inode_put(i);
		return ERR_PTR(-ENOMEM);
	}
	p.dentry->anon = true;
	p.mnt = mount_get(memfd_root.mnt);
	return file_alloc_path(&p, &tmpfs_file_ops, O_RDWR | flags, c);
}
