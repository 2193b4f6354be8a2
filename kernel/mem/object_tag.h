/* SPDX-License-Identifier: MIT
 * mem/object_tag.h - inside mem: what KASAN=1 builds keep behind each slab object, and freed objects for a while.  Any
 * context.  In other builds all of this is nothing. */
#pragma once
#include <abi/types.h>

/* `slot`: bytes from one object to the next; the tag is the end of it. */
#ifdef CONFIG_KASAN
enum { OBJECT_TAG = 64 };
void object_tag_init(void);
void object_tag_alloc(void *obj, u32 size, u32 slot);
/* Objects of kmalloc: how many bytes were asked for.  obj may be NULL (object_resize). */
void object_tag_resize(void *obj, size_t size, u32 slot);
size_t object_tag_size(const void *obj, u32 size, u32 slot);
/* `good`: obj is where an object begins.  Takes obj; returns an older one that is to be freed now, or NULL. */
void *object_tag_free(void *obj, bool good, u32 size, u32 slot);
void object_tag_describe(const void *obj, u32 slot);
/* Frees some objects of the quarantine; false: there were none. */
bool object_quarantine_drain(void);
u64 object_quarantine_count(void);
/* slab.c: */
void object_free_now(void *obj);
void object_resize(void *obj, size_t size);
void object_describe(unsigned long addr);
#else
enum { OBJECT_TAG = 0 };
static inline void object_tag_init(void) {}
static inline void object_tag_alloc(void *obj, u32 size, u32 slot) {}
static inline size_t object_tag_size(const void *obj, u32 size, u32 slot)
{
	return size;
}
static inline bool object_quarantine_drain(void)
{
	return false;
}
static inline u64 object_quarantine_count(void)
{
	return 0;
}
static inline void object_resize(void *obj, size_t size) {}
#endif
