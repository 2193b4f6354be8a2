/* SPDX-License-Identifier: MIT
 *
 * drivers/virtio_blk.c - virtio disks: vda, vdb ...
 *
 * Owns:      major 254; for each queue a set of slots, one for each request that the device has.
 * Layer:     drivers.  Uses dev (virtio), registers with block.
 * Locks:     disk_queue.lock guards the virtqueue and its slots.  The timer's lock stands below it.
 * Contexts:  probe: process context; issue and the interrupt: any, nothing sleeps.
 * Manual:    VIRTIO 1.2, 5.2 "Block Device"
 * Tests:     tests/abi/loop.c, tests/disk.py
 *
 * A request is a chain of buffers: a header (what, which sector), the data, and a byte for the device's answer.  Header
 * and answer stand in the slot.  The device is not trusted: an answer other than OK is an error, and a read that claims
 * to be done with fewer bytes than were asked for is one too.  A device that keeps a request longer than
 * `virtio_blk.timeout=SECONDS` (180) is reset, and all it had ends with EIO.
 */
#include <drivers/drivers.h>
#include <abi/errno.h>
#include <base/clock.h>
#include <base/cmdline.h>
#include <base/log.h>
#include <base/percpu.h>
#include <block/disk.h>
#include <dev/virtio.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <sched/timer.h>
#include <sched/work.h>

enum { VIRTIO_ID_BLOCK = 2, VIRTBLK_MAJOR = 254, VIRTBLK_MINORS = 16, SECTOR = 512 };
enum {
	F_SIZE_MAX = 1,
	F_SEG_MAX = 2,
	F_GEOMETRY = 4,
	F_RO = 5,
	F_BLK_SIZE = 6,
	F_FLUSH = 9,
	F_TOPOLOGY = 10,
	F_CONFIG_WCE = 11,
	F_MQ = 12,
	F_DISCARD = 13,
	F_WRITE_ZEROES = 14
};
enum { T_IN = 0, T_OUT = 1, T_FLUSH = 4, T_GET_ID = 8, T_DISCARD = 11, T_WRITE_ZEROES = 13 };
enum { S_OK = 0, S_IOERR = 1, S_UNSUPP = 2 };
enum { /* the device's configuration, offsets */
       C_CAPACITY = 0,
       C_SIZE_MAX = 8,
       C_SEG_MAX = 12,
       C_GEOMETRY = 16,
       C_BLK_SIZE = 20,
       C_TOPOLOGY = 24,
       C_WRITEBACK = 32,
       C_NUM_QUEUES = 34,
       C_MAX_DISCARD = 36,
       C_DISCARD_ALIGN = 44,
       C_MAX_ZEROES = 48
};
enum { PATIENCE_S = 180, PATIENCE_MAX_S = 86400 };
enum { SEGMENTS_MAX = 126, REQUEST_BYTES_MAX = 1 << 20 };

struct blk_header {
	u32 type, reserved;
	u64 sector;
};
struct blk_range {
	u64 sector;
	u32 count, flags;
};
/* One request of the device.  It reads header and range and writes the status. */
struct blk_slot {
	struct blk_header header;
	struct blk_range range;
	u8 status;
	u32 data_in;     /* bytes it must write before the status */
	ktime_t given;   /* when the device got it; monotonic */
	struct bio *bio; /* the request's first; NULL: free */
	struct blk_slot *next_free;
};
struct blk_queue {
	struct virtqueue *vq;
	struct blk_slot *slots, *free;
	unsigned nr_slots;
	struct vq_buf bufs[SEGMENTS_MAX + 3];
};
struct blk_disk {
	struct disk disk;
	struct virtio_device *device;
	struct blk_queue *queues;
	struct work died, resized;
	struct timer watch; /* runs while the device has requests */
	bool watching;      /* atomically */
	bool ready;
};
static unsigned disks;
static ktime_t patience; /* a request that takes longer never comes back */

static u64 config_u64(struct virtio_device *d, unsigned off)
{
	u64 v;

	virtio_config_read(d, off, &v, sizeof(v));
	return v;
}

static u32 config_u32(struct virtio_device *d, unsigned off)
{
	u32 v;

	virtio_config_read(d, off, &v, sizeof(v));
	return v;
}

static u16 config_u16(struct virtio_device *d, unsigned off)
{
	u16 v;

	virtio_config_read(d, off, &v, sizeof(v));
	return v;
}

static u8 config_u8(struct virtio_device *d, unsigned off)
{
	u8 v;

	virtio_config_read(d, off, &v, sizeof(v));
	return v;
}

/* ---- giving requests to the device ---- */

/* The pieces of the request as buffers from bufs on; those that touch in memory become one.  How many. */
static unsigned fill_data(struct vq_buf *bufs, struct bio *head)
{
	unsigned n = 0;

	request_for_each_vec(head, b, v)
	{
		paddr_t at = page_paddr(v->page) + v->offset;

		if (n && bufs[n - 1].addr + bufs[n - 1].len == at)
			bufs[n - 1].len += v->len;
		else
			bufs[n++] = (struct vq_buf){ at, v->len };
	}
	return n;
}

/* A piece of a long range: what the device takes at once. */
static void fill_range(struct blk_slot *s, const struct bio *b, u64 most)
{
	u64 len = MIN(b->rq.len - b->rq.done, most);

	s->range = (struct blk_range){ (b->rq.offset + b->rq.done) / SECTOR, (u32)(len / SECTOR), 0 };
}

/* Header and buffers of a request; *nout, *nin: how many the device reads and writes. */
static void fill_request(struct blk_queue *bq, struct blk_slot *s, struct bio *b, unsigned *nout,
                         unsigned *nin)
{
	static const u8 types[] = { [BIO_READ] = T_IN,
		                    [BIO_WRITE] = T_OUT,
		                    [BIO_DISCARD] = T_DISCARD,
		                    [BIO_WRITE_ZEROES] = T_WRITE_ZEROES };
	const struct disk_limits *l = &bdev_disk(b->bdev)->limits;
	const bool flush = b->op == BIO_FLUSH;
	unsigned data = 0;

	s->header = (struct blk_header){ flush ? T_FLUSH : types[b->op], 0, b->rq.offset / SECTOR };
	s->data_in = 0;
	bq->bufs[0] = (struct vq_buf){ virt_to_phys(&s->header), sizeof(s->header) };
	if (!flush && b->op <= BIO_WRITE) {
		data = fill_data(&bq->bufs[1], b);
	} else if (!flush) {
		fill_range(s, b, b->op == BIO_DISCARD ? l->max_discard : l->max_zeroes);
		s->header.sector = 0;
		bq->bufs[1] = (struct vq_buf){ virt_to_phys(&s->range), sizeof(s->range) };
		data = 1;
	} else {
		s->header.sector = 0;
	}
	*nout = b->op == BIO_READ ? 1 : 1 + data;
	*nin = b->op == BIO_READ ? data + 1 : 1;
	if (b->op == BIO_READ)
		s->data_in = (u32)b->rq.len;
	s->status = 0xff;
	bq->bufs[1 + data] = (struct vq_buf){ virt_to_phys(&s->status), 1 };
}

/* ---- requests that never come back ---- */

/* Looks at the device's requests again in a while.  Who gives it a request has entered that before, under the queue's
 * lock; the timer says that it watches no more before it looks under that lock: so one of the two sees the other. */
static void watch_begin(struct blk_disk *bd)
{
	if (!atomic_load(&bd->watching) && !atomic_xchg(&bd->watching, true))
		timer_start(&bd->watch, clock_monotonic() + patience / 4);
}

/* The queue has requests: 1; one for too long: 2. */
static int queue_state(struct disk_queue *q, struct blk_queue *bq, ktime_t now)
{
	int state = 0;
	irqflags_t f = spin_lock_irqsave(&q->lock);

	for (unsigned k = 0; k < bq->nr_slots; k++)
		if (bq->slots[k].bio)
			state = MAX(state, now - bq->slots[k].given > patience ? 2 : 1);
	spin_unlock_irqrestore(&q->lock, f);
	return state;
}

static void watch_tick(struct timer *t)
{
	struct blk_disk *bd = container_of(t, struct blk_disk, watch);
	ktime_t now = clock_monotonic();
	int state = 0;

	atomic_store(&bd->watching, false);
	for (unsigned i = 0; i < bd->disk.nr_queues; i++)
		state = MAX(state, queue_state(&bd->disk.queues[i], &bd->queues[i], now));
	if (state == 2)
		work_queue(&bd->died);
	else if (state)
		watch_begin(bd);
}

/* ---- issuing ---- */

static int blk_issue(struct disk_queue *q, struct bio *b) MUST_HOLD(&q->lock)
{
	struct blk_queue *bq = q->private;
	struct blk_slot *s = bq->free;
	unsigned nout, nin;

	if (!s)
		return -EBUSY;
	fill_request(bq, s, b, &nout, &nin);
	int err = virtqueue_add(bq->vq, bq->bufs, nout, nin, s);
	if (err)
		return err == -ENOSPC ? -EBUSY : err;
	bq->free = s->next_free;
	s->bio = b;
	s->given = clock_monotonic();
	watch_begin(container_of(q->disk, struct blk_disk, disk));
	return 0;
}

static void blk_kick(struct disk_queue *q) MUST_HOLD(&q->lock)
{
	virtqueue_kick(((struct blk_queue *)q->private)->vq);
}

static const struct disk_ops blk_ops = { .issue = blk_issue, .kick = blk_kick };

/* ---- what comes back ---- */

static int slot_result(struct blk_slot *s, u32 written)
{
	u8 status = atomic_load(&s->status);

	if (status == S_OK)
		return written > s->data_in || !s->data_in ? 0 : -EIO;
	return status == S_UNSUPP ? -EOPNOTSUPP : -EIO;
}

/* Frees the slot; its request joins `done` with its result. */
static void slot_end(struct blk_queue *bq, struct blk_slot *s, int err, struct list_head *done)
{
	struct bio *b = s->bio;

	if (b->op >= BIO_DISCARD)
		b->rq.done += (u64)s->range.count * SECTOR;
	b->rq.error = err;
	list_add_tail(&b->link, done);
	s->bio = NULL;
	s->next_free = bq->free;
	bq->free = s;
}

static void blk_interrupt(struct virtqueue *vq)
{
	struct disk_queue *q = virtqueue_ctx(vq);
	struct blk_queue *bq = q->private;
	struct blk_slot *s;
	LIST_HEAD(done);
	u32 written;
	irqflags_t f = spin_lock_irqsave(&q->lock);

	while ((s = virtqueue_get(vq, &written)) != NULL)
		slot_end(bq, s, slot_result(s, written), &done);
	if (unlikely(virtqueue_broken(vq)))
		work_queue(&container_of(q->disk, struct blk_disk, disk)->died);
	disk_queue_run(q, &done);
	spin_unlock_irqrestore(&q->lock, f);
	disk_end(&done);
}

/* The device broke the rules, does not answer, or asks for a reset.  After the reset it does not touch our memory
 * any more, so the requests it had can end. */
static void blk_died(struct work *w)
{
	struct blk_disk *bd = container_of(w, struct blk_disk, died);
	LIST_HEAD(done);

	if (atomic_xchg(&bd->disk.dead, true))
		return;
	log_err("virtio-blk: %s: the device broke the rules or does not answer; it is given up",
	        bd->disk.name);
	virtio_reset(bd->device);
	for (unsigned i = 0; i < bd->disk.nr_queues; i++) {
		struct disk_queue *q = &bd->disk.queues[i];
		struct blk_queue *bq = &bd->queues[i];
		irqflags_t f = spin_lock_irqsave(&q->lock);

		for (unsigned k = 0; k < bq->nr_slots; k++)
			if (bq->slots[k].bio)
				slot_end(bq, &bq->slots[k], -EIO, &done);
		spin_unlock_irqrestore(&q->lock, f);
	}
	disk_end(&done);
	disk_die(&bd->disk);
}

static void blk_resized(struct work *w)
{
	struct blk_disk *bd = container_of(w, struct blk_disk, resized);
	u64 sectors = config_u64(bd->device, C_CAPACITY);

	if (sectors > INT64_MAX / SECTOR || sectors * SECTOR == bd->disk.size)
		return;
	disk_resize(&bd->disk, sectors * SECTOR);
	log_info("virtio-blk: %s: now %llu KiB", bd->disk.name, (unsigned long long)bd->disk.size >> 10);
}

static void blk_config_changed(struct virtio_device *d)
{
	struct blk_disk *bd = virtio_private(d);

	if (!bd || !atomic_load_acquire(&bd->ready))
		return;
	if (virtio_needs_reset(d))
		work_queue(&bd->died);
	else
		work_queue(&bd->resized);
}

/* ---- finding a disk ---- */

static void read_topology(struct virtio_device *d, struct disk_limits *l)
{
	u32 size = virtio_has_feature(d, F_BLK_SIZE) ? config_u32(d, C_BLK_SIZE) : SECTOR;

	l->logical = l->physical = SECTOR;
	if (size >= SECTOR && size <= PAGE_SIZE && !(size & (size - 1)))
		l->logical = l->physical = size;
	if (virtio_has_feature(d, F_TOPOLOGY)) {
		u8 exp = config_u8(d, C_TOPOLOGY);

		l->physical = exp < 8 ? l->logical << exp : l->logical;
		l->io_min = config_u16(d, C_TOPOLOGY + 2) * l->logical;
		l->io_opt = MIN(config_u32(d, C_TOPOLOGY + 4), 1u << 16) * l->logical;
	}
	l->heads = 64;
	l->sectors = 32;
	if (virtio_has_feature(d, F_GEOMETRY)) {
		l->heads = config_u8(d, C_GEOMETRY + 2);
		l->sectors = config_u8(d, C_GEOMETRY + 3);
	}
}

static u64 range_limit(struct virtio_device *d, unsigned feature, unsigned off)
{
	u32 sectors = config_u32(d, off);

	return virtio_has_feature(d, feature) ? (u64)MIN(sectors, 1u << 30) * SECTOR : 0;
}

static void read_limits(struct virtio_device *d, struct disk_limits *l)
{
	read_topology(d, l);
	l->max_bytes = REQUEST_BYTES_MAX;
	l->max_segments = SEGMENTS_MAX;
	if (virtio_has_feature(d, F_SEG_MAX))
		l->max_segments = (u16)MIN(config_u32(d, C_SEG_MAX), (u32)SEGMENTS_MAX);
	if (virtio_has_feature(d, F_SIZE_MAX))
		l->max_segment = MAX(config_u32(d, C_SIZE_MAX), (u32)PAGE_SIZE);
	l->read_only = virtio_has_feature(d, F_RO);
	l->write_cache = virtio_has_feature(d, F_FLUSH);
	if (virtio_has_feature(d, F_CONFIG_WCE) && !config_u8(d, C_WRITEBACK))
		l->write_cache = false;
	l->max_discard = range_limit(d, F_DISCARD, C_MAX_DISCARD);
	l->max_zeroes = range_limit(d, F_WRITE_ZEROES, C_MAX_ZEROES);
	if (l->max_discard)
		l->discard_granularity =
		        MAX(MIN(config_u32(d, C_DISCARD_ALIGN), 1u << 21) * SECTOR, l->logical);
}

/* vda .. vdz, vdaa .. */
static void choose_name(char *name, size_t size, unsigned n)
{
	if (n < 26)
		scnprintf(name, size, "vd%c", 'a' + n);
	else
		scnprintf(name, size, "vd%c%c", 'a' + n / 26 - 1, 'a' + n % 26);
}

/* Slots and virtqueue of one queue; what was made before stays for queues_free. */
static int queue_setup(struct blk_disk *bd, unsigned i)
{
	struct blk_queue *bq = &bd->queues[i];
	struct virtqueue *vq = virtqueue_create(bd->device, i, blk_interrupt, &bd->disk.queues[i]);

	if (IS_ERR(vq))
		return (int)PTR_ERR(vq);
	bq->vq = vq;
	bd->disk.queues[i].private = bq;
	bq->nr_slots = virtqueue_size(vq);
	bq->slots = kzalloc(bq->nr_slots * sizeof(*bq->slots));
	if (!bq->slots)
		return -ENOMEM;
	for (unsigned k = bq->nr_slots; k-- > 0;) {
		bq->slots[k].next_free = bq->free;
		bq->free = &bq->slots[k];
	}
	/* A request takes two buffers besides its data, and must fit an empty queue. */
	if (virtqueue_size(vq) < 3)
		return -EINVAL;
	bd->disk.limits.max_segments = MIN(bd->disk.limits.max_segments, (u16)(virtqueue_size(vq) - 2));
	return 0;
}

static void disk_free(struct blk_disk *bd, unsigned nr_queues)
{
	virtio_reset(bd->device);
	for (unsigned i = 0; bd->queues && i < nr_queues; i++) {
		if (bd->queues[i].vq)
			virtqueue_destroy(bd->queues[i].vq);
		kfree(bd->queues[i].slots);
	}
	kfree(bd->queues);
	disk_unprepare(&bd->disk);
	kfree(bd);
}

static unsigned queues_wanted(struct virtio_device *d)
{
	unsigned offered = virtio_has_feature(d, F_MQ) ? config_u16(d, C_NUM_QUEUES) : 1;

	return MAX(1u, MIN(MIN(offered, cpu_count), (unsigned)DISK_QUEUES_MAX));
}

static int blk_setup(struct blk_disk *bd, unsigned nr_queues)
{
	u64 sectors = config_u64(bd->device, C_CAPACITY);
	int err;

	if (sectors > INT64_MAX / SECTOR)
		return -EINVAL;
	bd->disk.size = sectors * SECTOR;
	err = disk_prepare(&bd->disk, nr_queues);
	if (err)
		return err;
	bd->queues = kzalloc(nr_queues * sizeof(*bd->queues));
	if (!bd->queues)
		return -ENOMEM;
	for (unsigned i = 0; i < nr_queues; i++) {
		err = queue_setup(bd, i);
		if (err)
			return err;
	}
	return 0;
}

static int blk_probe(struct virtio_device *d)
{
	struct blk_disk *bd = kzalloc(sizeof(*bd));
	unsigned nr_queues = queues_wanted(d);

	if (!bd)
		return -ENOMEM;
	bd->device = d;
	work_init(&bd->died, blk_died);
	work_init(&bd->resized, blk_resized);
	timer_init(&bd->watch, watch_tick);
	bd->disk.major = VIRTBLK_MAJOR;
	bd->disk.first_minor = disks * VIRTBLK_MINORS;
	bd->disk.minors = VIRTBLK_MINORS;
	bd->disk.ops = &blk_ops;
	bd->disk.scan = true;
	choose_name(bd->disk.name, sizeof(bd->disk.name), disks);
	read_limits(d, &bd->disk.limits);
	virtio_set_private(d, bd);
	int err = blk_setup(bd, nr_queues);
	if (err) {
		virtio_set_private(d, NULL);
		disk_free(bd, nr_queues);
		return err;
	}
	virtio_ready(d);
	disks++;
	atomic_store_release(&bd->ready, true);
	return disk_register(&bd->disk);
}

static struct virtio_driver blk_driver = {
	.name = "virtio-blk",
	.device_id = VIRTIO_ID_BLOCK,
	.features = 1 << F_SIZE_MAX | 1 << F_SEG_MAX | 1 << F_GEOMETRY | 1 << F_RO | 1 << F_BLK_SIZE |
	            1 << F_FLUSH | 1 << F_TOPOLOGY | 1 << F_CONFIG_WCE | 1 << F_MQ | 1 << F_DISCARD |
	            1 << F_WRITE_ZEROES,
	.probe = blk_probe,
	.config_changed = blk_config_changed,
};

void virtio_blk_init(void)
{
	u64 seconds = cmdline_u64("virtio_blk.timeout", PATIENCE_S);

	patience = (ktime_t)MAX(1ul, MIN(seconds, (u64)PATIENCE_MAX_S)) * NSEC_PER_SEC;
	virtio_driver_register(&blk_driver);
}
