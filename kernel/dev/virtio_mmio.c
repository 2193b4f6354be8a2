/* SPDX-License-Identifier: MIT
 *
 * dev/virtio_mmio.c - virtio devices at fixed addresses (microvm, Firecracker)
 *
 * Layer:     dev.
 * Locks:     none: registers are written at boot; notify is one store.
 * Contexts:  boot; mmio_interrupt: interrupt.
 * Manual:    VIRTIO 1.2, 4.2 "Virtio Over MMIO"
 * Tests:     tests/boot (microvm)
 *
 * Where they are: words `virtio_mmio.device=SIZE@ADDR:IRQ` of the command line; if there are none and the machine
 * has no PCI, the 24 places where QEMU's microvm puts them, slot n with interrupt 24 + n.
 */
#include "virtio_transport.h"
#include <arch/io.h>
#include <base/cmdline.h>
#include <base/log.h>
#include <dev/pci.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mem/kmap.h>
#include <mem/slab.h>

enum { /* register offsets */
       R_MAGIC = 0x000,
       R_VERSION = 0x004,
       R_DEVICE_ID = 0x008,
       R_DEVICE_FEATURES = 0x010,
       R_DEVICE_FEATURES_SEL = 0x014,
       R_DRIVER_FEATURES = 0x020,
       R_DRIVER_FEATURES_SEL = 0x024,
       R_QUEUE_SEL = 0x030,
       R_QUEUE_NUM_MAX = 0x034,
       R_QUEUE_NUM = 0x038,
       R_QUEUE_READY = 0x044,
       R_QUEUE_NOTIFY = 0x050,
       R_INTERRUPT_STATUS = 0x060,
       R_INTERRUPT_ACK = 0x064,
       R_STATUS = 0x070,
       R_QUEUE_DESC = 0x080,
       R_QUEUE_AVAIL = 0x090,
       R_QUEUE_USED = 0x0a0,
       R_CONFIG_GENERATION = 0x0fc,
       R_CONFIG = 0x100
};
enum { MMIO_MAGIC = 0x74726976, SLOT_SIZE = 0x200, MICROVM_SLOTS = 24, MICROVM_GSI = 24 };
static const paddr_t microvm_base = 0xfeb00000;

static u32 reg_read(struct virtio_device *d, unsigned reg)
{
	return mmio_read32((u8 *)d->regs + reg);
}

static void reg_write(struct virtio_device *d, unsigned reg, u32 v)
{
	mmio_write32((u8 *)d->regs + reg, v);
}

static u8 mmio_get_status(struct virtio_device *d)
{
	return (u8)reg_read(d, R_STATUS);
}

static void mmio_set_status(struct virtio_device *d, u8 status)
{
	reg_write(d, R_STATUS, status);
}

static u64 mmio_get_features(struct virtio_device *d)
{
	u64 f;

	reg_write(d, R_DEVICE_FEATURES_SEL, 1);
	f = (u64)reg_read(d, R_DEVICE_FEATURES) << 32;
	reg_write(d, R_DEVICE_FEATURES_SEL, 0);
	return f | reg_read(d, R_DEVICE_FEATURES);
}

static void mmio_set_features(struct virtio_device *d, u64 f)
{
	reg_write(d, R_DRIVER_FEATURES_SEL, 1);
	reg_write(d, R_DRIVER_FEATURES, (u32)(f >> 32));
	reg_write(d, R_DRIVER_FEATURES_SEL, 0);
	reg_write(d, R_DRIVER_FEATURES, (u32)f);
}

/* Byte accesses are allowed for the device-specific configuration; the generation shows a change in between. */
static void mmio_config_read(struct virtio_device *d, unsigned off, void *dst, unsigned len)
{
	const u8 *from = (const u8 *)d->regs + R_CONFIG + off;

	for (unsigned attempt = 0; attempt < 10; attempt++) {
		u32 generation = reg_read(d, R_CONFIG_GENERATION);

		for (unsigned i = 0; i < len; i++)
			((u8 *)dst)[i] = mmio_read8(from + i);
		if (reg_read(d, R_CONFIG_GENERATION) == generation)
			break;
	}
}

static void mmio_config_write(struct virtio_device *d, unsigned off, const void *src, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		mmio_write8((u8 *)d->regs + R_CONFIG + off + i, ((const u8 *)src)[i]);
}

static unsigned mmio_queue_max(struct virtio_device *d, unsigned index)
{
	reg_write(d, R_QUEUE_SEL, index);
	return reg_read(d, R_QUEUE_NUM_MAX);
}

static void write_address(struct virtio_device *d, unsigned reg, paddr_t a)
{
	reg_write(d, reg, (u32)a);
	reg_write(d, reg + 4, (u32)(a >> 32));
}

static int mmio_queue_setup(struct virtio_device *d, unsigned index, const struct virtq_addresses *a)
{
	reg_write(d, R_QUEUE_SEL, index);
	if (reg_read(d, R_QUEUE_READY))
		return -EBUSY;
	reg_write(d, R_QUEUE_NUM, a->size);
	write_address(d, R_QUEUE_DESC, a->desc);
	write_address(d, R_QUEUE_AVAIL, a->avail);
	write_address(d, R_QUEUE_USED, a->used);
	reg_write(d, R_QUEUE_READY, 1);
	return 0;
}

static void mmio_queue_notify(struct virtio_device *d, unsigned index)
{
	reg_write(d, R_QUEUE_NOTIFY, index);
}

static const struct virtio_transport mmio_transport = {
	.get_status = mmio_get_status,
	.set_status = mmio_set_status,
	.get_features = mmio_get_features,
	.set_features = mmio_set_features,
	.config_read = mmio_config_read,
	.config_write = mmio_config_write,
	.queue_max = mmio_queue_max,
	.queue_setup = mmio_queue_setup,
	.queue_notify = mmio_queue_notify,
};

static enum irq_result mmio_interrupt(void *ctx)
{
	struct virtio_device *d = ctx;
	u32 why = reg_read(d, R_INTERRUPT_STATUS);

	if (!(why & 3))
		return IRQ_NONE;
	reg_write(d, R_INTERRUPT_ACK, why & 3);
	if (why & 1)
		virtio_interrupt_queues(d);
	if (why & 2)
		virtio_interrupt_config(d);
	return IRQ_HANDLED;
}

/* Looks at the registers; adds the device if there is one.  line: GSI. */
static void mmio_probe(u8 *regs, paddr_t base, size_t size, unsigned line)
{
	if (mmio_read32(regs + R_MAGIC) != MMIO_MAGIC || mmio_read32(regs + R_DEVICE_ID) == 0)
		return;
	if (mmio_read32(regs + R_VERSION) != 2) {
		log_warn("virtio: device at %llx is a legacy one (version %u): not used",
		         (unsigned long long)base, mmio_read32(regs + R_VERSION));
		return;
	}
	struct virtio_device *d = kzalloc(sizeof(*d));
	if (!d)
		return;
	d->transport = &mmio_transport;
	d->id = mmio_read32(regs + R_DEVICE_ID);
	d->regs = regs;
	d->config_len = size - R_CONFIG;
	d->irq_line = line;
	list_init(&d->link);
	scnprintf(d->name, sizeof(d->name), "virtio-mmio@%llx", (unsigned long long)base);
	int err = irq_register(line, IRQ_LEVEL_HIGH, mmio_interrupt, d, d->name);
	if (err) {
		log_err("virtio: %s: interrupt %u: error %d", d->name, line, -err);
		kfree(d);
		return;
	}
	virtio_device_add(d);
}

/* SIZE@ADDR:IRQ[:ID]; false when malformed. */
static bool probe_word(const char *s)
{
	u64 size, base, irq;

	if (!parse_u64(&s, 0, &size))
		return false;
	if (*s == 'K' || *s == 'k' || *s == 'M') {
		size <<= *s == 'M' ? 20 : 10;
		s++;
	}
	if (*s++ != '@' || !parse_u64(&s, 0, &base) || *s++ != ':' || !parse_u64(&s, 0, &irq))
		return false;
	if (size < R_CONFIG || size > 1 << 20 || irq >= IRQ_MAX || !base || base >> 46)
		return false;
	u8 *regs = kmap_io(base, size);
	if (regs)
		mmio_probe(regs, base, size, irq < 16 ? arch_irq_isa((unsigned)irq) : (unsigned)irq);
	return true;
}

/* All words of the command line, not only the last. */
static unsigned probe_cmdline(void)
{
	static const char key[] = "virtio_mmio.device=";
	const char *text = cmdline_text(), *at = text;
	unsigned found = 0;

	(void)cmdline_get("virtio_mmio.device"); /* the kernel knows this word: it is not for init */
	while (at && (at = strstr(at, key)) != NULL) {
		bool word = at == text || at[-1] == ' ';

		at += sizeof(key) - 1;
		if (!word)
			continue;
		found++;
		if (!probe_word(at))
			log_warn("virtio: cannot understand %s%.32s", key, at);
	}
	return found;
}

void virtio_mmio_init(void)
{
	if (probe_cmdline() || pci_present())
		return;
	u8 *regs = kmap_io(microvm_base, MICROVM_SLOTS * SLOT_SIZE);
	if (!regs)
		return;
	/* The machine hands out slots from the last to the first: so devices come in the order they were given. */
	for (unsigned n = MICROVM_SLOTS; n-- > 0;)
		mmio_probe(regs + n * SLOT_SIZE, microvm_base + n * SLOT_SIZE, SLOT_SIZE, MICROVM_GSI + n);
}
