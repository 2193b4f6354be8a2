/* SPDX-License-Identifier: MIT
 *
 * fs/xattr.c - extended attributes: who may, what fits, and file capabilities that changes take away
 *
 * Owns:      the rules, and inode->no_file_caps; the values are the file systems'.
 * Layer:     fs.
 * Locks:     takes i->lock, for reading to look and for writing to change.
 * Contexts:  process context; may sleep.
 * Manual:    xattr(7), getxattr(2), setxattr(2), listxattr(2), removexattr(2), capabilities(7).
 * Tests:     tests/abi/xattr.c, tests/abi/xattr2.c.
 * Deviates:  an empty security.capability needs CAP_SETFCAP, too; Linux lets anybody write one, and such a file cannot be
 *            executed any more.
 *
 * security.capability is more than bytes: a program that carries it gains rights (cred/file_caps.h).  So its value must
 * be well-formed, and whoever changes the file's contents or owner takes it away.  Each write(2) asks for that; the
 * answer "it has none" is kept in i->no_file_caps, so that only the first one looks.
 */
#include <fs/xattr.h>
#include <fs/notify.h>
#include <fs/mount.h>
#include <cred/file_caps.h>
#include <lib/string.h>
#include <abi/errno.h>

/* ---- the kernel's own door ---- */

ssize_t inode_getxattr_locked(struct inode *i, const char *name, void *value, size_t size)
{
	return i->ops->getxattr ? i->ops->getxattr(i, name, value, size) : -EOPNOTSUPP;
}

int inode_removexattr_locked(struct inode *i, const char *name)
{
	return i->ops->removexattr ? i->ops->removexattr(i, name) : -EOPNOTSUPP;
}

ssize_t inode_getxattr(struct inode *i, const char *name, void *value, size_t size)
{
	ssize_t n;

	rwlock_read_lock(&i->lock);
	n = inode_getxattr_locked(i, name, value, size);
	rwlock_read_unlock(&i->lock);
	return n;
}

int inode_setxattr(struct inode *i, const char *name, const void *value, size_t size, int flags)
{
	int err;

	if (!i->ops->setxattr)
		return -EOPNOTSUPP;
	rwlock_write_lock(&i->lock);
	if (!strcmp(name, XATTR_NAME_CAPS))
		atomic_store(&i->no_file_caps, false);
	err = i->ops->setxattr(i, name, value, size, flags);
	rwlock_write_unlock(&i->lock);
	return err;
}

int inode_removexattr(struct inode *i, const char *name)
{
	int err;

	rwlock_write_lock(&i->lock);
	err = inode_removexattr_locked(i, name);
	rwlock_write_unlock(&i->lock);
	return err;
}

int xattr_list_add(struct xattr_list *l, const char *prefix, const char *name, size_t len)
{
	size_t before = strlen(prefix), need = before + len + 1;
	bool trusted = before ? str_starts(prefix, "trusted.") : len >= 8 && !memcmp(name, "trusted.", 8);

	if (trusted && !l->all)
		return 0;
	if (l->size) {
		if (need > l->size - l->used)
			return -ERANGE;
		memcpy(l->to + l->used, prefix, before);
		memcpy(l->to + l->used + before, name, len);
		l->to[l->used + need - 1] = 0;
	}
	l->used += need;
	return 0;
}

static ssize_t list_names(struct inode *i, struct xattr_list *l)
{
	int err;

	if (!i->ops->listxattr)
		return 0;
	rwlock_read_lock(&i->lock);
	err = i->ops->listxattr(i, l);
	rwlock_read_unlock(&i->lock);
	return err ? err : (ssize_t)l->used;
}

ssize_t inode_listxattr(struct inode *i, char *list, size_t size)
{
	struct xattr_list l = { .to = list, .size = size, .all = true };

	return list_names(i, &l);
}

/* ---- a program's ---- */

static int xattr_permission(struct inode *i, const char *name, unsigned want, const struct cred *c)
{
	umode_t mode = atomic_load(&i->mode);

	if (want == MAY_WRITE && i->flags & (INODE_IMMUTABLE | INODE_APPEND))
		return -EPERM;
	if (!strcmp(name, XATTR_NAME_CAPS))
		return want == MAY_WRITE && !cred_capable(c, CAP_SETFCAP) ? -EPERM : 0;
	if (str_starts(name, "security."))
		return want == MAY_WRITE && !cred_capable(c, CAP_SYS_ADMIN) ? -EPERM : 0;
	if (str_starts(name, "system."))
		return 0;
	if (str_starts(name, "trusted.")) {
		if (cred_capable(c, CAP_SYS_ADMIN))
			return 0;
		return want == MAY_WRITE ? -EPERM : -ENODATA;
	}
	if (str_starts(name, "user.")) {
		if (!s_isreg(mode) && !s_isdir(mode))
			return want == MAY_WRITE ? -EPERM : -ENODATA;
		if (s_isdir(mode) && mode & S_ISVTX && want == MAY_WRITE && !inode_owner_or_capable(i, c))
			return -EPERM;
	}
	return inode_permission(i, want, c);
}

/* What programs see of file capabilities: one that anybody's root gave looks as the older revision. */
static ssize_t get_file_caps(struct inode *i, void *value, size_t size)
{
	u8 raw[FILE_CAPS_MAX];
	ssize_t n = inode_getxattr(i, XATTR_NAME_CAPS, raw, sizeof(raw));

	if (n == -ERANGE)
		return -EINVAL;
	if (n >= 0)
		n = file_caps_show(raw, (size_t)n);
	if (n < 0 || !size)
		return n;
	if ((size_t)n > size)
		return -ERANGE;
	memcpy(value, raw, (size_t)n);
	return n;
}

ssize_t vfs_getxattr(const struct path *p, const char *name, void *value, size_t size, const struct cred *c)
{
	struct inode *i = p->dentry->inode;
	int err = xattr_permission(i, name, MAY_READ, c);

	if (err)
		return err;
	if (!strcmp(name, XATTR_NAME_CAPS))
		return get_file_caps(i, value, size);
	return inode_getxattr(i, name, value, size);
}

int vfs_setxattr(const struct path *p, const char *name, const void *value, size_t size, int flags,
                 const struct cred *c)
{
	struct inode *i = p->dentry->inode;
	struct file_caps fc;
	int err = mount_readonly(p->mnt) ? -EROFS : 0;

	if (!err && size && !strcmp(name, XATTR_NAME_CAPS))
		err = file_caps_parse(&fc, value, size);
	if (!err)
		err = xattr_permission(i, name, MAY_WRITE, c);
	if (!err)
		err = inode_setxattr(i, name, value, size, flags);
	if (!err)
		notify_dentry(p->dentry, IN_ATTRIB);
	return err;
}

ssize_t vfs_listxattr(const struct path *p, char *list, size_t size, const struct cred *c)
{
	struct xattr_list l = { .to = list, .size = size, .all = cred_capable(c, CAP_SYS_ADMIN) };

	return list_names(p->dentry->inode, &l);
}

int vfs_removexattr(const struct path *p, const char *name, const struct cred *c)
{
	int err = mount_readonly(p->mnt) ? -EROFS : xattr_permission(p->dentry->inode, name, MAY_WRITE, c);

	if (!err)
		err = inode_removexattr(p->dentry->inode, name);
	if (!err)
		notify_dentry(p->dentry, IN_ATTRIB);
	return err;
}

/* ---- file capabilities ---- */

int inode_drop_file_caps(struct inode *i)
{
	ssize_t n;

	if (likely(i->no_file_caps))
		return 0;
	n = inode_getxattr_locked(i, XATTR_NAME_CAPS, NULL, 0);
	if (n >= 0)
		n = inode_removexattr_locked(i, XATTR_NAME_CAPS);
	if (n < 0 && n != -ENODATA && n != -EOPNOTSUPP)
		return (int)n;
	atomic_store(&i->no_file_caps, true);
	return 0;
}

int inode_get_file_caps(struct inode *i, struct file_caps *fc)
{
	u8 raw[FILE_CAPS_MAX];
	ssize_t n;

	if (i->no_file_caps)
		return -ENODATA;
	n = inode_getxattr(i, XATTR_NAME_CAPS, raw, sizeof(raw));
	if (n == -EOPNOTSUPP)
		return -ENODATA;
	if (n < 0)
		return n == -ERANGE ? -EINVAL : (int)n;
	n = file_caps_parse(fc, raw, (size_t)n);
	/* Given by the root of some user namespace, of which there is only the first here. */
	return n ? (int)n : fc->rootid ? -ENODATA : 0;
}
