/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_splice.c - splice(2), tee(2), vmsplice(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses ipc/pipe, fs.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    splice(2), tee(2), vmsplice(2).
 * Tests:     tests/abi/splice.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <fs/inode.h>
#include <ipc/pipe.h>

enum { SPLICE_F_NONBLOCK = 2, SPLICE_F_ALL = 15 };

struct other_end {
	struct file *file;
	loff_t *pos; /* NULL: the file's own */
};

/* From a file into the pipe's memory. */
static ssize_t move_in(void *ctx, char *buf, size_t n)
{
	struct other_end *o = ctx;
	struct iov_iter it;

	iov_init_kernel(&it, buf, n);
	return read_done(file_read(o->file, &it, o->pos));
}

static ssize_t move_out(void *ctx, char *buf, size_t n)
{
	struct other_end *o = ctx;
	struct iov_iter it;
	ssize_t err;

	iov_init_kernel(&it, buf, n);
	err = write_limit(o->file, &it, o->pos);
	if (!err)
		err = write_drop_privs(o->file, it.count);
	return err ? err : write_done(file_write(o->file, &it, o->pos));
}

static ssize_t splice_out(struct file *in, struct other_end *out, size_t len, bool nonblock)
{
	struct pipe_mover m = { move_out, out, false };

	if (out->file->flags & O_APPEND)
		return -EINVAL;
	if (out->pos && !(out->file->mode & FMODE_LSEEK))
		return -EINVAL;
	return pipe_drain(in, len, nonblock, &m);
}

static ssize_t splice_in(struct other_end *in, struct file *out, size_t len, bool nonblock)
{
	/* What has no position may keep the next read waiting. */
	struct pipe_mover m = { move_in, in, !s_isreg(in->file->inode->mode) };

	if (in->pos && !(in->file->mode & FMODE_LSEEK))
		return -EINVAL;
	return write_done(pipe_fill(out, len, nonblock, &m));
}

static ssize_t do_splice(struct file *in, loff_t *ipos, struct file *out, loff_t *opos, size_t len,
                         unsigned flags)
{
	bool from_pipe = file_is_pipe(in), to_pipe = file_is_pipe(out);
	bool nonblock = flags & SPLICE_F_NONBLOCK;

	if (!(in->mode & FMODE_READ) || !(out->mode & FMODE_WRITE))
		return -EBADF;
	if ((from_pipe && ipos) || (to_pipe && opos))
		return -ESPIPE;
	if (from_pipe)
		nonblock |= (in->flags & O_NONBLOCK) != 0;
	if (to_pipe)
		nonblock |= (out->flags & O_NONBLOCK) != 0;
	if (from_pipe && to_pipe)
		return in->inode == out->inode ? -EINVAL
		                               : write_done(pipe_copy(in, out, len, nonblock, true));
	if (from_pipe)
		return splice_out(in, &(struct other_end){ out, opos }, len, nonblock);
	if (to_pipe)
		return splice_in(&(struct other_end){ in, ipos }, out, len, nonblock);
	return -EINVAL;
}

static long splice_files(struct file *in, loff_t __user *uin, struct file *out, loff_t __user *uout,
                         size_t len, unsigned flags)
{
	loff_t ipos = 0, opos = 0;
	long n;

	/* A pipe has no offset: -ESPIPE before the pointer is looked at. */
	if ((file_is_pipe(in) && uin) || (file_is_pipe(out) && uout))
		return -ESPIPE;
	if ((uout && get_user(opos, uout)) || (uin && get_user(ipos, uin)))
		return -EFAULT;
	n = do_splice(in, uin ? &ipos : NULL, out, uout ? &opos : NULL, MIN(len, MAX_RW_COUNT), flags);
	if (n > 0 && ((uout && put_user(opos, uout)) || (uin && put_user(ipos, uin))))
		return -EFAULT;
	return n;
}

long sys_splice(int fd_in, loff_t __user *off_in, int fd_out, loff_t __user *off_out, size_t len,
                unsigned flags)
{
	struct fd_ref in, out;
	long n = -EBADF;

	if (!len)
		return 0;
	if (flags & ~(unsigned)SPLICE_F_ALL)
		return -EINVAL;
	in = fd_arg((unsigned)fd_in);
	if (!in.file)
		return -EBADF;
	out = fd_arg((unsigned)fd_out);
	if (out.file) {
		n = splice_files(in.file, off_in, out.file, off_out, len, flags);
		fd_ref_put(out);
	}
	fd_ref_put(in);
	return n;
}

static long do_tee(struct file *in, struct file *out, size_t len, unsigned flags)
{
	bool nonblock = flags & SPLICE_F_NONBLOCK || (in->flags | out->flags) & O_NONBLOCK;

	if (!(in->mode & FMODE_READ) || !(out->mode & FMODE_WRITE))
		return -EBADF;
	if (!file_is_pipe(in) || !file_is_pipe(out) || in->inode == out->inode)
		return -EINVAL;
	return write_done(pipe_copy(in, out, MIN(len, MAX_RW_COUNT), nonblock, false));
}

long sys_tee(int fd_in, int fd_out, size_t len, unsigned flags)
{
	struct fd_ref in, out;
	long n = -EBADF;

	if (flags & ~(unsigned)SPLICE_F_ALL)
		return -EINVAL;
	if (!len)
		return 0;
	in = fd_arg((unsigned)fd_in);
	if (!in.file)
		return -EBADF;
	out = fd_arg((unsigned)fd_out);
	if (out.file) {
		n = do_tee(in.file, out.file, len, flags);
		fd_ref_put(out);
	}
	fd_ref_put(in);
	return n;
}

/* ---- vmsplice: user memory and a pipe ---- */

static ssize_t user_in(void *ctx, char *buf, size_t n)
{
	struct iov_iter *it = ctx;
	size_t done = copy_from_iter(buf, n, it);

	return done || !n ? (ssize_t)done : -EFAULT;
}

static ssize_t user_out(void *ctx, char *buf, size_t n)
{
	size_t done = copy_to_iter(buf, n, ctx);

	return done || !n ? (ssize_t)done : -EFAULT;
}

static long do_vmsplice(struct file *f, struct iov_iter *it, bool nonblock)
{
	struct pipe_mover m = { .ctx = it };
	size_t wanted = it->count;
	ssize_t n = 0;

	if (!(f->mode & FMODE_WRITE)) {
		m.move = user_out;
		return pipe_drain(f, wanted, nonblock, &m);
	}
	m.move = user_in;
	while (it->count) {
		n = pipe_fill(f, it->count, nonblock, &m);
		if (n <= 0)
			break;
	}
	return it->count < wanted ? (long)(wanted - it->count) : write_done(n);
}

long sys_vmsplice(int fd, const struct iovec __user *vec, unsigned long nr, unsigned flags)
{
	struct fd_ref r;
	struct user_vec v;
	long n;

	if (flags & ~(unsigned)SPLICE_F_ALL)
		return -EINVAL;
	r = fd_arg((unsigned)fd);
	if (!r.file)
		return -EBADF;
	n = file_is_pipe(r.file) ? user_vec_get(&v, vec, nr) : -EBADF;
	if (!n) {
		if (v.it.count)
			n = do_vmsplice(r.file, &v.it,
			                flags & SPLICE_F_NONBLOCK || r.file->flags & O_NONBLOCK);
		user_vec_put(&v);
	}
	fd_ref_put(r);
	return n;
}
