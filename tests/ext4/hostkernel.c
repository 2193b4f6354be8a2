/* SPDX-License-Identifier: MIT
 * tests/ext4/hostkernel.c - what fs/ext4 uses of the kernel, for one thread on the host
 *
 * Owns:      inodes, pages, the page cache of the host; in the place of fs/ext4/io.c: the disk.
 * Locks are counted: one that is taken twice or given back twice ends the test.
 */
#include <fs/inode.h>
#include <fs/ext4/internal.h>
#include <fs/writeback.h>
#include <fs/xattr.h>
#include <base/clock.h>
#include <base/iov.h>
#include <base/random.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <stdlib.h>
#include "disk.h"
#include "hostkernel.h"

unsigned long host_thread[512];
static u64 now_ns = 1700000000ull * NSEC_PER_SEC;
u64 host_alloc_fail_at; /* the n-th allocation fails */
static u64 allocs;

/* ---- memory ---- */

static bool should_fail(void)
{
	return host_alloc_fail_at && ++allocs == host_alloc_fail_at;
}

void *kmalloc(size_t n, unsigned flags)
{
	if (should_fail())
		return NULL;
	return flags & ALLOC_ZERO ? calloc(1, n ? n : 1) : malloc(n ? n : 1);
}
void *krealloc(void *old, size_t n)
{
	return should_fail() ? NULL : realloc(old, n);
}
void kfree(const void *p)
{
	free((void *)p);
}
char *kstrdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *new = kmalloc(n, 0);

	return new ? memcpy(new, s, n) : NULL;
}
void mem_stats(struct mem_stats *out)
{
	*out = (struct mem_stats){ .total_pages = 16384 };
}
struct free_page {
	struct free_page *next;
};
static struct free_page *free_pages;
static u64 pages_made;

struct page *page_alloc(unsigned order, unsigned flags)
{
	void *v;
	struct page *p;

	if (order || should_fail()) /* callers try with one page then */
		return NULL;
	if (free_pages) {
		v = free_pages;
		free_pages = free_pages->next;
	} else {
		v = phys_to_virt(pages_made++ << PAGE_SHIFT);
		assert(pages_made < HOST_PAGES);
	}
	if (flags & ALLOC_ZERO)
		memset(v, 0, PAGE_SIZE);
	p = virt_page(v);
	*p = (struct page){ 0 };
	ref_init(&p->ref, 1);
	return p;
}
void page_put(struct page *p)
{
	if (!ref_put(&p->ref))
		return;
	((struct free_page *)page_virt(p))->next = free_pages;
	free_pages = page_virt(p);
}

void page_free(struct page *p, unsigned order)
{
	page_put(p);
}

/* ---- the caller's memory is ours ---- */

size_t copy_to_iter(const void *src, size_t n, struct iov_iter *it)
{
	memcpy((void *)it->at, src, n);
	it->at += n;
	it->room -= n;
	it->count -= n;
	return n;
}
size_t copy_from_iter(void *dst, size_t n, struct iov_iter *it)
{
	memcpy(dst, (const void *)it->at, n);
	it->at += n;
	it->room -= n;
	it->count -= n;
	return n;
}
bool iov_is_aligned(const struct iov_iter *it, unsigned long address_mask, size_t length_mask)
{
	return !(it->at & address_mask) && !(it->count & length_mask);
}

/* ---- locks: one thread ---- */

void mutex_init(struct mutex *m)
{
	m->owner = NULL;
}
void mutex_lock(struct mutex *m) NO_LOCK_CHECK
{
	assert(!m->owner);
	m->owner = thread_current();
}
void mutex_unlock(struct mutex *m) NO_LOCK_CHECK
{
	assert(m->owner);
	m->owner = NULL;
}
void rwlock_init(struct rwlock *l)
{
	l->count = 0;
}
void rwlock_write_lock(struct rwlock *l) NO_LOCK_CHECK
{
	assert(!l->count);
	l->count = -1;
}
void rwlock_write_unlock(struct rwlock *l) NO_LOCK_CHECK
{
	assert(l->count == -1);
	l->count = 0;
}
void rwlock_read_lock(struct rwlock *l) NO_LOCK_CHECK
{
	assert(l->count >= 0);
	l->count++;
}
void rwlock_read_unlock(struct rwlock *l) NO_LOCK_CHECK
{
	assert(l->count > 0);
	l->count--;
}
void waitq_init(struct waitq *q)
{
	list_init(&q->waiters);
}
void waitq_wake(struct waitq *q, unsigned n, unsigned key) {}
static void (*kthread_fn)(void *);
static void *kthread_arg;
void waitq_prepare(struct waitq *q, struct waiter *w, enum thread_state state)
{
	/* Only the end of the journal's thread is waited for: it runs now. */
	void (*fn)(void *) = kthread_fn;

	kthread_fn = NULL;
	if (!fn)
		panic("would sleep for ever");
	fn(kthread_arg);
}
void waitq_finish(struct waitq *q, struct waiter *w) {}
int sched_schedule_until(ktime_t deadline)
{
	return 0;
}
void sched_resched(void) {}
struct thread *kthread_start(void (*fn)(void *), void *arg, const char *name, int cpu)
{
	kthread_fn = fn;
	kthread_arg = arg;
	return should_fail() ? NULL : thread_current();
}

/* ---- clock ---- */

ktime_t clock_monotonic(void)
{
	return (ktime_t)(now_ns += 1000);
}
ktime_t clock_realtime(void)
{
	return (ktime_t)(now_ns += 1000);
}
ktime_t clock_realtime_coarse(void)
{
	return (ktime_t)(now_ns += 1000);
}
u64 random_u64(void)
{
	static u64 x = 88172645463325252ull;

	x ^= x << 13;
	x ^= x >> 7;
	return x ^= x << 17;
}

/* ---- inodes ---- */

const struct file_ops no_open_ops;
struct inode *inode_alloc(struct super_block *sb, umode_t mode) NO_LOCK_CHECK
{
	static const struct inode_ops none;
	struct inode *i = kzalloc(sizeof(*i));

	if (!i)
		return NULL;
	ref_init(&i->ref, 1);
	i->mode = mode;
	i->nlink = 1;
	i->sb = sb;
	i->ops = &none;
	i->fops = &no_open_ops;
	list_init(&i->locks);
	list_init(&i->dirty_link);
	return i;
}
void inode_init_data(struct inode *i, const struct mapping_ops *ops, enum mem_counter counter)
{
	mapping_init(&i->data, ops, i, counter);
	i->mapping = &i->data;
}
void inode_put(struct inode *i)
{
	if (ref_read(&i->ref) == 1 && i->nlink && i->private && (i->dirty || i->data.nr_dirty)) {
		if (i->mapping)
			(void)mapping_sync(i->mapping, 0, UINT64_MAX);
		if (i->dirty)
			(void)i->sb->ops->write_inode(i, false);
		i->dirty = false;
	}
	if (!ref_put(&i->ref))
		return;
	if (i->sb->ops && i->sb->ops->evict)
		i->sb->ops->evict(i);
	if (i->mapping)
		mapping_destroy(i->mapping);
	free(i->link);
	free(i);
}
void inode_init_owner(struct inode *i, const struct inode *dir, umode_t mode, const struct cred *c)
{
	i->mode = mode;
}
void inode_mark_dirty(struct inode *i)
{
	i->dirty = true;
}
void inode_touch(struct inode *i, unsigned attr)
{
	if (attr & ATTR_MTIME)
		i->mtime = i->ctime = clock_realtime_coarse();
}
void inode_truncate(struct inode *i, loff_t size)
{
	inode_set_size(i, size);
	mapping_truncate(i->mapping, (u64)size);
}
umode_t inode_mode_without_privs(const struct inode *i, const struct cred *c)
{
	return i->mode;
}
int inode_permission_mode(struct inode *i, unsigned want, const struct cred *c)
{
	return 0;
}
const struct cred *(*cred_current)(void);

bool cred_in_group(const struct cred *c, gid_t gid)
{
	return false;
}
int xattr_list_add(struct xattr_list *l, const char *prefix, const char *name, size_t len)
{
	size_t n = strlen(prefix);

	memcpy(l->to + l->used, prefix, n);
	memcpy(l->to + l->used + n, name, len);
	l->to[l->used + n + len] = 0;
	l->used += n + len + 1;
	return 0;
}
bool inode_mapping_hold(struct mapping *m)
{
	return true;
}
void inode_mapping_release(struct mapping *m) {}
int super_sync(struct super_block *sb)
{
	struct inode *i = NULL;

	while ((i = ext4_inode_next(ext4_fs(sb), i))) {
		if (i->mapping)
			(void)mapping_sync(i->mapping, 0, UINT64_MAX);
		if (i->dirty)
			(void)sb->ops->write_inode(i, false);
		i->dirty = false;
	}
	return sb->ops->sync(sb);
}
ssize_t mapping_file_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	return -EIO;
}
ssize_t mapping_file_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	return -EIO;
}
int mapping_file_mmap(struct file *f, struct vm_mmap_args *a)
{
	return -EIO;
}
loff_t generic_lseek(struct file *f, loff_t off, int whence)
{
	return -EINVAL;
}
loff_t dir_lseek(struct file *f, loff_t off, int whence)
{
	return -EINVAL;
}
static struct fs_type *types;
void fs_register(struct fs_type *t)
{
	t->next = types;
	types = t;
}
struct fs_type *fs_type_find(const char *name)
{
	struct fs_type *t = types;

	while (t && strcmp(t->name, name))
		t = t->next;
	return t;
}

/* ---- page cache ---- */

void mapping_init(struct mapping *m, const struct mapping_ops *ops, void *host, enum mem_counter c) NO_LOCK_CHECK
{
	memset(m, 0, sizeof(*m));
	m->ops = ops;
	m->host = host;
}
struct page *mapping_find(struct mapping *m, u64 index) NO_LOCK_CHECK
{
	struct page *p = xa_load(&m->pages, index);

	if (p)
		page_get(p);
	return p;
}
static struct page *add(struct mapping *m, u64 index) NO_LOCK_CHECK
{
	struct page *p = page_alloc(0, 0);

	if (!p)
		return ERR_PTR(-ENOMEM);
	if (xa_store(&m->pages, index, p)) {
		page_put(p);
		return ERR_PTR(-ENOMEM);
	}
	p->mapping = m;
	p->index = index;
	page_get(p);
	return p;
}
struct page *mapping_get(struct mapping *m, u64 index)
{
	struct page *p = mapping_find(m, index);
	int err;

	if (!p)
		p = add(m, index);
	if (IS_ERR(p) || p->flags & PAGE_UPTODATE)
		return p;
	err = m->ops->read_page(m, p);
	if (err) {
		page_put(p);
		return ERR_PTR(err);
	}
	p->flags |= PAGE_UPTODATE;
	return p;
}
struct page *mapping_add_for_read(struct mapping *m, u64 index)
{
	return NULL;
}
void mapping_read_end(struct page *p, int err) {}
void page_mark_dirty(struct page *p) NO_LOCK_CHECK
{
	if (!(p->flags & PAGE_DIRTY))
		p->mapping->nr_dirty++;
	p->flags |= PAGE_DIRTY;
}
static void clean(struct page *p) NO_LOCK_CHECK
{
	if (p->flags & PAGE_DIRTY)
		p->mapping->nr_dirty--;
	p->flags &= ~(u32)PAGE_DIRTY;
}
struct page *mapping_next_dirty_locked(struct mapping *m, u64 *index, u64 last) NO_LOCK_CHECK
{
	struct page *p;

	for (; (p = xa_find(&m->pages, index)) && *index <= last; ++*index) {
		u64 start = *index << PAGE_SHIFT;

		if (!(p->flags & PAGE_DIRTY))
			continue;
		clean(p);
		page_get(p);
		if (m->size > start && m->size - start < PAGE_SIZE)
			memset((char *)page_virt(p) + (m->size - start), 0, PAGE_SIZE - (m->size - start));
		++*index;
		return p;
	}
	return NULL;
}
static int write_error;
void mapping_write_end(struct page *p, int err)
{
	if (err)
		write_error = err;
	if (err)
		printf("write-back of page %llu of inode %llu: %d\n", (unsigned long long)p->index,
		       (unsigned long long)((struct inode *)p->mapping->host)->ino, err);
	page_put(p);
}
int mapping_sync(struct mapping *m, u64 start, u64 end)
{
	int err;

	write_error = 0;
	err = m->ops->write_pages(m, start >> PAGE_SHIFT, end >> PAGE_SHIFT, true);
	return err ? err : write_error;
}

int mapping_write_start(struct mapping *m, u64 start, u64 end, bool wait)
{
	return mapping_sync(m, start, end);
}
int mapping_write_wait(struct mapping *m, u64 start, u64 end)
{
	return 0;
}
static void drop(struct mapping *m, u64 first, u64 last) NO_LOCK_CHECK
{
	struct page *p;
	u64 at = first;

	while ((p = xa_find(&m->pages, &at)) && at <= last) {
		clean(p);
		xa_erase(&m->pages, at);
		page_put(p);
	}
}
void mapping_drop(struct mapping *m, u64 first, u64 last)
{
	drop(m, first, last);
}
static void zero(struct mapping *m, u64 from, u64 to)
{
	struct page *p = mapping_get(m, from >> PAGE_SHIFT);

	if (IS_ERR(p))
		return;
	memset((char *)page_virt(p) + from % PAGE_SIZE, 0, to - from);
	page_mark_dirty(p);
	page_put(p);
}
void mapping_truncate(struct mapping *m, u64 size)
{
	drop(m, DIV_ROUND_UP(size, PAGE_SIZE), UINT64_MAX);
	if (size % PAGE_SIZE)
		zero(m, size, ALIGN_UP(size, PAGE_SIZE));
}
void mapping_punch(struct mapping *m, u64 start, u64 end)
{
	u64 first = DIV_ROUND_UP(start, PAGE_SIZE), behind = end >> PAGE_SHIFT;

	if (start >> PAGE_SHIFT == end >> PAGE_SHIFT) {
		zero(m, start, end);
		return;
	}
	if (start % PAGE_SIZE)
		zero(m, start, first << PAGE_SHIFT);
	if (behind > first)
		drop(m, first, behind - 1);
	if (end % PAGE_SIZE)
		zero(m, behind << PAGE_SHIFT, end);
}
void mapping_destroy(struct mapping *m) NO_LOCK_CHECK
{
	drop(m, 0, UINT64_MAX);
	xa_destroy(&m->pages);
}

/* ---- the disk: what fs/ext4/io.c does in the kernel ---- */

struct ext4_io {
	bool write;
	int error;
};
int ext4_dev_open(struct ext4_fs *fs, dev_t dev, bool write)
{
	return 0;
}
void ext4_dev_close(struct ext4_fs *fs) {}
u64 ext4_dev_size(const struct ext4_fs *fs)
{
	return disk_size();
}
u32 ext4_dev_sector(const struct ext4_fs *fs)
{
	return 512;
}

bool ext4_dev_read_only(const struct ext4_fs *fs)
{
	return disk_is_read_only();
}
int ext4_dev_read(struct ext4_fs *fs, u64 offset, void *buf, size_t n)
{
	return disk_read(offset, buf, n);
}
int ext4_dev_write(struct ext4_fs *fs, u64 offset, const void *buf, size_t n, bool on_media)
{
	int err = on_media ? disk_flush() : 0;

	if (!err)
		err = disk_write(offset, buf, n);
	return err ? err : on_media ? disk_flush() : 0;
}
int ext4_dev_flush(struct ext4_fs *fs)
{
	return disk_flush();
}
void ext4_dev_read_pages(struct ext4_fs *fs, u64 offset, struct mapping *m, u64 index, u32 n) {}
struct ext4_io *ext4_io_begin(struct ext4_fs *fs, bool write)
{
	struct ext4_io *io = kzalloc(sizeof(*io));

	if (io)
		io->write = write;
	return io;
}
int ext4_io_add(struct ext4_io *io, u64 offset, void *buf, size_t n)
{
	int err = io->write ? disk_write(offset, buf, n) : disk_read(offset, buf, n);

	if (err && !io->error)
		io->error = err;
	return 0;
}
int ext4_io_wait(struct ext4_io *io)
{
	int err = io->error;

	free(io);
	return err;
}

static void *xa_node(size_t n)
{
	return kmalloc(n, 0);
}
static void xa_node_free(void *p)
{
	free(p);
}
void host_init(void)
{
	xarray_set_allocator(xa_node, xa_node_free);
	host_map_ram();
	ext4_init_for_host();
}
