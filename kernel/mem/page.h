/* SPDX-License-Identifier: MIT
 * mem/page.h - physical pages: struct page for each frame, buddy allocator with per-CPU lists. */
#pragma once
#include <base/refcount.h>
#include <lib/list.h>
#include <arch/pgtable.h>

struct mapping;
enum page_flag {
	PAGE_BUDDY = 1 << 0,    /* free, head of a block of 2^order pages */
	PAGE_SLAB = 1 << 1,     /* belongs to a slab */
	PAGE_RESERVED = 1 << 2, /* never freed: kernel image, memmap, holes */
	PAGE_ANON = 1 << 3,     /* anonymous memory of a process */
	PAGE_DIRTY = 1 << 4,    /* page cache: newer than its backing store */
	PAGE_UPTODATE = 1 << 5, /* page cache: holds the file's bytes */
	PAGE_LOCKED = 1 << 6,   /* page cache: being read or written */
	PAGE_ERROR = 1 << 7,
	PAGE_PCP = 1 << 8,        /* free, in a per-CPU list */
	PAGE_TABLE = 1 << 9,      /* a page of page tables */
	PAGE_WRITEBACK = 1 << 10, /* page cache: on its way to the store; may be read, and made dirty again */
	PAGE_REFERENCED = 1 << 11, /* page cache: used since reclaim looked last */
	PAGE_READAHEAD = 1 << 12,  /* page cache: who reads it should have the pages behind it read */
	PAGE_REPORTED = 1 << 13,   /* free, a block of MAX_ORDER: the host knows, see mem_report_begin */
};
/* 32 bytes a frame, so that the map of 512 MiB is 4 MiB. */
struct page {
	u32 flags;           /* enum page_flag, atomically */
	u16 order;           /* of a free or allocated block's head */
	u16 slab_inuse;      /* slab: objects in use */
	struct refcount ref; /* 0 = free */
	u32 mapcount;        /* page-table entries that map it (user) */
	union {
		struct list_head link; /* free lists, slab lists */
		struct {
			struct mapping *mapping; /* page cache: owner */
			u64 index;               /* page cache: page number in the mapping; anon: unused */
		};
	};
};
_Static_assert(sizeof(struct page) == 32, "struct page is 32 bytes");

static inline pfn_t page_pfn(const struct page *p)
{
	return ((unsigned long)p - VMEMMAP) / sizeof(struct page);
}
static inline struct page *pfn_page(pfn_t pfn)
{
	return (struct page *)VMEMMAP + pfn;
}
static inline paddr_t page_paddr(const struct page *p)
{
	return (paddr_t)page_pfn(p) << PAGE_SHIFT;
}
static inline struct page *paddr_page(paddr_t pa)
{
	return pfn_page(pa >> PAGE_SHIFT);
}
static inline void *page_virt(const struct page *p)
{
	return phys_to_virt(page_paddr(p));
}
static inline struct page *virt_page(const void *v)
{
	return paddr_page(virt_to_phys(v));
}
/* Is there a struct page (RAM) for this frame? */
bool pfn_valid(pfn_t pfn);

enum alloc_flags {
	ALLOC_ZERO = 1,          /* filled with zeros */
	ALLOC_ATOMIC = 2,        /* must not sleep, may dip into the reserve; also in interrupts */
	ALLOC_NOFAIL_INJECT = 4, /* not subject to the failure knob (boot, page cache of the kernel itself) */
	ALLOC_USER =
	        8, /* a page for user memory or page cache: refused when only the kernel's reserve is left */
	ALLOC_NOSLEEP = 16, /* a spinlock is held: no reclaim; interrupts are on, and the reserve stays */
};
enum { MAX_ORDER = 10 };
/* 2^order pages, reference count 1, or NULL.  Without ALLOC_ATOMIC it may sleep in reclaim (none yet). */
struct page *page_alloc(unsigned order, unsigned flags);
/* Drops a reference; at zero the block goes back.  Any context. */
void page_put(struct page *p);
static inline void page_get(struct page *p)
{
	ref_get(&p->ref);
}
/* Frees a block whose one reference the caller holds. */
void page_free(struct page *p, unsigned order);
/* Up to n free blocks of MAX_ORDER that the host was not told of since they became free, taken out of the
 * allocator, but never so many that less than an eighth of memory stays; their number.  mem_report_end puts them
 * back, as told if the host knows them now; what stands in them then is anything.  Any context. */
unsigned mem_report_begin(struct page **blocks, unsigned n);
void mem_report_end(struct page **blocks, unsigned n, bool told);
/* Shorthand for whole pages as memory. */
void *page_alloc_virt(unsigned order, unsigned flags);
void page_free_virt(void *v, unsigned order);

struct mem_stats {
	u64 total_pages, free_pages; /* managed by the allocator; per-CPU lists count as free */
	u64 slab_pages, table_pages, kstack_pages, kept_pages, anon_pages, cache_pages, shmem_pages;
	u64 dirty_pages, writeback_pages;
	u64 allocs, frees;
};
void mem_stats(struct mem_stats *out);
/* Counters kept by the owners of the pages (vm, arch/generic, fs/tmpfs): add may be negative. */
enum mem_counter {
	MEMC_SLAB,
	MEMC_TABLE,
	MEMC_KSTACK,
	MEMC_KEPT, /* for ever: tables of the kernel's mappings, what describes its stacks */
	MEMC_ANON,
	MEMC_CACHE, /* page cache of objects with a store */
	MEMC_SHMEM, /* and of memory-only ones */
	MEMC_DIRTY,
	MEMC_WRITEBACK,
	MEMC_NR
};
void mem_count(enum mem_counter c, long add);
/* Boot: builds the struct page map from boot_info; before it only early_alloc works. */
void mem_init(void);
/* Zeroed memory for ever, before mem_init (physically contiguous, page multiple). */
void *early_alloc(size_t size);
/* Gives pages [start, end) to the allocator (mem_init; after boot: init sections, the unpacked initrd). */
void mem_add_range(paddr_t start, paddr_t end);
/* The failure knob: when set, called for each allocation outside of interrupts; true = fail this one. */
extern bool (*mem_should_fail)(void);
/* Reclaim, registered by vm: frees about n pages, returns the number freed. */
extern unsigned long (*mem_reclaim)(unsigned long n);
/* Called when fewer than mem_low_mark pages are free; any context, must not sleep. */
extern void (*mem_low)(void);
extern u64 mem_low_mark;
