/* SPDX-License-Identifier: MIT
 *
 * fs/tmpfs/file.c - regular files in memory: the page cache is the file
 *
 * Owns:      the count of pages in use (tmpfs_sb.pages).
 * Layer:     fs/tmpfs.
 * Locks:     inode->lock for writing around every change of size or pages by a call.
 * Contexts:  process context; may sleep.
 * Manual:    tmpfs(5), fallocate(2), lseek(2).
 * Tests:     fs/tmpfs/tmpfs_ktest.c, tests/abi/rw.c.
 * Deviates:  the size= limit is exact for write and fallocate. A fault that fills a hole of a shared
 *            mapping is counted at the next call on the file, not refused (Linux: SIGBUS).
 *
 * Pages appear in the mapping by writes and by faults.  What the file is charged is i->blocks; tmpfs_recount
 * sets it to what the mapping has and moves the instance's count by the difference.
 */
#include <fs/tmpfs/tmpfs_internal.h>
#include <sched/thread.h>
#include <vm/space.h>
#include <abi/errno.h>
#include <abi/fcntl.h>
#include <abi/mman.h>

enum { SECTORS = PAGE_SIZE / 512 };
static const struct mapping_ops tmpfs_mapping_ops; /* new pages are zero, nothing is written back */

void tmpfs_recount(struct inode *i) NO_LOCK_CHECK
{
	u64 now = atomic_load(&i->data.nr_pages) * SECTORS, before;

	if (likely(now == atomic_load(&i->blocks)))
		return;
	before = atomic_xchg(&i->blocks, now);
	atomic_add(&tmpfs_sb(i->sb)->pages, (s64)(now - before) / SECTORS);
}

static u64 pages_left(const struct super_block *sb)
{
	const struct tmpfs_sb *t = tmpfs_sb(sb);
	s64 used = atomic_load(&t->pages);

	if (!t->max_pages)
		return UINT64_MAX;
	return used < 0 ? t->max_pages : (u64)used < t->max_pages ? t->max_pages - (u64)used : 0;
}

/* How many pages of [first, end) are not there. */
static u64 count_holes(struct inode *i, u64 first, u64 end, u64 enough)
{
	u64 holes = 0;

	for (u64 n = first; n < end && holes < enough; n++) {
		struct page *p = mapping_find(&i->data, n);

		if (p)
			page_put(p);
		else
			holes++;
	}
	return holes;
}

/* A write of [pos, pos + count): how many of the bytes have room. */
static u64 room_for(struct inode *i, loff_t pos, u64 count)
{
	u64 left = pages_left(i->sb);
	u64 first = (u64)pos / PAGE_SIZE, end;

	if (count > INT64_MAX - (u64)pos)
		count = INT64_MAX - (u64)pos;
	end = ((u64)pos + count + PAGE_SIZE - 1) / PAGE_SIZE;
	if (left >= end - first) /* the usual case: no need to count */
		return count;
	for (u64 n = first; n < end; n++) {
		if (!count_holes(i, n, n + 1, 1))
			continue;
		if (!left--)
			return n == first ? 0 : n * PAGE_SIZE - (u64)pos;
	}
	return count;
}

static ssize_t tmpfs_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	struct inode *i = f->inode;
	loff_t at = f->flags & O_APPEND || from->append ? atomic_load(&i->size) : *pos;
	size_t wanted = from->count;
	u64 room;
	ssize_t n;

	if (!wanted)
		return 0;
	room = room_for(i, at, wanted);
	if (!room && at < INT64_MAX)
		return -ENOSPC;
	if (room < wanted)
		from->count = room;
	n = mapping_file_write(f, from, pos);
	tmpfs_recount(i);
	return n;
}

/* ---- seals, fcntl(2) F_ADD_SEALS: what may never be done to the file any more ---- */

static bool sealed_write(const struct inode *i)
{
	return atomic_load(&i->seals) & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE);
}

/* Is the size `to` forbidden? */
static bool sealed_size(const struct inode *i, loff_t to)
{
	u32 seals = atomic_load(&i->seals);

	return (to < i->size && seals & F_SEAL_SHRINK) || (to > i->size && seals & F_SEAL_GROW);
}

static bool mapped_writable(struct inode *i)
{
	struct vma *v;
	bool any = false;

	mutex_lock(&i->data.vmas_lock);
	list_for_each_entry (v, &i->data.vmas, mapping_link)
		any |= v->flags & VM_SHARED && v->flags & VM_MAYWRITE;
	mutex_unlock(&i->data.vmas_lock);
	return any;
}

static int seals_add(struct inode *i, u32 add)
{
	int err = 0;

	if (add & ~(u32)(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EINVAL;
	rwlock_write_lock(&i->lock);
	if (i->seals & F_SEAL_SEAL)
		err = -EPERM;
	else if (add & F_SEAL_WRITE && !(i->seals & F_SEAL_WRITE) && mapped_writable(i))
		err = -EBUSY;
	else
		atomic_store(&i->seals, i->seals | add);
	rwlock_write_unlock(&i->lock);
	return err;
}

static long tmpfs_fcntl(struct file *f, int cmd, unsigned long arg)
{
	if (cmd == F_GET_SEALS)
		return atomic_load(&f->inode->seals);
	if (cmd != F_ADD_SEALS || arg > UINT32_MAX)
		return -EINVAL;
	return f->mode & FMODE_WRITE ? seals_add(f->inode, (u32)arg) : -EPERM;
}

static int tmpfs_mmap(struct file *f, struct vm_mmap_args *a)
{
	bool shared = ((unsigned)a->flags & MAP_TYPE) != MAP_PRIVATE;

	if (shared && sealed_write(f->inode)) {
		if (a->prot & PROT_WRITE)
			return -EPERM;
		a->may &= ~(unsigned)VM_MAYWRITE;
	}
	return mapping_file_mmap(f, a);
}

int tmpfs_setattr(struct inode *i, const struct iattr *a)
{
	if (a->valid & ATTR_SIZE && i->mapping) {
		if (unlikely(i->seals & ~(u32)F_SEAL_SEAL) && sealed_size(i, a->size))
			return -EPERM;
		inode_truncate(i, a->size);
		tmpfs_recount(i);
	}
	return 0;
}

int tmpfs_getattr(struct inode *i, struct kstat *st)
{
	if (i->mapping)
		tmpfs_recount(i); /* faults may have made pages */
	st->blocks = i->blocks;
	return 0;
}

/* Makes the pages of [off, end). */
static int allocate(struct inode *i, loff_t off, loff_t end)
{
	u64 first = (u64)off / PAGE_SIZE, last = ((u64)end + PAGE_SIZE - 1) / PAGE_SIZE;
	u64 left = pages_left(i->sb);
	int err = 0;

	if (left < last - first && count_holes(i, first, last, left + 1) > left)
		return -ENOSPC;
	for (u64 n = first; n < last && !err; n++) {
		struct page *p = mapping_get(&i->data, n);

		if (IS_ERR(p)) {
			err = (int)PTR_ERR(p);
			break;
		}
		page_mark_dirty(p);
		page_put(p);
		cond_resched();
		if (thread_signal_pending())
			err = -EINTR;
	}
	return err == -ENOMEM ? -ENOSPC : err;
}

static int tmpfs_fallocate(struct file *f, int mode, loff_t off, loff_t len)
{
	struct inode *i = f->inode;
	int err = 0;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
		return -EOPNOTSUPP;
	rwlock_write_lock(&i->lock);
	if (mode & FALLOC_FL_PUNCH_HOLE
	            ? sealed_write(i)
	            : !(mode & FALLOC_FL_KEEP_SIZE) && off + len > i->size && i->seals & F_SEAL_GROW) {
		err = -EPERM;
		goto out;
	}
	err = inode_drop_privs_locked(i, f->cred);
	if (err)
		goto out;
	if (mode & FALLOC_FL_PUNCH_HOLE) {
		mapping_punch(&i->data, (u64)off, (u64)(off + len));
	} else {
		err = allocate(i, off, off + len);
		if (!err && !(mode & FALLOC_FL_KEEP_SIZE) && off + len > i->size)
			inode_set_size(i, off + len);
	}
	if (!err)
		inode_touch(i, ATTR_MTIME);
	tmpfs_recount(i);
out:
	rwlock_write_unlock(&i->lock);
	return err;
}

const struct file_ops tmpfs_file_ops = {
	.read = mapping_file_read,
	.write = tmpfs_write,
	.lseek = generic_lseek,
	.mmap = tmpfs_mmap,
	.fcntl = tmpfs_fcntl,
	.fsync = noop_fsync,
	.fallocate = tmpfs_fallocate,
};

void tmpfs_init_regular(struct inode *i)
{
	inode_init_data(i, &tmpfs_mapping_ops, MEMC_SHMEM);
	i->fops = &tmpfs_file_ops;
	i->seals = F_SEAL_SEAL;
}
