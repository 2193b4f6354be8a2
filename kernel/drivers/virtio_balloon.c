/* SPDX-License-Identifier: MIT
 *
 * drivers/virtio_balloon.c - memory given back to the host: the balloon, and reports of free pages
 *
 * Owns:      the pages in the balloon; blocks of free pages while the host looks at them.
 * Layer:     drivers.
 * Locks:     balloon_lock (interrupts off) guards the queues; the work item runs one at a time and owns the rest.
 * Contexts:  probe and work: process context; answered: interrupt.
 * Manual:    VIRTIO 1.2, 5.5 "Traditional Memory Balloon Device", 5.5.6.7 "Free Page Reporting"
 * Tests:     tests/disk.py balloon
 *
 * The host writes into the configuration how many pages it wants; we take them from the allocator and tell their numbers,
 * or give them back.  A balloon may not starve its guest: the last eighth of the memory is never given.
 *
 * Free page reporting: every few seconds the free blocks of the largest size that the host does not know yet are taken
 * out of the allocator, a few at a time, and their addresses told; the host drops what stands in them, and they read
 * as zeros or as before.  Then they are free again, and known until they were used.
 */
#include <drivers/drivers.h>
#include <abi/errno.h>
#include <base/log.h>
#include <dev/virtio.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <sched/timer.h>
#include <sched/waitq.h>
#include <sched/work.h>

enum {
	VIRTIO_ID_BALLOON = 5,
	F_REPORTING = 5 /* hints (3), which move the queue of reports, are not taken */
};
enum { Q_INFLATE, Q_DEFLATE, Q_STATS, Q_REPORTING, QUEUES };
enum { C_WANTED = 0, C_ACTUAL = 4 };
enum { BATCH = 256, REPORT_BLOCKS = 16 };
#define REPORT_NS (2 * NSEC_PER_SEC)
#define ANSWER_NS (5 * NSEC_PER_SEC)

static struct spinlock balloon_lock = SPINLOCK_INIT("virtio-balloon");
static struct virtio_device *device;
static struct virtqueue *queues[QUEUES];
static bool done[QUEUES]; /* the host has answered; balloon_lock */
static struct waitq answer = WAITQ_INIT(answer);
static struct work work;
static struct timer report_timer;
static LIST_HEAD(inside); /* pages in the balloon, by link */
static u32 nr_inside;
static u32 *numbers; /* of the pages of one message */
static bool report_due;

static void answered(struct virtqueue *q)
{
	u32 len;
	irqflags_t f = spin_lock_irqsave(&balloon_lock);

	while (virtqueue_get(q, &len))
		*(bool *)virtqueue_ctx(q) = true;
	spin_unlock_irqrestore(&balloon_lock, f);
	waitq_wake_all(&answer);
}

/* Gives buffers to the host and waits for its answer; false: it does not answer, and is asked no more. */
static bool tell(unsigned which, const struct vq_buf *bufs, unsigned nout, unsigned nin)
{
	irqflags_t f = spin_lock_irqsave(&balloon_lock);

	done[which] = false;
	int err = virtqueue_add(queues[which], bufs, nout, nin, &done[which]);
	if (!err)
		virtqueue_kick(queues[which]);
	spin_unlock_irqrestore(&balloon_lock, f);
	if (!err)
		wait_event_until(&answer, atomic_load(&done[which]), clock_monotonic() + ANSWER_NS);
	if (!err && atomic_load(&done[which]))
		return true;
	log_warn("virtio-balloon: no answer; given up");
	virtio_reset(device); /* so that it does not touch our buffers any more */
	memset(queues, 0, sizeof(queues));
	return false;
}

static u32 wanted(void)
{
	u32 v;

	virtio_config_read(device, C_WANTED, &v, sizeof(v));
	return v;
}

static bool may_take_more(void)
{
	struct mem_stats st;

	mem_stats(&st);
	return st.free_pages > st.total_pages / 8;
}

/* Up to a batch of pages into the balloon; false: no more can be had. */
static bool inflate(u32 target)
{
	LIST_HEAD(taken);
	u32 n = 0;

	while (n < BATCH && nr_inside + n < target && may_take_more()) {
		struct page *p = page_alloc(0, ALLOC_USER);

		if (!p)
			break;
		list_add_tail(&p->link, &taken);
		numbers[n++] = (u32)page_pfn(p);
	}
	struct vq_buf b = { virt_to_phys(numbers), n * (u32)sizeof(u32) };
	if (n && !tell(Q_INFLATE, &b, 1, 0))
		n = 0; /* the host may have dropped them: they stay inside, unused */
	nr_inside += n;
	list_splice_tail(&taken, &inside);
	return n == BATCH;
}

static bool deflate(u32 target)
{
	LIST_HEAD(given);
	u32 n = 0;

	while (n < BATCH && nr_inside - n > target && !list_empty(&inside)) {
		struct page *p = list_first_entry(&inside, struct page, link);

		list_del(&p->link);
		list_add_tail(&p->link, &given);
		numbers[n++] = (u32)page_pfn(p);
	}
	struct vq_buf b = { virt_to_phys(numbers), n * (u32)sizeof(u32) };
	if (n)
		(void)tell(Q_DEFLATE, &b, 1, 0); /* a page that is used again comes back by itself */
	nr_inside -= n;
	while (!list_empty(&given)) {
		struct page *p = list_first_entry(&given, struct page, link);

		list_del(&p->link);
		page_put(p);
	}
	return n == BATCH;
}

static void adjust(void)
{
	u32 target = wanted(), before = nr_inside;

	while (queues[Q_INFLATE] && nr_inside < target && inflate(target))
		cond_resched();
	while (queues[Q_DEFLATE] && nr_inside > target && deflate(target))
		cond_resched();
	if (nr_inside == before)
		return;
	virtio_config_write(device, C_ACTUAL, &nr_inside, sizeof(nr_inside));
	log_info("virtio-balloon: %u KiB", nr_inside * 4);
}

/* Tells of some blocks; false: no more to tell, or nobody to tell it to. */
static bool report_some(void)
{
	struct vq_buf bufs[REPORT_BLOCKS];
	struct page *blocks[REPORT_BLOCKS];
	unsigned n = mem_report_begin(blocks, REPORT_BLOCKS);
	bool told;

	if (!n)
		return false;
	for (unsigned k = 0; k < n; k++)
		bufs[k] = (struct vq_buf){ page_paddr(blocks[k]), (u32)(PAGE_SIZE << MAX_ORDER) };
	told = tell(Q_REPORTING, bufs, 0, n);
	mem_report_end(blocks, n, told);
	return told;
}

static void balloon_work(struct work *w)
{
	adjust();
	if (!atomic_xchg(&report_due, false) || !queues[Q_REPORTING])
		return;
	while (report_some())
		cond_resched();
	timer_start(&report_timer, clock_monotonic() + REPORT_NS);
}

static void report_tick(struct timer *t)
{
	atomic_store(&report_due, true);
	work_queue(&work);
}

static void balloon_changed(struct virtio_device *d)
{
	if (atomic_load_acquire(&device))
		work_queue(&work);
}

static int queue_make(struct virtio_device *d, unsigned which, unsigned index)
{
	struct virtqueue *q = virtqueue_create(d, index, answered, &done[which]);

	if (IS_ERR(q))
		return (int)PTR_ERR(q);
	queues[which] = q;
	return 0;
}

static int balloon_probe(struct virtio_device *d)
{
	if (device)
		return -EBUSY;
	numbers = kmalloc(BATCH * sizeof(*numbers), 0);
	if (!numbers)
		return -ENOMEM;
	work_init(&work, balloon_work);
	timer_init(&report_timer, report_tick);
	int err = queue_make(d, Q_INFLATE, 0);
	if (!err)
		err = queue_make(d, Q_DEFLATE, 1);
	/* Queue 2 is that of statistics; without hints, which we do not take, reports are number 3. */
	if (!err && virtio_has_feature(d, F_REPORTING))
		err = queue_make(d, Q_REPORTING, 3);
	if (err)
		return err;
	virtio_ready(d);
	atomic_store_release(&device, d);
	work_queue(&work);
	if (queues[Q_REPORTING])
		timer_start(&report_timer, clock_monotonic() + REPORT_NS);
	return 0;
}

static struct virtio_driver balloon_driver = {
	.name = "virtio-balloon",
	.device_id = VIRTIO_ID_BALLOON,
	.features = 1 << F_REPORTING,
	.probe = balloon_probe,
	.config_changed = balloon_changed,
};

void virtio_balloon_init(void)
{
	virtio_driver_register(&balloon_driver);
}
