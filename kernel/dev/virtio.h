/* SPDX-License-Identifier: MIT
 * dev/virtio.h - virtio 1.x core: devices, split virtqueues; transports mmio v2 and PCI. */
#pragma once
#include <base/spinlock.h>
#include <base/iov.h>
#include <lib/list.h>
struct virtio_device;
struct virtqueue;
struct virtio_driver {
	const char *name;
	u32 device_id;
	u64 features;                          /* it can use, besides VERSION_1 */
	int (*probe)(struct virtio_device *d); /* may sleep */
	void (*config_changed)(struct virtio_device *d);
	struct virtio_driver *next;
};
void virtio_driver_register(struct virtio_driver *drv); /* then probes devices already found */
bool virtio_has_feature(const struct virtio_device *d, unsigned bit);
void virtio_config_read(struct virtio_device *d, unsigned off, void *dst, unsigned len);
void virtio_config_write(struct virtio_device *d, unsigned off, const void *src, unsigned len);
void virtio_set_private(struct virtio_device *d, void *p);
void *virtio_private(struct virtio_device *d);
/* Makes queue `index`; callback runs in interrupt context when buffers come back. ERR_PTR on failure. */
struct virtqueue *virtqueue_create(struct virtio_device *d, unsigned index,
                                   void (*callback)(struct virtqueue *q), void *ctx);
void virtio_ready(struct virtio_device *d); /* DRIVER_OK; after all queues are made */
/* The device forgets its queues and does not touch memory any more. */
void virtio_reset(struct virtio_device *d);
bool virtio_needs_reset(struct virtio_device *d); /* it says that it cannot go on */
/* Frees a queue that its device does not know any more (after a reset). */
void virtqueue_destroy(struct virtqueue *q);
struct vq_buf {
	paddr_t addr;
	u32 len;
};
/* Adds a chain: nout buffers the device reads, then nin it writes. token comes back from virtqueue_get.  -ENOSPC: full.
 * The caller holds the lock that guards the queue. */
MUST_CHECK int virtqueue_add(struct virtqueue *q, const struct vq_buf *bufs, unsigned nout, unsigned nin,
                             void *token);
void virtqueue_kick(struct virtqueue *q);
void *virtqueue_get(struct virtqueue *q, u32 *len); /* a used token, or NULL */
/* The device broke the rules: nothing will come back.  virtio_reset(), and what it was given is the driver's again. */
bool virtqueue_broken(const struct virtqueue *q);
void *virtqueue_ctx(struct virtqueue *q);
bool virtqueue_broken(const struct virtqueue *q); /* the device broke the rules: nothing will come back */
unsigned virtqueue_size(struct virtqueue *q);
/* Boot: find devices. mmio: virtio_mmio.device= words and the microvm slots; pci: config space scan. */
void virtio_mmio_init(void);
void virtio_pci_init(void);
