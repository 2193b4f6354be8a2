/* SPDX-License-Identifier: MIT
 *
 * block/gpt.c - GUID partition tables
 *
 * Owns:      nothing; adds partitions to a disk.
 * Layer:     block.
 * Locks:     called with disk.c's parts_lock.
 * Contexts:  process context; reads the disk.
 * Manual:    UEFI 2.10, section 5.3
 * Tests:     kernel/block/block_ktest.c, tests/disk.py
 *
 * Theory
 * ------
 *      LBA 0 MBR with one entry of type ee   1 header   2.. entries     ...     entries   last: header again
 *
 * Header and entries have a CRC each.  A header counts when its signature, CRC, own LBA, sizes and the CRC of its
 * entries are right; if the first one is not, the one in the last block is tried.
 */
#include "internal.h"
#include <base/log.h>
#include <lib/format.h>
#include <lib/inflate.h>
#include <lib/string.h>
#include <mem/slab.h>

enum { GPT_HEADER_MIN = 92, GPT_ENTRY_MIN = 128, GPT_ENTRIES_MAX = 1 << 20 /* bytes */ };
struct gpt_header {
	char signature[8]; /* "EFI PART" */
	u32 revision, header_size, header_crc, reserved;
	u64 my_lba, alternate_lba, first_usable, last_usable;
	u8 disk_guid[16];
	u64 entries_lba;
	u32 nr_entries, entry_size, entries_crc;
} __attribute__((packed));
struct gpt_entry {
	u8 type[16], guid[16];
	u64 first, last, attributes;
	u16 name[36];
};
_Static_assert(sizeof(struct gpt_header) == GPT_HEADER_MIN && sizeof(struct gpt_entry) == GPT_ENTRY_MIN,
               "UEFI 2.10, 5.3.2 and 5.3.3");

static bool header_valid(const struct partition_scan *s, u64 lba, u8 *block)
{
	struct gpt_header *h = (struct gpt_header *)block;
	u32 crc = h->header_crc;

	if (memcmp(h->signature, "EFI PART", 8) || h->header_size < GPT_HEADER_MIN ||
	    h->header_size > s->block_size || h->my_lba != lba)
		return false;
	h->header_crc = 0;
	bool good = crc32(0, block, h->header_size) == crc;
	h->header_crc = crc;
	return good && h->entry_size >= GPT_ENTRY_MIN && !(h->entry_size & 7) && h->nr_entries &&
	       (u64)h->nr_entries * h->entry_size <= GPT_ENTRIES_MAX;
}

/* The entries of a header, their CRC checked; NULL: unreadable, wrong, or no memory. */
static u8 *entries_read(struct partition_scan *s, const struct gpt_header *h)
{
	const size_t bytes = (size_t)h->nr_entries * h->entry_size;
	const size_t room = ALIGN_UP(bytes, (size_t)s->block_size);

	if (h->entries_lba >= s->blocks || room / s->block_size > s->blocks - h->entries_lba)
		return NULL;
	u8 *entries = kmalloc(room, 0);
	if (!entries)
		return NULL;
	if (!bdev_read(s->disk->whole, h->entries_lba * s->block_size, entries, room) &&
	    crc32(0, entries, bytes) == h->entries_crc)
		return entries;
	kfree(entries);
	return NULL;
}

/* A GUID as text; its first three fields are little-endian. */
static void guid_text(const u8 *g, char *out, size_t size)
{
	scnprintf(out, size, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", g[3],
	          g[2], g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10], g[11], g[12], g[13], g[14],
	          g[15]);
}

/* ASCII of the name; other characters become '!', as Linux shows them. */
static void name_text(const u16 *name, char *out)
{
	unsigned n = 0;

	for (; n < 36 && name[n]; n++)
		out[n] = name[n] >= 0x20 && name[n] < 0x7f ? (char)name[n] : '!';
	out[n] = 0;
}

static void entries_add(struct partition_scan *s, const struct gpt_header *h, const u8 *entries)
{
	static const u8 unused[16];
	char uuid[BDEV_UUID], label[BDEV_LABEL];

	for (unsigned n = 0; n < h->nr_entries && n < PARTITIONS_MAX; n++) {
		const struct gpt_entry *e = (const void *)(entries + (size_t)n * h->entry_size);

		if (!memcmp(e->type, unused, 16) || e->last < e->first || e->last >= s->blocks)
			continue;
		guid_text(e->guid, uuid, sizeof(uuid));
		name_text(e->name, label);
		(void)scan_add(s, n + 1, e->first, e->last - e->first + 1, uuid, label);
	}
}

/* The table whose header is at lba: 0, -ENOENT: there is none that counts. */
static int scan_at(struct partition_scan *s, u64 lba, u8 *block)
{
	if (scan_read(s, lba, block) || !header_valid(s, lba, block))
		return -ENOENT;
	u8 *entries = entries_read(s, (struct gpt_header *)block);
	if (!entries)
		return -ENOENT;
	entries_add(s, (struct gpt_header *)block, entries);
	kfree(entries);
	return 0;
}

/* Does the MBR say that the disk is GPT's?  One of its entries has the type ee. */
static bool protective_mbr(const u8 *b)
{
	if (b[510] != 0x55 || b[511] != 0xaa)
		return false;
	for (unsigned n = 0; n < 4; n++)
		if (b[446 + n * 16 + 4] == 0xee)
			return true;
	return false;
}

int gpt_scan(struct partition_scan *s)
{
	u8 *block = kmalloc(s->block_size, 0);

	if (!block)
		return -ENOMEM;
	int err = scan_read(s, 0, block);
	if (!err && !protective_mbr(block))
		err = -ENOENT;
	if (!err) {
		err = scan_at(s, 1, block);
		if (err == -ENOENT) {
			err = scan_at(s, s->blocks - 1, block);
			if (!err)
				log_warn("block: %s: first GPT header is damaged, the second one is used",
				         s->disk->name);
		}
	}
	kfree(block);
	return err;
}
