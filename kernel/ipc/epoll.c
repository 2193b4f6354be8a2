/* SPDX-License-Identifier: MIT
 *
 * ipc/epoll.c - sets of watched files
 *
 * Owns:      struct epoll, struct epoll_item; file->watches.
 * Layer:     ipc.  Uses sched (wait queues), fs (files, poll).  Registers with fs to hear of closed files.
 * Locks:     unwatch_mutex -> ep->lock (outer set before inner) -> a file's wait queue -> ep->ready_lock.
 *            ep->lock: the tree, the items, collecting.  ep->ready_lock (irqs off, leaf): the ready list.
 *            links_lock (leaf): the lists at file->watches.  unwatch_mutex: a file or a set goes away, and
 *            sets are put into sets.
 * Contexts:  process context; may sleep.  item_wake: any, under a wait queue's lock.
 * Manual:    epoll(7), epoll_ctl(2), epoll_wait(2).
 * Tests:     tests/abi/epoll.c.
 * Deviates:  one set may stand in at most 4 others (Linux counts paths to each file).
 *
 * Theory
 * ------
 * poll(2) asks all files at each call.  A set asks a file once, when it is added, and leaves waiters on the
 * file's wait queues for good.  A wake-up puts the file's item on the ready list; collecting looks at that
 * list alone:
 *
 *     file's waitq --> waiter in item --wake--> ready list --collect--> poll(file): events? --> the user
 *                                                   ^                        |
 *                                                   \---- level-triggered ---/
 *
 * A wake-up is only a hint: the file is asked again before it is reported.  Level-triggered items go back to
 * the list after they were reported, so that the next collecting asks them again and drops those that have
 * nothing more; edge-triggered ones wait for the next wake-up; one-shot ones are switched off.
 *
 * Collecting moves the list aside first.  An item is unlinked before its file is asked, so that a wake-up
 * that comes after the answer links it again; and since it stops at the end of the list that was moved aside,
 * it never reports an item twice.
 *
 * An item does not keep its file open.  When the last reference to a file is gone, file_unwatch() removes its
 * items.  It finds them at file->watches, and the set cannot go away meanwhile, because that needs
 * unwatch_mutex, too.
 *
 * Events go to the user in batches without ep->lock: the copy may fault, and whoever unmaps the memory may be
 * closing a watched file.
 *
 * A set can be watched itself: it is ready when one of its items is.  Sets inside sets form no circle, and
 * depth and number of the sets above one are bounded, which is checked when one is added: a wake-up runs
 * through all sets above a file with interrupts off.
 */
#include <ipc/epoll.h>
#include <fs/poll.h>
#include <base/clock.h>
#include <lib/rbtree.h>
#include <mem/slab.h>
#include <abi/errno.h>

enum { NEST_MAX = 4, PARENTS_MAX = 4, BATCH = 32 };
#define MODE_BITS    (EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE)
#define EXCLUSIVE_OK (EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)

struct epoll {
	struct mutex lock;
	struct file *file;                      /* that stands for the set */
	struct rb_root items GUARDED_BY(&lock); /* by file, then descriptor */
	struct spinlock ready_lock;
	struct list_head ready GUARDED_BY(&ready_lock); /* of item->ready */
	struct waitq waiters;                           /* threads that collect */
	struct waitq pollers;                           /* who polls or watches the set */
};
struct epoll_hook { /* a waiter on one wait queue of the file */
	struct waiter w;
	struct waitq *q;
	struct epoll_item *item;
	struct epoll_hook *next;
};
struct epoll_item {
	struct rb_node rb;
	struct epoll *ep;
	struct file *file; /* not owned */
	int fd;
	struct list_head ready;   /* ep->ready_lock; empty: not ready */
	struct epoll_event event; /* ep->lock; events also read by item_wake */
	struct epoll_item *next;  /* watch of the same file; links_lock */
	struct epoll_hook first;  /* most files have one queue */
	struct epoll_hook *hooks; /* those in use */
};
struct hook_table { /* while an item is added */
	struct poll_table pt;
	struct epoll_item *item;
	bool no_memory;
};

static struct mutex unwatch_mutex;
static struct spinlock links_lock = SPINLOCK_INIT("epoll links");
static struct kmem_cache *item_cache;
static const struct file_ops epoll_ops;

bool file_is_epoll(const struct file *f)
{
	return f->ops == &epoll_ops;
}

/* ---- becoming ready ---- */

/* False: it was on the list already. */
static bool item_set_ready(struct epoll_item *it)
{
	irqflags_t f = spin_lock_irqsave(&it->ep->ready_lock);
	bool fresh = list_empty(&it->ready);

	if (fresh)
		list_add_tail(&it->ready, &it->ep->ready);
	spin_unlock_irqrestore(&it->ep->ready_lock, f);
	return fresh;
}

static void item_set_idle(struct epoll_item *it)
{
	irqflags_t f = spin_lock_irqsave(&it->ep->ready_lock);

	if (!list_empty(&it->ready)) {
		list_del(&it->ready);
		list_init(&it->ready);
	}
	spin_unlock_irqrestore(&it->ep->ready_lock, f);
}

/* True when a collector was woken. */
static bool epoll_notify(struct epoll *ep)
{
	bool collector = waitq_active(&ep->waiters);

	if (collector)
		waitq_wake(&ep->waiters, 1, POLLIN);
	if (waitq_active(&ep->pollers))
		waitq_wake(&ep->pollers, 0, POLLIN | POLLRDNORM);
	return collector;
}

static bool item_wake(struct waiter *w, unsigned key)
{
	struct epoll_item *it = container_of(w, struct epoll_hook, w)->item;
	u32 events = atomic_load(&it->event.events);

	if (!(events & ~MODE_BITS)) /* a one-shot that has been reported */
		return false;
	if (key && !(key & events))
		return false;
	item_set_ready(it);
	bool woke = epoll_notify(it->ep);
	return woke || !(events & EPOLLEXCLUSIVE);
}

/* ---- items ---- */

static int item_compare(const struct epoll_item *it, const struct file *f, int fd)
{
	if (it->file != f)
		return f < it->file ? -1 : 1;
	return fd < it->fd ? -1 : fd > it->fd;
}

static struct epoll_item *item_find(struct epoll *ep, const struct file *f, int fd) MUST_HOLD(&ep->lock)
{
	struct rb_node *n = ep->items.node;

	while (n) {
		struct epoll_item *it = rb_entry(n, struct epoll_item, rb);
		int c = item_compare(it, f, fd);
		if (!c)
			return it;
		n = c < 0 ? n->left : n->right;
	}
	return NULL;
}

static void item_insert(struct epoll *ep, struct epoll_item *new) MUST_HOLD(&ep->lock)
{
	struct rb_node **link = &ep->items.node, *parent = NULL;

	while (*link) {
		parent = *link;
		struct epoll_item *it = rb_entry(parent, struct epoll_item, rb);
		link = item_compare(it, new->file, new->fd) < 0 ? &parent->left : &parent->right;
	}
	rb_insert(&ep->items, &new->rb, parent, link);
}

static void item_hook(struct poll_table *pt, struct file *f, struct waitq *q)
{
	struct hook_table *table = container_of(pt, struct hook_table, pt);
	struct epoll_item *it = table->item;
	struct epoll_hook *h = it->hooks ? kmalloc(sizeof(*h), 0) : &it->first;

	if (!h) {
		table->no_memory = true;
		return;
	}
	*h = (struct epoll_hook){ .q = q, .item = it, .next = it->hooks };
	h->w.wake = item_wake;
	h->w.exclusive = it->event.events & EPOLLEXCLUSIVE;
	list_init(&h->w.link);
	it->hooks = h;
	waitq_add(q, &h->w);
}

/* After this no wake-up comes any more. */
static void item_unhook(struct epoll_item *it)
{
	while (it->hooks) {
		struct epoll_hook *h = it->hooks;

		it->hooks = h->next;
		waitq_remove(h->q, &h->w);
		if (h != &it->first)
			kfree(h);
	}
}

static void item_link(struct epoll_item *it)
{
	spin_lock(&links_lock);
	it->next = it->file->watches;
	it->file->watches = it;
	spin_unlock(&links_lock);
}

/* The last access to the file: once it has no watches it may be freed. */
static void item_unlink(struct epoll_item *it)
{
	spin_lock(&links_lock);
	struct epoll_item **at = &it->file->watches;
	while (*at != it)
		at = &(*at)->next;
	atomic_store_release(at, it->next);
	spin_unlock(&links_lock);
}

static void item_remove(struct epoll *ep, struct epoll_item *it) MUST_HOLD(&ep->lock)
{
	item_unhook(it);
	item_set_idle(it);
	rb_erase(&ep->items, &it->rb);
	item_unlink(it);
	kmem_cache_free(item_cache, it);
}

/* What the item would report now. */
static unsigned item_poll(struct epoll_item *it)
{
	return file_poll(it->file, NULL) & it->event.events;
}

static int item_add(struct epoll *ep, int fd, struct file *f, const struct epoll_event *event)
        MUST_HOLD(&ep->lock)
{
	struct hook_table table = { .pt.queue = item_hook };
	struct epoll_item *it = kmem_cache_alloc(item_cache, 0);

	if (!it)
		return -ENOMEM;
	it->ep = ep;
	it->file = f;
	it->fd = fd;
	it->event = *event;
	it->hooks = NULL;
	list_init(&it->ready);
	item_link(it);
	item_insert(ep, it);
	table.item = it;
	unsigned events = file_poll(f, &table.pt) & event->events;
	if (table.no_memory) {
		item_remove(ep, it);
		return -ENOMEM;
	}
	if (events && item_set_ready(it))
		epoll_notify(ep);
	return 0;
}

static void item_change(struct epoll *ep, struct epoll_item *it, const struct epoll_event *event)
        MUST_HOLD(&ep->lock)
{
	it->event.data = event->data;
	atomic_store(&it->event.events, event->events);
	memory_barrier(); /* a wake-up that still saw the old events came before we ask */
	if (item_poll(it) && item_set_ready(it))
		epoll_notify(ep);
}

/* ---- sets in sets: unwatch_mutex is held, so they stay where they are ---- */

/* Levels of sets below ep; more than NEST_MAX if `top` is met there. */
static unsigned levels_below(struct epoll *ep, const struct epoll *top, unsigned depth) NO_LOCK_CHECK
{
	unsigned most = 0;

	if (ep == top || depth > NEST_MAX)
		return NEST_MAX + 1;
	mutex_lock(&ep->lock);
	for (struct rb_node *n = rb_first(&ep->items); n && most <= NEST_MAX; n = rb_next(n)) {
		struct epoll_item *it = rb_entry(n, struct epoll_item, rb);
		if (file_is_epoll(it->file))
			most = MAX(most, 1 + levels_below(it->file->private, top, depth + 1));
	}
	mutex_unlock(&ep->lock);
	return most;
}

/* Levels of sets above the one that f stands for. */
static unsigned levels_above(const struct file *f)
{
	unsigned most = 0;

	for (const struct epoll_item *it = f->watches; it; it = it->next)
		most = MAX(most, 1 + levels_above(it->ep->file));
	return most;
}

static int nest_check(struct epoll *ep, const struct file *f)
{
	unsigned parents = 0;

	if (levels_below(f->private, ep, 0) + 1 + levels_above(ep->file) > NEST_MAX)
		return -ELOOP;
	for (const struct epoll_item *it = f->watches; it; it = it->next)
		parents++;
	return parents >= PARENTS_MAX ? -EINVAL : 0;
}

/* ---- epoll_ctl ---- */

static int control_locked(struct epoll *ep, int op, int fd, struct file *f, const struct epoll_event *event)
        MUST_HOLD(&ep->lock)
{
	struct epoll_item *it = item_find(ep, f, fd);

	if (op == EPOLL_CTL_ADD)
		return it ? -EEXIST : item_add(ep, fd, f, event);
	if (op != EPOLL_CTL_DEL && op != EPOLL_CTL_MOD)
		return -EINVAL;
	if (!it)
		return -ENOENT;
	if (op == EPOLL_CTL_DEL)
		item_remove(ep, it);
	else if (it->event.events & EPOLLEXCLUSIVE)
		return -EINVAL;
	else
		item_change(ep, it, event);
	return 0;
}

static int exclusive_check(int op, const struct file *f, u32 events)
{
	if (op == EPOLL_CTL_DEL || !(events & EPOLLEXCLUSIVE))
		return 0;
	if (op == EPOLL_CTL_MOD)
		return -EINVAL;
	return op == EPOLL_CTL_ADD && (file_is_epoll(f) || (events & ~EXCLUSIVE_OK)) ? -EINVAL : 0;
}

int epoll_control(struct file *set, int op, int fd, struct file *f, struct epoll_event *event) NO_LOCK_CHECK
{
	struct epoll *ep;
	bool nested;
	int err;

	if (!f->ops->poll)
		return -EPERM;
	if (f == set || !file_is_epoll(set))
		return -EINVAL;
	err = exclusive_check(op, f, event->events);
	if (err)
		return err;
	event->events |= EPOLLERR | EPOLLHUP;
	ep = set->private;
	nested = file_is_epoll(f);
	if (nested) {
		mutex_lock(&unwatch_mutex);
		if (op == EPOLL_CTL_ADD)
			err = nest_check(ep, f);
	}
	if (!err) {
		mutex_lock(&ep->lock);
		err = control_locked(ep, op, fd, f, event);
		mutex_unlock(&ep->lock);
	}
	if (nested)
		mutex_unlock(&unwatch_mutex);
	return err;
}

int epoll_watched(struct file *set, int fd, unsigned nth, unsigned long *file)
{
	struct epoll *ep = set->private;
	int err = -ENOENT;

	scoped_mutex(&ep->lock);
	for (struct rb_node *n = rb_first(&ep->items); n; n = rb_next(n)) {
		struct epoll_item *it = rb_entry(n, struct epoll_item, rb);
		if (it->fd != fd || nth--)
			continue;
		*file = (unsigned long)it->file;
		err = 0;
		break;
	}
	return err;
}

/* ---- collecting ---- */

static struct epoll_item *ready_take(struct epoll *ep, struct list_head *list)
{
	struct epoll_item *it = NULL;
	irqflags_t f = spin_lock_irqsave(&ep->ready_lock);

	if (!list_empty(list)) {
		it = list_first_entry(list, struct epoll_item, ready);
		list_del(&it->ready);
		list_init(&it->ready);
	}
	spin_unlock_irqrestore(&ep->ready_lock, f);
	return it;
}

/* Fills buf from the list that was moved aside; the number. */
static unsigned collect_batch(struct epoll *ep, struct list_head *aside, struct epoll_event *buf,
                              unsigned max) MUST_HOLD(&ep->lock)
{
	struct epoll_item *it;
	unsigned n = 0;

	while (n < max && (it = ready_take(ep, aside)) != NULL) {
		unsigned events = item_poll(it);

		if (!events)
			continue;
		buf[n++] = (struct epoll_event){ .events = events, .data = it->event.data };
		if (it->event.events & EPOLLONESHOT)
			atomic_store(&it->event.events, it->event.events & MODE_BITS);
		else if (!(it->event.events & EPOLLET))
			item_set_ready(it);
	}
	return n;
}

static void ready_move_aside(struct epoll *ep, struct list_head *aside)
{
	irqflags_t f = spin_lock_irqsave(&ep->ready_lock);

	list_splice_tail(&ep->ready, aside);
	spin_unlock_irqrestore(&ep->ready_lock, f);
}

/* What was not collected stands first again; others may want it. */
static void ready_move_back(struct epoll *ep, struct list_head *aside, bool was_unlocked)
{
	irqflags_t f = spin_lock_irqsave(&ep->ready_lock);
	list_splice_tail(&ep->ready, aside);
	list_splice_tail(aside, &ep->ready);
	bool any = !list_empty(&ep->ready);
	spin_unlock_irqrestore(&ep->ready_lock, f);

	if (any && waitq_active(&ep->waiters))
		waitq_wake(&ep->waiters, 1, POLLIN);
	if (any && was_unlocked && waitq_active(&ep->pollers))
		waitq_wake(&ep->pollers, 0, POLLIN | POLLRDNORM);
}

static long collect(struct epoll *ep, struct epoll_event __user *out, unsigned max)
{
	struct epoll_event buf[BATCH];
	LIST_HEAD(aside);
	unsigned total = 0;
	bool more, first = true;
	int err = 0;

	do {
		mutex_lock(&ep->lock);
		if (first)
			ready_move_aside(ep, &aside);
		unsigned n = collect_batch(ep, &aside, buf, MIN(max - total, (unsigned)BATCH));
		more = n == BATCH && total + n < max;
		if (!more)
			ready_move_back(ep, &aside, !first);
		mutex_unlock(&ep->lock);
		if (n)
			err = copy_to_user(out + total, buf, n * sizeof(*buf));
		if (err && more)
			ready_move_back(ep, &aside, true);
		total += n;
		first = false;
	} while (more && !err);
	return err ? err : (long)total;
}

static bool epoll_any_ready(const struct epoll *ep) NO_LOCK_CHECK
{
	return !list_empty(&ep->ready);
}

long epoll_collect(struct file *set, struct epoll_event __user *out, int max, ktime_t deadline)
{
	struct epoll *ep = set->private;
	struct waiter w = { .link = LIST_HEAD_INIT(w.link), .exclusive = true };
	bool late = deadline <= 0;

	for (;;) {
		if (epoll_any_ready(ep)) {
			long n = collect(ep, out, (unsigned)max);
			if (n)
				return n;
		}
		if (late)
			return 0;
		if (thread_signal_pending())
			return -EINTR;
		waitq_prepare(&ep->waiters, &w, THREAD_INTERRUPTIBLE);
		if (!epoll_any_ready(ep) && !thread_signal_pending())
			late = sched_schedule_until(deadline) == -ETIMEDOUT;
		waitq_finish(&ep->waiters, &w);
	}
}

/* ---- the set as a file ---- */

static unsigned epoll_poll(struct file *f, struct poll_table *pt)
{
	struct epoll *ep = f->private;
	struct epoll_item *it;
	unsigned events = 0;

	poll_wait(f, &ep->pollers, pt);
	if (!epoll_any_ready(ep))
		return 0;
	mutex_lock(&ep->lock);
	while (!events && (it = ready_take(ep, &ep->ready)) != NULL) {
		if (item_poll(it)) {
			item_set_ready(it);
			events = POLLIN | POLLRDNORM;
		}
	}
	mutex_unlock(&ep->lock);
	return events;
}

static void epoll_release(struct file *f) NO_LOCK_CHECK
{
	struct epoll *ep = f->private;
	struct rb_node *n;

	mutex_lock(&unwatch_mutex);
	mutex_lock(&ep->lock);
	while ((n = rb_first(&ep->items)) != NULL) {
		item_remove(ep, rb_entry(n, struct epoll_item, rb));
		cond_resched();
	}
	mutex_unlock(&ep->lock);
	mutex_unlock(&unwatch_mutex);
	kfree(ep);
}

static const struct file_ops epoll_ops = { .poll = epoll_poll, .release = epoll_release };

/* The file has no user any more, so nobody adds or removes its watches but a set that goes away. */
static void epoll_unwatch(struct file *f) NO_LOCK_CHECK
{
	struct epoll_item *it;

	mutex_lock(&unwatch_mutex);
	while ((it = atomic_load_acquire(&f->watches)) != NULL) {
		struct epoll *ep = it->ep;

		mutex_lock(&ep->lock);
		item_remove(ep, it);
		mutex_unlock(&ep->lock);
	}
	mutex_unlock(&unwatch_mutex);
}

struct file *epoll_create(const struct cred *c) NO_LOCK_CHECK
{
	struct epoll *ep = kmalloc(sizeof(*ep), 0);
	struct file *f;

	if (!ep)
		return NULL;
	mutex_init(&ep->lock);
	ep->items = RB_ROOT;
	spin_init(&ep->ready_lock, "epoll");
	list_init(&ep->ready);
	waitq_init(&ep->waiters);
	waitq_init(&ep->pollers);
	f = file_alloc_anon("anon_inode:[eventpoll]", 0600, &epoll_ops, O_RDWR, ep, c);
	if (!f)
		kfree(ep);
	else
		ep->file = f;
	return f;
}

INIT_CODE void epoll_init(void)
{
	mutex_init(&unwatch_mutex);
	item_cache = kmem_cache_create("epoll_item", sizeof(struct epoll_item), 0);
	file_unwatch = epoll_unwatch;
}
