/* SPDX-License-Identifier: MIT
 * fs/chrdev.h - character devices: numbers to operations. */
#pragma once
#include <fs/file.h>
/* Registers ops for minors [first, first+count) of a major, and a devfs node `name` (NULL: none; more than one minor:
 * name + number) with the mode. 0, -EBUSY, -ENOMEM. */
MUST_CHECK int chrdev_register(unsigned major, unsigned first, unsigned count, const char *name, umode_t mode,
                               const struct file_ops *ops);
const struct file_ops *chrdev_find(dev_t dev); /* NULL: -ENXIO */
extern const struct file_ops chrdev_open_ops;  /* what an S_IFCHR inode's fops is: open() finds the device */
/* devfs asks, in registration order: false at the end. */
struct chrdev_node {
	const char *name;
	dev_t dev;
	umode_t mode;
};
bool chrdev_node(unsigned index, struct chrdev_node *out);
/* Set once by devfs: told of each node registered from then on; with S_IFBLK in the mode, a block device's. May sleep. */
extern void (*chrdev_added)(const struct chrdev_node *n);
extern void (*devnode_removed)(const char *name); /* the node of a device that is gone */
/* What open() gives an S_IFBLK inode, registered by fs/bdev. */
extern const struct file_ops *blkdev_file_ops;
/* A FIFO's operations, registered by ipc/pipe; open by inode.c for S_IFIFO. */
extern const struct file_ops *fifo_file_ops;
