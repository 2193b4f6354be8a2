/* SPDX-License-Identifier: MIT
 * net/unix/unix.h - inside net/unix: the socket, the message, and what its files give each other. */
#pragma once
#include <socket/scm.h>
#include <fs/path.h>
#include <lib/list.h>

struct unix_sock;
struct inode;
struct flight_user;

/* A name; immutable, shared by a listener and its connections. */
struct unix_addr {
	struct refcount ref;
	unsigned len; /* of name in use, as getsockname(2) tells it */
	u32 hash;
	struct sockaddr_un_k name;
	char nul; /* a path of 108 bytes is closed here */
};
enum unix_state { UNIX_CLOSED, UNIX_LISTENING, UNIX_CONNECTED };
struct unix_peer_cred {
	pid_t pid;
	const struct cred *cred; /* referenced; NULL = nobody */
};
struct unix_sock {
	struct socket s;        /* s.lock guards the fields below but where another lock is named */
	u8 state;               /* enum unix_state; read without the lock where an old value does no harm */
	bool dead;              /* released: no message is queued any more */
	bool relayed;           /* relay stands in peer->room */
	struct unix_sock *peer; /* referenced; of a stream: set once, until our release */
	struct list_head queue; /* struct unix_msg; of a listener: embryos, by their `link` */
	struct list_head link;  /* in a listener's queue */
	unsigned queued;        /* length of queue */
	unsigned backlog;       /* of a listener; datagrams: how many may wait */
	struct mutex read_lock; /* one reader at a time: keeps the order of bytes; before s.lock */
	s32 wmem;               /* bytes charged to us, in others' queues; atomically */
	struct waitq room;      /* who waits for a shorter queue of ours: connecters, senders */
	struct waiter relay;    /* wakes our pollers when the peer's queue is shorter */
	struct unix_peer_cred peer_cred;
	struct unix_addr *addr; /* set once, by bind; read without the lock */
	struct path path;       /* of a name in a file system */
	struct list_head all;   /* of all sockets; names_lock */
	struct list_head named; /* in a bucket of names; names_lock */
	/* flight.c; gc_lock */
	struct list_head flight_link, revived_link;
	s32 in_flight; /* references of our file that are in messages */
	s32 outside;   /* while collecting: those not in messages of candidates */
	bool candidate, alive;
};
struct unix_msg {
	struct list_head link;
	struct unix_sock *from; /* referenced */
	u32 len, off;           /* bytes in all; already read (streams) */
	u32 charge;             /* in from->wmem */
	bool has_creds;
	u16 npages; /* 0: the bytes are in data */
	struct ucred_k creds;
	ktime_t sent;            /* of a datagram to a socket that wants to know; else 0 */
	struct scm_files *files; /* counted in flight; NULL = none */
	union {
		char data[0];
		char *page[0];
	};
};
static inline struct unix_sock *unix_sock(struct socket *s)
{
	return container_of(s, struct unix_sock, s);
}
static inline void unix_get(struct unix_sock *u)
{
	socket_get(&u->s);
}
static inline void unix_put(struct unix_sock *u)
{
	socket_put(&u->s);
}
/* The locks of two sockets, the lower address first; the same one twice is locked once. */
void unix_lock_two(struct unix_sock *a, struct unix_sock *b) NO_LOCK_CHECK;
void unix_unlock_two(struct unix_sock *a, struct unix_sock *b) NO_LOCK_CHECK;

/* ---- unix.c ---- */
extern const struct socket_family unix_family;
extern const struct socket_ops unix_stream_ops, unix_dgram_ops, unix_seqpacket_ops;
/* A socket without a name; NULL: no memory. */
struct unix_sock *unix_alloc(const struct socket_ops *ops, unsigned type);
void unix_release(struct socket *s);
void unix_free(struct socket *s);
static inline bool unix_connected_type(const struct unix_sock *u)
{
	return u->s.type != SOCK_DGRAM;
}
/* May one more message be charged soon: poll's POLLOUT. */
static inline bool unix_writable(const struct unix_sock *u)
{
	return atomic_load(&u->state) != UNIX_LISTENING &&
	       (s64)atomic_load(&u->wmem) * 4 <= atomic_load(&u->s.sndbuf);
}
static inline void unix_wake(struct waitq *q, unsigned events)
{
	if (waitq_active(q))
		waitq_wake(q, 0, events);
}
enum { UNIX_WAKE_IN = POLLIN | POLLRDNORM, UNIX_WAKE_OUT = POLLOUT | POLLWRNORM | POLLWRBAND };

/* ---- address.c ---- */
int unix_bind(struct socket *s, const struct sockaddr_any *a, unsigned len);
int unix_name(struct socket *s, struct sockaddr_any *out, bool peer);
/* Gives u an abstract name if it has none and SO_PASSCRED is set: the other side must be able to name it. */
MUST_CHECK int unix_autobind_passcred(struct unix_sock *u);
/* 0 or -EINVAL: can `a` be the name of somebody? */
MUST_CHECK int unix_check_name(const struct sockaddr_any *a, unsigned len);
/* Who is bound to a name, referenced, or ERR_PTR(-ECONNREFUSED, -EPROTOTYPE, errors of the walk). May sleep. */
struct unix_sock *unix_find(const struct sockaddr_any *a, unsigned len, unsigned type);
void unix_names_add(struct unix_sock *u);    /* into the list of all */
void unix_names_remove(struct unix_sock *u); /* its name and itself: nobody finds it any more */
void unix_addr_put(struct unix_addr *a);     /* NULL is fine */
void unix_names_init(void);
unsigned unix_copy_name(const struct unix_sock *u, struct sockaddr_any *out); /* its length; 0 = unnamed */

/* ---- connect.c ---- */
int unix_connect(struct socket *s, const struct sockaddr_any *a, unsigned len, bool nowait);
int unix_pair(struct socket *a, struct socket *b);
int unix_listen(struct socket *s, unsigned backlog);
int unix_accept(struct socket *s, bool nowait, struct socket **out);
int unix_shutdown(struct socket *s, unsigned how);
const struct cred *unix_peer_cred(struct socket *s, pid_t *pid);
void unix_peer_cred_put(struct unix_peer_cred *p);

/* ---- message.c ---- */
/* A message of len bytes from `from` with the bytes of m; waits for room in from's buffer.  ERR_PTR(-EAGAIN, -EPIPE,
 * -EFAULT, -ENOMEM, -ENOBUFS, a pending error, -ERESTARTSYS, -EINTR). */
struct unix_msg *unix_msg_make(struct unix_sock *from, struct iov_iter *data, u32 len, ktime_t deadline);
/* Moves the control data into the message: scm->files are its own then.  0, -ETOOMANYREFS, -ENOMEM. */
MUST_CHECK int unix_msg_attach(struct unix_msg *msg, struct scm *scm);
/* The sender's credentials, when one of the two wants to know. */
void unix_msg_add_creds(struct unix_msg *msg, const struct unix_sock *from, const struct unix_sock *to);
/* n bytes at `off` to the user: how many were copied. */
size_t unix_msg_copy(const struct unix_msg *msg, u32 off, size_t n, struct iov_iter *to);
/* Takes the files out of msg (its reader owns them); with peek: copies them. NULL = none, or no memory (peek). */
struct scm_files *unix_msg_files(struct unix_msg *msg, bool peek);
void unix_msg_free(struct unix_msg *msg); /* may sleep: closes files that nobody received */
void unix_queue_purge(struct unix_sock *u);
/* Ends a receive: control data of `scm` to the user, its files are dropped. */
void unix_recv_done(struct unix_sock *u, struct socket_msg *m, struct scm *scm);

/* ---- stream.c, dgram.c ---- */
ssize_t unix_stream_send(struct socket *s, struct socket_msg *m);
ssize_t unix_stream_recv(struct socket *s, struct socket_msg *m);
ssize_t unix_dgram_send(struct socket *s, struct socket_msg *m);
ssize_t unix_dgram_recv(struct socket *s, struct socket_msg *m);
ssize_t unix_seqpacket_send(struct socket *s, struct socket_msg *m);
ssize_t unix_seqpacket_recv(struct socket *s, struct socket_msg *m);
int unix_dgram_connect(struct socket *s, const struct sockaddr_any *a, unsigned len, bool nowait);
extern int unix_max_dgram_qlen;

/* ---- poll.c ---- */
unsigned unix_poll_stream(struct socket *s, struct file *f, struct poll_table *pt);
unsigned unix_poll_dgram(struct socket *s, struct file *f, struct poll_table *pt);
long unix_ioctl(struct socket *s, unsigned cmd, void *arg);
/* u no longer waits for its peer's queue; the peer is still referenced. */
void unix_relay_remove(struct unix_sock *u, struct unix_sock *peer);

/* ---- flight.c ---- */
/* Counts the files of f as in flight, charged to the running process' user: 0, -ETOOMANYREFS, -ENOMEM. */
MUST_CHECK int flight_add(struct scm_files *f);
void flight_remove(struct scm_files *f);
struct scm_files *flight_peek(const struct scm_files *f); /* a copy to look at; NULL = no memory */
void flight_drop(struct scm_files *f);                    /* remove, and close what nobody received */
void flight_collect(void);                                /* frees cycles; may sleep */
void flight_init(void);
extern int unix_flight_total;
