/* SPDX-License-Identifier: MIT
 *
 * fs/bdev/direct.c - O_DIRECT on a block device: past the page cache
 *
 * Owns:      a buffer for the time of a call.
 * Layer:     fs/bdev.
 * Locks:     none.
 * Contexts:  process context; may sleep.
 * Manual:    open(2) O_DIRECT; the alignment is what Linux 6.1 asks for
 * Tests:     tests/abi/loop.c
 *
 * Offset and length are multiples of the logical block, addresses of 512.  What the page cache has of the range is
 * written back before, and after a write it is dropped.
 */
#include <fs/bdev/bdev.h>
#include <abi/errno.h>
#include <block/block.h>
#include <fs/inode.h>

enum { BUFFER_ORDER = 5, MEMORY_ALIGN = 512 };

/* One buffer full; bytes or -errno. */
static ssize_t move_some(struct block_device *d, u8 *buf, size_t n, struct iov_iter *it, loff_t pos,
                         bool write)
{
	int err;

	if (write && copy_from_iter(buf, n, it) != n)
		return -EFAULT;
	err = write ? bdev_write(d, (u64)pos, buf, n, 0) : bdev_read(d, (u64)pos, buf, n);
	if (err)
		return err;
	if (!write && copy_to_iter(buf, n, it) != n)
		return -EFAULT;
	return (ssize_t)n;
}

ssize_t blkdev_direct(struct file *f, struct iov_iter *it, loff_t *pos, bool write)
{
	struct block_device *d = blkdev_of(f);
	const u64 start = (u64)*pos, end = start + it->count;
	unsigned order = BUFFER_ORDER;
	ssize_t done = 0, n = 0;

	const u64 mask = bdev_logical_block(d) - 1;
	if (start & mask || !iov_is_aligned(it, MEMORY_ALIGN - 1, mask))
		return -EINVAL;
	int err = mapping_sync(bdev_mapping(d), start, end);
	if (err)
		return err;
	while (order && PAGE_SIZE << (order - 1) >= it->count)
		order--;
	u8 *buf = page_alloc_virt(order, 0);
	if (!buf)
		return -ENOMEM;
	while (it->count) {
		n = move_some(d, buf, MIN(it->count, PAGE_SIZE << order), it, *pos, write);
		if (n < 0)
			break;
		*pos += n;
		done += n;
		cond_resched();
		if (thread_kill_pending())
			break;
	}
	page_free_virt(buf, order);
	if (write)
		blkdev_drop_cache(d, start, end);
	return done ? done : n;
}
