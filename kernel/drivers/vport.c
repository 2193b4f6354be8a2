/* SPDX-License-Identifier: MIT
 *
 * drivers/vport.c - ports of the virtio console as byte streams: /dev/vport0pN, /dev/virtio-ports/NAME
 *
 * Layer:     drivers.
 * Locks:     port->io_lock[reader, writer] (mutexes) -> port->lock (spin).  A buffer taken off its list belongs to
 *            the thread with the io_lock: it is copied without port->lock.
 * Contexts:  process context, may sleep; vport_chr_wake: any.
 * Manual:    VIRTIO 1.2, 5.3.6
 * Tests:     tools/zerno/test/host_test.sh
 *
 * The launcher's channel runs over such a port, so it must be fast: the device fills many pages ahead, a write
 * hands over 16 KiB at a time, and nothing is copied twice.  Semantics as Linux's: one opener (-EBUSY), a read
 * answers end of file when nobody is at the other end, a write waits for somebody.
 */
#include "virtio_console.h"
#include <abi/errno.h>
#include <base/log.h>
#include <fs/chrdev.h>
#include <fs/inode.h>
#include <fs/poll.h>
#include <lib/format.h>
#include <lib/string.h>

enum {
	VPORT_MAJOR = 251,
	ALIAS_MINOR = 64,
	RX_BUFFERS = 32,
	TX_BUFFERS = 8,
	TX_ORDER = 2,
	READER = 0,
	WRITER = 1
};
static struct vport *ports[VCON_PORTS_MAX]; /* set once, at boot or when announced */
static const struct file_ops vport_ops;

void vport_chr_wake(struct vport *p, bool readable, bool writable)
{
	if (readable && waitq_active(&p->readers))
		waitq_wake(&p->readers, 0, POLLIN | POLLRDNORM);
	if (writable && waitq_active(&p->writers))
		waitq_wake(&p->writers, 0, POLLOUT | POLLWRNORM);
}

static void register_node(struct vport *p, const char *name, unsigned minor)
{
	int err = chrdev_register(VPORT_MAJOR, minor, 1, name, S_IFCHR | 0600, &vport_ops);

	if (err)
		log_warn("virtio-console: port %u: /dev/%s: error %d", p->id, name, -err);
}

void vport_chr_add(struct vport *p)
{
	char name[16];

	atomic_store_release(&ports[p->id], p);
	snprintf(name, sizeof(name), "vport0p%u", p->id);
	register_node(p, name, p->id);
}

/* The same port under its own name, with a minor of its own. */
void vport_chr_name(struct vport *p)
{
	char name[16 + VPORT_NAME_MAX];

	if (!p->name[0] || p->name[0] == '.')
		return;
	snprintf(name, sizeof(name), "virtio-ports/%s", p->name);
	register_node(p, name, ALIAS_MINOR + p->id);
}

/* ---- open and close ---- */

static int vport_claim(struct vport *p)
{
	irqflags_t f = spin_lock_irqsave(&p->lock);
	int err = p->guest_open || p->hvc ? -EBUSY : 0;

	if (!err)
		p->guest_open = true;
	spin_unlock_irqrestore(&p->lock, f);
	return err;
}

static void vport_unclaim(struct vport *p)
{
	irqflags_t f = spin_lock_irqsave(&p->lock);

	p->guest_open = false;
	spin_unlock_irqrestore(&p->lock, f);
}

static int vport_open(struct inode *i, struct file *f)
{
	unsigned id = dev_minor(i->rdev) % ALIAS_MINOR;
	struct vport *p = id < VCON_PORTS_MAX ? atomic_load_acquire(&ports[id]) : NULL;

	if (!p)
		return -ENXIO;
	int err = vport_claim(p);
	if (err)
		return err;
	if (!p->buffers_ready) { /* they stay for the next opener */
		err = vport_add_buffers(p, false, TX_BUFFERS, TX_ORDER);
		if (!err)
			err = vport_add_buffers(p, true, RX_BUFFERS, 0);
		if (err) {
			vport_unclaim(p);
			return err;
		}
		p->buffers_ready = true;
	}
	f->private = p;
	vport_send_open(p, true);
	return 0;
}

/* What was received and not read is dropped: the next opener begins anew. */
static void vport_release(struct file *f)
{
	struct vport *p = f->private;

	vport_send_open(p, false);
	irqflags_t fl = spin_lock_irqsave(&p->lock);
	while (!list_empty(&p->filled)) {
		struct vbuf *b = list_first_entry(&p->filled, struct vbuf, link);
		list_del(&b->link);
		vport_repost(p, b, false);
	}
	p->guest_open = false;
	spin_unlock_irqrestore(&p->lock, fl);
}

/* ---- read ---- */

static bool can_read(struct vport *p)
{
	return !list_empty(&p->filled) || !atomic_load(&p->host_open);
}

/* The oldest received buffer, taken off the list, or NULL. */
static struct vbuf *take_filled(struct vport *p)
{
	struct vbuf *b = NULL;
	irqflags_t f = spin_lock_irqsave(&p->lock);

	if (!list_empty(&p->filled)) {
		b = list_first_entry(&p->filled, struct vbuf, link);
		list_del(&b->link);
	}
	spin_unlock_irqrestore(&p->lock, f);
	return b;
}

/* A buffer that was read (back to the device) or partly read (back to the front). */
static void return_filled(struct vport *p, struct vbuf *b)
{
	irqflags_t f = spin_lock_irqsave(&p->lock);

	if (b->off < b->len)
		list_add(&b->link, &p->filled);
	else
		vport_repost(p, b, true);
	spin_unlock_irqrestore(&p->lock, f);
}

static ssize_t read_available(struct vport *p, struct iov_iter *to)
{
	size_t total = 0;

	while (to->count > 0) {
		struct vbuf *b = take_filled(p);
		if (!b)
			break;
		size_t want = MIN(to->count, (size_t)(b->len - b->off));
		size_t got = copy_to_iter(b->data + b->off, want, to);

		b->off += (u32)got;
		total += got;
		return_filled(p, b);
		if (got < want)
			return total ? (ssize_t)total : -EFAULT;
	}
	return (ssize_t)total;
}

static ssize_t vport_read(struct file *f, struct iov_iter *to, loff_t *pos) NO_LOCK_CHECK
{
	struct vport *p = f->private;
	const bool nonblock = f->flags & O_NONBLOCK;

	if (to->count == 0)
		return 0;
	for (;;) {
		if (mutex_lock_killable(&p->io_lock[READER]))
			return -ERESTARTSYS;
		ssize_t n = read_available(p, to);
		mutex_unlock(&p->io_lock[READER]);
		if (n || !atomic_load(&p->host_open))
			return n;
		if (nonblock)
			return -EAGAIN;
		int err = wait_event_interruptible(&p->readers, can_read(p));
		if (err)
			return err;
	}
}

/* ---- write ---- */

static struct vbuf *get_tx(struct vport *p)
{
	irqflags_t f = spin_lock_irqsave(&p->lock);
	struct vbuf *b = p->host_open ? vport_get_tx(p) : NULL;

	spin_unlock_irqrestore(&p->lock, f);
	return b;
}

static bool can_write(struct vport *p)
{
	struct vbuf *b = get_tx(p);

	if (!b)
		return false;
	irqflags_t f = spin_lock_irqsave(&p->lock);
	list_add(&b->link, &p->tx_free);
	spin_unlock_irqrestore(&p->lock, f);
	return true;
}

/* Fills and sends one buffer; b->len == 0 afterwards means a fault. */
static size_t send_buffer(struct vport *p, struct vbuf *b, struct iov_iter *from)
{
	size_t want = MIN(from->count, (size_t)b->size);
	size_t got = copy_from_iter(b->data, want, from);

	b->len = (u32)got;
	irqflags_t f = spin_lock_irqsave(&p->lock);
	if (got)
		vport_send(p, b);
	else
		list_add(&b->link, &p->tx_free);
	spin_unlock_irqrestore(&p->lock, f);
	return got;
}

static ssize_t vport_write(struct file *f, struct iov_iter *from, loff_t *pos) NO_LOCK_CHECK
{
	struct vport *p = f->private;
	const bool nonblock = f->flags & O_NONBLOCK;
	size_t total = 0;
	int err = 0;

	if (mutex_lock_killable(&p->io_lock[WRITER]))
		return -ERESTARTSYS;
	while (from->count > 0 && !err) {
		struct vbuf *b = get_tx(p);

		if (b) {
			size_t sent = send_buffer(p, b, from);
			total += sent;
			if (!sent)
				err = -EFAULT;
		} else if (nonblock) {
			err = -EAGAIN;
		} else {
			err = wait_event_interruptible(&p->writers, can_write(p));
		}
	}
	mutex_unlock(&p->io_lock[WRITER]);
	return total ? (ssize_t)total : err;
}

static unsigned vport_poll(struct file *f, struct poll_table *pt)
{
	struct vport *p = f->private;
	unsigned ready = 0;

	poll_wait(f, &p->readers, pt);
	poll_wait(f, &p->writers, pt);
	if (!list_empty(&p->filled))
		ready |= POLLIN | POLLRDNORM;
	if (can_write(p))
		ready |= POLLOUT | POLLWRNORM;
	if (!atomic_load(&p->host_open))
		ready |= POLLHUP;
	return ready;
}

static const struct file_ops vport_ops = {
	.open = vport_open,
	.release = vport_release,
	.read = vport_read,
	.write = vport_write,
	.poll = vport_poll,
};
