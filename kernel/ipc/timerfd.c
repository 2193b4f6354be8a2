/* SPDX-License-Identifier: MIT
 *
 * ipc/timerfd.c - timers as files
 *
 * Owns:      struct timerfd.
 * Layer:     ipc.  Uses sched (timers, wait queues), fs (files).
 * Locks:     t->lock (irqs off) -> timer base; wait queue. Guards all values.
 * Contexts:  process context; timerfd_expire in interrupts.
 * Manual:    timerfd_create(2).
 * Tests:     tests/abi/timerfd.c.
 * Deviates:  a change of the wall clock moves no timer (TFD_TIMER_CANCEL_ON_SET has no effect).
 *
 * An interval timer interrupts once, and is started again when somebody reads it; the expirations missed
 * meanwhile are computed.  So an interval of a nanosecond costs nothing while nobody looks.
 */
#include <ipc/timerfd.h>
#include <fs/poll.h>
#include <sched/timer.h>
#include <base/clock.h>
#include <mem/slab.h>
#include <abi/errno.h>
#include <abi/time.h>

struct timerfd {
	struct spinlock lock;
	struct timer timer;
	struct waitq wait;
	int clock;
	bool armed;             /* next will come */
	bool expired;           /* next has come, and an interval is to be counted from there */
	u64 ticks;              /* expirations not yet read */
	ktime_t next, interval; /* monotonic; ns */
};

static void timerfd_expire(struct timer *timer)
{
	struct timerfd *t = container_of(timer, struct timerfd, timer);
	irqflags_t f = spin_lock_irqsave(&t->lock);
	bool due = t->armed && t->next <= clock_monotonic();

	if (due) {
		t->ticks++;
		t->armed = false;
		t->expired = t->interval > 0;
	} else if (t->armed) { /* it was set again a moment ago */
		timer_start(&t->timer, t->next);
	}
	spin_unlock_irqrestore(&t->lock, f);
	if (due && waitq_active(&t->wait))
		waitq_wake(&t->wait, 0, POLLIN | POLLRDNORM);
}

/* Counts the expirations since `next` and starts the timer for the one to come. t->lock held. */
static void timerfd_advance(struct timerfd *t)
{
	ktime_t now = clock_monotonic();
	u64 missed;

	if (!t->expired)
		return;
	missed = now > t->next ? (u64)(now - t->next) / (u64)t->interval : 0;
	t->ticks += missed;
	t->next += (ktime_t)(missed + 1) * t->interval;
	t->expired = false;
	t->armed = true;
	timer_start(&t->timer, t->next);
}

static bool timerfd_take(struct timerfd *t, u64 *ticks)
{
	irqflags_t f = spin_lock_irqsave(&t->lock);

	*ticks = t->ticks;
	if (t->ticks) {
		timerfd_advance(t);
		*ticks = t->ticks;
		t->ticks = 0;
	}
	spin_unlock_irqrestore(&t->lock, f);
	return *ticks != 0;
}

static ssize_t timerfd_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct timerfd *t = f->private;
	u64 n;

	if (to->count < sizeof(n))
		return -EINVAL;
	if (!timerfd_take(t, &n)) {
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		int err = wait_event_interruptible(&t->wait, timerfd_take(t, &n));
		if (err)
			return err;
	}
	return copy_to_iter(&n, sizeof(n), to) == sizeof(n) ? (ssize_t)sizeof(n) : -EFAULT;
}

static unsigned timerfd_poll(struct file *f, struct poll_table *pt)
{
	struct timerfd *t = f->private;

	poll_wait(f, &t->wait, pt);
	return atomic_load(&t->ticks) ? POLLIN : 0;
}

static void timerfd_disarm(struct timerfd *t)
{
	irqflags_t f = spin_lock_irqsave(&t->lock);

	t->armed = t->expired = false;
	spin_unlock_irqrestore(&t->lock, f);
	timer_cancel(&t->timer);
}

static void timerfd_release(struct file *f)
{
	timerfd_disarm(f->private);
	kfree(f->private);
}

static const struct file_ops timerfd_ops = { .read = timerfd_read,
	                                     .poll = timerfd_poll,
	                                     .release = timerfd_release };

bool file_is_timerfd(const struct file *f)
{
	return f->ops == &timerfd_ops;
}

static ktime_t deadline_of(int clock, bool absolute, ktime_t value)
{
	ktime_t now = clock_monotonic();

	if (!absolute)
		return value > KTIME_MAX - now ? KTIME_MAX : now + value;
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM ? clock_from_realtime(value) : value;
}

void timerfd_set(struct file *file, bool absolute, ktime_t value, ktime_t interval)
{
	struct timerfd *t = file->private;

	timerfd_disarm(t);
	irqflags_t f = spin_lock_irqsave(&t->lock);
	t->ticks = 0;
	t->expired = false;
	t->armed = value != 0;
	t->interval = interval;
	t->next = deadline_of(t->clock, absolute, value);
	if (t->armed)
		timer_start(&t->timer, t->next);
	spin_unlock_irqrestore(&t->lock, f);
}

void timerfd_get(struct file *file, ktime_t *left, ktime_t *interval)
{
	struct timerfd *t = file->private;
	irqflags_t f = spin_lock_irqsave(&t->lock);

	timerfd_advance(t);
	*left = t->armed ? MAX(t->next - clock_monotonic(), (ktime_t)0) : 0;
	*interval = t->interval;
	spin_unlock_irqrestore(&t->lock, f);
}

struct file *timerfd_create(int clock, unsigned flags, const struct cred *c)
{
	struct timerfd *t = kzalloc(sizeof(*t));
	struct file *f;

	if (!t)
		return NULL;
	spin_init(&t->lock, "timerfd");
	timer_init(&t->timer, timerfd_expire);
	waitq_init(&t->wait);
	t->clock = clock;
	f = file_alloc_anon("anon_inode:[timerfd]", 0600, &timerfd_ops, O_RDWR | flags, t, c);
	if (!f)
		kfree(t);
	return f;
}
