/* SPDX-License-Identifier: MIT
 *
 * fs/overlay/file.c - regular files of an overlay: everything is done by the real file
 *
 * Owns:      struct ovl_file.
 * Layer:     fs/overlay.
 * Locks:     none of its own; the real file system's.
 * Contexts:  process context; may sleep.
 * Manual:    Linux Documentation/filesystems/overlayfs.rst, "Non-standard behavior".
 * Tests:     tests/run.py overlay.
 *
 * Opening for writing copies the file up first.  Who opened it for reading before reads the copy from then on, but a
 * mapping made before stays with the lower file, as on Linux.
 */
#include <fs/overlay/internal.h>
#include <mem/slab.h>
#include <vm/space.h>
#include <abi/errno.h>

enum { REAL_FLAGS = O_ACCMODE | O_APPEND | O_NONBLOCK | O_SYNC | O_DIRECT };

struct ovl_file {
	struct file *first;  /* as it was opened */
	struct file *second; /* of the copy, when that was made later; set once */
};

static int open_real(struct inode *i, const struct file *f, struct file **out)
{
	struct path real = ovl_real(i);

	return vfs_open_path(&real, (f->flags & REAL_FLAGS) | O_NOATIME, &cred_init, out);
}

static int file_open(struct inode *i, struct file *f)
{
	struct ovl_file *o;
	int err = f->mode & FMODE_WRITE ? ovl_copy_up(i) : 0;

	if (err)
		return err;
	o = kzalloc(sizeof(*o));
	if (!o)
		return -ENOMEM;
	err = open_real(i, f, &o->first);
	if (err) {
		kfree(o);
		return err;
	}
	f->private = o;
	ovl_refresh(i);
	return 0;
}

static void file_release(struct file *f)
{
	struct ovl_file *o = f->private;

	file_put(o->first);
	if (o->second)
		file_put(o->second);
	kfree(o);
}

/* The open file of the object that counts now, or ERR_PTR. */
static struct file *real_file(struct file *f)
{
	struct ovl_file *o = f->private;
	struct file *new, *none = NULL;
	int err;

	if (likely(o->first->inode == ovl_real_inode(f->inode)))
		return o->first;
	new = atomic_load_acquire(&o->second);
	if (new)
		return new;
	err = open_real(f->inode, f, &new);
	if (err)
		return ERR_PTR(err);
	if (__atomic_compare_exchange_n(&o->second, &none, new, false, __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE))
		return new;
	file_put(new);
	return none;
}

static ssize_t file_read_op(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct file *r = real_file(f);
	ssize_t n;

	if (IS_ERR(r))
		return PTR_ERR(r);
	n = r->ops->read ? r->ops->read(r, to, pos) : -EINVAL;
	file_accessed(f);
	return n;
}

static ssize_t file_write_op(struct file *f, struct iov_iter *from, loff_t *pos)
{
	struct file *r = real_file(f);
	ssize_t n;

	if (IS_ERR(r))
		return PTR_ERR(r);
	r->flags = (r->flags & ~(u32)O_APPEND) | (f->flags & O_APPEND); /* fcntl(F_SETFL) changes it */
	if (f->inode->mode != r->inode->mode) {                         /* as it was done to ours */
		n = inode_drop_privs(r->inode, f->cred);
		if (n)
			return n;
	}
	n = r->ops->write ? r->ops->write(r, from, pos) : -EINVAL;
	ovl_refresh(f->inode);
	return n;
}

static loff_t file_lseek_op(struct file *f, loff_t off, int whence)
{
	struct file *r = real_file(f);
	loff_t at;

	if (IS_ERR(r))
		return PTR_ERR(r);
	if (!r->ops->lseek)
		return -ESPIPE;
	r->pos = f->pos;
	at = r->ops->lseek(r, off, whence);
	if (at >= 0)
		f->pos = at;
	return at;
}

/* The pages are the real file's, the name in /proc/PID/maps is ours. */
static int file_mmap_op(struct file *f, struct vm_mmap_args *a)
{
	struct file *r = real_file(f);
	int err;

	if (IS_ERR(r))
		return (int)PTR_ERR(r);
	err = r->ops->mmap ? r->ops->mmap(r, a) : -ENODEV;
	if (!err && a->file == r)
		a->file = f;
	return err;
}

static int file_fsync_op(struct file *f, loff_t start, loff_t end, bool datasync)
{
	struct file *r = real_file(f);

	if (IS_ERR(r))
		return (int)PTR_ERR(r);
	if (!ovl_upper(f->inode) || ovl_super(f->inode->sb)->is_volatile)
		return 0;
	return file_fsync(r, start, end, datasync);
}

static int file_flush_op(struct file *f)
{
	struct file *r = real_file(f);

	if (IS_ERR(r))
		return (int)PTR_ERR(r);
	return r->ops->flush ? r->ops->flush(r) : 0;
}

static int file_fallocate_op(struct file *f, int mode, loff_t off, loff_t len)
{
	struct file *r = real_file(f);
	int err;

	if (IS_ERR(r))
		return (int)PTR_ERR(r);
	err = r->ops->fallocate ? r->ops->fallocate(r, mode, off, len) : -EOPNOTSUPP;
	ovl_refresh(f->inode);
	return err;
}

const struct file_ops ovl_file_ops = {
	.open = file_open,
	.release = file_release,
	.read = file_read_op,
	.write = file_write_op,
	.lseek = file_lseek_op,
	.mmap = file_mmap_op,
	.fsync = file_fsync_op,
	.flush = file_flush_op,
	.fallocate = file_fallocate_op,
};
