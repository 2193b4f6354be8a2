/* SPDX-License-Identifier: MIT
 * mem/mem_init.c - the array of struct page, and handing memory to the allocator
 *
 * Owns:      the mapping of VMEMMAP; flags of reserved pages.
 * Layer:     mem.  Uses arch_kernel_map.
 * Locks:     none; one CPU runs (mem_add_range: those of buddy.c).
 * Contexts:  boot; mem_add_range in process context too.
 * Tests:     tests/boot (sizes from 16 MiB to 5 GiB, holes)
 *
 * Theory
 * ------
 * struct page number n belongs to frame n and lives at VMEMMAP + 32 n.  Only the parts of that array that
 * belong to RAM are mapped, rounded outwards to whole blocks of MAX_ORDER, which buddy.c relies on:
 *
 *     frames     |..RAM..|   hole   |.......RAM.......|
 *     VMEMMAP   |==map==|          |=======map========|      pages of 2 MiB where they fit, else of 4 KiB
 *
 * The map is cleared by one memset a piece; free memory needs no further work a page, since zero is the state
 * of a page that is not the head of a block.
 */
#include "buddy.h"
#include "early.h"
#include <base/log.h>
#include <lib/string.h>

#define MAP_BIG (2ul << 20)
enum { BLOCK_PAGES = 1 << MAX_ORDER };

bool pfn_valid(pfn_t pfn)
{
	for (unsigned i = 0; i < boot_info.nr_ram; i++)
		if (pfn < boot_info.ram[i].end >> PAGE_SHIFT)
			return pfn >= boot_info.ram[i].start >> PAGE_SHIFT;
	return false;
}

/* Backs [va, va + size) of the page map with zeroed memory. */
INIT_CODE static void map_piece(unsigned long va, size_t size, size_t align)
{
	paddr_t pa = early_alloc_phys(size, align);
	if (!pa && align > PAGE_SIZE)
		pa = early_alloc_phys(size, PAGE_SIZE);
	if (!pa || arch_kernel_map(va, pa, size, KMAP_W))
		panic("no memory for the page map");
	memset((void *)va, 0, size);
}

INIT_CODE static void map_span(pfn_t start, pfn_t end)
{
	unsigned long va = (unsigned long)pfn_page(start), stop = (unsigned long)pfn_page(end);
	while (va < stop) {
		size_t size = MIN(ALIGN_UP(va + 1, MAP_BIG), stop) - va;
		map_piece(va, size, size == MAP_BIG ? MAP_BIG : PAGE_SIZE);
		va += size;
	}
}

INIT_CODE static void map_all(void)
{
	pfn_t start = 0, end = 0; /* the span being collected */
	for (unsigned i = 0; i < boot_info.nr_ram; i++) {
		pfn_t s = ALIGN_DOWN(boot_info.ram[i].start >> PAGE_SHIFT, BLOCK_PAGES);
		pfn_t e = ALIGN_UP(boot_info.ram[i].end >> PAGE_SHIFT, BLOCK_PAGES);
		if (s > end) {
			map_span(start, end);
			start = s;
		}
		end = e;
	}
	map_span(start, end);
}

INIT_CODE static void reserve(pfn_t start, pfn_t end)
{
	for (pfn_t pfn = start; pfn < end; pfn++) {
		pfn_page(pfn)->flags = PAGE_RESERVED;
		pfn_page(pfn)->ref.n = 1;
	}
}

/* Marks the RAM of one range that is in none of the free ones. */
INIT_CODE static void reserve_gaps(const struct boot_range *ram, const struct boot_range *free, unsigned nr)
{
	paddr_t at = ram->start;
	for (unsigned i = 0; i < nr; i++) {
		if (free[i].end <= at || free[i].start >= ram->end)
			continue;
		reserve(at >> PAGE_SHIFT, free[i].start >> PAGE_SHIFT);
		at = free[i].end;
	}
	reserve(at >> PAGE_SHIFT, ram->end >> PAGE_SHIFT);
}

INIT_CODE void mem_init(void)
{
	unsigned nr;
	buddy_init();
	map_all();
	const struct boot_range *free = early_end(&nr);
	for (unsigned i = 0; i < boot_info.nr_ram; i++)
		reserve_gaps(&boot_info.ram[i], free, nr);
	for (unsigned i = 0; i < nr; i++)
		buddy_add(free[i].start >> PAGE_SHIFT, free[i].end >> PAGE_SHIFT);
	log_info("memory: %lu MiB managed", buddy_total_pages() >> (20 - PAGE_SHIFT));
}

void mem_add_range(paddr_t start, paddr_t end)
{
	pfn_t first = ALIGN_UP(start, PAGE_SIZE) >> PAGE_SHIFT, stop = end >> PAGE_SHIFT;
	for (pfn_t pfn = first; pfn < stop; pfn++) {
		struct page *p = pfn_page(pfn);
		assert(pfn_valid(pfn) && p->flags == PAGE_RESERVED && ref_read(&p->ref) == 1);
		p->flags = 0;
		p->ref.n = 0;
	}
	if (first < stop)
		buddy_add(first, stop);
}
