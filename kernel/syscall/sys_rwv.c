/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_rwv.c - readv(2) and its family: scattered reads and gathered writes
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses fs, mem (long vectors).
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    readv(2), preadv2(2).
 * Tests:     tests/abi/rwv.c
 *
 * The vector is copied once and checked once: each piece must be user memory, and the sum is cut to
 * MAX_RW_COUNT.  Vectors of up to 8 pieces stay on the stack.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <arch/user_access.h>
#include <fs/inode.h>
#include <mem/slab.h>

enum { VEC_SMALL = 8 };
enum { RWF_HIPRI = 1, RWF_DSYNC = 2, RWF_SYNC = 4, RWF_NOWAIT = 8, RWF_APPEND = 16 };

struct user_vec {
	struct iovec *iov; /* = small or an allocation */
	struct iovec small[VEC_SMALL];
	struct iov_iter it;
};

static void user_vec_put(struct user_vec *v)
{
	if (v->iov != v->small)
		kfree(v->iov);
}

static int user_vec_check(struct iovec *iov, unsigned nr)
{
	size_t total = 0;

	for (unsigned i = 0; i < nr; i++) {
		if ((ssize_t)iov[i].len < 0)
			return -EINVAL;
		iov[i].len = MIN(iov[i].len, MAX_RW_COUNT - total);
		total += iov[i].len;
	}
	return 0;
}

/* Copies the vector: 0, -EINVAL, -EFAULT, -ENOMEM. */
static int user_vec_get(struct user_vec *v, const struct iovec __user *vec, unsigned long nr)
{
	int err = -EFAULT;

	if (nr > IOV_MAX)
		return -EINVAL;
	v->iov = v->small;
	if (nr > VEC_SMALL) {
		v->iov = kmalloc(nr * sizeof(*v->iov), 0);
		if (!v->iov)
			return -ENOMEM;
	}
	if (nr && copy_from_user(v->iov, vec, nr * sizeof(*v->iov)))
		goto put;
	err = user_vec_check(v->iov, (unsigned)nr);
	if (err)
		goto put;
	err = iov_init_user_vec(&v->it, v->iov, (unsigned)nr);
	if (!err)
		return 0;
put:
	user_vec_put(v);
	return err;
}

static long vec_write(struct file *f, struct user_vec *v, loff_t *pos)
{
	int err = f->mode & FMODE_WRITE ? write_limit(f, pos, &v->it.count) : 0;

	if (err)
		return err;
	write_drop_privs(f);
	return write_done(file_write(f, &v->it, pos));
}

/* pos NULL: the file's own position. */
static long do_vec(unsigned fd, const struct iovec __user *vec, unsigned long vlen, loff_t *pos, bool write)
{
	struct fd_ref r = fd_arg(fd);
	struct user_vec v;
	long n;

	if (!r.file)
		return -EBADF;
	n = -ESPIPE;
	if (pos && !(r.file->mode & FMODE_LSEEK))
		goto put;
	n = user_vec_get(&v, vec, vlen);
	if (n)
		goto put;
	n = write ? vec_write(r.file, &v, pos) : read_done(file_read(r.file, &v.it, pos));
	user_vec_put(&v);
put:
	fd_ref_put(r);
	return n;
}

long sys_readv(unsigned fd, const struct iovec __user *vec, unsigned long vlen)
{
	return do_vec(fd, vec, vlen, NULL, false);
}

long sys_writev(unsigned fd, const struct iovec __user *vec, unsigned long vlen)
{
	return do_vec(fd, vec, vlen, NULL, true);
}

/* On a 64-bit CPU the whole offset is in pos_lo; pos_hi exists for the 32-bit ABI. */
long sys_preadv(unsigned fd, const struct iovec __user *vec, unsigned long vlen, unsigned long pos_lo,
                unsigned long pos_hi)
{
	loff_t pos = (loff_t)pos_lo;

	return pos < 0 ? -EINVAL : do_vec(fd, vec, vlen, &pos, false);
}

long sys_pwritev(unsigned fd, const struct iovec __user *vec, unsigned long vlen, unsigned long pos_lo,
                 unsigned long pos_hi)
{
	loff_t pos = (loff_t)pos_lo;

	return pos < 0 ? -EINVAL : do_vec(fd, vec, vlen, &pos, true);
}

long sys_preadv2(unsigned fd, const struct iovec __user *vec, unsigned long vlen, unsigned long pos_lo,
                 unsigned long pos_hi, int flags)
{
	loff_t pos = (loff_t)pos_lo;

	if (flags & ~(RWF_HIPRI | RWF_DSYNC | RWF_SYNC))
		return -EOPNOTSUPP;
	if (pos < -1)
		return -EINVAL;
	return do_vec(fd, vec, vlen, pos == -1 ? NULL : &pos, false);
}

/* RWF_SYNC: the bytes are safe before the call returns. */
static int sync_after_write(unsigned fd, bool datasync)
{
	struct fd_ref r = fd_arg(fd);
	int err;

	if (!r.file)
		return -EBADF;
	err = file_fsync(r.file, 0, INT64_MAX, datasync);
	fd_ref_put(r);
	return err == -EINVAL ? 0 : err; /* nothing to sync: a pipe, a terminal */
}

long sys_pwritev2(unsigned fd, const struct iovec __user *vec, unsigned long vlen, unsigned long pos_lo,
                  unsigned long pos_hi, int flags)
{
	loff_t pos = (loff_t)pos_lo;
	long n;
	int err;

	if (flags & ~(RWF_HIPRI | RWF_DSYNC | RWF_SYNC))
		return -EOPNOTSUPP;
	if (pos < -1)
		return -EINVAL;
	n = do_vec(fd, vec, vlen, pos == -1 ? NULL : &pos, true);
	if (n <= 0 || !(flags & (RWF_DSYNC | RWF_SYNC)))
		return n;
	err = sync_after_write(fd, !(flags & RWF_SYNC));
	return err ? err : n;
}
