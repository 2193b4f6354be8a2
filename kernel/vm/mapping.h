/* SPDX-License-Identifier: MIT
 * vm/mapping.h - the page cache of one object (a file, a block device, shared memory).  vm knows no inode: the
 * owner gives operations. */
#pragma once
#include <base/errseq.h>
#include <lib/xarray.h>
#include <mem/page.h>
#include <sched/mutex.h>

struct mapping;
struct iov_iter;
/* All may sleep.  A mapping whose ops have read_page has a store; else it lives in memory alone. */
struct mapping_ops {
	/* Fills a locked page from the store, synchronously; the caller sets PAGE_UPTODATE.  Bytes behind the end of
	 * the object are zero.  NULL: new pages are zero (tmpfs).  0, -EIO.. */
	int (*read_page)(struct mapping *m, struct page *p);
	/* Optional.  Starts reading those of the n pages from index on that are not cached, in few requests, and
	 * waits for none: mapping_add_for_read() for each, mapping_read_end() when its bytes are there. */
	void (*read_ahead)(struct mapping *m, u64 index, unsigned n);
	/* Optional.  Before bytes [pos, pos + len) (of one page) become dirty by write(2) or by the first store into a
	 * shared mapping: blocks are allocated or reserved.  Everything it takes (a journal handle, locks) is given
	 * back before it returns: the copy of the bytes that follows may fault.  The inode's lock is held for writing
	 * from write(2), not from a fault.  0, -ENOSPC, -EDQUOT, -EIO. */
	int (*write_begin)(struct mapping *m, u64 pos, unsigned len);
	/* Writes a locked page, which is clean already, back; synchronous.  NULL and no write_pages: memory only. */
	int (*write_page)(struct mapping *m, struct page *p);
	/* Better than write_page: writes the dirty pages with index in [first, last], as mapping_next_dirty_locked()
	 * gives them, in few requests; mapping_write_end() when each is on its way back.  wait: somebody waits for
	 * it (fsync), which is no order to wait here.  0, or why nothing more could be started. */
	int (*write_pages)(struct mapping *m, u64 first, u64 last, bool wait);
	/* Optional, for O_DIRECT: moves bytes between the store and the caller's memory, past the pages.  The owner's
	 * inode is locked (shared for reading); the pages of the range are clean (reading) or not there (writing: the
	 * caller drops those that came back meanwhile).  A write moves the size.  The bytes moved; -EINVAL: not
	 * aligned as the device wants it; -EOPNOTSUPP: a request that has to go through pages; -EIO, -ENOSPC, .. */
	ssize_t (*direct)(struct mapping *m, u64 pos, struct iov_iter *it, bool write);
	/* The flusher takes a reference to the owner, unless the owner is dying (false); `release` drops it. NULL in
	 * memory-only objects.  inode_mapping_hold and inode_mapping_release (fs/inode.h) serve inodes. */
	bool (*hold)(struct mapping *m);
	void (*release)(struct mapping *m);
};
/* Where several mappings lie, for syncfs(2): part of a super block. */
struct mapping_store {
	u32 wb_err; /* errors of write-backs to it: base/errseq.h */
};
enum { XA_DIRTY, XA_WRITEBACK }; /* tags in mapping->pages */
struct mapping {
	struct spinlock lock; /* irqs stay on; leaf but for dirty_lock */
	struct xarray pages GUARDED_BY(&lock);
	u64 nr_pages GUARDED_BY(&lock);
	u64 nr_dirty GUARDED_BY(&lock); /* pages with PAGE_DIRTY; 0 in memory-only objects */
	u64 size; /* bytes of the object; its owner keeps it up to date. Beyond: SIGBUS */
	const struct mapping_ops *ops;
	void *host;                  /* the owner: an inode */
	struct mapping_store *store; /* may be NULL */
	struct list_head vmas;       /* that map it (for truncate), under vmas_lock */
	struct mutex vmas_lock;
	enum mem_counter counter;    /* MEMC_CACHE or MEMC_SHMEM */
	u32 wb_err;                  /* errors of write-backs: base/errseq.h */
	struct list_head dirty_link; /* in the flusher's list while nr_dirty > 0; dirty_lock */
	ktime_t dirtied_when;        /* monotonic: when it entered that list; dirty_lock */
	u32 ra_pages;                /* the largest window of read-ahead; its owner may change it. 0: none */
	/* reclaim.c */
	struct list_head cache_link; /* in the list of mappings whose pages may be dropped */
	u64 clock_hand;              /* the page that it looks at next */
	s32 scanners;                /* that look now */
};
enum { READAHEAD_PAGES = 32 }; /* ra_pages of a new mapping: 128 KiB, as Linux */
/* What the reader of one open file was given: readahead.c. */
struct readahead {
	u64 start; /* the last window */
	u32 size, async;
	u64 prev;                                                               /* the page read last */
	enum { READAHEAD_NORMAL, READAHEAD_SEQUENTIAL, READAHEAD_RANDOM } mode; /* posix_fadvise(2) */
};
void mapping_init(struct mapping *m, const struct mapping_ops *ops, void *host, enum mem_counter counter);
/* Is there a store below?  What has none is never written back and never dropped. */
static inline bool mapping_has_store(const struct mapping *m)
{
	return m->ops && m->ops->read_page;
}
static inline bool mapping_writes_back(const struct mapping *m)
{
	return m->ops && (m->ops->write_page || m->ops->write_pages);
}
/* The page at index with a reference, or NULL. */
struct page *mapping_find(struct mapping *m, u64 index);
/* As above, but makes (and, with read_page, reads) it.  ERR_PTR(-ENOMEM, -EIO).  May sleep. */
struct page *mapping_get(struct mapping *m, u64 index);
/* Puts p (reference 1, in no mapping, its bytes whole) at index and returns it, or returns the page that is there
 * already, up to date, and leaves p to the caller.  A reference is the caller's.  ERR_PTR(-ENOMEM, -EIO). */
struct page *mapping_add_whole(struct mapping *m, u64 index, struct page *p);
/* Its bytes were changed.  The caller keeps the owner of its mapping alive.  Does not sleep. */
void page_mark_dirty(struct page *p);
/* Drops pages with index >= first, and unmaps them from all address spaces; zeroes the tail of the page that
 * holds `size` when size is not a page multiple. Waits for those on their way to the store. May sleep. */
void mapping_truncate(struct mapping *m, u64 size);
/* Drops pages wholly inside [start, end) bytes and zeroes the partial ones (FALLOC_FL_PUNCH_HOLE). */
void mapping_punch(struct mapping *m, u64 start, u64 end);
/* Drops the clean, unmapped, unused pages of [first, last]; the number dropped. May sleep. */
u64 mapping_invalidate(struct mapping *m, u64 first, u64 last);
/* Drops all pages of [first, last], mapped and dirty ones too (the store knows better); waits for those that are
 * busy.  May sleep. */
void mapping_drop(struct mapping *m, u64 first, u64 last);
/* Reading pages in advance.  miss: page index is not there, and `want` pages from it on are asked for;
 * mark_reached: p has PAGE_READAHEAD; read_range: WILLNEED.  May sleep, but not for the data. */
void readahead_miss(struct mapping *m, struct readahead *ra, u64 index, u64 want);
void readahead_mark_reached(struct mapping *m, struct readahead *ra, struct page *p);
void mapping_read_range(struct mapping *m, u64 first, u64 n);
/* Writes the dirty pages of [start, end) bytes back and waits for all that are on their way. 0 or the first error
 * of this call (which is also noted in wb_err). */
int mapping_sync(struct mapping *m, u64 start, u64 end);
/* The same in two steps: starts (sync_file_range); waits, 0 or -EIO when one of them failed meanwhile. */
int mapping_write_start(struct mapping *m, u64 start, u64 end, bool wait);
int mapping_write_wait(struct mapping *m, u64 start, u64 end);
/* The same for all mappings with this `store` (NULL: all there are) that became dirty until now. 0 or the first
 * error. */
int mapping_sync_store(const struct mapping_store *store);
/* A write-back of m failed, or (m NULL) one of what belongs to the store otherwise: noted for fsync(2) and syncfs(2).
 * Any context. */
void mapping_note_error(struct mapping *m, struct mapping_store *store, int err);
/* SEEK_DATA, SEEK_HOLE over cached pages (memory-only objects): offset or -ENXIO. */
loff_t mapping_seek(struct mapping *m, loff_t off, loff_t size, bool data);
/* Frees all pages, dirty ones too; nobody uses the mapping any more. May sleep (for pages on their way). */
void mapping_destroy(struct mapping *m);

/* ---- the flusher and memory pressure ---- */

/* After a page became dirty, no spinlock held: waits while there are too many. */
void flusher_throttle(void);
void flusher_note_dirty(void); /* something became dirty: the thread has work; spinlocks may be held */
void flusher_kick(void);       /* writes what is dirty, now; any context */
/* /proc/sys/vm: percent of the memory for page cache; hundredths of a second. */
extern u32 dirty_ratio, dirty_background_ratio, dirty_expire_cs, dirty_writeback_cs;
/* What fs adds for the fields of inodes: is one dirty; write those that became so before `until`. */
struct flusher_inodes {
	bool (*pending)(void);
	void (*write)(ktime_t until);
};
extern struct flusher_inodes flusher_inodes;
/* Drops up to n clean pages of the cache that were not used lately; their number.  May sleep, calls no file system. */
unsigned long reclaim_pages(unsigned long n);
/* Caches of others (names, inodes), which only the reclaim thread shrinks: frees about n objects, returns how many. */
extern unsigned long (*reclaim_objects)(unsigned long n);
/* Drops every clean, unused page there is (drop_caches). May sleep. */
void reclaim_drop_all(void);

/* ---- for read_ahead and write_pages of file systems ---- */

/* A new page at index, locked, not up to date, with a reference that mapping_read_end drops.  NULL: there is one
 * already, or no memory: leave it out. May sleep. */
struct page *mapping_add_for_read(struct mapping *m, u64 index);
/* Its bytes have come (err 0) or not (-EIO). Any context. */
void mapping_read_end(struct page *p, int err);
/* The next dirty page with index in [*index, last], or NULL: locked, under PAGE_WRITEBACK, clean from now on, shared
 * mappings of it read-only; with a reference.  *index becomes the index after it.  The size to write up to is looked at
 * after this: what made the page dirty had moved it.  Bytes behind that size are not the file's: programs' stores through
 * mappings, and what a write(2) is just putting there.  May sleep. */
struct page *mapping_next_dirty_locked(struct mapping *m, u64 *index, u64 last);
/* The page has reached the device (0) or not (-EIO, -ENOSPC, noted in wb_err): unlocks it and drops the reference.
 * Any context. */
void mapping_write_end(struct page *p, int err);
