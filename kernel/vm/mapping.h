/* SPDX-License-Identifier: MIT
 * vm/mapping.h - the page cache of one object (a file, a block device, shared memory).  vm knows no inode: the
 * owner gives operations. */
#pragma once
#include <lib/xarray.h>
#include <mem/page.h>
#include <sched/mutex.h>

struct mapping;
struct mapping_ops {
	/* Fills a locked page from the store and sets PAGE_UPTODATE; NULL: new pages are zero (tmpfs). 0, -EIO.. */
	int (*read_page)(struct mapping *m, struct page *p);
	int (*write_page)(struct mapping *m,
	                  struct page *p); /* writes a dirty page back; NULL: memory only */
};
struct mapping {
	struct spinlock lock; /* irqs stay on; leaf */
	struct xarray pages GUARDED_BY(&lock);
	u64 nr_pages GUARDED_BY(&lock);
	u64 size; /* bytes of the object; its owner keeps it up to date. Beyond: SIGBUS */
	const struct mapping_ops *ops;
	void *host;            /* the owner: an inode */
	struct list_head vmas; /* that map it (for truncate), under vmas_lock */
	struct mutex vmas_lock;
	enum mem_counter counter; /* MEMC_CACHE or MEMC_SHMEM */
};
void mapping_init(struct mapping *m, const struct mapping_ops *ops, void *host, enum mem_counter counter);
/* The page at index with a reference, or NULL. */
struct page *mapping_find(struct mapping *m, u64 index);
/* As above, but makes (and, with read_page, reads) it.  ERR_PTR(-ENOMEM, -EIO).  May sleep. */
struct page *mapping_get(struct mapping *m, u64 index);
/* A page that will be wholly overwritten: not read.  The caller sets PAGE_UPTODATE. */
struct page *mapping_get_for_write(struct mapping *m, u64 index);
void page_mark_dirty(struct page *p);
/* Drops pages with index >= first, and unmaps them from all address spaces; zeroes the tail of the page that
 * holds `size` when size is not a page multiple. May sleep. */
void mapping_truncate(struct mapping *m, u64 size);
/* Drops pages wholly inside [start, end) bytes and zeroes the partial ones (FALLOC_FL_PUNCH_HOLE). */
void mapping_punch(struct mapping *m, u64 start, u64 end);
/* Writes all dirty pages of [start, end) back. 0 or the first error. */
int mapping_sync(struct mapping *m, u64 start, u64 end);
/* SEEK_DATA, SEEK_HOLE over cached pages (memory-only objects): offset or -ENXIO. */
loff_t mapping_seek(struct mapping *m, loff_t off, loff_t size, bool data);
/* Frees all pages; nobody uses the mapping any more. */
void mapping_destroy(struct mapping *m);
