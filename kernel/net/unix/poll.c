/* SPDX-License-Identifier: MIT
 *
 * net/unix/poll.c - readiness and ioctl
 *
 * Owns:      the relay of a datagram socket in its peer's queue of waiters.
 * Layer:     net.
 * Locks:     s.lock around the peer; poll reads single words without it.
 * Contexts:  process context; the relay is called under the lock of the peer's wait queue.
 * Manual:    poll(2), unix(7) "Ioctls".
 * Tests:     tests/abi/unix_stream.c, tests/abi/unix_dgram.c.
 *
 * Whether a connected datagram socket is writable depends on the length of its peer's queue.  A poller cannot wait on
 * the peer's own wait queue, for the peer may be another one before the poll ends.  So the socket puts a relay there,
 * which wakes the pollers of the socket; it is taken out when the peer changes.
 */
#include "unix.h"
#include <fs/poll.h>
#include <abi/errno.h>

static bool relay_wake(struct waiter *w, unsigned key)
{
	struct unix_sock *u = container_of(w, struct unix_sock, relay);

	list_del(&w->link);
	unix_wake(&u->s.writable, UNIX_WAKE_OUT);
	return false;
}

void unix_relay_remove(struct unix_sock *u, struct unix_sock *peer)
{
	waitq_remove(&peer->room, &u->relay);
}

/* Is the peer's queue too long for u?  Then u's pollers are woken when it is shorter. */
static bool peer_full(struct unix_sock *u)
{
	struct unix_sock *p;
	bool full = false;

	spin_lock(&u->s.lock);
	p = u->peer;
	if (p && p != u && atomic_load(&p->peer) != u && atomic_load(&p->queued) > p->backlog) {
		if (list_empty(&u->relay.link)) {
			u->relay.wake = relay_wake;
			waitq_add(&p->room, &u->relay);
		}
		memory_barrier(); /* it may have become shorter before the relay stood there */
		full = atomic_load(&p->queued) > p->backlog && !atomic_load(&p->dead);
	}
	spin_unlock(&u->s.lock);
	return full;
}

static unsigned poll_common(struct unix_sock *u, struct file *f, struct poll_table *pt)
{
	unsigned events = 0, shut;

	poll_wait(f, &u->s.readable, pt);
	poll_wait(f, &u->s.writable, pt);
	shut = atomic_load(&u->s.shut);
	if (atomic_load(&u->s.error))
		events |= POLLERR;
	if (shut == SOCK_SHUT_BOTH)
		events |= POLLHUP;
	if (shut & SOCK_SHUT_RECV)
		events |= POLLRDHUP | UNIX_WAKE_IN;
	if (atomic_load(&u->queued))
		events |= UNIX_WAKE_IN;
	if (unix_connected_type(u) && atomic_load(&u->state) == UNIX_CLOSED)
		events |= POLLHUP;
	if (unix_writable(u))
		events |= UNIX_WAKE_OUT;
	return events;
}

unsigned unix_poll_stream(struct socket *s, struct file *f, struct poll_table *pt)
{
	return poll_common(unix_sock(s), f, pt);
}

unsigned unix_poll_dgram(struct socket *s, struct file *f, struct poll_table *pt)
{
	unsigned events = poll_common(unix_sock(s), f, pt);

	if (events & POLLOUT && atomic_load(&unix_sock(s)->peer) && peer_full(unix_sock(s)))
		events &= ~(unsigned)UNIX_WAKE_OUT;
	return events;
}

/* What a read would give: all bytes of a stream, the first datagram. */
static s32 readable_bytes(struct unix_sock *u)
{
	struct unix_msg *m;
	u64 n = 0;

	spin_lock(&u->s.lock);
	list_for_each_entry (m, &u->queue, link) {
		n += m->len - m->off;
		if (!unix_connected_type(u))
			break;
	}
	spin_unlock(&u->s.lock);
	return (s32)MIN(n, (u64)INT32_MAX);
}

long unix_ioctl(struct socket *s, unsigned cmd, void *arg)
{
	struct unix_sock *u = unix_sock(s);

	switch (cmd) {
	case SIOCINQ:
		if (atomic_load(&u->state) == UNIX_LISTENING)
			return -EINVAL;
		*(s32 *)arg = readable_bytes(u);
		return 0;
	case SIOCOUTQ:
		*(s32 *)arg = atomic_load(&u->wmem);
		return 0;
	default:
		return -ENOTTY;
	}
}
