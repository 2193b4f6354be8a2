/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_rwv.c - readv(2) and its family: scattered reads and gathered writes
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses fs, mem (long vectors).
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    readv(2), preadv2(2).
 * Tests:     tests/abi/vec.c
 *
 * The vector is copied once and checked once: each piece must be user memory, and the sum is cut to
 * MAX_RW_COUNT.  Vectors of up to 8 pieces stay on the stack.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <arch/user_access.h>
#include <fs/inode.h>
#include <mem/slab.h>

enum { RWF_HIPRI = 1, RWF_DSYNC = 2, RWF_SYNC = 4, RWF_NOWAIT = 8, RWF_APPEND = 16 };
enum { RWF_KNOWN = RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_APPEND };

void user_vec_put(struct user_vec *v)
{
	if (v->iov != v->small)
		kfree(v->iov);
}

static int user_vec_check(struct iovec *iov, unsigned nr)
{
	size_t total = 0;

	for (unsigned i = 0; i < nr; i++)
		if ((ssize_t)iov[i].len < 0)
			return -EINVAL;
	for (unsigned i = 0; i < nr; i++) {
		if (!arch_user_range_ok(iov[i].base, iov[i].len))
			return -EFAULT;
		iov[i].len = MIN(iov[i].len, MAX_RW_COUNT - total);
		total += iov[i].len;
	}
	return 0;
}

int user_vec_get(struct user_vec *v, const struct iovec __user *vec, unsigned long nr)
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
	if (nr && longs_get((s64 *)v->iov, vec, 2 * (unsigned)nr))
		goto put;
	if (call_small())
		for (unsigned i = 0; i < nr; i++)
			v->iov[i].base = (u32)v->iov[i].base;
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

/* RWF_SYNC: the bytes are safe before the call returns. */
static long vec_sync(struct file *f, long written, int flags)
{
	int err = file_fsync(f, 0, INT64_MAX, !(flags & RWF_SYNC));

	return err && err != -EINVAL ? err : written; /* -EINVAL: nothing to sync: a pipe, a terminal */
}

static long vec_write(struct file *f, struct user_vec *v, loff_t *pos, int flags)
{
	long n;

	v->it.append = flags & RWF_APPEND;
	n = f->mode & FMODE_WRITE ? write_limit(f, &v->it, pos) : 0;
	if (!n)
		n = write_drop_privs(f, v->it.count);
	if (n)
		return n;
	n = write_done(file_write(f, &v->it, pos));
	return n > 0 && flags & (RWF_DSYNC | RWF_SYNC) ? vec_sync(f, n, flags) : n;
}

static long vec_move(struct file *f, struct user_vec *v, loff_t *pos, int flags, unsigned need)
{
	if (!(f->mode & need))
		return -EBADF;
	if (v->it.count && flags & ~RWF_KNOWN)
		return -EOPNOTSUPP;
	return need == FMODE_WRITE ? vec_write(f, v, pos, flags) : read_done(file_read(f, &v->it, pos));
}

/* pos NULL: the file's own position.  need: FMODE_READ or FMODE_WRITE. */
static long do_vec(unsigned fd, const struct iovec __user *vec, unsigned long vlen, loff_t *pos, int flags,
                   unsigned need)
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
	n = vec_move(r.file, &v, pos, flags, need);
	user_vec_put(&v);
put:
	fd_ref_put(r);
	return n;
}

long sys_readv(unsigned fd, const struct iovec __user *vec, unsigned long vlen)
{
	return do_vec(fd, vec, vlen, NULL, 0, FMODE_READ);
}

long sys_writev(unsigned fd, const struct iovec __user *vec, unsigned long vlen)
{
	return do_vec(fd, vec, vlen, NULL, 0, FMODE_WRITE);
}

/* On a 64-bit CPU the whole offset is in pos_lo; pos_hi exists for the 32-bit ABI. */
long sys_preadv(unsigned fd, const struct iovec __user *vec, unsigned long vlen, unsigned long pos_lo,
                unsigned long pos_hi)
{
	loff_t pos = (loff_t)pos_lo;

	return pos < 0 ? -EINVAL : do_vec(fd, vec, vlen, &pos, 0, FMODE_READ);
}

long sys_pwritev(unsigned fd, const struct iovec __user *vec, unsigned long vlen, unsigned long pos_lo,
                 unsigned long pos_hi)
{
	loff_t pos = (loff_t)pos_lo;

	return pos < 0 ? -EINVAL : do_vec(fd, vec, vlen, &pos, 0, FMODE_WRITE);
}

long sys_preadv2(unsigned fd, const struct iovec __user *vec, unsigned long vlen, unsigned long pos_lo,
                 unsigned long pos_hi, int flags)
{
	loff_t pos = (loff_t)pos_lo;

	if (pos < -1)
		return -EINVAL;
	return do_vec(fd, vec, vlen, pos == -1 ? NULL : &pos, flags, FMODE_READ);
}

long sys_pwritev2(unsigned fd, const struct iovec __user *vec, unsigned long vlen, unsigned long pos_lo,
                  unsigned long pos_hi, int flags)
{
	loff_t pos = (loff_t)pos_lo;

	if (pos < -1)
		return -EINVAL;
	return do_vec(fd, vec, vlen, pos == -1 ? NULL : &pos, flags, FMODE_WRITE);
}
