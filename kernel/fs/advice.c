/* SPDX-License-Identifier: MIT
 *
 * fs/advice.c - what a program says about its coming reads: posix_fadvise(2)
 *
 * Owns:      nothing; sets file->ra and works on the page cache.
 * Layer:     fs.  Uses vm (read-ahead, invalidation).
 * Locks:     none: a struct readahead is a guess.
 * Contexts:  process context; may sleep.
 * Manual:    posix_fadvise(2).
 * Tests:     tests/abi/sync.c, kernel/fs/storefs_ktest.c.
 */
#include <fs/inode.h>
#include <abi/errno.h>
#include <abi/fcntl.h>

/* Pages wholly inside [off, end) go, after they were written; the last one also if the file ends in it. */
static void dont_need(struct mapping *m, loff_t off, loff_t end)
{
	u64 first = DIV_ROUND_UP((u64)off, PAGE_SIZE), behind = (u64)end >> PAGE_SHIFT;

	if ((u64)end >= atomic_load(&m->size))
		behind = ~0UL;
	(void)mapping_write_start(m, (u64)off, (u64)end, false);
	if (behind > first)
		(void)mapping_invalidate(m, first, behind - 1);
}

int file_fadvise(struct file *f, loff_t off, loff_t len, int advice)
{
	struct mapping *m = f->inode->mapping;
	loff_t end;

	if (__builtin_add_overflow(off, len, &end) || !len)
		end = INT64_MAX;
	if (!m || !mapping_has_store(m) || off < 0)
		return 0;
	switch (advice) {
	case POSIX_FADV_NORMAL:
		f->ra.mode = READAHEAD_NORMAL;
		break;
	case POSIX_FADV_RANDOM:
		f->ra.mode = READAHEAD_RANDOM;
		break;
	case POSIX_FADV_SEQUENTIAL:
		f->ra.mode = READAHEAD_SEQUENTIAL;
		break;
	case POSIX_FADV_WILLNEED:
		mapping_read_range(m, (u64)off >> PAGE_SHIFT,
		                   DIV_ROUND_UP((u64)end, PAGE_SIZE) - ((u64)off >> PAGE_SHIFT));
		break;
	case POSIX_FADV_DONTNEED:
		dont_need(m, off, end);
		break;
	default: /* NOREUSE: no effect in Linux 6.1 */
		break;
	}
	return 0;
}
