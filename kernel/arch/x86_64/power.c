/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/power.c - power off, reset, halt
 *
 * Owns:      nothing; uses what acpi.c found.
 * Layer:     arch/x86_64.
 * Locks:     none: the caller is the last one (reboot(2), panic).
 * Contexts:  any, also a panic: no allocation; registers in memory were mapped at boot.
 * Manual:    ACPI 6.4: 4.8.3.2 (PM1 control), 4.8.3.7 (sleep control), 4.8.3.6 (reset register).
 * Tests:     every test run ends in arch_power_off; tests/boot reboots.
 *
 * Each way is tried in turn, from what the firmware names to what always works: a triple fault resets any PC.
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <arch/power.h>
#include <base/log.h>
#include <mem/kmap.h>
#include "acpi.h"
#include "power.h"

enum { SLEEP_ENABLE_REDUCED = 1 << 5, SLEEP_ENABLE_PM1 = 1 << 13 };
static volatile u8 *sleep_mmio, *reset_mmio;

static volatile u8 *map_reg(const struct acpi_reg *r)
{
	volatile u8 *page;

	if (!r->addr || r->space != ACPI_MEMORY)
		return NULL;
	page = kmap_io(r->addr & PAGE_MASK, PAGE_SIZE);
	return page ? page + r->addr % PAGE_SIZE : NULL;
}

void power_init(void)
{
	sleep_mmio = map_reg(&acpi_info.sleep_control);
	reset_mmio = map_reg(&acpi_info.reset);
}

/* Long enough for the machine to react: about a second of port writes. */
static void wait_a_while(void)
{
	for (unsigned i = 0; i < 1000000; i++)
		outb(0, 0x80);
}

static void write_byte(const struct acpi_reg *r, volatile u8 *mapped, u8 v)
{
	if (mapped)
		mmio_write8(mapped, v);
	else if (r->addr && r->space == ACPI_PORT)
		outb(v, (u16)r->addr);
	else
		return;
	wait_a_while();
}

void arch_power_off(void)
{
	const struct acpi_info *a = &acpi_info;

	arch_irq_disable();
	write_byte(&a->sleep_control, sleep_mmio, (u8)(a->sleep_type << 2 | SLEEP_ENABLE_REDUCED));
	if (a->pm1a.addr && a->pm1a.space == ACPI_PORT) {
		u16 v = (u16)(a->sleep_type << 10 | SLEEP_ENABLE_PM1);

		outw(v, (u16)a->pm1a.addr);
		if (a->pm1b.addr)
			outw(v, (u16)a->pm1b.addr);
		wait_a_while();
	}
	log_err("this machine cannot power itself off: halted");
	arch_halt();
}

static void triple_fault(void)
{
	static const struct {
		u16 limit;
		u64 base;
	} __attribute__((packed)) none = { 0, 0 };

	__asm__ volatile("lidt %0; int3" ::"m"(none));
}

void arch_reboot(void)
{
	arch_irq_disable();
	if (acpi_info.reset_supported)
		write_byte(&acpi_info.reset, reset_mmio, acpi_info.reset_value);
	if (inb(0xcf9) != 0xff) {
		outb(2, 0xcf9);
		outb(6, 0xcf9);
		wait_a_while();
	}
	if (inb(0x64) != 0xff) {
		outb(0xfe, 0x64);
		wait_a_while();
	}
	triple_fault();
	arch_halt();
}

void arch_halt(void)
{
	arch_cpu_halt();
}

void arch_cpu_halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt" ::: "memory");
}
