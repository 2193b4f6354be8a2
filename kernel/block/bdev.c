/* SPDX-License-Identifier: MIT
 *
 * block/bdev.c - block devices: whole disks and partitions, their numbers, names and holders
 *
 * Owns:      the list of block devices; who has claimed which.
 * Layer:     block.
 * Locks:     bdev_lock: the list, holders and openers.  A leaf.
 * Contexts:  process context; bdev_put of the last reference may sleep.
 * Manual:    mount(2) (EBUSY), open(2) O_EXCL of block devices
 * Tests:     kernel/block/block_ktest.c, tests/abi/loop.c
 *
 * A device is on the list with one reference; whoever finds it takes another.  A partition that goes away leaves
 * the list first, and only if nobody has it open or claimed.
 */
#include "internal.h"
#include <lib/format.h>
#include <lib/string.h>
#include <mem/slab.h>

enum { READ_AHEAD = 256 /* sectors */ };
static struct spinlock bdev_lock = SPINLOCK_INIT("bdev");
static LIST_HEAD(bdevs);
static unsigned next_ext_minor; /* bdev_lock */
void (*bdev_added)(struct block_device *d);
void (*bdev_removed)(struct block_device *d);

u64 bdev_size(const struct block_device *d)
{
	return atomic_load(&d->size);
}

unsigned bdev_logical_block(const struct block_device *d)
{
	return d->disk->limits.logical;
}

bool bdev_read_only(const struct block_device *d)
{
	return d->disk->limits.read_only || atomic_load(&d->read_only);
}

void bdev_set_read_only(struct block_device *d, bool on)
{
	atomic_store(&d->read_only, on);
}

u32 bdev_block_size(const struct block_device *d)
{
	return atomic_load(&d->block_size);
}

void bdev_set_block_size(struct block_device *d, u32 bytes)
{
	atomic_store(&d->block_size, bytes);
}

u32 bdev_read_ahead(const struct block_device *d)
{
	return atomic_load(&d->read_ahead);
}

void bdev_set_read_ahead(struct block_device *d, u32 sectors)
{
	atomic_store(&d->read_ahead, sectors);
	atomic_store(&d->mapping.ra_pages, sectors / (PAGE_SIZE / 512));
}

dev_t bdev_dev(const struct block_device *d)
{
	return d->dev;
}

const char *bdev_name(const struct block_device *d)
{
	return d->name;
}

struct mapping *bdev_mapping(struct block_device *d)
{
	return &d->mapping;
}

struct disk *bdev_disk(const struct block_device *d)
{
	return d->disk;
}

unsigned bdev_partition(const struct block_device *d)
{
	return d->partno;
}

u64 bdev_start(const struct block_device *d)
{
	return d->start;
}

const char *bdev_uuid(const struct block_device *d)
{
	return d->uuid;
}

const char *bdev_label(const struct block_device *d)
{
	return d->label;
}

/* ---- making and finding ---- */

static dev_t choose_number(const struct disk *d, unsigned partno)
{
	if (partno < d->minors)
		return dev_make(d->major, d->first_minor + partno);
	spin_lock(&bdev_lock);
	unsigned minor = next_ext_minor++;
	spin_unlock(&bdev_lock);
	return dev_make(EXT_MAJOR, minor);
}

static void choose_name(struct block_device *b)
{
	const char *disk = b->disk->name;
	char last = disk[strlen(disk) - 1];

	if (!b->partno)
		strlcpy(b->name, disk, sizeof(b->name));
	else
		scnprintf(b->name, sizeof(b->name), "%s%s%u", disk, last >= '0' && last <= '9' ? "p" : "",
		          b->partno);
}

/* As Linux chooses it: the largest up to a page that divides the size. */
static u32 first_block_size(u32 logical, u64 size)
{
	u32 n = logical;

	while (n < PAGE_SIZE && !(size & n))
		n <<= 1;
	return n;
}

struct block_device *bdev_create(struct disk *d, unsigned partno, u64 start, u64 size)
{
	struct block_device *b = kzalloc(sizeof(*b));

	if (!b)
		return NULL;
	ref_init(&b->ref, 1);
	list_init(&b->link);
	list_init(&b->part_link);
	b->disk = d;
	b->partno = partno;
	b->start = start;
	b->size = size;
	b->read_ahead = READ_AHEAD;
	b->block_size = first_block_size(d->limits.logical, size);
	b->dev = choose_number(d, partno);
	choose_name(b);
	mapping_init(&b->mapping, &bdev_mapping_ops, b, MEMC_CACHE);
	b->mapping.size = size;
	return b;
}

void bdev_publish(struct block_device *b)
{
	spin_lock(&bdev_lock);
	list_add_tail(&b->link, &bdevs);
	spin_unlock(&bdev_lock);
	if (bdev_added)
		bdev_added(b);
}

int bdev_unpublish(struct block_device *b)
{
	spin_lock(&bdev_lock);
	bool busy = b->claims || b->openers;
	if (!busy)
		list_del(&b->link);
	spin_unlock(&bdev_lock);
	if (busy)
		return -EBUSY;
	if (bdev_removed)
		bdev_removed(b);
	bdev_put(b);
	return 0;
}

void bdev_put(struct block_device *b)
{
	if (!ref_put(&b->ref))
		return;
	assert(!b->claims && !b->openers);
	mapping_destroy(&b->mapping);
	kfree(b);
}

void bdev_get(struct block_device *b)
{
	ref_get(&b->ref);
}

struct block_device *bdev_find(dev_t dev)
{
	struct block_device *b, *found = NULL;

	spin_lock(&bdev_lock);
	list_for_each_entry (b, &bdevs, link)
		if (b->dev == dev) {
			bdev_get(b);
			found = b;
			break;
		}
	spin_unlock(&bdev_lock);
	return found;
}

struct block_device *bdev_next(struct block_device *d)
{
	struct block_device *next = NULL;

	spin_lock(&bdev_lock);
	/* One that was taken off the list meanwhile points to itself: the walk ends early. */
	struct list_head *at = d ? d->link.next : bdevs.next;
	if (at != &bdevs && (!d || at != &d->link)) {
		next = list_entry(at, struct block_device, link);
		bdev_get(next);
	}
	spin_unlock(&bdev_lock);
	if (d)
		bdev_put(d);
	return next;
}

/* ---- holders ---- */

/* Is the disk, or a partition of it if b is the disk, claimed by another than holder?  bdev_lock. */
static bool claimed_by_other(const struct block_device *b, const void *holder)
{
	const struct block_device *o;

	if (b->claims && b->holder != holder)
		return true;
	list_for_each_entry (o, &bdevs, link) {
		bool overlaps = o != b && o->disk == b->disk && (!o->partno || !b->partno);

		if (overlaps && o->claims && o->holder != holder)
			return true;
	}
	return false;
}

int bdev_claim(struct block_device *d, const void *holder)
{
	spin_lock(&bdev_lock);
	int err = claimed_by_other(d, holder) ? -EBUSY : 0;
	if (!err) {
		d->holder = holder;
		d->claims++;
	}
	spin_unlock(&bdev_lock);
	return err;
}

void bdev_release(struct block_device *d, const void *holder)
{
	spin_lock(&bdev_lock);
	assert(d->claims && d->holder == holder);
	if (--d->claims == 0)
		d->holder = NULL;
	spin_unlock(&bdev_lock);
	disk_check_unused(d->disk);
}

bool bdev_claimed_by(struct block_device *d, const void *holder)
{
	spin_lock(&bdev_lock);
	bool yes = d->claims && d->holder == holder;
	spin_unlock(&bdev_lock);
	return yes;
}

unsigned bdev_open(struct block_device *d)
{
	spin_lock(&bdev_lock);
	unsigned n = ++d->openers;
	spin_unlock(&bdev_lock);
	return n;
}

unsigned bdev_close(struct block_device *d)
{
	spin_lock(&bdev_lock);
	assert(d->openers);
	unsigned n = --d->openers;
	spin_unlock(&bdev_lock);
	return n;
}

unsigned bdev_openers(struct block_device *d)
{
	return atomic_load(&d->openers);
}

bool disk_in_use(struct disk *disk)
{
	const struct block_device *b;
	bool busy = false;

	spin_lock(&bdev_lock);
	list_for_each_entry (b, &bdevs, link)
		busy |= b->disk == disk && (b->claims || b->openers);
	spin_unlock(&bdev_lock);
	return busy;
}

bool bdev_in_use(struct block_device *b)
{
	spin_lock(&bdev_lock);
	bool busy = b->claims || b->openers;
	spin_unlock(&bdev_lock);
	return busy;
}
