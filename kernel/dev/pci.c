/* SPDX-License-Identifier: MIT
 *
 * dev/pci.c - PCI: configuration space, the bus scan, base addresses, interrupt lines
 *
 * Owns:      ports 0xcf8 and 0xcfc; the window of addresses given to BARs the firmware left empty.
 * Layer:     dev.
 * Locks:     config_lock: the address and data ports are used as a pair.
 * Contexts:  any for configuration accesses; the scan runs at boot.
 * Manual:    PCI Local Bus 3.0: 3.2.2.3.2 (mechanism 1), 6.1, 6.2.5 (BARs), 6.7 (capabilities)
 * Tests:     tests/boot (q35, pc, with SeaBIOS and with qboot)
 *
 * Theory
 * ------
 * SeaBIOS assigns BARs and routes interrupts; qboot does neither.  So an empty memory BAR is given addresses from
 * a window that is free on both of QEMU's PCI machines, and INTx is routed by the host bridge's kind:
 *  - q35 (ICH9): in IOAPIC mode pin p of slot s is GSI 20 + (s + p) % 4: PIRQ E to H, in hardware.
 *  - pc (PIIX3): pin p of slot s is PIRQ (s + p - 1) % 4, and four registers of the ISA bridge choose the ISA line
 *    of each PIRQ.
 *  - any other machine: what the firmware wrote into the interrupt-line register.
 */
#include <dev/pci.h>
#include <abi/errno.h>
#include <arch/io.h>
#include <base/irq.h>
#include <base/log.h>
#include <base/spinlock.h>
#include <mem/kmap.h>

enum { CONFIG_ADDRESS = 0xcf8, CONFIG_DATA = 0xcfc };
enum {
	PCI_VENDOR = 0x00,
	PCI_COMMAND = 0x04,
	PCI_STATUS = 0x06,
	PCI_HEADER_TYPE = 0x0e,
	PCI_BAR0 = 0x10,
	PCI_SECONDARY_BUS = 0x19,
	PCI_CAPABILITIES = 0x34,
	PCI_INTERRUPT_LINE = 0x3c,
	PCI_INTERRUPT_PIN = 0x3d
};
enum { COMMAND_IO = 1, COMMAND_MEMORY = 2, COMMAND_MASTER = 4 };
enum { HOST_I440FX = 0x12378086, HOST_Q35 = 0x29c08086 };
enum { BUSES_MAX = 32 };

static struct spinlock config_lock = SPINLOCK_INIT("pci config");
static u64 window_next = 0xe0000000, window_end = 0xfe000000;
static u32 host_id; /* vendor and device of 0:0.0 */

static void config_select(const struct pci_device *d, unsigned off)
{
	outl(0x80000000u | (u32)d->bus << 16 | (u32)d->dev << 11 | (u32)d->fn << 8 | (off & 0xfc),
	     CONFIG_ADDRESS);
}

u32 pci_read32(const struct pci_device *d, unsigned off)
{
	irqflags_t f = spin_lock_irqsave(&config_lock);

	config_select(d, off);
	u32 v = inl(CONFIG_DATA);
	spin_unlock_irqrestore(&config_lock, f);
	return v;
}

u16 pci_read16(const struct pci_device *d, unsigned off)
{
	return (u16)(pci_read32(d, off) >> (off & 2) * 8);
}

u8 pci_read8(const struct pci_device *d, unsigned off)
{
	return (u8)(pci_read32(d, off) >> (off & 3) * 8);
}

void pci_write32(const struct pci_device *d, unsigned off, u32 v)
{
	irqflags_t f = spin_lock_irqsave(&config_lock);

	config_select(d, off);
	outl(v, CONFIG_DATA);
	spin_unlock_irqrestore(&config_lock, f);
}

void pci_write16(const struct pci_device *d, unsigned off, u16 v)
{
	irqflags_t f = spin_lock_irqsave(&config_lock);

	config_select(d, off);
	outw(v, (u16)(CONFIG_DATA + (off & 2)));
	spin_unlock_irqrestore(&config_lock, f);
}

void pci_write8(const struct pci_device *d, unsigned off, u8 v)
{
	irqflags_t f = spin_lock_irqsave(&config_lock);

	config_select(d, off);
	outb(v, (u16)(CONFIG_DATA + (off & 3)));
	spin_unlock_irqrestore(&config_lock, f);
}

bool pci_present(void)
{
	struct pci_device host = { 0 };
	u32 id = pci_read32(&host, PCI_VENDOR);

	return id != 0xffffffff && id != 0;
}

/* ---- base address registers ---- */

struct bar {
	u64 base, size;
	bool memory, wide; /* wide: 64 bits, two registers */
};

/* Reads BAR n and, with decoding off meanwhile, its size. */
static struct bar bar_read(const struct pci_device *d, unsigned n)
{
	const unsigned off = PCI_BAR0 + n * 4;
	u32 low = pci_read32(d, off);
	struct bar b = { .memory = !(low & 1), .wide = (low & 7) == 4 && n < 5 };

	if (!b.memory)
		return b;
	u16 command = pci_read16(d, PCI_COMMAND);
	u32 high = b.wide ? pci_read32(d, off + 4) : 0;
	pci_write16(d, PCI_COMMAND, command & ~(COMMAND_IO | COMMAND_MEMORY));
	pci_write32(d, off, 0xffffffff);
	u64 mask = pci_read32(d, off) & ~0xfu;
	if (b.wide) {
		pci_write32(d, off + 4, 0xffffffff);
		mask |= (u64)pci_read32(d, off + 4) << 32;
		pci_write32(d, off + 4, high);
	} else if (mask) {
		mask |= 0xffffffff00000000ULL;
	}
	pci_write32(d, off, low);
	pci_write16(d, PCI_COMMAND, command);
	b.base = (u64)high << 32 | (low & ~0xfu);
	b.size = mask ? ~mask + 1 : 0;
	return b;
}

static void bar_assign(const struct pci_device *d, unsigned n, struct bar *b)
{
	u64 base = ALIGN_UP(window_next, b->size);

	if (b->size > window_end || base > window_end - b->size) {
		log_warn("pci: %02x:%02x.%x: no addresses for BAR %u", d->bus, d->dev, d->fn, n);
		return;
	}
	window_next = base + b->size;
	pci_write32(d, PCI_BAR0 + n * 4, (u32)base);
	if (b->wide)
		pci_write32(d, PCI_BAR0 + n * 4 + 4, 0);
	b->base = base;
}

static void bars_setup(const struct pci_device *d)
{
	for (unsigned n = 0; n < 6; n++) {
		struct bar b = bar_read(d, n);

		if (b.memory && b.size && !b.base)
			bar_assign(d, n, &b);
		n += b.wide;
	}
}

void *pci_map_bar(const struct pci_device *d, unsigned n, size_t *size)
{
	if (n > 5)
		return NULL;
	struct bar b = bar_read(d, n);
	/* More than 1 GiB of registers is a device's mistake, or ours. */
	if (!b.memory || !b.base || !b.size || b.size > 1 << 30)
		return NULL;
	*size = b.size;
	return kmap_io(b.base, b.size);
}

void pci_enable(const struct pci_device *d)
{
	pci_write16(d, PCI_COMMAND, pci_read16(d, PCI_COMMAND) | COMMAND_MEMORY | COMMAND_MASTER);
}

unsigned pci_find_capability(const struct pci_device *d, unsigned id, unsigned after)
{
	unsigned at = after ? pci_read8(d, after + 1) : pci_read8(d, PCI_CAPABILITIES);

	if (!after && !(pci_read16(d, PCI_STATUS) & 0x10))
		return 0;
	for (unsigned i = 0; i < 48 && at >= 0x40; i++) { /* 48 fit: a longer list is a circle */
		at &= 0xfc;
		if (pci_read8(d, at) == id)
			return at;
		at = pci_read8(d, at + 1);
	}
	return 0;
}

/* ---- interrupts ---- */

/* pc: the line that the PIRQ register of the pin chooses.  The interrupt-line register only repeats what the firmware
 * believed; qboot's is wrong.  A register that is off is routed: PIRQ A and C to line 10, B and D to 11. */
static u8 piix_line(const struct pci_device *d, unsigned pin)
{
	const struct pci_device isa = { .dev = 1 };
	const unsigned pirq = (d->dev + pin - 2) & 3;
	u8 line = pci_read8(&isa, 0x60 + pirq);

	if (line < 3 || line > 15) { /* bit 7: not routed */
		line = (u8)(10 + (pirq & 1));
		pci_write8(&isa, 0x60 + pirq, line);
	}
	u16 elcr = line < 8 ? 0x4d0 : 0x4d1; /* PCI lines are level-triggered */
	outb(inb(elcr) | (u8)(1 << (line & 7)), elcr);
	return line;
}

/* GSI of the function's INTx, 0xff: it has none or we do not know. */
static u8 intx_line(const struct pci_device *d)
{
	unsigned pin = pci_read8(d, PCI_INTERRUPT_PIN);
	u8 line = pci_read8(d, PCI_INTERRUPT_LINE);

	if (pin < 1 || pin > 4)
		return 0xff;
	if (host_id == HOST_Q35 && d->bus == 0 && d->dev < 25)
		return (u8)(20 + (d->dev + pin - 1) % 4);
	if (host_id == HOST_I440FX && d->bus == 0)
		line = piix_line(d, pin);
	return line == 0 || line > 15 ? 0xff : (u8)arch_irq_isa(line);
}

/* ---- the scan ---- */

struct scan {
	void (*fn)(const struct pci_device *d, void *ctx);
	void *ctx;
	unsigned buses; /* visited: bounds a bridge that points back */
};
static void scan_bus(struct scan *s, unsigned bus, unsigned depth);

static void scan_function(struct scan *s, struct pci_device *d, unsigned depth)
{
	u32 id = pci_read32(d, PCI_VENDOR);
	u8 type = pci_read8(d, PCI_HEADER_TYPE) & 0x7f;

	d->vendor = (u16)id;
	d->device = (u16)(id >> 16);
	if (type == 1) { /* bridge; without firmware it has no bus number, and what is behind stays unseen */
		u8 secondary = pci_read8(d, PCI_SECONDARY_BUS);
		if (secondary > d->bus)
			scan_bus(s, secondary, depth + 1);
		return;
	}
	if (type != 0)
		return;
	bars_setup(d);
	d->irq_line = intx_line(d);
	s->fn(d, s->ctx);
}

static void scan_bus(struct scan *s, unsigned bus, unsigned depth)
{
	if (depth > 8 || s->buses++ >= BUSES_MAX)
		return;
	for (unsigned dev = 0; dev < 32; dev++) {
		struct pci_device d = { .bus = (u8)bus, .dev = (u8)dev };

		if (pci_read16(&d, PCI_VENDOR) == 0xffff)
			continue;
		unsigned functions = pci_read8(&d, PCI_HEADER_TYPE) & 0x80 ? 8 : 1;
		for (unsigned fn = 0; fn < functions; fn++) {
			struct pci_device each = { .bus = (u8)bus, .dev = (u8)dev, .fn = (u8)fn };
			if (pci_read16(&each, PCI_VENDOR) != 0xffff)
				scan_function(s, &each, depth);
		}
	}
}

void pci_scan(void (*fn)(const struct pci_device *d, void *ctx), void *ctx)
{
	struct scan s = { fn, ctx, 0 };
	const struct pci_device host = { 0 };

	if (!pci_present())
		return;
	host_id = pci_read32(&host, PCI_VENDOR);
	scan_bus(&s, 0, 0);
}
