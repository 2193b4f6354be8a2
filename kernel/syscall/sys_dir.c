/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_dir.c - getdents(2), chdir(2), chroot(2), getcwd(2), umask(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses fs.
 * Locks:     none of its own; entries are copied out while fs holds the directory's lock, as a fault may
 * sleep. Contexts:  process context of a user task; may sleep. Manual:    getdents(2), chdir(2), chroot(2),
 * getcwd(2), umask(2). Tests:     tests/abi/dents.c
 *
 * d_off of an entry is where the next one begins.  At the time an entry is written that is not known yet: it
 * is filled in when the next one comes, or at the end.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <fs/mount.h>
#include <abi/dirent.h>
#include <lib/string.h>
#include <mem/slab.h>

struct dents {
	struct dir_context ctx;
	char __user *buf;  /* where the next entry goes */
	char __user *last; /* the entry written last, NULL at first */
	size_t left;
	int err;       /* why it stopped */
	bool old;      /* struct dirent_k of getdents */
	unsigned word; /* bytes of d_ino and d_off: 8, or 4 in getdents of the i386 ABI */
};

/* Writes d_off, which stands behind d_ino in all forms. */
static int dents_set_off(struct dents *d)
{
	s64 off = d->ctx.pos;

	return d->last ? copy_to_user(d->last + d->word, &off, d->word) : 0;
}

/* The entry as it will stand in memory; its size, a multiple of `word`. */
static size_t dent_make(char *e, bool old, unsigned word, const char *name, unsigned len, u64 ino,
                        unsigned type)
{
	size_t head = 2 * word + sizeof(u16) + (old ? 0 : 1);
	size_t size = ALIGN_UP(head + len + (old ? 2 : 1), word);
	u16 reclen = (u16)size;
	u8 t = (u8)type;

	memset(e, 0, size);
	memcpy(e, &ino, word);
	memcpy(e + 2 * word, &reclen, sizeof(reclen));
	if (old)
		e[size - 1] = (char)t;
	else
		e[offsetof(struct dirent64_k, d_type)] = (char)t;
	memcpy(e + head, name, len);
	return size;
}

static bool dents_emit(struct dir_context *ctx, const char *name, unsigned len, u64 ino, unsigned type)
{
	struct dents *d = container_of(ctx, struct dents, ctx);
	char entry[sizeof(struct dirent64_k) + NAME_MAX + 16];
	size_t size;

	if (len > NAME_MAX) {
		d->err = -EIO;
		return false;
	}
	size = dent_make(entry, d->old, d->word, name, len, ino, type);
	if (size > d->left) {
		d->err = -EINVAL; /* matters when it is the first */
		return false;
	}
	d->err = -EFAULT;
	if (dents_set_off(d) || copy_to_user(d->buf, entry, size))
		return false;
	d->err = 0;
	d->last = d->buf;
	d->buf += size;
	d->left -= size;
	return true;
}

static long do_getdents(unsigned fd, void __user *buf, unsigned count, bool old)
{
	struct dents d = { .ctx = { .emit = dents_emit },
		           .buf = buf,
		           .left = count,
		           .old = old,
		           .word = old && call_small() ? sizeof(u32) : sizeof(u64) };
	struct fd_ref r = fd_arg(fd);
	int err;

	if (!r.file)
		return -EBADF;
	err = file_iterate(r.file, &d.ctx);
	fd_ref_put(r);
	if (d.last)
		return dents_set_off(&d) ? -EFAULT : (long)(count - d.left);
	return err < 0 ? err : d.err;
}

long sys_getdents(unsigned fd, void __user *buf, unsigned count)
{
	return do_getdents(fd, buf, count, true);
}

long sys_getdents64(unsigned fd, void __user *buf, unsigned count)
{
	return do_getdents(fd, buf, count, false);
}

static long do_with_path(const char __user *path, int (*fn)(const struct fs_walk *, const char *))
{
	struct user_path p;
	int err = user_path_get(&p, AT_FDCWD, path, 0);

	if (err)
		return err;
	err = fn(&p.walk, p.name);
	user_path_put(&p);
	return err;
}

long sys_chdir(const char __user *path)
{
	return do_with_path(path, vfs_chdir);
}

long sys_chroot(const char __user *path)
{
	return do_with_path(path, vfs_chroot);
}

long sys_fchdir(unsigned fd)
{
	struct task *t = current_task();
	struct fd_ref r = fd_arg_path(fd);
	int err = -ENOTDIR;

	if (!r.file)
		return -EBADF;
	if (s_isdir(r.file->inode->mode)) {
		err = inode_permission(r.file->inode, MAY_EXEC, t->cred);
		if (!err)
			fs_ctx_set_cwd(t->fs, &r.file->path);
	}
	fd_ref_put(r);
	return err;
}

/* The length with NUL.  A directory that was removed has no name any more. */
static long cwd_text(char __user *buf, unsigned long size, const struct path *cwd, const struct path *root)
{
	char *page = kmalloc(PATH_MAX, 0), *text;
	size_t len;
	long n;

	if (!page)
		return -ENOMEM;
	text = path_string(cwd, root, page, PATH_MAX);
	if (IS_ERR(text)) {
		n = PTR_ERR(text);
	} else if (cwd->dentry->unlinked) {
		n = -ENOENT;
	} else {
		len = strlen(text) + 1;
		n = len > size ? -ERANGE : copy_to_user(buf, text, len) ? -EFAULT : (long)len;
	}
	kfree(page);
	return n;
}

long sys_getcwd(char __user *buf, unsigned long size)
{
	struct task *t = current_task();
	struct path cwd, root;
	long n;

	fs_ctx_cwd(t->fs, &cwd);
	fs_ctx_root(t->fs, &root);
	n = cwd_text(buf, size, &cwd, &root);
	path_put(&cwd);
	path_put(&root);
	return n;
}

long sys_umask(int mask)
{
	return atomic_xchg(&current_task()->fs->umask, (u32)mask & S_IRWXUGO);
}
