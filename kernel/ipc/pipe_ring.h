/* SPDX-License-Identifier: MIT
 * ipc/pipe_ring.h - inside ipc: a pipe's ring of pages, for pipe.c and splice.c. */
#pragma once
#include <ipc/pipe.h>
#include <mem/page.h>
#include <sched/mutex.h>

enum { PIPE_DEF_SLOTS = 16 };
struct pipe {
	struct mutex lock;
	u32 tail GUARDED_BY(&lock);     /* bytes from the start of the ring */
	u32 used GUARDED_BY(&lock);     /* read without the lock by poll */
	u32 slots GUARDED_BY(&lock);    /* a power of two */
	u32 readers, writers;           /* open descriptions; lock */
	u32 reader_opens, writer_opens; /* ever; lock, read without it by waiting opens */
	char **pages GUARDED_BY(&lock); /* [slots]; = first_pages or an allocation */
	char *spare GUARDED_BY(&lock);
	struct waitq readable; /* wakes readers, and opens that wait for a writer */
	struct waitq writable;
	struct inode *inode; /* not owned: the files own it */
	unsigned files;      /* open descriptions and opens under way; fifo_lock */
	bool anonymous;      /* made by pipe(2): opening it again does not wait */
	char *first_pages[PIPE_DEF_SLOTS];
};

static inline u32 pipe_size(const struct pipe *p)
        NO_LOCK_CHECK /* poll and F_GETPIPE_SZ read it without the lock */
{
	return p->slots << PAGE_SHIFT;
}
static inline u32 pipe_space(const struct pipe *p) MUST_HOLD(&p->lock)
{
	return pipe_size(p) - p->used;
}
/* The page that holds ring position at, made if need be; NULL = out of memory. */
char *pipe_page(struct pipe *p, u32 at) MUST_HOLD(&p->lock);
/* The first n bytes, all of one page, are read. */
void pipe_consume(struct pipe *p, size_t n) MUST_HOLD(&p->lock);
/* Moves as much as fits; bytes, or -EFAULT, -ENOMEM when not even one. */
ssize_t pipe_put(struct pipe *p, struct iov_iter *from) MUST_HOLD(&p->lock);
/* Sleeps until there is something to read: 1, or what read returns instead: 0 (end of file) or -errno. */
int pipe_wait_readable(struct pipe *p, bool nonblock) MUST_HOLD(&p->lock);
void pipe_wake_readers(struct pipe *p);
/* After bytes were taken: wakes writers when there is room again for an atomic write. */
void pipe_wake_writers(struct pipe *p);
