/* SPDX-License-Identifier: MIT
 *
 * fs/overlay/copyup.c - a lower object is copied to the upper layer before it changes
 *
 * Owns:      nothing.
 * Layer:     fs/overlay.
 * Locks:     node->lock while one object is copied; the upper file system's own inside.
 * Contexts:  process context; may sleep, for as long as the copy takes.
 * Manual:    Linux Documentation/filesystems/overlayfs.rst, "Non-directories".
 * Tests:     tests/run.py overlay.
 *
 * The copy is made under a name of its own in the work directory, with all its bytes and attributes, and then renamed
 * into its place: nobody ever sees half of it, and a machine that dies leaves at most a file in the work directory,
 * which the next mount removes.  Directories above are copied first, from the top down.
 *
 * Changes of the layers go through the VFS' own calls, by walks of one step from a real directory: so the names in the
 * cache, the locks and the checks of the real file system are those of everybody else.
 */
#include <fs/overlay/internal.h>
#include <fs/xattr.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <abi/errno.h>

struct cred ovl_cred(const struct cred *c)
{
	struct cred all = *c;

	ref_init(&all.ref, 1);
	all.cap_effective = cred_init.cap_effective;
	return all;
}

struct fs_walk ovl_walk(struct ovl_super *s, const struct path *base, const struct cred *c)
{
	return (struct fs_walk){ .fs = s->fs, .cred = c ? c : &cred_init, .base = base };
}

void ovl_tmp_name(struct ovl_super *s, char name[OVL_TMP_NAME])
{
	snprintf(name, OVL_TMP_NAME, "#%llx", (unsigned long long)atomic_add(&s->next_tmp, 1));
}

int ovl_make(struct ovl_super *s, const struct path *dir, const char *name, umode_t mode, dev_t rdev,
             const char *target, const struct cred *c, struct path *out)
{
	struct fs_walk w = ovl_walk(s, dir, c);
	int err;

	if (s_isdir(mode))
		err = vfs_mkdir(&w, name, mode & S_IALLUGO);
	else if (s_islnk(mode))
		err = vfs_symlink(target, &w, name);
	else
		err = vfs_mknod(&w, name, mode, rdev);
	return err || !out ? err : path_lookup(&w, name, 0, out);
}

/* ---- marks ---- */

static const char *opaque_name(const struct ovl_super *s)
{
	return s->userxattr ? "user.overlay.opaque" : "trusted.overlay.opaque";
}

bool ovl_is_opaque(struct ovl_super *s, struct inode *dir)
{
	char value = 0;

	return inode_getxattr(dir, opaque_name(s), &value, 1) == 1 && value == 'y';
}

int ovl_set_opaque(struct ovl_super *s, struct inode *upper)
{
	return inode_setxattr(upper, opaque_name(s), "y", 1, 0);
}

/* ---- copying ---- */

static int copy_attr(const struct inode *from, struct inode *to)
{
	struct iattr a = { .valid = ATTR_FORCE | ATTR_UID | ATTR_GID | ATTR_ATIME | ATTR_MTIME |
		                    ATTR_ATIME_SET | ATTR_MTIME_SET,
		           .mode = from->mode,
		           .uid = from->uid,
		           .gid = from->gid,
		           .atime = from->atime,
		           .mtime = from->mtime };

	if (!s_islnk(from->mode))
		a.valid |= ATTR_MODE;
	return inode_setattr(to, &a, &cred_init);
}

static int copy_bytes(struct file *in, struct file *out, char *buf)
{
	for (loff_t at = 0;;) {
		ssize_t n = file_read_kernel(in, buf, OVL_COPY_BYTES, at), put = 0;

		for (ssize_t done = 0; done < n; done += put) {
			put = file_write_kernel(out, buf + done, (size_t)(n - done), at + done);
			if (put <= 0)
				return put ? (int)put : -EIO;
		}
		if (n <= 0)
			return (int)n;
		at += n;
		cond_resched();
		if (thread_kill_pending())
			return -EINTR;
	}
}

static int copy_data(struct ovl_super *s, const struct path *from, const struct path *to)
{
	struct file *in, *out;
	char *buf = kmalloc(OVL_COPY_BYTES, 0);
	int err = -ENOMEM;

	if (!buf)
		return err;
	err = vfs_open_path(from, O_RDONLY | O_NOATIME, &cred_init, &in);
	if (err)
		goto out_buf;
	err = vfs_open_path(to, O_WRONLY, &cred_init, &out);
	if (err)
		goto out_in;
	err = copy_bytes(in, out, buf);
	if (!err && !s->is_volatile && out->ops->fsync)
		err = file_fsync(out, 0, INT64_MAX,
		                 false); /* before the name, or a crash leaves an empty file */
	if (!err && out->ops->flush)
		err = out->ops->flush(out);
	file_put(out);
out_in:
	file_put(in);
out_buf:
	kfree(buf);
	return err;
}

/* The whole copy in the work directory as `tmp`. */
static int make_copy(struct ovl_super *s, const struct path *from, const char *tmp, struct path *out)
{
	struct inode *i = from->dentry->inode;
	const char *target = NULL;
	int err;

	if (s_islnk(i->mode)) {
		target = i->link ? i->link : i->ops->get_link ? i->ops->get_link(i) : ERR_PTR(-EINVAL);
		if (IS_ERR(target))
			return (int)PTR_ERR(target);
	}
	err = ovl_make(s, &s->work, tmp, i->mode, i->rdev, target, NULL, out);
	if (err)
		return err;
	if (s_isreg(i->mode))
		err = copy_data(s, from, out);
	if (!err)
		err = ovl_copy_xattrs(s, i, out->dentry->inode);
	if (!err)
		err = copy_attr(i, out->dentry->inode);
	if (err)
		path_put(out);
	return err;
}

static void discard(struct ovl_super *s, const char *tmp, bool dir)
{
	struct fs_walk w = ovl_walk(s, &s->work, NULL);

	(void)!(dir ? vfs_rmdir(&w, tmp) : vfs_unlink(&w, tmp));
}

/* Moves the copy to its name; the directory does not look changed by that. */
static int install(struct ovl_super *s, const char *tmp, const struct path *dir, const char *name)
{
	struct fs_walk from = ovl_walk(s, &s->work, NULL), to = ovl_walk(s, dir, NULL);
	struct inode *d = dir->dentry->inode;
	struct iattr a = { .valid = ATTR_FORCE | ATTR_ATIME | ATTR_MTIME | ATTR_ATIME_SET | ATTR_MTIME_SET,
		           .atime = d->atime,
		           .mtime = d->mtime };
	int err = vfs_rename(&from, tmp, &to, name, 0);

	if (!err)
		(void)!inode_setattr(d, &a, &cred_init);
	return err;
}

/* i's directory has an upper one. */
static int copy_one(struct inode *i)
{
	struct ovl_super *s = ovl_super(i->sb);
	struct ovl_node *n = ovl_node(i);
	char tmp[OVL_TMP_NAME];
	struct path dir, copy, from;
	int err;

	scoped_mutex(&n->lock);
	if (n->upper)
		return 0;
	from = ovl_real(i);
	dir = ovl_upper_path(n->parent);
	ovl_tmp_name(s, tmp);
	err = make_copy(s, &from, tmp, &copy);
	if (!err && n->gone)
		discard(s, tmp, s_isdir(i->mode)); /* open and removed: the copy lives without a name */
	else if (!err)
		err = install(s, tmp, &dir, from.dentry->name);
	if (err) {
		discard(s, tmp, s_isdir(i->mode));
		return err;
	}
	atomic_store_release(&n->upper, dentry_get(copy.dentry));
	path_put(&copy);
	ovl_node_hash(i);
	return 0;
}

int ovl_copy_up(struct inode *i)
{
	int err = 0;

	if (likely(ovl_upper(i)))
		return 0;
	if (!ovl_super(i->sb)->upper.mnt)
		return -EROFS;
	while (!ovl_upper(i) && !err) {
		struct inode *top = i;

		while (!ovl_upper(ovl_node(top)->parent))
			top = ovl_node(top)->parent;
		err = copy_one(top);
	}
	return err;
}
