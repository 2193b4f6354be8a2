/* SPDX-License-Identifier: MIT
 *
 * fs/fileflags.c - flags of inodes: chattr(1)
 *
 * Owns:      who may change inode.flags.  What they forbid is asked where it is done: open.c, attr.c, remove.c, create.c,
 *            xattr.c, file.c, and inode_permission.
 * Layer:     fs.
 * Locks:     inode->lock for writing while they change; readers take none: it is one word.
 * Contexts:  process context; may sleep.
 * Manual:    ioctl_iflags(2), chattr(1).
 * Tests:     tests/abi/chattr.c
 */
#include <fs/fileflags.h>
#include <fs/notify.h>
#include <fs/walk.h>
#include <abi/errno.h>

int file_get_flags(struct file *f, u32 *flags)
{
	struct inode *i = f->inode;

	return i->ops->get_flags ? i->ops->get_flags(i, flags) : -ENOTTY;
}

static int check_change(struct inode *i, u32 flags, const struct cred *c)
{
	u32 old;
	int err = i->ops->get_flags(i, &old);

	if (!err && (old ^ flags) & (INODE_APPEND | INODE_IMMUTABLE) && !cred_capable(c, CAP_LINUX_IMMUTABLE))
		err = -EPERM;
	return err;
}

int file_set_flags(struct file *f, u32 flags, const struct cred *c)
{
	struct inode *i = f->inode;
	int err = path_check_write(&f->path);

	if (err)
		return err;
	if (!i->ops->set_flags)
		return -ENOTTY;
	if (!inode_owner_or_capable(i, c))
		return -EPERM;
	rwlock_write_lock(&i->lock);
	err = check_change(i, flags, c);
	if (!err)
		err = i->ops->set_flags(i, flags);
	rwlock_write_unlock(&i->lock);
	if (!err)
		notify_dentry(f->path.dentry, IN_ATTRIB);
	return err;
}

void inode_names_changed(struct inode *dir)
{
	u32 sb = atomic_load(&dir->sb->flags);

	if (likely(!(dir->flags & (INODE_SYNC | INODE_DIRSYNC)) && !(sb & (MS_SYNCHRONOUS | MS_DIRSYNC))))
		return;
	if (dir->sb->ops && dir->sb->ops->write_inode)
		(void)dir->sb->ops->write_inode(dir, true); /* what fails there is told by the file system */
}
