/* SPDX-License-Identifier: MIT
 *
 * ipc/splice.c - bytes between a pipe and a file, or two pipes, inside the kernel
 *
 * Owns:      nothing; works on the ring of a pipe.
 * Layer:     ipc.  The file at the other end is a function of the caller's.
 * Locks:     pipe->lock while bytes move, also while the other end is waited for: whoever reads or writes the pipe
 *            then waits as well, as on Linux.  Two pipes: the lower address first.
 * Contexts:  process context; may sleep.
 * Manual:    splice(2), tee(2).
 * Tests:     tests/abi/splice.c.
 * Deviates:  bytes are copied, pages do not change hands: SPLICE_F_MOVE and SPLICE_F_GIFT are hints anyway. So a pipe
 *            takes as many bytes as it has room for, on Linux as many pages.
 *
 * The file's bytes go straight into the pages of the ring and out of them, so each is copied once.
 */
#include <ipc/pipe_ring.h>
#include <fs/inode.h>
#include <abi/errno.h>

/* Sleeps until there is room: 0 or -errno. */
static int wait_writable(struct pipe *p, bool nonblock) MUST_HOLD(&p->lock)
{
	for (;;) {
		if (!p->readers)
			return -EPIPE;
		if (pipe_space(p))
			return 0;
		if (nonblock)
			return -EAGAIN;
		int err = waitq_sleep(&p->writable, &p->lock);
		if (err)
			return err;
	}
}

/* Fills the room there is, at most len bytes; the first error counts if nothing came before it. */
static ssize_t fill(struct pipe *p, size_t len, const struct pipe_mover *m) MUST_HOLD(&p->lock)
{
	size_t moved = 0;
	ssize_t got = 0;

	while (len && pipe_space(p)) {
		u32 at = (p->tail + p->used) & (pipe_size(p) - 1), off = at & (PAGE_SIZE - 1);
		size_t n = MIN(MIN(len, PAGE_SIZE - off), (size_t)pipe_space(p));
		char *page = pipe_page(p, at);

		got = page ? m->move(m->ctx, page + off, n) : -ENOMEM;
		if (got <= 0)
			break;
		p->used += (u32)got;
		moved += (size_t)got;
		len -= (size_t)got;
		if ((size_t)got < n || m->one_piece)
			break;
		cond_resched();
	}
	return moved ? (ssize_t)moved : got;
}

ssize_t pipe_fill(struct file *end, size_t len, bool nonblock, const struct pipe_mover *m)
{
	struct pipe *p = end->private;
	bool was_empty;
	ssize_t n;

	mutex_lock(&p->lock);
	n = wait_writable(p, nonblock);
	was_empty = !p->used;
	if (!n)
		n = fill(p, len, m);
	mutex_unlock(&p->lock);
	if (n > 0 && was_empty)
		pipe_wake_readers(p);
	return n;
}

static ssize_t drain(struct pipe *p, size_t len, const struct pipe_mover *m) MUST_HOLD(&p->lock)
{
	size_t moved = 0;
	ssize_t put = 0;

	while (len && p->used) {
		u32 off = p->tail & (PAGE_SIZE - 1);
		size_t n = MIN(MIN(len, PAGE_SIZE - off), (size_t)p->used);

		put = m->move(m->ctx, p->pages[p->tail >> PAGE_SHIFT] + off, n);
		if (put <= 0)
			break;
		pipe_consume(p, (size_t)put);
		moved += (size_t)put;
		len -= (size_t)put;
		if ((size_t)put < n)
			break;
		cond_resched();
	}
	return moved ? (ssize_t)moved : put;
}

ssize_t pipe_drain(struct file *end, size_t len, bool nonblock, const struct pipe_mover *m)
{
	struct pipe *p = end->private;
	ssize_t n;

	mutex_lock(&p->lock);
	n = pipe_wait_readable(p, nonblock);
	if (n > 0)
		n = drain(p, len, m);
	mutex_unlock(&p->lock);
	if (n > 0)
		pipe_wake_writers(p);
	return n;
}

/* ---- from pipe to pipe ---- */

static void lock_both(struct pipe *a, struct pipe *b) NO_LOCK_CHECK
{
	mutex_lock(a < b ? &a->lock : &b->lock);
	mutex_lock(a < b ? &b->lock : &a->lock);
}

static void unlock_both(struct pipe *a, struct pipe *b) NO_LOCK_CHECK
{
	mutex_unlock(&a->lock);
	mutex_unlock(&b->lock);
}

/* Waits, one after the other, for bytes in `in` and for room in `out`: 1, 0 (end of file) or -errno. */
static int wait_both(struct pipe *in, struct pipe *out, bool nonblock)
{
	int r;

	mutex_lock(&in->lock);
	r = pipe_wait_readable(in, nonblock);
	mutex_unlock(&in->lock);
	if (r <= 0)
		return r;
	mutex_lock(&out->lock);
	r = wait_writable(out, nonblock);
	mutex_unlock(&out->lock);
	return r ? r : 1;
}

/* Copies what is there and fits; without `consume` it stays in `in`. */
static ssize_t copy_ring(struct pipe *in, struct pipe *out, size_t len, bool consume) NO_LOCK_CHECK
{
	size_t moved = 0;
	u32 at = in->tail, left = in->used;

	while (len && left && pipe_space(out)) {
		u32 off = at & (PAGE_SIZE - 1);
		size_t n = MIN(MIN(len, PAGE_SIZE - off), (size_t)left);
		struct iov_iter it;
		ssize_t put;

		iov_init_kernel(&it, in->pages[at >> PAGE_SHIFT] + off, n);
		put = pipe_put(out, &it);
		if (put <= 0)
			return moved ? (ssize_t)moved : put;
		if (consume)
			pipe_consume(in, (size_t)put);
		/* A ring that ran empty begins anew at the start of its page. */
		at = consume ? in->tail : (at + (u32)put) & (pipe_size(in) - 1);
		left -= (u32)put;
		moved += (size_t)put;
		len -= (size_t)put;
	}
	return (ssize_t)moved;
}

ssize_t pipe_copy(struct file *from, struct file *to, size_t len, bool nonblock, bool consume) NO_LOCK_CHECK
{
	struct pipe *in = from->private, *out = to->private;
	ssize_t n;

	do {
		n = wait_both(in, out, nonblock);
		if (n <= 0)
			return n;
		lock_both(in, out);
		n = out->readers ? copy_ring(in, out, len, consume) : -EPIPE;
		unlock_both(in, out);
	} while (!n); /* somebody else was faster */
	if (n > 0) {
		pipe_wake_readers(out);
		if (consume)
			pipe_wake_writers(in);
	}
	return n;
}
