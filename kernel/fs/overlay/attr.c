/* SPDX-License-Identifier: MIT
 *
 * fs/overlay/attr.c - attributes of an overlay's objects, and where its links point
 *
 * Owns:      nothing.
 * Layer:     fs/overlay.
 * Locks:     the overlay inode's lock, held by fs in setattr; the real inode's inside.
 * Contexts:  process context; may sleep.
 * Manual:    Linux Documentation/filesystems/overlayfs.rst, "Inode properties".
 * Tests:     tests/run.py overlay.
 */
#include <fs/overlay/internal.h>
#include <abi/errno.h>

int ovl_getattr(struct inode *i, struct kstat *st)
{
	struct kstat real;
	int err = inode_getattr(ovl_real_inode(i), &real);

	if (err)
		return err;
	ovl_refresh(i);
	real.dev = i->sb->dev;
	real.ino = i->ino;
	real.nlink = i->nlink;
	*st = real;
	return 0;
}

int ovl_setattr(struct inode *i, const struct iattr *a)
{
	struct iattr real = *a;
	int err = ovl_copy_up(i);

	if (err)
		return err;
	real.valid |= ATTR_FORCE; /* all checks were made */
	if (a->valid & ATTR_SIZE) {
		err = inode_get_write(ovl_upper(i)->inode);
		if (err)
			return err;
	}
	err = inode_setattr(ovl_upper(i)->inode, &real, &cred_init);
	if (a->valid & ATTR_SIZE)
		inode_put_write(ovl_upper(i)->inode);
	return err;
}

/* The text lives with the real inode, which ours keeps; a copy lets the quick walk follow it. */
static const char *get_link(struct inode *i)
{
	struct inode *real = ovl_real_inode(i);

	if (real->link)
		return real->link;
	return real->ops->get_link ? real->ops->get_link(real) : ERR_PTR(-EINVAL);
}

const struct inode_ops ovl_node_ops = {
	.getattr = ovl_getattr,
	.setattr = ovl_setattr,
	.getxattr = ovl_getxattr,
	.setxattr = ovl_setxattr,
	.listxattr = ovl_listxattr,
	.removexattr = ovl_removexattr,
};
const struct inode_ops ovl_link_ops = {
	.get_link = get_link,
	.getattr = ovl_getattr,
	.setattr = ovl_setattr,
	.getxattr = ovl_getxattr,
	.setxattr = ovl_setxattr,
	.listxattr = ovl_listxattr,
	.removexattr = ovl_removexattr,
};
