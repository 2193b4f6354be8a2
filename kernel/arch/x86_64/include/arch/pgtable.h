/* SPDX-License-Identifier: MIT
 * arch/pgtable.h (x86-64) - page tables: 4 levels of 512 entries of 8 bytes (Intel SDM vol. 3, 4.5).
 *
 * An entry is opaque outside arch/.  The walker in arch/generic is written in terms of PT_LEVELS, PT_BITS
 * and the pte_*() functions, so that 2x10, 3x9 and 4x9 bits are data. */
#pragma once
#include <abi/types.h>

enum { PT_LEVELS = 4, PT_BITS = 9, PT_ENTRIES = 1 << PT_BITS };
#define USER_TOP 0x00007ffffffff000UL /* first address a user may not have */
#define USER_MIN 0x10000UL            /* mmap_min_addr */

typedef u64 pte_t;
#define PTE_P    (1UL << 0)
#define PTE_W    (1UL << 1)
#define PTE_U    (1UL << 2)
#define PTE_PWT  (1UL << 3)
#define PTE_PCD  (1UL << 4)
#define PTE_A    (1UL << 5)
#define PTE_D    (1UL << 6)
#define PTE_PS   (1UL << 7)
#define PTE_G    (1UL << 8)
#define PTE_SW1  (1UL << 9) /* free for vm: special mapping, no struct page accounting */
#define PTE_NX   (1UL << 63)
#define PTE_ADDR 0x000ffffffffff000UL
extern u64 arch_pte_nx; /* PTE_NX, or 0 on a CPU without it */

enum { PROT_R = 1, PROT_W = 2, PROT_X = 4 }; /* same values as PROT_READ.. of mmap(2) */
static inline pte_t pte_make_user(paddr_t pa, unsigned prot)
{
	return pa | PTE_P | PTE_U | PTE_A | (prot & PROT_W ? PTE_W | PTE_D : 0) |
	       (prot & PROT_X ? 0 : arch_pte_nx);
}
static inline bool pte_present(pte_t e)
{
	return e & PTE_P;
}
static inline bool pte_none(pte_t e)
{
	return e == 0;
}
static inline bool pte_writable(pte_t e)
{
	return e & PTE_W;
}
static inline bool pte_dirty(pte_t e)
{
	return e & PTE_D;
}
static inline bool pte_accessed(pte_t e)
{
	return e & PTE_A;
}
static inline paddr_t pte_paddr(pte_t e)
{
	return e & PTE_ADDR;
}
static inline pte_t pte_wrprotect(pte_t e)
{
	return e & ~(PTE_W | PTE_D);
}
static inline pte_t pte_mkwrite(pte_t e)
{
	return e | PTE_W | PTE_D;
}
static inline pte_t pte_mkold(pte_t e)
{
	return e & ~PTE_A;
}
static inline pte_t pte_mkspecial(pte_t e)
{
	return e | PTE_SW1;
}
static inline bool pte_special(pte_t e)
{
	return e & PTE_SW1;
}
static inline pte_t pte_set_prot(pte_t e, unsigned prot, bool allow_write)
{
	e &= ~(PTE_W | PTE_NX);
	return e | (prot & PROT_W && allow_write ? PTE_W : 0) | (prot & PROT_X ? 0 : arch_pte_nx);
}
/* Table entries above the leaves. */
static inline pte_t pte_make_table(paddr_t pa)
{
	return pa | PTE_P | PTE_W | PTE_U | PTE_A;
}

struct ldt;
struct pgtable {
	paddr_t root;
	u32 tables;      /* pages of page tables below the root, for accounting */
	struct ldt *ldt; /* segments of modify_ldt(2); NULL = none; changes under the space's lock */
};

/* ---- arch/generic/pgtable.c; the caller holds the address space's lock ---- */
/* A root with the kernel half shared.  0 or -ENOMEM. */
MUST_CHECK int arch_pgtable_init(struct pgtable *pt);
/* Frees the root; all leaf tables must have been freed. */
void arch_pgtable_destroy(struct pgtable *pt);
/* The leaf entry for va; with `alloc`, missing tables are made (NULL = out of memory), else NULL = no table.
 */
pte_t *arch_pgtable_walk(struct pgtable *pt, uaddr_t va, bool alloc);
/* Calls fn for each existing leaf table part in [start, end): `n` entries from `pte`, the first maps `va`.
 * Stops at and returns the first non-zero result. */
typedef int (*pgtable_leaf_fn)(pte_t *pte, uaddr_t va, unsigned n, void *ctx);
int arch_pgtable_for_each(struct pgtable *pt, uaddr_t start, uaddr_t end, pgtable_leaf_fn fn, void *ctx);
/* Frees tables that lie wholly inside [floor, ceiling) and cover [start, end); their entries must be none. */
void arch_pgtable_free_range(struct pgtable *pt, uaddr_t start, uaddr_t end, uaddr_t floor, uaddr_t ceiling);

/* ---- arch/x86_64 ---- */
/* What belongs to an address space besides the tables: copied at fork, 0 or -ENOMEM; given up. */
MUST_CHECK int arch_pgtable_copy_segments(struct pgtable *to, const struct pgtable *from);
void arch_pgtable_free_segments(struct pgtable *pt);
/* The kernel's own table: no user half.  Entries 256..511 of its root never change after boot, so a new root
 * copies them once and sees all later kernel mappings. */
extern struct pgtable arch_kernel_pgtable;
/* Makes pt the page table of this CPU. */
void arch_pgtable_activate(const struct pgtable *pt);
/* Drops cached translations on the CPUs of the mask (shootdown by IPI; waits). end == 0: everything.
 * Interrupts must be on when the mask has another CPU. */
void arch_tlb_flush(cpumask_t cpus, uaddr_t start, uaddr_t end);
/* This CPU, one page: invlpg. */
static inline void arch_tlb_flush_page_local(uaddr_t va)
{
	__asm__ volatile("invlpg (%0)" ::"r"(va) : "memory");
}
/* Kernel mappings, used by mem: map/unmap pages in the kernel half outside of the direct map. */
enum { KMAP_W = 1, KMAP_X = 2, KMAP_UNCACHED = 4 };
MUST_CHECK int arch_kernel_map(unsigned long va, paddr_t pa, unsigned long size, unsigned flags);
void arch_kernel_unmap(unsigned long va, unsigned long size);

/* ---- the kernel's address space (docs/memory-map.md) ---- */
#define DIRECT_MAP  0xffff888000000000UL /* all RAM, NX */
#define VMEMMAP     0xffffea0000000000UL /* struct page array */
#define KMAP_START  0xffffc90000000000UL /* stacks, device registers */
#define KMAP_END    0xffffc98000000000UL
#define KERNEL_HALF 0xffff800000000000UL /* first kernel address */
#define KERNEL_BASE 0xffffffff80000000UL /* kernel image: virtual = physical + KERNEL_BASE */
#ifdef CONFIG_KASAN
/* The shadow of the byte at `a` is at (a >> 3) + SHADOW_OFFSET (base/sanitizers_address.c); the Makefile says it too. */
#define SHADOW_OFFSET  0xdffffc0000000000UL
#define SHADOWED_IMAGE (16UL << 20) /* bytes from KERNEL_BASE, one large page of shadow */
/* Maps the shadow of kernel memory outside of RAM and image, all of it accessible; 0 or -ENOMEM. */
MUST_CHECK int arch_shadow_map(unsigned long va, unsigned long size);
#endif
static inline void *phys_to_virt(paddr_t pa)
{
	return (void *)(pa + DIRECT_MAP);
}
/* Of a direct-map or kernel-image address. */
static inline paddr_t virt_to_phys(const void *p)
{
	unsigned long va = (unsigned long)p;
	return va >= KERNEL_BASE ? va - KERNEL_BASE : va - DIRECT_MAP;
}
