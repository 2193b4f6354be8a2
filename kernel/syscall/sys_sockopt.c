/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_sockopt.c - getsockopt(2), setsockopt(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses socket/option.c.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    getsockopt(2), socket(7).
 * Tests:     tests/abi/socket.c.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <socket/socket.h>

long sys_setsockopt(int fd, int level, int name, const void __user *value, int len)
{
	struct socket_opt o = { (void __user *)value, len, call_small() };
	struct fd_ref r;
	struct socket *s = socket_arg(fd, &r);
	long err;

	if (IS_ERR(s))
		return PTR_ERR(s);
	err = len < 0 ? -EINVAL : socket_setsockopt(s, level, name, &o);
	fd_ref_put(r);
	return err;
}

static long get_option(struct socket *s, int level, int name, void __user *value, int __user *len)
{
	struct socket_opt o = { value, 0, call_small() };
	int err;

	if (level != SOL_SOCKET && !s->ops->getsockopt)
		return -EOPNOTSUPP;
	if (get_user(o.len, len))
		return -EFAULT;
	if (o.len < 0)
		return -EINVAL;
	err = socket_getsockopt(s, level, name, &o);
	if (err && err != -ERANGE) /* -ERANGE: the length says what would be enough */
		return err;
	return put_user(o.len, len) ? -EFAULT : err;
}

long sys_getsockopt(int fd, int level, int name, void __user *value, int __user *len)
{
	struct fd_ref r;
	struct socket *s = socket_arg(fd, &r);
	long err;

	if (IS_ERR(s))
		return PTR_ERR(s);
	err = get_option(s, level, name, value, len);
	fd_ref_put(r);
	return err;
}
