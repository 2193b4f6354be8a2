/* SPDX-License-Identifier: MIT
 *
 * fs/storefs_ktest.c - a file system over an array in memory, and the page cache tested with it
 *
 * Owns:      the kind "storefs" (never registered): one file, whose store is an array; reads and writes may be
 *            counted, delayed and made to fail.
 * Layer:     fs.
 * Locks:     none: each test is one thread, and the flusher touches the array's pages one by one.
 * Contexts:  the thread of the tests; sleeps.
 * Tests:     `ktest=cache_read,cache_write,...`.
 */
#include <fs/dcache.h>
#include <fs/mount_tree.h>
#include <fs/namei.h>
#include <base/ktest.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <sched/timer.h>
#include <sched/work.h>
#include <vm/space.h>
#include <abi/errno.h>
#include <abi/mman.h>

enum { STORE_PAGES = 300, STORE_SIZE = STORE_PAGES * PAGE_SIZE };

static struct store {
	char *bytes[STORE_PAGES];
	unsigned reads, ahead, ahead_calls, writes, begins, inodes; /* pages; calls */
	int fail_read, fail_write, fail_begin;                      /* errno to answer with */
	bool slow; /* pages read ahead come later, by the worker */
	struct work work;
	struct page *late[STORE_PAGES];
	unsigned nr_late;
} store;

static void fill_page(struct page *p)
{
	if (p->index < STORE_PAGES)
		memcpy(page_virt(p), store.bytes[p->index], PAGE_SIZE);
	else
		memset(page_virt(p), 0, PAGE_SIZE);
}

static int store_read_page(struct mapping *m, struct page *p)
{
	store.reads++;
	fill_page(p);
	return store.fail_read;
}

static void late_pages(struct work *w)
{
	(void)!thread_sleep_until(clock_monotonic() + 20 * NSEC_PER_MSEC, false);
	for (unsigned i = 0; i < store.nr_late; i++) {
		fill_page(store.late[i]);
		mapping_read_end(store.late[i], store.fail_read);
	}
	store.nr_late = 0;
}

static void store_read_ahead(struct mapping *m, u64 index, unsigned n)
{
	store.ahead_calls++;
	work_flush();
	for (u64 end = index + n; index < end; index++) {
		struct page *p = mapping_add_for_read(m, index);

		if (!p)
			continue;
		store.ahead++;
		if (store.slow) {
			store.late[store.nr_late++] = p;
			continue;
		}
		fill_page(p);
		mapping_read_end(p, store.fail_read);
	}
	if (store.nr_late)
		work_queue(&store.work);
}

static int store_write_begin(struct mapping *m, u64 pos, unsigned len)
{
	store.begins++;
	return store.fail_begin;
}

static int store_write_pages(struct mapping *m, u64 first, u64 last, bool wait)
{
	struct page *p;

	while ((p = mapping_next_dirty_locked(m, &first, last))) {
		store.writes++;
		if (!store.fail_write && p->index < STORE_PAGES)
			memcpy(store.bytes[p->index], page_virt(p), PAGE_SIZE);
		mapping_write_end(p, store.fail_write);
	}
	return 0;
}

static const struct mapping_ops store_mapping_ops = {
	.read_page = store_read_page,
	.read_ahead = store_read_ahead,
	.write_begin = store_write_begin,
	.write_pages = store_write_pages,
	.hold = inode_mapping_hold,
	.release = inode_mapping_release,
};

static int store_fsync(struct file *f, loff_t start, loff_t end, bool datasync)
{
	return mapping_sync(f->inode->mapping, (u64)start, (u64)end);
}

static const struct file_ops store_file_ops = {
	.read = mapping_file_read,
	.write = mapping_file_write,
	.lseek = generic_lseek,
	.mmap = mapping_file_mmap,
	.fsync = store_fsync,
};

static int store_write_inode(struct inode *i, bool wait)
{
	store.inodes++;
	return 0;
}

static const struct super_ops store_super_ops = { .write_inode = store_write_inode };

static struct inode *store_lookup(struct inode *dir, const char *name, unsigned len)
{
	struct inode *i;

	if (len != 1 || *name != 'f')
		return NULL;
	i = inode_alloc(dir->sb, S_IFREG | 0600);
	if (!i)
		return ERR_PTR(-ENOMEM);
	inode_init_data(i, &store_mapping_ops, MEMC_CACHE);
	inode_set_size(i, STORE_SIZE);
	i->fops = &store_file_ops;
	return i;
}

static const struct inode_ops store_dir_ops = { .lookup = store_lookup };

static int store_fill(struct super_block *sb, const char *source, const char *options)
{
	sb->ops = &store_super_ops;
	sb->bdev_dev = dev_make(7, 7); /* so that O_DIRECT is allowed */
	sb->root_inode = inode_alloc(sb, S_IFDIR | 0700);
	if (!sb->root_inode)
		return -ENOMEM;
	sb->root_inode->ops = &store_dir_ops;
	return 0;
}

static struct fs_type store_type = { .name = "storefs", .nodev = true, .fill = store_fill };

/* ---- the surroundings of a test ---- */

struct bench {
	struct fs_ctx *fs;
	struct fs_walk walk;
	struct file *f;
	struct mapping *m;
	u64 cache_pages, dirty_pages;
};

static void store_free(void)
{
	for (unsigned i = 0; i < STORE_PAGES; i++) {
		page_free_virt(store.bytes[i], 0);
		store.bytes[i] = NULL;
	}
}

static int store_reset(void)
{
	memset(&store, 0, sizeof(store));
	work_init(&store.work, late_pages);
	for (unsigned i = 0; i < STORE_PAGES; i++) {
		store.bytes[i] = page_alloc_virt(0, 0);
		if (!store.bytes[i])
			return -ENOMEM;
		memset(store.bytes[i], (int)i, PAGE_SIZE);
	}
	return 0;
}

static int bench_open(struct bench *b, unsigned flags, struct file **out)
{
	return vfs_open(&b->walk, "/f", flags, 0, out);
}

static int bench_begin(struct bench *b)
{
	struct super_block *sb;
	struct mem_stats st;
	struct path p;
	int err = store_reset();

	if (err)
		return err;
	mem_stats(&st);
	b->cache_pages = st.cache_pages;
	b->dirty_pages = st.dirty_pages;
	sb = super_get(&store_type, "store", "");
	if (IS_ERR(sb))
		return (int)PTR_ERR(sb);
	p = (struct path){ mount_create(sb, sb->root, MS_NOATIME), sb->root };
	super_put(sb);
	b->fs = p.mnt ? fs_ctx_copy(NULL) : NULL;
	if (!b->fs)
		return -ENOMEM;
	fs_ctx_set_root(b->fs, &p);
	fs_ctx_set_cwd(b->fs, &p);
	mount_put(p.mnt);
	b->walk = (struct fs_walk){ b->fs, &cred_init, NULL };
	err = bench_open(b, O_RDWR, &b->f);
	if (!err)
		b->m = b->f->inode->mapping;
	return err;
}

/* Closes all; true when nothing is left in the cache. */
static bool bench_end(struct bench *b)
{
	struct mem_stats st;

	file_put(b->f);
	fs_ctx_put(b->fs);
	mem_stats(&st);
	store_free();
	return st.cache_pages == b->cache_pages && st.dirty_pages == b->dirty_pages && !st.writeback_pages;
}

static bool page_is(const struct bench *b, u64 index, char value)
{
	char buf[2];

	return file_read_kernel(b->f, buf, 1, (loff_t)(index << PAGE_SHIFT)) == 1 &&
	       file_read_kernel(b->f, buf + 1, 1, (loff_t)((index + 1) << PAGE_SHIFT) - 1) == 1 &&
	       buf[0] == value && buf[1] == value;
}

static bool write_at(const struct bench *b, struct file *f, u64 index, char value)
{
	char buf[64];

	memset(buf, value, sizeof(buf));
	return file_write_kernel(f, buf, sizeof(buf), (loff_t)(index << PAGE_SHIFT)) == sizeof(buf);
}

static u64 nr_dirty(const struct bench *b) NO_LOCK_CHECK
{
	return atomic_load(&b->m->nr_dirty);
}

static u64 nr_pages(const struct bench *b) NO_LOCK_CHECK
{
	return atomic_load(&b->m->nr_pages);
}

/* ---- tests ---- */

/* A reader that goes forward waits for few pages; one that jumps about reads only what it asks for. */
KTEST(cache_read)
{
	struct bench b;

	KT_CHECK(!bench_begin(&b));
	for (u64 i = 0; i < STORE_PAGES; i++)
		KT_CHECK(page_is(&b, i, (char)i));
	KT_CHECK(store.ahead == STORE_PAGES && !store.reads);
	/* 4, 8, 16, 32, 32...: the window grows. */
	KT_CHECK(store.ahead_calls >= 10 && store.ahead_calls <= 16);
	KT_CHECK(mapping_invalidate(b.m, 0, ~0UL) == STORE_PAGES && !nr_pages(&b));

	store.ahead = store.ahead_calls = 0;
	for (u64 i = 5; i < STORE_PAGES; i += 37)
		KT_CHECK(page_is(&b, i, (char)i));
	KT_CHECK(store.ahead + store.reads == 8);
	KT_CHECK(!file_fadvise(b.f, 0, 0, POSIX_FADV_DONTNEED) && !nr_pages(&b));

	store.ahead = 0;
	KT_CHECK(!file_fadvise(b.f, 10 * PAGE_SIZE, 20 * PAGE_SIZE, POSIX_FADV_WILLNEED) &&
	         store.ahead == 20);
	KT_CHECK(!file_fadvise(b.f, 0, 0, POSIX_FADV_RANDOM));
	store.ahead = 0;
	KT_CHECK(page_is(&b, 0, 0) && page_is(&b, 1, 1) && store.ahead + store.reads == 2);
	KT_CHECK(bench_end(&b));
	return 0;
}

/* Pages that come late, or not at all. */
KTEST(cache_read_errors)
{
	struct bench b;
	char c;

	KT_CHECK(!bench_begin(&b));
	store.slow = true;
	for (u64 i = 0; i < 50; i++)
		KT_CHECK(page_is(&b, i, (char)i));
	KT_CHECK(!store.reads);
	work_flush();
	mapping_drop(b.m, 0, ~0UL);
	store.fail_read = -EIO;
	KT_CHECK(file_read_kernel(b.f, &c, 1, 0) == -EIO);
	KT_CHECK(file_read_kernel(b.f, &c, 1, 20 * PAGE_SIZE) == -EIO);
	work_flush();
	store.fail_read = 0; /* an error is not kept */
	KT_CHECK(page_is(&b, 0, 0) && page_is(&b, 20, 20));
	KT_CHECK(bench_end(&b));
	return 0;
}

KTEST(cache_write)
{
	struct bench b;
	struct mem_stats st;
	char page[64];

	KT_CHECK(!bench_begin(&b));
	/* Part of a page: the rest is read.  Bytes behind the end: nothing is. */
	KT_CHECK(write_at(&b, b.f, 3, 'x') && store.reads == 1 && store.begins == 1);
	memset(page, 'y', sizeof(page));
	KT_CHECK(file_write_kernel(b.f, page, sizeof(page), STORE_SIZE + PAGE_SIZE) == sizeof(page) &&
	         store.reads == 1);
	KT_CHECK(b.f->inode->size == STORE_SIZE + PAGE_SIZE + (loff_t)sizeof(page));
	mem_stats(&st);
	KT_CHECK(st.dirty_pages == b.dirty_pages + 2 && nr_dirty(&b) == 2 && store.bytes[3][0] == 3);
	KT_CHECK(mapping_invalidate(b.m, 0, ~0UL) == 0);

	KT_CHECK(!file_fsync(b.f, 3 * PAGE_SIZE, 4 * PAGE_SIZE, true) && store.writes == 1);
	KT_CHECK(store.bytes[3][0] == 'x' && store.bytes[3][63] == 'x' && store.bytes[3][64] == 3);
	KT_CHECK(nr_dirty(&b) == 1 && !super_sync(b.f->inode->sb));
	KT_CHECK(store.writes == 2 && !nr_dirty(&b) && store.inodes == 1);

	store.fail_begin = -ENOSPC;
	KT_CHECK(!write_at(&b, b.f, 3, 'z') && !nr_dirty(&b));
	store.fail_begin = 0;
	KT_CHECK(write_at(&b, b.f, 5, 'a') &&
	         !inode_setattr(b.f->inode, &(struct iattr){ .valid = ATTR_SIZE, .size = 8192 }, &cred_init));
	KT_CHECK(!nr_dirty(&b) && bench_end(&b)); /* truncated pages are not written */
	return 0;
}

/* O_DIRECT: the store has it when the call returns, and the cache has not. */
KTEST(cache_direct)
{
	static char block[512];
	struct bench b;
	struct file *d;

	KT_CHECK(!bench_begin(&b) && !bench_open(&b, O_RDWR | O_DIRECT, &d));
	KT_CHECK(write_at(&b, b.f, 4, 'x'));
	KT_CHECK(file_read_kernel(d, block, 512, 4 * PAGE_SIZE) == 512 && block[63] == 'x' && block[64] == 4);
	KT_CHECK(store.bytes[4][0] == 'x' && !nr_pages(&b));
	memset(block, 'd', 512);
	KT_CHECK(file_write_kernel(d, block, 512, 4 * PAGE_SIZE + 512) == 512);
	KT_CHECK(store.bytes[4][512] == 'd' && store.bytes[4][1024] == 4 && !nr_pages(&b));
	KT_CHECK(file_read_kernel(d, block, 511, 0) == -EINVAL &&
	         file_write_kernel(d, block, 512, 1) == -EINVAL);
	store.fail_write = -EIO;
	KT_CHECK(file_write_kernel(d, block, 512, 0) == -EIO);
	store.fail_write = 0;
	file_put(d);
	KT_CHECK(bench_end(&b));
	return 0;
}

/* Whoever has the file open is told of a lost write once. */
KTEST(cache_write_errors)
{
	struct bench b;
	struct file *g, *late;

	KT_CHECK(!bench_begin(&b) && !bench_open(&b, O_RDWR, &g));
	KT_CHECK(write_at(&b, b.f, 1, 'x'));
	store.fail_write = -EIO;
	KT_CHECK(file_fsync(b.f, 0, INT64_MAX, false) == -EIO);
	store.fail_write = 0;
	KT_CHECK(!file_fsync(b.f, 0, INT64_MAX, false));
	KT_CHECK(file_fsync(g, 0, INT64_MAX, false) == -EIO && !file_fsync(g, 0, INT64_MAX, false));
	KT_CHECK(!bench_open(&b, O_RDWR, &late) && !file_fsync(late, 0, INT64_MAX, false));

	/* In the background: nobody knows yet, so one who opens the file then is told as well. */
	KT_CHECK(write_at(&b, b.f, 1, 'y'));
	file_put(late);
	store.fail_write = -ENOSPC;
	KT_CHECK(mapping_sync(b.m, 0, ~0UL) == -ENOSPC && !mapping_sync(b.m, 0, ~0UL));
	KT_CHECK(!bench_open(&b, O_RDWR, &late) && file_fsync(late, 0, INT64_MAX, false) == -ENOSPC);
	KT_CHECK(file_fsync(g, 0, INT64_MAX, false) == -ENOSPC &&
	         file_fsync(b.f, 0, INT64_MAX, false) == -ENOSPC);
	file_put(late);
	file_put(g);
	KT_CHECK(bench_end(&b));
	return 0;
}

/* Old dirty pages are written by the thread; a file that loses its last user is written before. */
KTEST(cache_flusher)
{
	u32 expire = dirty_expire_cs, period = dirty_writeback_cs;
	ktime_t deadline = clock_monotonic() + 10 * NSEC_PER_SEC;
	struct bench b;

	KT_CHECK(!bench_begin(&b));
	dirty_expire_cs = dirty_writeback_cs = 2;
	KT_CHECK(write_at(&b, b.f, 7, 'x'));
	while ((nr_dirty(&b) || !atomic_load(&store.inodes)) && clock_monotonic() < deadline) {
		flusher_kick();
		(void)!thread_sleep_until(clock_monotonic() + 10 * NSEC_PER_MSEC, false);
	}
	dirty_expire_cs = expire;
	dirty_writeback_cs = period;
	KT_CHECK(store.writes == 1 && store.bytes[7][0] == 'x' && store.inodes);

	KT_CHECK(write_at(&b, b.f, 8, 'y'));
	file_put(b.f);
	dcache_shrink();
	KT_CHECK(store.bytes[8][0] == 'y');
	KT_CHECK(!bench_open(&b, O_RDWR, &b.f));
	b.m = b.f->inode->mapping;
	KT_CHECK(page_is(&b, 9, 9) && bench_end(&b));
	return 0;
}

/* Memory is short: clean pages go, those used lately last, dirty ones never. */
KTEST(cache_reclaim)
{
	struct bench b;
	struct page *p;

	KT_CHECK(!bench_begin(&b));
	for (u64 i = 0; i < STORE_PAGES; i++)
		KT_CHECK(page_is(&b, i, (char)i));
	KT_CHECK(write_at(&b, b.f, 2, 'x'));
	p = mapping_find(b.m, 3);
	KT_CHECK(p && reclaim_pages(STORE_PAGES) == STORE_PAGES - 2 && nr_pages(&b) == 2);
	page_put(p);
	KT_CHECK(reclaim_pages(10) == 1 && nr_dirty(&b) == 1);
	KT_CHECK(!file_fsync(b.f, 0, INT64_MAX, false) && reclaim_pages(10) == 1);
	KT_CHECK(page_is(&b, 100, 100) && bench_end(&b));
	return 0;
}

/* Shared mappings see what is written and are written themselves. */
KTEST(cache_mmap)
{
	struct vm_mmap_args a = {
		.len = 4 * PAGE_SIZE, .prot = PROT_READ | PROT_WRITE, .flags = MAP_SHARED, .pgoff = 10
	};
	struct vm_space *s = vm_space_create();
	struct bench b;
	char c = 0;
	long at;

	KT_CHECK(s && !bench_begin(&b) && !file_mmap(b.f, &a));
	at = vm_mmap(s, &a);
	KT_CHECK(at > 0 && vm_copy(s, (uaddr_t)at, &c, 1, false, false) == 1 && c == 10);
	KT_CHECK(!nr_dirty(&b) && store.begins == 0);
	c = 'm';
	KT_CHECK(vm_copy(s, (uaddr_t)at, &c, 1, true, false) == 1 && nr_dirty(&b) == 1 && store.begins == 1);
	KT_CHECK(vm_copy(s, (uaddr_t)at + 1, &c, 1, true, false) == 1 && store.begins == 1);
	KT_CHECK(file_read_kernel(b.f, &c, 1, 10 * PAGE_SIZE) == 1 && c == 'm');
	KT_CHECK(!vm_msync(s, (uaddr_t)at, PAGE_SIZE, MS_SYNC) && store.bytes[10][1] == 'm' && !nr_dirty(&b));
	/* Clean again: the next store is noticed. */
	KT_CHECK(vm_copy(s, (uaddr_t)at, &c, 1, true, false) == 1 && nr_dirty(&b) == 1 && store.begins == 2);
	store.fail_begin = -ENOSPC;
	KT_CHECK(vm_copy(s, (uaddr_t)at + PAGE_SIZE, &c, 1, true, false) == 0);
	KT_CHECK(!file_fsync(b.f, 0, INT64_MAX, true));
	/* Twice: the first look sees the pages used. */
	KT_CHECK(reclaim_pages(64) > 0 && nr_pages(&b) == 0);
	store.fail_begin = 0;
	KT_CHECK(vm_copy(s, (uaddr_t)at + PAGE_SIZE, &c, 1, false, false) == 1 && c == 11);
	/* Truncated: no page any more. */
	KT_CHECK(!inode_setattr(b.f->inode, &(struct iattr){ .valid = ATTR_SIZE, .size = 11 * PAGE_SIZE + 5 },
	                        &cred_init));
	KT_CHECK(vm_fault(s, (uaddr_t)at + 2 * PAGE_SIZE, VM_ACCESS_READ) == VM_FAULT_BUS);
	KT_CHECK(vm_copy(s, (uaddr_t)at + PAGE_SIZE + 5, &c, 1, false, false) == 1 && c == 0);
	vm_space_put(s);
	KT_CHECK(bench_end(&b));
	return 0;
}
