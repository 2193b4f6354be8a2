/* SPDX-License-Identifier: MIT
 *
 * net/unix/connect.c - connections: socketpair, listen, connect, accept, shutdown
 *
 * Owns:      the queue of a listener.
 * Layer:     net.
 * Locks:     s.lock of both ends; a listener's and a client's are taken together, the lower address first.
 * Contexts:  process context; may sleep.
 * Manual:    unix(7), connect(2), accept(2), listen(2), shutdown(2), socketpair(2).
 * Tests:     tests/abi/unix_stream.c.
 *
 * Theory
 * ------
 * connect(2) does not wait for accept(2).  The client makes the other end itself, an embryo, connects to it, and puts
 * it into the listener's queue; from then on it can send.  accept(2) takes the embryo and gives it a file.
 *
 *     client <--peer--> embryo ---link--> listener.queue
 *
 * Who is at the other end (SO_PEERCRED) is noted at that moment: the client sees who called listen(2), the server who
 * called connect(2), whatever becomes of them later.
 */
#include "unix.h"
#include <abi/errno.h>

/* ---- credentials of the other end ---- */

static struct unix_peer_cred own_cred(void)
{
	struct socket_caller who = socket_caller();

	return (struct unix_peer_cred){ who.pid, cred_get(who.cred) };
}

static struct unix_peer_cred share_cred(const struct unix_peer_cred *p)
{
	return (struct unix_peer_cred){ p->pid, p->cred ? cred_get(p->cred) : NULL };
}

void unix_peer_cred_put(struct unix_peer_cred *p)
{
	if (p->cred)
		cred_put(p->cred);
	p->cred = NULL;
}

const struct cred *unix_peer_cred(struct socket *s, pid_t *pid)
{
	struct unix_sock *u = unix_sock(s);
	const struct cred *c;

	spin_lock(&s->lock);
	c = u->peer_cred.cred;
	if (c)
		cred_get(c);
	*pid = u->peer_cred.pid;
	spin_unlock(&s->lock);
	return c;
}

/* ---- pairs ---- */

int unix_pair(struct socket *sa, struct socket *sb)
{
	struct unix_sock *a = unix_sock(sa), *b = unix_sock(sb);

	unix_get(a);
	unix_get(b);
	a->peer_cred = own_cred();
	b->peer_cred = own_cred();
	a->state = b->state = UNIX_CONNECTED;
	a->peer = b;
	b->peer = a;
	return 0;
}

/* ---- listen ---- */

int unix_listen(struct socket *s, unsigned backlog)
{
	struct unix_sock *u = unix_sock(s);
	struct unix_peer_cred new = own_cred(), old = { 0, NULL };
	bool more = false;
	int err = 0;

	spin_lock(&s->lock);
	if (!u->addr || u->state == UNIX_CONNECTED) {
		err = -EINVAL;
		old = new;
	} else {
		more = backlog > u->backlog;
		u->backlog = backlog;
		u->state = UNIX_LISTENING;
		old = u->peer_cred;
		u->peer_cred = new;
	}
	spin_unlock(&s->lock);
	unix_peer_cred_put(&old);
	if (more)
		unix_wake(&u->room, UNIX_WAKE_OUT);
	return err;
}

/* ---- connect ---- */

static bool listener_open(const struct unix_sock *l)
{
	return atomic_load(&l->state) == UNIX_LISTENING && !(atomic_load(&l->s.shut) & SOCK_SHUT_RECV);
}

/* Connects u with embryo e and queues e.  0, -EAGAIN (queue full), -ECONNREFUSED, -EISCONN, -EINVAL. */
static int join(struct unix_sock *u, struct unix_sock *e, struct unix_sock *l, struct unix_peer_cred *client)
{
	int err = 0;

	unix_lock_two(u, l);
	if (l->dead || !listener_open(l))
		err = -ECONNREFUSED;
	else if (l->queued > l->backlog)
		err = -EAGAIN;
	else if (u->state != UNIX_CLOSED)
		err = u->state == UNIX_CONNECTED ? -EISCONN : -EINVAL;
	if (!err) {
		e->addr = l->addr;
		ref_get(&e->addr->ref);
		e->peer_cred = *client;
		e->state = UNIX_CONNECTED;
		e->peer = u;
		u->peer_cred = share_cred(&l->peer_cred);
		u->state = UNIX_CONNECTED;
		unix_get(u);
		unix_get(e);
		atomic_store_release(&u->peer, e);
		list_add_tail(&e->link, &l->queue);
		l->queued++;
	}
	unix_unlock_two(u, l);
	return err;
}

static int connect_to(struct unix_sock *u, const struct sockaddr_any *a, unsigned len, struct unix_sock *e,
                      struct unix_peer_cred *client, ktime_t deadline)
{
	for (;;) {
		struct unix_sock *l = unix_find(a, len, u->s.type);
		int err;

		if (IS_ERR(l))
			return (int)PTR_ERR(l);
		err = join(u, e, l, client);
		if (err == -EAGAIN && deadline) {
			err = wait_event_interruptible_until(
			        &l->room, atomic_load(&l->queued) <= l->backlog || !listener_open(l),
			        deadline);
			err = err ? socket_wait_error(err, deadline) : 1;
		} else if (!err) {
			unix_wake(&l->s.readable, UNIX_WAKE_IN);
		}
		unix_put(l);
		if (err <= 0)
			return err;
	}
}

int unix_connect(struct socket *s, const struct sockaddr_any *a, unsigned len, bool nowait)
{
	struct unix_sock *u = unix_sock(s), *e;
	struct unix_peer_cred client;
	int err = unix_check_name(a, len);

	if (!err)
		err = unix_autobind_passcred(u);
	if (err)
		return err;
	e = unix_alloc(s->ops, s->type);
	if (!e)
		return -ENOMEM;
	client = own_cred();
	err = connect_to(u, a, len, e, &client, socket_deadline(atomic_load(&s->sndtimeo), nowait));
	if (err) {
		unix_peer_cred_put(&client);
		socket_discard(&e->s);
		return err;
	}
	unix_wake(&s->writable, UNIX_WAKE_OUT);
	return 0;
}

/* ---- accept ---- */

static struct unix_sock *take_embryo(struct unix_sock *l)
{
	struct unix_sock *e = NULL;

	spin_lock(&l->s.lock);
	if (!list_empty(&l->queue)) {
		e = list_first_entry(&l->queue, struct unix_sock, link);
		list_del(&e->link);
		l->queued--;
	}
	spin_unlock(&l->s.lock);
	return e;
}

int unix_accept(struct socket *s, bool nowait, struct socket **out)
{
	struct unix_sock *l = unix_sock(s), *e;
	ktime_t deadline = socket_deadline(atomic_load(&s->rcvtimeo), nowait);

	for (;;) {
		int err;

		if (atomic_load(&l->state) != UNIX_LISTENING)
			return -EINVAL;
		e = take_embryo(l);
		if (e)
			break;
		if (atomic_load(&s->shut) & SOCK_SHUT_RECV)
			return deadline ? -EINVAL : -EAGAIN;
		if (!deadline)
			return -EAGAIN;
		err = wait_event_interruptible_until(
		        &s->readable, atomic_load(&l->queued) || atomic_load(&s->shut) & SOCK_SHUT_RECV,
		        deadline);
		if (err)
			return socket_wait_error(err, deadline);
	}
	unix_wake(&l->room, UNIX_WAKE_OUT);
	*out = &e->s;
	return 0;
}

/* ---- shutdown ---- */

static void shut(struct unix_sock *u, unsigned how)
{
	spin_lock(&u->s.lock);
	u->s.shut |= (u8)how;
	how = u->s.shut;
	spin_unlock(&u->s.lock);
	unix_wake(&u->s.readable, UNIX_WAKE_IN | POLLRDHUP | (how == SOCK_SHUT_BOTH ? POLLHUP : 0));
	unix_wake(&u->s.writable, UNIX_WAKE_OUT | (how == SOCK_SHUT_BOTH ? POLLHUP : 0));
	unix_wake(&u->room, UNIX_WAKE_OUT);
}

int unix_shutdown(struct socket *s, unsigned how)
{
	struct unix_sock *u = unix_sock(s), *peer = NULL;

	spin_lock(&s->lock);
	if (unix_connected_type(u) && u->peer) {
		peer = u->peer;
		unix_get(peer);
	}
	spin_unlock(&s->lock);
	shut(u, how);
	if (peer) { /* what we do not send, he does not receive */
		shut(peer, (how & SOCK_SHUT_RECV ? SOCK_SHUT_SEND : 0u) |
		                   (how & SOCK_SHUT_SEND ? SOCK_SHUT_RECV : 0u));
		unix_put(peer);
	}
	return 0;
}
