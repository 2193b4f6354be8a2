/* SPDX-License-Identifier: MIT
 *
 * drivers/virtio_9p.c - 9P messages over virtio: a shared folder of the host
 *
 * Owns:      struct share, its queue.
 * Layer:     drivers.  Registers transports with fs/9p.
 * Locks:     share->lock (interrupts off) guards the queue and `full`.
 * Contexts:  boot; process context (send, may sleep); interrupt.
 * Manual:    VIRTIO 1.2, 9P transport: device type 9, one queue, the tag as configuration.
 * Tests:     tests/run.py p9.
 *
 * A request is one chain: the message, data to write | the answer, data that is read.  Nothing is copied here.
 */
#include <drivers/drivers.h>
#include <abi/errno.h>
#include <base/log.h>
#include <dev/virtio.h>
#include <fs/9p/transport.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <sched/waitq.h>

enum { VIRTIO_ID_9P = 9, F_MOUNT_TAG = 0, TAG_MAX = 64 };
struct share {
	struct p9_transport t;
	struct spinlock lock;
	struct virtqueue *q;
	bool full; /* somebody waits for room */
	struct waitq room;
	char tag[TAG_MAX];
};

static int share_send(struct p9_transport *t, struct p9_request *r, const struct p9_pieces *p)
{
	struct share *s = container_of(t, struct share, t);
	int err;

	for (;;) {
		irqflags_t f = spin_lock_irqsave(&s->lock);

		err = virtqueue_add(s->q, p->bufs, p->nout, p->nin, r);
		if (!err)
			virtqueue_kick(s->q);
		s->full |= err == -ENOSPC;
		spin_unlock_irqrestore(&s->lock, f);
		if (err != -ENOSPC)
			return err;
		wait_event(&s->room, !atomic_load(&s->full));
	}
}

static struct p9_request *next_answer(struct share *s, u32 *len)
{
	irqflags_t f = spin_lock_irqsave(&s->lock);
	struct p9_request *r = virtqueue_get(s->q, len);

	if (r)
		s->full = false;
	spin_unlock_irqrestore(&s->lock, f);
	return r;
}

static void answered(struct virtqueue *q)
{
	struct share *s = virtqueue_ctx(q);
	struct p9_request *r;
	u32 len;

	while ((r = next_answer(s, &len)))
		p9_request_done(r, len);
	if (unlikely(virtqueue_broken(q))) {
		atomic_store(&s->full, false);
		p9_transport_failed(&s->t);
	}
	waitq_wake_all(&s->room);
}

static int read_tag(struct virtio_device *d, struct share *s)
{
	u16 len;

	virtio_config_read(d, 0, &len, sizeof(len));
	if (!len || len >= TAG_MAX)
		return -EINVAL;
	virtio_config_read(d, sizeof(len), s->tag, len);
	return 0;
}

static int share_probe(struct virtio_device *d)
{
	struct share *s;
	int err = -EINVAL;

	if (!virtio_has_feature(d, F_MOUNT_TAG))
		return err;
	s = kzalloc(sizeof(*s));
	if (!s)
		return -ENOMEM;
	spin_init(&s->lock, "virtio-9p");
	waitq_init(&s->room);
	err = read_tag(d, s);
	if (err)
		goto fail;
	s->q = virtqueue_create(d, 0, answered, s);
	if (IS_ERR(s->q)) {
		err = (int)PTR_ERR(s->q);
		goto fail;
	}
	s->t = (struct p9_transport){ .tag = s->tag, .max_pieces = virtqueue_size(s->q), .send = share_send };
	list_init(&s->t.link);
	virtio_ready(d);
	p9_transport_add(&s->t);
	log_info("virtio-9p: share \"%s\"", s->tag);
	return 0;
fail:
	kfree(s);
	return err;
}

static struct virtio_driver share_driver = {
	.name = "virtio-9p",
	.device_id = VIRTIO_ID_9P,
	.features = BIT(F_MOUNT_TAG),
	.probe = share_probe,
};

void virtio_9p_init(void)
{
	virtio_driver_register(&share_driver);
}
