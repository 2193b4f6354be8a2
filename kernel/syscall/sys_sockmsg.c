/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_sockmsg.c - sendto(2), recvfrom(2), sendmsg(2), recvmsg(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses socket.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    send(2), recv(2), sendmsg(2), recvmsg(2).
 * Tests:     tests/abi/unix_stream.c, tests/abi/unix_dgram.c, tests/abi/scm.c.
 *
 * A struct msghdr becomes a struct socket_msg: the addresses of buffers become an iov_iter, the name is copied.
 * Control messages stay where they are until socket/control.c reads or writes them.
 */
#include <syscall/socket_msg.h>
#include <sys_protos.h>
#include <lib/string.h>

static unsigned msg_flags(unsigned flags, const struct file *f)
{
	return f->flags & O_NONBLOCK ? flags | MSG_DONTWAIT : flags;
}

/* SIGPIPE is of who writes to a connection that nobody reads. */
static inline long send_done(ssize_t n, unsigned flags)
{
	if (likely(n >= 0))
		return n;
	return flags & MSG_NOSIGNAL && n == -EPIPE ? n : write_failed(n);
}

/* ---- one buffer ---- */

long sys_sendto(int fd, const void __user *buf, size_t size, unsigned flags, const void __user *addr, int len)
{
	struct iov_iter it;
	struct sockaddr_any a;
	struct socket_msg m = { .data = &it };
	struct fd_ref r;
	struct socket *s;
	ssize_t n;

	if (unlikely(iov_init_user(&it, (unsigned long)buf, MIN(size, MAX_RW_COUNT))))
		return -EFAULT;
	s = socket_arg(fd, &r);
	if (IS_ERR(s))
		return PTR_ERR(s);
	n = addr ? sockaddr_get(&a, addr, len) : 0;
	if (!n) {
		if (addr) {
			m.name = &a;
			m.name_len = (unsigned)len;
		}
		m.flags = msg_flags(flags & ~MSG_CMSG_COMPAT, r.file);
		n = send_done(socket_send(s, &m), flags);
	}
	fd_ref_put(r);
	return n;
}

long sys_recvfrom(int fd, void __user *buf, size_t size, unsigned flags, void __user *addr, int __user *len)
{
	struct iov_iter it;
	struct sockaddr_any a;
	struct socket_msg m = { .data = &it, .name = addr ? &a : NULL };
	struct fd_ref r;
	struct socket *s;
	ssize_t n;

	if (unlikely(iov_init_user(&it, (unsigned long)buf, MIN(size, MAX_RW_COUNT))))
		return -EFAULT;
	s = socket_arg(fd, &r);
	if (IS_ERR(s))
		return PTR_ERR(s);
	m.flags = msg_flags(flags & ~MSG_CMSG_COMPAT, r.file);
	n = socket_recv(s, &m);
	if (n >= 0 && addr) {
		int err = sockaddr_put(&a, (int)m.name_len, addr, len);

		if (err)
			n = err;
	}
	fd_ref_put(r);
	return n;
}

/* ---- struct msghdr ---- */

static int msghdr_get(struct msghdr_k *h, const struct msghdr_k __user *u)
{
	struct msghdr32 n;

	if (call_small()) {
		if (copy_from_user(&n, u, sizeof(n)))
			return -EFAULT;
		*h = (struct msghdr_k){ .msg_name = n.msg_name,
			                .msg_namelen = n.msg_namelen,
			                .msg_iov = n.msg_iov,
			                .msg_iovlen = n.msg_iovlen,
			                .msg_control = n.msg_control,
			                .msg_controllen = n.msg_controllen };
	} else if (copy_from_user(h, u, sizeof(*h))) {
		return -EFAULT;
	}
	if (!h->msg_name)
		h->msg_namelen = 0;
	if (h->msg_namelen < 0)
		return -EINVAL;
	h->msg_namelen = MIN(h->msg_namelen, (s32)sizeof(struct sockaddr_any));
	return h->msg_iovlen > IOV_MAX ? -EMSGSIZE : 0;
}

/* The results of a receive, whose control messages left `room` bytes unused. */
static int msghdr_put(struct msghdr_k __user *u, const struct msghdr_k *h, const struct socket_msg *m)
{
	struct msghdr32 __user *n = (struct msghdr32 __user *)u;
	unsigned long used = h->msg_control ? (unsigned long)m->control - h->msg_control : 0;
	u32 flags = m->out_flags | (m->flags & MSG_CMSG_CLOEXEC);

	if (m->small)
		return put_user(flags, user_field(n, msg_flags)) ||
		                       put_user((u32)used, user_field(n, msg_controllen))
		               ? -EFAULT
		               : 0;
	return put_user(flags, user_field(u, msg_flags)) || put_user(used, user_field(u, msg_controllen))
	               ? -EFAULT
	               : 0;
}

static long send_hdr(struct socket *s, const struct msghdr_k *h, unsigned flags)
{
	struct sockaddr_any a;
	struct user_vec v;
	struct socket_msg m = { .data = &v.it,
		                .flags = flags & ~MSG_CMSG_COMPAT,
		                .control = (void __user *)h->msg_control,
		                .control_len = h->msg_controllen,
		                .small = call_small() };
	long n;

	if (h->msg_namelen) {
		n = sockaddr_get(&a, (const void __user *)h->msg_name, h->msg_namelen);
		if (n)
			return n;
		m.name = &a;
		m.name_len = (unsigned)h->msg_namelen;
	}
	n = user_vec_get(&v, (const struct iovec __user *)h->msg_iov, h->msg_iovlen);
	if (n)
		return n;
	n = h->msg_controllen > INT32_MAX ? -ENOBUFS : send_done(socket_send(s, &m), flags);
	user_vec_put(&v);
	return n;
}

long user_msg_send(struct socket *s, const struct msghdr_k __user *msg, unsigned flags)
{
	struct msghdr_k h;
	int err = msghdr_get(&h, msg);

	return err ? err : send_hdr(s, &h, flags);
}

static long recv_hdr(struct socket *s, struct msghdr_k __user *u, const struct msghdr_k *h, unsigned flags)
{
	struct sockaddr_any a;
	struct user_vec v;
	struct socket_msg m = { .data = &v.it,
		                .name = h->msg_name ? &a : NULL,
		                .flags = flags & ~MSG_CMSG_COMPAT,
		                .control = (void __user *)h->msg_control,
		                .control_len =
		                        h->msg_control ? MIN(h->msg_controllen, (unsigned long)INT32_MAX) : 0,
		                .small = call_small() };
	s32 __user *namelen = call_small() ? user_field((struct msghdr32 __user *)u, msg_namelen)
	                                   : (s32 __user *)user_field(u, msg_namelen);
	long n = user_vec_get(&v, (const struct iovec __user *)h->msg_iov, h->msg_iovlen);
	int err = 0;

	if (n)
		return n;
	n = socket_recv(s, &m);
	user_vec_put(&v);
	if (n < 0)
		return n;
	if (m.name)
		err = sockaddr_put(&a, (int)m.name_len, (void __user *)h->msg_name, namelen);
	if (!err)
		err = msghdr_put(u, h, &m);
	return err ? err : n;
}

long user_msg_recv(struct socket *s, struct msghdr_k __user *msg, unsigned flags)
{
	struct msghdr_k h;
	int err = msghdr_get(&h, msg);

	return err ? err : recv_hdr(s, msg, &h, flags);
}

static long msg_call(int fd, struct msghdr_k __user *msg, unsigned flags, bool send)
{
	struct fd_ref r;
	struct socket *s;
	long n;

	if (flags & MSG_CMSG_COMPAT && !call_small())
		return -EINVAL;
	s = socket_arg(fd, &r);
	if (IS_ERR(s))
		return PTR_ERR(s);
	flags = msg_flags(flags, r.file);
	n = send ? user_msg_send(s, msg, flags) : user_msg_recv(s, msg, flags);
	fd_ref_put(r);
	return n;
}

long sys_sendmsg(int fd, const struct msghdr_k __user *msg, unsigned flags)
{
	return msg_call(fd, (struct msghdr_k __user *)msg, flags, true);
}

long sys_recvmsg(int fd, struct msghdr_k __user *msg, unsigned flags)
{
	return msg_call(fd, msg, flags, false);
}
