/* SPDX-License-Identifier: MIT
 *
 * ipc/pipe.c - byte pipes and FIFOs
 *
 * Owns:      struct pipe and its pages; inode->fifo.
 * Layer:     ipc.  Uses base (iov_iter), mem (pages), sched (mutex, waitq), fs (files).  Registers itself
 * with fs as the opener of FIFOs; used by syscall/ for pipe2(2). Locks:     pipe->lock guards the ring and
 * the counts of ends; copying to or from the user under it may fault and sleep, which a mutex permits.
 * fifo_lock (spinlock, leaf) guards inode->fifo and pipe->files. Contexts:  process context only; every
 * function may sleep. Manual:    pipe(7), pipe(2), fifo(7), fcntl(2) F_SETPIPE_SZ; POSIX.1-2017 write():
 * atomicity of n <= PIPE_BUF. Tests:     tests/abi/pipe.c, tests/abi/fifo.c (run on Linux too). Deviates:  a
 * write that loses its last reader after moving some bytes returns their number and raises no SIGPIPE until
 * the next write; Linux raises it at once.  No packet mode (O_DIRECT), no per-user page limits.
 *
 * Theory
 * ------
 * A pipe is a ring of bytes that stands in `slots` pages.  `tail` is where the next byte is read, `used` how
 * many are in it; the next byte is written at tail + used, modulo the size.
 *
 *     pages[0]      pages[1]      pages[2]      pages[3]
 *     |...........|.....ddddddd|ddddddddddddd|dddd.........|     d = data not yet read
 *                       ^tail                     ^tail + used
 *
 * A page is allocated when a writer first needs it and given back when the reader has emptied it; one is kept
 * as `spare`.  When the ring runs empty, tail goes back to the start of its page: a dialogue of short
 * messages touches the same cache line again and again.
 *
 * What makes pipes less trivial than a ring are four rules from the manual:
 *
 *  (1) read returns what is there, and sleeps only when nothing is there; with no writer left, an empty pipe
 *      means end of file (0), not "try again".
 *  (2) write of n <= PIPE_BUF is atomic: it waits until all n bytes fit.  A longer write may be split and
 *      mixed with other writers' data.
 *  (3) write without a reader fails with -EPIPE.  SIGPIPE is the syscall layer's business.
 *  (4) O_NONBLOCK turns each sleep into -EAGAIN - unless some bytes were already moved; then their number is
 *      the result.  The same holds for signals and -EFAULT.
 *
 * Writers are woken when PIPE_BUF bytes have become free, which is enough for any atomic write; readers when
 * the pipe stops being empty.  Nobody is woken when nobody waits.
 *
 * A FIFO is a pipe that an inode leads to (inode->fifo) while it is open.  Opening one end waits for the
 * other end: the counters `reader_opens` and `writer_opens` only grow, so that an open that comes and goes is
 * not missed. A pipe(2) has an inode, too, so that /proc/self/fd/N can be opened.
 */
#include <ipc/pipe_ring.h>
#include <fs/inode.h>
#include <fs/chrdev.h>
#include <fs/poll.h>
#include <proc/coredump.h>
#include <proc/task.h>
#include <mem/slab.h>
#include <lib/bitmap.h>
#include <lib/string.h>
#include <abi/errno.h>
#include <abi/termios.h>

enum { PIPE_SIZE_LIMIT = 1 << 30 };

unsigned pipe_max_size = 1 << 20;

#define NO_OPENS (1LL << 32) /* f->pos of an end for which no count of opens is remembered: see pipe_poll */
static struct spinlock fifo_lock = SPINLOCK_INIT("fifo_lock");

/* ---- the ring ---- */

static struct pipe *pipe_alloc(struct inode *i) NO_LOCK_CHECK
{
	struct pipe *p = kzalloc(sizeof(*p));

	if (!p)
		return NULL;
	mutex_init(&p->lock);
	waitq_init(&p->readable);
	waitq_init(&p->writable);
	p->slots = PIPE_DEF_SLOTS;
	p->pages = p->first_pages;
	p->inode = i;
	return p;
}

static void pipe_free(struct pipe *p) NO_LOCK_CHECK
{
	for (u32 i = 0; i < p->slots; i++)
		if (p->pages[i])
			page_free_virt(p->pages[i], 0);
	if (p->spare)
		page_free_virt(p->spare, 0);
	if (p->pages != p->first_pages)
		kfree(p->pages);
	kfree(p);
}

char *pipe_page(struct pipe *p, u32 at)
{
	char **slot = &p->pages[at >> PAGE_SHIFT];

	if (unlikely(!*slot)) {
		*slot = p->spare ? p->spare : page_alloc_virt(0, ALLOC_USER);
		p->spare = NULL;
	}
	return *slot;
}

static void pipe_drop_page(struct pipe *p, u32 at) MUST_HOLD(&p->lock)
{
	char **slot = &p->pages[at >> PAGE_SHIFT];

	if (p->spare)
		page_free_virt(*slot, 0);
	else
		p->spare = *slot;
	*slot = NULL;
}

void pipe_consume(struct pipe *p, size_t n)
{
	u32 off = p->tail & (PAGE_SIZE - 1);

	assert(n <= p->used && off + n <= PAGE_SIZE);
	p->used -= (u32)n;
	if (off + n == PAGE_SIZE) {
		/* Unless the writers have come round to the front of this very page. */
		if (likely(p->used <= pipe_size(p) - PAGE_SIZE))
			pipe_drop_page(p, p->tail);
		p->tail = (p->tail + (u32)n) & (pipe_size(p) - 1);
	} else {
		p->tail = p->used ? p->tail + (u32)n : p->tail - off;
	}
}

/* Moves what is there, as far as `to` reaches; bytes, or -EFAULT when not even one. */
static ssize_t pipe_take(struct pipe *p, struct iov_iter *to) MUST_HOLD(&p->lock)
{
	size_t moved = 0;

	while (p->used && to->count) {
		u32 off = p->tail & (PAGE_SIZE - 1);
		size_t n = MIN(MIN((size_t)p->used, PAGE_SIZE - off), to->count);
		size_t done = copy_to_iter(p->pages[p->tail >> PAGE_SHIFT] + off, n, to);

		moved += done;
		pipe_consume(p, done);
		if (done < n)
			return moved ? (ssize_t)moved : -EFAULT;
	}
	return (ssize_t)moved;
}

ssize_t pipe_put(struct pipe *p, struct iov_iter *from)
{
	size_t moved = 0, left = MIN((size_t)pipe_space(p), from->count);

	while (left) {
		u32 at = (p->tail + p->used) & (pipe_size(p) - 1);
		u32 off = at & (PAGE_SIZE - 1);
		size_t n = MIN(left, PAGE_SIZE - off);
		char *page = pipe_page(p, at);

		if (!page)
			return moved ? (ssize_t)moved : -ENOMEM;
		size_t done = copy_from_iter(page + off, n, from);
		if (done < n) { /* nobody reads half of a message: as if the piece had not been copied */
			iov_revert(from, done);
			return moved ? (ssize_t)moved : -EFAULT;
		}
		p->used += (u32)n;
		moved += n;
		left -= n;
	}
	return (ssize_t)moved;
}

/* ---- read and write ---- */

int pipe_wait_readable(struct pipe *p, bool nonblock)
{
	while (p->used == 0) { /* rule (1) */
		if (!p->writers)
			return 0;
		if (nonblock) /* rule (4) */
			return -EAGAIN;
		int err = waitq_sleep(&p->readable, &p->lock);
		if (err)
			return err;
	}
	return 1;
}

static ssize_t pipe_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct pipe *p = f->private;
	bool wake = false;
	ssize_t result = 1;

	if (to->count == 0)
		return 0;
	mutex_lock(&p->lock);
	if (p->used == 0)
		result = pipe_wait_readable(p, f->flags & O_NONBLOCK);
	if (likely(result > 0)) {
		bool was_full = pipe_space(p) < PIPE_BUF;

		result = pipe_take(p, to);
		wake = was_full && pipe_space(p) >= PIPE_BUF;
	}
	mutex_unlock(&p->lock);
	if (unlikely(wake))
		pipe_wake_writers(p);
	return result;
}

void pipe_wake_writers(struct pipe *p)
{
	if (waitq_active(&p->writable))
		waitq_wake(&p->writable, 0, POLLOUT | POLLWRNORM);
}

void pipe_wake_readers(struct pipe *p)
{
	if (waitq_active(&p->readable))
		waitq_wake(&p->readable, 0, POLLIN | POLLRDNORM);
}

/* The long way: it does not fit, or is longer than PIPE_BUF.  Drops the lock.  Bytes or -errno. */
static COLD ssize_t pipe_write_slow(struct pipe *p, struct file *f, struct iov_iter *from) RELEASES(&p->lock)
{
	const size_t wanted = from->count;
	const size_t atomic = wanted <= PIPE_BUF ? wanted : 1; /* rule (2) */
	ssize_t err = 0;
	bool wake = false; /* the pipe was empty, and we have written since */

	for (;;) {
		if (!p->readers) { /* rule (3) */
			err = -EPIPE;
			break;
		}
		if (pipe_space(p) >= atomic) {
			bool was_empty = p->used == 0;

			err = pipe_put(p, from);
			wake |= was_empty && p->used;
			if (err < 0 || from->count == 0)
				break;
			continue; /* full now, or the copy stopped short: the next turn says why */
		}
		err = -EAGAIN;
		if (f->flags & O_NONBLOCK)
			break;
		if (wake)
			pipe_wake_readers(p);
		wake = false;
		err = waitq_sleep(&p->writable, &p->lock);
		if (err)
			break;
	}
	mutex_unlock(&p->lock);
	if (wake)
		pipe_wake_readers(p);

	size_t moved = wanted - from->count;
	return moved ? (ssize_t)moved : err; /* rule (4) */
}

static ssize_t pipe_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	struct pipe *p = f->private;
	bool was_empty;
	ssize_t result;

	if (from->count == 0)
		return 0;
	mutex_lock(&p->lock);
	if (unlikely(!p->readers || from->count > PIPE_BUF || pipe_space(p) < from->count))
		return pipe_write_slow(p, f, from);
	was_empty = p->used == 0;
	result = pipe_put(p, from); /* all, or an error after at most a part */
	mutex_unlock(&p->lock);
	if (was_empty && result > 0)
		pipe_wake_readers(p);
	return result;
}

/* ---- the rest of a file ---- */

static unsigned pipe_poll(struct file *f, struct poll_table *pt)
{
	struct pipe *p = f->private;
	unsigned events = 0;

	if (f->mode & FMODE_READ)
		poll_wait(f, &p->readable, pt);
	if (f->mode & FMODE_WRITE)
		poll_wait(f, &p->writable, pt);

	u32 used = atomic_load(&p->used);
	if (f->mode & FMODE_READ) {
		if (used)
			events |= POLLIN | POLLRDNORM;
		/* A reader that opened a FIFO before any writer came does not see a hang-up yet. */
		if (!atomic_load(&p->writers) && f->pos != atomic_load(&p->writer_opens))
			events |= POLLHUP;
	}
	if (f->mode & FMODE_WRITE) {
		if (pipe_size(p) - used >= PIPE_BUF)
			events |= POLLOUT | POLLWRNORM;
		if (!atomic_load(&p->readers))
			events |= POLLERR;
	}
	return events;
}

static long pipe_ioctl(struct file *f, unsigned cmd, void *arg)
{
	struct pipe *p = f->private;

	if (cmd != FIONREAD)
		return -ENOTTY;
	*(s32 *)arg = (s32)atomic_load(&p->used);
	return 0;
}

/* Moves the pages to an array of n slots, the one with the tail first.  0, -EBUSY (data does not fit),
 * -ENOMEM. */
static int pipe_resize(struct pipe *p, u32 n) MUST_HOLD(&p->lock)
{
	u32 off = p->tail & (PAGE_SIZE - 1), first = p->tail >> PAGE_SHIFT;
	u32 busy = p->used ? (u32)DIV_ROUND_UP(off + p->used, PAGE_SIZE) : 0;
	char **pages, **old = p->pages;

	if (busy > n)
		return -EBUSY;
	pages = kzalloc(n * sizeof(*pages));
	if (!pages)
		return -ENOMEM;
	for (u32 i = 0; i < p->slots; i++) {
		char *page = old[(first + i) & (p->slots - 1)];

		if (i < busy)
			pages[i] = page;
		else if (page)
			page_free_virt(page, 0);
	}
	memset(p->first_pages, 0, sizeof(p->first_pages));
	if (old != p->first_pages)
		kfree(old);
	p->pages = pages;
	p->slots = n;
	p->tail = busy ? off : 0;
	return 0;
}

static long pipe_set_size(struct pipe *p, unsigned long bytes)
{
	if (bytes > PIPE_SIZE_LIMIT)
		return -EINVAL;

	u64 size = bytes < PAGE_SIZE ? PAGE_SIZE : 1UL << log2_up(bytes);
	if (size > pipe_max_size && size > pipe_size(p) &&
	    !cred_capable(current_task()->cred, CAP_SYS_RESOURCE))
		return -EPERM;

	mutex_lock(&p->lock);
	bool was_full = pipe_space(p) < PIPE_BUF;
	int err = pipe_resize(p, (u32)(size >> PAGE_SHIFT));
	bool wake = !err && was_full && pipe_space(p) >= PIPE_BUF;
	mutex_unlock(&p->lock);
	if (wake)
		waitq_wake_all(&p->writable);
	return err ? err : (long)size;
}

static long pipe_fcntl(struct file *f, int cmd, unsigned long arg)
{
	struct pipe *p = f->private;

	switch (cmd) {
	case F_SETPIPE_SZ:
		return pipe_set_size(p, arg & 0xffffffffUL);
	case F_GETPIPE_SZ:
		return pipe_size(p);
	default:
		return -EINVAL;
	}
}

/* ---- life: ends, FIFOs ---- */

/* Drops one of p's users; the last one frees it. */
static void pipe_unuse(struct pipe *p)
{
	spin_lock(&fifo_lock);
	bool last = --p->files == 0;
	if (last)
		p->inode->fifo = NULL;
	spin_unlock(&fifo_lock);
	if (last)
		pipe_free(p);
}

/* The inode's pipe with a use counted, made if there is none; NULL = out of memory. */
static struct pipe *pipe_use(struct inode *i)
{
	struct pipe *new = NULL, *p;

	for (;;) {
		spin_lock(&fifo_lock);
		if (!i->fifo && new) {
			i->fifo = new;
			new = NULL;
		}
		p = i->fifo;
		if (p)
			p->files++;
		spin_unlock(&fifo_lock);
		if (p)
			break;
		new = pipe_alloc(i);
		if (!new)
			return NULL;
	}
	if (new)
		pipe_free(new); /* another open was faster */
	return p;
}

static void pipe_wake_both(struct pipe *p)
{
	if (waitq_active(&p->readable))
		waitq_wake(&p->readable, 0, POLLIN | POLLRDNORM | POLLHUP);
	if (waitq_active(&p->writable))
		waitq_wake(&p->writable, 0, POLLOUT | POLLWRNORM | POLLERR);
}

/* The other side as it was when an end was counted. */
struct other_side {
	u32 present, opens;
};

static struct other_side pipe_count_ends(struct pipe *p, unsigned mode, int by)
{
	struct other_side other;

	mutex_lock(&p->lock);
	if (mode & FMODE_READ) {
		p->readers += (u32)by;
		p->reader_opens += by > 0;
	}
	if (mode & FMODE_WRITE) {
		p->writers += (u32)by;
		p->writer_opens += by > 0;
	}
	other.present = mode & FMODE_READ ? p->writers : p->readers;
	other.opens = mode & FMODE_READ ? p->writer_opens : p->reader_opens;
	mutex_unlock(&p->lock);
	pipe_wake_both(p); /* sleepers must see the new end, or end of file and -EPIPE */
	return other;
}

static void pipe_release(struct file *f)
{
	struct pipe *p = f->private;

	if (!p)
		return; /* its open failed */
	pipe_count_ends(p, f->mode, -1);
	pipe_unuse(p);
}

/* fifo(7): a reader waits for a writer, a writer for a reader.  Nobody waits in both directions, nor on a
 * pipe(2). */
static int fifo_wait_other(struct pipe *p, struct file *f, struct other_side other)
{
	if ((f->mode & FMODE_READ && f->mode & FMODE_WRITE) || p->anonymous || other.present)
		return 0;
	if (!(f->mode & FMODE_READ))
		return wait_event_interruptible(&p->writable, atomic_load(&p->reader_opens) != other.opens);
	if (f->flags & O_NONBLOCK) {
		f->pos = other.opens; /* no hang-up before the first writer: see pipe_poll */
		return 0;
	}
	return wait_event_interruptible(&p->readable, atomic_load(&p->writer_opens) != other.opens);
}

static int fifo_open(struct inode *i, struct file *f)
{
	unsigned mode = f->mode & (FMODE_READ | FMODE_WRITE);
	struct pipe *p = pipe_use(i);
	int err;

	if (!p)
		return -ENOMEM;
	if (mode == FMODE_WRITE && f->flags & O_NONBLOCK && !p->anonymous && !atomic_load(&p->readers)) {
		pipe_unuse(p);
		return -ENXIO;
	}
	f->pos = NO_OPENS;
	err = fifo_wait_other(p, f, pipe_count_ends(p, mode, +1));
	if (err) {
		pipe_count_ends(p, mode, -1);
		pipe_unuse(p);
		return err;
	}
	f->private = p;
	return 0;
}

static const struct file_ops pipe_file_ops = {
	.read = pipe_read,
	.write = pipe_write,
	.poll = pipe_poll,
	.ioctl = pipe_ioctl,
	.fcntl = pipe_fcntl,
	.open = fifo_open,
	.release = pipe_release,
};

bool file_is_pipe(const struct file *f)
{
	return f->ops == &pipe_file_ops;
}

int pipe_create_files(struct file *ends[2], unsigned flags, const struct cred *c)
{
	struct pipe *p;
	struct file *r, *w;

	if (flags & ~(unsigned)(O_NONBLOCK | O_CLOEXEC))
		return -EINVAL;
	flags &= O_NONBLOCK;
	p = pipe_alloc(NULL);
	if (!p)
		return -ENOMEM;
	r = file_alloc_anon("pipe", S_IFIFO | 0600, &pipe_file_ops, O_RDONLY | flags, p, c);
	if (!r) {
		pipe_free(p);
		return -ENFILE;
	}
	p->anonymous = true;
	p->inode = r->inode;
	p->files = p->readers = p->reader_opens = 1;
	r->inode->fifo = p;
	r->inode->fops = &pipe_file_ops;
	r->pos = NO_OPENS;

	w = file_alloc(&r->path, &pipe_file_ops, O_WRONLY | flags, c);
	if (!w) {
		file_put(r); /* releases the pipe */
		return -ENFILE;
	}
	w->private = p;
	p->files++;
	p->writers = p->writer_opens = 1;
	ends[0] = r;
	ends[1] = w;
	return 0;
}

void pipe_init(void)
{
	fifo_file_ops = &pipe_file_ops;
	core_pipe_create = pipe_create_files;
}
