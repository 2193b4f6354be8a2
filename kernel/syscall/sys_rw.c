/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_rw.c - read(2), write(2), pread(2), pwrite(2), lseek(2)
 *
 * Owns:      nothing; the rules that every call that moves bytes follows.
 * Layer:     syscall.  Uses fs (file_read, file_write), proc (SIGPIPE, SIGXFSZ, counts).
 * Locks:     none; fs takes the file's position lock.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    read(2), write(2), pread(2), lseek(2), setrlimit(2) (RLIMIT_FSIZE).
 * Tests:     tests/abi/rw.c
 *
 * sys_read and sys_write of one byte are the shortest useful calls, so they are straight lines: descriptor,
 * cursor, file.  A file below knows no process: it answers -EPIPE, and the signal is sent here.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <arch/user_access.h>
#include <fs/inode.h>

COLD ssize_t write_failed(ssize_t err)
{
	if (err == -EPIPE_QUIET)
		return -EPIPE;
	if (err == -EPIPE)
		(void)signal_send_thread(current_task(), SIGPIPE, NULL);
	return err;
}

static COLD int file_too_big(void)
{
	(void)signal_send_thread(current_task(), SIGXFSZ, NULL);
	return -EFBIG;
}

int size_limit(const struct inode *i, loff_t size)
{
	u64 limit = task_rlimit(current_task(), RLIMIT_FSIZE);

	if (limit == RLIM_INFINITY || !s_isreg(i->mode) || size <= i->size || (u64)size <= limit)
		return 0;
	return file_too_big();
}

int write_limit(struct file *f, struct iov_iter *from, const loff_t *pos)
{
	u64 limit = task_rlimit(current_task(), RLIMIT_FSIZE);
	loff_t at;

	if (likely(limit == RLIM_INFINITY) || !s_isreg(f->inode->mode) || !from->count)
		return 0;
	at = f->flags & O_APPEND || from->append ? f->inode->size : pos ? *pos : f->pos;
	if (at < 0)
		return 0; /* the file system answers */
	if ((u64)at >= limit)
		return file_too_big();
	from->count = MIN(from->count, (size_t)(limit - (u64)at));
	return 0;
}

/* The buffer is no user memory at all.  The file's mode comes first, as on Linux. */
static COLD long rw_bad_range(const struct file *f, unsigned need)
{
	return f->mode & need ? -EFAULT : -EBADF;
}

static inline long do_read(struct file *f, char __user *buf, size_t count, loff_t *pos)
{
	struct iov_iter it;

	if (unlikely(iov_init_user(&it, (unsigned long)buf, count)))
		return rw_bad_range(f, FMODE_READ);
	return read_done(file_read(f, &it, pos));
}

static inline long do_write(struct file *f, const char __user *buf, size_t count, loff_t *pos)
{
	struct iov_iter it;
	int err;

	if (unlikely(iov_init_user(&it, (unsigned long)buf, count)))
		return rw_bad_range(f, FMODE_WRITE);
	if (unlikely(task_rlimit(current_task(), RLIMIT_FSIZE) != RLIM_INFINITY) && f->mode & FMODE_WRITE) {
		err = write_limit(f, &it, pos);
		if (err)
			return err;
	}
	err = write_drop_privs(f, count);
	if (unlikely(err))
		return err;
	return write_done(file_write(f, &it, pos));
}

/* In general: at an offset (pos), or with a table that others use too, or without such a descriptor. */
static COLD long read_fd(unsigned fd, char __user *buf, size_t count, loff_t *pos)
{
	struct fd_ref r = fd_arg(fd);
	long n = -ESPIPE;

	if (!r.file)
		return -EBADF;
	if (!pos || r.file->mode & FMODE_LSEEK)
		n = do_read(r.file, buf, count, pos);
	fd_ref_put(r);
	return n;
}

static COLD long write_fd(unsigned fd, const char __user *buf, size_t count, loff_t *pos)
{
	struct fd_ref r = fd_arg(fd);
	long n = -ESPIPE;

	if (!r.file)
		return -EBADF;
	if (!pos || r.file->mode & FMODE_LSEEK)
		n = do_write(r.file, buf, count, pos);
	fd_ref_put(r);
	return n;
}

long sys_read(unsigned fd, char __user *buf, size_t count)
{
	struct file *f = fd_borrow(current_task()->files, fd);

	return likely(f) ? do_read(f, buf, count, NULL) : read_fd(fd, buf, count, NULL);
}

long sys_write(unsigned fd, const char __user *buf, size_t count)
{
	struct file *f = fd_borrow(current_task()->files, fd);

	return likely(f) ? do_write(f, buf, count, NULL) : write_fd(fd, buf, count, NULL);
}

long sys_pread64(unsigned fd, char __user *buf, size_t count, loff_t pos)
{
	return pos < 0 ? -EINVAL : read_fd(fd, buf, count, &pos);
}

long sys_pwrite64(unsigned fd, const char __user *buf, size_t count, loff_t pos)
{
	return pos < 0 ? -EINVAL : write_fd(fd, buf, count, &pos);
}

long sys_lseek(unsigned fd, loff_t offset, int whence)
{
	struct fd_ref r = fd_arg(fd);
	loff_t at = -EINVAL;

	if (!r.file)
		return -EBADF;
	if (whence >= SEEK_SET && whence <= SEEK_HOLE)
		at = file_lseek(r.file, offset, whence);
	fd_ref_put(r);
	return at;
}
