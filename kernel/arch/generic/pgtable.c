/* SPDX-License-Identifier: MIT
 * arch/generic/pgtable.c - the page-table walker of CPUs with radix tables
 *
 * Owns:      the table pages of user address spaces, charged to MEMC_TABLE.
 * Layer:     arch/generic: implements a part of arch/pgtable.h.  Uses mem (page_alloc).
 * Locks:     none of its own: the caller holds the address space's pt_lock.
 * Contexts:  process context; nothing sleeps: the callers hold pt_lock.
 * Manual:    Intel SDM vol. 3, 4.5 and 4.10 (what the CPU caches); RISC-V privileged 4.4.
 * Tests:     kernel/vm/vm_ktest.c.
 *
 * Theory
 * ------
 * A tree of PT_LEVELS levels, each table one page of PT_ENTRIES entries.  Level 0 is the leaf: its entries
 * map pages; an entry of level l > 0 covers level_span(l) bytes and points to a table of level l - 1.  So the
 * same code walks 2x10, 3x9 and 4x9 bits; the shape is data in arch/pgtable.h.
 *
 *      root (level 3) -> table (level 2) -> table (level 1) -> leaf table (level 0) -> page
 *
 * CPUs also cache the upper entries.  A table must therefore not be used for anything else before the TLBs
 * were flushed: arch_pgtable_free_range() over a range only unlinks tables and keeps them on a list (headed
 * by the root's struct page); called with an empty range (start == end), after the flush, it frees that list.
 */
#include <arch/pgtable.h>
#include <abi/errno.h>
#include <base/log.h>
#include <base/panic.h>
#include <lib/string.h>
#include <mem/page.h>

static inline unsigned level_shift(unsigned level)
{
	return PAGE_SHIFT + level * PT_BITS;
}

/* Bytes covered by one entry of a level. */
static inline uaddr_t level_span(unsigned level)
{
	return 1UL << level_shift(level);
}

static inline unsigned level_index(uaddr_t va, unsigned level)
{
	return va >> level_shift(level) & (PT_ENTRIES - 1);
}

static inline pte_t *entry_table(pte_t e)
{
	return phys_to_virt(pte_paddr(e));
}

/* The first address behind what the entry of va covers. */
static inline uaddr_t entry_end(uaddr_t va, unsigned level)
{
	return (va | (level_span(level) - 1)) + 1;
}

static struct page *table_alloc(void)
{
	struct page *p = page_alloc(0, ALLOC_ZERO | ALLOC_NOSLEEP);

	if (p) {
		atomic_or(&p->flags, PAGE_TABLE);
		mem_count(MEMC_TABLE, 1);
	}
	return p;
}

static void table_free(struct page *p)
{
	atomic_and(&p->flags, ~PAGE_TABLE);
	mem_count(MEMC_TABLE, -1);
	page_put(p);
}

int arch_pgtable_init(struct pgtable *pt)
{
	struct page *root = table_alloc();

	if (!root)
		return -ENOMEM;

	/* The kernel half: entries are made once at boot and never change, so sharing what they point to is
	 * enough. */
	const pte_t *kernel = phys_to_virt(arch_kernel_pgtable.root);
	pte_t *user = page_virt(root);

	memcpy(user + PT_ENTRIES / 2, kernel + PT_ENTRIES / 2, PT_ENTRIES / 2 * sizeof(pte_t));
	list_init(&root->link);
	pt->root = page_paddr(root);
	pt->tables = 0;
	return 0;
}

void arch_pgtable_destroy(struct pgtable *pt)
{
	struct page *root = paddr_page(pt->root);

	/* Tables that no vma led to (a fault that failed half-way) are found by walking all of the user half.
	 */
	if (unlikely(pt->tables))
		arch_pgtable_free_range(pt, 0, USER_TOP, 0, USER_TOP + PAGE_SIZE);
	arch_pgtable_free_range(pt, 0, 0, 0, 0);
	if (unlikely(pt->tables))
		log_warn("pgtable: %u tables lost", pt->tables);
	table_free(root);
	pt->root = 0;
}

pte_t *arch_pgtable_walk(struct pgtable *pt, uaddr_t va, bool alloc)
{
	pte_t *table = phys_to_virt(pt->root);

	debug_assert(va < USER_TOP);
	for (unsigned level = PT_LEVELS - 1; level > 0; level--) {
		pte_t *e = table + level_index(va, level);

		if (unlikely(!pte_present(*e))) {
			struct page *p = alloc ? table_alloc() : NULL;

			if (!p)
				return NULL;
			pt->tables++;
			/* Another CPU's walk may follow the entry at once: the zeros must be there first. */
			atomic_store_release(e, pte_make_table(page_paddr(p)));
		}
		table = entry_table(*e);
	}
	return table + level_index(va, 0);
}

int arch_pgtable_for_each(struct pgtable *pt, uaddr_t start, uaddr_t end, pgtable_leaf_fn fn, void *ctx)
{
	uaddr_t va = start;

	while (va < end) {
		pte_t *table = phys_to_virt(pt->root);
		unsigned level = PT_LEVELS - 1;

		for (; level > 0; level--) {
			pte_t e = table[level_index(va, level)];

			if (!pte_present(e))
				break;
			table = entry_table(e);
		}

		/* A missing table is skipped as a whole; a leaf table is handed over up to its end. */
		uaddr_t next = entry_end(va, level ? level : 1);

		if (level == 0) {
			uaddr_t stop = MIN(next, end);
			int err = fn(table + level_index(va, 0), va, (unsigned)((stop - va) >> PAGE_SHIFT),
			             ctx);

			if (err)
				return err;
		}
		va = next;
	}
	return 0;
}

static void table_assert_empty(const pte_t *table)
{
#ifdef CONFIG_DEBUG
	for (unsigned i = 0; i < PT_ENTRIES; i++)
		assert(pte_none(table[i]));
#endif
}

/* What is to be freed: below entries of [start, end), tables that lie in [floor, ceiling). */
struct free_walk {
	struct pgtable *pt;
	struct list_head *unlinked;
	uaddr_t floor, ceiling;
};

static void free_below(const struct free_walk *w, pte_t *table, unsigned level, uaddr_t start, uaddr_t end)
{
	for (uaddr_t va = start; va < end; va = entry_end(va, level)) {
		pte_t *e = table + level_index(va, level);
		uaddr_t first = ALIGN_DOWN(va, level_span(level)), behind = entry_end(va, level);

		if (!pte_present(*e))
			continue;
		if (level > 1)
			free_below(w, entry_table(*e), level - 1, va, MIN(end, behind));
		if (first < w->floor || behind > w->ceiling)
			continue;

		struct page *p = paddr_page(pte_paddr(*e));

		table_assert_empty(page_virt(p));
		atomic_store(e, (pte_t)0);
		list_add_tail(&p->link, w->unlinked);
		assert(w->pt->tables > 0);
		w->pt->tables--;
	}
}

void arch_pgtable_free_range(struct pgtable *pt, uaddr_t start, uaddr_t end, uaddr_t floor, uaddr_t ceiling)
{
	struct list_head *unlinked = &paddr_page(pt->root)->link;
	struct page *p, *next;

	if (start < end) {
		struct free_walk w = { pt, unlinked, floor, ceiling };

		free_below(&w, phys_to_virt(pt->root), PT_LEVELS - 1, start, end);
		return;
	}
	list_for_each_entry_safe (p, next, unlinked, link) {
		list_del(&p->link);
		table_free(p);
	}
}
