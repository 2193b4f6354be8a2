/* SPDX-License-Identifier: MIT
 *
 * net/unix/stream.c - SOCK_STREAM: bytes in order
 *
 * Owns:      nothing more than unix.h says.
 * Layer:     net.
 * Locks:     read_lock: one reader at a time, held while bytes are copied to the user; the queue under s.lock.
 * Contexts:  process context; may sleep.
 * Manual:    unix(7), recv(2), send(2), socket(7) (SO_RCVLOWAT, SO_PEEK_OFF).
 * Tests:     tests/abi/unix_stream.c.
 *
 * Theory
 * ------
 * The stream is cut into messages by those who send, and glued together by who reads.  A writer prepares its message
 * alone and hangs it into the peer's queue in one short step; a reader takes bytes off the first message and unlinks
 * it when it is empty.  So a writer never waits for a reader that copies, nor the other way round.
 *
 * Three things end a read early: no more bytes (but MSG_WAITALL), a message that carries descriptors (they belong to
 * the bytes just read), and a message of other credentials when the reader wants to know them.
 */
#include "unix.h"
#include <abi/errno.h>
#include <lib/string.h>

enum { CHUNK_MAX = 32768, CHUNK_MARGIN = 64 };

/* ---- send ---- */

/* Hangs msg into the queue of `to`: false when it reads no more. */
static bool queue_to(struct unix_sock *to, struct unix_msg *msg)
{
	bool ok;

	spin_lock(&to->s.lock);
	ok = !(to->dead || to->s.shut & SOCK_SHUT_RECV);
	if (likely(ok)) {
		list_add_tail(&msg->link, &to->queue);
		to->queued++;
	}
	spin_unlock(&to->s.lock);
	if (likely(ok))
		unix_wake(&to->s.readable, UNIX_WAKE_IN);
	return ok;
}

/* One message with the next bytes of m: how many, or -errno. */
static ssize_t send_chunk(struct unix_sock *u, struct unix_sock *to, struct socket_msg *m, struct scm *scm,
                          ktime_t deadline)
{
	size_t n = MIN(m->data->count, (size_t)CHUNK_MAX);
	struct unix_msg *msg;
	int err = 0;

	n = MIN(n, (size_t)(atomic_load(&u->s.sndbuf) / 2 - CHUNK_MARGIN));
	msg = unix_msg_make(u, m->data, (u32)n, deadline);
	if (IS_ERR(msg))
		return PTR_ERR(msg);
	if (unlikely(scm->has_creds || scm->files))
		err = unix_msg_attach(msg, scm);
	unix_msg_add_creds(msg, u, to);
	if (!err && !queue_to(to, msg))
		err = -EPIPE;
	if (unlikely(err)) {
		unix_msg_free(msg);
		return err;
	}
	return (ssize_t)n;
}

static ssize_t send_all(struct unix_sock *u, struct unix_sock *to, struct socket_msg *m, struct scm *scm)
{
	ktime_t deadline = socket_deadline(atomic_load(&u->s.sndtimeo), m->flags & MSG_DONTWAIT);
	ssize_t sent = 0, n;

	while (m->data->count) {
		n = send_chunk(u, to, m, scm, deadline);
		if (unlikely(n < 0))
			return sent ? sent : n;
		sent += n;
	}
	return sent;
}

ssize_t unix_stream_send(struct socket *s, struct socket_msg *m)
{
	struct unix_sock *u = unix_sock(s), *to = atomic_load_acquire(&u->peer);
	struct scm scm;
	ssize_t n = scm_from_user(s, m, &scm);

	if (unlikely(n))
		return n;
	if (m->flags & MSG_OOB)
		n = -EOPNOTSUPP;
	else if (m->name_len)
		n = atomic_load(&u->state) == UNIX_CONNECTED ? -EISCONN : -EOPNOTSUPP;
	else if (!to)
		n = -ENOTCONN;
	else if (atomic_load(&s->shut) & SOCK_SHUT_SEND)
		n = -EPIPE;
	else
		n = send_all(u, to, m, &scm);
	if (unlikely(scm.files))
		scm_files_put(scm.files);
	return n;
}

/* ---- recv ---- */

/* The state of one receive. */
struct stream_read {
	struct unix_sock *u;
	struct socket_msg *m;
	struct scm scm;
	size_t copied, target;
	u32 skip; /* MSG_PEEK with SO_PEEK_OFF: bytes to pass over */
	ktime_t deadline;
	bool creds_known;
};

/* A message with unread bytes behind r->skip, or NULL. */
static struct unix_msg *next_msg(struct stream_read *r) MUST_HOLD(&r->u->read_lock)
{
	struct unix_sock *u = r->u;
	struct unix_msg *msg, *found = NULL;

	spin_lock(&u->s.lock);
	list_for_each_entry (msg, &u->queue, link) {
		u32 left = msg->len - msg->off;

		if (likely(r->skip < left)) {
			found = msg;
			break;
		}
		r->skip -= left;
	}
	spin_unlock(&u->s.lock);
	return found;
}

static bool readable(struct stream_read *r, unsigned seen)
{
	const struct unix_sock *u = r->u;

	return atomic_load(&u->queued) != seen || atomic_load(&u->s.error) ||
	       atomic_load(&u->s.shut) & SOCK_SHUT_RECV;
}

/* Nothing is left in the queue: 1 = there may be more now, 0 = the end, or -errno.  Drops the lock while it waits. */
static int wait_bytes(struct stream_read *r) MUST_HOLD(&r->u->read_lock)
{
	struct unix_sock *u = r->u;
	unsigned seen = r->m->flags & MSG_PEEK ? atomic_load(&u->queued) : 0;
	int err;

	if (r->copied >= r->target)
		return 0;
	err = socket_take_error(&u->s);
	if (err)
		return err;
	if (atomic_load(&u->s.shut) & SOCK_SHUT_RECV)
		return atomic_load(&u->queued) != seen; /* what came just before the end */
	if (!r->deadline)
		return -EAGAIN;
	mutex_unlock(&u->read_lock);
	err = wait_event_interruptible_until(&u->s.readable, readable(r, seen), r->deadline);
	mutex_lock(&u->read_lock);
	return err ? socket_wait_error(err, r->deadline) : 1;
}

/* May bytes of msg go to the same reader as those before? */
static bool same_sender(struct stream_read *r, const struct unix_msg *msg)
{
	if (!r->creds_known) {
		r->scm.has_creds = msg->has_creds;
		r->scm.creds = msg->creds;
		r->creds_known = true;
		return true;
	}
	return r->scm.has_creds == msg->has_creds &&
	       (!msg->has_creds || !memcmp(&r->scm.creds, &msg->creds, sizeof(msg->creds)));
}

static void drop_msg(struct unix_sock *u, struct unix_msg *msg)
{
	spin_lock(&u->s.lock);
	list_del(&msg->link);
	u->queued--;
	spin_unlock(&u->s.lock);
	unix_msg_free(msg);
}

/* Bytes of one message: 1 = go on, 0 = this read ends here, -EFAULT. */
static int read_msg(struct stream_read *r, struct unix_msg *msg) MUST_HOLD(&r->u->read_lock)
{
	bool peek = r->m->flags & MSG_PEEK, more;
	u32 left = msg->len - msg->off - r->skip;
	size_t n = MIN((size_t)left, r->m->data->count), done;

	if (unlikely(atomic_load(&r->u->s.options) & SOCKF_PASSCRED) && !same_sender(r, msg))
		return 0;
	if (unlikely(r->m->name) && !r->m->name_len)
		r->m->name_len = unix_copy_name(msg->from, r->m->name);
	done = unix_msg_copy(msg, msg->off + r->skip, n, r->m->data);
	if (unlikely(done < n)) /* as if this message had not been touched */
		return -EFAULT;
	r->copied += n;
	if (unlikely(msg->files) && !r->scm.files) {
		r->scm.files = unix_msg_files(msg, peek);
		more = false;
	} else {
		more = true;
	}
	if (unlikely(peek)) {
		if (atomic_load(&r->u->s.peek_off) >= 0)
			atomic_add(&r->u->s.peek_off, (s32)n);
		return more;
	}
	msg->off += (u32)n;
	if (atomic_load(&r->u->s.peek_off) > 0)
		atomic_store(&r->u->s.peek_off, MAX(atomic_load(&r->u->s.peek_off) - (s32)n, 0));
	if (msg->off < msg->len)
		return 0;
	drop_msg(r->u, msg);
	return more;
}

static ssize_t read_locked(struct stream_read *r) MUST_HOLD(&r->u->read_lock)
{
	u32 skip = r->skip;
	int go;

	do {
		struct unix_msg *msg;

		if (unlikely(r->m->flags & MSG_PEEK))
			r->skip = skip + (u32)r->copied;
		msg = next_msg(r);
		go = msg ? read_msg(r, msg) : wait_bytes(r);
	} while (go > 0 && r->m->data->count);
	return r->copied ? (ssize_t)r->copied : go < 0 ? go : 0;
}

ssize_t unix_stream_recv(struct socket *s, struct socket_msg *m)
{
	struct unix_sock *u = unix_sock(s);
	struct stream_read r = { .u = u, .m = m };
	s32 peek_off;
	ssize_t n;

	if (unlikely(atomic_load(&u->state) != UNIX_CONNECTED))
		return -EINVAL;
	if (unlikely(m->flags & MSG_OOB))
		return -EOPNOTSUPP;
	r.target = m->flags & MSG_WAITALL ? m->data->count
	                                  : MIN((size_t)atomic_load(&s->rcvlowat), m->data->count);
	r.target = MAX(r.target, 1ul);
	r.deadline = socket_deadline(atomic_load(&s->rcvtimeo), m->flags & MSG_DONTWAIT);
	if (unlikely(m->flags & MSG_PEEK)) {
		peek_off = atomic_load(&s->peek_off);
		r.skip = (u32)MAX(peek_off, 0);
	}
	mutex_lock(&r.u->read_lock);
	n = read_locked(&r);
	mutex_unlock(&r.u->read_lock);
	unix_recv_done(u, m, &r.scm);
	return n;
}
