/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_sockmmsg.c - sendmmsg(2), recvmmsg(2): many messages in one call
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses socket.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    sendmmsg(2), recvmmsg(2).
 * Tests:     tests/abi/unix_dgram.c.
 *
 * An error after the first message is not lost: the call answers how many went, and the next call on the socket
 * answers the error.
 */
#include <syscall/socket_msg.h>
#include <sys_protos.h>

enum { MMSG_SIZE = sizeof(struct mmsghdr_k), MMSG_SIZE32 = sizeof(struct msghdr32) + sizeof(u32) };

/* The header of message i; *len: where its length goes. */
static struct msghdr_k __user *msg_at(struct mmsghdr_k __user *msgs, unsigned i, u32 __user **len)
{
	bool small = call_small();
	u8 __user *at = (u8 __user *)msgs + (size_t)i * (small ? MMSG_SIZE32 : MMSG_SIZE);

	*len = (u32 __user *)(at + (small ? sizeof(struct msghdr32) : sizeof(struct msghdr_k)));
	return (struct msghdr_k __user *)at;
}

static long send_many(struct socket *s, struct mmsghdr_k __user *msgs, unsigned n, unsigned flags)
{
	long err = 0;
	unsigned i;

	for (i = 0; i < n && !err; i++) {
		u32 __user *len;
		struct msghdr_k __user *h = msg_at(msgs, i, &len);
		long sent = user_msg_send(s, h, flags);

		if (sent < 0)
			err = sent;
		else
			err = put_user((u32)sent, len);
		if (err || thread_signal_pending()) {
			i += !err;
			break;
		}
		cond_resched();
	}
	return i ? (long)i : err;
}

long sys_sendmmsg(int fd, struct mmsghdr_k __user *msgs, unsigned n, unsigned flags)
{
	struct fd_ref r;
	struct socket *s;
	long done;

	if (flags & MSG_CMSG_COMPAT && !call_small())
		return -EINVAL;
	s = socket_arg(fd, &r);
	if (IS_ERR(s))
		return PTR_ERR(s);
	done = send_many(s, msgs, MIN(n, (unsigned)UIO_MAX_MMSG),
	                 r.file->flags & O_NONBLOCK ? flags | MSG_DONTWAIT : flags);
	fd_ref_put(r);
	return done;
}

/* deadline: monotonic ns; looked at between messages only, as Linux does. */
static long recv_many(struct socket *s, struct mmsghdr_k __user *msgs, unsigned n, unsigned flags,
                      ktime_t deadline)
{
	long err = socket_take_error(s);
	unsigned i = 0;

	while (!err && i < n) {
		u32 __user *len;
		struct msghdr_k __user *h = msg_at(msgs, i, &len);
		long got = user_msg_recv(s, h, flags & ~(unsigned)MSG_WAITFORONE);

		if (got < 0)
			err = got;
		else
			err = put_user((u32)got, len);
		if (err)
			break;
		i++;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if (clock_monotonic() >= deadline)
			break;
		cond_resched();
	}
	if (i && err && err != -EAGAIN && err > -ERESTARTSYS)
		atomic_store(&s->error, (s32)-err);
	return i ? (long)i : err;
}

long sys_recvmmsg(int fd, struct mmsghdr_k __user *msgs, unsigned n, unsigned flags,
                  struct timespec_k __user *timeout)
{
	ktime_t deadline = KTIME_MAX, wait;
	struct fd_ref r;
	struct socket *s;
	long done;

	if (flags & MSG_CMSG_COMPAT && !call_small())
		return -EINVAL;
	if (timeout) {
		done = timespec_get(&wait, timeout);
		if (done)
			return done;
		deadline = deadline_after(wait);
	}
	s = socket_arg(fd, &r);
	if (IS_ERR(s))
		return PTR_ERR(s);
	done = recv_many(s, msgs, MIN(n, (unsigned)UIO_MAX_MMSG),
	                 r.file->flags & O_NONBLOCK ? flags | MSG_DONTWAIT : flags, deadline);
	fd_ref_put(r);
	if (done > 0 && timeout && timespec_put(MAX(deadline - clock_monotonic(), (ktime_t)0), timeout))
		return -EFAULT;
	return done;
}
