/* SPDX-License-Identifier: MIT
 *
 * block/partition.c - partitions: what kind of table a disk has, and MBR tables
 *
 * Owns:      nothing; adds partitions to a disk.
 * Layer:     block.
 * Locks:     called with disk.c's parts_lock.
 * Contexts:  process context; reads the disk.
 * Manual:    the MBR has no standard; fdisk(8), sfdisk(8) write what is read here
 * Tests:     tests/disk.py, kernel/block/block_ktest.c
 *
 * Theory
 * ------
 * An MBR is the first sector: four entries of 16 bytes at 446, 55 aa at 510.  An entry of type 05, 0f or 85 is an
 * extended partition: its first sector holds another such table, whose first entry is a logical partition (relative to
 * that sector) and whose second one points to the next such sector (relative to the whole extended partition):
 *
 *      MBR  [1][2][ext]      ext: EBR [5 | next]--> EBR [6 | next]--> EBR [7 | -]
 *
 * The chain is the disk's word, so its length is bounded and each sector must lie in the extended partition.
 */
#include "internal.h"
#include <lib/format.h>
#include <lib/string.h>
#include <mem/slab.h>

enum { MBR_ENTRIES = 446, MBR_SIGNATURE = 510, MBR_DISK_ID = 440, ENTRY_SIZE = 16, FIRST_LOGICAL = 5 };
struct mbr_entry {
	u8 boot, type;
	u32 start, count; /* logical blocks */
};

static u32 get_le32(const u8 *p)
{
	return p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

int scan_read(struct partition_scan *s, u64 lba, u8 *buf)
{
	if (lba >= s->blocks)
		return -EIO;
	return bdev_read(s->disk->whole, lba * s->block_size, buf, s->block_size);
}

bool scan_add(struct partition_scan *s, unsigned number, u64 start, u64 count, const char *uuid,
              const char *label)
{
	struct block_device *b;

	if (!count || start >= s->blocks || count > s->blocks - start || s->found >= PARTITIONS_MAX)
		return false;
	b = bdev_create(s->disk, number, start * s->block_size, count * s->block_size);
	if (!b)
		return false;
	strlcpy(b->uuid, uuid, sizeof(b->uuid));
	strlcpy(b->label, label, sizeof(b->label));
	list_add_tail(&b->part_link, &s->disk->parts);
	s->found++;
	bdev_publish(b);
	return true;
}

static struct mbr_entry entry_get(const u8 *sector, unsigned n)
{
	const u8 *e = sector + MBR_ENTRIES + n * ENTRY_SIZE;

	return (struct mbr_entry){
		.boot = e[0], .type = e[4], .start = get_le32(e + 8), .count = get_le32(e + 12)
	};
}

static bool is_extended(u8 type)
{
	return type == 0x05 || type == 0x0f || type == 0x85;
}

static bool has_signature(const u8 *sector)
{
	return sector[MBR_SIGNATURE] == 0x55 && sector[MBR_SIGNATURE + 1] == 0xaa;
}

/* A boot sector of FAT or NTFS ends with 55 aa too; what it has at 446 is code, not four plausible entries. */
static bool is_table(const u8 *sector)
{
	if (!has_signature(sector))
		return false;
	for (unsigned n = 0; n < 4; n++)
		if (entry_get(sector, n).boot & 0x7f)
			return false;
	return true;
}

static void add_mbr(struct partition_scan *s, u32 disk_id, unsigned number, u64 start, u64 count)
{
	char uuid[BDEV_UUID];

	scnprintf(uuid, sizeof(uuid), "%08x-%02x", disk_id, number);
	(void)scan_add(s, number, start, count, uuid, "");
}

/* The chain of logical partitions in [base, base + size). */
static int scan_logical(struct partition_scan *s, u32 disk_id, u64 base, u64 size, u8 *sector)
{
	u64 at = base,
	    mark = base; /* mark: a sector behind us, moved at powers of two, which a circle meets */

	for (unsigned number = FIRST_LOGICAL; number < PARTITIONS_MAX; number++) {
		int err = scan_read(s, at, sector);
		if (err)
			return err;
		if (!has_signature(sector))
			return 0;
		struct mbr_entry e = entry_get(sector, 0), next = entry_get(sector, 1);
		if (e.count && !is_extended(e.type))
			add_mbr(s, disk_id, number, at + e.start, e.count);
		if (!next.count || !is_extended(next.type) || next.start >= size || !next.start)
			return 0;
		at = base + next.start;
		if (at == mark)
			return 0;
		if (!(number & (number - 1)))
			mark = at;
	}
	return 0;
}

static int mbr_add_all(struct partition_scan *s, u8 *sector)
{
	u32 id = get_le32(sector + MBR_DISK_ID);
	struct mbr_entry e[4];
	int err = 0;

	for (unsigned n = 0; n < 4; n++)
		e[n] = entry_get(sector, n);
	for (unsigned n = 0; n < 4; n++) {
		if (!e[n].count)
			continue;
		/* An extended partition shows two sectors, enough for a boot loader, so that nobody writes over
		 * what is inside by accident. */
		u64 count =
		        is_extended(e[n].type) ? MIN(e[n].count, MAX(2u, 1024 / s->block_size)) : e[n].count;
		add_mbr(s, id, n + 1, e[n].start, count);
	}
	for (unsigned n = 0; n < 4 && !err; n++)
		if (e[n].count && is_extended(e[n].type))
			err = scan_logical(s, id, e[n].start, e[n].count, sector);
	return err;
}

int mbr_scan(struct partition_scan *s)
{
	u8 *sector = kmalloc(s->block_size, 0);

	if (!sector)
		return -ENOMEM;
	int err = scan_read(s, 0, sector);
	if (!err)
		err = is_table(sector) ? mbr_add_all(s, sector) : -ENOENT;
	kfree(sector);
	return err;
}

int partitions_scan(struct disk *d)
{
	struct partition_scan s = { .disk = d, .block_size = d->limits.logical };

	s.blocks = d->size / s.block_size;
	if (s.blocks < 2)
		return 0;
	int err = gpt_scan(&s);
	if (err == -ENOENT)
		err = mbr_scan(&s);
	return err == -ENOENT ? 0 : err;
}
