/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/direct.c - O_DIRECT: between the disk and the caller's memory, past the page cache
 *
 * Owns:      a buffer for the time of a call.
 * Layer:     fs/ext4. Uses data.c (writing), map.c, io.c.
 * Locks:     the inode's lock is held by fs: shared for reading, so that no block is given away meanwhile.
 * Contexts:  process context; may sleep.
 * Manual:    open(2) O_DIRECT; the alignment is what Linux 6.1 asks for.
 * Tests:     tests/stress/directio.c, tests/ext4.
 *
 * Offset, length and addresses are multiples of the device's logical block, else -EINVAL.  The caller (fs/filedata.c)
 * has written the range's pages back, and drops them around a write.  A write of whole pages goes this way; of less it
 * goes through the cache, since the rest of a page may be somebody's who has it mapped.
 *
 * What is written is on its way through the same door as write-back (data.c): a block that the file does not have is
 * allocated inside a handle that stays open until the data is there, an unwritten one is marked written after it.
 */
#include "internal.h"
#include <base/iov.h>
#include <lib/string.h>
#include <vm/mapping.h>

enum { BUFFER_ORDER = 5 };

/* A buffer for n bytes or for the first of them; *size bytes. */
static struct page *buffer_alloc(size_t n, unsigned *order, size_t *size)
{
	struct page *p;

	*order = BUFFER_ORDER;
	while (*order && PAGE_SIZE << (*order - 1) >= n)
		--*order;
	p = page_alloc(*order, 0);
	if (!p && *order) {
		*order = 0;
		p = page_alloc(0, 0);
	}
	*size = PAGE_SIZE << *order;
	return p;
}

/* Whole sectors [pos, pos + n) into buf; what is no data on the disk is zero. */
static int read_sectors(struct inode *i, u64 pos, char *buf, size_t n) NO_LOCK_CHECK
{
	struct ext4_inode *ei = ext4_i(i);
	u32 bits = ei->fs->block_bits;
	struct ext4_io *io = ext4_io_begin(ei->fs, false);
	int err = 0, late;

	if (!io)
		return -ENOMEM;
	while (n && !err) {
		u64 blk = pos >> bits, last = (pos + n - 1) >> bits;
		size_t off = pos & (ei->fs->block_size - 1), part;
		struct ext4_map m;

		mutex_lock(&ei->map_lock);
		err = ext4_map_find(i, blk, (u32)(last - blk + 1), &m);
		mutex_unlock(&ei->map_lock);
		if (err)
			break;
		part = MIN(((size_t)m.len << bits) - off, n);
		if (m.mapped && !m.unwritten)
			err = ext4_io_add(io, (m.pblk << bits) + off, buf, part);
		else
			memset(buf, 0, part);
		pos += part;
		buf += part;
		n -= part;
	}
	late = ext4_io_wait(io);
	return err ? err : late;
}

static ssize_t direct_read(struct inode *i, u64 pos, struct iov_iter *to)
{
	size_t left = MIN(to->count, (size_t)((u64)i->size - pos)), size;
	u32 sector = ext4_dev_sector(ext4_i(i)->fs);
	ssize_t done = 0;
	unsigned order;
	struct page *p = buffer_alloc(left, &order, &size);
	int err = p ? 0 : -ENOMEM;

	while (left && !err) {
		size_t n = MIN(left, size), got;

		err = read_sectors(i, pos, page_virt(p), ALIGN_UP(n, sector));
		if (err)
			break;
		got = copy_to_iter(page_virt(p), n, to);
		if (got < n)
			err = -EFAULT;
		done += (ssize_t)got;
		pos += got;
		left -= got;
		cond_resched();
		if (thread_kill_pending())
			break;
	}
	if (p)
		page_free(p, order);
	return done ? done : err;
}

/* One buffer full; the bytes written, or -errno. */
static ssize_t write_some(struct inode *i, u64 pos, struct page *p, size_t n, struct iov_iter *from)
{
	size_t written = 0;
	int err;

	if (copy_from_iter(page_virt(p), n, from) != n)
		return -EFAULT;
	err = ext4_write_direct(i, pos >> PAGE_SHIFT, p, (unsigned)(n >> PAGE_SHIFT), &written);
	if ((loff_t)(pos + written) > i->size)
		inode_set_size(i, (loff_t)(pos + written));
	return err ? err : (ssize_t)written;
}

static ssize_t direct_write(struct inode *i, u64 pos, struct iov_iter *from)
{
	struct ext4_inode *ei = ext4_i(i);
	ssize_t done = 0, n = 0;
	unsigned order;
	struct page *p;
	size_t size;
	int err = 0;

	/* The file's size must not cover what is not on the disk yet. */
	if (pos > (u64)i->size)
		err = ext4_zero_tail(i);
	if (!err && ei->disk_size < (loff_t)pos)
		err = mapping_sync(i->mapping, (u64)ei->disk_size, pos);
	if (err)
		return err;
	p = buffer_alloc(from->count, &order, &size);
	if (!p)
		return -ENOMEM;
	while (from->count) {
		size_t wanted = MIN(from->count, size);

		n = write_some(i, pos, p, wanted, from);
		if (n < 0)
			break;
		done += n;
		pos += (u64)n;
		if ((size_t)n < wanted) /* the rest is back with the caller's count */
			break;
		cond_resched();
		if (thread_kill_pending())
			break;
	}
	page_free(p, order);
	return done ? done : n;
}

ssize_t ext4_direct(struct mapping *m, u64 pos, struct iov_iter *it, bool write)
{
	struct inode *i = m->host;
	struct ext4_fs *fs = ext4_i(i)->fs;
	u32 mask = ext4_dev_sector(fs) - 1;

	if (pos & mask || !iov_is_aligned(it, mask, mask))
		return -EINVAL;
	if (!it->count)
		return 0;
	if (!write)
		return direct_read(i, pos, it);
	if (fs->read_only || atomic_load(&fs->failed))
		return -EROFS;
	return (pos | it->count) % PAGE_SIZE ? -EOPNOTSUPP : direct_write(i, pos, it);
}
