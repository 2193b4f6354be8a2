/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/acpi.c - the few facts we need from the ACPI tables
 *
 * Owns:      acpi_info.
 * Layer:     arch/x86_64.
 * Locks:     none: filled once at boot, then read-only.
 * Contexts:  boot, on the boot page tables: the tables may lie outside of RAM the direct map keeps.
 * Manual:    ACPI 6.4: 5.2.5 RSDP, 5.2.9 FADT, 5.2.12 MADT; IA-PC HPET 1.0a 3.2.4.
 * Tests:     tests/boot (microvm, q35, pc, acpi=off).
 *
 * Theory
 * ------
 *   RSDP (from the loader, or found by its signature in 0xe0000-0xfffff)
 *     -> XSDT or RSDT: an array of table addresses
 *         MADT "APIC"  CPUs, IOAPICs, where ISA interrupts went
 *         FADT "FACP"  how to power off and reset, PM timer;  -> DSDT: \_S5's sleep type
 *         HPET         timer block
 *
 * The tables are untrusted bytes: every address and length is checked to lie below 4 GiB, every table's sum
 * must be zero, every loop is bounded by a length that was checked.  AML is not interpreted; the one number
 * wanted from it, the sleep type of \_S5, is found by its fixed encoding, and 0 is right for QEMU when it is
 * not there.
 */
#include <base/bootinfo.h>
#include <base/log.h>
#include <lib/string.h>
#include <arch/pgtable.h>
#include "acpi.h"

struct acpi_info acpi_info;

struct sdt {
	char signature[4];
	u32 length;
	u8 revision, checksum;
	char oem[6], oem_table[8];
	u32 oem_revision, creator, creator_revision;
} __attribute__((packed));
enum { TABLE_MAX = 4 << 20, TABLES_MAX = 128 };
/* Offsets in the FADT. */
enum {
	FADT_DSDT = 40,
	FADT_PM1A = 64,
	FADT_PM1B = 68,
	FADT_PM_TMR = 76,
	FADT_CENTURY = 108,
	FADT_FLAGS = 112,
	FADT_RESET = 116,
	FADT_RESET_VALUE = 128,
	FADT_X_DSDT = 140,
	FADT_X_PM1A = 172,
	FADT_SLEEP_CONTROL = 244
};
enum { FADT_TMR_32 = 1 << 8, FADT_RESET_SUP = 1 << 10, FADT_HW_REDUCED = 1 << 20 };
enum { MADT_CPU = 0, MADT_IOAPIC = 1, MADT_OVERRIDE = 2, MADT_X2CPU = 9 };

/* Unaligned little-endian fields. */
static u16 get16(const u8 *p)
{
	return (u16)(p[0] | p[1] << 8);
}
static u32 get32(const u8 *p)
{
	return get16(p) | (u32)get16(p + 2) << 16;
}
static u64 get64(const u8 *p)
{
	return get32(p) | (u64)get32(p + 4) << 32;
}

static const u8 *reach(u64 pa, size_t size)
{
	return pa && pa + size > pa && pa + size <= 1UL << 32 ? phys_to_virt(pa) : NULL;
}

static bool sum_is_zero(const u8 *p, size_t n)
{
	u8 sum = 0;

	while (n--)
		sum = (u8)(sum + *p++);
	return sum == 0;
}

/* A whole table with a good sum, or NULL. */
static const u8 *table_get(u64 pa)
{
	const struct sdt *h = (const struct sdt *)reach(pa, sizeof(*h));

	if (!h || h->length < sizeof(*h) || h->length > TABLE_MAX || !reach(pa, h->length))
		return NULL;
	return sum_is_zero((const u8 *)h, h->length) ? (const u8 *)h : NULL;
}
static u32 table_length(const u8 *t)
{
	return ((const struct sdt *)t)->length;
}

static void madt_add_cpu(u32 id, u32 flags)
{
	struct acpi_info *a = &acpi_info;

	if (!(flags & 1) || a->nr_cpus == NR_CPUS) /* disabled */
		return;
	for (unsigned i = 0; i < a->nr_cpus; i++)
		if (a->apic_id[i] == id)
			return;
	a->apic_id[a->nr_cpus++] = id;
}

static void madt_entry(const u8 *e, unsigned len)
{
	struct acpi_info *a = &acpi_info;

	if (e[0] == MADT_CPU && len >= 8) {
		madt_add_cpu(e[3], get32(e + 4));
	} else if (e[0] == MADT_X2CPU && len >= 16) {
		madt_add_cpu(get32(e + 4), get32(e + 8));
	} else if (e[0] == MADT_IOAPIC && len >= 12 && a->nr_ioapics < ACPI_IOAPICS_MAX) {
		a->ioapic[a->nr_ioapics].addr = get32(e + 4);
		a->ioapic[a->nr_ioapics++].gsi_base = get32(e + 8);
	} else if (e[0] == MADT_OVERRIDE && len >= 10 && a->nr_overrides < ACPI_OVERRIDES_MAX) {
		a->override[a->nr_overrides].isa = e[3];
		a->override[a->nr_overrides].gsi = get32(e + 4);
		a->override[a->nr_overrides++].flags = get16(e + 8);
	}
}

static void read_madt(const u8 *t)
{
	u32 end = table_length(t), at = sizeof(struct sdt) + 8;

	acpi_info.madt = true;
	while (at + 2 <= end) {
		unsigned len = t[at + 1];

		if (len < 2 || at + len > end)
			break;
		madt_entry(t + at, len);
		at += len;
	}
}

/* Generic address structure: space, width, offset, access, address. */
static struct acpi_reg read_gas(const u8 *t, u32 at)
{
	if (at + 12 > table_length(t) || t[at] > ACPI_PORT)
		return (struct acpi_reg){ 0, 0, 0 };
	return (struct acpi_reg){ t[at], t[at + 1], get64(t + at + 4) };
}

/* "_S5_" PackageOp PkgLength NumElements (BytePrefix value | ZeroOp | OneOp) */
static u8 find_sleep_type(u64 dsdt)
{
	const u8 *t = table_get(dsdt);

	if (!t)
		return 0;
	for (u32 i = sizeof(struct sdt); i + 9 <= table_length(t); i++) {
		const u8 *p = t + i;

		if (memcmp(p, "_S5_\x12", 5) != 0)
			continue;
		p += 5 + 1 + (p[5] >> 6) +
		     1; /* over the package length (1 to 4 bytes) and the element count */
		if (p + 2 > t + table_length(t))
			return 0;
		return p[0] == 0x0a ? p[1] : p[0] <= 1 ? p[0] : 0;
	}
	return 0;
}

static u64 fadt_dsdt(const u8 *t)
{
	u64 x = table_length(t) >= FADT_X_DSDT + 8 ? get64(t + FADT_X_DSDT) : 0;

	return x ? x : get32(t + FADT_DSDT);
}

static void read_fadt(const u8 *t)
{
	struct acpi_info *a = &acpi_info;
	u32 flags;

	if (table_length(t) < FADT_FLAGS + 4)
		return;
	a->fadt = true;
	flags = get32(t + FADT_FLAGS);
	a->century = t[FADT_CENTURY];
	if (!(flags & FADT_HW_REDUCED)) {
		a->pm1a = (struct acpi_reg){ ACPI_PORT, 16, get32(t + FADT_PM1A) };
		a->pm1b = (struct acpi_reg){ ACPI_PORT, 16, get32(t + FADT_PM1B) };
		if (!a->pm1a.addr)
			a->pm1a = read_gas(t, FADT_X_PM1A);
		a->pm_timer_port = (u16)get32(t + FADT_PM_TMR);
		a->pm_timer_32 = flags & FADT_TMR_32;
	} else {
		a->sleep_control = read_gas(t, FADT_SLEEP_CONTROL);
	}
	if (flags & FADT_RESET_SUP && table_length(t) > FADT_RESET_VALUE) {
		a->reset = read_gas(t, FADT_RESET);
		a->reset_value = t[FADT_RESET_VALUE];
		a->reset_supported = a->reset.addr != 0;
	}
	a->sleep_type = find_sleep_type(fadt_dsdt(t));
	/* Reduced hardware without a readable \_S5: the value of QEMU, Firecracker and cloud-hypervisor. */
	if (a->sleep_control.addr && !a->sleep_type)
		a->sleep_type = 5;
}

static void read_table(u64 pa)
{
	const u8 *t = table_get(pa);

	if (!t)
		return;
	if (!memcmp(t, "APIC", 4) && !acpi_info.madt && table_length(t) >= sizeof(struct sdt) + 8)
		read_madt(t);
	else if (!memcmp(t, "FACP", 4) && !acpi_info.fadt)
		read_fadt(t);
	else if (!memcmp(t, "HPET", 4) && table_length(t) >= 52 && t[40] == ACPI_MEMORY)
		acpi_info.hpet_addr = get64(t + 44);
}

static bool read_root(u64 pa, unsigned width)
{
	const u8 *t = table_get(pa);

	if (!t || memcmp(t, width == 8 ? "XSDT" : "RSDT", 4) != 0)
		return false;
	unsigned n = MIN((table_length(t) - (u32)sizeof(struct sdt)) / width, (u32)TABLES_MAX);

	for (unsigned i = 0; i < n; i++) {
		const u8 *e = t + sizeof(struct sdt) + i * width;

		read_table(width == 8 ? get64(e) : get32(e));
	}
	return true;
}

static const u8 *rsdp_check(u64 pa)
{
	const u8 *p = reach(pa, 36);

	return p && !memcmp(p, "RSD PTR ", 8) && sum_is_zero(p, 20) ? p : NULL;
}

static const u8 *rsdp_find(void)
{
	const u8 *p = rsdp_check(boot_info.rsdp);

	for (u64 pa = 0xe0000; !p && pa < 0x100000; pa += 16)
		p = rsdp_check(pa);
	return p;
}

void acpi_read(void)
{
	const u8 *rsdp = rsdp_find();

	if (!rsdp)
		return;
	if (rsdp[15] >= 2 && sum_is_zero(rsdp, 36) && read_root(get64(rsdp + 24), 8))
		return;
	if (!read_root(get32(rsdp + 16), 4))
		log_warn("acpi: root table is damaged");
}
