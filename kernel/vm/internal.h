/* SPDX-License-Identifier: MIT
 * vm/internal.h - what the files of vm/ share and nobody else sees.
 *
 * "Write lock" below means space->lock held for writing, "pt_lock" space->pt_lock. */
#pragma once
#include <vm/space.h>
#include <mem/slab.h>
#include <base/percpu.h>
#include <abi/errno.h>

enum { VM_MAX_MAPS = 65530 };               /* vm.max_map_count of Linux */
#define VM_STACK_GAP (256UL * PAGE_SIZE)    /* kept free below a growing stack, as Linux */
enum { VM_ACCESS_FORCE = 16 };              /* enum vm_access: ptrace writes to what the program may not */
#define VM_LEAF_SPAN (PAGE_SIZE << PT_BITS) /* bytes that one leaf table maps */
#define VM_PROT_BITS ((u32)(VM_READ | VM_WRITE | VM_EXEC))

/* ---- entries ---- */
/* PROT_NONE keeps the page but hides it: the entry loses its present bit, which is bit 0 on every CPU with radix
 * tables, and keeps the rest.  It is then neither pte_none() nor pte_present(). */
static inline pte_t pte_hide(pte_t e)
{
	return e & ~(pte_t)1;
}
static inline pte_t pte_show(pte_t e)
{
	return e | 1;
}
/* The first entry >= i that is not none, or n.  Entries come in runs: after an empty one, eight at a time. */
static inline unsigned pte_next(const pte_t *pte, unsigned i, unsigned n)
{
	while (i < n) {
		if (!pte_none(pte[i]))
			return i;
		i++;
		while (!(i & 7) && i + 8 <= n &&
		       !(pte[i] | pte[i + 1] | pte[i + 2] | pte[i + 3] | pte[i + 4] | pte[i + 5] |
		         pte[i + 6] | pte[i + 7]))
			i += 8;
	}
	return n;
}
/* The entry of a vma for a frame; `write`: as far as the vma allows. */
static inline pte_t vma_make_pte(const struct vma *v, paddr_t pa, bool write)
{
	u32 prot = v->flags & VM_PROT_BITS;
	pte_t e = pte_make_user(pa, write ? prot : prot & ~(u32)VM_WRITE);

	return likely(prot) ? e : pte_hide(e);
}
static inline u64 vma_pages(const struct vma *v)
{
	return (v->end - v->start) >> PAGE_SHIFT;
}
static inline u64 vma_index(const struct vma *v, uaddr_t addr)
{
	return v->pgoff + ((addr - v->start) >> PAGE_SHIFT);
}
/* Which resident counter a page of the vma belongs to. */
static inline s64 *vma_rss(struct vm_space *s, const struct vma *v, const struct page *p)
{
	if (p->flags & PAGE_ANON)
		return &s->rss_anon;
	return v->mapping && v->mapping->counter == MEMC_SHMEM ? &s->rss_shmem : &s->rss_file;
}
/* Where the room below a vma ends: a stack keeps its guard gap free. */
static inline uaddr_t vma_gap_start(const struct vma *v)
{
	if (!(v->flags & VM_GROWSDOWN))
		return v->start;
	return v->start > VM_STACK_GAP ? v->start - VM_STACK_GAP : 0;
}

/* ---- space.c ---- */
/* A space with the fields of `old` (write lock) that a child inherits, but empty; exe is not set. NULL = no memory. */
struct vm_space *vm_space_copy_fields(struct vm_space *old);

/* ---- vma.c: the tree; all under the write lock ---- */
struct vma *vma_alloc(void);  /* not zeroed; NULL = no memory */
void vma_free(struct vma *v); /* drops the file; may sleep */
void vma_init_cache(void);
/* Puts v into the tree, or, when it continues a neighbour of equal attributes, into that one (v is freed). Counts
 * its pages.  The vma that now covers the range. */
struct vma *vma_insert(struct vm_space *s, struct vma *v) MUST_HOLD(&s->lock);
/* As vma_insert, without looking for neighbours to merge with; `after` in the mapping's list, NULL = anywhere. */
void vma_link(struct vm_space *s, struct vma *v, struct vma *after) MUST_HOLD(&s->lock);
/* Takes v out of the tree and of its mapping's list and uncounts its pages; the caller frees it. */
void vma_unlink(struct vm_space *s, struct vma *v) MUST_HOLD(&s->lock);
void vma_unlink_mapping(struct vma *v);
/* v keeps [start, addr), a new vma has the rest.  0 or -ENOMEM (also too many vmas). */
MUST_CHECK int vma_split(struct vm_space *s, struct vma *v, uaddr_t addr) MUST_HOLD(&s->lock);
/* Joins v with its neighbours where attributes are equal; the vma that covers v's range now. */
struct vma *vma_merge(struct vm_space *s, struct vma *v) MUST_HOLD(&s->lock);
/* Moves the ends of v; pgoff belongs to the new start.  Does not count. */
void vma_set_range(struct vma *v, uaddr_t start, uaddr_t end, u64 pgoff);
/* Gives [start, end) of v other flags, splitting as needed, not merging: *out is the part.  0 or -ENOMEM. */
MUST_CHECK int vma_set_flags(struct vm_space *s, struct vma *v, uaddr_t start, uaddr_t end, u32 flags,
                             struct vma **out) MUST_HOLD(&s->lock);
struct vma *vma_prev(const struct vma *v);
static inline struct vma *vma_first(struct vm_space *s)
{
	struct rb_node *n = rb_first(&s->vmas);
	return n ? rb_entry(n, struct vma, rb) : NULL;
}
struct vma *vma_last(struct vm_space *s);
/* The vma that meets [start, end), or NULL. */
struct vma *vma_intersect(struct vm_space *s, uaddr_t start, uaddr_t end);

/* ---- account.c ---- */
void vm_account(struct vm_space *s, u32 flags, s64 pages); /* counters of vmas; not the commit charge */
/* May the space have `pages` more with these flags?  RLIMIT_AS, RLIMIT_DATA. */
bool vm_may_expand(const struct vm_space *s, u32 flags, u64 pages);
/* Must a mapping with these flags be charged? */
static inline bool vm_flags_accountable(u32 flags)
{
	return (flags & (VM_WRITE | VM_SHARED | VM_NORESERVE | VM_SPECIAL)) == VM_WRITE;
}
/* 0, or -EAGAIN when `pages` more locked ones would pass RLIMIT_MEMLOCK. */
MUST_CHECK int vm_may_lock(const struct vm_space *s, u64 pages);

/* ---- gap.c ---- */
/* A free range of len bytes by mmap's rules; hint may be 0.  The address or -ENOMEM.  Write lock. */
long vm_find_gap(struct vm_space *s, uaddr_t hint, size_t len, bool low32) MUST_HOLD(&s->lock);
/* [start, end) is free now.  Write lock. */
void vm_gap_freed(struct vm_space *s, uaddr_t end) MUST_HOLD(&s->lock);

/* ---- zap.c: unmapping pages; under pt_lock ---- */
enum { VM_BATCH_PAGES = 120 };
/* Pages that were unmapped and may be freed once no TLB knows them. */
struct vm_batch {
	struct vm_space *space;
	uaddr_t start, end; /* to flush; empty when start >= end */
	unsigned nr;
	struct page *pages[VM_BATCH_PAGES];
};
static inline void vm_batch_init(struct vm_batch *b, struct vm_space *s)
{
	b->space = s;
	b->start = ~0UL;
	b->end = 0;
	b->nr = 0;
}
static inline void vm_batch_note_range(struct vm_batch *b, uaddr_t start, uaddr_t end)
{
	if (start < b->start)
		b->start = start;
	if (end > b->end)
		b->end = end;
}
static inline void vm_batch_note(struct vm_batch *b, uaddr_t va)
{
	vm_batch_note_range(b, va, va + PAGE_SIZE);
}
/* Flushes and drops the pages. */
void vm_batch_finish(struct vm_batch *b);
/* Unmaps [start, end) of v; `cows`: private copies too.  May finish the batch on the way. */
void vm_zap(struct vm_batch *b, struct vma *v, uaddr_t start, uaddr_t end, bool cows);
/* Drops cached translations of [start, end) (end = 0: all) wherever the space is active. */
void vm_flush(struct vm_space *s, uaddr_t start, uaddr_t end);
void vm_flush_page(struct vm_space *s, uaddr_t va);
/* Unmaps pages [first, last] of m everywhere; without `cows` private copies stay (hole punching). May sleep. */
void vm_unmap_mapping_pages(struct mapping *m, u64 first, u64 last, bool cows);
/* Makes the shared mappings of pages [first, last] read-only, so that the next write marks them dirty again. */
void vm_clean_mapping(struct mapping *m, u64 first, u64 last);

/* ---- munmap.c ---- */
/* Cuts the vmas at start and end. *first is the first vma inside, NULL = none.  0 or -ENOMEM: nothing has changed, but
 * pointers to vmas near by may be stale. */
MUST_CHECK int vm_split_edges(struct vm_space *s, uaddr_t start, uaddr_t end, struct vma **first)
        MUST_HOLD(&s->lock);
/* Unmaps [start, end) under the write lock; removed vmas go to `dead`, to be freed after unlocking. 0, -ENOMEM. */
MUST_CHECK int vm_unmap_locked(struct vm_space *s, uaddr_t start, uaddr_t end, struct list_head *dead)
        MUST_HOLD(&s->lock);
void vm_free_dead(struct list_head *dead);

/* ---- fault.c, fault_file.c, stack.c ---- */
extern paddr_t vm_zero_page;
/* The fault in a known vma; space->lock held (shared is enough), addr inside v. */
enum vm_fault_result vm_fault_vma(struct vm_space *s, struct vma *v, uaddr_t addr, unsigned access);
/* pt_lock held; may drop and retake it.  *pte is none. */
enum vm_fault_result vm_fault_file(struct vm_space *s, struct vma *v, uaddr_t addr, bool write, pte_t *pte)
        MUST_HOLD(&s->pt_lock);
/* A page for private memory, counted, with one mapping; NULL = no memory. */
struct page *vm_anon_alloc(bool zero);
/* Puts a fresh private page into *pte. pt_lock held. */
void vm_anon_install(struct vm_space *s, struct vma *v, pte_t *pte, struct page *p) MUST_HOLD(&s->pt_lock);
/* Extends a stack down to addr; true when addr is inside a vma now.  No lock held. */
bool vm_stack_grow(struct vm_space *s, uaddr_t addr);
/* Faults pages of [start, end) in.  0, -ENOMEM (also a hole), -EFAULT.  No lock held. */
int vm_populate(struct vm_space *s, uaddr_t start, uaddr_t end, unsigned access);

/* ---- mapping.c ---- */
void mapping_init_waitqs(void);
/* PAGE_LOCKED; sleeps. */
void page_lock(struct page *p);
bool page_trylock(struct page *p);
void page_unlock(struct page *p); /* any context */
void page_wait_writeback(struct page *p);
void page_end_writeback(struct page *p); /* any context */
/* What a page of the cache leaves behind when it goes. */
enum { PAGE_CACHE_FLAGS = PAGE_DIRTY | PAGE_UPTODATE | PAGE_ERROR | PAGE_REFERENCED | PAGE_READAHEAD };

/* ---- writeback.c ---- */
/* page_mark_dirty() for who holds the lock of the page's mapping. */
void page_mark_dirty_locked(struct mapping *m, struct page *p) MUST_HOLD(&m->lock);
/* p leaves the mapping: it is no longer counted as dirty. */
void page_forget_dirty(struct mapping *m, struct page *p) MUST_HOLD(&m->lock);
/* The mapping dies: out of the flusher's list. */
void writeback_forget(struct mapping *m);
/* Is any page dirty?  Writes the mapping that became dirty first, if that was before `until`: false when there is
 * none. */
bool writeback_pending(void);
bool writeback_oldest(ktime_t until);

/* ---- flusher.c ---- */
void flusher_init(void);

/* ---- readahead.c ---- */
/* A fault at index: reads the pages around it, by VM_RAND_READ and VM_SEQ_READ of the vma. */
void mapping_read_around(struct mapping *m, u64 index, u32 vma_flags);

/* ---- reclaim.c ---- */
/* The first page came into m (m->lock held); the mapping dies. */
void reclaim_note_mapping(struct mapping *m);
void reclaim_forget_mapping(struct mapping *m);
void reclaim_init(void);
/* zap.c, for reclaim: unmaps page p of m, clean, from where it was not used lately.  Gives up rather than wait for a
 * sleeping lock. */
void vm_try_unmap_page(struct mapping *m, u64 index);

/* ---- shmem.c: MAP_SHARED | MAP_ANONYMOUS ---- */
/* Fills mapping, file and ops of v; the reference is v's.  0 or -ENOMEM. */
MUST_CHECK int vm_shmem_create(struct vma *v, size_t len, bool reserve);
