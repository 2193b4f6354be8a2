/* SPDX-License-Identifier: MIT
 *
 * fs/fdtable.c - descriptor tables
 *
 * Owns:      struct fd_table, struct fd_array.
 * Layer:     fs.
 * Locks:     t->lock guards every change; looking up takes no lock.
 * Contexts:  process context; closing may sleep.
 * Manual:    open(2), dup(2), fcntl(2), close(2), clone(2) (CLONE_FILES).
 * Tests:     tests/abi/fd.c.
 *
 * Theory
 * ------
 * The table is an array of file pointers with two bitmaps (in use, close-on-exec).  It is replaced by a
 * larger one when needed; the old one is freed after a grace period, since a reader may be in it.
 *
 * A system call borrows a file for its duration.  Three cases:
 *   - One thread uses the table (ref 1).  Only that thread could close the descriptor, and it is here:
 *     no counting.
 *   - Threads share it.  The file's count may reach zero between reading the pointer and counting, so the
 *     count is raised only from a value above zero and the slot read again; the memory is freed after a
 *     grace period.
 *   - Another process looks (procfs).  It holds a reference to the table and uses fd_file_get, which locks.
 *
 * So a file must be freed after a grace period only if it left a table that threads share: f->rcu_free says
 * so, and a single-threaded program pays nothing for it.
 */
#include <fs/fdtable.h>
#include <fs/inode.h>
#include <fs/locks.h>
#include <lib/bitmap.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <abi/errno.h>

enum { FD_FIRST = 64, FD_MAX = 1 << 20 /* fs.nr_open of Linux */ };
static struct kmem_cache *table_slab;

void fdtable_init(void)
{
	table_slab = kmem_cache_create("files", sizeof(struct fd_table), 64);
}

/* ---- arrays ---- */

static struct fd_array *array_alloc(unsigned size)
{
	size_t map = BITMAP_LONGS(size) * sizeof(unsigned long);
	size_t files = size * sizeof(struct file *);
	struct fd_array *a = kzalloc(sizeof(*a) + files + 2 * map);

	if (!a)
		return NULL;
	a->size = size;
	a->files = (struct file **)(a + 1);
	a->used = (unsigned long *)(a->files + size);
	a->cloexec = a->used + BITMAP_LONGS(size);
	return a;
}

static void array_free_rcu(struct rcu_head *h)
{
	kfree(container_of(h, struct fd_array, rcu));
}

static struct fd_table *table_alloc(void)
{
	struct fd_table *t = kmem_cache_alloc(table_slab, ALLOC_ZERO);

	if (!t)
		return NULL;
	ref_init(&t->ref, 1);
	spin_init(&t->lock, "fd_table");
	t->first = (struct fd_array){ .size = FD_FIRST,
		                      .files = t->first_files,
		                      .used = &t->first_used,
		                      .cloexec = &t->first_cloexec };
	t->array = &t->first;
	return t;
}

/* Makes room for descriptor fd. 0, -EMFILE, -ENOMEM. */
static int table_grow(struct fd_table *t, unsigned fd)
{
	struct fd_array *new, *old;
	unsigned size = FD_FIRST;

	if (fd >= FD_MAX)
		return -EMFILE;
	while (size <= fd)
		size *= 2;
	new = array_alloc(size);
	if (!new)
		return -ENOMEM;
	spin_lock(&t->lock);
	old = t->array;
	if (old->size >= size) { /* another thread was quicker */
		spin_unlock(&t->lock);
		kfree(new);
		return 0;
	}
	memcpy(new->files, old->files, old->size * sizeof(struct file *));
	memcpy(new->used, old->used, old->size / 8);
	memcpy(new->cloexec, old->cloexec, old->size / 8);
	rcu_assign(t->array, new);
	spin_unlock(&t->lock);
	if (old != &t->first)
		rcu_call(&old->rcu, array_free_rcu);
	return 0;
}

/* ---- life of a table ---- */

struct fd_table *fd_table_create(void)
{
	return table_alloc();
}

static void array_copy(struct fd_array *to, const struct fd_array *from)
{
	unsigned longs = MIN(BITMAP_LONGS(from->size), BITMAP_LONGS(to->size));

	for (unsigned w = 0; w < longs; w++) {
		unsigned long bits = from->used[w];

		to->used[w] = bits;
		to->cloexec[w] = from->cloexec[w];
		for (; bits; bits &= bits - 1) {
			unsigned fd = w * 64 + (unsigned)__builtin_ctzl(bits);

			to->files[fd] = file_get(from->files[fd]);
		}
	}
}

/* One more than the highest descriptor in use. */
static unsigned array_span(const struct fd_array *a)
{
	for (unsigned w = BITMAP_LONGS(a->size); w-- > 0;)
		if (a->used[w])
			return w * 64 + fls64(a->used[w]);
	return 0;
}

struct fd_table *fd_table_copy(struct fd_table *old)
{
	struct fd_table *t = table_alloc();
	int err = 0;

	if (!t)
		return NULL;
	spin_lock(&old->lock);
	for (;;) {
		unsigned span = array_span(old->array);

		if (span <= t->array->size)
			break;
		spin_unlock(&old->lock);
		err = table_grow(t, span - 1);
		if (err) {
			fd_table_put(t);
			return NULL;
		}
		spin_lock(&old->lock);
	}
	array_copy(t->array, old->array);
	t->next = old->next;
	spin_unlock(&old->lock);
	return t;
}

/* A file has left table t, whose reference to it is ours now: what close(2) does besides. */
static int close_file(struct fd_table *t, struct file *f)
{
	int err = 0;

	/* The slot was emptied before the count of users is read; a reader counts itself a user before it
	 * reads the slot. */
	memory_barrier();
	if (ref_read(&t->ref) > 1)
		f->rcu_free = true;
	if (unlikely(f->mode & FMODE_PATH)) {
		file_put(f);
		return 0;
	}
	if (f->ops->flush)
		err = f->ops->flush(f);
	if (unlikely(!list_empty(&f->inode->locks)))
		locks_close(f, t);
	file_put(f);
	return err;
}

void fd_table_put(struct fd_table *t)
{
	struct fd_array *a;

	if (!ref_put(&t->ref))
		return;
	a = t->array;
	for (unsigned w = 0; w < BITMAP_LONGS(a->size); w++) {
		for (unsigned long bits = a->used[w]; bits; bits &= bits - 1)
			close_file(t, a->files[w * 64 + (unsigned)__builtin_ctzl(bits)]);
		cond_resched();
	}
	if (a != &t->first)
		kfree(a);
	kmem_cache_free(table_slab, t);
}

void fd_table_close_exec(struct fd_table *t)
{
	for (unsigned w = 0; w < BITMAP_LONGS(t->array->size); w++) {
		unsigned long bits;

		while ((bits = t->array->cloexec[w] & t->array->used[w]))
			(void)!fd_close(t, w * 64 + (unsigned)__builtin_ctzl(bits));
	}
}

/* ---- lookup ---- */

static inline struct file *array_file(const struct fd_array *a, unsigned fd)
{
	return likely(fd < a->size) ? atomic_load_acquire(&a->files[fd]) : NULL;
}

/* Threads share the table. */
static struct file *get_shared(struct fd_table *t, unsigned fd)
{
	for (;;) {
		struct file *f = array_file(rcu_dereference(t->array), fd);

		if (!f)
			return NULL;
		if (!ref_get_unless_zero(&f->ref))
			continue; /* being closed: the slot is empty or another file's by now */
		if (likely(array_file(rcu_dereference(t->array), fd) == f))
			return f;
		f->rcu_free = true; /* found in a shared table, whoever frees it */
		file_put(f);
	}
}

struct fd_ref fd_ref_get_shared(struct fd_table *t, unsigned fd, bool path)
{
	struct file *f = get_shared(t, fd);

	if (f && f->mode & FMODE_PATH && !path) {
		file_put(f);
		f = NULL;
	}
	return (struct fd_ref){ f, f != NULL };
}

struct file *fd_file_get(struct fd_table *t, unsigned fd)
{
	spin_lock(&t->lock);
	struct file *f = array_file(t->array, fd);
	if (f)
		file_get(f);
	spin_unlock(&t->lock);
	return f;
}

int fd_next(struct fd_table *t, unsigned fd)
{
	spin_lock(&t->lock);
	unsigned size = t->array->size;
	unsigned n = fd < size ? bitmap_find_set(t->array->used, size, fd) : size;
	spin_unlock(&t->lock);
	return n < size ? (int)n : -1;
}

/* ---- change ---- */

static void slot_fill(struct fd_array *a, unsigned fd, struct file *f, bool cloexec)
{
	bitmap_set(a->used, fd);
	if (cloexec)
		bitmap_set(a->cloexec, fd);
	else
		bitmap_clear(a->cloexec, fd);
	atomic_store_release(&a->files[fd], f);
}

/* First free descriptor >= from; may be the array's size. */
static inline unsigned find_free(const struct fd_array *a, unsigned from)
{
	unsigned long word;

	if (from >= a->size)
		return from;
	word = ~a->used[from / 64] & ~0UL << from % 64;
	if (likely(word))
		return from / 64 * 64 + (unsigned)__builtin_ctzl(word);
	return bitmap_find_clear(a->used, a->size, from);
}

int fd_install_from(struct fd_table *t, struct file *f, unsigned min, bool cloexec, u64 limit)
{
	if (min && min >= limit)
		return -EINVAL;
	for (;;) {
		int err;

		spin_lock(&t->lock);
		unsigned fd = find_free(t->array, MAX(min, t->next));
		if (unlikely(fd >= limit)) {
			spin_unlock(&t->lock);
			return -EMFILE;
		}
		if (likely(fd < t->array->size)) {
			slot_fill(t->array, fd, f, cloexec);
			if (min <= t->next)
				t->next = fd + 1;
			spin_unlock(&t->lock);
			return (int)fd;
		}
		spin_unlock(&t->lock);
		err = table_grow(t, fd);
		if (err)
			return err;
	}
}

int fd_replace(struct fd_table *t, unsigned newfd, struct file *f, bool cloexec, u64 limit)
{
	struct file *old;

	if (newfd >= limit)
		return -EBADF;
	for (;;) {
		int err;

		spin_lock(&t->lock);
		if (newfd < t->array->size)
			break;
		spin_unlock(&t->lock);
		err = table_grow(t, newfd);
		if (err)
			return err == -EMFILE ? -EBADF : err;
	}
	old = t->array->files[newfd];
	slot_fill(t->array, newfd, f, cloexec);
	spin_unlock(&t->lock);
	if (old)
		close_file(t, old);
	return (int)newfd;
}

int fd_close(struct fd_table *t, unsigned fd)
{
	struct file *f;

	spin_lock(&t->lock);
	f = array_file(t->array, fd);
	if (f) {
		atomic_store_release(&t->array->files[fd], NULL);
		bitmap_clear(t->array->used, fd);
		bitmap_clear(t->array->cloexec, fd);
		if (fd < t->next)
			t->next = fd;
	}
	spin_unlock(&t->lock);
	return f ? close_file(t, f) : -EBADF;
}

int fd_get_cloexec(struct fd_table *t, unsigned fd)
{
	int r = -EBADF;

	spin_lock(&t->lock);
	if (array_file(t->array, fd))
		r = bitmap_test(t->array->cloexec, fd);
	spin_unlock(&t->lock);
	return r;
}

int fd_set_cloexec(struct fd_table *t, unsigned fd, bool on)
{
	int r = -EBADF;

	spin_lock(&t->lock);
	if (array_file(t->array, fd)) {
		if (on)
			bitmap_set(t->array->cloexec, fd);
		else
			bitmap_clear(t->array->cloexec, fd);
		r = 0;
	}
	spin_unlock(&t->lock);
	return r;
}
