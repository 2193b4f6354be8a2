/* SPDX-License-Identifier: MIT
 *
 * ipc/eventfd.c - a 64-bit counter as a file
 *
 * Owns:      struct eventfd.
 * Layer:     ipc.  Uses sched (wait queues), fs (files).
 * Locks:     e->lock guards the count; nothing is taken under it.
 * Contexts:  process context; reading and writing may sleep.
 * Manual:    eventfd(2).
 * Tests:     tests/abi/eventfd.c.
 *
 * write adds to the counter and waits when the sum would reach 2^64 - 1; read takes the counter, or 1 of it
 * (EFD_SEMAPHORE), and waits while it is 0.  Readers and writers share one queue: only one kind can wait at
 * a time, unless somebody tries to overflow it.
 */
#include <ipc/eventfd.h>
#include <fs/poll.h>
#include <mem/slab.h>
#include <abi/errno.h>
#include <abi/eventfd.h>

struct eventfd {
	struct spinlock lock;
	u64 count GUARDED_BY(&lock); /* poll reads it without */
	bool semaphore;
	struct waitq wait;
};

static bool eventfd_take(struct eventfd *e, u64 *out)
{
	spin_lock(&e->lock);
	u64 n = e->semaphore && e->count ? 1 : e->count;
	e->count -= n;
	spin_unlock(&e->lock);
	*out = n;
	return n != 0;
}

static bool eventfd_add(struct eventfd *e, u64 n)
{
	spin_lock(&e->lock);
	bool fits = UINT64_MAX - e->count > n;
	if (fits)
		e->count += n;
	spin_unlock(&e->lock);
	return fits;
}

static ssize_t eventfd_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct eventfd *e = f->private;
	u64 n;

	if (to->count < sizeof(n))
		return -EINVAL;
	if (!eventfd_take(e, &n)) {
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		int err = wait_event_interruptible(&e->wait, eventfd_take(e, &n));
		if (err)
			return err;
	}
	if (waitq_active(&e->wait))
		waitq_wake(&e->wait, 0, POLLOUT | POLLWRNORM);
	return copy_to_iter(&n, sizeof(n), to) == sizeof(n) ? (ssize_t)sizeof(n) : -EFAULT;
}

static ssize_t eventfd_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	struct eventfd *e = f->private;
	u64 n;

	if (from->count < sizeof(n))
		return -EINVAL;
	if (copy_from_iter(&n, sizeof(n), from) != sizeof(n))
		return -EFAULT;
	if (n == UINT64_MAX)
		return -EINVAL;
	if (!eventfd_add(e, n)) {
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		int err = wait_event_interruptible(&e->wait, eventfd_add(e, n));
		if (err)
			return err;
	}
	if (waitq_active(&e->wait))
		waitq_wake(&e->wait, 0, POLLIN | POLLRDNORM);
	return sizeof(n);
}

static unsigned eventfd_poll(struct file *f, struct poll_table *pt) NO_LOCK_CHECK
{
	struct eventfd *e = f->private;
	unsigned events = 0;

	poll_wait(f, &e->wait, pt);
	u64 n = atomic_load(&e->count);
	if (n > 0)
		events |= POLLIN;
	if (n == UINT64_MAX)
		events |= POLLERR;
	if (n < UINT64_MAX - 1)
		events |= POLLOUT;
	return events;
}

static void eventfd_release(struct file *f)
{
	kfree(f->private);
}

static const struct file_ops eventfd_ops = {
	.read = eventfd_read, .write = eventfd_write, .poll = eventfd_poll, .release = eventfd_release
};

struct file *eventfd_create(unsigned count, unsigned flags, const struct cred *c) NO_LOCK_CHECK
{
	struct eventfd *e;
	struct file *f;

	if (flags & ~(unsigned)(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK))
		return ERR_PTR(-EINVAL);
	e = kmalloc(sizeof(*e), 0);
	if (!e)
		return ERR_PTR(-ENOMEM);
	spin_init(&e->lock, "eventfd");
	e->count = count;
	e->semaphore = flags & EFD_SEMAPHORE;
	waitq_init(&e->wait);
	f = file_alloc_anon("anon_inode:[eventfd]", 0600, &eventfd_ops, O_RDWR | (flags & O_NONBLOCK), e, c);
	if (!f) {
		kfree(e);
		return ERR_PTR(-ENOMEM);
	}
	return f;
}
