/* SPDX-License-Identifier: MIT
 * dev/virtio_transport.h - between the virtio core and its transports (mmio, PCI); private to dev/. */
#pragma once
#include <dev/virtio.h>
#include <abi/errno.h>
#include <base/irq.h>

enum { VIRTIO_QUEUES_MAX = 32, VIRTQ_SIZE_MAX = 256 };
/* Device status bits, virtio 1.2, 2.1 */
enum {
	VIRTIO_S_ACKNOWLEDGE = 1,
	VIRTIO_S_DRIVER = 2,
	VIRTIO_S_DRIVER_OK = 4,
	VIRTIO_S_FEATURES_OK = 8,
	VIRTIO_S_NEEDS_RESET = 64,
	VIRTIO_S_FAILED = 128
};
enum { VIRTIO_F_INDIRECT = 28, VIRTIO_F_EVENT_IDX = 29, VIRTIO_F_VERSION_1 = 32, VIRTIO_F_RING_PACKED = 34 };

struct virtq_addresses {
	paddr_t desc, avail, used;
	unsigned size;
};
struct virtio_transport {
	u8 (*get_status)(struct virtio_device *d);
	void (*set_status)(struct virtio_device *d, u8 status); /* 0: reset, returns when it is done */
	u64 (*get_features)(struct virtio_device *d);
	void (*set_features)(struct virtio_device *d, u64 features);
	void (*config_read)(struct virtio_device *d, unsigned off, void *dst, unsigned len);
	void (*config_write)(struct virtio_device *d, unsigned off, const void *src, unsigned len);
	unsigned (*queue_max)(struct virtio_device *d, unsigned index); /* 0: no such queue */
	MUST_CHECK int (*queue_setup)(struct virtio_device *d, unsigned index,
	                              const struct virtq_addresses *a);
	void (*queue_notify)(struct virtio_device *d, unsigned index);
};
struct virtio_device {
	const struct virtio_transport *transport;
	struct virtio_driver *driver;
	u32 id; /* of the device's type */
	char name[24];
	u64 features;  /* agreed */
	void *private; /* the driver's */
	struct virtqueue *queues[VIRTIO_QUEUES_MAX];
	unsigned nr_queues; /* highest index + 1 */
	struct list_head link;
	/* The transport's. */
	void *regs;
	size_t config_len; /* bytes readable as configuration */
	void *isr, *config, *notify;
	u32 notify_multiplier;
	size_t notify_len;
	u32 notify_off[VIRTIO_QUEUES_MAX];
	unsigned irq_line;
	/* MSI-X: entry 0 tells of the configuration, entry 1 + n of queue n. */
	u8 *msix; /* the table; NULL: INTx */
	unsigned msix_entries;
	struct virtio_message {
		struct virtio_device *device;
		unsigned index;
		bool registered;
	} messages[VIRTIO_QUEUES_MAX + 1];
};
/* A device was found; it is probed by its driver now or when that registers. Takes over d. */
void virtio_device_add(struct virtio_device *d);
/* From the transport's interrupt: a queue may have used buffers; the configuration changed. */
void virtio_interrupt_queues(struct virtio_device *d);
void virtio_interrupt_queue(struct virtio_device *d, unsigned index);
void virtio_interrupt_config(struct virtio_device *d);
