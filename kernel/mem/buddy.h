/* SPDX-License-Identifier: MIT
 * mem/buddy.h - inside mem: blocks of 2^order pages.  Any context; irqs may be on or off. */
#pragma once
#include <mem/page.h>

/* A block, or NULL when none is free or the reserve for `flags` (enum alloc_flags) would be touched. */
struct page *buddy_alloc(unsigned order, unsigned flags);
/* Up to n single pages into out[]; their number. */
unsigned buddy_alloc_batch(struct page **out, unsigned n, unsigned flags);
void buddy_free(struct page *p, unsigned order);
void buddy_free_batch(struct page **pages, unsigned n);
/* Makes the pages [start, end) free ones; the reserves are computed anew. */
void buddy_add(pfn_t start, pfn_t end);
void buddy_init(void);
u64 buddy_free_pages(void);
u64 buddy_total_pages(void);
