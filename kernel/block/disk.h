/* SPDX-License-Identifier: MIT
 * block/disk.h - what a driver tells the block layer about a disk, and how it is handed requests.
 *
 * A driver fills a struct disk, registers it, and from then on is called with `issue` for each request.  What it
 * has finished it collects in a list and ends with disk_end(); with room again it calls disk_queue_run(). */
#pragma once
#include <block/block.h>
#include <base/spinlock.h>
#include <sched/waitq.h>

enum { DISK_NAME = 32, DISK_QUEUES_MAX = 32 };
struct disk;

/* One way to the device (a virtqueue).  Its lock guards the driver's side of it too. */
struct disk_queue {
	struct spinlock lock;                       /* irqs off */
	struct list_head pending GUARDED_BY(&lock); /* requests the device has no room for */
	unsigned nr_pending GUARDED_BY(&lock);
	struct disk *disk;
	unsigned index;
	void *private; /* the driver's */
	struct waitq room;
};
struct disk_limits {
	u32 logical, physical; /* block sizes, bytes: 512 .. 4096; physical: what is written in one go */
	u32 io_min, io_opt;    /* hints, bytes; 0: none */
	u32 max_bytes;         /* of one read or write */
	u16 max_segments;      /* pieces of it */
	u32 max_segment;       /* bytes of a piece; 0: any */
	u64 max_discard, max_zeroes; /* bytes of one request; 0: it cannot */
	u32 discard_granularity;     /* bytes */
	bool write_cache, fua;       /* has a volatile cache; can write through it */
	bool read_only, rotational;
	u8 heads, sectors; /* geometry of old, for HDIO_GETGEO; 0: it has none */
};
struct disk_ops {
	/* Gives the request whose first bio is b to the device: 0, -EBUSY (full: disk_queue_run will be called when there
	 * is room), or another error, which ends the request.  b->link is the driver's
	 * until the end.
	 * q->lock is held in both; they must not sleep. */
	int (*issue)(struct disk_queue *q, struct bio *b);
	/* After one or more of them. */
	void (*kick)(struct disk_queue *q);
	/* Optional: nobody has the disk or a partition open or claimed any more.  May sleep. */
	void (*unused)(struct disk *d);
};
struct disk {
	char name[DISK_NAME];                /* "vda" */
	unsigned major, first_minor, minors; /* of the disk and its partitions; more partitions: major 259 */
	const struct disk_ops *ops;
	void *private;
	struct disk_limits limits;
	u64 size;  /* bytes, at registration; disk_resize later */
	bool scan; /* look for partitions */
	char serial[24];
	/* The driver's own text of an attribute (/sys/block/loop0/loop/NAME) into a struct seq; NULL: it has none. */
	int (*show)(struct disk *d, void *seq, const char *name);
	long (*ioctl)(void *file, unsigned cmd,
	              void *arg); /* the disk's own commands, or NULL: see fs/bdev */
	/* The block layer's. */
	struct disk_queue *queues;
	unsigned nr_queues;
	u64 seq;                    /* counts disks and changes of medium */
	bool dead;                  /* every request ends with -EIO */
	struct block_device *whole; /* owned */
	struct list_head parts;     /* block_device.part_link, by number; parts_lock of disk.c */
	struct spinlock flush_lock; /* irqs off */
	struct list_head flush_waiting GUARDED_BY(&flush_lock), flush_running GUARDED_BY(&flush_lock);
	bool flush_busy GUARDED_BY(&flush_lock);
	struct bio *flush_bio; /* the one request for all of flush_running */
};
/* Makes the queues of a disk that is filled as far as `scan`; 0 or -ENOMEM.  May sleep. */
MUST_CHECK int disk_prepare(struct disk *d, unsigned nr_queues);
void disk_unprepare(struct disk *d); /* takes it back, before disk_register */
/* Shows the disk to everyone and looks for partitions: the device must answer.  0, -ENOMEM.  May sleep. */
MUST_CHECK int disk_register(struct disk *d);
/* Another size (bytes), or another medium in a loop device; the partitions stay as they are. */
void disk_resize(struct disk *d, u64 size);
/* Reads the partition table again: 0, -EBUSY when a partition is in use, -EIO...  May sleep. */
int disk_rescan(struct disk *d);
/* Is it, or a partition of it, open or claimed?  And what follows when it is not any more. */
bool disk_in_use(struct disk *d);
void disk_check_unused(struct disk *d);
u64 disk_next_seq(void); /* for d->seq: another medium */
/* Nothing works from now on; the driver has ended what it had, what waits is ended here.  Any context. */
void disk_die(struct disk *d);
/* Issues what waits.  Requests that fail join `done`, for disk_end after the lock is dropped. */
void disk_queue_run(struct disk_queue *q, struct list_head *done) MUST_HOLD(&q->lock);
/* Ends requests: a list of their first bios by `link`, with rq.error set.  No lock held; any context. */
void disk_end(struct list_head *done);
/* The bytes of a request: for each bio of the chain and each of its vecs. */
#define request_for_each_vec(head, b, v)                                                                     \
	for (struct bio *b = (head); b; b = b->rq.next)                                                      \
		for (struct bio_vec *v = b->vecs; v < b->vecs + b->nr_vecs; v++)
