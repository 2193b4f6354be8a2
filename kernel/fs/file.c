/* SPDX-License-Identifier: MIT
 *
 * fs/file.c - open file descriptions and the operations on them
 *
 * Owns:      struct file, its slab, the count of open files.
 * Layer:     fs.
 * Locks:     f->pos_lock makes read, write and lseek of one description see one position (POSIX 2.9.7); it
 *            is skipped when nobody else can use the description.
 * Contexts:  process context; may sleep.
 * Manual:    read(2), write(2), lseek(2), proc(5) (file-max).
 * Tests:     tests/abi/rw.c.
 *
 * Every operation here is: is it allowed by the mode, does this kind of file have it, do it.  Reading a byte
 * from /dev/zero passes through file_read in some twenty instructions, so nothing more belongs on that path.
 */
#include <fs/fscontext.h>
#include <fs/namei.h>
#include <fs/notify.h>
#include <fs/mount_tree.h>
#include <fs/dcache.h>
#include <fs/locks.h>
#include <fs/poll.h>
#include <base/clock.h>
#include <mem/slab.h>
#include <abi/errno.h>
#include <abi/termios.h>

u64 files_max = 8192;
void (*file_unwatch)(struct file *f);
static s64 nr_files;
static struct kmem_cache *file_slab;

void file_init(void)
{
	struct mem_stats ms;

	mem_stats(&ms);
	files_max = MAX(ms.total_pages * 4 / 10, 8192ul); /* Linux: 10 % of memory at 1 KiB a file */
	file_slab = kmem_cache_create("file", sizeof(struct file), 64);
}

u64 files_open(void)
{
	s64 n = atomic_load(&nr_files);

	return n > 0 ? (u64)n : 0;
}

/* ---- life ---- */

struct file *file_alloc_path(const struct path *path, const struct file_ops *ops, unsigned flags,
                             const struct cred *c)
{
	static const u8 acc_mode[4] = { FMODE_READ, FMODE_WRITE, FMODE_READ | FMODE_WRITE, 0 };
	struct inode *i = path->dentry->inode;
	struct file *f = NULL;
	int err = -ENFILE;

	if (unlikely((u64)atomic_add(&nr_files, 1) > files_max) && !cred_capable(c, CAP_SYS_ADMIN))
		goto fail;
	err = -ENOMEM;
	f = kmem_cache_alloc(file_slab, 0);
	if (unlikely(!f))
		goto fail;
	ref_init(&f->ref, 1);
	f->mode = acc_mode[flags & O_ACCMODE] | (ops->lseek ? FMODE_LSEEK : 0) |
	          (s_isreg(i->mode) || s_isdir(i->mode) ? FMODE_ATOMIC_POS : 0);
	f->flags = flags;
	f->ops = ops;
	f->inode = i;
	f->path = *path;
	f->pos = 0;
	mutex_init(&f->pos_lock);
	f->private = NULL;
	f->cred = cred_get(c);
	f->watches = NULL;
	f->owner = 0;
	f->owner_is_thread = true; /* so F_GETOWN_EX calls nobody */
	f->flocked = f->rcu_free = f->opened = false;
	f->ra = (struct readahead){ .mode = READAHEAD_NORMAL };
	f->wb_err = i->mapping ? errseq_sample(&i->mapping->wb_err) : 0;
	f->fs_err = errseq_sample(&i->sb->store.wb_err);
	return f;
fail:
	atomic_sub(&nr_files, 1);
	path_put(path);
	return ERR_PTR(err);
}

struct file *file_alloc(const struct path *path, const struct file_ops *ops, unsigned flags,
                        const struct cred *c)
{
	struct file *f;

	path_get(path);
	f = file_alloc_path(path, ops, flags, c);
	return IS_ERR(f) ? NULL : f;
}

static void file_free_rcu(struct rcu_head *h)
{
	kmem_cache_free(file_slab, container_of(h, struct file, rcu));
}

static void file_destroy(struct file *f)
{
	if (unlikely(atomic_load_acquire(&f->watches) != NULL))
		file_unwatch(f);
	if (unlikely(!list_empty(&f->inode->locks)))
		locks_release(f);
	if (!(f->mode & FMODE_PATH) && f->opened)
		notify_dentry(f->path.dentry, f->mode & FMODE_WRITE ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);
	if (f->ops->release)
		f->ops->release(f);
	if (f->mode & (FMODE_WCOUNT | FMODE_EXEC)) {
		if (f->mode & FMODE_EXEC)
			inode_allow_write(f->inode);
		if (f->mode & FMODE_WCOUNT) {
			inode_put_write(f->inode);
			atomic_sub(&f->path.mnt->writers, 1);
		}
	}
	if (unlikely(f->mode & FMODE_FLOATING))
		mount_end_floating(f->path.mnt);
	path_put(&f->path);
	cred_put(f->cred);
	atomic_sub(&nr_files, 1);
	if (unlikely(f->rcu_free))
		rcu_call(&f->rcu, file_free_rcu);
	else
		kmem_cache_free(file_slab, f);
}

void file_put(struct file *f)
{
	if (ref_put(&f->ref))
		file_destroy(f);
}

/* ---- position ---- */

/* With one reference (a table of one thread, which borrows it for the call) nobody else can be in the
 * description. */
static inline bool needs_pos_lock(const struct file *f)
{
	return f->mode & FMODE_ATOMIC_POS && ref_read(&f->ref) != 1;
}

static inline bool pos_lock(struct file *f) NO_LOCK_CHECK
{
	if (!needs_pos_lock(f))
		return false;
	mutex_lock(&f->pos_lock);
	return true;
}

static inline void pos_unlock(struct file *f, bool locked) NO_LOCK_CHECK
{
	if (locked)
		mutex_unlock(&f->pos_lock);
}

loff_t file_lseek(struct file *f, loff_t off, int whence)
{
	bool locked;
	loff_t r;

	if (whence < SEEK_SET || whence > SEEK_HOLE)
		return -EINVAL;
	if (!(f->mode & FMODE_LSEEK))
		return -ESPIPE;
	locked = pos_lock(f);
	r = f->ops->lseek(f, off, whence);
	pos_unlock(f, locked);
	return r;
}

static loff_t set_pos(struct file *f, loff_t pos)
{
	if (pos < 0)
		return -EINVAL;
	f->pos = pos;
	return pos;
}

loff_t generic_lseek(struct file *f, loff_t off, int whence)
{
	struct inode *i = f->inode;
	loff_t size = atomic_load(&i->size), sum;
	bool memory_only = i->mapping && !mapping_has_store(i->mapping);

	switch (whence) {
	case SEEK_SET:
		return set_pos(f, off);
	case SEEK_CUR:
	case SEEK_END:
		if (__builtin_add_overflow(whence == SEEK_CUR ? f->pos : size, off, &sum))
			return -EINVAL;
		return set_pos(f, sum);
	default: /* SEEK_DATA, SEEK_HOLE */
		if (off < 0 || off >= size)
			return -ENXIO;
		if (!memory_only)
			return set_pos(f, whence == SEEK_DATA ? off : size);
		sum = mapping_seek(i->mapping, off, size, whence == SEEK_DATA);
		return sum < 0 ? sum : set_pos(f, sum);
	}
}

loff_t dir_lseek(struct file *f, loff_t off, int whence)
{
	loff_t pos = off;

	if (whence != SEEK_SET && whence != SEEK_CUR)
		return -EINVAL;
	if (whence == SEEK_CUR && __builtin_add_overflow(f->pos, off, &pos))
		return -EINVAL;
	return set_pos(f, pos);
}

/* ---- read and write ---- */

/* At a given offset (pread): the file must have offsets. */
static int check_offset(const struct file *f, const loff_t *pos)
{
	if (!(f->mode & FMODE_LSEEK))
		return -ESPIPE;
	return *pos < 0 ? -EINVAL : 0;
}

/* The end of what is asked for must be a number; Linux checks it before it cuts the count. */
static inline bool bad_range(loff_t pos, size_t count)
{
	return (s64)((u64)pos + count) < 0 || (s64)count < 0;
}

/* n bytes were moved: who watches the file is told. */
static inline ssize_t told(struct file *f, ssize_t n, u32 what)
{
	if (n > 0)
		notify_dentry(f->path.dentry, what);
	return n;
}

/* Reads or writes with fn, at *pos or, NULL, at the description's position, which others may be moving. */
static COLD ssize_t transfer(struct file *f, struct iov_iter *it, loff_t *pos,
                             ssize_t (*fn)(struct file *f, struct iov_iter *it, loff_t *pos))
{
	bool locked = pos ? false : pos_lock(f);
	ssize_t n = -EINVAL;

	if (!pos)
		pos = &f->pos;
	if (!bad_range(*pos, it->count)) {
		it->count = MIN(it->count, MAX_RW_COUNT);
		n = fn(f, it, pos);
	}
	pos_unlock(f, locked);
	return n;
}

static COLD ssize_t read_general(struct file *f, struct iov_iter *to, loff_t *pos)
{
	int err = pos ? check_offset(f, pos) : 0;

	if (err)
		return err;
	if (!(f->mode & FMODE_READ))
		return -EBADF;
	if (!f->ops->read)
		return s_isdir(f->inode->mode) ? -EISDIR : -EINVAL;
	return told(f, transfer(f, to, pos, f->ops->read), IN_ACCESS);
}

ssize_t file_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	if (unlikely(pos || to->count > MAX_RW_COUNT || (s64)((u64)f->pos + to->count) < 0 ||
	             needs_pos_lock(f) || notify_watched()))
		return read_general(f, to, pos);
	if (unlikely(!(f->mode & FMODE_READ)))
		return -EBADF;
	if (unlikely(!f->ops->read))
		return s_isdir(f->inode->mode) ? -EISDIR : -EINVAL;
	return f->ops->read(f, to, &f->pos);
}

static COLD ssize_t write_general(struct file *f, struct iov_iter *from, loff_t *pos)
{
	int err = pos ? check_offset(f, pos) : 0;

	if (err)
		return err;
	if (!(f->mode & FMODE_WRITE))
		return -EBADF;
	if (!f->ops->write)
		return -EINVAL;
	return told(f, transfer(f, from, pos, f->ops->write), IN_MODIFY);
}

ssize_t file_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	if (unlikely(pos || from->count > MAX_RW_COUNT || (s64)((u64)f->pos + from->count) < 0 ||
	             needs_pos_lock(f) || notify_watched()))
		return write_general(f, from, pos);
	if (unlikely(!(f->mode & FMODE_WRITE)))
		return -EBADF;
	if (unlikely(!f->ops->write))
		return -EINVAL;
	return f->ops->write(f, from, &f->pos);
}

ssize_t file_read_kernel(struct file *f, void *dst, size_t n, loff_t pos)
{
	struct iov_iter it;

	if (!f->ops->read)
		return -EINVAL;
	iov_init_kernel(&it, dst, n);
	return f->ops->read(f, &it, &pos);
}

ssize_t file_write_kernel(struct file *f, const void *src, size_t n, loff_t pos)
{
	struct iov_iter it;

	if (!f->ops->write)
		return -EINVAL;
	iov_init_kernel(&it, src, n);
	return f->ops->write(f, &it, &pos);
}

/* ---- atime ---- */

enum { RELATIME_DAY = 86400 };

/* relatime: only if the access is the first since the last change, or the old time is a day old. */
static bool atime_due(const struct inode *i, u32 mnt_flags, ktime_t now)
{
	if (!(mnt_flags & MS_RELATIME))
		return i->atime != now;
	return i->atime <= i->mtime || i->atime <= i->ctime || now - i->atime >= RELATIME_DAY * NSEC_PER_SEC;
}

void file_accessed(struct file *f)
{
	if (!(f->flags & O_NOATIME))
		inode_accessed(f->inode, f->path.mnt->flags);
}

void inode_accessed(struct inode *i, u32 flags)
{
	ktime_t now;

	if (flags & (MS_NOATIME | MS_RDONLY) || i->flags & INODE_NOATIME)
		return;
	if (flags & MS_NODIRATIME && s_isdir(i->mode))
		return;
	now = clock_realtime_coarse();
	if (atime_due(i, flags, now)) {
		i->atime = now;
		inode_mark_dirty(i);
	}
}

/* ---- the other operations ---- */

int file_iterate(struct file *f, struct dir_context *ctx)
{
	struct inode *i = f->inode;
	bool locked;
	int err;

	if (!f->ops->iterate)
		return -ENOTDIR;
	if (!(f->mode & FMODE_READ))
		return -EBADF;
	locked = pos_lock(f);
	rwlock_read_lock(&i->lock);
	ctx->pos = f->pos;
	err = f->path.dentry->unlinked ? -ENOENT : f->ops->iterate(f, ctx);
	f->pos = ctx->pos;
	rwlock_read_unlock(&i->lock);
	if (!err) {
		file_accessed(f);
		notify_dentry(f->path.dentry, IN_ACCESS);
	}
	pos_unlock(f, locked);
	return err;
}

unsigned file_poll(struct file *f, struct poll_table *pt)
{
	if (!f->ops->poll)
		return POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
	return f->ops->poll(f, pt);
}

long file_ioctl(struct file *f, unsigned cmd, void *arg)
{
	if (f->ops->ioctl)
		return f->ops->ioctl(f, cmd, arg);
	if (cmd == FIONREAD && s_isreg(f->inode->mode)) {
		loff_t left = atomic_load(&f->inode->size) - f->pos;

		*(int *)arg = (int)MIN(MAX(left, (loff_t)0), (loff_t)INT32_MAX);
		return 0;
	}
	return -ENOTTY;
}

int file_fsync(struct file *f, loff_t start, loff_t end, bool datasync)
{
	struct mapping *m = f->inode->mapping;
	int err, late = 0;

	if (!f->ops->fsync)
		return -EINVAL;
	err = f->ops->fsync(f, start, end, datasync);
	if (m)
		late = errseq_check(&m->wb_err, &f->wb_err);
	return err ? err : late;
}

int noop_fsync(struct file *f, loff_t start, loff_t end, bool datasync)
{
	return 0;
}

/* One thing at a time, and KEEP_SIZE where the size could change otherwise. */
static int fallocate_mode(int mode)
{
	bool keep = mode & FALLOC_FL_KEEP_SIZE;

	switch (mode & ~FALLOC_FL_KEEP_SIZE) {
	case 0:
	case FALLOC_FL_ZERO_RANGE:
	case FALLOC_FL_UNSHARE_RANGE:
		return 0;
	case FALLOC_FL_PUNCH_HOLE:
		return keep ? 0 : -EOPNOTSUPP;
	case FALLOC_FL_COLLAPSE_RANGE:
	case FALLOC_FL_INSERT_RANGE:
		return keep ? -EOPNOTSUPP : 0;
	default:
		return -EOPNOTSUPP;
	}
}

int file_fallocate(struct file *f, int mode, loff_t off, loff_t len)
{
	struct inode *i = f->inode;
	loff_t end;
	int err;

	if (off < 0 || len <= 0)
		return -EINVAL;
	err = fallocate_mode(mode);
	if (err)
		return err;
	if (!(f->mode & FMODE_WRITE))
		return -EBADF;
	if (i->flags & INODE_IMMUTABLE || (i->flags & INODE_APPEND && mode & ~FALLOC_FL_KEEP_SIZE))
		return -EPERM;
	if ((i->mode & S_IFMT) == S_IFIFO)
		return -ESPIPE;
	if (s_isdir(i->mode))
		return -EISDIR;
	if (!s_isreg(i->mode) && (i->mode & S_IFMT) != S_IFBLK)
		return -ENODEV;
	if (__builtin_add_overflow(off, len, &end) || (i->sb->max_file && (u64)end > i->sb->max_file))
		return -EFBIG;
	err = f->ops->fallocate ? f->ops->fallocate(f, mode, off, len) : -EOPNOTSUPP;
	if (!err)
		notify_dentry(f->path.dentry, IN_MODIFY);
	return err;
}

int file_truncate(struct file *f, loff_t len)
{
	struct iattr a = { .valid = ATTR_SIZE, .size = len };
	int err;

	if (len < 0 || !s_isreg(f->inode->mode) || !(f->mode & FMODE_WRITE))
		return -EINVAL;
	err = inode_setattr(f->inode, &a, f->cred);
	if (!err)
		notify_dentry(f->path.dentry, IN_MODIFY);
	return err;
}
