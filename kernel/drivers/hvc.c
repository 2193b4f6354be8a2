/* SPDX-License-Identifier: MIT
 *
 * drivers/hvc.c - a console port of the virtio console as terminal hvc0, and as console of the log
 *
 * Owns:      struct hvc: the transmit ring between the line discipline and the port's buffers.
 * Layer:     drivers.
 * Locks:     tty->lock -> port->lock, which guards the ring and the feeding flags.
 * Contexts:  any, but hvc_create.
 * Manual:    VIRTIO 1.2, 5.3
 * Tests:     tests/boot (console=hvc0)
 *
 * Received buffers are fed to the line discipline; when it is full, they stay in the port's list (and the device
 * has none left to fill) until it asks for more.  Only one context feeds at a time, so bytes stay in order.
 */
#include "virtio_console.h"
#include <base/cmdline.h>
#include <base/log.h>
#include <base/panic.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <sched/work.h>

enum { HVC_MAJOR = 229, HVC_RING = 4096, HVC_BUFFERS = 8 };
struct hvc {
	struct vport *port;
	struct tty *tty;
	struct work feed;
	bool feeding, feed_again, stalled; /* port->lock */
	u32 head, tail;                    /* of the ring; counters that only grow; port->lock */
	u8 ring[HVC_RING];
};
static struct hvc *log_hvc; /* where the log goes with console=hvc0 */

/* ---- output ---- */

/* Moves bytes from the ring to free buffers of the port. */
static void pump(struct hvc *h) MUST_HOLD(&h->port->lock)
{
	while (h->head != h->tail) {
		struct vbuf *b = vport_get_tx(h->port);
		if (!b)
			return;
		while (h->head != h->tail && b->len < b->size)
			b->data[b->len++] = h->ring[h->tail++ % HVC_RING];
		vport_send(h->port, b);
	}
}

static size_t hvc_write_room(struct tty *t)
{
	struct hvc *h = tty_private(t);

	return HVC_RING - (atomic_load(&h->head) - atomic_load(&h->tail));
}

static size_t hvc_write(struct tty *t, const u8 *p, size_t n)
{
	struct hvc *h = tty_private(t);
	irqflags_t f = spin_lock_irqsave(&h->port->lock);
	size_t done = MIN(n, hvc_write_room(t));

	for (size_t i = 0; i < done; i++)
		h->ring[h->head++ % HVC_RING] = p[i];
	pump(h);
	spin_unlock_irqrestore(&h->port->lock, f);
	return done;
}

static size_t hvc_chars_in_buffer(struct tty *t)
{
	struct hvc *h = tty_private(t);

	return atomic_load(&h->head) - atomic_load(&h->tail);
}

static void hvc_flush_output(struct tty *t)
{
	struct hvc *h = tty_private(t);
	irqflags_t f = spin_lock_irqsave(&h->port->lock);

	h->tail = h->head;
	spin_unlock_irqrestore(&h->port->lock, f);
}

void hvc_sent(struct vport *p)
{
	struct hvc *h = p->hvc;
	irqflags_t f = spin_lock_irqsave(&h->port->lock);

	pump(h);
	spin_unlock_irqrestore(&h->port->lock, f);
	tty_write_wakeup(h->tty);
}

/* The log cannot wait for an interrupt: when there is no buffer it polls, not for ever. */
static void log_put(struct hvc *h, const char *text, size_t n) MUST_HOLD(&h->port->lock)
{
	struct vbuf *b = NULL;

	for (unsigned i = 0; i < 1000000 && !b; i++)
		b = vport_get_tx(h->port);
	if (!b)
		return;
	for (size_t i = 0; i < n && b->len + 2 <= b->size; i++) {
		if (text[i] == '\n')
			b->data[b->len++] = '\r';
		b->data[b->len++] = (u8)text[i];
	}
	vport_send(h->port, b);
}

static void hvc_log_write(const char *text, size_t n) NO_LOCK_CHECK
{
	struct hvc *h = log_hvc;
	irqflags_t f = arch_irq_save();

	/* In a panic the lock's holder may be stopped: go on without, the queue may suffer, nobody needs it now. */
	bool locked = spin_trylock(&h->port->lock);
	while (!locked && !panic_in_progress) {
		arch_cpu_relax();
		locked = spin_trylock(&h->port->lock);
	}
	log_put(h, text, n);
	if (locked)
		spin_unlock(&h->port->lock);
	arch_irq_restore(f);
}
static struct log_console hvc_console = { .write = hvc_log_write };

/* ---- input ---- */

/* One buffer to the line discipline; false: nothing left, or it is full. */
static bool feed_one(struct hvc *h)
{
	struct vport *p = h->port;
	struct vbuf *b = NULL;

	irqflags_t f = spin_lock_irqsave(&p->lock);
	if (!list_empty(&p->filled))
		b = list_first_entry(&p->filled, struct vbuf, link);
	h->stalled = b != NULL; /* from now on a wish for more starts the feeding again */
	spin_unlock_irqrestore(&p->lock, f);
	if (!b)
		return false;

	b->off += (u32)tty_receive(h->tty, b->data + b->off,
	                           b->len - b->off); /* ours: we are the one that feeds */
	if (b->off < b->len)
		return false;
	f = spin_lock_irqsave(&p->lock);
	list_del(&b->link);
	vport_repost(p, b, true);
	spin_unlock_irqrestore(&p->lock, f);
	return true;
}

static void hvc_feed(struct hvc *h)
{
	struct vport *p = h->port;
	irqflags_t f = spin_lock_irqsave(&p->lock);

	h->feed_again = true;
	if (h->feeding) {
		spin_unlock_irqrestore(&p->lock, f);
		return; /* the one that feeds sees feed_again */
	}
	h->feeding = true;
	while (h->feed_again) {
		h->feed_again = false;
		spin_unlock_irqrestore(&p->lock, f);
		while (feed_one(h))
			;
		f = spin_lock_irqsave(&p->lock);
	}
	h->feeding = false;
	spin_unlock_irqrestore(&p->lock, f);
}

static void feed_work(struct work *w)
{
	hvc_feed(container_of(w, struct hvc, feed));
}

void hvc_received(struct vport *p)
{
	hvc_feed(p->hvc);
}

/* Called with tty->lock: the feeding itself must come later. */
static void hvc_throttle(struct tty *t, bool on)
{
	struct hvc *h = tty_private(t);

	if (!on && atomic_load(&h->stalled))
		work_queue(&h->feed);
}

static const struct tty_driver hvc_driver = {
	.write = hvc_write,
	.write_room = hvc_write_room,
	.throttle = hvc_throttle,
	.chars_in_buffer = hvc_chars_in_buffer,
	.flush_output = hvc_flush_output,
};

void hvc_resize(struct vport *p, unsigned rows, unsigned cols)
{
	struct winsize_k ws = { .ws_row = (u16)rows, .ws_col = (u16)cols };

	tty_set_winsize(p->hvc->tty, &ws);
}

void hvc_create(struct vport *p)
{
	struct hvc *h = kzalloc(sizeof(*h));

	if (!h)
		return;
	h->port = p;
	work_init(&h->feed, feed_work);
	h->tty = tty_create(&hvc_driver, "hvc0", dev_make(HVC_MAJOR, 0), h);
	if (!h->tty)
		goto free_hvc;
	int err = vport_add_buffers(p, false, HVC_BUFFERS, 0);
	if (!err)
		err = tty_register(h->tty);
	if (err) {
		log_warn("virtio-console: hvc0: error %d", -err);
		return; /* the buffers belong to the port; a terminal nobody can name is harmless */
	}
	atomic_store_release(&p->hvc, h);
	if (vport_add_buffers(p, true, HVC_BUFFERS, 0))
		log_warn("virtio-console: hvc0: no memory to receive");
	vport_send_open(p, true);
	const char *name = cmdline_get("console");
	if (name && str_starts(name, "hvc") && !log_hvc) {
		log_hvc = h;
		log_console_register(&hvc_console);
	}
	return;

free_hvc:
	kfree(h);
}
