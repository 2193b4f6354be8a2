/* SPDX-License-Identifier: MIT
 * sysfs/internal.h - the tables that /sys is made of; for files of this folder only. */
#pragma once
#include <abi/errno.h>
#include <block/disk.h>
#include <fs/inode.h>
#include <fs/seq.h>
#include <lib/format.h>
#include <lib/string.h>

struct sys_dir;
struct sys_node;
/* One name of a directory.  Exactly one of show, dir, link says what it is. */
struct sys_entry {
	const char *name;
	int (*show)(struct seq *s, struct sys_node *n);
	int (*write)(struct sys_node *n, const char *text); /* 0 or -errno */
	const struct sys_dir *dir;
	int (*link)(struct sys_node *n, char *buf, size_t size);
	bool (*present)(const struct block_device *d); /* NULL: always */
};
/* A directory: names that are always there, and one for each block device that `list` likes. */
struct sys_dir {
	const struct sys_entry *entries;
	unsigned count;
	/* The name of a device in this directory (room for SYS_NAME), and what stands there; NULL: it has none here. */
	const struct sys_entry *(*list)(const struct sys_node *dir, const struct block_device *d, char *name);
};
#define SYS_DIR(table) .entries = table, .count = ARRAY_SIZE(table)
enum { SYS_NAME = DISK_NAME };

/* inode->private. */
struct sys_node {
	const struct sys_entry *entry;
	struct block_device *bdev; /* whom it tells about; owned; NULL above the devices */
};
extern const struct sys_dir sys_root_dir;      /* root.c */
extern const struct sys_dir sys_disk_dir;      /* block.c: of a disk */
extern const struct sys_dir sys_partition_dir; /* of a partition */
