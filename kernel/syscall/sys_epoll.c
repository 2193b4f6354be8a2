/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_epoll.c - epoll_create(2), epoll_ctl(2), epoll_wait(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses ipc/epoll, proc (masks).
 * Locks:     none.
 * Contexts:  process context of a user task; sleeps.
 * Manual:    epoll_create(2), epoll_ctl(2), epoll_wait(2).
 * Tests:     tests/abi/epoll.c
 *
 * A wait that a signal ends answers EINTR whatever SA_RESTART says (signal(7)).
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <ipc/epoll.h>

long sys_epoll_create1(int flags)
{
	struct file *f;

	if (flags & ~EPOLL_CLOEXEC)
		return -EINVAL;
	f = epoll_create(current_task()->cred);
	return f ? fd_give(f, flags & EPOLL_CLOEXEC) : -ENOMEM;
}

long sys_epoll_create(int size)
{
	return size > 0 ? sys_epoll_create1(0) : -EINVAL;
}

long sys_epoll_ctl(int epfd, int op, int fd, const struct epoll_event __user *event)
{
	struct epoll_event k = { 0 };
	struct fd_ref set, r;
	long err = -EBADF;

	if (op != EPOLL_CTL_DEL && copy_from_user(&k, event, sizeof(k)))
		return -EFAULT;
	set = fd_arg((unsigned)epfd);
	if (!set.file)
		return -EBADF;
	r = fd_arg((unsigned)fd);
	if (r.file) {
		err = epoll_control(set.file, op, fd, r.file, &k);
		fd_ref_put(r);
	}
	fd_ref_put(set);
	return err;
}

static long do_wait(int epfd, struct epoll_event __user *events, int max, ktime_t deadline)
{
	struct fd_ref set;
	long n = -EINVAL;

	if (max <= 0 || max > INT32_MAX / (int)sizeof(*events))
		return -EINVAL;
	if (!arch_user_range_ok((unsigned long)events, (size_t)max * sizeof(*events)))
		return -EFAULT;
	set = fd_arg((unsigned)epfd);
	if (!set.file)
		return -EBADF;
	if (file_is_epoll(set.file))
		n = epoll_collect(set.file, events, max, deadline);
	fd_ref_put(set);
	return n;
}

static ktime_t deadline_ms(int ms)
{
	return ms < 0 ? KTIME_MAX : ms ? deadline_after(ms * NSEC_PER_MSEC) : 0;
}

long sys_epoll_wait(int epfd, struct epoll_event __user *events, int max, int timeout)
{
	return do_wait(epfd, events, max, deadline_ms(timeout));
}

static long masked_wait(int epfd, struct epoll_event __user *events, int max, ktime_t deadline,
                        const sigset_k __user *mask, size_t size)
{
	long n = wait_mask_begin(mask, size);

	if (n)
		return n;
	n = do_wait(epfd, events, max, deadline);
	wait_mask_end(n);
	return n;
}

long sys_epoll_pwait(int epfd, struct epoll_event __user *events, int max, int timeout,
                     const sigset_k __user *mask, size_t size)
{
	return masked_wait(epfd, events, max, deadline_ms(timeout), mask, size);
}

long sys_epoll_pwait2(int epfd, struct epoll_event __user *events, int max,
                      const struct timespec_k __user *timeout, const sigset_k __user *mask, size_t size)
{
	ktime_t ns, deadline = KTIME_MAX;

	if (timeout) {
		int err = timespec_get(&ns, timeout);
		if (err)
			return err;
		deadline = ns ? deadline_after(ns) : 0;
	}
	return masked_wait(epfd, events, max, deadline, mask, size);
}
