/* SPDX-License-Identifier: MIT
 *
 * sysfs/root.c - the directories above the devices
 *
 * Owns:      nothing.
 * Layer:     sysfs.
 * Locks:     none.
 * Contexts:  process context; may sleep.
 * Manual:    Linux' Documentation/filesystems/sysfs.rst
 * Tests:     tests/disk.py, tests/debian/disks.cases
 *
 *      /sys/devices/virtual/block/vda/vda1      the devices themselves
 *      /sys/block/vda, /sys/class/block/vda1, /sys/dev/block/254:1     links to them
 */
#include <sysfs/internal.h>

static const char *parent_name(const struct block_device *d)
{
	return bdev_name(bdev_disk(d)->whole);
}

/* The path of a device below /sys, after `up`. */
static int device_link(const struct block_device *d, const char *up, char *buf, size_t size)
{
	if (bdev_partition(d))
		snprintf(buf, size, "%sdevices/virtual/block/%s/%s", up, parent_name(d), bdev_name(d));
	else
		snprintf(buf, size, "%sdevices/virtual/block/%s", up, bdev_name(d));
	return 0;
}

static int link_from_block(struct sys_node *n, char *buf, size_t size)
{
	return device_link(n->bdev, "../", buf, size);
}

static int link_from_class(struct sys_node *n, char *buf, size_t size)
{
	return device_link(n->bdev, "../../", buf, size);
}

static const struct sys_entry block_link = { .link = link_from_block },
                              class_link = { .link = link_from_class }, disk_entry = { .dir = &sys_disk_dir };

static const struct sys_entry *list_devices(const struct sys_node *dir, const struct block_device *d,
                                            char *name)
{
	if (bdev_partition(d))
		return NULL;
	strlcpy(name, bdev_name(d), SYS_NAME);
	return &disk_entry;
}

static const struct sys_entry *list_block(const struct sys_node *dir, const struct block_device *d,
                                          char *name)
{
	if (bdev_partition(d))
		return NULL;
	strlcpy(name, bdev_name(d), SYS_NAME);
	return &block_link;
}

static const struct sys_entry *list_class(const struct sys_node *dir, const struct block_device *d,
                                          char *name)
{
	strlcpy(name, bdev_name(d), SYS_NAME);
	return &class_link;
}

static const struct sys_entry *list_numbers(const struct sys_node *dir, const struct block_device *d,
                                            char *name)
{
	scnprintf(name, SYS_NAME, "%u:%u", dev_major(bdev_dev(d)), dev_minor(bdev_dev(d)));
	return &class_link;
}

static const struct sys_dir empty_dir = { NULL };
static const struct sys_dir block_dir = { .list = list_block };
static const struct sys_dir class_block_dir = { .list = list_class };
static const struct sys_dir dev_block_dir = { .list = list_numbers };
static const struct sys_dir virtual_block_dir = { .list = list_devices };

static const struct sys_entry virtual_entries[] = { { .name = "block", .dir = &virtual_block_dir } };
static const struct sys_dir virtual_dir = { SYS_DIR(virtual_entries) };
static const struct sys_entry devices_entries[] = { { .name = "virtual", .dir = &virtual_dir } };
static const struct sys_dir devices_dir = { SYS_DIR(devices_entries) };
static const struct sys_entry class_entries[] = { { .name = "block", .dir = &class_block_dir } };
static const struct sys_dir class_dir = { SYS_DIR(class_entries) };
static const struct sys_entry dev_entries[] = { { .name = "block", .dir = &dev_block_dir },
	                                        { .name = "char", .dir = &empty_dir } };
static const struct sys_dir dev_dir = { SYS_DIR(dev_entries) };

static const struct sys_entry root_entries[] = {
	{ .name = "block", .dir = &block_dir },     { .name = "bus", .dir = &empty_dir },
	{ .name = "class", .dir = &class_dir },     { .name = "dev", .dir = &dev_dir },
	{ .name = "devices", .dir = &devices_dir }, { .name = "firmware", .dir = &empty_dir },
	{ .name = "fs", .dir = &empty_dir },        { .name = "kernel", .dir = &empty_dir },
	{ .name = "module", .dir = &empty_dir },    { .name = "power", .dir = &empty_dir },
};
const struct sys_dir sys_root_dir = { SYS_DIR(root_entries) };
