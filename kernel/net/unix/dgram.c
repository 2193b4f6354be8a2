/* SPDX-License-Identifier: MIT
 *
 * net/unix/dgram.c - SOCK_DGRAM and SOCK_SEQPACKET: messages with their boundaries
 *
 * Owns:      nothing more than unix.h says.
 * Layer:     net.
 * Locks:     read_lock: one reader at a time; the queue and the peer under s.lock.
 * Contexts:  process context; may sleep.
 * Manual:    unix(7), recv(2), send(2).
 * Tests:     tests/abi/unix_dgram.c.
 *
 * A datagram socket may send to anybody, and has a peer only so that it need not name him.  Nobody can fill another
 * one's memory: at most max_dgram_qlen messages wait, except from a peer that is ours as we are his, whom the send
 * buffer holds back.  SOCK_SEQPACKET is connected as a stream is, and then moves messages as datagrams move.
 */
#include "unix.h"
#include <abi/errno.h>

enum { EDGE = 32, LONGEST = 1 << 22 };

int unix_max_dgram_qlen = 10;

static void wake_senders(struct unix_sock *u)
{
	unix_wake(&u->room, UNIX_WAKE_OUT);
}

/* ---- whom to ---- */

/* u's peer, referenced, or NULL. */
static struct unix_sock *peer_get(struct unix_sock *u)
{
	struct unix_sock *p;

	spin_lock(&u->s.lock);
	p = u->peer;
	if (p)
		unix_get(p);
	spin_unlock(&u->s.lock);
	return p;
}

/* The peer `old` is gone: u has none any more. */
static void lose_peer(struct unix_sock *u, struct unix_sock *old)
{
	bool lost;

	spin_lock(&u->s.lock);
	lost = u->peer == old;
	if (lost) {
		unix_relay_remove(u, old);
		u->peer = NULL;
		u->state = UNIX_CLOSED;
	}
	spin_unlock(&u->s.lock);
	if (lost)
		unix_put(old);
}

static bool may_send(const struct unix_sock *u, const struct unix_sock *to)
{
	return !to->peer || to->peer == u;
}

/* What the old peer sent is not for who comes after; if it still talks to us, it is told. */
static void disconnected(struct unix_sock *u, struct unix_sock *old)
{
	bool lost = atomic_load(&u->queued) != 0;

	mutex_lock(&u->read_lock);
	unix_queue_purge(u);
	mutex_unlock(&u->read_lock);
	wake_senders(u);
	unix_wake(&u->s.writable, UNIX_WAKE_OUT);
	if (!lost || atomic_load(&old->dead) || atomic_load(&old->peer) != u)
		return;
	atomic_store(&old->s.error, ECONNRESET);
	unix_wake(&old->s.readable, UNIX_WAKE_IN | POLLERR);
	unix_wake(&old->s.writable, UNIX_WAKE_OUT | POLLERR);
}

int unix_dgram_connect(struct socket *s, const struct sockaddr_any *a, unsigned len, bool nowait)
{
	struct unix_sock *u = unix_sock(s), *to = NULL, *old;
	int err = 0;

	if (a->family != AF_UNSPEC) {
		err = unix_check_name(a, len);
		if (!err)
			err = unix_autobind_passcred(u);
		if (err)
			return err;
		to = unix_find(a, len, s->type);
		if (IS_ERR(to))
			return (int)PTR_ERR(to);
	}
	unix_lock_two(u, to ? to : u);
	old = u->peer;
	if (to && (to->dead || !may_send(u, to))) {
		err = to->dead ? -ECONNREFUSED : -EPERM;
		old = to; /* to be put */
	} else {
		if (old)
			unix_relay_remove(u, old);
		u->peer = to;
		u->state = to ? UNIX_CONNECTED : UNIX_CLOSED;
	}
	unix_unlock_two(u, to ? to : u);
	if (!err && old && old != to)
		disconnected(u, old);
	if (old)
		unix_put(old);
	return err;
}

/* ---- send ---- */

static bool full_for(const struct unix_sock *u, const struct unix_sock *to)
{
	return to != u && atomic_load(&to->peer) != u && atomic_load(&to->queued) > to->backlog;
}

static bool room_for(const struct unix_sock *u, const struct unix_sock *to)
{
	return !full_for(u, to) || atomic_load(&to->dead) || atomic_load(&to->s.shut) & SOCK_SHUT_RECV;
}

/* Hangs msg into the queue of `to`: 0, -EPERM, -EPIPE, -EAGAIN (full), -ECONNREFUSED (closed). */
static int deliver(struct unix_sock *u, struct unix_sock *to, struct unix_msg *msg)
{
	int err = 0;

	spin_lock(&to->s.lock);
	if (unlikely(!may_send(u, to)))
		err = -EPERM;
	else if (unlikely(to->dead))
		err = -ECONNREFUSED;
	else if (unlikely(to->s.shut & SOCK_SHUT_RECV))
		err = -EPIPE;
	else if (unlikely(full_for(u, to)))
		err = -EAGAIN;
	if (likely(!err)) {
		list_add_tail(&msg->link, &to->queue);
		to->queued++;
	}
	spin_unlock(&to->s.lock);
	if (likely(!err))
		unix_wake(&to->s.readable, UNIX_WAKE_IN);
	return err;
}

/* Delivers, waiting for room if that is allowed. */
static int deliver_wait(struct unix_sock *u, struct unix_sock *to, struct unix_msg *msg, ktime_t deadline)
{
	for (;;) {
		int err = deliver(u, to, msg);

		if (likely(err != -EAGAIN) || !deadline)
			return err;
		err = wait_event_interruptible_until(&to->room, room_for(u, to), deadline);
		if (err)
			return socket_wait_error(err, deadline);
	}
}

/* Who is meant by m: referenced, or ERR_PTR. */
static struct unix_sock *destination(struct unix_sock *u, const struct socket_msg *m)
{
	struct unix_sock *to;
	int err;

	if (likely(!m->name_len)) {
		to = peer_get(u);
		return to ? to : ERR_PTR(-ENOTCONN);
	}
	err = unix_check_name(m->name, m->name_len);
	return err ? ERR_PTR(err) : unix_find(m->name, m->name_len, u->s.type);
}

static int send_msg(struct unix_sock *u, struct socket_msg *m, struct unix_msg *msg, ktime_t deadline)
{
	struct unix_sock *to = destination(u, m);
	int err;

	if (IS_ERR(to))
		return (int)PTR_ERR(to);
	unix_msg_add_creds(msg, u, to);
	msg->sent = unlikely(atomic_load(&to->s.options) & SOCKF_STAMP) ? clock_realtime() : 0;
	err = deliver_wait(u, to, msg, deadline);
	if (unlikely(err == -ECONNREFUSED)) {
		if (u->s.type == SOCK_SEQPACKET)
			err = -EPIPE_QUIET;
		else
			lose_peer(u, to);
	}
	unix_put(to);
	return err == -EPIPE ? -EPIPE_QUIET : err;
}

static ssize_t send_scm(struct unix_sock *u, struct socket_msg *m, struct scm *scm)
{
	ktime_t deadline = socket_deadline(atomic_load(&u->s.sndtimeo), m->flags & MSG_DONTWAIT);
	size_t len = m->data->count;
	struct unix_msg *msg;
	int err;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (m->name_len) {
		err = unix_check_name(m->name, m->name_len);
		if (err)
			return err;
	} else if (!atomic_load(&u->peer)) {
		return -ENOTCONN;
	}
	err = unix_autobind_passcred(u);
	if (err)
		return err;
	if (len > (size_t)(atomic_load(&u->s.sndbuf) - EDGE) || len > LONGEST)
		return -EMSGSIZE;
	msg = unix_msg_make(u, m->data, (u32)len, deadline);
	if (IS_ERR(msg))
		return PTR_ERR(msg) == -EPIPE ? -EPIPE_QUIET : PTR_ERR(msg);
	err = unix_msg_attach(msg, scm);
	if (!err)
		err = send_msg(u, m, msg, deadline);
	if (likely(!err))
		return (ssize_t)len;
	unix_msg_free(msg);
	return err;
}

ssize_t unix_dgram_send(struct socket *s, struct socket_msg *m)
{
	struct scm scm;
	ssize_t n = scm_from_user(s, m, &scm);

	if (unlikely(n))
		return n;
	n = send_scm(unix_sock(s), m, &scm);
	if (unlikely(scm.files))
		scm_files_put(scm.files);
	return n;
}

ssize_t unix_seqpacket_send(struct socket *s, struct socket_msg *m)
{
	int err = socket_take_error(s);

	if (err)
		return err;
	if (atomic_load(&unix_sock(s)->state) != UNIX_CONNECTED)
		return -ENOTCONN;
	m->name_len = 0;
	return unix_dgram_send(s, m);
}

/* ---- recv ---- */

/* The first message, unlinked unless it is only looked at; *skip: bytes of it to pass over. */
static struct unix_msg *take_msg(struct unix_sock *u, bool peek, u32 *skip) MUST_HOLD(&u->read_lock)
{
	struct unix_msg *msg = NULL, *m;

	spin_lock(&u->s.lock);
	list_for_each_entry (m, &u->queue, link) {
		if (*skip && *skip >= m->len) {
			*skip -= m->len;
			continue;
		}
		msg = m;
		break;
	}
	if (msg && !peek) {
		list_del(&msg->link);
		u->queued--;
	}
	spin_unlock(&u->s.lock);
	return msg;
}

static bool arrived(const struct unix_sock *u, unsigned seen)
{
	return atomic_load(&u->queued) != seen || atomic_load(&u->s.error) ||
	       atomic_load(&u->s.shut) & SOCK_SHUT_RECV;
}

/* Waits for a message: it, NULL (end of file) or ERR_PTR. */
static struct unix_msg *wait_msg(struct unix_sock *u, unsigned flags, u32 *skip) MUST_HOLD(&u->read_lock)
{
	ktime_t deadline = socket_deadline(atomic_load(&u->s.rcvtimeo), flags & MSG_DONTWAIT);
	bool peek = flags & MSG_PEEK;
	u32 offset = peek ? (u32)MAX(atomic_load(&u->s.peek_off), 0) : 0;

	for (;;) {
		int err = socket_take_error(&u->s);
		unsigned seen = peek && offset ? atomic_load(&u->queued) : 0;
		struct unix_msg *msg;

		if (unlikely(err))
			return ERR_PTR(err);
		*skip = offset;
		msg = take_msg(u, peek, skip);
		if (likely(msg))
			return msg;
		if (atomic_load(&u->s.shut) & SOCK_SHUT_RECV) /* only who would wait is told of the end */
			return deadline || u->s.type == SOCK_SEQPACKET ? NULL : ERR_PTR(-EAGAIN);
		if (!deadline)
			return ERR_PTR(-EAGAIN);
		mutex_unlock(&u->read_lock);
		err = wait_event_interruptible_until(&u->s.readable, arrived(u, seen), deadline);
		mutex_lock(&u->read_lock);
		if (err)
			return ERR_PTR(socket_wait_error(err, deadline));
	}
}

/* The bytes of msg to the user: the result of the call. */
static ssize_t copy_msg(struct unix_sock *u, struct socket_msg *m, const struct unix_msg *msg, u32 skip)
{
	u32 left = msg->len - skip;
	size_t n = MIN((size_t)left, m->data->count);

	if (n < left)
		m->out_flags |= MSG_TRUNC;
	if (m->name)
		m->name_len = unix_copy_name(msg->from, m->name);
	if (unlikely(unix_msg_copy(msg, skip, n, m->data) < n))
		return -EFAULT;
	if (m->flags & MSG_PEEK) {
		if (atomic_load(&u->s.peek_off) >= 0)
			atomic_add(&u->s.peek_off, (s32)n);
	} else if (atomic_load(&u->s.peek_off) > 0) {
		atomic_store(&u->s.peek_off, MAX(atomic_load(&u->s.peek_off) - (s32)msg->len, 0));
	}
	return m->flags & MSG_TRUNC ? (ssize_t)left : (ssize_t)n;
}

/* Bytes and control data of msg to the user. */
static ssize_t give_msg(struct unix_sock *u, struct socket_msg *m, struct unix_msg *msg, u32 skip,
                        struct scm *scm)
{
	ssize_t n = copy_msg(u, m, msg, skip);

	if (likely(n >= 0)) {
		scm->has_creds = msg->has_creds;
		scm->creds = msg->creds;
		if (unlikely(atomic_load(&u->s.options) & SOCKF_STAMP))
			scm->stamp = msg->sent ? msg->sent : clock_realtime();
		scm->files = unix_msg_files(msg, m->flags & MSG_PEEK);
	}
	return n;
}

ssize_t unix_dgram_recv(struct socket *s, struct socket_msg *m)
{
	struct unix_sock *u = unix_sock(s);
	bool peek = m->flags & MSG_PEEK;
	struct scm scm = { .files = NULL };
	struct unix_msg *msg;
	u32 skip = 0;
	ssize_t n = 0;

	if (m->flags & MSG_OOB)
		return -EOPNOTSUPP;
	mutex_lock(&u->read_lock);
	msg = wait_msg(u, m->flags, &skip);
	if (unlikely(peek) &&
	    !IS_ERR_OR_NULL(msg)) /* it stays in the queue: nobody else may take it meanwhile */
		n = give_msg(u, m, msg, skip, &scm);
	mutex_unlock(&u->read_lock);
	if (unlikely(IS_ERR_OR_NULL(msg)))
		return PTR_ERR(msg);
	if (likely(!peek)) {
		wake_senders(u);
		n = give_msg(u, m, msg, skip, &scm);
		unix_msg_free(msg);
	}
	if (likely(n >= 0))
		unix_recv_done(u, m, &scm);
	return n;
}

ssize_t unix_seqpacket_recv(struct socket *s, struct socket_msg *m)
{
	if (atomic_load(&unix_sock(s)->state) != UNIX_CONNECTED)
		return -ENOTCONN;
	return unix_dgram_recv(s, m);
}
