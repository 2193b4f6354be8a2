/* SPDX-License-Identifier: MIT
 *
 * drivers/loop.c - loop devices: a file shown as a disk
 *
 * Owns:      major 7, struct loop, and a thread for each device that shows a file.
 * Layer:     drivers.  Uses fs (the file below), registers with block.
 * Locks:     loop_mutex: which device shows what; disk_queue.lock: its list of requests.
 * Contexts:  the thread may sleep; issue and kick do not.
 * Manual:    loop(4), losetup(8)
 * Tests:     tests/abi/loop.c, tests/disk.py
 *
 * Reading a file may sleep, so requests are handed to a thread, which reads and writes the file as a program would.
 */
#include "loop.h"
#include <base/log.h>
#include <drivers/drivers.h>
#include <fs/dentry.h>
#include <fs/seq.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mem/slab.h>

enum { SECTOR = 512, LOOP_MAX_BYTES = 1 << 20, LOOP_SEGMENTS = 256 };
struct mutex loop_mutex;
static struct loop *loops[LOOP_MAX]; /* loop_mutex; never freed */

/* ---- requests ---- */

static int transfer(struct loop *lo, struct bio *head)
{
	loff_t at = (loff_t)(lo->offset + head->rq.offset);

	request_for_each_vec(head, b, v)
	{
		u8 *p = (u8 *)page_virt(v->page) + v->offset;
		ssize_t n = head->op == BIO_READ ? file_read_kernel(lo->file, p, v->len, at)
		                                 : file_write_kernel(lo->file, p, v->len, at);

		if (n < 0)
			return n == -ENOSPC ? -ENOSPC : -EIO;
		if (n < (ssize_t)v->len) {
			if (head->op != BIO_READ)
				return -EIO;
			memset(p + n, 0, v->len - (size_t)n); /* the file is shorter than it was */
		}
		at += v->len;
	}
	return 0;
}

static int punch(struct loop *lo, struct bio *b)
{
	int err = file_fallocate(lo->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
	                         (loff_t)(lo->offset + b->rq.offset), (loff_t)b->rq.len);

	b->rq.done = b->rq.len;
	return err == -EOPNOTSUPP || !err ? err : -EIO;
}

static int perform(struct loop *lo, struct bio *b)
{
	if (b->op == BIO_FLUSH) {
		int err = file_fsync(lo->file, 0, INT64_MAX, true);

		return err && err != -EINVAL ? -EIO : 0; /* -EINVAL: a file that cannot be synced */
	}
	return b->op <= BIO_WRITE ? transfer(lo, b) : punch(lo, b);
}

static struct bio *take_request(struct loop *lo)
{
	struct disk_queue *q = lo->disk.queues;
	struct bio *b = NULL;
	irqflags_t f = spin_lock_irqsave(&q->lock);

	if (!list_empty(&lo->todo)) {
		b = list_first_entry(&lo->todo, struct bio, link);
		list_del(&b->link);
	}
	spin_unlock_irqrestore(&q->lock, f);
	return b;
}

static void loop_thread(void *arg)
{
	struct loop *lo = arg;
	struct bio *b;

	for (;;) {
		wait_event(&lo->wait, !list_empty(&lo->todo) || atomic_load(&lo->stop));
		while ((b = take_request(lo)) != NULL) {
			LIST_HEAD(done);

			b->rq.error = perform(lo, b);
			list_add(&b->link, &done);
			disk_end(&done);
			cond_resched();
		}
		if (atomic_load(&lo->stop))
			break;
	}
	atomic_store(&lo->stopped, true);
	waitq_wake_all(&lo->wait); /* loop structures are never freed */
}

static int loop_issue(struct disk_queue *q, struct bio *b)
{
	struct loop *lo = q->private;

	if (!atomic_load(&lo->file))
		return -EIO;
	list_add_tail(&b->link, &lo->todo);
	return 0;
}

static void loop_kick(struct disk_queue *q)
{
	struct loop *lo = q->private;

	waitq_wake_all(&lo->wait);
}

/* Nobody has the disk or a partition of it open or mounted any more. */
static void loop_unused(struct disk *d)
{
	struct loop *lo = container_of(d, struct loop, disk);

	struct file *f = NULL;

	mutex_lock(&loop_mutex);
	if (lo->file && lo->flags & LO_FLAGS_AUTOCLEAR && !disk_in_use(d))
		f = loop_unbind(lo);
	mutex_unlock(&loop_mutex);
	if (f)
		file_put(f);
}

static const struct disk_ops loop_ops = { .issue = loop_issue, .kick = loop_kick, .unused = loop_unused };

/* /sys/block/loopN/loop/NAME, as losetup reads it. */
static int loop_show(struct disk *d, void *seq, const char *name)
{
	enum { TEXT = 4096 };
	struct loop *lo = container_of(d, struct loop, disk);
	const struct path no_root = { NULL, NULL };
	char *buf = kmalloc(TEXT, 0);

	if (!buf)
		return -ENOMEM;
	mutex_lock(&loop_mutex);
	if (!strcmp(name, "backing_file") && lo->file) {
		char *text = path_string(&lo->file->path, &no_root, buf, TEXT);
		seq_printf(seq, "%s\n", IS_ERR(text) ? "" : text);
	} else if (!strcmp(name, "offset") || !strcmp(name, "sizelimit")) {
		seq_printf(seq, "%llu\n", (unsigned long long)(*name == 'o' ? lo->offset : lo->sizelimit));
	} else if (strcmp(name, "backing_file")) {
		u32 flag = *name == 'a' ? LO_FLAGS_AUTOCLEAR : *name == 'p' ? LO_FLAGS_PARTSCAN : 0;
		seq_printf(seq, "%d\n", (lo->flags & flag) != 0);
	}
	mutex_unlock(&loop_mutex);
	kfree(buf);
	return 0;
}

/* ---- devices ---- */

struct loop *loop_at(unsigned n)
{
	return n < LOOP_MAX ? loops[n] : NULL;
}

static struct loop *loop_new(unsigned n)
{
	struct loop *lo = kzalloc(sizeof(*lo));

	if (!lo)
		return NULL;
	lo->number = n;
	list_init(&lo->todo);
	waitq_init(&lo->wait);
	scnprintf(lo->disk.name, sizeof(lo->disk.name), "loop%u", n);
	lo->disk.major = LOOP_MAJOR;
	lo->disk.first_minor = n;
	lo->disk.minors = 1;
	lo->disk.ops = &loop_ops;
	lo->disk.ioctl = loop_ioctl;
	lo->disk.show = loop_show;
	lo->disk.limits = (struct disk_limits){ .logical = SECTOR,
		                                .max_bytes = LOOP_MAX_BYTES,
		                                .max_segments = LOOP_SEGMENTS,
		                                .write_cache = true };
	if (disk_prepare(&lo->disk, 1)) {
		kfree(lo);
		return NULL;
	}
	lo->disk.queues[0].private = lo;
	return lo;
}

struct loop *loop_add(unsigned n)
{
	if (n >= LOOP_MAX)
		return ERR_PTR(-EINVAL);
	if (loops[n])
		return ERR_PTR(-EEXIST);
	struct loop *lo = loop_new(n);
	if (!lo)
		return ERR_PTR(-ENOMEM);
	loops[n] = lo;
	int err = disk_register(&lo->disk);
	assert(!err); /* of an empty disk without partitions */
	return lo;
}

struct loop *loop_free_one(void)
{
	for (unsigned n = 0; n < LOOP_MAX; n++) {
		if (!loops[n])
			return loop_add(n);
		if (!loops[n]->file)
			return loops[n];
	}
	return ERR_PTR(-ENOSPC);
}

void loop_set_size(struct loop *lo)
{
	const struct inode *i = lo->file->inode;
	u64 size = (u64)i->size;

	if ((i->mode & S_IFMT) == S_IFBLK) {
		loff_t end = file_lseek(lo->file, 0, SEEK_END);
		size = end < 0 ? 0 : (u64)end;
	}
	size = size > lo->offset ? size - lo->offset : 0;
	if (lo->sizelimit)
		size = MIN(size, lo->sizelimit);
	disk_resize(&lo->disk, size);
}

int loop_scan(struct loop *lo)
{
	lo->disk.scan = lo->flags & LO_FLAGS_PARTSCAN;
	return disk_rescan(&lo->disk);
}

static void set_limits(struct loop *lo, u32 block_size)
{
	struct disk_limits *l = &lo->disk.limits;
	const bool holes = lo->file->ops->fallocate;

	l->logical = l->physical = l->io_min = block_size ? block_size : SECTOR;
	l->read_only = lo->flags & LO_FLAGS_READ_ONLY;
	l->max_discard = l->max_zeroes = holes ? 1ULL << 40 : 0;
	l->discard_granularity = holes ? (u32)PAGE_SIZE : 0;
}

int loop_bind(struct loop *lo, struct file *f, const struct loop_info64_k *info, u32 block_size)
{
	lo->offset = info->offset;
	lo->sizelimit = info->sizelimit;
	lo->flags = info->flags & (LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR | LO_FLAGS_PARTSCAN);
	memcpy(lo->name, info->file_name, sizeof(lo->name));
	lo->name[sizeof(lo->name) - 1] = 0;
	lo->stop = lo->stopped = false;
	if (!kthread_start(loop_thread, lo, lo->disk.name, -1))
		return -ENOMEM;
	atomic_store(&lo->file, f);
	set_limits(lo, block_size);
	lo->disk.seq = disk_next_seq();
	loop_set_size(lo);
	if (lo->flags & LO_FLAGS_PARTSCAN)
		(void)loop_scan(lo);
	return 0;
}

struct file *loop_unbind(struct loop *lo)
{
	struct file *f = lo->file;

	lo->flags = 0;
	(void)loop_scan(lo); /* its partitions go */
	atomic_store(&lo->stop, true);
	waitq_wake_all(&lo->wait);
	wait_event(&lo->wait, atomic_load(&lo->stopped));
	atomic_store(&lo->file, NULL);
	lo->offset = lo->sizelimit = 0;
	memset(lo->name, 0, sizeof(lo->name));
	lo->disk.limits.read_only = false;
	lo->disk.limits.logical = lo->disk.limits.physical = SECTOR;
	disk_resize(&lo->disk, 0);
	return f;
}

void loop_init(void)
{
	mutex_init(&loop_mutex);
	scoped_mutex(&loop_mutex);
	for (unsigned n = 0; n < LOOP_FIRST; n++)
		if (IS_ERR(loop_add(n)))
			log_err("loop: no memory for loop%u", n);
	int err = loop_control_init();
	if (err)
		log_err("loop: /dev/loop-control: error %d", -err);
}
