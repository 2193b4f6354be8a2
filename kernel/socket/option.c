/* SPDX-License-Identifier: MIT
 *
 * socket/option.c - the options of all sockets: getsockopt(2), setsockopt(2) at SOL_SOCKET
 *
 * Owns:      the table of options; the limits of /proc/sys/net/core.
 * Layer:     socket.
 * Locks:     none: each option is one word.
 * Contexts:  process context; may sleep (user memory).
 * Manual:    socket(7), getsockopt(2).
 * Tests:     tests/abi/socket.c.
 *
 * The size of a buffer is doubled when it is set, because bookkeeping is counted too, and the doubled value is what
 * getsockopt answers: socket(7).
 */
#include <socket/socket.h>
#include <abi/errno.h>
#include <abi/time.h>
#include <lib/string.h>
#include <mem/slab.h>

enum { SNDBUF_MIN = 4608, RCVBUF_MIN = 2304, BUF_MAX = INT32_MAX / 2 };

int net_wmem_default = 212992, net_rmem_default = 212992, net_wmem_max = 212992, net_rmem_max = 212992;
int net_somaxconn = SOMAXCONN;

/* Options that are one bit. */
static const struct {
	u8 name;
	u16 flag;
} flag_options[] = {
	{ SO_DEBUG, SOCKF_DEBUG },         { SO_REUSEADDR, SOCKF_REUSEADDR },
	{ SO_DONTROUTE, SOCKF_DONTROUTE }, { SO_BROADCAST, SOCKF_BROADCAST },
	{ SO_KEEPALIVE, SOCKF_KEEPALIVE }, { SO_OOBINLINE, SOCKF_OOBINLINE },
	{ SO_REUSEPORT, SOCKF_REUSEPORT }, { SO_PASSCRED, SOCKF_PASSCRED },
};

static u32 option_flag(int name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(flag_options); i++)
		if (flag_options[i].name == name)
			return flag_options[i].flag;
	return 0;
}

int sockopt_get_int(const struct socket_opt *o, int *out)
{
	if (o->len < (int)sizeof(*out))
		return -EINVAL;
	return copy_from_user(out, o->value, sizeof(*out));
}

int sockopt_put(struct socket_opt *o, const void *value, unsigned size)
{
	o->len = MIN(o->len, (int)size);
	return copy_to_user(o->value, value, (size_t)o->len);
}

int sockopt_put_int(struct socket_opt *o, int value)
{
	return sockopt_put(o, &value, sizeof(value));
}

/* ---- times ---- */

static int timeo_set(ktime_t *out, int name, const struct socket_opt *o)
{
	bool small = o->small && (name == SO_RCVTIMEO_OLD || name == SO_SNDTIMEO_OLD);
	struct timeval_k tv;
	s32 narrow[2];

	if (o->len < (int)(small ? sizeof(narrow) : sizeof(tv)))
		return -EINVAL;
	if (small) {
		if (copy_from_user(narrow, o->value, sizeof(narrow)))
			return -EFAULT;
		tv = (struct timeval_k){ narrow[0], narrow[1] };
	} else if (copy_from_user(&tv, o->value, sizeof(tv))) {
		return -EFAULT;
	}
	if (tv.tv_usec < 0 || tv.tv_usec >= 1000000)
		return -EDOM;
	if (tv.tv_sec < 0)
		atomic_store(out, 0);
	else if ((!tv.tv_sec && !tv.tv_usec) || tv.tv_sec >= INT32_MAX)
		atomic_store(out, KTIME_MAX);
	else
		atomic_store(out, tv.tv_sec * NSEC_PER_SEC + tv.tv_usec * NSEC_PER_USEC);
	return 0;
}

static int timeo_get(ktime_t t, int name, struct socket_opt *o)
{
	struct timeval_k tv = { 0, 0 };

	if (t != KTIME_MAX)
		tv = (struct timeval_k){ t / NSEC_PER_SEC, t % NSEC_PER_SEC / NSEC_PER_USEC };
	if (o->small && (name == SO_RCVTIMEO_OLD || name == SO_SNDTIMEO_OLD)) {
		s32 narrow[2] = { (s32)tv.tv_sec, (s32)tv.tv_usec };

		return sockopt_put(o, narrow, sizeof(narrow));
	}
	return sockopt_put(o, &tv, sizeof(tv));
}

/* ---- buffers ---- */

static bool net_admin(void)
{
	return cred_capable(socket_caller().cred, CAP_NET_ADMIN);
}

static int set_buffer(struct socket *s, int name, int value)
{
	bool send = name == SO_SNDBUF || name == SO_SNDBUFFORCE;
	u32 bytes;

	if (name == SO_SNDBUFFORCE || name == SO_RCVBUFFORCE) {
		if (!net_admin())
			return -EPERM;
		bytes = (u32)MAX(value, 0);
	} else {
		bytes = MIN((u32)value, (u32)atomic_load(send ? &net_wmem_max : &net_rmem_max));
	}
	bytes = MIN(bytes, (u32)BUF_MAX) * 2;
	if (!send) {
		atomic_store(&s->rcvbuf, MAX((s32)bytes, RCVBUF_MIN));
		return 0;
	}
	atomic_store(&s->sndbuf, MAX((s32)bytes, SNDBUF_MIN));
	if (waitq_active(&s->writable)) /* there may be room now */
		waitq_wake(&s->writable, 0, POLLOUT | POLLWRNORM | POLLWRBAND);
	return 0;
}

static int set_linger(struct socket *s, const struct socket_opt *o)
{
	struct linger_k l;

	if (o->len < (int)sizeof(l))
		return -EINVAL;
	if (copy_from_user(&l, o->value, sizeof(l)))
		return -EFAULT;
	if (l.l_onoff) {
		atomic_store(&s->linger, l.l_linger);
		atomic_or(&s->options, SOCKF_LINGER);
	} else {
		atomic_and(&s->options, ~(u32)SOCKF_LINGER);
	}
	return 0;
}

static int set_flag(struct socket *s, int name, u32 flag, int value)
{
	if (name == SO_DEBUG && value && !net_admin())
		return -EACCES;
	if (value)
		atomic_or(&s->options, flag);
	else
		atomic_and(&s->options, ~flag);
	return 0;
}

/* SO_TIMESTAMP and its kin are one setting: which of them was made last. */
static u32 stamp_flags(int name)
{
	switch (name) {
	case SO_TIMESTAMP_OLD:
		return SOCKF_STAMP;
	case SO_TIMESTAMP_NEW:
		return SOCKF_STAMP | SOCKF_STAMP_NEW;
	case SO_TIMESTAMPNS_OLD:
		return SOCKF_STAMP | SOCKF_STAMP_NS;
	case SO_TIMESTAMPNS_NEW:
		return SOCKF_STAMP | SOCKF_STAMP_NS | SOCKF_STAMP_NEW;
	default:
		return 0;
	}
}

static int set_stamp(struct socket *s, u32 flags, int value)
{
	u32 all = SOCKF_STAMP | SOCKF_STAMP_NS | SOCKF_STAMP_NEW;

	atomic_and(&s->options, ~all);
	if (value)
		atomic_or(&s->options, flags);
	return 0;
}

static int set_int(struct socket *s, int name, int value)
{
	if (stamp_flags(name))
		return set_stamp(s, stamp_flags(name), value);
	switch (name) {
	case SO_SNDBUF:
	case SO_RCVBUF:
	case SO_SNDBUFFORCE:
	case SO_RCVBUFFORCE:
		return set_buffer(s, name, value);
	case SO_PRIORITY:
		if ((value < 0 || value > 6) && !net_admin())
			return -EPERM;
		atomic_store(&s->priority, value);
		return 0;
	case SO_RCVLOWAT:
		atomic_store(&s->rcvlowat, value < 0 ? INT32_MAX : value ? value : 1);
		return 0;
	case SO_PEEK_OFF:
		if (!s->ops->peek_offset)
			return -EOPNOTSUPP;
		atomic_store(&s->peek_off, value);
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int socket_setsockopt(struct socket *s, int level, int name, const struct socket_opt *o)
{
	int value, err;
	u32 flag;

	if (level != SOL_SOCKET)
		return s->ops->setsockopt ? s->ops->setsockopt(s, level, name, o) : -EOPNOTSUPP;
	err = sockopt_get_int(o, &value);
	if (err)
		return err;
	flag = option_flag(name);
	if (flag)
		return set_flag(s, name, flag, value);
	switch (name) {
	case SO_LINGER:
		return set_linger(s, o);
	case SO_RCVTIMEO_OLD:
	case SO_RCVTIMEO_NEW:
		return timeo_set(&s->rcvtimeo, name, o);
	case SO_SNDTIMEO_OLD:
	case SO_SNDTIMEO_NEW:
		return timeo_set(&s->sndtimeo, name, o);
	default:
		return set_int(s, name, value);
	}
}

/* ---- get ---- */

static int get_peer_cred(struct socket *s, struct socket_opt *o)
{
	struct ucred_k u = { 0, (uid_t)-1, (gid_t)-1 };
	const struct cred *c = s->ops->peer_cred ? s->ops->peer_cred(s, &u.pid) : NULL;

	if (c) {
		u.uid = c->euid;
		u.gid = c->egid;
		cred_put(c);
	}
	return sockopt_put(o, &u, sizeof(u));
}

static int get_peer_groups(struct socket *s, struct socket_opt *o)
{
	pid_t pid;
	const struct cred *c = s->ops->peer_cred ? s->ops->peer_cred(s, &pid) : NULL;
	int size, err = -ENODATA;

	if (!c)
		return err;
	size = (int)(c->ngroups * sizeof(gid_t));
	err = o->len < size ? -ERANGE : copy_to_user(o->value, c->groups, (size_t)size);
	if (!err || err == -ERANGE)
		o->len = size;
	cred_put(c);
	return err;
}

static int get_int(struct socket *s, int name, int *v)
{
	u32 all = SOCKF_STAMP | SOCKF_STAMP_NS | SOCKF_STAMP_NEW, stamp = stamp_flags(name);

	switch (name) {
	case SO_TIMESTAMP_NEW: /* it says no more, on Linux too */
		*v = !!(atomic_load(&s->options) & SOCKF_STAMP_NEW);
		return 0;
	case SO_TIMESTAMP_OLD:
	case SO_TIMESTAMPNS_OLD:
	case SO_TIMESTAMPNS_NEW:
		*v = (atomic_load(&s->options) & all) == stamp;
		return 0;
	case SO_TYPE:
		*v = s->type;
		return 0;
	case SO_DOMAIN:
		*v = s->family->family;
		return 0;
	case SO_PROTOCOL:
		*v = s->protocol;
		return 0;
	case SO_ERROR:
		*v = -socket_take_error(s);
		return 0;
	case SO_SNDBUF:
		*v = atomic_load(&s->sndbuf);
		return 0;
	case SO_RCVBUF:
		*v = atomic_load(&s->rcvbuf);
		return 0;
	case SO_RCVLOWAT:
		*v = atomic_load(&s->rcvlowat);
		return 0;
	case SO_SNDLOWAT:
		*v = 1;
		return 0;
	case SO_PRIORITY:
		*v = atomic_load(&s->priority);
		return 0;
	case SO_ACCEPTCONN:
		*v = s->ops->listening && s->ops->listening(s);
		return 0;
	case SO_PEEK_OFF:
		if (!s->ops->peek_offset)
			return -EOPNOTSUPP;
		*v = atomic_load(&s->peek_off);
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int get_linger(const struct socket *s, struct socket_opt *o)
{
	struct linger_k l = { !!(atomic_load(&s->options) & SOCKF_LINGER), atomic_load(&s->linger) };

	return sockopt_put(o, &l, sizeof(l));
}

int socket_getsockopt(struct socket *s, int level, int name, struct socket_opt *o)
{
	u32 flag;
	int v = 0, err;

	if (level != SOL_SOCKET)
		return s->ops->getsockopt ? s->ops->getsockopt(s, level, name, o) : -EOPNOTSUPP;
	flag = option_flag(name);
	if (flag)
		return sockopt_put_int(o, !!(atomic_load(&s->options) & flag));
	switch (name) {
	case SO_LINGER:
		return get_linger(s, o);
	case SO_RCVTIMEO_OLD:
	case SO_RCVTIMEO_NEW:
		return timeo_get(atomic_load(&s->rcvtimeo), name, o);
	case SO_SNDTIMEO_OLD:
	case SO_SNDTIMEO_NEW:
		return timeo_get(atomic_load(&s->sndtimeo), name, o);
	case SO_PEERCRED:
		return get_peer_cred(s, o);
	case SO_PEERGROUPS:
		return get_peer_groups(s, o);
	}
	err = get_int(s, name, &v);
	return err ? err : sockopt_put_int(o, v);
}
