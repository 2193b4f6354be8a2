/* SPDX-License-Identifier: MIT
 *
 * fs/bdev/ioctl.c - the ioctls of block devices
 *
 * Owns:      nothing; the copies of arguments are sys_ioctl.c's.
 * Layer:     fs/bdev.
 * Locks:     none.
 * Contexts:  process context; may sleep.
 * Manual:    sd(4), hd(4), ioctl_fat(2) for none of it; util-linux' blockdev(8) names them all
 * Tests:     tests/abi/loop.c
 */
#include <fs/bdev/bdev.h>
#include <abi/blkdev.h>
#include <abi/errno.h>
#include <block/disk.h>

enum { SECTOR = 512 };

/* [start, length) of BLKDISCARD and BLKZEROOUT: whole blocks within the device. */
static int check_range(const struct file *f, const struct blk_range_k *r)
{
	struct block_device *d = blkdev_of(f);
	const u64 mask = bdev_logical_block(d) - 1, size = bdev_size(d);

	if (!(f->mode & FMODE_WRITE))
		return -EBADF;
	if (bdev_read_only(d))
		return -EPERM;
	if ((r->start | r->length) & mask)
		return -EINVAL;
	if (r->length > size || r->start > size - r->length)
		return -EINVAL;
	return 0;
}

/* Cached pages of the range are gone before the device changes under them. */
static int change_range(struct file *f, const struct blk_range_k *r,
                        int (*change)(struct block_device *d, u64 offset, u64 n))
{
	struct block_device *d = blkdev_of(f);
	int err = check_range(f, r);

	if (err)
		return err;
	if (change == bdev_discard && !bdev_disk(d)->limits.max_discard)
		return -EOPNOTSUPP;
	err = mapping_sync(bdev_mapping(d), r->start, r->start + r->length);
	if (err)
		return err;
	err = r->length ? change(d, r->start, r->length) : 0;
	blkdev_drop_cache(d, r->start, r->start + r->length);
	return err;
}

static int set_block_size(const struct file *f, s32 n)
{
	struct block_device *d = blkdev_of(f);

	if (!cred_capable(f->cred, CAP_SYS_ADMIN))
		return -EACCES;
	if (n < (s32)bdev_logical_block(d) || n > (s32)PAGE_SIZE || n & (n - 1))
		return -EINVAL;
	bdev_set_block_size(d, (u32)n);
	return 0;
}

/* Cylinders fit 16 bits and are cut, as everyone who asks for them knows. */
static long geometry(struct block_device *d, struct hd_geometry_k *g)
{
	const struct disk_limits *l = &bdev_disk(d)->limits;
	u64 sectors = bdev_size(bdev_disk(d)->whole) / SECTOR;

	if (!l->heads || !l->sectors)
		return -ENOTTY;
	g->heads = l->heads;
	g->sectors = l->sectors;
	g->cylinders = (u16)(sectors / ((u64)g->heads * g->sectors));
	g->start = bdev_start(d) / SECTOR;
	return 0;
}

static int flush_buffers(const struct file *f)
{
	struct block_device *d = blkdev_of(f);

	if (!cred_capable(f->cred, CAP_SYS_ADMIN))
		return -EACCES;
	int err = bdev_sync(d);
	blkdev_drop_cache(d, 0, UINT64_MAX);
	return err;
}

static int reread_partitions(const struct file *f)
{
	struct block_device *d = blkdev_of(f);

	if (bdev_partition(d))
		return -EINVAL;
	if (!cred_capable(f->cred, CAP_SYS_ADMIN))
		return -EACCES;
	if (!bdev_disk(d)->minors || !bdev_disk(d)->scan)
		return -EINVAL;
	int err = bdev_sync(d);
	return err ? err : disk_rescan(bdev_disk(d));
}

static int set_read_only(const struct file *f, s32 on)
{
	if (!cred_capable(f->cred, CAP_SYS_ADMIN))
		return -EACCES;
	bdev_set_read_only(blkdev_of(f), on);
	return 0;
}

static int set_read_ahead(const struct file *f, unsigned long sectors)
{
	if (!cred_capable(f->cred, CAP_SYS_ADMIN))
		return -EACCES;
	bdev_set_read_ahead(blkdev_of(f), (u32)MIN(sectors, 1UL << 20));
	return 0;
}

/* What only tells something. -ENOIOCTLCMD: it is another one. */
static long ioctl_ask(struct block_device *d, unsigned cmd, void *arg)
{
	const struct disk_limits *l = &bdev_disk(d)->limits;

	switch (cmd) {
	case BLKROGET:
		*(s32 *)arg = bdev_read_only(d);
		return 0;
	case BLKGETSIZE:
		*(u64 *)arg = bdev_size(d) / SECTOR;
		return 0;
	case BLKGETSIZE64:
		*(u64 *)arg = bdev_size(d);
		return 0;
	case BLKRAGET:
		*(u64 *)arg = bdev_read_ahead(d);
		return 0;
	case BLKSECTGET:
		*(u16 *)arg = (u16)MIN(l->max_bytes / SECTOR, 65535u);
		return 0;
	case BLKSSZGET:
		*(s32 *)arg = (s32)l->logical;
		return 0;
	case BLKBSZGET:
		*(s32 *)arg = (s32)bdev_block_size(d);
		return 0;
	case BLKPBSZGET:
		*(u32 *)arg = l->physical;
		return 0;
	case BLKIOMIN:
		*(u32 *)arg = l->io_min;
		return 0;
	case BLKIOOPT:
		*(u32 *)arg = l->io_opt;
		return 0;
	case BLKALIGNOFF:
		*(s32 *)arg = 0;
		return 0;
	case BLKDISCARDZEROES:
		*(u32 *)arg = 0;
		return 0;
	case BLKROTATIONAL:
		*(u16 *)arg = l->rotational;
		return 0;
	case BLKGETDISKSEQ:
		*(u64 *)arg = bdev_disk(d)->seq;
		return 0;
	case HDIO_GETGEO:
		return geometry(d, arg);
	}
	return -ENOIOCTLCMD;
}

long blkdev_ioctl(struct file *f, unsigned cmd, void *arg)
{
	switch (cmd) {
	case BLKROSET:
		return set_read_only(f, *(s32 *)arg);
	case BLKRRPART:
		return reread_partitions(f);
	case BLKFLSBUF:
		return flush_buffers(f);
	case BLKRASET:
		return set_read_ahead(f, (unsigned long)arg);
	case BLKBSZSET:
		return set_block_size(f, *(s32 *)arg);
	case BLKDISCARD:
		return change_range(f, arg, bdev_discard);
	case BLKZEROOUT:
		return change_range(f, arg, bdev_write_zeroes);
	case BLKSECDISCARD:
		return -EOPNOTSUPP;
	}
	long n = ioctl_ask(blkdev_of(f), cmd, arg);
	/* A disk's own commands, from its driver (loop). */
	if (n == -ENOIOCTLCMD && bdev_disk(blkdev_of(f))->ioctl)
		n = bdev_disk(blkdev_of(f))->ioctl(f, cmd, arg);
	return n;
}
