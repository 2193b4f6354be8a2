/* SPDX-License-Identifier: MIT
 *
 * drivers/virtio_rng.c - random bytes from the host
 *
 * Owns:      one buffer, either the device's (a request is on its way) or ours.
 * Layer:     drivers.  Feeds base/random.
 * Locks:     rng_lock guards the queue.
 * Contexts:  boot; interrupt; timer.
 * Manual:    VIRTIO 1.2, 5.4 "Entropy Device"
 * Tests:     tests/boot
 *
 * One request at boot, another every five minutes: the generator needs a good key, not a stream.
 */
#include <drivers/drivers.h>
#include <abi/errno.h>
#include <base/log.h>
#include <base/random.h>
#include <dev/virtio.h>
#include <mem/slab.h>
#include <sched/timer.h>

enum { VIRTIO_ID_RNG = 4, REQUEST_BYTES = 64 };
#define RESEED_NS (300 * NSEC_PER_SEC)

static struct spinlock rng_lock = SPINLOCK_INIT("virtio-rng");
static struct virtqueue *queue;
static u8 *buffer;
static struct timer reseed;

static void request(void)
{
	struct vq_buf b = { virt_to_phys(buffer), REQUEST_BYTES };
	irqflags_t f = spin_lock_irqsave(&rng_lock);

	if (!virtqueue_add(queue, &b, 0, 1, buffer))
		virtqueue_kick(queue);
	spin_unlock_irqrestore(&rng_lock, f);
}

static void reseed_tick(struct timer *t)
{
	request();
}

static void answered(struct virtqueue *q)
{
	u32 len;
	irqflags_t f = spin_lock_irqsave(&rng_lock);
	void *done = virtqueue_get(q, &len);

	spin_unlock_irqrestore(&rng_lock, f);
	if (!done)
		return;
	random_add_entropy(buffer, len); /* len <= REQUEST_BYTES: virtqueue_get checks */
	timer_start(&reseed, clock_monotonic() + RESEED_NS);
}

static int rng_probe(struct virtio_device *d)
{
	if (queue)
		return -EBUSY; /* one source is enough */
	buffer = kzalloc(REQUEST_BYTES);
	if (!buffer)
		return -ENOMEM;
	timer_init(&reseed, reseed_tick);
	struct virtqueue *q = virtqueue_create(d, 0, answered, NULL);
	if (IS_ERR(q)) {
		kfree(buffer);
		return (int)PTR_ERR(q);
	}
	queue = q;
	virtio_ready(d);
	request();
	return 0;
}

static struct virtio_driver rng_driver = { .name = "virtio-rng",
	                                   .device_id = VIRTIO_ID_RNG,
	                                   .probe = rng_probe };

void virtio_rng_init(void)
{
	virtio_driver_register(&rng_driver);
}
