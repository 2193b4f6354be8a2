/* SPDX-License-Identifier: MIT
 *
 * net/unix/unix.c - AF_UNIX: the family, the life of a socket
 *
 * Owns:      struct unix_sock.
 * Layer:     net.  Uses socket, fs, mem.
 * Locks:     two sockets are locked by address, the lower one first.
 * Contexts:  process context; may sleep.
 * Manual:    unix(7).
 * Tests:     tests/abi/socket.c, tests/abi/unix_stream.c, tests/abi/unix_dgram.c.
 *
 * A socket is released when its file is closed, and freed when nobody refers to it any more: a peer refers to it, and
 * so does each message that it sent, for its buffer is charged until the message is read.
 *
 *     CLOSED --listen--> LISTENING             (stream, seqpacket)
 *     CLOSED --connect, socketpair, as an embryo in a listener's queue--> CONNECTED
 *     CLOSED <--connect(AF_UNSPEC), peer gone--> CONNECTED      (datagrams only)
 */
#include "unix.h"
#include <net/unix/show.h>
#include <fs/fdtable.h>
#include <mem/slab.h>
#include <abi/errno.h>
#include <lib/string.h>

static struct kmem_cache *sock_slab;
static s64 nr_sockets;

void unix_lock_two(struct unix_sock *a, struct unix_sock *b)
{
	struct unix_sock *low = a < b ? a : b, *high = a < b ? b : a;

	spin_lock(&low->s.lock);
	if (low != high)
		spin_lock(&high->s.lock);
}

void unix_unlock_two(struct unix_sock *a, struct unix_sock *b)
{
	spin_unlock(&a->s.lock);
	if (a != b)
		spin_unlock(&b->s.lock);
}

/* ---- life ---- */

struct unix_sock *unix_alloc(const struct socket_ops *ops, unsigned type)
{
	struct unix_sock *u;

	if ((u64)atomic_add(&nr_sockets, 1) > 2 * files_max)
		goto fail;
	u = kmem_cache_alloc(sock_slab, ALLOC_ZERO);
	if (!u)
		goto fail;
	socket_init(&u->s, &unix_family, ops, type, 0);
	list_init(&u->queue);
	list_init(&u->link);
	list_init(&u->named);
	list_init(&u->relay.link);
	list_init(&u->flight_link);
	mutex_init(&u->read_lock);
	waitq_init(&u->room);
	u->backlog = (unsigned)atomic_load(&unix_max_dgram_qlen);
	unix_names_add(u);
	return u;
fail:
	atomic_sub(&nr_sockets, 1);
	return NULL;
}

void unix_free(struct socket *s)
{
	struct unix_sock *u = unix_sock(s);

	assert(list_empty(&u->queue) && !u->peer && !u->wmem && list_empty(&u->flight_link));
	unix_addr_put(u->addr);
	kmem_cache_free(sock_slab, u);
	atomic_sub(&nr_sockets, 1);
}

/* The other end of a connection hears that u is gone; unread: bytes it sent were lost. */
static void tell_peer(struct unix_sock *peer, bool unread)
{
	spin_lock(&peer->s.lock);
	peer->s.shut = SOCK_SHUT_BOTH;
	spin_unlock(&peer->s.lock);
	if (unread)
		atomic_store(&peer->s.error, ECONNRESET);
	unix_wake(&peer->s.readable, UNIX_WAKE_IN | POLLHUP | POLLRDHUP);
	unix_wake(&peer->s.writable, UNIX_WAKE_OUT | POLLHUP);
}

static void release(struct unix_sock *u, bool embryo);

/* Connections that nobody accepted. */
static void drop_embryos(struct unix_sock *u)
{
	struct unix_sock *e, *next;
	struct list_head all;

	list_init(&all);
	spin_lock(&u->s.lock);
	list_splice_tail(&u->queue, &all);
	u->queued = 0;
	spin_unlock(&u->s.lock);
	list_for_each_entry_safe (e, next, &all, link) {
		list_del(&e->link);
		release(e, true);
		unix_put(e);
	}
}

static void release(struct unix_sock *u, bool embryo)
{
	struct socket *s = &u->s;
	struct unix_sock *peer;
	bool listening, unread;
	struct path path;

	unix_names_remove(u);
	spin_lock(&s->lock);
	listening = u->state == UNIX_LISTENING;
	unread = u->queued != 0;
	u->dead = true;
	u->state = UNIX_CLOSED;
	s->shut = SOCK_SHUT_BOTH;
	peer = u->peer;
	u->peer = NULL;
	path = u->path;
	u->path = (struct path){ NULL, NULL };
	if (peer)
		unix_relay_remove(u, peer);
	spin_unlock(&s->lock);
	unix_wake(&u->room, UNIX_WAKE_OUT);
	unix_wake(&s->readable, UNIX_WAKE_IN | POLLHUP);
	unix_wake(&s->writable, UNIX_WAKE_OUT | POLLHUP);
	if (peer && unix_connected_type(u))
		tell_peer(peer, unread || embryo);
	if (peer)
		unix_put(peer);
	if (listening)
		drop_embryos(u);
	else
		unix_queue_purge(u);
	path_put(&path);
	unix_peer_cred_put(&u->peer_cred);
	if (unlikely(atomic_load(&unix_flight_total)))
		flight_collect();
}

void unix_release(struct socket *s)
{
	release(unix_sock(s), false);
}

/* ---- the family ---- */

static bool listening(struct socket *s)
{
	return atomic_load(&unix_sock(s)->state) == UNIX_LISTENING;
}

#define UNIX_COMMON                                                                                          \
	.release = unix_release, .free = unix_free, .bind = unix_bind, .pair = unix_pair, .name = unix_name, \
	.ioctl = unix_ioctl, .shutdown = unix_shutdown, .peer_cred = unix_peer_cred, .listening = listening, \
	.peek_offset = true, .rights = true

const struct socket_ops unix_stream_ops = {
	UNIX_COMMON,
	.connect = unix_connect,
	.listen = unix_listen,
	.accept = unix_accept,
	.send = unix_stream_send,
	.recv = unix_stream_recv,
	.poll = unix_poll_stream,
};
const struct socket_ops unix_dgram_ops = {
	UNIX_COMMON,
	.connect = unix_dgram_connect,
	.send = unix_dgram_send,
	.recv = unix_dgram_recv,
	.poll = unix_poll_dgram,
};
const struct socket_ops unix_seqpacket_ops = {
	UNIX_COMMON,
	.connect = unix_connect,
	.listen = unix_listen,
	.accept = unix_accept,
	.send = unix_seqpacket_send,
	.recv = unix_seqpacket_recv,
	.poll = unix_poll_dgram,
};

static struct socket *create(unsigned type, int protocol)
{
	const struct socket_ops *ops;
	struct unix_sock *u;

	if (protocol && protocol != AF_UNIX)
		return ERR_PTR(-EPROTONOSUPPORT);
	switch (type) {
	case SOCK_STREAM:
		ops = &unix_stream_ops;
		break;
	case SOCK_RAW: /* as Linux: another word for datagrams */
		type = SOCK_DGRAM;
		/* fall through */
	case SOCK_DGRAM:
		ops = &unix_dgram_ops;
		break;
	case SOCK_SEQPACKET:
		ops = &unix_seqpacket_ops;
		break;
	default:
		return ERR_PTR(-ESOCKTNOSUPPORT);
	}
	u = unix_alloc(ops, type);
	return u ? &u->s : ERR_PTR(-ENOMEM);
}

const struct socket_family unix_family = { .family = AF_UNIX, .name = "unix", .create = create };

INIT_CODE void unix_boot(void)
{
	sock_slab = kmem_cache_create("unix_sock", sizeof(struct unix_sock), 64);
	unix_names_init();
	flight_init();
	socket_register(&unix_family);
}
