/* SPDX-License-Identifier: MIT
 *
 * fs/poll.c - waiting for several files at once
 *
 * Owns:      struct poll_wait, one for each call.
 * Layer:     fs. Uses sched (wait queues with a callback).
 * Locks:     none; the callback runs under the wait queue's lock, in any context.
 * Contexts:  process context; sleeps.
 * Manual:    poll(2), select(2).
 * Tests:     tests/abi/poll.c.
 *
 * Theory
 * ------
 * First pass: each file's poll() names its wait queues (poll_wait puts a waiter on each) and answers what is
 * ready. If nothing is, sleep until a waiter's callback has run, then ask again, this time without queueing:
 * the waiters stay on their queues.  The callback sets `fired` before it wakes, and the sleeper sets its
 * state before it looks at `fired`, so no wake-up is lost.
 */
#include <fs/poll.h>
#include <base/clock.h>
#include <mem/slab.h>
#include <abi/errno.h>

enum { INLINE_ENTRIES = 6, BLOCK_ENTRIES = 32 };

struct poll_entry {
	struct waiter w;
	struct waitq *q;
	struct poll_wait *owner;
};
struct poll_block {
	struct poll_block *next;
	unsigned n;
	struct poll_entry e[BLOCK_ENTRIES];
};
struct poll_wait {
	struct poll_table pt;
	struct thread *thread;
	bool fired;
	bool no_memory;
	unsigned n; /* of `inl` */
	struct poll_entry inl[INLINE_ENTRIES];
	struct poll_block *blocks;
};

static bool poll_wake(struct waiter *w, unsigned key)
{
	struct poll_wait *pw = container_of(w, struct poll_entry, w)->owner;

	atomic_store_release(&pw->fired, true);
	return thread_wake(pw->thread);
}

static struct poll_entry *entry_alloc(struct poll_wait *pw)
{
	struct poll_block *b = pw->blocks;

	if (pw->n < INLINE_ENTRIES)
		return &pw->inl[pw->n++];
	if (!b || b->n == BLOCK_ENTRIES) {
		b = kmalloc(sizeof(*b), 0);
		if (!b)
			return NULL;
		b->n = 0;
		b->next = pw->blocks;
		pw->blocks = b;
	}
	return &b->e[b->n++];
}

static void poll_queue(struct poll_table *pt, struct file *f, struct waitq *q)
{
	struct poll_wait *pw = container_of(pt, struct poll_wait, pt);
	struct poll_entry *e = entry_alloc(pw);

	if (!e) {
		pw->no_memory = true;
		return;
	}
	e->q = q;
	e->owner = pw;
	e->w = (struct waiter){ .thread = pw->thread, .wake = poll_wake };
	list_init(&e->w.link);
	waitq_add(q, &e->w);
}

static void entries_remove(struct poll_entry *e, unsigned n)
{
	while (n--)
		waitq_remove(e[n].q, &e[n].w);
}

static void poll_leave(struct poll_wait *pw)
{
	entries_remove(pw->inl, pw->n);
	while (pw->blocks) {
		struct poll_block *b = pw->blocks;

		pw->blocks = b->next;
		entries_remove(b->e, b->n);
		kfree(b);
	}
}

/* Asks every file once; queues (pt not NULL) only until the first one is ready. The number ready. */
static int poll_pass(struct poll_item *items, unsigned n, struct poll_table *pt)
{
	int ready = 0;

	for (unsigned i = 0; i < n; i++) {
		struct poll_item *it = &items[i];

		if (!it->file)
			continue;
		it->revents = file_poll(it->file, pt) & (it->events | POLLERR | POLLHUP);
		if (it->revents) {
			ready++;
			pt = NULL;
		}
	}
	return ready;
}

static int poll_sleep(struct poll_wait *pw, struct poll_item *items, unsigned n, ktime_t deadline)
{
	bool late = false;

	for (;;) {
		int ready;

		thread_set_state(THREAD_INTERRUPTIBLE);
		if (!atomic_load_acquire(&pw->fired) && !late && !thread_signal_pending())
			late = sched_schedule_until(deadline) == -ETIMEDOUT;
		thread_set_state(THREAD_RUNNING);
		atomic_store(&pw->fired, false);
		memory_barrier(); /* a wake-up from now on sets it again, and then we see its cause below or
		                     next time */
		ready = poll_pass(items, n, NULL);
		if (ready || late)
			return ready;
		if (thread_signal_pending())
			return -EINTR;
	}
}

int poll_items(struct poll_item *items, unsigned n, ktime_t deadline)
{
	struct poll_wait pw;
	int r;

	/* Often something is ready: then no waiter was queued for nothing. */
	r = poll_pass(items, n, NULL);
	if (r || deadline <= 0)
		return r;
	pw.pt.queue = poll_queue;
	pw.thread = thread_current();
	pw.fired = pw.no_memory = false;
	pw.n = 0;
	pw.blocks = NULL;
	r = poll_pass(items, n, &pw.pt);
	if (!r) {
		if (pw.no_memory)
			r = -ENOMEM;
		else if (deadline != KTIME_MAX && deadline <= clock_monotonic())
			r = 0;
		else
			r = poll_sleep(&pw, items, n, deadline);
	}
	poll_leave(&pw);
	return r;
}
