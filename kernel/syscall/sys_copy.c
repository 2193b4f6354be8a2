/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_copy.c - sendfile(2), copy_file_range(2): bytes from file to file inside the kernel
 *
 * Owns:      nothing; a buffer for the time of the call.
 * Layer:     syscall.  Uses fs, mem.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    sendfile(2), copy_file_range(2).
 * Tests:     tests/abi/copy.c
 *
 * The source is always read at an explicit position, which moves by what the destination took.  So a short
 * write loses nothing, whatever was read ahead.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <fs/inode.h>
#include <mem/slab.h>

enum { COPY_BUF = 16384 };

/* One buffer full: bytes moved, 0 at the end of `in`, or -errno. */
static ssize_t copy_piece(struct file *in, loff_t *ipos, struct file *out, loff_t *opos, char *buf, size_t n)
{
	loff_t at = *ipos;
	struct iov_iter it;
	ssize_t got, put;

	iov_init_kernel(&it, buf, n);
	got = read_done(file_read(in, &it, &at));
	if (got <= 0)
		return got;
	iov_init_kernel(&it, buf, (size_t)got);
	put = write_limit(out, &it, opos);
	if (!put)
		put = write_drop_privs(out, (size_t)got);
	if (put)
		return put;
	put = write_done(file_write(out, &it, opos));
	if (put > 0)
		*ipos += put;
	return put;
}

/* Moves up to count bytes: their number, or the error of the first piece. */
static ssize_t copy_bytes(struct file *in, loff_t *ipos, struct file *out, loff_t *opos, size_t count)
{
	size_t size = MIN(count, (size_t)COPY_BUF), done = 0;
	ssize_t n = 0;
	char *buf;

	if (!count)
		return 0;
	buf = kmalloc(size, 0);
	if (!buf)
		return -ENOMEM;
	while (done < count) {
		n = copy_piece(in, ipos, out, opos, buf, MIN(size, count - done));
		if (n <= 0)
			break;
		done += (size_t)n;
		if (thread_signal_pending())
			break;
		cond_resched();
	}
	kfree(buf);
	return done ? (ssize_t)done : n;
}

static int sendfile_check(const struct file *in, const struct file *out, bool has_offset)
{
	if (!(in->mode & FMODE_READ))
		return -EBADF;
	if (!(in->mode & FMODE_LSEEK))
		return has_offset ? -ESPIPE : -EINVAL;
	if (!(out->mode & FMODE_WRITE))
		return -EBADF;
	if (s_isdir(in->inode->mode) || out->flags & O_APPEND)
		return -EINVAL;
	return 0;
}

/* at NULL: from the position of `in`; else from *at, which moves. */
static long do_sendfile(struct file *out, struct file *in, loff_t *at, size_t count)
{
	loff_t pos;
	ssize_t n = sendfile_check(in, out, at != NULL);

	if (n)
		return n;
	if (at)
		return *at < 0 ? -EINVAL : copy_bytes(in, at, out, NULL, MIN(count, MAX_RW_COUNT));
	/* The position is not locked over the copy: both ends may sleep for long, and may be one file. */
	pos = file_lseek(in, 0, SEEK_CUR);
	if (pos < 0)
		return pos;
	n = copy_bytes(in, &pos, out, NULL, MIN(count, MAX_RW_COUNT));
	if (n > 0) {
		pos = file_lseek(in, pos, SEEK_SET);
		if (pos < 0)
			return pos;
	}
	return n;
}

static long sendfile_fds(int out_fd, int in_fd, loff_t *at, size_t count)
{
	struct fd_ref in = fd_arg((unsigned)in_fd), out;
	long n = -EBADF;

	if (!in.file)
		return -EBADF;
	out = fd_arg((unsigned)out_fd);
	if (out.file) {
		n = do_sendfile(out.file, in.file, at, count);
		fd_ref_put(out);
	}
	fd_ref_put(in);
	return n;
}

long sys_sendfile(int out_fd, int in_fd, loff_t __user *offset, size_t count)
{
	loff_t pos;

	if (!offset)
		return sendfile_fds(out_fd, in_fd, NULL, count);
	if (get_user(pos, offset))
		return -EFAULT;
	long n = sendfile_fds(out_fd, in_fd, &pos, count);
	return put_user(pos, offset) ? -EFAULT : n;
}

long sys_i386_sendfile(int out_fd, int in_fd, int __user *offset, size_t count)
{
	loff_t pos;
	int at;

	if (!offset)
		return sendfile_fds(out_fd, in_fd, NULL, count);
	if (get_user(at, offset))
		return -EFAULT;
	pos = at;
	long n = sendfile_fds(out_fd, in_fd, &pos, count);
	return put_user((int)pos, offset) ? -EFAULT : n;
}

static int range_check(const struct file *in, loff_t ipos, const struct file *out, loff_t opos, size_t *len)
{
	if (s_isdir(in->inode->mode) || s_isdir(out->inode->mode))
		return -EISDIR;
	if (!s_isreg(in->inode->mode) || !s_isreg(out->inode->mode))
		return -EINVAL;
	if (!(in->mode & FMODE_READ) || !(out->mode & FMODE_WRITE) || out->flags & O_APPEND)
		return -EBADF;
	if ((u64)ipos + *len < (u64)ipos || (u64)opos + *len < (u64)opos)
		return -EOVERFLOW;
	if (ipos < 0 || opos < 0)
		return -EINVAL;
	*len = MIN(*len, MAX_RW_COUNT);
	*len = MIN(*len, (size_t)MAX(in->inode->size - ipos, (loff_t)0));
	*len = MIN(*len, (size_t)(INT64_MAX - opos));
	if (opos == INT64_MAX)
		return -EFBIG;
	if (in->inode == out->inode && ipos < opos + (loff_t)*len && opos < ipos + (loff_t)*len)
		return -EINVAL; /* overlap */
	return 0;
}

static long do_copy_range(struct file *in, loff_t __user *uin, struct file *out, loff_t __user *uout,
                          size_t len)
{
	loff_t ipos = in->pos, opos = out->pos;
	ssize_t n;

	if ((uin && get_user(ipos, uin)) || (uout && get_user(opos, uout)))
		return -EFAULT;
	n = range_check(in, ipos, out, opos, &len);
	if (n)
		return n;
	n = copy_bytes(in, &ipos, out, &opos, len);
	if (n <= 0)
		return n;
	if (uin ? put_user(ipos, uin) : file_lseek(in, ipos, SEEK_SET) < 0)
		return -EFAULT;
	if (uout ? put_user(opos, uout) : file_lseek(out, opos, SEEK_SET) < 0)
		return -EFAULT;
	return n;
}

long sys_copy_file_range(int fd_in, loff_t __user *off_in, int fd_out, loff_t __user *off_out, size_t len,
                         unsigned flags)
{
	struct fd_ref in = fd_arg((unsigned)fd_in), out;
	long n = -EBADF;

	if (!in.file)
		return -EBADF;
	out = fd_arg((unsigned)fd_out);
	if (out.file) {
		n = flags ? -EINVAL : do_copy_range(in.file, off_in, out.file, off_out, len);
		fd_ref_put(out);
	}
	fd_ref_put(in);
	return n;
}
