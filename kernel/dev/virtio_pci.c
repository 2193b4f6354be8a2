/* SPDX-License-Identifier: MIT
 *
 * dev/virtio_pci.c - virtio devices on PCI, modern interface (q35, pc)
 *
 * Layer:     dev.
 * Locks:     none: queues are set up at boot by one thread; notify is one store.
 * Contexts:  boot; pci_interrupt: interrupt.
 * Manual:    VIRTIO 1.2, 4.1 "Virtio Over PCI Bus"
 * Tests:     tests/boot (q35, pc)
 *
 * Four structures lie in the device's BARs; vendor capabilities say where: the common configuration, the ISR
 * byte, the notification area and the device's own configuration.  Interrupts come as messages (MSI-X), one for each
 * queue, which needs no look at the device; or, without that capability, by INTx: reading the ISR byte says why and
 * lowers the line.
 */
#include "virtio_transport.h"
#include <arch/io.h>
#include <base/log.h>
#include <dev/pci.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mem/slab.h>

enum { VIRTIO_VENDOR = 0x1af4, CAP_VENDOR = 0x09, CAP_MSIX = 0x11, NO_VECTOR = 0xffff };
enum cap_type { CAP_COMMON = 1, CAP_NOTIFY = 2, CAP_ISR = 3, CAP_DEVICE = 4 };
enum { /* common configuration */
       C_DEVICE_FEATURE_SELECT = 0,
       C_DEVICE_FEATURE = 4,
       C_DRIVER_FEATURE_SELECT = 8,
       C_DRIVER_FEATURE = 12,
       C_MSIX_CONFIG = 16,
       C_NUM_QUEUES = 18,
       C_STATUS = 20,
       C_GENERATION = 21,
       C_QUEUE_SELECT = 22,
       C_QUEUE_SIZE = 24,
       C_QUEUE_MSIX = 26,
       C_QUEUE_ENABLE = 28,
       C_QUEUE_NOTIFY_OFF = 30,
       C_QUEUE_DESC = 32,
       C_QUEUE_DRIVER = 40,
       C_QUEUE_DEVICE = 48,
       C_LENGTH = 56
};

static u8 *common(struct virtio_device *d)
{
	return d->regs;
}

static u8 pci_get_status(struct virtio_device *d)
{
	return mmio_read8(common(d) + C_STATUS);
}

static void pci_set_status(struct virtio_device *d, u8 status)
{
	mmio_write8(common(d) + C_STATUS, status);
	/* A reset is complete when the status reads 0. */
	for (unsigned i = 0; status == 0 && i < 100000 && pci_get_status(d) != 0; i++)
		arch_cpu_relax();
}

static u64 pci_get_features(struct virtio_device *d)
{
	u64 f;

	mmio_write32(common(d) + C_DEVICE_FEATURE_SELECT, 1);
	f = (u64)mmio_read32(common(d) + C_DEVICE_FEATURE) << 32;
	mmio_write32(common(d) + C_DEVICE_FEATURE_SELECT, 0);
	return f | mmio_read32(common(d) + C_DEVICE_FEATURE);
}

static void pci_set_features(struct virtio_device *d, u64 f)
{
	mmio_write32(common(d) + C_DRIVER_FEATURE_SELECT, 1);
	mmio_write32(common(d) + C_DRIVER_FEATURE, (u32)(f >> 32));
	mmio_write32(common(d) + C_DRIVER_FEATURE_SELECT, 0);
	mmio_write32(common(d) + C_DRIVER_FEATURE, (u32)f);
}

static void pci_config_read(struct virtio_device *d, unsigned off, void *dst, unsigned len)
{
	for (unsigned attempt = 0; attempt < 10; attempt++) {
		u8 generation = mmio_read8(common(d) + C_GENERATION);

		for (unsigned i = 0; i < len; i++)
			((u8 *)dst)[i] = mmio_read8((u8 *)d->config + off + i);
		if (mmio_read8(common(d) + C_GENERATION) == generation)
			break;
	}
}

static void pci_config_write(struct virtio_device *d, unsigned off, const void *src, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		mmio_write8((u8 *)d->config + off + i, ((const u8 *)src)[i]);
}

static unsigned pci_queue_max(struct virtio_device *d, unsigned index)
{
	if (index >= mmio_read16(common(d) + C_NUM_QUEUES))
		return 0;
	mmio_write16(common(d) + C_QUEUE_SELECT, (u16)index);
	return mmio_read16(common(d) + C_QUEUE_SIZE);
}

static void write_address(struct virtio_device *d, unsigned reg, paddr_t a)
{
	mmio_write32(common(d) + reg, (u32)a);
	mmio_write32(common(d) + reg + 4, (u32)(a >> 32));
}

/* ---- messages: PCI 3.0, 6.8.2 ---- */

static enum irq_result message_interrupt(void *ctx)
{
	struct virtio_message *m = ctx;

	if (m->index) {
		virtio_interrupt_queue(m->device, m->index - 1);
		return IRQ_HANDLED;
	}
	virtio_interrupt_config(m->device);
	virtio_interrupt_queues(m->device); /* those that got no message of their own */
	return IRQ_HANDLED;
}

/* Entry n of the table gets a line of its own. */
static int message_setup(struct virtio_device *d, unsigned n)
{
	struct virtio_message *m = &d->messages[n];
	u8 *entry = d->msix + n * 16;
	u64 addr;
	u32 data;

	if (m->registered)
		return 0;
	int line = irq_alloc_message();
	if (line < 0)
		return line;
	m->device = d;
	m->index = n;
	int err = irq_register((unsigned)line, IRQ_EDGE_HIGH, message_interrupt, m, d->name);
	if (err)
		return err;
	arch_irq_message((unsigned)line, &addr, &data);
	mmio_write32(entry, (u32)addr);
	mmio_write32(entry + 4, (u32)(addr >> 32));
	mmio_write32(entry + 8, data);
	mmio_write32(entry + 12, 0); /* not masked */
	m->registered = true;
	return 0;
}

/* The selected queue's interrupts; a reset has forgotten the configuration's, too. */
static int queue_message(struct virtio_device *d, unsigned index)
{
	if (!d->msix) {
		mmio_write16(common(d) + C_QUEUE_MSIX, NO_VECTOR);
		return 0;
	}
	u16 entry = (u16)(index + 1);
	if (entry >= d->msix_entries || message_setup(d, entry))
		entry = 0; /* no more lines: it shares the configuration's */
	mmio_write16(common(d) + C_MSIX_CONFIG, 0);
	mmio_write16(common(d) + C_QUEUE_MSIX, entry);
	/* A device without room for it answers "none". */
	return mmio_read16(common(d) + C_QUEUE_MSIX) == entry ? 0 : -EBUSY;
}

/* Switches to messages if the device can. */
static void msix_enable(struct virtio_device *d, const struct pci_device *p)
{
	unsigned cap = pci_find_capability(p, CAP_MSIX, 0);
	size_t size = 0;

	if (!cap)
		return;
	u16 control = pci_read16(p, cap + 2);
	u32 where = pci_read32(p, cap + 4), off = where & ~7u;
	unsigned entries = (control & 0x7ff) + 1u;
	u8 *bar = pci_map_bar(p, where & 7, &size);

	if (!bar || off > size || entries * 16 > size - off ||
	    entries <= mmio_read16(common(d) + C_NUM_QUEUES))
		return;
	d->msix = bar + off;
	d->msix_entries = MIN(entries, (unsigned)VIRTIO_QUEUES_MAX + 1);
	if (message_setup(d, 0)) {
		d->msix = NULL;
		return;
	}
	for (unsigned n = 1; n < entries; n++)
		mmio_write32(d->msix + n * 16 + 12, 1); /* masked until its queue is made */
	pci_write16(p, cap + 2, (u16)((control & ~0x4000u) | 0x8000u));
}

static int pci_queue_setup(struct virtio_device *d, unsigned index, const struct virtq_addresses *a)
{
	mmio_write16(common(d) + C_QUEUE_SELECT, (u16)index);
	u64 off = (u64)mmio_read16(common(d) + C_QUEUE_NOTIFY_OFF) * d->notify_multiplier;
	int err;

	if (off + 2 > d->notify_len)
		return -EINVAL;
	d->notify_off[index] = (u32)off;
	mmio_write16(common(d) + C_QUEUE_SIZE, (u16)a->size);
	err = queue_message(d, index);
	if (err)
		return err;
	write_address(d, C_QUEUE_DESC, a->desc);
	write_address(d, C_QUEUE_DRIVER, a->avail);
	write_address(d, C_QUEUE_DEVICE, a->used);
	mmio_write16(common(d) + C_QUEUE_ENABLE, 1);
	return 0;
}

static void pci_queue_notify(struct virtio_device *d, unsigned index)
{
	mmio_write16((u8 *)d->notify + d->notify_off[index], (u16)index);
}

static const struct virtio_transport pci_transport = {
	.get_status = pci_get_status,
	.set_status = pci_set_status,
	.get_features = pci_get_features,
	.set_features = pci_set_features,
	.config_read = pci_config_read,
	.config_write = pci_config_write,
	.queue_max = pci_queue_max,
	.queue_setup = pci_queue_setup,
	.queue_notify = pci_queue_notify,
};

static enum irq_result pci_interrupt(void *ctx)
{
	struct virtio_device *d = ctx;
	u8 why = mmio_read8(d->isr);

	if (!(why & 3))
		return IRQ_NONE;
	if (why & 1)
		virtio_interrupt_queues(d);
	if (why & 2)
		virtio_interrupt_config(d);
	return IRQ_HANDLED;
}

/* The structure of one type: its address, or NULL; *len its length, *cap the capability's offset. */
static void *map_structure(const struct pci_device *p, enum cap_type type, size_t min, size_t *len,
                           unsigned *cap)
{
	for (unsigned at = pci_find_capability(p, CAP_VENDOR, 0); at;
	     at = pci_find_capability(p, CAP_VENDOR, at)) {
		if (pci_read8(p, at + 3) != type)
			continue;
		size_t size = 0;
		u32 off = pci_read32(p, at + 8), length = pci_read32(p, at + 12);
		u8 *bar = pci_map_bar(p, pci_read8(p, at + 4), &size);

		if (!bar || off > size || length > size - off || length < min)
			continue; /* the specification: skip what we cannot use */
		*len = length;
		*cap = at;
		return bar + off;
	}
	return NULL;
}

static bool map_all(struct virtio_device *d, const struct pci_device *p)
{
	size_t len;
	unsigned cap;

	d->regs = map_structure(p, CAP_COMMON, C_LENGTH, &len, &cap);
	d->isr = map_structure(p, CAP_ISR, 1, &len, &cap);
	d->config = map_structure(p, CAP_DEVICE, 0, &len, &cap);
	d->config_len = d->config ? len : 0;
	d->notify = map_structure(p, CAP_NOTIFY, 2, &len, &cap);
	if (!d->regs || !d->isr || !d->notify)
		return false;
	d->notify_len = len;
	d->notify_multiplier = pci_read32(p, cap + 16);
	return true;
}

static void pci_found(const struct pci_device *p, void *ctx)
{
	if (p->vendor != VIRTIO_VENDOR || p->device < 0x1000 || p->device > 0x107f)
		return;
	struct virtio_device *d = kzalloc(sizeof(*d));
	if (!d)
		return;
	list_init(&d->link);
	d->transport = &pci_transport;
	/* Transitional devices tell their type in the subsystem id. */
	d->id = p->device >= 0x1040 ? p->device - 0x1040u : pci_read16(p, 0x2e);
	scnprintf(d->name, sizeof(d->name), "virtio-pci@%02x:%02x.%x", p->bus, p->dev, p->fn);
	pci_enable(p);
	if (!map_all(d, p)) {
		log_warn("virtio: %s: no modern interface", d->name);
		kfree(d);
		return;
	}
	msix_enable(d, p);
	if (d->msix) {
		virtio_device_add(d);
		return;
	}
	if (p->irq_line == 0xff) {
		log_warn("virtio: %s: no interrupt", d->name);
		kfree(d);
		return;
	}
	d->irq_line = p->irq_line;
	int err = irq_register(d->irq_line, IRQ_LEVEL_HIGH, pci_interrupt, d, d->name);
	if (err) {
		log_err("virtio: %s: interrupt %u: error %d", d->name, d->irq_line, -err);
		kfree(d);
		return;
	}
	virtio_device_add(d);
}

void virtio_pci_init(void)
{
	pci_scan(pci_found, NULL);
}
