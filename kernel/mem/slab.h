/* SPDX-License-Identifier: MIT
 * mem/slab.h - objects of one size from slabs of pages, with per-CPU magazines. */
#pragma once
#include <mem/page.h>

struct kmem_cache;
/* A cache of objects; align a power of two, 0 = 8.  Lives for ever.  Panics at boot when out of memory. */
struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align);
/* NULL when out of memory.  flags: ALLOC_ZERO, ALLOC_ATOMIC, ALLOC_NOFAIL_INJECT. */
void *kmem_cache_alloc(struct kmem_cache *c, unsigned flags);
void kmem_cache_free(struct kmem_cache *c, void *obj);
/* Any size up to 4 MiB (above 8 KiB: whole pages).  NULL = out of memory.  Any context with ALLOC_ATOMIC. */
void *kmalloc(size_t size, unsigned flags);
static inline void *kzalloc(size_t size)
{
	return kmalloc(size, ALLOC_ZERO);
}
void *krealloc(void *old, size_t new_size); /* keeps the bytes; NULL leaves old */
void kfree(const void *p);                  /* NULL is fine */
size_t kmalloc_size(const void *p);         /* usable bytes */
char *kstrdup(const char *s);
/* For /proc/slabinfo and leak tests. */
struct slab_stats {
	const char *name;
	size_t size, slab_pages;
	u64 active, total, slabs;
};
bool slab_stats(unsigned index, struct slab_stats *out);
u64 slab_active_total(void); /* objects in use over all caches */
/* Empties the per-CPU magazines and gives free slabs back (exact leak counts). */
void slab_shrink(void);
void slab_init(void);
