/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_socket.c - socket(2) and the calls that name and connect
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses socket.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    socket(2), socketpair(2), bind(2), connect(2), listen(2), accept(2), getsockname(2), shutdown(2).
 * Tests:     tests/abi/socket.c, tests/abi/unix_stream.c.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <socket/socket.h>

/* ---- what the calls share ---- */

struct socket *socket_arg(int fd, struct fd_ref *r)
{
	struct socket *s;

	*r = fd_arg((unsigned)fd);
	if (unlikely(!r->file))
		return ERR_PTR(-EBADF);
	s = socket_of(r->file);
	if (likely(s))
		return s;
	fd_ref_put(*r);
	return ERR_PTR(-ENOTSOCK);
}

int sockaddr_get(struct sockaddr_any *to, const void __user *from, int len)
{
	if (len < 0 || len > (int)sizeof(*to))
		return -EINVAL;
	to->family = AF_UNSPEC;
	return len ? copy_from_user(to, from, (size_t)len) : 0;
}

int sockaddr_put(const struct sockaddr_any *from, int len, void __user *to, s32 __user *ulen)
{
	s32 room;

	if (get_user(room, ulen))
		return -EFAULT;
	if (room < 0)
		return -EINVAL;
	room = MIN(room, len);
	if (room && copy_to_user(to, from, (size_t)room))
		return -EFAULT;
	return put_user((s32)len, ulen);
}

static bool nowait(const struct fd_ref *r)
{
	return r->file->flags & O_NONBLOCK;
}

/* The kind of socket and the flags of its file in one argument. */
static int split_type(int *type, unsigned *flags)
{
	*flags = (unsigned)*type & ~(unsigned)SOCK_TYPE_MASK;
	*type &= SOCK_TYPE_MASK;
	return *flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK) ? -EINVAL : 0;
}

static long give_socket(struct socket *s, unsigned flags)
{
	struct file *f = socket_file(s, flags & SOCK_NONBLOCK, current_task()->cred);

	return f ? fd_give(f, flags & SOCK_CLOEXEC) : -ENFILE;
}

/* ---- socket, socketpair ---- */

long sys_socket(int family, int type, int protocol)
{
	struct socket *s;
	unsigned flags;
	int err = split_type(&type, &flags);

	if (err)
		return err;
	s = socket_create(family, type, protocol);
	return IS_ERR(s) ? PTR_ERR(s) : give_socket(s, flags);
}

/* Two descriptors for two files, or none: both files are used up. */
static long give_two(struct file *a, struct file *b, bool cloexec, int __user *fds)
{
	struct fd_table *t = current_task()->files;
	long fd[2];
	s32 out[2];

	fd[0] = fd_give(a, cloexec);
	if (fd[0] < 0) {
		file_put(b);
		return fd[0];
	}
	fd[1] = fd_give(b, cloexec);
	out[0] = (s32)fd[0];
	out[1] = (s32)fd[1];
	if (fd[1] >= 0 && !copy_to_user(fds, out, sizeof(out)))
		return 0;
	(void)!fd_close(t, (unsigned)fd[0]);
	if (fd[1] < 0)
		return fd[1];
	(void)!fd_close(t, (unsigned)fd[1]);
	return -EFAULT;
}

long sys_socketpair(int family, int type, int protocol, int __user *fds)
{
	struct socket *a, *b;
	struct file *fa, *fb;
	unsigned flags;
	int err = split_type(&type, &flags);

	if (err)
		return err;
	a = socket_create(family, type, protocol);
	if (IS_ERR(a))
		return PTR_ERR(a);
	b = socket_create(family, type, protocol);
	err = IS_ERR(b) ? (int)PTR_ERR(b) : a->ops->pair ? a->ops->pair(a, b) : -EOPNOTSUPP;
	if (err) {
		socket_discard(a);
		if (!IS_ERR(b))
			socket_discard(b);
		return err;
	}
	fa = socket_file(a, flags & SOCK_NONBLOCK, current_task()->cred);
	fb = socket_file(b, flags & SOCK_NONBLOCK, current_task()->cred);
	if (fa && fb)
		return give_two(fa, fb, flags & SOCK_CLOEXEC, fds);
	if (fa)
		file_put(fa);
	if (fb)
		file_put(fb);
	return -ENFILE;
}

/* ---- names ---- */

static long do_connect(struct socket *s, const struct sockaddr_any *a, int len, bool nowait)
{
	if (len < (int)sizeof(a->family))
		return -EINVAL;
	return s->ops->connect ? s->ops->connect(s, a, (unsigned)len, nowait) : -EOPNOTSUPP;
}

/* An address for the socket: its own (bind) or another's. */
static long address_call(int fd, const void __user *addr, int len, bool bind)
{
	struct sockaddr_any a;
	struct fd_ref r;
	struct socket *s = socket_arg(fd, &r);
	long err;

	if (IS_ERR(s))
		return PTR_ERR(s);
	err = sockaddr_get(&a, addr, len);
	if (!err && !bind)
		err = do_connect(s, &a, len, nowait(&r));
	else if (!err)
		err = s->ops->bind ? s->ops->bind(s, &a, (unsigned)len) : -EOPNOTSUPP;
	fd_ref_put(r);
	return err;
}

long sys_bind(int fd, const void __user *addr, int len)
{
	return address_call(fd, addr, len, true);
}

long sys_connect(int fd, const void __user *addr, int len)
{
	return address_call(fd, addr, len, false);
}

static long get_name(int fd, void __user *addr, int __user *len, bool peer)
{
	struct sockaddr_any a;
	struct fd_ref r;
	struct socket *s = socket_arg(fd, &r);
	long n;

	if (IS_ERR(s))
		return PTR_ERR(s);
	n = s->ops->name(s, &a, peer);
	if (n >= 0)
		n = sockaddr_put(&a, (int)n, addr, len);
	fd_ref_put(r);
	return n;
}

long sys_getsockname(int fd, void __user *addr, int __user *len)
{
	return get_name(fd, addr, len, false);
}

long sys_getpeername(int fd, void __user *addr, int __user *len)
{
	return get_name(fd, addr, len, true);
}

/* ---- listen, accept, shutdown ---- */

long sys_listen(int fd, int backlog)
{
	struct fd_ref r;
	struct socket *s = socket_arg(fd, &r);
	unsigned limit = (unsigned)atomic_load(&net_somaxconn);
	long err;

	if (IS_ERR(s))
		return PTR_ERR(s);
	err = s->ops->listen ? s->ops->listen(s, MIN((unsigned)backlog, limit)) : -EOPNOTSUPP;
	fd_ref_put(r);
	return err;
}

static long accept_socket(struct socket *s, bool now, void __user *addr, int __user *len, unsigned flags)
{
	struct sockaddr_any a;
	struct socket *new;
	struct file *f;
	long n;

	if (!s->ops->accept)
		return -EOPNOTSUPP;
	n = s->ops->accept(s, now, &new);
	if (n)
		return n;
	f = socket_file(new, flags & SOCK_NONBLOCK, current_task()->cred);
	if (!f)
		return -ENFILE;
	if (addr) {
		n = new->ops->name(new, &a, true);
		n = n < 0 ? -ECONNABORTED : sockaddr_put(&a, (int)n, addr, len);
	}
	if (!n)
		return fd_give(f, flags & SOCK_CLOEXEC);
	file_put(f);
	return n;
}

long sys_accept4(int fd, void __user *addr, int __user *len, int flags)
{
	struct fd_ref r;
	struct socket *s = socket_arg(fd, &r);
	long n = -EINVAL;

	if (IS_ERR(s))
		return PTR_ERR(s);
	if (!((unsigned)flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)))
		n = accept_socket(s, nowait(&r), addr, len, (unsigned)flags);
	fd_ref_put(r);
	return n;
}

long sys_accept(int fd, void __user *addr, int __user *len)
{
	return sys_accept4(fd, addr, len, 0);
}

long sys_shutdown(int fd, int how)
{
	struct fd_ref r;
	struct socket *s = socket_arg(fd, &r);
	long err = -EINVAL;

	if (IS_ERR(s))
		return PTR_ERR(s);
	if (how >= SHUT_RD && how <= SHUT_RDWR)
		err = s->ops->shutdown ? s->ops->shutdown(s, (unsigned)how + 1) : -EOPNOTSUPP;
	fd_ref_put(r);
	return err;
}
