/* SPDX-License-Identifier: MIT
 *
 * fs/filedata.c - files whose bytes are in a page cache: read, write, mmap
 *
 * Owns:      nothing; works on inode->mapping.
 * Layer:     fs. Uses vm (mapping, mmap arguments).
 * Locks:     writers hold inode->lock for writing; readers take none (POSIX asks for atomicity of reads
 *            against writes; Linux gives it on no file system but XFS). The page cache has its own lock.
 * Contexts:  process context; may sleep, also in the middle of a copy (the caller's page may be absent).
 * Manual:    read(2), write(2), mmap(2), inode(7).
 * Tests:     tests/abi/rw.c.
 *
 * A hole of a memory-only file is a page that is not there: reading it copies zeros and allocates nothing.
 * i->size and mapping->size move together, after the bytes: a reader or a fault that sees the new size finds them.
 * A page is marked dirty after that.  Write-back, which may run at any time, takes the mark away first and looks at the
 * size then: so it either writes all that was written, or the page is marked again.
 */
#include <fs/namei.h>
#include <fs/mount_tree.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <vm/space.h>
#include <abi/errno.h>

static inline bool memory_only(const struct mapping *m)
{
	return !mapping_has_store(m);
}

struct page *mapping_page_for_read(struct file *f, struct mapping *m, u64 index, size_t wanted)
{
	struct page *p = mapping_find(m, index);
	u32 flags;

	if (!p)
		readahead_miss(m, &f->ra, index, DIV_ROUND_UP(wanted, PAGE_SIZE));
	f->ra.prev = index;
	if (!p)
		return mapping_get(m, index);
	flags = atomic_load_acquire(&p->flags);
	if (flags & PAGE_READAHEAD)
		readahead_mark_reached(m, &f->ra, p);
	if (!(flags & PAGE_REFERENCED))
		atomic_or(&p->flags, PAGE_REFERENCED);
	if (likely(flags & PAGE_UPTODATE))
		return p;
	page_put(p);
	return mapping_get(m, index);
}

/* Copies n bytes from within one page; the number copied, or -errno when the page cannot be had. */
static ssize_t read_piece(struct file *f, u64 index, size_t off, size_t n, struct iov_iter *to)
{
	struct mapping *m = f->inode->mapping;
	bool memory = memory_only(m);
	struct page *p =
	        memory ? mapping_find(m, index) : mapping_page_for_read(f, m, index, off + to->count);
	size_t done;

	if (!p)
		return (ssize_t)zero_iter(n, to);
	if (!memory && IS_ERR(p))
		return PTR_ERR(p);
	done = copy_to_iter((const char *)page_virt(p) + off, n, to);
	page_put(p);
	return (ssize_t)done;
}

static ssize_t read_cached(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct inode *i = f->inode;
	ssize_t done = 0;

	while (to->count) {
		loff_t at = *pos, size = atomic_load(&i->size);
		size_t off, n;
		ssize_t got;

		if (at >= size)
			break;
		off = (u64)at % PAGE_SIZE;
		n = MIN(PAGE_SIZE - off, to->count);
		n = (size_t)MIN((u64)n, (u64)(size - at));
		got = read_piece(f, (u64)at / PAGE_SIZE, off, n, to);
		if (got > 0) {
			*pos = at + got;
			done += got;
		}
		if (unlikely(got < (ssize_t)n)) {
			if (!done)
				done = got < 0 ? got : -EFAULT;
			break;
		}
		cond_resched();
	}
	file_accessed(f);
	return done;
}

/* ---- O_DIRECT ----
 * Past the page cache where the file system can (mapping_ops.direct).  Else the bytes pass through pages of the cache,
 * which hold them for the time of the call alone: what is read comes from the disk, and what was written is there when
 * the call returns. */
enum { DIRECT_ALIGN = 512 };

static bool is_direct(const struct file *f)
{
	return unlikely(f->flags & O_DIRECT) && f->inode->sb->bdev_dev;
}

static int direct_check(loff_t pos, size_t count)
{
	return ((u64)pos | count) % DIRECT_ALIGN ? -EINVAL : 0;
}

/* Writes [pos, end) back and forgets it. */
static int direct_flush(struct mapping *m, loff_t pos, loff_t end)
{
	int err = mapping_sync(m, (u64)pos, (u64)end);

	if (end > pos)
		(void)mapping_invalidate(m, (u64)pos >> PAGE_SHIFT, ((u64)end - 1) >> PAGE_SHIFT);
	return err;
}

/* F_ADD_SEALS: may the file not be written, or not up to `end`?  i->lock held. */
static COLD bool sealed_against(const struct inode *i, loff_t end)
{
	return i->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE) || (i->seals & F_SEAL_GROW && end > i->size);
}

/* -EOPNOTSUPP: through the cache. */
static ssize_t past_cache_read(struct inode *i, struct iov_iter *to, loff_t pos)
{
	struct mapping *m = i->mapping;
	ssize_t n;

	if (!m->ops || !m->ops->direct)
		return -EOPNOTSUPP;
	rwlock_read_lock(&i->lock); /* no block is given away while it is read */
	n = pos >= i->size ? 0 : mapping_sync(m, (u64)pos, (u64)pos + to->count);
	if (!n && pos < i->size)
		n = m->ops->direct(m, (u64)pos, to, false);
	rwlock_read_unlock(&i->lock);
	return n;
}

/* i->lock held for writing.  -EOPNOTSUPP: through the cache. */
static ssize_t past_cache_write(struct inode *i, struct iov_iter *from, loff_t *pos)
{
	struct mapping *m = i->mapping;
	u64 start = (u64)*pos, end = start + from->count;
	ssize_t n;

	if (!m->ops || !m->ops->direct)
		return -EOPNOTSUPP;
	if (sealed_against(i, (loff_t)end))
		return -EPERM;
	n = mapping_sync(m, start, end);
	if (n)
		return n;
	if (!((start | end) % PAGE_SIZE))
		mapping_drop(m, start >> PAGE_SHIFT, (end - 1) >> PAGE_SHIFT);
	n = m->ops->direct(m, start, from, true);
	if (n > 0) { /* readers may have brought the old bytes back meanwhile */
		mapping_drop(m, start >> PAGE_SHIFT, (end - 1) >> PAGE_SHIFT);
		*pos += n;
	}
	return n;
}

static ssize_t direct_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct mapping *m = f->inode->mapping;
	loff_t start = *pos, end = start + (loff_t)to->count; /* no overflow: file_read has checked */
	ssize_t n = past_cache_read(f->inode, to, start);

	if (n != -EOPNOTSUPP) {
		*pos += MAX(n, 0);
		file_accessed(f);
		return n;
	}
	n = direct_check(start, to->count);
	if (!n)
		n = direct_flush(m, start, end);
	if (!n)
		n = read_cached(f, to, pos);
	(void)mapping_invalidate(m, (u64)start >> PAGE_SHIFT, (u64)end >> PAGE_SHIFT);
	return n;
}

ssize_t mapping_file_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	return is_direct(f) ? direct_read(f, to, pos) : read_cached(f, to, pos);
}

/* Writes a piece of a page that is not cached, and of whose old bytes nothing is needed: all are overwritten, or
 * lie behind the end.  The bytes are collected in a page that nobody sees yet, for the copy may fault, sleep, or
 * stop half-way.  The page in the cache, *done bytes written, or ERR_PTR. */
static struct page *write_fresh(struct mapping *m, u64 index, size_t off, size_t n, struct iov_iter *from,
                                size_t *done)
{
	struct page *p = page_alloc(0, ALLOC_USER | (n < PAGE_SIZE ? ALLOC_ZERO : 0)), *there;

	if (!p)
		return ERR_PTR(-ENOMEM);
	*done = copy_from_iter((char *)page_virt(p) + off, n, from);
	if (*done < n && n == PAGE_SIZE)
		there = mapping_get(m, index); /* the rest of the page keeps its old bytes */
	else
		there = mapping_add_whole(m, index, p);
	if (there == p)
		return p;
	if (!IS_ERR(there))
		memcpy((char *)page_virt(there) + off, (char *)page_virt(p) + off, *done);
	page_put(p);
	return there;
}

/* The same in the page as it is, read from the store if need be. */
static struct page *write_cached(struct mapping *m, u64 index, size_t off, size_t n, struct iov_iter *from,
                                 size_t *done)
{
	struct page *p = mapping_get(m, index);

	if (!IS_ERR(p))
		*done = copy_from_iter((char *)page_virt(p) + off, n, from);
	return p;
}

/* A page that could not be read does not count: it makes room for one that is wholly written. */
static bool is_cached(struct mapping *m, u64 index)
{
	struct page *p = mapping_find(m, index);
	u32 flags = p ? atomic_load(&p->flags) : 0;

	if (!p)
		return false;
	page_put(p);
	return !(flags & PAGE_ERROR) || flags & PAGE_UPTODATE || !mapping_invalidate(m, index, index);
}

static ssize_t write_piece(struct inode *i, u64 index, size_t off, size_t n, struct iov_iter *from)
{
	struct mapping *m = i->mapping;
	bool whole = n == PAGE_SIZE || index << PAGE_SHIFT >= (u64)i->size;
	struct page *p;
	size_t done = 0;
	int err;

	if (m->ops && m->ops->write_begin) {
		err = m->ops->write_begin(m, (index << PAGE_SHIFT) + off, (unsigned)n);
		if (err)
			return err;
	}
	if (whole && !memory_only(m) && !is_cached(m, index))
		p = write_fresh(m, index, off, n, from, &done);
	else
		p = write_cached(m, index, off, n, from, &done);
	if (IS_ERR(p))
		return PTR_ERR(p);
	if (done) {
		loff_t end = (loff_t)((index << PAGE_SHIFT) + off + done);

		if (end > i->size)
			inode_set_size(i, end);
		page_mark_dirty(p);
	}
	page_put(p);
	if (unlikely(mapping_writes_back(m)))
		flusher_throttle();
	return (ssize_t)done;
}

/* -EFBIG at the limit; else cuts the request at it. */
static int check_limit(const struct file *f, loff_t pos, struct iov_iter *from)
{
	const struct inode *i = f->inode;
	u64 max = i->sb->max_file ? i->sb->max_file : INT64_MAX;

	if (unlikely(!(f->flags & O_LARGEFILE)) && s_isreg(i->mode))
		max = MIN(max, (u64)SMALL_FILE_MAX);
	if ((u64)pos >= max)
		return -EFBIG;
	if (from->count > max - (u64)pos)
		from->count = max - (u64)pos;
	return 0;
}

/* Before the file grows with a gap: what programs stored behind its end, through a mapping, is no part of it. */
static void zero_behind_end(struct inode *i)
{
	size_t used = (u64)i->size % PAGE_SIZE;
	struct page *p = used ? mapping_find(i->mapping, (u64)i->size >> PAGE_SHIFT) : NULL;

	if (!p)
		return;
	memset((char *)page_virt(p) + used, 0, PAGE_SIZE - used);
	page_put(p);
}

static ssize_t write_locked(struct inode *i, struct iov_iter *from, loff_t *pos)
{
	ssize_t done = 0;

	if (unlikely(*pos > i->size) && !memory_only(i->mapping))
		zero_behind_end(i);
	while (from->count) {
		loff_t at = *pos;
		size_t off = (u64)at % PAGE_SIZE;
		size_t n = MIN(PAGE_SIZE - off, from->count);
		ssize_t got = -EPERM;

		if (likely(!(i->seals & ~(u32)F_SEAL_SEAL)) || !sealed_against(i, at + (loff_t)n))
			got = write_piece(i, (u64)at / PAGE_SIZE, off, n, from);
		if (got > 0) {
			*pos = at + got;
			done += got;
		}
		if (unlikely(got < (ssize_t)n)) {
			if (!done)
				done = got < 0 ? got : -EFAULT;
			break;
		}
		cond_resched();
		if (unlikely(thread_kill_pending()))
			break;
	}
	return done;
}

/* *flush: it went through the cache. */
static ssize_t write_direct(struct inode *i, struct iov_iter *from, loff_t *pos, bool *flush)
{
	ssize_t done = past_cache_write(i, from, pos);

	if (done != -EOPNOTSUPP)
		return done;
	*flush = true;
	done = direct_check(*pos, from->count);
	return done ? done : write_locked(i, from, pos);
}

/* O_SYNC, O_DSYNC, chattr +S, mount -o sync: the bytes are on stable storage before the call returns. */
static COLD ssize_t sync_written(struct file *f, loff_t end, ssize_t done)
{
	int err = file_fsync(f, end - done, end, !(f->flags & (O_SYNC & ~O_DSYNC)));

	return err ? err : done;
}

static bool must_sync(const struct file *f)
{
	return f->flags & O_DSYNC || f->inode->flags & INODE_SYNC ||
	       atomic_load(&f->inode->sb->flags) & MS_SYNCHRONOUS;
}

ssize_t mapping_file_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	struct inode *i = f->inode;
	bool flush = false;
	ssize_t done;

	if (!from->count)
		return 0;
	rwlock_write_lock(&i->lock);
	if (f->flags & O_APPEND || from->append)
		*pos = i->size;
	done = check_limit(f, *pos, from);
	if (!done)
		done = is_direct(f) ? write_direct(i, from, pos, &flush) : write_locked(i, from, pos);
	if (done > 0)
		inode_touch(i, ATTR_MTIME);
	rwlock_write_unlock(&i->lock);
	if (done > 0 && flush) {
		int err = direct_flush(i->mapping, *pos - done, *pos);

		if (err)
			return err;
	}
	return done > 0 && unlikely(must_sync(f)) ? sync_written(f, *pos, done) : done;
}

/* ---- mmap ---- */

static void file_vma_get(struct vma *v)
{
	file_get(v->file);
}

static void file_vma_put(struct vma *v)
{
	file_put(v->file);
}

static int file_vma_describe(const struct vma *v, char *buf, size_t size, dev_t *dev, u64 *ino)
{
	enum { TEXT = 4096 };
	const struct file *f = v->file;
	struct path no_root = { NULL, NULL };
	char *tmp = kmalloc(TEXT, 0);
	char *text;

	*dev = f->inode->sb->dev;
	*ino = f->inode->ino;
	if (!tmp)
		return -ENOMEM;
	text = path_string(&f->path, &no_root, tmp, TEXT);
	strlcpy(buf, IS_ERR(text) ? "" : text, size);
	kfree(tmp);
	return 0;
}

static int file_vma_sync(struct vma *v, u64 start, u64 end)
{
	return file_fsync(v->file, (loff_t)start, (loff_t)end, true);
}

/* The file's times, as by write(2). */
static void file_vma_written(struct vma *v)
{
	inode_touch(((struct file *)v->file)->inode, ATTR_MTIME);
}

static const struct vma_ops file_vma_ops = {
	.get = file_vma_get,
	.put = file_vma_put,
	.describe = file_vma_describe,
	.sync = file_vma_sync,
	.written = file_vma_written,
};

int mapping_mmap(struct file *f, struct vm_mmap_args *a, struct mapping *m)
{
	a->mapping = m;
	a->file = f;
	a->ops = &file_vma_ops;
	file_accessed(f);
	return 0;
}

int mapping_file_mmap(struct file *f, struct vm_mmap_args *a)
{
	return f->inode->mapping ? mapping_mmap(f, a, f->inode->mapping) : -ENODEV;
}

int file_mmap(struct file *f, struct vm_mmap_args *a)
{
	unsigned type = (unsigned)a->flags & MAP_TYPE;
	bool shared = type == MAP_SHARED || type == MAP_SHARED_VALIDATE;

	if (!shared && type != MAP_PRIVATE)
		return -EINVAL;
	if (shared && a->prot & PROT_WRITE && !(f->mode & FMODE_WRITE))
		return -EACCES;
	if (!(f->mode & FMODE_READ))
		return -EACCES;
	if (shared && f->mode & FMODE_WRITE && f->inode->flags & INODE_APPEND)
		return -EACCES;
	a->may = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	if (shared && !(f->mode & FMODE_WRITE))
		a->may &= ~(unsigned)VM_MAYWRITE;
	if (f->path.mnt->flags & MS_NOEXEC) {
		if (a->prot & PROT_EXEC)
			return -EPERM;
		a->may &= ~(unsigned)VM_MAYEXEC;
	}
	return f->ops->mmap ? f->ops->mmap(f, a) : -ENODEV;
}
