/* SPDX-License-Identifier: MIT
 * fs/bdev/bdev.h - files of block devices: /dev/vda. */
#pragma once
#include <fs/file.h>
struct block_device;
void blkdev_init(void); /* before the first disk: nodes appear as disks do */

/* Within this folder. */
extern const struct file_ops blkdev_ops;
static inline struct block_device *blkdev_of(const struct file *f)
{
	return f->private;
}
/* Cached pages that overlap [start, end) bytes go, dirty or not. */
void blkdev_drop_cache(struct block_device *d, u64 start, u64 end);
long blkdev_ioctl(struct file *f, unsigned cmd, void *arg);
/* O_DIRECT: bytes moved or -errno; *pos moves on.  The range lies within the device. */
ssize_t blkdev_direct(struct file *f, struct iov_iter *it, loff_t *pos, bool write);
