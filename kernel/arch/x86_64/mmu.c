/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/mmu.c - the kernel's own page tables
 *
 * Owns:      arch_kernel_pgtable: direct map, kernel image, kernel mappings above the direct map.
 * Layer:     arch/x86_64.  Uses mem (pages for tables).  User tables: arch/generic/pgtable.c.
 * Locks:     map_lock guards the kernel half.  Irqs off.
 * Contexts:  boot; then any context that may allocate atomically.
 * Manual:    Intel SDM vol. 3, 4.5 (4-level paging), 4.6 (access rights).
 * Tests:     tests/boot (W^X by the monitor's `info mem`); ktest wx.
 *
 * Theory
 * ------
 * Four entries of the root cover everything the kernel maps, and they are made before the first process, so
 * each new root copies entries 256..511 once and never has to be told of later mappings:
 *
 *   273  0xffff888000000000  direct map of RAM                  RW NX (kernel text and rodata: R NX)
 *   402  0xffffc90000000000  kmap: stacks, device registers     as asked
 *   468  0xffffea0000000000  struct page array                  RW NX
 *   511  0xffffffff80000000  kernel image, 4 KiB pages          text R X, rodata R NX, data RW NX
 *
 * Page tables come from three sources in turn: right behind the kernel image (kernel_end is moved),
 * early_alloc, page_alloc.  The largest page that fits is used, so mapping 64 GiB costs tens of entries, or
 * some ten thousand on a CPU without 1 GiB pages.
 */
#include <arch/boot.h>
#include <arch/pgtable.h>
#include <base/bootinfo.h>
#include <base/panic.h>
#include <base/percpu.h>
#include <base/spinlock.h>
#include <lib/string.h>
#include <mem/page.h>
#include <abi/errno.h>
#include "espfix.h"
#include "features.h"
#include "ldt.h"
#include "msr.h"
#include "shadow.h"

struct pgtable arch_kernel_pgtable;
static struct spinlock map_lock = SPINLOCK_INIT("kernel_map");
static u64 kernel_root[PT_ENTRIES] __attribute__((aligned(4096)));
static u64 root_tables[4 + SHADOW_ROOTS][PT_ENTRIES] __attribute__((aligned(4096)));
static enum { TABLES_BEHIND_IMAGE, TABLES_EARLY, TABLES_PAGES } table_source;

extern char _text[], _init_text[], _etext[], _rodata[], _erodata[], _data[], _kernel_end[],
        _boot_stack_guard[], _boot_stack[];

static u64 *table_alloc(void)
{
	if (table_source == TABLES_PAGES) {
		u64 *table = page_alloc_virt(0, ALLOC_ZERO | ALLOC_ATOMIC | ALLOC_NOFAIL_INJECT);

		if (table)
			mem_count(MEMC_KEPT, 1);
		return table;
	}
	if (table_source == TABLES_EARLY)
		return early_alloc(PAGE_SIZE);
	paddr_t pa = ALIGN_UP(boot_info.kernel_end, PAGE_SIZE);

	if (boot_info.initrd_end > pa && boot_info.initrd_start < pa + PAGE_SIZE)
		panic("no room for page tables between kernel and initrd");
	boot_info.kernel_end = pa + PAGE_SIZE;
	return memset(phys_to_virt(pa), 0, PAGE_SIZE);
}

static unsigned index_at(unsigned long va, unsigned level)
{
	return va >> (PAGE_SHIFT + PT_BITS * level) & (PT_ENTRIES - 1);
}
static unsigned long level_size(unsigned level)
{
	return PAGE_SIZE << PT_BITS * level;
}

static u64 *table_of(u64 entry)
{
	return phys_to_virt(entry & PTE_ADDR);
}

/* The entry for va at `level` (0 = 4 KiB); NULL: no memory, or a large page is in the way. */
static u64 *entry_get(unsigned long va, unsigned level)
{
	u64 *table = kernel_root;

	for (unsigned l = PT_LEVELS - 1; l > level; l--) {
		u64 *e = &table[index_at(va, l)];

		if (!(*e & PTE_P)) {
			u64 *next = table_alloc();

			if (!next)
				return NULL;
			*e = virt_to_phys(next) | PTE_P | PTE_W | PTE_A;
		} else if (*e & PTE_PS) {
			return NULL;
		}
		table = table_of(*e);
	}
	return &table[index_at(va, level)];
}

static unsigned best_level(unsigned long va, paddr_t pa, unsigned long size)
{
	for (unsigned level = cpu_features.gbpages ? 2 : 1; level > 0; level--)
		if (size >= level_size(level) && IS_ALIGNED(va | pa, level_size(level)))
			return level;
	return 0;
}

static int map_range(unsigned long va, paddr_t pa, unsigned long size, u64 bits) MUST_HOLD(&map_lock)
{
	while (size) {
		unsigned level = best_level(va, pa, size);
		u64 *e = entry_get(va, level);

		if (!e)
			return -ENOMEM;
		*e = pa | bits | PTE_P | PTE_A | PTE_D | PTE_G | (level ? PTE_PS : 0);
		va += level_size(level);
		pa += level_size(level);
		size -= level_size(level);
	}
	return 0;
}

int arch_kernel_map(unsigned long va, paddr_t pa, unsigned long size, unsigned flags)
{
	u64 bits = (flags & KMAP_W ? PTE_W : 0) | (flags & KMAP_X ? 0 : arch_pte_nx) |
	           (flags & KMAP_UNCACHED ? PTE_PCD | PTE_PWT : 0);

	assert(va >= KERNEL_HALF && IS_ALIGNED(va | pa | size, PAGE_SIZE));
	irqflags_t f = spin_lock_irqsave(&map_lock);
	int err = map_range(va, pa, size, bits);

	spin_unlock_irqrestore(&map_lock, f);
	return err;
}

/* Clears the entry that maps va; the bytes up to its end. */
static unsigned long unmap_one(unsigned long va)
{
	u64 *table = kernel_root;

	for (unsigned l = PT_LEVELS - 1;; l--) {
		u64 *e = &table[index_at(va, l)];
		unsigned long rest = level_size(l) - (va & (level_size(l) - 1));

		if (!(*e & PTE_P))
			return rest;
		if (l == 0 || *e & PTE_PS) {
			*e = 0;
			return rest;
		}
		table = table_of(*e);
	}
}

void arch_kernel_unmap(unsigned long va, unsigned long size)
{
	assert(va >= KERNEL_HALF && IS_ALIGNED(va | size, PAGE_SIZE));
	irqflags_t f = spin_lock_irqsave(&map_lock);

	for (unsigned long at = va, n; at - va < size; at += n)
		n = unmap_one(at);
	spin_unlock_irqrestore(&map_lock, f);
	arch_tlb_flush(atomic_load(&cpu_online_mask), va, va + size);
}

/* At boot, on the only CPU: without the lock. */
static void map_boot(unsigned long va, unsigned long end, paddr_t pa, u64 bits) NO_LOCK_CHECK
{
	if (end > va && map_range(va, pa, end - va, bits))
		panic("out of memory for the kernel's page tables");
}

static void map_image(void)
{
	u64 nx = arch_pte_nx;
	unsigned long guard = (unsigned long)_boot_stack_guard;

	map_boot((unsigned long)_text, (unsigned long)_etext, virt_to_phys(_text), 0);
	map_boot((unsigned long)_rodata, (unsigned long)_erodata, virt_to_phys(_rodata), nx);
	map_boot((unsigned long)_data, guard, virt_to_phys(_data), PTE_W | nx);
	map_boot((unsigned long)_boot_stack, (unsigned long)_kernel_end, virt_to_phys(_boot_stack),
	         PTE_W | nx);
#ifdef CONFIG_KASAN
	map_boot(shadow_at(KERNEL_BASE), shadow_at(KERNEL_BASE) + sizeof(shadow_of_image),
	         virt_to_phys(shadow_of_image), PTE_W | nx);
#endif
}

/* RAM [start, end) into the direct map.  Text and rodata cannot be written through it either; init text can,
 * since that memory is given away after boot. */
static void map_direct(paddr_t start, paddr_t end)
{
	const struct boot_range ro[] = { { virt_to_phys(_text), virt_to_phys(_init_text) },
		                         { virt_to_phys(_rodata), virt_to_phys(_erodata) } };

	for (unsigned i = 0; i < ARRAY_SIZE(ro); i++) {
		if (start >= ro[i].end || end <= ro[i].start)
			continue;
		map_direct(start, ro[i].start);
		map_boot(DIRECT_MAP + ro[i].start, DIRECT_MAP + ro[i].end, ro[i].start, arch_pte_nx);
		map_direct(ro[i].end, end);
		return;
	}
	if (start < end)
		map_boot(DIRECT_MAP + start, DIRECT_MAP + end, start, PTE_W | arch_pte_nx);
}

void arch_memory_init(void)
{
	static const unsigned long roots[] = { DIRECT_MAP, KMAP_START, VMEMMAP,
		                               KERNEL_BASE SHADOW_ROOT_LIST };
	unsigned n = boot_info.nr_ram;

	for (unsigned i = 0; i < ARRAY_SIZE(roots); i++)
		kernel_root[index_at(roots[i], 3)] = virt_to_phys(root_tables[i]) | PTE_P | PTE_W | PTE_A;
	kernel_root[index_at(ESPFIX_BASE, 3)] = espfix_root_entry();
	arch_kernel_pgtable = (struct pgtable){ .root = virt_to_phys(kernel_root) };

	map_image();
	map_direct(0, 1 << 20); /* firmware's low memory: trampoline, fw tables */
	for (unsigned i = 0; i < n; i++)
		map_direct(MAX(boot_info.ram[i].start, 1UL << 20), boot_info.ram[i].end);
	arch_pgtable_activate(&arch_kernel_pgtable);
	table_source = TABLES_EARLY;
	shadow_init();
}

void arch_memory_ready(void)
{
	table_source = TABLES_PAGES;
}

static DEFINE_PERCPU(paddr_t, active_root);

bool mmu_is_active(const struct pgtable *pt)
{
	return this_cpu(active_root) == pt->root;
}

void arch_pgtable_activate(const struct pgtable *pt)
{
	paddr_t *active = this_cpu_ptr(active_root);

	if (*active == pt->root)
		return;
	*active = pt->root;
	write_cr3(pt->root);
	ldt_activate(pt->ldt);
}
