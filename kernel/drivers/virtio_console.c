/* SPDX-License-Identifier: MIT
 *
 * drivers/virtio_console.c - the virtio console device: its ports and the control queue
 *
 * Owns:      struct vcon, the queues and buffers of each port.
 * Layer:     drivers.  vport.c makes ports files, hvc.c makes console ports terminals.
 * Locks:     control_mutex (one handler of control messages) ; con->lock: the control queues; port->lock: the
 *            port's queues and lists.  No order between con->lock and port->lock: never held together.
 * Contexts:  boot, work thread, interrupts.
 * Manual:    VIRTIO 1.2, 5.3 "Console Device"
 * Tests:     tests/boot, tools/zerno/test/host_test.sh
 *
 * Theory
 * ------
 *      queue 0, 1      receive, send of port 0
 *      queue 2, 3      control: device to driver, driver to device (with MULTIPORT)
 *      queue 2n+2, +3  receive, send of port n >= 1
 *
 * With MULTIPORT the device announces its ports by control messages; each port is then either a console (a
 * terminal hvcN) or a named byte stream (/dev/vportNpM).  All queues exist before DRIVER_OK, but buffers only from
 * a port's first use on.  At boot we wait a moment for the announcements, so that PID 1 finds its devices.
 */
#include <drivers/drivers.h>
#include "virtio_console.h"
#include <abi/errno.h>
#include <base/log.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <sched/work.h>

enum { VIRTIO_ID_CONSOLE = 3, F_SIZE = 0, F_MULTIPORT = 1 };
enum control_event {
	EV_DEVICE_READY,
	EV_PORT_ADD,
	EV_PORT_REMOVE,
	EV_PORT_READY,
	EV_CONSOLE_PORT,
	EV_RESIZE,
	EV_PORT_OPEN,
	EV_PORT_NAME
};
struct control {
	u32 id;
	u16 event, value;
};
enum { CONTROL_RX = 8, CONTROL_RX_SIZE = 256, CONTROL_TX = 32, SETTLE_MS = 50 };
struct vcon {
	struct virtio_device *dev;
	struct spinlock lock;
	struct virtqueue *control_rx, *control_tx; /* lock; NULL without MULTIPORT */
	u8 *rx_memory;                             /* CONTROL_RX messages */
	struct control *tx_memory;                 /* CONTROL_TX messages */
	u32 tx_busy;                               /* bit n: message n is the device's; lock */
	unsigned nr_ports;
	struct vport ports[VCON_PORTS_MAX];
	struct mutex control_mutex;
	struct waitq control_wait;
	bool control_pending; /* set by the interrupt, cleared by who handles the messages */
	struct work work;
};
static struct vcon *the_console; /* one device is enough */

/* ---- buffers ---- */

void vport_repost(struct vport *p, struct vbuf *b, bool kick)
{
	struct vq_buf v = { virt_to_phys(b->data), b->size };

	b->len = b->off = 0;
	/* No room is impossible: there are never more buffers than descriptors.  A broken queue just stays empty. */
	if (!virtqueue_add(p->rx, &v, 0, 1, b) && kick)
		virtqueue_kick(p->rx);
}

struct vbuf *vport_get_tx(struct vport *p)
{
	struct vbuf *b;
	u32 len;

	while ((b = virtqueue_get(p->tx, &len)) != NULL)
		list_add_tail(&b->link, &p->tx_free);
	if (list_empty(&p->tx_free))
		return NULL;
	b = list_first_entry(&p->tx_free, struct vbuf, link);
	list_del(&b->link);
	b->len = 0;
	return b;
}

void vport_send(struct vport *p, struct vbuf *b)
{
	struct vq_buf v = { virt_to_phys(b->data), b->len };

	if (virtqueue_add(p->tx, &v, 1, 0, b)) {
		list_add_tail(&b->link, &p->tx_free); /* a broken device: what is sent to it is lost */
		return;
	}
	virtqueue_kick(p->tx);
}

static struct vbuf *vbuf_alloc(unsigned order)
{
	struct vbuf *b = kzalloc(sizeof(*b));

	if (!b)
		return NULL;
	b->data = page_alloc_virt(order, 0);
	if (!b->data) {
		kfree(b);
		return NULL;
	}
	b->size = 4096u << order;
	list_init(&b->link);
	return b;
}

int vport_add_buffers(struct vport *p, bool receive, unsigned n, unsigned order)
{
	unsigned max = virtqueue_size(receive ? p->rx : p->tx), made = 0;

	for (; made < MIN(n, max); made++) {
		struct vbuf *b = vbuf_alloc(order);
		if (!b)
			break;
		irqflags_t f = spin_lock_irqsave(&p->lock);
		if (receive)
			vport_repost(p, b, false);
		else
			list_add_tail(&b->link, &p->tx_free);
		spin_unlock_irqrestore(&p->lock, f);
	}
	if (receive && made) {
		irqflags_t f = spin_lock_irqsave(&p->lock);
		virtqueue_kick(p->rx);
		spin_unlock_irqrestore(&p->lock, f);
	}
	return made ? 0 : -ENOMEM; /* fewer than wished is slower, not wrong */
}

/* ---- queue interrupts ---- */

static void port_rx_interrupt(struct virtqueue *q)
{
	struct vport *p = virtqueue_ctx(q);
	struct vbuf *b;
	u32 len;

	irqflags_t f = spin_lock_irqsave(&p->lock);
	while ((b = virtqueue_get(q, &len)) != NULL) {
		b->len = len;
		b->off = 0;
		if (len)
			list_add_tail(&b->link, &p->filled);
		else
			vport_repost(p, b, false);
	}
	spin_unlock_irqrestore(&p->lock, f);
	if (p->hvc)
		hvc_received(p);
	else
		vport_chr_wake(p, true, false);
}

static void port_tx_interrupt(struct virtqueue *q)
{
	struct vport *p = virtqueue_ctx(q);

	if (p->hvc)
		hvc_sent(p);
	else
		vport_chr_wake(p, false, true);
}

static void control_interrupt(struct virtqueue *q)
{
	struct vcon *con = virtqueue_ctx(q);

	atomic_store(&con->control_pending, true);
	waitq_wake_all(&con->control_wait);
	work_queue(&con->work);
}

/* ---- control messages ---- */

static void control_reclaim(struct vcon *con) MUST_HOLD(&con->lock)
{
	struct control *m;
	u32 len;

	while ((m = virtqueue_get(con->control_tx, &len)) != NULL)
		con->tx_busy &= ~(1u << (m - con->tx_memory));
}

static void control_send(struct vcon *con, u32 id, enum control_event event, u16 value)
{
	if (!con->control_tx)
		return;
	irqflags_t f = spin_lock_irqsave(&con->lock);
	/* The device takes messages at once; a bound in case it does not. */
	for (unsigned i = 0; i < 1000000; i++) {
		control_reclaim(con);
		if (con->tx_busy != UINT32_MAX)
			break;
		arch_cpu_relax();
	}
	if (con->tx_busy != UINT32_MAX) {
		unsigned n = (unsigned)__builtin_ctz(~con->tx_busy);
		struct control *m = &con->tx_memory[n];
		struct vq_buf v = { virt_to_phys(m), sizeof(*m) };

		*m = (struct control){ id, (u16)event, value };
		if (!virtqueue_add(con->control_tx, &v, 1, 0, m)) {
			con->tx_busy |= 1u << n;
			virtqueue_kick(con->control_tx);
		}
	}
	spin_unlock_irqrestore(&con->lock, f);
}

void vport_send_open(struct vport *p, bool open)
{
	control_send(p->con, p->id, EV_PORT_OPEN, open);
}

static void port_set_name(struct vport *p, const u8 *text, size_t n)
{
	if (p->named)
		return;
	n = MIN(n, sizeof(p->name) - 1);
	for (size_t i = 0; i < n && text[i]; i++) /* the name becomes a file name */
		p->name[i] = text[i] > ' ' && text[i] < 0x7f && text[i] != '/' ? (char)text[i] : '_';
	p->named = true;
	vport_chr_name(p);
}

static void port_set_host_open(struct vport *p, bool open)
{
	irqflags_t f = spin_lock_irqsave(&p->lock);

	p->host_open = open;
	spin_unlock_irqrestore(&p->lock, f);
	vport_chr_wake(p, true, true);
}

static void control_handle(struct vcon *con, const u8 *msg, u32 len)
{
	struct control m;

	if (len < sizeof(m))
		return;
	memcpy(&m, msg, sizeof(m));
	if (m.id >= con->nr_ports)
		return; /* a port beyond what we support */
	struct vport *p = &con->ports[m.id];
	const u8 *extra = msg + sizeof(m);
	const u32 extra_len = len - (u32)sizeof(m);

	switch (m.event) {
	case EV_PORT_ADD:
		if (!p->added) {
			p->added = true;
			vport_chr_add(p);
		}
		control_send(con, m.id, EV_PORT_READY, 1);
		break;
	case EV_CONSOLE_PORT:
		if (m.value && p->added && !p->hvc)
			hvc_create(p);
		break;
	case EV_RESIZE:
		if (extra_len >= 4 && p->hvc)
			hvc_resize(p, extra[2] | extra[3] << 8, extra[0] | extra[1] << 8);
		break;
	case EV_PORT_OPEN:
		port_set_host_open(p, m.value != 0);
		break;
	case EV_PORT_NAME:
		port_set_name(p, extra, extra_len);
		break;
	case EV_PORT_REMOVE:
		port_set_host_open(p, false);
		break;
	}
}

/* Handles all messages that have arrived. */
static void control_process(struct vcon *con)
{
	scoped_mutex(&con->control_mutex);
	atomic_store(&con->control_pending, false);
	memory_barrier(); /* before the queue is looked at */
	for (;;) {
		u8 msg[CONTROL_RX_SIZE];
		u32 len;

		irqflags_t f = spin_lock_irqsave(&con->lock);
		u8 *m = virtqueue_get(con->control_rx, &len);
		if (m) {
			struct vq_buf v = { virt_to_phys(m), CONTROL_RX_SIZE };
			memcpy(msg, m, len); /* len <= CONTROL_RX_SIZE: virtqueue_get checks */
			if (!virtqueue_add(con->control_rx, &v, 0, 1, m))
				virtqueue_kick(con->control_rx);
		}
		spin_unlock_irqrestore(&con->lock, f);
		if (!m)
			return;
		control_handle(con, msg, len);
	}
}

static void control_work(struct work *w)
{
	control_process(container_of(w, struct vcon, work));
}

/* Every announced port has told what it is. */
static bool ports_settled(struct vcon *con)
{
	unsigned added = 0;

	control_process(con);
	for (unsigned i = 0; i < con->nr_ports; i++) {
		struct vport *p = &con->ports[i];
		added += p->added;
		if (p->added && !p->named && !p->hvc && !p->host_open)
			return false;
	}
	return added > 0;
}

static void wait_for_ports(struct vcon *con)
{
	const ktime_t deadline = clock_monotonic() + SETTLE_MS * NSEC_PER_MSEC;

	while (!ports_settled(con) && clock_monotonic() < deadline)
		(void)wait_event_until(&con->control_wait, atomic_load(&con->control_pending), deadline);
}

/* ---- probe ---- */

static void port_init(struct vcon *con, unsigned id)
{
	struct vport *p = &con->ports[id];

	p->con = con;
	p->id = id;
	spin_init(&p->lock, "vport");
	list_init(&p->filled);
	list_init(&p->tx_free);
	mutex_init(&p->io_lock[0]);
	mutex_init(&p->io_lock[1]);
	waitq_init(&p->readers);
	waitq_init(&p->writers);
}

static int port_make_queues(struct vport *p)
{
	unsigned first = p->id ? p->id * 2 + 2 : 0;

	p->rx = virtqueue_create(p->con->dev, first, port_rx_interrupt, p);
	if (IS_ERR(p->rx))
		return (int)PTR_ERR(p->rx);
	p->tx = virtqueue_create(p->con->dev, first + 1, port_tx_interrupt, p);
	return IS_ERR(p->tx) ? (int)PTR_ERR(p->tx) : 0;
}

static int control_make_queues(struct vcon *con)
{
	_Static_assert(CONTROL_TX == 32, "tx_busy is a u32");
	con->rx_memory = kzalloc(CONTROL_RX * CONTROL_RX_SIZE);
	con->tx_memory = kzalloc(CONTROL_TX * sizeof(struct control));
	if (!con->rx_memory || !con->tx_memory)
		return -ENOMEM;
	struct virtqueue *rx = virtqueue_create(con->dev, 2, control_interrupt, con);
	struct virtqueue *tx = virtqueue_create(con->dev, 3, NULL, con);
	if (IS_ERR(rx) || IS_ERR(tx))
		return (int)PTR_ERR(IS_ERR(rx) ? rx : tx);
	for (unsigned i = 0; i < MIN((unsigned)CONTROL_RX, virtqueue_size(rx)); i++) {
		struct vq_buf v = { virt_to_phys(con->rx_memory + i * CONTROL_RX_SIZE), CONTROL_RX_SIZE };
		int err = virtqueue_add(rx, &v, 0, 1, con->rx_memory + i * CONTROL_RX_SIZE);
		if (err)
			return err;
	}
	con->control_rx = rx;
	con->control_tx = tx;
	return 0;
}

static unsigned ports_of_device(struct virtio_device *d)
{
	u8 raw[4];

	virtio_config_read(d, 4, raw, sizeof(raw)); /* max_nr_ports */
	u32 n = raw[0] | raw[1] << 8 | raw[2] << 16 | (u32)raw[3] << 24;
	return n < 1 ? 1 : MIN(n, (u32)VCON_PORTS_MAX);
}

static int console_start(struct vcon *con, bool multiport)
{
	int err = 0;

	for (unsigned i = 0; i < con->nr_ports && !err; i++) {
		port_init(con, i);
		err = port_make_queues(&con->ports[i]);
	}
	if (!err && multiport)
		err = control_make_queues(con);
	if (err)
		return err; /* the queues stay: the device is marked failed and will not be tried again */
	virtio_ready(con->dev);
	if (multiport) {
		virtqueue_kick(con->control_rx);
		control_send(con, 0, EV_DEVICE_READY, 1);
		wait_for_ports(con);
	} else {
		con->ports[0].added = con->ports[0].host_open = true;
		hvc_create(&con->ports[0]);
	}
	return 0;
}

static int console_probe(struct virtio_device *d)
{
	const bool multiport = virtio_has_feature(d, F_MULTIPORT);
	struct vcon *con;

	if (the_console)
		return -EBUSY;
	con = kzalloc(sizeof(*con));
	if (!con)
		return -ENOMEM;
	con->dev = d;
	spin_init(&con->lock, "virtio-console");
	mutex_init(&con->control_mutex);
	waitq_init(&con->control_wait);
	work_init(&con->work, control_work);
	con->nr_ports = multiport ? ports_of_device(d) : 1;
	the_console = con;
	return console_start(con, multiport);
}

static struct virtio_driver console_driver = {
	.name = "virtio-console",
	.device_id = VIRTIO_ID_CONSOLE,
	.features = 1ULL << F_MULTIPORT,
	.probe = console_probe,
};

void virtio_console_init(void)
{
	virtio_driver_register(&console_driver);
}
