/* SPDX-License-Identifier: MIT
 * arch/x86_64/shadow.h - where the shadow of kernel memory is mapped (KASAN=1). */
#pragma once
#include <arch/pgtable.h>

#ifdef CONFIG_KASAN
static inline unsigned long shadow_at(unsigned long va)
{
	return (va >> 3) + SHADOW_OFFSET;
}
/* What mmu.c makes root entries for: the shadows of the direct map, of kmap and of the image. */
enum { SHADOW_ROOTS = 3 };
#define SHADOW_ROOT_LIST                                                                                     \
	, (DIRECT_MAP >> 3) + SHADOW_OFFSET, (KMAP_START >> 3) + SHADOW_OFFSET,                              \
	        (KERNEL_BASE >> 3) + SHADOW_OFFSET
extern char shadow_of_image[SHADOWED_IMAGE / 8];
void shadow_init(void); /* on the kernel's page tables, before mem_init */
#else
enum { SHADOW_ROOTS = 0 };
#define SHADOW_ROOT_LIST
static inline void shadow_init(void) {}
#endif
