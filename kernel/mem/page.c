/* SPDX-License-Identifier: MIT
 * mem/page.c - pages: per-CPU lists in front of the buddy allocator, reference counts, statistics
 *
 * Owns:      the per-CPU lists and counters; flags, order and ref of allocated pages at their birth and
 * death. Layer:     mem.  Uses base; arch for the direct map. Locks:     a CPU's list is used with interrupts
 * off by that CPU alone. Contexts:  any with ALLOC_ATOMIC; without, process context (reclaim may sleep).
 * Tests:     tests/unit/mem_test.c, kernel/mem/mem_ktest.c
 *
 * Theory
 * ------
 * A page is in one of these states, told apart by flags and ref:
 *
 *     PAGE_BUDDY (head of a free block)  <-->  PAGE_PCP (free, in a CPU's list)  <-->  allocated, ref > 0
 *                          ^------------------- blocks of order > 0 -------------------^
 *     PAGE_RESERVED (kernel image, page map): ref 1 for ever.
 *
 * The list of a CPU is a stack of at most pcp_limit single pages, refilled and spilled by the batch.  So most
 * allocations take no lock, and the page freed last, still in the cache, is used first.
 * When nothing is left: give this CPU's list back, ask the other CPUs for theirs, reclaim, and try again.
 */
#include "buddy.h"
#include <base/irq.h>
#include <base/kasan.h>
#include <base/percpu.h>
#include <base/spinlock.h>
#include <base/trace.h>
#include <lib/string.h>

enum { PCP_MAX = 64, PCP_BATCH = 16, RECLAIM_TRIES = 3 };

struct pcp {
	u32 count;
	u32 limit; /* 0 until the CPU's first use */
	u64 allocs, frees;
	long counter[MEMC_NR];
	struct page *pages[PCP_MAX];
};
static DEFINE_PERCPU(struct pcp, pcps);

bool (*mem_should_fail)(void);
unsigned long (*mem_reclaim)(unsigned long n);
void (*mem_low)(void);
u64 mem_low_mark;

/* ---- this CPU's list; interrupts are off ---- */

/* May the list be used?  Its size follows the machine's: 64 CPUs must not hoard a small memory. */
static bool pcp_open(struct pcp *pcp)
{
	if (!pcp->limit && percpu_ready())
		pcp->limit =
		        (u32)MAX(MIN(buddy_total_pages() / 256 / cpu_count, (u64)PCP_MAX), (u64)PCP_BATCH);
	return pcp->limit != 0;
}

static struct page *pcp_refill(struct pcp *pcp, unsigned flags)
{
	if (!pcp_open(pcp))
		return buddy_alloc(0, flags);
	pcp->count = buddy_alloc_batch(pcp->pages, PCP_BATCH, flags);
	/* Not from interrupts and the like: the wake-up may need the very lock that is held. */
	if (unlikely(buddy_free_pages() < mem_low_mark) && !(flags & ALLOC_ATOMIC))
		mem_low();
	if (!pcp->count)
		return NULL;
	for (unsigned i = 0; i < pcp->count; i++)
		pcp->pages[i]->flags = PAGE_PCP;
	return pcp->pages[--pcp->count];
}

/* Gives the n coldest pages, those at the bottom of the stack, back. */
static void pcp_spill(struct pcp *pcp, unsigned n)
{
	buddy_free_batch(pcp->pages, n);
	pcp->count -= n;
	memmove(pcp->pages, pcp->pages + n, pcp->count * sizeof(pcp->pages[0]));
}

static void pcp_drain(void *unused)
{
	struct pcp *pcp = this_cpu_ptr(pcps);
	if (pcp->count)
		pcp_spill(pcp, pcp->count);
}

static inline struct page *pcp_take(unsigned flags)
{
	irqflags_t irq = arch_irq_save();
	struct pcp *pcp = this_cpu_ptr(pcps);
	struct page *p = likely(pcp->count) ? pcp->pages[--pcp->count] : pcp_refill(pcp, flags);
	pcp->allocs++;
	arch_irq_restore(irq);
	return p;
}

static inline void pcp_give(struct page *p)
{
	irqflags_t irq = arch_irq_save();
	struct pcp *pcp = this_cpu_ptr(pcps);
	pcp->frees++;
	if (unlikely(pcp->count >= pcp->limit)) {
		if (!pcp_open(pcp)) {
			buddy_free(p, 0);
			goto out;
		}
		if (pcp->count >= pcp->limit)
			pcp_spill(pcp, PCP_BATCH);
	}
	p->flags = PAGE_PCP;
	pcp->pages[pcp->count++] = p;
out:
	arch_irq_restore(irq);
}

/* ---- allocation ---- */

static inline struct page *page_take(unsigned order, unsigned flags)
{
	return order == 0 ? pcp_take(flags) : buddy_alloc(order, flags);
}

/* Memory is short: collect what lies about, then reclaim. */
COLD static struct page *page_alloc_slow(unsigned order, unsigned flags)
{
	irqflags_t irq = arch_irq_save();
	pcp_drain(NULL);
	arch_irq_restore(irq);
	struct page *p = buddy_alloc(order, flags);
	if (p || flags & ALLOC_ATOMIC || !arch_irqs_enabled())
		return p;
	cpu_call(atomic_load(&cpu_online_mask), pcp_drain, NULL);
	p = buddy_alloc(order, flags);
	for (int i = 0; !p && mem_reclaim && !(flags & ALLOC_NOSLEEP) && i < RECLAIM_TRIES; i++) {
		if (!mem_reclaim(MAX(1ul << order, (unsigned long)PCP_BATCH)))
			break;
		if (order > 0)
			cpu_call(BIT(cpu_id()), pcp_drain, NULL);
		p = page_take(order, flags); /* what was reclaimed lies in this CPU's list */
	}
	return p;
}

struct page *page_alloc(unsigned order, unsigned flags)
{
	if (!(flags & (ALLOC_ATOMIC | ALLOC_NOSLEEP)))
		lockdep_might_sleep();
	if (unlikely(mem_should_fail != NULL) && !(flags & ALLOC_NOFAIL_INJECT) && arch_irqs_enabled() &&
	    mem_should_fail())
		return NULL;
	if (unlikely(order > MAX_ORDER))
		return NULL;
	struct page *p = page_take(order, flags);
	if (unlikely(!p)) {
		p = page_alloc_slow(order, flags);
		if (!p)
			return NULL;
	}
	assert(!(p->flags & ~PAGE_PCP) && ref_read(&p->ref) == 0);
	p->flags = 0;
	p->order = (u16)order;
	p->ref.n = 1;
	p->mapcount = 0;
	kasan_unpoison(page_virt(p), PAGE_SIZE << order);
	if (flags & ALLOC_ZERO)
		memset(page_virt(p), 0, PAGE_SIZE << order);
	TRACE3(page_alloc, page_pfn(p), order, flags);
	return p;
}

/* The last reference is gone. */
static void page_release(struct page *p)
{
	unsigned order = p->order;
	assert(!(p->flags & (PAGE_BUDDY | PAGE_PCP | PAGE_SLAB | PAGE_RESERVED)) && p->mapcount == 0);
	TRACE2(page_free, page_pfn(p), order);
	kasan_poison(page_virt(p), PAGE_SIZE << order, KASAN_PAGE);
	if (order == 0)
		pcp_give(p);
	else
		buddy_free(p, order);
}

void page_put(struct page *p)
{
	if (ref_put(&p->ref))
		page_release(p);
}

void page_free(struct page *p, unsigned order)
{
	assert(p->order == order && ref_read(&p->ref) == 1);
	p->ref.n = 0;
	page_release(p);
}

void *page_alloc_virt(unsigned order, unsigned flags)
{
	struct page *p = page_alloc(order, flags);
	return p ? page_virt(p) : NULL;
}

void page_free_virt(void *v, unsigned order)
{
	if (v)
		page_free(virt_page(v), order);
}

/* ---- statistics ---- */

void mem_count(enum mem_counter c, long add)
{
	__atomic_fetch_add(&this_cpu(pcps).counter[c], add, __ATOMIC_RELAXED);
}

/* A counter over all CPUs; one CPU's part alone may be negative. */
static u64 counter_sum(enum mem_counter c)
{
	long sum = 0;
	for (unsigned cpu = 0; cpu < cpu_count; cpu++)
		if (percpu_offset[cpu])
			sum += atomic_load(&percpu_ptr(pcps, cpu)->counter[c]);
	return sum > 0 ? (u64)sum : 0;
}

void mem_stats(struct mem_stats *out)
{
	*out = (struct mem_stats){
		.total_pages = buddy_total_pages(),
		.free_pages = buddy_free_pages(),
		.slab_pages = counter_sum(MEMC_SLAB),
		.table_pages = counter_sum(MEMC_TABLE),
		.kstack_pages = counter_sum(MEMC_KSTACK),
		.kept_pages = counter_sum(MEMC_KEPT),
		.anon_pages = counter_sum(MEMC_ANON),
		.cache_pages = counter_sum(MEMC_CACHE),
		.shmem_pages = counter_sum(MEMC_SHMEM),
		.dirty_pages = counter_sum(MEMC_DIRTY),
		.writeback_pages = counter_sum(MEMC_WRITEBACK),
	};
	for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
		if (!percpu_offset[cpu])
			continue;
		const struct pcp *pcp = percpu_ptr(pcps, cpu);
		out->free_pages += atomic_load(&pcp->count);
		out->allocs += atomic_load(&pcp->allocs);
		out->frees += atomic_load(&pcp->frees);
	}
}
