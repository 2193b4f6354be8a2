/* SPDX-License-Identifier: MIT
 * socket/socket.h - a socket, and what an address family has to do: the contract between socket/ and net/.
 *
 * Read README.md first: it tells who owns what, who may sleep, and the order of the locks. */
#pragma once
#include <abi/socket.h>
#include <base/iov.h>
#include <cred/cred.h>
#include <fs/file.h>
#include <sched/mutex.h>
#include <sched/waitq.h>

struct fd_table;
struct fs_ctx;
struct poll_table;
struct scm;
struct socket;
struct socket_opt;

/* One message on its way in or out.  The buffers are the caller's and live as long as the call. */
struct socket_msg {
	struct iov_iter *data;     /* what is left to send, or the room that is left */
	struct sockaddr_any *name; /* send: the destination; recv: SOCKADDR_MAX bytes to fill.  NULL: none */
	unsigned name_len;         /* send: bytes given, 0 = none.  recv: set by the family, 0 = no address */
	unsigned flags;            /* MSG_*; MSG_DONTWAIT also stands for O_NONBLOCK */
	unsigned out_flags;        /* recv: MSG_TRUNC, MSG_CTRUNC, MSG_EOR, set by the family and control.c */
	void __user *control;      /* control messages: control.c alone looks at them */
	size_t control_len;        /* send: their bytes.  recv: what is left of the room */
	bool small;                /* control messages have the i386 layout */
};
/* The value of a socket option in user memory; read and written by sockopt_*() of option.c. */
struct socket_opt {
	void __user *value;
	int len;    /* set: bytes given.  get: room; becomes what was stored */
	bool small; /* the caller's longs have 4 bytes: SO_RCVTIMEO_OLD */
};

/* What one type of socket of a family does.  All may sleep, called without locks; results 0 or -errno.
 * NULL = the answer in brackets. */
struct socket_ops {
	/* The file is closed: no call is under way and none will come.  Peers are told, queued data is dropped; the
	 * memory stays while others hold references. */
	void (*release)(struct socket *s);
	void (*free)(struct socket *s); /* the last reference is gone; does not sleep */
	int (*bind)(struct socket *s, const struct sockaddr_any *a, unsigned len); /* [-EOPNOTSUPP] */
	int (*connect)(struct socket *s, const struct sockaddr_any *a, unsigned len,
	               bool nowait);                       /* [-EOPNOTSUPP] */
	int (*pair)(struct socket *a, struct socket *b);   /* socketpair(2) [-EOPNOTSUPP] */
	int (*listen)(struct socket *s, unsigned backlog); /* [-EOPNOTSUPP] */
	/* A connection, whose reference (the one its file will own) goes to the caller. [-EOPNOTSUPP] */
	int (*accept)(struct socket *s, bool nowait, struct socket **out);
	int (*name)(struct socket *s, struct sockaddr_any *out, bool peer); /* the length; -ENOTCONN */
	/* Bytes.  -EPIPE raises SIGPIPE above unless MSG_NOSIGNAL; -EPIPE_QUIET is -EPIPE that never does. */
	ssize_t (*send)(struct socket *s, struct socket_msg *m);
	ssize_t (*recv)(struct socket *s, struct socket_msg *m); /* bytes; 0 = end of file */
	unsigned (*poll)(struct socket *s, struct file *f, struct poll_table *pt);
	long (*ioctl)(struct socket *s, unsigned cmd, void *arg); /* [-ENOTTY]; arg as in file_ops */
	int (*shutdown)(struct socket *s, unsigned how);          /* SOCK_SHUT_*, ored [-EOPNOTSUPP] */
	/* Levels other than SOL_SOCKET. [-EOPNOTSUPP] */
	int (*setsockopt)(struct socket *s, int level, int name, const struct socket_opt *o);
	int (*getsockopt)(struct socket *s, int level, int name, struct socket_opt *o);
	/* SO_PEERCRED, SO_PEERGROUPS: who is at the other end, the credentials referenced or NULL. [nobody] */
	const struct cred *(*peer_cred)(struct socket *s, pid_t *pid);
	bool (*listening)(struct socket *s); /* SO_ACCEPTCONN [no] */
	bool peek_offset;                    /* knows SO_PEEK_OFF */
	bool rights;                         /* carries descriptors (SCM_RIGHTS) */
};
enum { SOCK_SHUT_RECV = 1, SOCK_SHUT_SEND = 2, SOCK_SHUT_BOTH = 3 };

/* A family: what socket(family, ...) makes. */
struct socket_family {
	u16 family;
	const char *name;
	/* A socket of this type and protocol: socket_init() has been called on it, reference 1.  ERR_PTR:
	 * -ESOCKTNOSUPPORT, -EPROTONOSUPPORT, -EPERM, -ENOMEM. */
	struct socket *(*create)(unsigned type, int protocol);
};
void socket_register(const struct socket_family *fam); /* boot */

enum socket_flag { /* SO_*, as bits of socket.options */
	           SOCKF_DEBUG = 1,
	           SOCKF_REUSEADDR = 2,
	           SOCKF_DONTROUTE = 4,
	           SOCKF_BROADCAST = 8,
	           SOCKF_KEEPALIVE = 16,
	           SOCKF_OOBINLINE = 32,
	           SOCKF_REUSEPORT = 64,
	           SOCKF_PASSCRED = 128,
	           SOCKF_LINGER = 256,
	           SOCKF_STAMP = 512,      /* datagrams come with the time they were sent */
	           SOCKF_STAMP_NS = 1024,  /* in nanoseconds */
	           SOCKF_STAMP_NEW = 2048, /* with 64-bit words for 32-bit programs, too */
};
/* The part that all families share; a family's own socket begins with it.  Options are single words, read without a
 * lock: whoever sends at the moment of a setsockopt sees the old or the new value. */
struct socket {
	struct refcount ref; /* the file's, and what the family counts (peers, messages) */
	const struct socket_ops *ops;
	const struct socket_family *family;
	struct file *file; /* not owned; NULL: not accepted yet, or closed */
	struct spinlock
	        lock; /* guards the family's state; a leaf but for a second socket's lock and wait queues */
	struct waitq readable, writable;
	u16 type;
	u8 shut; /* SOCK_SHUT_*; lock to change */
	int protocol;
	u32 options; /* enum socket_flag */
	s32 error;   /* positive errno that the next call reports, 0 = none; atomically */
	s32 sndbuf, rcvbuf, rcvlowat, priority, linger, peek_off; /* bytes; seconds; peek_off < 0 = off */
	ktime_t sndtimeo, rcvtimeo;                               /* ns; KTIME_MAX = for ever */
};
/* Fills the common part with the defaults: reference 1. */
void socket_init(struct socket *s, const struct socket_family *fam, const struct socket_ops *ops,
                 unsigned type, int protocol);
static inline struct socket *socket_get(struct socket *s)
{
	ref_get(&s->ref);
	return s;
}
static inline void socket_put(struct socket *s) /* does not sleep */
{
	if (ref_put(&s->ref))
		s->ops->free(s);
}
/* The pending error, -errno, which is cleared by that; 0 = none. */
static inline int socket_take_error(struct socket *s)
{
	return likely(!atomic_load(&s->error)) ? 0 : -__atomic_exchange_n(&s->error, 0, __ATOMIC_SEQ_CST);
}
/* When a wait of at most `timeout` ns from now ends; nowait: at once (0). */
static inline ktime_t socket_deadline(ktime_t timeout, bool nowait)
{
	if (nowait || timeout == 0)
		return 0;
	return timeout == KTIME_MAX ? KTIME_MAX : clock_monotonic() + timeout;
}
/* What a wait with such a deadline answers when it ended with err (-ERESTARTSYS, -ETIMEDOUT). */
static inline int socket_wait_error(int err, ktime_t deadline)
{
	if (err == -ETIMEDOUT)
		return -EAGAIN;
	return err == -ERESTARTSYS && deadline != KTIME_MAX ? -EINTR
	                                                    : err; /* a limited wait is not restarted */
}

/* ---- socket.c ---- */
/* socket(2): the socket without a file, or ERR_PTR.  type without SOCK_NONBLOCK and SOCK_CLOEXEC. */
struct socket *socket_create(int family, int type, int protocol);
/* A file for s, whose reference it takes over, also on failure (s is released then).  NULL = no memory or -ENFILE. */
struct file *socket_file(struct socket *s, unsigned flags, const struct cred *c);
/* The end of a socket without a file. May sleep. */
void socket_discard(struct socket *s);
/* The socket behind a file, or NULL: -ENOTSOCK. */
struct socket *socket_of(const struct file *f);
ssize_t socket_send(struct socket *s, struct socket_msg *m);
ssize_t socket_recv(struct socket *s, struct socket_msg *m);

/* ---- option.c ---- */
int socket_setsockopt(struct socket *s, int level, int name, const struct socket_opt *o);
int socket_getsockopt(struct socket *s, int level, int name, struct socket_opt *o);
/* For options of the families: an int from the user (-EINVAL, -EFAULT); a value to the user, cut to the room. */
MUST_CHECK int sockopt_get_int(const struct socket_opt *o, int *out);
MUST_CHECK int sockopt_put(struct socket_opt *o, const void *value, unsigned size);
MUST_CHECK int sockopt_put_int(struct socket_opt *o, int value);
extern int net_wmem_default, net_rmem_default, net_wmem_max, net_rmem_max, net_somaxconn;

/* ---- who calls: registered by proc/, as files know no processes ---- */
struct socket_caller {
	pid_t pid;               /* of the process */
	const struct cred *cred; /* not referenced: good for the call */
	struct fs_ctx *fs;
	struct fd_table *files;
	u64 nofile; /* RLIMIT_NOFILE */
};
extern struct socket_caller (*socket_caller)(void);
extern bool (*socket_pid_exists)(pid_t pid);
