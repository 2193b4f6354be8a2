/* SPDX-License-Identifier: MIT
 * mem/kmap.c - kernel stacks with guard pages, and device registers
 *
 * Owns:      the kernel's virtual range KMAP_START .. KMAP_END.
 * Layer:     mem.  Uses page.c and arch_kernel_map.
 * Locks:     kmap_lock guards the slots and the shared cache; nothing is taken under it.  A CPU's cache is
 * used with interrupts off by that CPU alone. Contexts:  process context. Tests:     kernel/mem/mem_ktest.c
 *
 * Theory
 * ------
 * The first STACK_SLOTS slots of the range are for stacks, each with an unmapped page below:
 *
 *     | guard | stack ... KSTACK_SIZE | guard | stack ... |                 ... | device registers ->
 *
 * so a stack that overflows faults instead of overwriting its neighbour.  Mapping four pages and, what is
 * worse, unmapping them on all CPUs costs more than the rest of fork and exit together: dead stacks are kept
 * mapped, CPU_STACKS by each CPU and SHARED_STACKS for all, since a child often dies on another CPU.
 *
 * The pages of a stack are chained: slot_first[] names the first, page->index the next.
 */
#include <mem/kmap.h>
#include <base/irq.h>
#include <base/kasan.h>
#include <base/percpu.h>
#include <base/spinlock.h>
#include <lib/bitmap.h>
#include <abi/errno.h>

enum {
	STACK_PAGES = KSTACK_SIZE / PAGE_SIZE,
	STACK_SLOTS = KSTACK_SLOTS,
	CPU_STACKS = 4,
	SHARED_STACKS = 16,
	CHUNK_SLOTS = PAGE_SIZE / sizeof(u32),
};
#define SLOT_SIZE (KSTACK_SIZE + PAGE_SIZE)
#define IO_START  (KMAP_START + KSTACK_AREA)

struct stack_cache {
	u32 count;
	void *stack[CPU_STACKS];
};
static DEFINE_PERCPU(struct stack_cache, stack_caches);

static struct spinlock kmap_lock = SPINLOCK_INIT("kmap");
static unsigned long slots[BITMAP_LONGS(STACK_SLOTS)] GUARDED_BY(&kmap_lock);
static unsigned slot_hint GUARDED_BY(&kmap_lock);
static u32 *
        slot_first[STACK_SLOTS / CHUNK_SLOTS]; /* frame numbers by the page; an entry is its slot's owner's */
static void *shared[SHARED_STACKS] GUARDED_BY(&kmap_lock);
static unsigned nr_shared GUARDED_BY(&kmap_lock);
static unsigned long io_next GUARDED_BY(&kmap_lock) = IO_START;

static unsigned long slot_stack(unsigned slot)
{
	return KMAP_START + slot * SLOT_SIZE + PAGE_SIZE;
}
static unsigned stack_slot(const void *stack)
{
	return (unsigned)(((unsigned long)stack - KMAP_START) / SLOT_SIZE);
}

/* ---- making and unmaking ---- */

/* Reserves a slot and room to note its first frame; -ENOMEM. */
static int slot_take(void)
{
	u32 *spare = NULL;
	for (;;) {
		irqflags_t irq = spin_lock_irqsave(&kmap_lock);
		unsigned slot = bitmap_find_clear(slots, STACK_SLOTS, slot_hint);
		u32 **chunk = slot < STACK_SLOTS ? &slot_first[slot / CHUNK_SLOTS] : NULL;
		if (chunk && !*chunk && spare) {
			*chunk = spare;
			spare = NULL;
			mem_count(MEMC_KEPT, 1);
		}
		bool ok = chunk && *chunk;
		if (ok) {
			bitmap_set(slots, slot);
			slot_hint = slot + 1;
		}
		spin_unlock_irqrestore(&kmap_lock, irq);
		if (ok || !chunk) {
			page_free_virt(spare, 0); /* another CPU was first */
			return ok ? (int)slot : -ENOMEM;
		}
		spare = page_alloc_virt(0, ALLOC_ZERO);
		if (!spare)
			return -ENOMEM;
	}
}

static void slot_give(unsigned slot)
{
	irqflags_t irq = spin_lock_irqsave(&kmap_lock);
	assert(bitmap_test(slots, slot));
	bitmap_clear(slots, slot);
	slot_hint = MIN(slot_hint, slot);
	spin_unlock_irqrestore(&kmap_lock, irq);
}

/* Frees the chain of pages; their number. */
static unsigned pages_free(u32 pfn)
{
	unsigned n = 0;
	for (; pfn; n++) {
		struct page *p = pfn_page(pfn);
		pfn = (u32)p->index;
		page_put(p);
	}
	return n;
}

static void stack_destroy(void *stack)
{
	unsigned slot = stack_slot(stack);
	arch_kernel_unmap((unsigned long)stack, KSTACK_SIZE);
	unsigned n = pages_free(slot_first[slot / CHUNK_SLOTS][slot % CHUNK_SLOTS]);
	mem_count(MEMC_KSTACK, -(long)n);
	slot_give(slot);
}

static void *stack_create(void)
{
	int slot = slot_take();
	if (slot < 0)
		return NULL;
	unsigned long va = slot_stack((unsigned)slot);
	u32 chain = 0;
	unsigned n = 0;
	if (kasan_map(va, KSTACK_SIZE)) {
		slot_give((unsigned)slot);
		return NULL;
	}
	for (; n < STACK_PAGES; n++) {
		struct page *p = page_alloc(0, 0);
		if (!p)
			break;
		p->index = chain;
		chain = (u32)page_pfn(p);
		if (arch_kernel_map(va + n * PAGE_SIZE, page_paddr(p), PAGE_SIZE, KMAP_W))
			break;
	}
	if (n < STACK_PAGES) {
		if (n)
			arch_kernel_unmap(va, n * PAGE_SIZE);
		pages_free(chain);
		slot_give((unsigned)slot);
		return NULL;
	}
	slot_first[slot / CHUNK_SLOTS][slot % CHUNK_SLOTS] = chain;
	mem_count(MEMC_KSTACK, STACK_PAGES);
	return (void *)va;
}

/* ---- the caches ---- */

static void *shared_take(void)
{
	irqflags_t irq = spin_lock_irqsave(&kmap_lock);
	void *stack = nr_shared ? shared[--nr_shared] : NULL;
	spin_unlock_irqrestore(&kmap_lock, irq);
	return stack;
}

static bool shared_give(void *stack)
{
	irqflags_t irq = spin_lock_irqsave(&kmap_lock);
	bool room = nr_shared < SHARED_STACKS;
	if (room)
		shared[nr_shared++] = stack;
	spin_unlock_irqrestore(&kmap_lock, irq);
	return room;
}

void *kstack_alloc(void)
{
	irqflags_t irq = arch_irq_save();
	struct stack_cache *c = this_cpu_ptr(stack_caches);
	void *stack = c->count ? c->stack[--c->count] : NULL;
	arch_irq_restore(irq);
	if (!stack)
		stack = shared_take();
	if (!stack)
		stack = stack_create();
	if (stack)
		kasan_unpoison(stack, KSTACK_SIZE);
	return stack;
}

void kstack_free(void *stack)
{
	assert(stack && (unsigned long)stack == slot_stack(stack_slot(stack)));
	kasan_poison(stack, KSTACK_SIZE, KASAN_STACK);
	irqflags_t irq = arch_irq_save();
	struct stack_cache *c = this_cpu_ptr(stack_caches);
	bool kept = percpu_ready() && c->count < CPU_STACKS;
	if (kept)
		c->stack[c->count++] = stack;
	arch_irq_restore(irq);
	if (!kept && !shared_give(stack))
		stack_destroy(stack);
}

/* Moves this CPU's stacks to the shared cache, as far as there is room. */
static void cache_drain(void *unused)
{
	struct stack_cache *c = this_cpu_ptr(stack_caches);
	while (c->count && shared_give(c->stack[c->count - 1]))
		c->count--;
}

void kstack_shrink(void)
{
	void *stack;
	bool more;
	do {
		more = false;
		cpu_call(atomic_load(&cpu_online_mask), cache_drain, NULL);
		for (; (stack = shared_take()); more = true)
			stack_destroy(stack);
	} while (more);
}

bool kstack_is_guard(unsigned long addr)
{
	return addr >= KMAP_START && addr < IO_START && (addr - KMAP_START) % SLOT_SIZE < PAGE_SIZE;
}

/* ---- device registers ---- */

void *kmap_io(paddr_t pa, size_t size)
{
	paddr_t first = ALIGN_DOWN(pa, PAGE_SIZE);
	size_t bytes = ALIGN_UP(pa - first + size, PAGE_SIZE);
	if (size == 0 || size > KMAP_END - IO_START || pa + size < pa)
		return NULL;
	irqflags_t irq = spin_lock_irqsave(&kmap_lock);
	unsigned long va = io_next;
	bool fits = KMAP_END - va > bytes; /* a page stays unmapped behind each */
	if (fits)
		io_next += bytes + PAGE_SIZE;
	spin_unlock_irqrestore(&kmap_lock, irq);
	if (!fits || arch_kernel_map(va, first, bytes, KMAP_W | KMAP_UNCACHED))
		return NULL;
	return (void *)(va + (pa - first));
}
