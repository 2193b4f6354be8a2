/* SPDX-License-Identifier: MIT
 *
 * dev/virtio.c - virtio devices and drivers: matching, feature negotiation, set-up
 *
 * Owns:      the lists of devices and drivers.
 * Layer:     dev.  Transports (virtio_mmio.c, virtio_pci.c) bring devices, drivers/ brings drivers.
 * Locks:     none: devices and drivers are registered at boot by one thread.
 * Contexts:  process context; virtio_interrupt_*: interrupts.
 * Manual:    Virtual I/O Device (VIRTIO) 1.2, sections 2 and 3.1
 * Tests:     tests/boot (every machine has a virtio console)
 */
#include "virtio_transport.h"
#include <base/log.h>
#include <lib/string.h>

static LIST_HEAD(devices);
static struct virtio_driver *drivers;

static void device_fail(struct virtio_device *d, const char *why)
{
	log_warn("virtio: %s: %s", d->name, why);
	d->transport->set_status(d, VIRTIO_S_FAILED);
}

/* Initialisation, virtio 1.2, 3.1.1, steps 1 to 6. */
static bool device_negotiate(struct virtio_device *d, const struct virtio_driver *drv)
{
	const struct virtio_transport *tr = d->transport;
	u64 offered;

	tr->set_status(d, 0);
	tr->set_status(d, VIRTIO_S_ACKNOWLEDGE);
	tr->set_status(d, VIRTIO_S_ACKNOWLEDGE | VIRTIO_S_DRIVER);
	offered = tr->get_features(d);
	if (!(offered >> VIRTIO_F_VERSION_1 & 1)) {
		device_fail(d, "legacy device, VERSION_1 is not offered");
		return false;
	}
	d->features = offered & (drv->features | 1ULL << VIRTIO_F_VERSION_1 | 1ULL << VIRTIO_F_INDIRECT |
	                         1ULL << VIRTIO_F_EVENT_IDX | 1ULL << VIRTIO_F_RING_PACKED);
	tr->set_features(d, d->features);
	tr->set_status(d, VIRTIO_S_ACKNOWLEDGE | VIRTIO_S_DRIVER | VIRTIO_S_FEATURES_OK);
	if (!(tr->get_status(d) & VIRTIO_S_FEATURES_OK)) {
		device_fail(d, "features refused");
		return false;
	}
	return true;
}

static void device_probe(struct virtio_device *d, struct virtio_driver *drv)
{
	if (!device_negotiate(d, drv))
		return;
	d->driver = drv;
	int err = drv->probe(d);
	if (err) {
		log_warn("virtio: %s: driver %s: error %d", d->name, drv->name, -err);
		d->driver = NULL;
		d->transport->set_status(d, VIRTIO_S_FAILED);
	}
}

void virtio_device_add(struct virtio_device *d)
{
	list_add_tail(&d->link, &devices);
	for (struct virtio_driver *drv = drivers; drv; drv = drv->next) {
		if (drv->device_id == d->id) {
			device_probe(d, drv);
			return;
		}
	}
}

void virtio_driver_register(struct virtio_driver *drv)
{
	struct virtio_device *d;

	drv->next = drivers;
	drivers = drv;
	list_for_each_entry (d, &devices, link)
		if (!d->driver && d->id == drv->device_id)
			device_probe(d, drv);
}

bool virtio_has_feature(const struct virtio_device *d, unsigned bit)
{
	return d->features >> bit & 1;
}

void virtio_config_read(struct virtio_device *d, unsigned off, void *dst, unsigned len)
{
	if (off > d->config_len || len > d->config_len - off) {
		memset(dst, 0, len); /* a field this device does not have */
		return;
	}
	d->transport->config_read(d, off, dst, len);
}

void virtio_config_write(struct virtio_device *d, unsigned off, const void *src, unsigned len)
{
	if (off <= d->config_len && len <= d->config_len - off)
		d->transport->config_write(d, off, src, len);
}

void virtio_set_private(struct virtio_device *d, void *p)
{
	d->private = p;
}

void *virtio_private(struct virtio_device *d)
{
	return d->private;
}

void virtio_ready(struct virtio_device *d)
{
	d->transport->set_status(d, d->transport->get_status(d) | VIRTIO_S_DRIVER_OK);
}

void virtio_reset(struct virtio_device *d)
{
	d->transport->set_status(d, 0);
}

bool virtio_needs_reset(struct virtio_device *d)
{
	return d->transport->get_status(d) & VIRTIO_S_NEEDS_RESET;
}

void virtio_interrupt_config(struct virtio_device *d)
{
	if (d->driver && d->driver->config_changed)
		d->driver->config_changed(d);
}
