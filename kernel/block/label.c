/* SPDX-License-Identifier: MIT
 *
 * block/label.c - devices by their words: vda1, LABEL=, UUID=, PARTLABEL=, PARTUUID=
 *
 * Owns:      nothing.
 * Layer:     block.
 * Locks:     none.
 * Contexts:  process context; LABEL and UUID read each device.
 * Manual:    mount(8), "Indicating the device and filesystem"; ext4's superblock: the ext4 disk layout document
 * Tests:     kernel/block/block_ktest.c
 *
 * This is for root=, before there is a program to ask: label and UUID are those of ext2, ext3 and ext4.
 */
#include "internal.h"
#include <lib/format.h>
#include <lib/string.h>
#include <mem/slab.h>

enum { SUPER_AT = 1024, SUPER_BYTES = 1024, EXT_MAGIC_AT = 0x38, EXT_UUID_AT = 0x68, EXT_LABEL_AT = 0x78 };

struct wanted {
	const char *text;
	bool label;
	u8 *super; /* room for SUPER_BYTES, of a whole block */
};

static bool super_matches(const struct wanted *w, const u8 *s)
{
	char text[BDEV_UUID];
	const u8 *u = s + EXT_UUID_AT;

	if (s[EXT_MAGIC_AT] != 0x53 || s[EXT_MAGIC_AT + 1] != 0xef)
		return false;
	if (w->label)
		return strlen(w->text) <= 16 && !strncmp((const char *)s + EXT_LABEL_AT, w->text, 16);
	scnprintf(text, sizeof(text), "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
	          u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13],
	          u[14], u[15]);
	return !strcmp(text, w->text);
}

static bool by_super(struct block_device *d, const struct wanted *w)
{
	const u64 block = bdev_logical_block(d), at = ALIGN_DOWN((u64)SUPER_AT, block);

	if (bdev_size(d) < SUPER_AT + PAGE_SIZE)
		return false;
	return !bdev_read(d, at, w->super, MAX(block, (u64)SUPER_BYTES)) &&
	       super_matches(w, w->super + (SUPER_AT - at));
}

static bool by_name(struct block_device *d, const struct wanted *w)
{
	return !strcmp(d->name, w->text);
}

static bool by_partuuid(struct block_device *d, const struct wanted *w)
{
	return d->uuid[0] && !strcmp(d->uuid, w->text);
}

static bool by_partlabel(struct block_device *d, const struct wanted *w)
{
	return d->label[0] && !strcmp(d->label, w->text);
}

static struct block_device *search(bool (*match)(struct block_device *d, const struct wanted *w),
                                   const struct wanted *w)
{
	struct block_device *d = NULL;

	while ((d = bdev_next(d)) != NULL)
		if (match(d, w))
			break;
	return d;
}

static struct block_device *search_super(const char *text, bool label)
{
	struct wanted w = { text, label, page_alloc_virt(0, 0) };

	if (!w.super)
		return NULL;
	struct block_device *d = search(by_super, &w);
	page_free_virt(w.super, 0);
	return d;
}

struct block_device *bdev_find_name(const char *name)
{
	struct wanted w = { .text = strchr(name, '=') };

	if (!w.text) {
		w.text = str_starts(name, "/dev/") ? name + 5 : name;
		return search(by_name, &w);
	}
	w.text++;
	if (str_starts(name, "LABEL="))
		return search_super(w.text, true);
	if (str_starts(name, "UUID="))
		return search_super(w.text, false);
	if (str_starts(name, "PARTUUID="))
		return search(by_partuuid, &w);
	if (str_starts(name, "PARTLABEL="))
		return search(by_partlabel, &w);
	return NULL;
}
