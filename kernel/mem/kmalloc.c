/* SPDX-License-Identifier: MIT
 * mem/kmalloc.c - memory of any size
 *
 * Owns:      the caches of the size classes.
 * Layer:     mem.  Uses slab.c up to 8 KiB, page.c above.
 * Locks:     none of its own.
 * Contexts:  any with ALLOC_ATOMIC.
 * Tests:     tests/unit/mem_test.c, kernel/mem/mem_ktest.c
 *
 * Classes are the powers of two from 16 to 8192, and 96 and 192, since many structs are a bit larger than 64
 * or 128 bytes.  Objects of a power of two are aligned to their size.
 */
#include <mem/slab.h>
#include "kmalloc.h"
#include "object_tag.h"
#include <lib/bitmap.h>
#include <lib/string.h>

enum { NR_CLASSES = 12, SMALL_MAX = 256, CLASS_MAX = 8192 };

static const struct {
	u16 size;
	const char *name;
} classes[NR_CLASSES] = {
	{ 16, "kmalloc-16" },   { 32, "kmalloc-32" },   { 64, "kmalloc-64" },   { 96, "kmalloc-96" },
	{ 128, "kmalloc-128" }, { 192, "kmalloc-192" }, { 256, "kmalloc-256" }, { 512, "kmalloc-512" },
	{ 1024, "kmalloc-1k" }, { 2048, "kmalloc-2k" }, { 4096, "kmalloc-4k" }, { 8192, "kmalloc-8k" },
};
static struct kmem_cache *class_cache[NR_CLASSES];
static u8 small_class[SMALL_MAX / 16 + 1]; /* by the size in units of 16, rounded up */

void kmalloc_init(void)
{
	for (unsigned i = 0; i < NR_CLASSES; i++) {
		size_t size = classes[i].size, align = size & -size;
		class_cache[i] = kmem_cache_create(classes[i].name, size, align);
	}
	for (unsigned unit = 0, class = 0; unit <= SMALL_MAX / 16; unit++) {
		if (unit * 16 > classes[class].size)
			class ++;
		small_class[unit] = (u8) class;
	}
}

static inline struct kmem_cache *cache_for(size_t size)
{
	if (likely(size <= SMALL_MAX))
		return class_cache[small_class[(size + 15) / 16]];
	return class_cache[log2_up(size) - 2]; /* 512 is class 7 */
}

static unsigned order_of(size_t size)
{
	return log2_up(DIV_ROUND_UP(size, PAGE_SIZE));
}

void *kmalloc(size_t size, unsigned flags)
{
	if (likely(size <= CLASS_MAX)) {
		void *obj = kmem_cache_alloc(cache_for(size), flags);
		object_resize(obj, size);
		return obj;
	}
	if (size > PAGE_SIZE << MAX_ORDER)
		return NULL;
	return page_alloc_virt(order_of(size), flags);
}

void kfree(const void *p)
{
	if (!p)
		return;
	struct page *page = virt_page(p);
	if (likely(page->flags & PAGE_SLAB))
		slab_free_object((void *)p);
	else
		page_free(page, page->order);
}

size_t kmalloc_size(const void *p)
{
	const struct page *page = virt_page(p);
	return page->flags & PAGE_SLAB ? slab_object_size(p) : PAGE_SIZE << page->order;
}

void *krealloc(void *old, size_t new_size)
{
	if (!old)
		return kmalloc(new_size, 0);
	size_t have = kmalloc_size(old);
	if (new_size <= have && new_size >= have / 4)
		return old;
	void *p = kmalloc(new_size, 0);
	if (!p)
		return NULL;
	memcpy(p, old, MIN(have, new_size));
	kfree(old);
	return p;
}

char *kstrdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *p = kmalloc(n, 0);
	return p ? memcpy(p, s, n) : NULL;
}
