/* SPDX-License-Identifier: MIT
 *
 * drivers/loop_ioctl.c - the commands of loop devices and of /dev/loop-control
 *
 * Owns:      nothing.
 * Layer:     drivers.  Uses proc: descriptors of the caller.
 * Locks:     loop_mutex for each command.
 * Contexts:  process context; may sleep.
 * Manual:    loop(4)
 * Tests:     tests/abi/loop.c
 *
 * Left out: LOOP_CTL_REMOVE, LOOP_CHANGE_FD and direct I/O below (-EOPNOTSUPP, -EINVAL).
 */
#include "loop.h"
#include <abi/capability.h>
#include <fs/bdev/bdev.h>
#include <fs/chrdev.h>
#include <fs/fdtable.h>
#include <lib/string.h>
#include <proc/task.h>

enum { MISC_MAJOR = 10, LOOP_CONTROL_MINOR = 237 };
enum { SETTABLE = LO_FLAGS_AUTOCLEAR | LO_FLAGS_PARTSCAN };

/* A reference to what the caller's descriptor is open for: -EBADF, -EINVAL. */
static int file_to_show(unsigned fd, const struct loop *lo, struct file **out)
{
	struct fd_ref r = fd_ref_get(current_task()->files, fd);
	int err = 0;

	if (!r.file)
		return -EBADF;
	umode_t type = r.file->inode->mode & S_IFMT;
	if (type != S_IFREG && type != S_IFBLK)
		err = -EINVAL;
	/* A device that shows itself would wait for itself. */
	else if (type == S_IFBLK && r.file->inode->rdev == dev_make(LOOP_MAJOR, lo->number))
		err = -EBADF;
	else if (!(r.file->mode & FMODE_READ))
		err = -EINVAL;
	else
		*out = file_get(r.file);
	fd_ref_put(r);
	return err;
}

static int bind_fd(struct loop *lo, struct file *dev, unsigned fd, const struct loop_info64_k *given,
                   u32 block_size)
{
	struct loop_info64_k info = *given;
	struct file *f;

	if (info.encrypt_type)
		return -EINVAL;
	if (block_size && (block_size < 512 || block_size > PAGE_SIZE || block_size & (block_size - 1)))
		return -EINVAL;
	if (info.offset > INT64_MAX || info.sizelimit > INT64_MAX)
		return -EOVERFLOW;
	int err = file_to_show(fd, lo, &f);
	if (err)
		return err;
	if (lo->file)
		err = -EBUSY;
	if (!(f->mode & FMODE_WRITE) || !(dev->mode & FMODE_WRITE) || !f->ops->write)
		info.flags |= LO_FLAGS_READ_ONLY;
	if (!err)
		err = loop_bind(lo, f, &info, block_size);
	if (err)
		file_put(f);
	return err;
}

static int configure(struct loop *lo, struct file *dev, const struct loop_config_k *c)
{
	for (unsigned i = 0; i < 8; i++)
		if (c->reserved[i])
			return -EINVAL;
	if (c->info.flags & ~(u32)(SETTABLE | LO_FLAGS_READ_ONLY | LO_FLAGS_DIRECT_IO))
		return -EINVAL;
	return bind_fd(lo, dev, c->fd, &c->info, c->block_size);
}

static void get_status(const struct loop *lo, struct loop_info64_k *i)
{
	const struct inode *node = lo->file->inode;

	*i = (struct loop_info64_k){ .device = node->sb->dev,
		                     .inode = node->ino,
		                     .rdevice = (node->mode & S_IFMT) == S_IFBLK ? node->rdev : 0,
		                     .offset = lo->offset,
		                     .sizelimit = lo->sizelimit,
		                     .number = lo->number,
		                     .flags = lo->flags };
	memcpy(i->file_name, lo->name, sizeof(lo->name));
}

static int set_status(struct loop *lo, const struct loop_info64_k *i)
{
	const bool scan_before = lo->flags & LO_FLAGS_PARTSCAN;

	if (i->encrypt_type)
		return -EINVAL;
	if (i->offset > INT64_MAX || i->sizelimit > INT64_MAX)
		return -EOVERFLOW;
	const bool moved = i->offset != lo->offset || i->sizelimit != lo->sizelimit;
	if (moved) {
		int err = bdev_sync(lo->disk.whole);
		if (err)
			return err;
		blkdev_drop_cache(lo->disk.whole, 0, UINT64_MAX);
	}
	lo->offset = i->offset;
	lo->sizelimit = i->sizelimit;
	/* AUTOCLEAR may be taken away, PARTSCAN may only be added. */
	lo->flags = (lo->flags & ~(u32)LO_FLAGS_AUTOCLEAR) | (i->flags & SETTABLE);
	memcpy(lo->name, i->file_name, sizeof(lo->name));
	lo->name[sizeof(lo->name) - 1] = 0;
	if (moved)
		loop_set_size(lo);
	return !scan_before && lo->flags & LO_FLAGS_PARTSCAN ? loop_scan(lo) : 0;
}

static int clear(struct loop *lo, struct file **dropped)
{
	/* Others have it open, too: when the last one closes it. */
	if (bdev_openers(lo->disk.whole) > 1) {
		lo->flags |= LO_FLAGS_AUTOCLEAR;
		return 0;
	}
	int err = bdev_sync(lo->disk.whole);
	blkdev_drop_cache(lo->disk.whole, 0, UINT64_MAX);
	*dropped = loop_unbind(lo);
	return err == -EIO ? 0 : err;
}

static int set_block_size(struct loop *lo, unsigned long n)
{
	if (n < 512 || n > PAGE_SIZE || n & (n - 1))
		return -EINVAL;
	int err = bdev_sync(lo->disk.whole);
	if (err)
		return err;
	blkdev_drop_cache(lo->disk.whole, 0, UINT64_MAX);
	lo->disk.limits.logical = lo->disk.limits.physical = lo->disk.limits.io_min = (u32)n;
	return 0;
}

/* Commands that need a file below.  *dropped: it is the caller's to put. */
static long ioctl_bound(struct loop *lo, const struct file *dev, unsigned cmd, void *arg,
                        struct file **dropped)
{
	if (!lo->file)
		return -ENXIO;
	switch (cmd) {
	case LOOP_GET_STATUS64:
		get_status(lo, arg);
		return 0;
	case LOOP_SET_STATUS64:
		return dev->mode & FMODE_WRITE || cred_capable(dev->cred, CAP_SYS_ADMIN) ? set_status(lo, arg)
		                                                                         : -EPERM;
	case LOOP_CLR_FD:
		return clear(lo, dropped);
	case LOOP_SET_CAPACITY:
		loop_set_size(lo);
		return 0;
	case LOOP_SET_DIRECT_IO:
		return arg ? -EINVAL : 0;
	case LOOP_SET_BLOCK_SIZE:
		return set_block_size(lo, (unsigned long)arg);
	case LOOP_CHANGE_FD:
		return -EOPNOTSUPP;
	}
	return -EINVAL;
}

long loop_ioctl(void *file, unsigned cmd, void *arg)
{
	static const struct loop_info64_k plain;
	struct file *dev = file;
	struct loop *lo = container_of(bdev_disk(blkdev_of(dev)), struct loop, disk);
	struct file *dropped = NULL;

	if (cmd < LOOP_SET_FD || cmd > LOOP_CONFIGURE || bdev_partition(blkdev_of(dev)))
		return -EINVAL; /* loop devices answer so, other disks ENOTTY */
	mutex_lock(&loop_mutex);
	long n = cmd == LOOP_SET_FD      ? bind_fd(lo, dev, (unsigned)(unsigned long)arg, &plain, 0)
	         : cmd == LOOP_CONFIGURE ? configure(lo, dev, arg)
	                                 : ioctl_bound(lo, dev, cmd, arg, &dropped);
	mutex_unlock(&loop_mutex);
	if (dropped)
		file_put(dropped);
	return n;
}

static long control_ioctl(struct file *f, unsigned cmd, void *arg)
{
	struct loop *lo;

	scoped_mutex(&loop_mutex);
	switch (cmd) {
	case LOOP_CTL_GET_FREE:
		lo = loop_free_one();
		break;
	case LOOP_CTL_ADD:
		lo = loop_add((unsigned)(unsigned long)arg);
		break;
	case LOOP_CTL_REMOVE:
		return -EOPNOTSUPP;
	default:
		return -ENOSYS;
	}
	return IS_ERR(lo) ? PTR_ERR(lo) : (long)lo->number;
}

static const struct file_ops control_ops = { .ioctl = control_ioctl };

int loop_control_init(void)
{
	return chrdev_register(MISC_MAJOR, LOOP_CONTROL_MINOR, 1, "loop-control", S_IFCHR | 0600,
	                       &control_ops);
}
