/* SPDX-License-Identifier: MIT
 *
 * block/block_ktest.c - the block layer over a disk in memory that counts, fails and dies as told
 *
 * Owns:      the tests block_*, and their disk.
 * Layer:     block.
 * Locks:     disk_queue.lock, as a driver's.
 * Contexts:  the thread of the tests; a work item plays the device's interrupt.
 * Tests:     `ktest=block_merge,...` with seed=N, repeat=N.
 */
#include "internal.h"
#include <base/ktest.h>
#include <lib/inflate.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <sched/work.h>

enum { RAM_BYTES = 1 << 20, LOG = 64 };
struct ram_disk {
	struct disk disk;
	struct work interrupt;
	struct list_head taken; /* by the device; queue lock */
	unsigned depth, room;   /* requests it takes at once; still */
	bool hold;              /* answers nothing until it is let go */
	u64 bad;                /* byte offset of the bad sector; ~0: none */
	u8 log[LOG];            /* ops of the requests in order */
	unsigned nr;
	u8 *bytes;
};

static int ram_do(struct ram_disk *r, struct bio *head)
{
	u64 at = head->rq.offset;

	if (r->nr < LOG)
		r->log[r->nr] = (u8)head->op;
	r->nr++;
	if (head->op >= BIO_DISCARD) {
		u64 n = MIN(head->rq.len - head->rq.done, r->disk.limits.max_discard);

		memset(r->bytes + at + head->rq.done, 0, n);
		head->rq.done += n;
	}
	if (head->op > BIO_WRITE)
		return 0;
	if (r->bad >= at && r->bad < at + head->rq.len)
		return -EIO;
	request_for_each_vec(head, b, v)
	{
		u8 *p = (u8 *)page_virt(v->page) + v->offset;

		if (head->op == BIO_READ)
			memcpy(p, r->bytes + at, v->len);
		else
			memcpy(r->bytes + at, p, v->len);
		at += v->len;
	}
	return at == head->rq.offset + head->rq.len ? 0 : -EINVAL;
}

static void ram_interrupt(struct work *w)
{
	struct ram_disk *r = container_of(w, struct ram_disk, interrupt);
	struct disk_queue *q = r->disk.queues;
	LIST_HEAD(done);
	struct bio *b;

	irqflags_t f = spin_lock_irqsave(&q->lock);
	list_splice_tail(&r->taken, &done);
	list_for_each_entry (b, &done, link) {
		b->rq.error = atomic_load(&r->disk.dead) ? -EIO : ram_do(r, b);
		r->room++;
	}
	disk_queue_run(q, &done);
	spin_unlock_irqrestore(&q->lock, f);
	disk_end(&done);
}

static int ram_issue(struct disk_queue *q, struct bio *b)
{
	struct ram_disk *r = q->private;

	if (!r->room)
		return -EBUSY;
	r->room--;
	list_add_tail(&b->link, &r->taken);
	return 0;
}

static void ram_kick(struct disk_queue *q)
{
	struct ram_disk *r = q->private;

	if (!r->hold)
		work_queue(&r->interrupt);
}

static const struct disk_ops ram_ops = { .issue = ram_issue, .kick = ram_kick };

static struct ram_disk *ram_new(unsigned depth)
{
	struct ram_disk *r = kzalloc(sizeof(*r));

	if (!r)
		return NULL;
	r->bytes = kzalloc(RAM_BYTES);
	strlcpy(r->disk.name, "ktest", sizeof(r->disk.name));
	r->disk.limits = (struct disk_limits){ .logical = 512,
		                               .max_bytes = 256 << 10,
		                               .max_segments = 64,
		                               .max_discard = 64 << 10,
		                               .max_zeroes = 64 << 10,
		                               .write_cache = true };
	r->disk.size = RAM_BYTES;
	r->disk.ops = &ram_ops;
	r->depth = r->room = depth;
	r->bad = ~0ULL;
	list_init(&r->taken);
	work_init(&r->interrupt, ram_interrupt);
	if (!r->bytes || disk_prepare(&r->disk, 1)) {
		kfree(r->bytes);
		kfree(r);
		return NULL;
	}
	r->disk.queues[0].private = r;
	return r;
}

static int ram_free(struct ram_disk *r)
{
	work_flush();
	r->disk.scan = false;
	KT_CHECK(disk_rescan(&r->disk) == 0); /* takes the partitions away */
	KT_CHECK(list_empty(&r->taken) && r->room == r->depth);
	KT_CHECK(r->disk.whole->stats.in_flight == 0);
	disk_unprepare(&r->disk);
	kfree(r->bytes);
	kfree(r);
	return 0;
}

/* ---- asynchronous bios ---- */

struct group {
	unsigned left, failed;
	u64 failed_at;
};

static void group_end(struct bio *b)
{
	struct group *g = b->private;

	if (b->error) {
		atomic_add(&g->failed, 1);
		g->failed_at = b->offset;
	}
	if (b->nr_vecs)
		page_put(b->vecs[0].page);
	bio_free(b);
	atomic_sub(&g->left, 1);
}

/* A page of `fill` at offset, to be written, or a request without data. */
static bool send(struct ram_disk *r, struct group *g, enum bio_op op, u64 offset, u32 flags, u8 fill)
{
	struct bio *b = bio_alloc(r->disk.whole, op, offset, 1);
	struct page *p = op <= BIO_WRITE ? page_alloc(0, 0) : NULL;

	if (!b || (op <= BIO_WRITE && !p))
		return false;
	if (p) {
		memset(page_virt(p), fill, PAGE_SIZE);
		if (!bio_add(b, p, 0, PAGE_SIZE))
			return false;
	}
	b->flags = flags;
	b->end = group_end;
	b->private = g;
	atomic_add(&g->left, 1);
	bio_submit(b);
	return true;
}

static void group_wait(struct group *g)
{
	while (atomic_load(&g->left))
		work_flush();
}

static void let_go(struct ram_disk *r)
{
	r->hold = false;
	work_queue(&r->interrupt);
}

/* ---- the tests ---- */

KTEST(block_merge)
{
	struct ram_disk *r = ram_new(4);
	struct group g = { 0 };

	KT_CHECK(r);
	block_plug();
	for (u64 i = 0; i < 16; i++) /* 8 .. 15, then 7 .. 0: behind and before */
		KT_CHECK(send(r, &g, BIO_WRITE, (i < 8 ? 8 + i : 15 - i) * PAGE_SIZE, 0, (u8)(i + 1)));
	KT_CHECK(send(r, &g, BIO_WRITE, 40 * PAGE_SIZE, 0, 99));
	KT_CHECK(r->nr == 0 && list_empty(&r->taken));
	block_unplug();
	group_wait(&g);
	KT_CHECK(r->nr == 2 && g.failed == 0);
	KT_CHECK(r->disk.whole->stats.merges[STAT_WRITE] == 15 && r->disk.whole->stats.ios[STAT_WRITE] == 17);
	for (u64 i = 0; i < 16; i++)
		KT_CHECK(r->bytes[(i < 8 ? 8 + i : 15 - i) * PAGE_SIZE + 100] == i + 1);

	/* Sleeping ends a plug. */
	block_plug();
	KT_CHECK(send(r, &g, BIO_WRITE, 0, 0, 7));
	u8 *buf = page_alloc_virt(0, 0);
	KT_CHECK(buf && bdev_read(r->disk.whole, PAGE_SIZE, buf, PAGE_SIZE) == 0);
	group_wait(&g);
	block_unplug();
	KT_CHECK(r->bytes[0] == 7 && buf[0] == r->bytes[PAGE_SIZE]);
	page_free_virt(buf, 0);
	return ram_free(r);
}

/* The device is full: what waits is merged meanwhile. */
KTEST(block_full)
{
	struct ram_disk *r = ram_new(2);
	struct group g = { 0 };

	KT_CHECK(r);
	r->hold = true;
	for (u64 i = 0; i < 34; i++)
		KT_CHECK(send(r, &g, BIO_WRITE, i * PAGE_SIZE, 0, (u8)i));
	let_go(r);
	group_wait(&g);
	KT_CHECK(r->nr == 3 && g.failed == 0);
	for (u64 i = 0; i < 34; i++)
		KT_CHECK(r->bytes[i * PAGE_SIZE] == i);
	return ram_free(r);
}

KTEST(block_flush)
{
	static const u8 order[] = { BIO_FLUSH, BIO_WRITE, BIO_FLUSH };
	struct ram_disk *r = ram_new(4);
	struct group g = { 0 };

	KT_CHECK(r);
	KT_CHECK(send(r, &g, BIO_WRITE, 0, BIO_PREFLUSH | BIO_FUA, 1));
	group_wait(&g);
	KT_CHECK(r->nr == 3 && !memcmp(r->log, order, 3) && r->bytes[5] == 1);

	/* The first is on its way, the other nine share the next. */
	r->nr = 0;
	r->hold = true;
	for (unsigned i = 0; i < 10; i++)
		KT_CHECK(send(r, &g, BIO_FLUSH, 0, 0, 0));
	let_go(r);
	group_wait(&g);
	KT_CHECK(r->nr == 2 && g.failed == 0);

	/* No cache, no flush. */
	r->disk.limits.write_cache = false;
	r->nr = 0;
	KT_CHECK(bdev_flush(r->disk.whole) == 0);
	KT_CHECK(send(r, &g, BIO_WRITE, 0, BIO_PREFLUSH | BIO_FUA, 2));
	group_wait(&g);
	KT_CHECK(r->nr == 1 && r->log[0] == BIO_WRITE);
	return ram_free(r);
}

/* A bad sector fails the bio that asked for it, not its neighbours in the request. */
KTEST(block_error)
{
	struct ram_disk *r = ram_new(4);
	struct group g = { 0 };

	KT_CHECK(r);
	r->bad = 5 * PAGE_SIZE + 512;
	block_plug();
	for (u64 i = 0; i < 12; i++)
		KT_CHECK(send(r, &g, BIO_WRITE, i * PAGE_SIZE, 0, (u8)(i + 1)));
	block_unplug();
	group_wait(&g);
	KT_CHECK(g.failed == 1 && g.failed_at == 5 * PAGE_SIZE);
	for (u64 i = 0; i < 12; i++)
		KT_CHECK(r->bytes[i * PAGE_SIZE] == (i == 5 ? 0 : i + 1));
	return ram_free(r);
}

KTEST(block_checks)
{
	struct ram_disk *r = ram_new(1);
	u8 *buf = kmalloc(8192, 0);

	KT_CHECK(r && buf);
	struct block_device *d = r->disk.whole;
	KT_CHECK(bdev_read(d, RAM_BYTES, buf, 512) == -EIO);
	KT_CHECK(bdev_read(d, RAM_BYTES - 512, buf, 1024) == -EIO);
	KT_CHECK(bdev_read(d, ~0ULL - 511, buf, 512) == -EIO);
	KT_CHECK(bdev_read(d, 256, buf, 512) == -EINVAL && bdev_read(d, 0, buf, 100) == -EINVAL);
	memset(r->bytes, 0xee, RAM_BYTES);
	r->nr = 0;
	KT_CHECK(bdev_discard(d, 4096, 200 << 10) == 0 && r->nr == 4);
	KT_CHECK(r->bytes[4095] == 0xee && r->bytes[4096] == 0 && r->bytes[4096 + (200 << 10) - 1] == 0 &&
	         r->bytes[4096 + (200 << 10)] == 0xee);
	r->disk.limits.max_zeroes = 0; /* now by writing */
	KT_CHECK(bdev_write_zeroes(d, 512 << 10, 300 << 10) == 0 && r->bytes[(812 << 10) - 1] == 0 &&
	         r->bytes[812 << 10] == 0xee);
	r->disk.limits.max_discard = 0;
	KT_CHECK(bdev_discard(d, 0, 4096) == -EOPNOTSUPP);
	bdev_set_read_only(d, true);
	KT_CHECK(bdev_write(d, 0, buf, 512, 0) == -EROFS && bdev_read(d, 0, buf, 512) == 0);
	kfree(buf);
	return ram_free(r);
}

/* A dead disk ends what waits and what comes. */
KTEST(block_dead)
{
	struct ram_disk *r = ram_new(2);
	struct group g = { 0 };

	KT_CHECK(r);
	r->hold = true;
	for (u64 i = 0; i < 10; i++)
		KT_CHECK(send(r, &g, BIO_WRITE, i * 2 * PAGE_SIZE, i & 1 ? BIO_FUA | BIO_PREFLUSH : 0, 1));
	disk_die(&r->disk);
	let_go(r);
	group_wait(&g);
	KT_CHECK(g.failed == 10 && bdev_flush(r->disk.whole) == -EIO);
	return ram_free(r);
}

/* ---- partition tables ---- */

static void put32(u8 *p, u32 v)
{
	memcpy(p, &v, sizeof(v));
}

static void put_entry(u8 *sector, unsigned n, u8 type, u32 start, u32 count)
{
	u8 *e = sector + 446 + n * 16;

	e[4] = type;
	put32(e + 8, start);
	put32(e + 12, count);
	sector[510] = 0x55;
	sector[511] = 0xaa;
}

static const struct block_device *part(struct ram_disk *r, unsigned n)
{
	struct block_device *b;

	list_for_each_entry (b, &r->disk.parts, part_link)
		if (b->partno == n)
			return b;
	return NULL;
}

static int rescan(struct ram_disk *r)
{
	r->disk.scan = true;
	return disk_rescan(&r->disk);
}

KTEST(block_mbr)
{
	struct ram_disk *r = ram_new(1);

	KT_CHECK(r);
	put_entry(r->bytes, 0, 0x83, 8, 100);
	put_entry(r->bytes, 1, 0x05, 200, 1000);
	put_entry(r->bytes, 2, 0x83, 2000, 100); /* ends behind the disk's 2048 */
	u8 *ebr = r->bytes + 200 * 512;
	put_entry(ebr, 0, 0x83, 2, 50);
	put_entry(ebr, 1, 0x05, 100, 100);
	ebr += 100 * 512;
	put_entry(ebr, 0, 0x83, 2, 60);
	put_entry(ebr, 1, 0x05, 100, 100); /* back to itself: the chain is a circle */
	KT_CHECK(rescan(r) == 0);
	const struct block_device *p1 = part(r, 1), *p5 = part(r, 5), *p6 = part(r, 6);
	KT_CHECK(p1 && p1->start == 8 * 512 && p1->size == 100 * 512 && !strcmp(p1->name, "ktest1"));
	KT_CHECK(part(r, 2) && part(r, 2)->size == 1024 && !part(r, 3));
	KT_CHECK(p5 && p5->start == 202 * 512 && p6 && p6->start == 302 * 512 && p6->size == 60 * 512);

	bdev_get(r->disk.whole);
	bdev_publish(r->disk.whole); /* claims look at those on the list */
	KT_CHECK(bdev_claim(r->disk.whole, r) == 0 && bdev_claim((void *)p1, &r->taken) == -EBUSY);
	bdev_release(r->disk.whole, r);
	KT_CHECK(bdev_claim((void *)p1, r) == 0 && disk_rescan(&r->disk) == -EBUSY);
	KT_CHECK(bdev_claim(r->disk.whole, &r->taken) == -EBUSY && bdev_claim((void *)p5, &r->taken) == 0);
	bdev_release((void *)p1, r);
	bdev_release((void *)p5, &r->taken);
	KT_CHECK(bdev_unpublish(r->disk.whole) == 0 && !part(r, 12));
	return ram_free(r);
}

/* Header at lba with its entries at entries_lba, two partitions; both CRCs right. */
static void put_gpt(u8 *disk, u64 lba, u64 other, u64 entries_lba)
{
	u8 *h = disk + lba * 512, *e = disk + entries_lba * 512;

	for (unsigned n = 0; n < 2; n++) {
		memset(e + n * 128, (int)(0x11 + n), 32);
		*(u64 *)(e + n * 128 + 32) = 100 + n * 100;
		*(u64 *)(e + n * 128 + 40) = 149 + n * 100;
		e[n * 128 + 56] = (u8)('a' + n);
	}
	memset(h, 0, 512);
	memcpy(h, "EFI PART", 8);
	put32(h + 8, 0x10000);
	put32(h + 12, 92);
	*(u64 *)(h + 24) = lba;
	*(u64 *)(h + 32) = other;
	*(u64 *)(h + 72) = entries_lba;
	put32(h + 80, 128);
	put32(h + 84, 128);
	put32(h + 88, crc32(0, e, 128 * 128));
	put32(h + 16, crc32(0, h, 92));
}

KTEST(block_gpt)
{
	struct ram_disk *r = ram_new(1);

	KT_CHECK(r);
	put_entry(r->bytes, 0, 0xee, 1, 2047);
	put_gpt(r->bytes, 1, 2047, 2);
	put_gpt(r->bytes, 2047, 1, 2015);
	KT_CHECK(rescan(r) == 0);
	const struct block_device *p = part(r, 2);
	KT_CHECK(p && p->start == 200 * 512 && p->size == 50 * 512 && !strcmp(p->label, "b"));
	KT_CHECK(!strcmp(p->uuid, "12121212-1212-1212-1212-121212121212") && !part(r, 3));
	r->bytes[2 * 512 + 40]++; /* the first one's entries are damaged: the second one is used */
	KT_CHECK(rescan(r) == 0 && part(r, 1) && part(r, 1)->start == 100 * 512);
	r->bytes[2047 * 512 + 80]++; /* and now its header: what is left is the protective MBR */
	KT_CHECK(rescan(r) == 0 && !part(r, 2));
	return ram_free(r);
}

/* Tables of nonsense: whatever is found lies within the disk. */
KTEST(block_hostile_tables)
{
	struct ram_disk *r = ram_new(1);
	u64 x = seed | 1;

	KT_CHECK(r);
	for (unsigned round = 0; round < 60; round++) {
		memset(r->bytes, 0, 200 * 512);
		put_entry(r->bytes, 0, round & 1 ? 0xee : 0x05, 1, 1500);
		put_gpt(r->bytes, 1, 2047, 2);
		for (unsigned i = 0; i < 40; i++) {
			x = x * 6364136223846793005ULL + 1442695040888963407ULL;
			r->bytes[(x >> 33) % (round % 4 < 2 ? 1024 : 200 * 512)] = (u8)(x >> 24);
		}
		u8 *h = r->bytes + 512;
		if (round & 1) { /* a header that is believed */
			put32(h + 88, crc32(0, r->bytes + 1024, 128 * 128));
			put32(h + 16, 0);
			put32(h + 16, crc32(0, h, 92));
		}
		r->bytes[510] = 0x55;
		r->bytes[511] = 0xaa;
		KT_CHECK(rescan(r) != -EBUSY);
		struct block_device *b;
		list_for_each_entry (b, &r->disk.parts, part_link)
			KT_CHECK(b->size && b->start < RAM_BYTES && b->size <= RAM_BYTES - b->start);
	}
	return ram_free(r);
}
