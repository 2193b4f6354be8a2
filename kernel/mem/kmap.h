/* SPDX-License-Identifier: MIT
 * mem/kmap.h - kernel virtual mappings outside of the direct map: stacks with guard pages, device registers.
 */
#pragma once
#include <mem/page.h>
#include <arch/switch.h>
enum { KSTACK_SLOTS = 32768 };
/* Bytes from KMAP_START that are for stacks: each with its guard page. */
#define KSTACK_AREA (KSTACK_SLOTS * (unsigned long)(KSTACK_SIZE + PAGE_SIZE))
/* KSTACK_SIZE bytes above an unmapped guard page; the lowest address, or NULL. Not zeroed. */
void *kstack_alloc(void);
void kstack_free(void *stack);
/* Gives the stacks back that are kept for reuse. Process context, interrupts on. */
void kstack_shrink(void);
/* True when addr lies in the guard page of a kernel stack (for the double-fault text). */
bool kstack_is_guard(unsigned long addr);
/* Device registers, uncached; never unmapped. NULL = no space. */
void *kmap_io(paddr_t pa, size_t size);
