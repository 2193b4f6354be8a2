/* SPDX-License-Identifier: MIT
 * block/block.h - disks and partitions: requests to them, and how a file system reads and writes blocks.
 *
 * A bio is one request for consecutive sectors whose bytes lie in pieces of pages.  Who makes it owns it and
 * its pages until `end` is called (interrupt context or the submitter's own; must not sleep).  Offsets and
 * lengths are in bytes and multiples of the device's logical block.
 */
#pragma once
#include <base/refcount.h>
#include <lib/list.h>
#include <mem/page.h>
#include <vm/mapping.h>

struct block_device;
enum bio_op { BIO_READ, BIO_WRITE, BIO_FLUSH, BIO_DISCARD, BIO_WRITE_ZEROES };
enum bio_flag {
	BIO_FUA = 1,      /* write: on stable storage when it ends */
	BIO_PREFLUSH = 2, /* write: what ended before is on stable storage first */
	BIO_META = 4,     /* for the trace */
};
struct bio_vec {
	struct page *page;
	u32 offset, len;
};
/* The block layer's part of a bio, from bio_submit until end: a bio and the neighbours merged behind it are one
 * request of the device; the first one's part speaks for all. */
struct block_request {
	struct bio *next, *last; /* the chain; last: of the head alone */
	u64 offset, len;         /* bytes, from the start of the disk; of the chain in the head */
	u64 done;                /* of a discard in several pieces: bytes behind us */
	ktime_t start;           /* when it was submitted */
	u16 nr_vecs;             /* of the chain */
	u8 step;                 /* enum request_step */
	bool alone;              /* not merged: it is a second try */
	int error;               /* the device's answer */
};
struct bio {
	struct block_device *bdev;
	enum bio_op op;
	u32 flags;
	u64 offset; /* bytes from the start of bdev (a partition's own start) */
	u64 len;    /* bytes: the sum of vecs, or the range of a discard */
	u16 nr_vecs, max_vecs;
	int error;                  /* set before end: 0, -EIO, -ENOSPC, -EOPNOTSUPP, -EROFS */
	void (*end)(struct bio *b); /* may free the bio */
	void *private;              /* the owner's */
	struct list_head link;      /* the owner's until it is submitted, the block layer's then */
	struct block_request rq;
	struct bio_vec vecs[];
};
/* Room for max_vecs pieces; NULL: no memory. */
struct bio *bio_alloc(struct block_device *bdev, enum bio_op op, u64 offset, unsigned max_vecs);
void bio_free(struct bio *b);
/* Appends a piece; false: full, or more than the device takes in one request. */
bool bio_add(struct bio *b, struct page *p, u32 offset, u32 len);
/* Hands it to the device; `end` is called exactly once, also for errors.  May sleep while the queue is full. */
void bio_submit(struct bio *b);
/* The same, and waits: its error.  `end` and `private` are used for the waiting; the caller frees it. */
int bio_submit_wait(struct bio *b);

/* Holds back the running thread's requests so that neighbours are merged; nests; sleeping ends it. */
void block_plug(void);
void block_unplug(void);

/* One contiguous kernel buffer (any direct-map memory), synchronously. 0 or -EIO ... */
int bdev_read(struct block_device *d, u64 offset, void *buf, size_t n);
int bdev_write(struct block_device *d, u64 offset, const void *buf, size_t n, u32 bio_flags);
/* All writes that ended are on stable storage; 0 at once where the device has no write cache. */
int bdev_flush(struct block_device *d);
int bdev_discard(struct block_device *d, u64 offset, u64 n);      /* -EOPNOTSUPP */
int bdev_write_zeroes(struct block_device *d, u64 offset, u64 n); /* by the device, or by writing zeros */

u64 bdev_size(const struct block_device *d);               /* bytes */
unsigned bdev_logical_block(const struct block_device *d); /* bytes: 512 .. 4096 */
bool bdev_read_only(const struct block_device *d);
dev_t bdev_dev(const struct block_device *d);
const char *bdev_name(const struct block_device *d); /* "vda1" */
/* The device's own page cache (what /dev/vda shows); a mounted file system keeps its own buffers. */
struct mapping *bdev_mapping(struct block_device *d);

/* A reference to the device with this number, or NULL. */
struct block_device *bdev_find(dev_t dev);
/* By name without /dev/, "vda1", or LABEL=, UUID=, PARTUUID= words (for root=). */
struct block_device *bdev_find_name(const char *name);
/* Takes it for one holder alone (a mounted file system, a loop device, swap): 0 or -EBUSY. */
int bdev_claim(struct block_device *d, const void *holder);
void bdev_release(struct block_device *d, const void *holder);
bool bdev_claimed_by(struct block_device *d, const void *holder);
/* Writes back and drops its cached pages (before a file system mounts it). */
int bdev_sync(struct block_device *d);
void bdev_put(struct block_device *d);
/* The next device in the order they were found (NULL: the first); puts `d`, gives a reference, NULL at the end. */
struct block_device *bdev_next(struct block_device *d);
void bdev_get(struct block_device *d);
struct disk *bdev_disk(const struct block_device *d);  /* block/disk.h */
unsigned bdev_partition(const struct block_device *d); /* 0: the whole disk */
u64 bdev_start(const struct block_device *d);          /* bytes, on the disk */
const char *bdev_uuid(const struct block_device *d);   /* of the partition's entry in its table; "" */
const char *bdev_label(const struct block_device *d);
u32 bdev_block_size(const struct block_device *d); /* what BLKBSZGET tells: no influence on transfers */
void bdev_set_block_size(struct block_device *d, u32 bytes);
u32 bdev_read_ahead(const struct block_device *d); /* BLKRAGET, sectors of 512 bytes */
void bdev_set_read_ahead(struct block_device *d, u32 sectors);
void bdev_set_read_only(struct block_device *d, bool on); /* BLKROSET */
/* Open files: counted, so that partitions in use stay.  The new number. */
unsigned bdev_open(struct block_device *d);
unsigned bdev_close(struct block_device *d);
unsigned bdev_openers(struct block_device *d);
/* Told of each device that appears or goes (fs/bdev makes nodes).  May sleep. */
extern void (*bdev_added)(struct block_device *d);
extern void (*bdev_removed)(struct block_device *d);
void block_init(void); /* boot, before the first disk */
