/* SPDX-License-Identifier: MIT
 *
 * syscall/compat_fcntl.c - the i386 ABI: fcntl and its record locks
 *
 * Owns:      nothing.
 * Layer:     syscall.  Calls the handlers of the 64-bit ABI.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    fcntl(2).
 * Tests:     tests/i386.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <abi/fcntl.h>

/* F_GETLK64 and its sisters: the locks with 64-bit offsets. */
enum { F_GETLK64 = 12, F_SETLK64, F_SETLKW64 };

struct flock32 {
	s16 type, whence;
	s32 start, len, pid;
};
struct flock64 {
	s16 type, whence;
	s64 start, len;
	s32 pid;
} __attribute__((packed));

static int flock_get(struct flock_k *to, unsigned long u, bool wide)
{
	struct flock64 w;
	struct flock32 n;

	if (wide) {
		if (copy_from_user(&w, (void __user *)u, sizeof(w)))
			return -EFAULT;
		*to = (struct flock_k){ w.type, w.whence, w.start, w.len, w.pid };
		return 0;
	}
	if (copy_from_user(&n, (void __user *)u, sizeof(n)))
		return -EFAULT;
	*to = (struct flock_k){ n.type, n.whence, n.start, n.len, n.pid };
	return 0;
}

/* -EOVERFLOW: the lock that is in the way begins beyond 2 GiB. */
static int flock_put(unsigned long u, const struct flock_k *l, bool wide)
{
	struct flock64 w = { l->l_type, l->l_whence, l->l_start, l->l_len, l->l_pid };
	struct flock32 n = { l->l_type, l->l_whence, (s32)l->l_start, (s32)MIN(l->l_len, (s64)INT32_MAX),
		             l->l_pid };

	if (wide)
		return copy_to_user((void __user *)u, &w, sizeof(w));
	if (l->l_start > INT32_MAX)
		return -EOVERFLOW;
	return copy_to_user((void __user *)u, &n, sizeof(n));
}

static long lock_call(unsigned fd, unsigned cmd, unsigned long arg, bool wide)
{
	struct fd_ref r = fd_arg(fd);
	struct flock_k l;
	long err;

	if (!r.file)
		return -EBADF;
	err = flock_get(&l, arg, wide);
	if (!err)
		err = fcntl_lock_do(r.file, (int)cmd, &l);
	if (!err && (cmd == F_GETLK || cmd == F_OFD_GETLK))
		err = flock_put(arg, &l, wide);
	fd_ref_put(r);
	return err;
}

long sys_i386_fcntl64(unsigned fd, unsigned cmd, unsigned long arg)
{
	switch (cmd) {
	case F_GETLK64:
	case F_SETLK64:
	case F_SETLKW64:
		return lock_call(fd, cmd - F_GETLK64 + F_GETLK, arg, true);
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return lock_call(fd, cmd, arg, true);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
		return lock_call(fd, cmd, arg, false);
	default:
		return sys_fcntl(fd, cmd, arg);
	}
}
