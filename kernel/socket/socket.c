/* SPDX-License-Identifier: MIT
 *
 * socket/socket.c - a socket as a file; the registry of address families
 *
 * Owns:      the table of families; the link between struct file and struct socket.
 * Layer:     socket.  Uses fs (files), sched (wait queues).  Used by net/ and syscall/.
 * Locks:     none of its own; families are registered at boot.
 * Contexts:  process context; may sleep.
 * Manual:    socket(2), socket(7).
 * Tests:     tests/abi/socket.c.
 *
 * A socket has a file for the descriptors' sake, and lives longer than it: a peer or a message may still refer to
 * it.  So the file holds one of its references, and gives it back when it is closed.
 */
#include <socket/socket.h>
#include <fs/inode.h>
#include <fs/poll.h>
#include <abi/errno.h>
#include <abi/termios.h>

static const struct socket_family *families[AF_MAX];
struct socket_caller (*socket_caller)(void);
bool (*socket_pid_exists)(pid_t pid);

INIT_CODE void socket_register(const struct socket_family *fam)
{
	assert(fam->family < AF_MAX && !families[fam->family]);
	families[fam->family] = fam;
}

void socket_init(struct socket *s, const struct socket_family *fam, const struct socket_ops *ops,
                 unsigned type, int protocol)
{
	ref_init(&s->ref, 1);
	s->ops = ops;
	s->family = fam;
	s->file = NULL;
	spin_init(&s->lock, "socket");
	waitq_init(&s->readable);
	waitq_init(&s->writable);
	s->type = (u16)type;
	s->shut = 0;
	s->protocol = protocol;
	s->options = 0;
	s->error = 0;
	s->sndbuf = atomic_load(&net_wmem_default);
	s->rcvbuf = atomic_load(&net_rmem_default);
	s->rcvlowat = 1;
	s->priority = s->linger = 0;
	s->peek_off = -1;
	s->sndtimeo = s->rcvtimeo = KTIME_MAX;
}

struct socket *socket_create(int family, int type, int protocol)
{
	const struct socket_family *fam;

	if (family < 0 || family >= AF_MAX)
		return ERR_PTR(-EAFNOSUPPORT);
	if (type < 0 || type >= SOCK_TYPES)
		return ERR_PTR(-EINVAL);
	fam = families[family];
	return fam ? fam->create((unsigned)type, protocol) : ERR_PTR(-EAFNOSUPPORT);
}

void socket_discard(struct socket *s)
{
	s->ops->release(s);
	socket_put(s);
}

/* ---- the file ---- */

static ssize_t socket_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct socket_msg m = { .data = to, .flags = f->flags & O_NONBLOCK ? MSG_DONTWAIT : 0 };

	if (!to->count)
		return 0;
	return socket_recv(f->private, &m);
}

static ssize_t socket_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	struct socket_msg m = { .data = from, .flags = f->flags & O_NONBLOCK ? MSG_DONTWAIT : 0 };
	return socket_send(f->private, &m);
}

static unsigned socket_poll(struct file *f, struct poll_table *pt)
{
	struct socket *s = f->private;

	return s->ops->poll(s, f, pt);
}

static long socket_ioctl(struct file *f, unsigned cmd, void *arg)
{
	struct socket *s = f->private;

	return s->ops->ioctl ? s->ops->ioctl(s, cmd, arg) : -ENOTTY;
}

static void socket_release(struct file *f)
{
	struct socket *s = f->private;

	atomic_store(&s->file, NULL);
	socket_discard(s);
}

static int socket_no_mmap(struct file *f, struct vm_mmap_args *a)
{
	return -ENODEV;
}

static const struct file_ops socket_file_ops = {
	.read = socket_read,
	.write = socket_write,
	.poll = socket_poll,
	.ioctl = socket_ioctl,
	.mmap = socket_no_mmap,
	.release = socket_release,
};

struct file *socket_file(struct socket *s, unsigned flags, const struct cred *c)
{
	struct file *f = file_alloc_anon("socket", S_IFSOCK | 0777, &socket_file_ops, O_RDWR | flags, s, c);

	if (f)
		atomic_store_release(&s->file, f);
	else
		socket_discard(s);
	return f;
}

struct socket *socket_of(const struct file *f)
{
	return f->ops == &socket_file_ops ? f->private : NULL;
}

ssize_t socket_send(struct socket *s, struct socket_msg *m)
{
	return s->ops->send(s, m);
}

ssize_t socket_recv(struct socket *s, struct socket_msg *m)
{
	return s->ops->recv(s, m);
}
