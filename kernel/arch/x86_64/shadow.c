/* SPDX-License-Identifier: MIT
 * arch/x86_64/shadow.c - memory for the shadow that KASAN=1 builds look at
 *
 * Owns:      the mappings above SHADOW_OFFSET.
 * Layer:     arch/x86_64.  Uses mem (early_alloc, page_alloc).
 * Locks:     shadow_lock: a page of shadow is mapped once; map_lock is taken under it.
 * Contexts:  boot; arch_shadow_map in process context.
 * Manual:    see base/sanitizers_address.c.
 * Tests:     every boot of a KASAN=1 build.
 *
 * Theory
 * ------
 *     image          part of .bss, mapped by boot.S already: code in C has it from its first instruction
 *     RAM            an eighth of it, taken at boot
 *     kernel stacks  with the first stack in a place; it stays for the next one
 *
 * Everything else has none, and is not checked.
 */
#include <arch/pgtable.h>
#include <base/bootinfo.h>
#include <base/kasan.h>
#include <base/panic.h>
#include <base/spinlock.h>
#include <lib/bitmap.h>
#include <mem/kmap.h>
#include <mem/page.h>
#include <abi/errno.h>
#include "shadow.h"

#ifdef CONFIG_KASAN
enum { CHUNK = 64 << 10, LOW_MEMORY = 1 << 20 };
#define STACK_SHADOW ((KSTACK_AREA >> 3) / PAGE_SIZE) /* pages */

char shadow_of_image[SHADOWED_IMAGE / 8] __attribute__((aligned(SHADOWED_IMAGE / 8)));

static struct spinlock shadow_lock = SPINLOCK_INIT("shadow");
static unsigned long mapped[BITMAP_LONGS(STACK_SHADOW)] GUARDED_BY(
        &shadow_lock); /* by pages of stack shadow */

extern char _kernel_end[];

/* The shadow of RAM up to `end`; `done`: what has one already. */
static unsigned long map_ram(unsigned long done, paddr_t start, paddr_t end)
{
	unsigned long at = ALIGN_DOWN(shadow_at(DIRECT_MAP + start), PAGE_SIZE);
	unsigned long stop = ALIGN_UP(shadow_at(DIRECT_MAP + end), PAGE_SIZE);

	for (at = MAX(at, done); at < stop;) {
		unsigned long n = MIN(stop - at, (unsigned long)CHUNK);

		if (arch_kernel_map(at, virt_to_phys(early_alloc(n)), n, KMAP_W))
			panic("no memory for the shadow of RAM");
		at += n;
	}
	return MAX(done, stop);
}

void shadow_init(void)
{
	unsigned long done = map_ram(0, 0, LOW_MEMORY);
	paddr_t end = LOW_MEMORY;

	assert((unsigned long)_kernel_end - KERNEL_BASE <= SHADOWED_IMAGE);
	for (unsigned i = 0; i < boot_info.nr_ram; i++) {
		done = map_ram(done, boot_info.ram[i].start, boot_info.ram[i].end);
		end = MAX(end, boot_info.ram[i].end);
	}
	kasan_start(end, KMAP_START + KSTACK_AREA);
}

static int map_page(unsigned n)
{
	struct page *p = page_alloc(0, ALLOC_ZERO);
	int err = 0;

	if (!p)
		return -ENOMEM;
	irqflags_t f = spin_lock_irqsave(&shadow_lock);
	bool needed = !bitmap_test(mapped, n);
	if (needed) {
		err = arch_kernel_map(shadow_at(KMAP_START) + n * PAGE_SIZE, page_paddr(p), PAGE_SIZE,
		                      KMAP_W);
		if (!err) {
			bitmap_set(mapped, n);
			mem_count(MEMC_KEPT, 1);
		}
	}
	spin_unlock_irqrestore(&shadow_lock, f);
	if (!needed || err)
		page_free(p, 0);
	return err;
}

int arch_shadow_map(unsigned long va, unsigned long size)
{
	unsigned first = (unsigned)((va - KMAP_START) >> 3 >> PAGE_SHIFT);
	unsigned last = (unsigned)((va + size - 1 - KMAP_START) >> 3 >> PAGE_SHIFT);

	assert(va >= KMAP_START && last < STACK_SHADOW);
	for (unsigned n = first; n <= last; n++) {
		irqflags_t f = spin_lock_irqsave(&shadow_lock);
		bool there = bitmap_test(mapped, n);
		spin_unlock_irqrestore(&shadow_lock, f);
		int err = there ? 0 : map_page(n);
		if (err)
			return err;
	}
	return 0;
}
#endif
