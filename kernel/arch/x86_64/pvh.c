/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/pvh.c - the loader's hvm_start_info copied into boot_info
 *
 * Owns:      boot_info (base/bootinfo.h) while it is filled.
 * Layer:     arch/x86_64.  Uses lib (string).
 * Locks:     none; one CPU runs.
 * Contexts:  boot, before any allocator, on the boot page tables (low 4 GiB reachable).
 * Manual:    Xen's include/public/arch-x86/hvm/start_info.h.
 * Tests:     tests/boot (16 MiB .. 5 GiB, holes, initrd at the top of low RAM).
 *
 * Theory
 * ------
 * The map comes from a loader we do not trust to be tidy: entries may overlap, be empty, unsorted, or wrap.
 * What boot_info promises is stronger: sorted, disjoint, page-aligned inwards, and free of anything an entry
 * of another type claims.  So RAM entries are added one by one (merging with what they touch), then all
 * others are cut out.
 *
 *   add:   [....]   [....]   +     [......]    =   [.............]
 *   cut:   [.............]   -     [..]        =   [....]  [.....]
 */
#include <base/bootinfo.h>
#include <lib/string.h>
#include <arch/pgtable.h>
#include "pvh.h"

/* Packed: a loader may put them at any address, and QEMU does. */
struct start_info {
	u32 magic, version, flags, nr_modules;
	u64 modlist, cmdline, rsdp;
	u64 memmap; /* version 1 on */
	u32 memmap_entries, reserved;
} __attribute__((packed));
struct start_module {
	u64 paddr, size, cmdline, reserved;
} __attribute__((packed));
struct start_memmap {
	u64 addr, size;
	u32 type, reserved;
} __attribute__((packed));
enum { START_MAGIC = 0x336ec578, MEMMAP_RAM = 1, MEMMAP_MAX = 256 };
#define LOW_4G     (1UL << 32)
#define PHYS_LIMIT (512UL << 30) /* one slot of the top-level table */

extern char _kernel_start[], _kernel_end[];

static bool readable(u64 pa, u64 size)
{
	return pa != 0 && size <= LOW_4G && pa <= LOW_4G - size;
}

static void range_remove(unsigned i)
{
	memmove(&boot_info.ram[i], &boot_info.ram[i + 1],
	        (boot_info.nr_ram - i - 1) * sizeof(boot_info.ram[0]));
	boot_info.nr_ram--;
}

/* A full table drops what does not fit: less memory, never wrong memory. */
static void range_insert(unsigned i, paddr_t start, paddr_t end)
{
	if (boot_info.nr_ram == BOOT_RANGES_MAX)
		return;
	memmove(&boot_info.ram[i + 1], &boot_info.ram[i], (boot_info.nr_ram - i) * sizeof(boot_info.ram[0]));
	boot_info.ram[i] = (struct boot_range){ start, end };
	boot_info.nr_ram++;
}

static void ram_add(paddr_t start, paddr_t end)
{
	unsigned i = 0;

	while (i < boot_info.nr_ram && boot_info.ram[i].end < start)
		i++;
	while (i < boot_info.nr_ram && boot_info.ram[i].start <= end) { /* touches: swallow it */
		start = MIN(start, boot_info.ram[i].start);
		end = MAX(end, boot_info.ram[i].end);
		range_remove(i);
	}
	range_insert(i, start, end);
}

static void ram_cut(paddr_t start, paddr_t end)
{
	for (unsigned i = 0; i < boot_info.nr_ram; i++) {
		struct boot_range r = boot_info.ram[i];

		if (r.end <= start || r.start >= end)
			continue;
		range_remove(i);
		if (r.end > end)
			range_insert(i, end, r.end);
		if (r.start < start)
			range_insert(i, r.start, start);
	}
}

/* The bounds of entry e; false when it is empty or wraps. */
static bool entry_bounds(const struct start_memmap *e, paddr_t *start, paddr_t *end)
{
	if (e->size == 0 || e->addr >= PHYS_LIMIT)
		return false;
	*start = e->addr;
	*end = e->size > PHYS_LIMIT - e->addr ? PHYS_LIMIT : e->addr + e->size;
	return true;
}

static void read_memmap(const struct start_memmap *map, unsigned n)
{
	paddr_t start, end;

	for (unsigned i = 0; i < n; i++)
		if (map[i].type == MEMMAP_RAM && entry_bounds(&map[i], &start, &end)) {
			start = ALIGN_UP(start, PAGE_SIZE);
			end = ALIGN_DOWN(end, PAGE_SIZE);
			if (start < end)
				ram_add(start, end);
		}
	for (unsigned i = 0; i < n; i++)
		if (map[i].type != MEMMAP_RAM && entry_bounds(&map[i], &start, &end))
			ram_cut(ALIGN_DOWN(start, PAGE_SIZE), ALIGN_UP(end, PAGE_SIZE));
	ram_cut(0, LOW_RESERVED);
}

static bool ram_contains(paddr_t start, paddr_t end)
{
	for (unsigned i = 0; i < boot_info.nr_ram; i++)
		if (start >= boot_info.ram[i].start && end <= boot_info.ram[i].end)
			return true;
	return false;
}

static void read_initrd(const struct start_info *si)
{
	const struct start_module *m;

	if (si->nr_modules == 0 || !readable(si->modlist, sizeof(*m)))
		return;
	m = phys_to_virt(si->modlist);
	if (!m->size || !readable(m->paddr, m->size) || !ram_contains(m->paddr, m->paddr + m->size))
		return;
	if (m->paddr < boot_info.kernel_end && m->paddr + m->size > boot_info.kernel_start)
		return;
	boot_info.initrd_start = m->paddr;
	boot_info.initrd_end = m->paddr + m->size;
}

static void read_cmdline(u64 pa)
{
	size_t n = 0;
	const char *s;

	if (!readable(pa, 1))
		return;
	for (s = phys_to_virt(pa); n < BOOT_CMDLINE_MAX - 1 && pa + n < LOW_4G && s[n]; n++)
		boot_info.cmdline[n] = s[n];
	boot_info.cmdline[n] = '\0';
}

void pvh_read(paddr_t pa)
{
	const struct start_info *si = phys_to_virt(pa);

	boot_info.kernel_start = (paddr_t)_kernel_start - KERNEL_BASE;
	boot_info.kernel_end = (paddr_t)_kernel_end - KERNEL_BASE;
	if (!readable(pa, sizeof(*si)) || si->magic != START_MAGIC)
		return;
	read_cmdline(si->cmdline);
	boot_info.rsdp = si->rsdp;
	if (si->version < 1 || si->memmap_entries > MEMMAP_MAX ||
	    !readable(si->memmap, si->memmap_entries * sizeof(struct start_memmap)))
		return;
	read_memmap(phys_to_virt(si->memmap), si->memmap_entries);
	read_initrd(si);
}
