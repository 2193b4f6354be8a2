/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_fcntl.c - fcntl(2), flock(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses fs (descriptors, locks).
 * Locks:     none; f->flags changes by compare-and-swap.
 * Contexts:  process context of a user task; F_SETLKW may sleep until a signal.
 * Manual:    fcntl(2), flock(2).
 * Tests:     tests/abi/fdctl.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <fs/inode.h>
#include <fs/locks.h>
#include <proc/pid.h>

enum { LOCK_MAND = 32 };
enum { SETFL_MASK = O_APPEND | O_NONBLOCK | O_NOATIME };

static long fcntl_dup(struct file *f, unsigned long min, bool cloexec)
{
	struct task *t = current_task();
	u64 limit = task_rlimit(t, RLIMIT_NOFILE);
	int fd;

	if (min >= limit)
		return -EINVAL;
	file_get(f);
	fd = fd_install_from(t->files, f, (unsigned)min, cloexec, limit);
	if (fd < 0)
		file_put(f);
	return fd;
}

static long fcntl_setfl(struct file *f, unsigned long arg)
{
	const bool can_direct =
	        (f->inode->mode & S_IFMT) == S_IFBLK || (s_isreg(f->inode->mode) && f->inode->sb->bdev_dev);
	const u32 mask = SETFL_MASK | (can_direct ? O_DIRECT : 0);
	u32 old = atomic_load(&f->flags), new;

	if (arg & O_NOATIME && !(old & O_NOATIME) && !inode_owner_or_capable(f->inode, current_task()->cred))
		return -EPERM;
	if ((arg ^ old) & O_APPEND && f->inode->flags & INODE_APPEND)
		return -EPERM;
	if (arg & O_DIRECT && !(old & O_DIRECT) && !can_direct)
		return -EINVAL;
	do {
		old = atomic_load(&f->flags);
		new = (old & ~mask) | ((u32)arg & mask);
	} while (!atomic_cas(&f->flags, old, new));
	return 0;
}

int fcntl_lock_do(struct file *f, int cmd, struct flock_k *l)
{
	struct task *t = current_task();
	bool ofd = cmd == F_OFD_GETLK || cmd == F_OFD_SETLK || cmd == F_OFD_SETLKW;

	if (ofd && l->l_pid)
		return -EINVAL;
	return locks_fcntl(f, cmd, l, ofd ? (void *)f : (void *)t->files, t->group->tgid);
}

static long fcntl_lock(struct file *f, int cmd, struct flock_k __user *u)
{
	struct flock_k l;
	int err;

	if (copy_from_user(&l, u, sizeof(l)))
		return -EFAULT;
	err = fcntl_lock_do(f, cmd, &l);
	if (!err && (cmd == F_GETLK || cmd == F_OFD_GETLK) && copy_to_user(u, &l, sizeof(l)))
		return -EFAULT;
	return err;
}

static bool number_in_use(pid_t nr)
{
	struct pid *p = pid_find_get(nr);

	if (p)
		pid_put(p);
	return p != NULL;
}

/* who < 0: a group. */
static long fcntl_setown(struct file *f, int who, bool thread)
{
	if (who == INT32_MIN)
		return -EINVAL;
	if (who && !number_in_use(who < 0 ? -who : who))
		return -ESRCH;
	atomic_store(&f->owner, who);
	f->owner_is_thread = thread;
	return 0;
}

static long fcntl_getown(struct file *f)
{
	pid_t who = atomic_load(&f->owner);

	return number_in_use(who < 0 ? -who : who) ? who : 0;
}

static long fcntl_setown_ex(struct file *f, const struct f_owner_ex_k __user *u)
{
	struct f_owner_ex_k o;

	if (copy_from_user(&o, u, sizeof(o)))
		return -EFAULT;
	if (o.type < F_OWNER_TID || o.type > F_OWNER_PGRP)
		return -EINVAL;
	if (o.pid < 0)
		return -ESRCH;
	return fcntl_setown(f, o.type == F_OWNER_PGRP ? -o.pid : o.pid, o.type == F_OWNER_TID);
}

static long fcntl_getown_ex(struct file *f, struct f_owner_ex_k __user *u)
{
	pid_t who = (pid_t)fcntl_getown(f);
	struct f_owner_ex_k o = { .type = who < 0              ? F_OWNER_PGRP
		                          : f->owner_is_thread ? F_OWNER_TID
		                                               : F_OWNER_PID,
		                  .pid = who < 0 ? -who : who };

	return copy_to_user(u, &o, sizeof(o));
}

static long do_fcntl(unsigned fd, struct file *f, unsigned cmd, unsigned long arg)
{
	switch (cmd) {
	case F_DUPFD:
		return fcntl_dup(f, (unsigned)arg, false);
	case F_DUPFD_CLOEXEC:
		return fcntl_dup(f, (unsigned)arg, true);
	case F_GETFD:
		return fd_get_cloexec(current_task()->files, fd);
	case F_SETFD:
		return fd_set_cloexec(current_task()->files, fd, arg & FD_CLOEXEC);
	case F_GETFL:
		return atomic_load(&f->flags) & ~(u32)(O_CLOEXEC | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC);
	case F_SETFL:
		return fcntl_setfl(f, arg);
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return fcntl_lock(f, (int)cmd, (struct flock_k __user *)arg);
	case F_GETOWN:
		return fcntl_getown(f);
	case F_SETOWN:
		return fcntl_setown(f, (int)arg, false);
	case F_GETOWN_EX:
		return fcntl_getown_ex(f, (struct f_owner_ex_k __user *)arg);
	case F_SETOWN_EX:
		return fcntl_setown_ex(f, (const struct f_owner_ex_k __user *)arg);
	case F_GETSIG:
		return 0;
	case F_GETLEASE:
		return F_UNLCK; /* there are no leases */
	case F_SETPIPE_SZ:
	case F_GETPIPE_SZ:
		if ((f->inode->mode & S_IFMT) != S_IFIFO || !f->ops->fcntl)
			return -EBADF;
		return f->ops->fcntl(f, (int)cmd, arg);
	case F_ADD_SEALS:
	case F_GET_SEALS:
		return f->ops->fcntl ? f->ops->fcntl(f, (int)cmd, arg) : -EINVAL;
	default:
		return -EINVAL;
	}
}

/* What an O_PATH descriptor can do. */
static bool fcntl_path_allows(unsigned cmd)
{
	return cmd == F_DUPFD || cmd == F_DUPFD_CLOEXEC || cmd == F_GETFD || cmd == F_SETFD || cmd == F_GETFL;
}

long sys_fcntl(unsigned fd, unsigned cmd, unsigned long arg)
{
	struct fd_ref r = fd_arg_path(fd);
	long n = -EBADF;

	if (!r.file)
		return -EBADF;
	if (!(r.file->mode & FMODE_PATH) || fcntl_path_allows(cmd))
		n = do_fcntl(fd, r.file, cmd, arg);
	fd_ref_put(r);
	return n;
}

long sys_flock(unsigned fd, int op)
{
	struct fd_ref r;
	int kind = op & ~LOCK_NB;
	int err;

	if (op & LOCK_MAND)
		return 0; /* as Linux: mandatory locks of the last century are asked for in vain, without a word */
	if (kind != LOCK_SH && kind != LOCK_EX && kind != LOCK_UN)
		return -EINVAL;
	r = fd_arg(fd);
	if (!r.file)
		return -EBADF;
	if (kind != LOCK_UN && !(r.file->mode & (FMODE_READ | FMODE_WRITE)))
		err = -EBADF;
	else
		err = locks_flock(r.file, op, current_task()->group->tgid);
	fd_ref_put(r);
	return err;
}
