/* SPDX-License-Identifier: MIT
 * mem/mem_ktest.c - tests of pages, slabs and stacks in the running kernel
 *
 * Owns:      nothing.
 * Layer:     mem.
 * Locks:     none.
 * Contexts:  a kernel thread.
 *
 * Random sizes are allocated and freed over many rounds, each object filled with a pattern that is checked
 * before it is freed; afterwards everything is back at the starting count.
 */
#include <base/ktest.h>
#include <mem/kmap.h>
#include <mem/slab.h>
#include <lib/string.h>

enum { HELD = 128, ROUNDS = 20000 };

static u64 next_random(u64 *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

static u64 free_now(void)
{
	struct mem_stats s;
	slab_shrink();
	mem_stats(&s);
	return s.free_pages;
}

KTEST(mem_pages)
{
	static struct page *held[HELD];
	u64 before = free_now();
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned i = (unsigned)next_random(&seed) % HELD, order = (unsigned)next_random(&seed) % 4;
		if (held[i]) {
			KT_CHECK(*(pfn_t *)page_virt(held[i]) == page_pfn(held[i]));
			page_put(held[i]);
			held[i] = NULL;
			continue;
		}
		held[i] = page_alloc(order, 0);
		if (!held[i])
			continue;
		KT_CHECK((page_pfn(held[i]) & ((1u << order) - 1)) == 0);
		*(pfn_t *)page_virt(held[i]) = page_pfn(held[i]);
	}
	for (unsigned i = 0; i < HELD; i++) {
		if (held[i])
			page_put(held[i]);
		held[i] = NULL;
	}
	KT_CHECK(free_now() == before);
	return 0;
}

KTEST(mem_kmalloc)
{
	static u8 *held[HELD];
	static u32 size[HELD];
	u64 objects = (slab_shrink(), slab_active_total()), pages = free_now();
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned i = (unsigned)next_random(&seed) % HELD;
		if (held[i]) {
			KT_CHECK(held[i][0] == (u8)i && held[i][size[i] - 1] == (u8)i);
			kfree(held[i]);
			held[i] = NULL;
			continue;
		}
		size[i] = 1 + (u32)next_random(&seed) % (round % 16 ? 600 : 20000);
		held[i] = kmalloc(size[i], round & 1 ? ALLOC_ZERO : 0);
		if (!held[i])
			continue;
		KT_CHECK(kmalloc_size(held[i]) >= size[i]);
		KT_CHECK(!(round & 1) || (held[i][0] == 0 && held[i][size[i] - 1] == 0));
		memset(held[i], (int)i, size[i]);
	}
	for (unsigned i = 0; i < HELD; i++) {
		kfree(held[i]);
		held[i] = NULL;
	}
	KT_CHECK(free_now() == pages);
	KT_CHECK(slab_active_total() == objects);
	return 0;
}

KTEST(mem_kstacks)
{
	enum { STACKS = 40 };
	void *stack[STACKS];
	kfree(kmalloc(1, 0));
	for (unsigned i = 0; i < STACKS; i++) { /* the first round pays for tables that stay */
		stack[i] = kstack_alloc();
		KT_CHECK(stack[i]);
	}
	for (unsigned i = 0; i < STACKS; i++)
		kstack_free(stack[i]);
	u64 before = free_now();
	for (unsigned i = 0; i < STACKS; i++) {
		stack[i] = kstack_alloc();
		KT_CHECK(stack[i]);
		KT_CHECK(kstack_is_guard((unsigned long)stack[i] - 1));
		KT_CHECK(!kstack_is_guard((unsigned long)stack[i]));
		memset(stack[i], (int)i, KSTACK_SIZE);
	}
	for (unsigned i = 0; i < STACKS; i++) {
		KT_CHECK(((u8 *)stack[i])[KSTACK_SIZE - 1] == (u8)i);
		kstack_free(stack[i]);
	}
	KT_CHECK(free_now() == before);
	return 0;
}
