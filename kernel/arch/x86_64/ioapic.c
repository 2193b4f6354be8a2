/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/ioapic.c - device interrupts: IOAPICs by global line number, and the old PICs put to sleep
 *
 * Owns:      the IOAPICs' redirection tables; which CPU each line goes to.
 * Layer:     arch/x86_64.  Called by base/irq.c through <arch/irq.h>.
 * Locks:     ioapic_lock: index register and window of each IOAPIC are a pair.  Irqs off.
 * Contexts:  any.
 * Manual:    Intel 82093AA data sheet; ACPI 6.4, 5.2.12.5 (source overrides).
 * Tests:     every boot (serial interrupts); /proc/interrupts.
 *
 * Line n of the machine (GSI) is entry n - gsi_base of one IOAPIC.  Line n raises vector vector_of_line(n) on
 * one CPU.  Trigger and polarity are the driver's, unless the firmware said otherwise for the line.
 */
#include <arch/boot.h>
#include <arch/io.h>
#include <arch/irq.h>
#include <base/irq.h>
#include <base/log.h>
#include <base/percpu.h>
#include <base/spinlock.h>
#include <mem/kmap.h>
#include <abi/errno.h>
#include "acpi.h"
#include "entry.h"
#include "features.h"
#include "fpu.h"
#include "ioapic.h"
#include "lapic.h"
#include "power.h"

static struct ioapic {
	volatile u8 *regs;
	u32 gsi_base, lines;
} ioapics[ACPI_IOAPICS_MAX];
static unsigned nr_ioapics;
static struct spinlock ioapic_lock = SPINLOCK_INIT("ioapic");

enum { IOAPIC_DEFAULT_ADDR = 0xfec00000u, REG_VERSION = 1, REG_TABLE = 0x10 };
enum { RTE_LOW = 1 << 13, RTE_LEVEL = 1 << 15, RTE_MASKED = 1 << 16 };

static u32 ioapic_read(struct ioapic *io, u32 reg)
{
	mmio_write32(io->regs, reg);
	return mmio_read32(io->regs + 0x10);
}

static void ioapic_write(struct ioapic *io, u32 reg, u32 v)
{
	mmio_write32(io->regs, reg);
	mmio_write32(io->regs + 0x10, v);
}

static struct ioapic *ioapic_of(unsigned line, u32 *entry)
{
	for (unsigned i = 0; i < nr_ioapics; i++)
		if (line >= ioapics[i].gsi_base && line - ioapics[i].gsi_base < ioapics[i].lines) {
			*entry = line - ioapics[i].gsi_base;
			return &ioapics[i];
		}
	return NULL;
}

unsigned arch_irq_isa(unsigned isa_line)
{
	for (unsigned i = 0; i < acpi_info.nr_overrides; i++)
		if (acpi_info.override[i].isa == isa_line)
			return acpi_info.override[i].gsi;
	return isa_line;
}

static u32 mode_bits(unsigned line, enum irq_trigger trigger)
{
	u32 bits = trigger == IRQ_EDGE_HIGH ? 0 : RTE_LEVEL | (trigger == IRQ_LEVEL_LOW ? RTE_LOW : 0);

	for (unsigned i = 0; i < acpi_info.nr_overrides; i++) {
		u16 f = acpi_info.override[i].flags;

		if (acpi_info.override[i].gsi != line)
			continue;
		if (f & 3)
			bits = (bits & ~(u32)RTE_LOW) | ((f & 3) == 3 ? RTE_LOW : 0);
		if (f >> 2 & 3)
			bits = (bits & ~(u32)RTE_LEVEL) | ((f >> 2 & 3) == 3 ? RTE_LEVEL : 0);
	}
	return bits;
}

int arch_irq_unmask(unsigned line, enum irq_trigger trigger)
{
	u32 entry;
	struct ioapic *io = ioapic_of(line, &entry);

	if (!io && line >= IRQ_MSI_FIRST && line < IRQ_MSI_FIRST + IRQ_MSI_LINES)
		return 0; /* a message: the device itself is told to send it */
	if (!io || line >= IRQ_MAX)
		return -EINVAL;
	irqflags_t f = spin_lock_irqsave(&ioapic_lock);

	ioapic_write(io, REG_TABLE + 2 * entry, mode_bits(line, trigger) | vector_of_line(line));
	spin_unlock_irqrestore(&ioapic_lock, f);
	return 0;
}

/* Intel SDM vol. 3, 11.11: fixed delivery, edge. */
void arch_irq_message(unsigned line, u64 *addr, u32 *data)
{
	*addr = 0xfee00000u | percpu_ptr(arch_cpu_area, 0)->apic_id << 12;
	*data = vector_of_line(line);
}

void arch_irq_mask(unsigned line)
{
	u32 entry;
	struct ioapic *io = ioapic_of(line, &entry);

	if (!io)
		return;
	irqflags_t f = spin_lock_irqsave(&ioapic_lock);

	ioapic_write(io, REG_TABLE + 2 * entry, ioapic_read(io, REG_TABLE + 2 * entry) | RTE_MASKED);
	spin_unlock_irqrestore(&ioapic_lock, f);
}

void arch_irq_set_affinity(unsigned line, cpumask_t cpus)
{
	u32 entry;
	struct ioapic *io = ioapic_of(line, &entry);
	cpumask_t usable = cpus & atomic_load(&cpu_online_mask);

	if (!io || !usable)
		return;
	u32 apic_id = percpu_ptr(arch_cpu_area, (unsigned)__builtin_ctzll(usable))->apic_id;
	irqflags_t f = spin_lock_irqsave(&ioapic_lock);

	ioapic_write(io, REG_TABLE + 2 * entry + 1, apic_id << 24);
	spin_unlock_irqrestore(&ioapic_lock, f);
}

static void ioapic_add(u32 addr, u32 gsi_base)
{
	struct ioapic *io = &ioapics[nr_ioapics];
	u32 boot_apic = lapic_id();

	io->regs = kmap_io(ALIGN_DOWN(addr, (u32)PAGE_SIZE), PAGE_SIZE);
	if (!io->regs) {
		log_err("ioapic: no room to map %#x", addr);
		return;
	}
	io->regs += addr % PAGE_SIZE;
	if (ioapic_read(io, REG_VERSION) == ~0u)
		return; /* nothing there */
	io->gsi_base = gsi_base;
	io->lines = (ioapic_read(io, REG_VERSION) >> 16 & 0xff) + 1;
	for (u32 i = 0; i < io->lines; i++) {
		ioapic_write(io, REG_TABLE + 2 * i, RTE_MASKED);
		ioapic_write(io, REG_TABLE + 2 * i + 1, boot_apic << 24);
	}
	nr_ioapics++;
}

/* The PICs, if there are any: out of the way of the exceptions, all lines masked. */
static void pic_disable(void)
{
	outb(0x11, 0x20);
	outb(0x11, 0xa0);
	outb(0x20, 0x21);
	outb(0x28, 0xa1);
	outb(4, 0x21);
	outb(2, 0xa1);
	outb(1, 0x21);
	outb(1, 0xa1);
	outb(0xff, 0x21);
	outb(0xff, 0xa1);
}

void ioapic_init(void)
{
	pic_disable();
	for (unsigned i = 0; i < acpi_info.nr_ioapics; i++)
		ioapic_add(acpi_info.ioapic[i].addr, acpi_info.ioapic[i].gsi_base);
	if (nr_ioapics == 0)
		ioapic_add(IOAPIC_DEFAULT_ADDR, 0);
}

void arch_irq_init(void)
{
	fpu_init_cache();
	lapic_init_boot();
	lapic_init_cpu();
	ioapic_init();
	power_init();
}
