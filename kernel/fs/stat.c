/* SPDX-License-Identifier: MIT
 *
 * fs/stat.c - the calls that only look: stat, access, readlink, statfs, chdir, chroot
 *
 * Owns:      nothing.
 * Layer:     fs.
 * Locks:     none of its own.
 * Contexts:  process context; may sleep.
 * Manual:    stat(2), access(2), readlink(2), statfs(2), chdir(2), chroot(2).
 * Tests:     tests/abi/stat.c, tests/abi/names.c.
 */
#include <fs/file.h>
#include <fs/namei.h>
#include <fs/walk.h>
#include <lib/string.h>
#include <abi/errno.h>

int vfs_stat_path(const struct path *p, struct kstat *st)
{
	int err = inode_getattr(p->dentry->inode, st);

	st->mnt_id = p->mnt->id;
	st->mount_root = p->dentry == p->mnt->root;
	return err;
}

int vfs_stat(const struct fs_walk *w, const char *name, unsigned lookup, struct kstat *st)
{
	struct path p;
	int err = path_lookup(w, name, lookup, &p);

	if (err)
		return err;
	err = vfs_stat_path(&p, st);
	path_put(&p);
	return err;
}

static int access_path(const struct path *p, unsigned want, const struct cred *c)
{
	struct inode *i = p->dentry->inode;
	int err;

	if (want & MAY_EXEC && s_isreg(i->mode) && p->mnt->flags & MS_NOEXEC)
		return -EACCES;
	err = inode_permission(i, want, c);
	if (err || !(want & MAY_WRITE))
		return err;
	/* A device can be written to whatever its node's file system says. */
	if (s_isreg(i->mode) || s_isdir(i->mode) || s_islnk(i->mode))
		err = path_check_write(p);
	return err;
}

int vfs_access(const struct fs_walk *w, const char *name, unsigned want, unsigned lookup)
{
	struct path p;
	int err = path_lookup(w, name, lookup, &p);

	if (err)
		return err;
	if (want)
		err = access_path(&p, want, w->cred);
	path_put(&p);
	return err;
}

ssize_t vfs_readlink(const struct fs_walk *w, const char *name, char *buf, size_t size, bool allow_empty)
{
	struct path p;
	struct inode *i;
	const char *text;
	ssize_t n = path_lookup(w, name, allow_empty ? LOOKUP_EMPTY : 0, &p);

	if (n)
		return n;
	i = p.dentry->inode;
	if (!s_islnk(i->mode)) {
		/* readlinkat(fd, ""): a descriptor that is no link has no name to read */
		n = *name ? -EINVAL : -ENOENT;
	} else if (i->ops->readlink) {
		n = i->ops->readlink(i, buf, size);
	} else {
		text = i->link ? i->link : i->ops->get_link ? i->ops->get_link(i) : ERR_PTR(-EINVAL);
		if (IS_ERR(text)) {
			n = PTR_ERR(text);
		} else {
			n = (ssize_t)MIN(strlen(text), size);
			memcpy(buf, text, (size_t)n);
		}
	}
	if (n >= 0)
		inode_accessed(i, p.mnt->flags);
	path_put(&p);
	return n;
}

int vfs_statfs(const struct path *p, struct statfs64_k *out)
{
	struct super_block *sb = p->mnt->sb;
	u32 f = atomic_load(&p->mnt->flags) | (atomic_load(&sb->flags) & (MS_RDONLY | MS_SYNCHRONOUS));
	int err = 0;

	*out = (struct statfs64_k){ .f_type = (s64)sb->magic,
		                    .f_bsize = sb->blocksize,
		                    .f_namelen = NAME_MAX,
		                    .f_fsid = { (s32)sb->dev, 0 } };
	if (sb->ops && sb->ops->statfs)
		err = sb->ops->statfs(sb, out);
	if (!out->f_frsize)
		out->f_frsize = out->f_bsize;
	/* The first four flags and NOATIME, NODIRATIME have the values of mount(2). */
	out->f_flags = ST_VALID |
	               (f & (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_SYNCHRONOUS | MS_NOATIME |
	                     MS_NODIRATIME)) |
	               (f & MS_RELATIME ? ST_RELATIME : 0);
	return err;
}

int vfs_chdir(const struct fs_walk *w, const char *name)
{
	struct path p;
	int err = path_lookup(w, name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY | (w->base ? LOOKUP_EMPTY : 0), &p);

	if (err)
		return err;
	err = inode_permission(p.dentry->inode, MAY_EXEC, w->cred);
	if (!err)
		fs_ctx_set_cwd(w->fs, &p);
	path_put(&p);
	return err;
}

int vfs_chroot(const struct fs_walk *w, const char *name)
{
	struct path p;
	int err = path_lookup(w, name, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &p);

	if (err)
		return err;
	err = inode_permission(p.dentry->inode, MAY_EXEC, w->cred);
	if (!err && !cred_capable(w->cred, CAP_SYS_CHROOT))
		err = -EPERM;
	if (!err)
		fs_ctx_set_root(w->fs, &p);
	path_put(&p);
	return err;
}
