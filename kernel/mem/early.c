/* SPDX-License-Identifier: MIT
 * mem/early.c - memory before there are struct pages
 *
 * Owns:      the list of free physical ranges, from the loader's map to mem_init.
 * Layer:     mem.
 * Locks:     none; one CPU runs.
 * Contexts:  boot.
 * Tests:     tests/boot (sizes from 16 MiB to 5 GiB)
 *
 * The list begins as RAM without the kernel image and the initial RAM disk; an allocation cuts its piece out
 * of the lowest range at or above 1 MiB that has room.  Low memory is the first that the boot page tables
 * map.
 */
#include <mem/page.h>
#include "early.h"
#include <lib/string.h>

enum { RANGES_MAX = 2 * BOOT_RANGES_MAX, EARLY_LOWEST = 1 << 20 };

static struct boot_range ranges[RANGES_MAX];
static unsigned nr_ranges;
static bool started, ended;

static void range_insert(unsigned i, paddr_t start, paddr_t end)
{
	if (start >= end)
		return;
	assert(nr_ranges < RANGES_MAX);
	memmove(&ranges[i + 1], &ranges[i], (nr_ranges - i) * sizeof(ranges[0]));
	ranges[i] = (struct boot_range){ start, end };
	nr_ranges++;
}

/* Takes [start, end) out of the list. */
static void ranges_cut(paddr_t start, paddr_t end)
{
	for (unsigned i = 0; i < nr_ranges;) {
		struct boot_range r = ranges[i];
		if (r.end <= start || r.start >= end) {
			i++;
			continue;
		}
		memmove(&ranges[i], &ranges[i + 1], (nr_ranges - i - 1) * sizeof(ranges[0]));
		nr_ranges--;
		if (end < r.end)
			range_insert(i, end, r.end);
		if (r.start < start)
			range_insert(i++, r.start, start);
	}
}

static void early_start(void)
{
	started = true;
	for (unsigned i = 0; i < boot_info.nr_ram; i++)
		range_insert(nr_ranges, ALIGN_UP(boot_info.ram[i].start, PAGE_SIZE),
		             ALIGN_DOWN(boot_info.ram[i].end, PAGE_SIZE));
	ranges_cut(ALIGN_DOWN(boot_info.kernel_start, PAGE_SIZE), ALIGN_UP(boot_info.kernel_end, PAGE_SIZE));
	if (boot_info.initrd_end > boot_info.initrd_start)
		ranges_cut(ALIGN_DOWN(boot_info.initrd_start, PAGE_SIZE),
		           ALIGN_UP(boot_info.initrd_end, PAGE_SIZE));
}

paddr_t early_alloc_phys(size_t size, size_t align)
{
	assert(!ended && size > 0);
	if (!started)
		early_start();
	size = ALIGN_UP(size, PAGE_SIZE);
	for (unsigned i = 0; i < nr_ranges; i++) {
		paddr_t start = ALIGN_UP(MAX(ranges[i].start, (paddr_t)EARLY_LOWEST), align);
		if (start >= ranges[i].end || ranges[i].end - start < size)
			continue;
		ranges_cut(start, start + size);
		return start;
	}
	return 0;
}

void *early_alloc(size_t size)
{
	paddr_t pa = early_alloc_phys(size, PAGE_SIZE);
	if (!pa)
		panic("no memory for %zu bytes at boot", size);
	return memset(phys_to_virt(pa), 0, ALIGN_UP(size, PAGE_SIZE));
}

const struct boot_range *early_end(unsigned *nr)
{
	if (!started)
		early_start();
	ended = true;
	*nr = nr_ranges;
	return ranges;
}
