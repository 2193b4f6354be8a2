/* SPDX-License-Identifier: MIT
 * fs/fdtable.h - descriptor tables: small integers to open file descriptions, shared by CLONE_FILES. */
#pragma once
#include <fs/file.h>

struct fd_array {
	unsigned size;
	struct file **files;    /* [size] */
	unsigned long *used;    /* bitmap */
	unsigned long *cloexec; /* bitmap */
	struct rcu_head rcu;
};
struct fd_table {
	struct refcount ref;
	struct spinlock lock;
	struct fd_array *array; /* RCU: readers take no lock */
	unsigned next;          /* no free descriptor below */
	struct fd_array first;  /* the array until it is too small, so that fork allocates once */
	struct file *first_files[64];
	unsigned long first_used, first_cloexec;
};
void fdtable_init(void);
struct fd_table *fd_table_create(void);
struct fd_table *fd_table_copy(struct fd_table *old); /* fork; NULL = no memory */
void fd_table_put(struct fd_table *t);                /* last: closes all; may sleep */
void fd_table_close_exec(struct fd_table *t);

/* A file for the time of one system call.  When the table has one user no reference is counted.  fd_ref_* are for
 * the caller's own table only; another task's table: take a reference to it, then fd_file_get. */
struct fd_ref {
	struct file *file; /* NULL = -EBADF */
	bool counted;
};
struct fd_ref fd_ref_get_shared(struct fd_table *t, unsigned fd,
                                bool path); /* the general case of the two below */
/* O_PATH files too */
static inline struct fd_ref fd_ref_get_path(struct fd_table *t, unsigned fd)
{
	const struct fd_array *a = t->array;

	if (unlikely(ref_read(&t->ref) != 1))
		return fd_ref_get_shared(t, fd, true);
	return (struct fd_ref){ likely(fd < a->size) ? a->files[fd] : NULL, false };
}
/* Not O_PATH files. */
static inline struct fd_ref fd_ref_get(struct fd_table *t, unsigned fd)
{
	const struct fd_array *a = t->array;
	struct file *f = NULL;

	if (unlikely(ref_read(&t->ref) != 1))
		return fd_ref_get_shared(t, fd, false);
	if (likely(fd < a->size))
		f = a->files[fd];
	if (f && unlikely(f->mode & FMODE_PATH))
		f = NULL;
	return (struct fd_ref){ f, false };
}
static inline void fd_ref_put(struct fd_ref r)
{
	if (r.counted)
		file_put(r.file);
}
/* The shortest way: the file when the caller's table has one user, so that nothing must be counted or put back;
 * NULL when it is shared (use fd_ref_get) or there is no such descriptor.  O_PATH files too: for file_read and
 * file_write, which refuse them by their mode. */
static inline struct file *fd_borrow(struct fd_table *t, unsigned fd)
{
	struct fd_array *a = t->array;

	return ref_read(&t->ref) == 1 && fd < a->size ? a->files[fd] : NULL;
}
struct file *fd_file_get(struct fd_table *t, unsigned fd); /* with a reference, or NULL; O_PATH too */
/* Lowest free descriptor >= min for f (takes over the reference on success). `limit`: RLIMIT_NOFILE.
 * The fd, -EMFILE, -ENOMEM, -EINVAL (min >= limit). */
MUST_CHECK int fd_install_from(struct fd_table *t, struct file *f, unsigned min, bool cloexec, u64 limit);
static inline MUST_CHECK int fd_install(struct fd_table *t, struct file *f, bool cloexec, u64 limit)
{
	return fd_install_from(t, f, 0, cloexec, limit);
}
/* dup2, dup3: f replaces newfd. The fd, -EBADF (>= limit), -ENOMEM. */
MUST_CHECK int fd_replace(struct fd_table *t, unsigned newfd, struct file *f, bool cloexec, u64 limit);
MUST_CHECK int fd_close(struct fd_table *t, unsigned fd); /* flush error or -EBADF */
int fd_get_cloexec(struct fd_table *t, unsigned fd);      /* 0, 1, -EBADF */
int fd_set_cloexec(struct fd_table *t, unsigned fd, bool on);
/* The next used descriptor >= fd, or -1 (procfs, close_range). */
int fd_next(struct fd_table *t, unsigned fd);
