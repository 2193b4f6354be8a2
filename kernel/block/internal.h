/* SPDX-License-Identifier: MIT
 * block/internal.h - between the files of this folder. */
#pragma once
#include <block/disk.h>
#include <block/stats.h>

enum { BDEV_UUID = 40, BDEV_LABEL = 40 };
enum { EXT_MAJOR = 259 }; /* partitions beyond a disk's own minors */

struct block_device {
	struct refcount ref;   /* one is the registry's while it is listed */
	struct list_head link; /* registry, bdev_lock */
	struct list_head part_link;
	struct disk *disk;
	u64 start, size; /* bytes; start: on the disk.  size: atomically */
	dev_t dev;
	u32 block_size;  /* BLKBSZSET */
	u32 read_ahead;  /* BLKRASET, sectors */
	bool read_only;  /* BLKROSET, atomically; the device's own is in the limits */
	unsigned partno; /* 0: the whole disk */
	char name[DISK_NAME];
	char uuid[BDEV_UUID], label[BDEV_LABEL]; /* of the partition's entry: PARTUUID, PARTLABEL */
	const void *holder;                      /* bdev_lock */
	unsigned claims, openers;                /* bdev_lock; openers: also open files */
	struct mapping mapping;
	struct bdev_stats stats;
};
/* What a bio waits for. */
enum request_step {
	RQ_DATA,     /* its own transfer */
	RQ_PREFLUSH, /* the flush before it */
	RQ_FLUSH_LAST, /* a flush, the last thing: of BIO_FLUSH itself, or after a write without FUA in the device */
};

/* bio.c: where those who wait for an object sleep (by hash of its address). */
struct waitq *block_waitq(const void *key);

/* queue.c */
/* Hands a bio to the device, merging it with what waits already.  Must not sleep. */
void queue_submit(struct bio *b);
void plug_add(struct thread *t, struct bio *b);
void block_init_plug(void);
void block_plug_flush(void);         /* the running thread's, without ending the plug */
void queue_throttle(struct disk *d); /* sleeps while very much waits for the device */
/* bio.c: the end of one bio, with its statistics. */
void bio_finish(struct bio *b, int err);
/* flush.c */
/* b wants a flush of the device's cache that begins after now; goes on with request_flushed(). */
void flush_add(struct bio *b);
void flush_done(struct disk *d, int err);
/* queue.c: the flush that b waited for is over. */
void request_flushed(struct bio *b, int err);

/* bdev.c */
/* A device of the disk; partno 0: the whole.  Not listed yet.  NULL: no memory or no number. */
struct block_device *bdev_create(struct disk *d, unsigned partno, u64 start, u64 size);
void bdev_publish(struct block_device *b);
/* Takes it off the list: 0, or -EBUSY when it is open or claimed. */
MUST_CHECK int bdev_unpublish(struct block_device *b);
bool bdev_in_use(struct block_device *b);
void disk_init(void);

/* Partition tables: each adds partitions with scan_add and answers 0, -ENOENT (not its kind), -EIO, -ENOMEM. */
struct partition_scan {
	struct disk *disk;
	unsigned block_size; /* logical */
	u64 blocks;          /* of the disk */
	unsigned found;
};
enum { PARTITIONS_MAX = 255 };
/* Reads one logical block; 0, -EIO. */
MUST_CHECK int scan_read(struct partition_scan *s, u64 lba, u8 *buf);
/* start and count in logical blocks; what does not fit the disk is refused (false). */
bool scan_add(struct partition_scan *s, unsigned number, u64 start, u64 count, const char *uuid,
              const char *label);
int mbr_scan(struct partition_scan *s);
int gpt_scan(struct partition_scan *s);
int partitions_scan(struct disk *d); /* partition.c: adds what is there */
/* cache.c */
extern const struct mapping_ops bdev_mapping_ops;
