/* SPDX-License-Identifier: MIT
 * mem/buddy.c - the buddy allocator
 *
 * Owns:      the free lists; link, order and PAGE_BUDDY of free pages.
 * Layer:     mem.  Used by page.c alone, which puts per-CPU lists in front of it.
 * Locks:     buddy.lock guards everything here.  Leaf; taken with interrupts off.
 * Contexts:  any.
 * Manual:    Knuth, The Art of Computer Programming, vol. 1, 2.5, "buddy system".
 * Tests:     tests/unit/mem_test.c, kernel/mem/mem_ktest.c
 *
 * Theory
 * ------
 * A block of order k is 2^k pages whose first frame number is a multiple of 2^k.  Its buddy is the block with
 * bit k of that number flipped; together they are the block of order k + 1:
 *
 *     pfn   0   1   2   3   4   5   6   7
 *          [0   1]  [2   3]  [4] [5]  [6   7]       buddy of [0 1] is [2 3], of [4] is [5]
 *
 * Allocation takes the smallest free block that is large enough and halves it; freeing joins a block with its
 * buddy for as long as that is free and of the same order.  Only a free block's head has PAGE_BUDDY, and its
 * `order` says how long it is.  Every frame of a block of MAX_ORDER that holds any RAM has a struct page, so
 * a buddy can be looked at without asking whether it exists; one that is no RAM is never PAGE_BUDDY.
 *
 * Reserves: ALLOC_USER must leave `reserve_user` pages free, other callers `reserve_kernel`; ALLOC_ATOMIC may
 * take the last page.  So the kernel can still work (and reclaim) when processes have taken all they may.
 */
#include "buddy.h"
#include <base/kasan.h>
#include <base/spinlock.h>
#include <lib/bitmap.h>

static struct {
	struct spinlock lock;
	u32 nonempty; /* bit k: free[k] has a block */
	u64 free_pages, total_pages;
	u64 reserve_user, reserve_kernel;
	struct list_head free[MAX_ORDER + 1];
} buddy = { .lock = SPINLOCK_INIT("buddy") };

void buddy_init(void)
{
	for (unsigned k = 0; k <= MAX_ORDER; k++)
		list_init(&buddy.free[k]);
}

static inline void block_insert(struct page *p, unsigned order)
{
	p->flags = PAGE_BUDDY;
	p->order = (u16)order;
	list_add(&p->link, &buddy.free[order]);
	buddy.nonempty |= 1u << order;
}

static inline void block_remove(struct page *p, unsigned order)
{
	debug_assert((p->flags & ~PAGE_REPORTED) == PAGE_BUDDY && p->order == order);
	list_del(&p->link);
	if (list_empty(&buddy.free[order]))
		buddy.nonempty &= ~(1u << order);
	p->flags = 0;
}

/* A block of `order` out of the smallest that is large enough; the rest goes back to the lists. */
static struct page *block_take(unsigned order) MUST_HOLD(&buddy.lock)
{
	u32 usable = buddy.nonempty >> order;
	if (!usable)
		return NULL;
	unsigned k = order + (unsigned)__builtin_ctz(usable);
	struct page *p = list_first_entry(&buddy.free[k], struct page, link);
	block_remove(p, k);
	while (k > order) {
		k--;
		block_insert(p + (1u << k), k);
	}
	buddy.free_pages -= 1u << order;
	return p;
}

static void block_give(struct page *p, unsigned order) MUST_HOLD(&buddy.lock)
{
	buddy.free_pages += 1u << order;
	pfn_t pfn = page_pfn(p);
	for (; order < MAX_ORDER; order++) {
		struct page *b = pfn_page(pfn ^ 1ul << order);
		if (b->flags != PAGE_BUDDY || b->order != order)
			break;
		block_remove(b, order);
		pfn &= ~(1ul << order);
	}
	block_insert(pfn_page(pfn), order);
}

/* Pages that must stay free after an allocation with these flags. */
static inline u64 reserve_for(unsigned flags)
{
	if (flags & ALLOC_ATOMIC)
		return 0;
	return flags & ALLOC_USER ? buddy.reserve_user : buddy.reserve_kernel;
}

struct page *buddy_alloc(unsigned order, unsigned flags)
{
	struct page *p = NULL;
	irqflags_t irq = spin_lock_irqsave(&buddy.lock);
	if (buddy.free_pages >= reserve_for(flags) + (1u << order))
		p = block_take(order);
	spin_unlock_irqrestore(&buddy.lock, irq);
	return p;
}

unsigned buddy_alloc_batch(struct page **out, unsigned n, unsigned flags)
{
	unsigned got = 0;
	irqflags_t irq = spin_lock_irqsave(&buddy.lock);
	u64 reserve = reserve_for(flags);
	u64 may = buddy.free_pages > reserve ? buddy.free_pages - reserve : 0;
	n = (unsigned)MIN((u64)n, may);
	while (got < n) {
		/* The smallest block there is, or as much of it as is wanted: large blocks stay whole. */
		unsigned order = MIN((unsigned)__builtin_ctz(buddy.nonempty), fls64(n - got) - 1);
		struct page *p = block_take(order);
		for (unsigned i = 1u << order; i > 0; i--)
			out[got++] = p + i - 1; /* a stack: the lowest page comes out first */
	}
	spin_unlock_irqrestore(&buddy.lock, irq);
	return got;
}

void buddy_free(struct page *p, unsigned order)
{
	irqflags_t irq = spin_lock_irqsave(&buddy.lock);
	block_give(p, order);
	spin_unlock_irqrestore(&buddy.lock, irq);
}

void buddy_free_batch(struct page **pages, unsigned n)
{
	irqflags_t irq = spin_lock_irqsave(&buddy.lock);
	for (unsigned i = 0; i < n; i++)
		block_give(pages[i], 0);
	spin_unlock_irqrestore(&buddy.lock, irq);
}

/* ---- what the host may have back ---- */

/* Blocks that were told already stand at the end of their list, where they are used last; all others before them. */
unsigned mem_report_begin(struct page **blocks, unsigned n)
{
	unsigned got = 0;
	irqflags_t irq = spin_lock_irqsave(&buddy.lock);

	while (got < n && buddy.free_pages > buddy.total_pages / 8 && !list_empty(&buddy.free[MAX_ORDER])) {
		struct page *p = list_first_entry(&buddy.free[MAX_ORDER], struct page, link);

		if (p->flags & PAGE_REPORTED)
			break;
		block_remove(p, MAX_ORDER);
		buddy.free_pages -= 1u << MAX_ORDER;
		blocks[got++] = p;
	}
	spin_unlock_irqrestore(&buddy.lock, irq);
	return got;
}

void mem_report_end(struct page **blocks, unsigned n, bool told)
{
	irqflags_t irq = spin_lock_irqsave(&buddy.lock);

	for (unsigned i = 0; i < n; i++) {
		struct page *p = blocks[i];

		block_give(p, MAX_ORDER);
		if (!told)
			continue;
		p->flags |= PAGE_REPORTED;
		list_move_tail(&p->link, &buddy.free[MAX_ORDER]);
	}
	spin_unlock_irqrestore(&buddy.lock, irq);
}

/* 1/128 of memory, within bounds, is not for users; a quarter of that for interrupts alone. */
static void reserves_compute(void) MUST_HOLD(&buddy.lock)
{
	u64 user = buddy.total_pages / 128;
	buddy.reserve_user = MAX(MIN(user, 1024ul), 32ul);
	buddy.reserve_kernel = buddy.reserve_user / 4;
}

void buddy_add(pfn_t start, pfn_t end)
{
	irqflags_t irq = spin_lock_irqsave(&buddy.lock);
	while (start < end) {
		unsigned order = MIN(fls64(end - start) - 1, (unsigned)MAX_ORDER);
		if (start)
			order = MIN(order, (unsigned)__builtin_ctzl(start));
		kasan_poison(page_virt(pfn_page(start)), PAGE_SIZE << order, KASAN_PAGE);
		block_give(pfn_page(start), order);
		buddy.total_pages += 1u << order;
		start += 1u << order;
	}
	reserves_compute();
	spin_unlock_irqrestore(&buddy.lock, irq);
}

u64 buddy_free_pages(void)
{
	return atomic_load(&buddy.free_pages);
}

u64 buddy_total_pages(void)
{
	return atomic_load(&buddy.total_pages);
}
