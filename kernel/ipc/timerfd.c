/* SPDX-License-Identifier: MIT
 *
 * ipc/timerfd.c - timers as files
 *
 * Owns:      struct timerfd.
 * Layer:     ipc.  Uses sched (timers, wait queues), fs (files).
 * Locks:     cancel_lock -> t->lock (irqs off) -> timer base; wait queue. Guards all values.
 * Contexts:  process context; timerfd_expire in interrupts.
 * Manual:    timerfd_create(2).
 * Tests:     tests/abi/timerfd.c.
 *
 * An interval timer interrupts once, and is started again when somebody reads it; the expirations missed
 * meanwhile are computed.  So an interval of a nanosecond costs nothing while nobody looks.
 *
 * A timer set to a time of the wall clock moves with it.  With TFD_TIMER_CANCEL_ON_SET it also stands on a list: when
 * the clock is set, its reader wakes up with -ECANCELED, once, and looks at the calendar again.
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
	bool armed;                   /* next will come */
	bool expired;                 /* next has come, and an interval is to be counted from there */
	u64 ticks;                    /* expirations not yet read */
	bool wall;                    /* `next` is a time of the wall clock, else monotonic */
	bool cancelled;               /* the clock was set, and nobody has been told */
	ktime_t next, interval;       /* ns */
	struct list_head cancel_link; /* TFD_TIMER_CANCEL_ON_SET; cancel_lock */
};

static struct spinlock cancel_lock = SPINLOCK_INIT("timerfd.cancel");
static LIST_HEAD(cancel_list);

static ktime_t timerfd_now(const struct timerfd *t)
{
	return t->wall ? clock_realtime() : clock_monotonic();
}

/* t->lock held. */
static void timerfd_start(struct timerfd *t)
{
	if (t->wall)
		timer_start_wall(&t->timer, t->next);
	else
		timer_start(&t->timer, t->next);
}

static void timerfd_expire(struct timer *timer)
{
	struct timerfd *t = container_of(timer, struct timerfd, timer);
	irqflags_t f = spin_lock_irqsave(&t->lock);
	bool due = t->armed && t->next <= timerfd_now(t);

	if (due) {
		t->ticks++;
		t->armed = false;
		t->expired = t->interval > 0;
	} else if (t->armed) { /* it was set again a moment ago */
		timerfd_start(t);
	}
	spin_unlock_irqrestore(&t->lock, f);
	if (due && waitq_active(&t->wait))
		waitq_wake(&t->wait, 0, POLLIN | POLLRDNORM);
}

/* Counts the expirations since `next` and starts the timer for the one to come. t->lock held. */
static void timerfd_advance(struct timerfd *t)
{
	ktime_t now = timerfd_now(t);
	u64 missed;

	if (!t->expired)
		return;
	missed = now > t->next ? (u64)(now - t->next) / (u64)t->interval : 0;
	t->ticks += missed;
	t->next += (ktime_t)(missed + 1) * t->interval;
	t->expired = false;
	t->armed = true;
	timerfd_start(t);
}

/* 0: nothing yet; 1: *ticks expirations; or -ECANCELED. */
static int timerfd_take(struct timerfd *t, u64 *ticks)
{
	irqflags_t f = spin_lock_irqsave(&t->lock);
	int r = t->ticks != 0;

	*ticks = t->ticks;
	if (t->cancelled) { /* and it is not started for the next interval: the reader sets it anew */
		t->cancelled = t->expired = false;
		t->ticks = 0;
		r = -ECANCELED;
	} else if (t->ticks) {
		timerfd_advance(t);
		*ticks = t->ticks;
		t->ticks = 0;
	}
	spin_unlock_irqrestore(&t->lock, f);
	return r;
}

static ssize_t timerfd_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct timerfd *t = f->private;
	u64 n;

	if (to->count < sizeof(n))
		return -EINVAL;
	int got = timerfd_take(t, &n);
	if (!got) {
		if (f->flags & O_NONBLOCK)
			return -EAGAIN;
		int err = wait_event_interruptible(&t->wait, (got = timerfd_take(t, &n)) != 0);
		if (err)
			return err;
	}
	if (got < 0)
		return got;
	return copy_to_iter(&n, sizeof(n), to) == sizeof(n) ? (ssize_t)sizeof(n) : -EFAULT;
}

static unsigned timerfd_poll(struct file *f, struct poll_table *pt)
{
	struct timerfd *t = f->private;

	poll_wait(f, &t->wait, pt);
	return atomic_load(&t->ticks) ? POLLIN : 0;
}

static void set_cancel(struct timerfd *t, bool on)
{
	irqflags_t f = spin_lock_irqsave(&cancel_lock);

	if (on && list_empty(&t->cancel_link))
		list_add_tail(&t->cancel_link, &cancel_list);
	if (!on && !list_empty(&t->cancel_link)) {
		list_del(&t->cancel_link);
		atomic_store(&t->cancelled, false);
	}
	spin_unlock_irqrestore(&cancel_lock, f);
}

void timerfd_clock_was_set(void)
{
	struct timerfd *t;
	irqflags_t f = spin_lock_irqsave(&cancel_lock);

	list_for_each_entry (t, &cancel_list, cancel_link) {
		spin_lock(&t->lock);
		if (!t->cancelled) {
			t->cancelled = true;
			t->ticks++;
		}
		spin_unlock(&t->lock);
		waitq_wake(&t->wait, 0, POLLIN | POLLRDNORM);
	}
	spin_unlock_irqrestore(&cancel_lock, f);
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
	set_cancel(f->private, false);
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

int timerfd_set(struct file *file, unsigned flags, ktime_t value, ktime_t interval)
{
	struct timerfd *t = file->private;
	bool absolute = flags & TFD_TIMER_ABSTIME;
	bool wall = absolute && (t->clock == CLOCK_REALTIME || t->clock == CLOCK_REALTIME_ALARM);

	set_cancel(t, wall && (flags & TFD_TIMER_CANCEL_ON_SET));
	timerfd_disarm(t);
	irqflags_t f = spin_lock_irqsave(&t->lock);
	ktime_t now = absolute ? 0 : clock_monotonic();
	bool cancelled = value && t->cancelled;
	if (cancelled)
		t->cancelled = false;
	t->ticks = 0;
	t->expired = false;
	t->armed = value != 0;
	t->interval = interval;
	t->wall = wall;
	t->next = value > KTIME_MAX - now ? KTIME_MAX : now + value;
	if (t->armed)
		timerfd_start(t);
	spin_unlock_irqrestore(&t->lock, f);
	return cancelled ? -ECANCELED : 0;
}

void timerfd_get(struct file *file, ktime_t *left, ktime_t *interval)
{
	struct timerfd *t = file->private;
	irqflags_t f = spin_lock_irqsave(&t->lock);

	timerfd_advance(t);
	*left = t->armed ? MAX(t->next - timerfd_now(t), (ktime_t)0) : 0;
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
	list_init(&t->cancel_link);
	t->clock = clock;
	f = file_alloc_anon("anon_inode:[timerfd]", 0600, &timerfd_ops, O_RDWR | flags, t, c);
	if (!f)
		kfree(t);
	return f;
}
