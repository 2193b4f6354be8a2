/* SPDX-License-Identifier: MIT
 *
 * sched/work.c - functions to be run soon, where they may sleep
 *
 * Owns:      the work list and its kernel thread.
 * Layer:     sched.  Used by interrupt handlers (tty, virtio) and by frees that may sleep.
 * Locks:     work_lock (irqs off).
 * Contexts:  work_queue: any.  fn: the worker thread; work runs one after another, in order.
 * Manual:    none.
 * Tests:     tests/stress
 */
#include <sched/work.h>
#include <sched/waitq.h>
#include <base/panic.h>

static struct spinlock work_lock = SPINLOCK_INIT("work_lock");
static LIST_HEAD(work_list);
static struct waitq work_wait = WAITQ_INIT(work_wait);
static struct waitq flush_wait = WAITQ_INIT(flush_wait);

void work_queue(struct work *w)
{
	irqflags_t f = spin_lock_irqsave(&work_lock);
	bool fresh = !w->queued;

	if (fresh) {
		w->queued = true;
		list_add_tail(&w->link, &work_list);
	}
	spin_unlock_irqrestore(&work_lock, f);
	if (fresh)
		waitq_wake_all(&work_wait);
}

static struct work *work_take(void)
{
	struct work *w = NULL;
	irqflags_t f = spin_lock_irqsave(&work_lock);

	if (!list_empty(&work_list)) {
		w = list_first_entry(&work_list, struct work, link);
		list_del(&w->link);
		w->queued = false; /* from here it may be queued again, also by its own fn */
	}
	spin_unlock_irqrestore(&work_lock, f);
	return w;
}

static void work_main(void *arg)
{
	for (;;) {
		struct work *w = NULL;

		wait_event_interruptible(&work_wait, (w = work_take()) != NULL);
		if (w)
			w->fn(w); /* may free w */
		cond_resched();
	}
}

struct flush {
	struct work work;
	bool done;
};

static void flush_done(struct work *w)
{
	struct flush *f = container_of(w, struct flush, work);
	irqflags_t irq = spin_lock_irqsave(&work_lock);

	f->done = true; /* seen under work_lock: f is on the waiter's stack */
	spin_unlock_irqrestore(&work_lock, irq);
	waitq_wake_all(&flush_wait);
}

static bool flush_is_done(const struct flush *f)
{
	irqflags_t irq = spin_lock_irqsave(&work_lock);
	bool done = f->done;

	spin_unlock_irqrestore(&work_lock, irq);
	return done;
}

void work_flush(void)
{
	struct flush f = { .done = false };

	work_init(&f.work, flush_done);
	work_queue(&f.work);
	wait_event(&flush_wait, flush_is_done(&f));
}

void work_init_threads(void)
{
	if (!kthread_start(work_main, NULL, "kworker/0", -1))
		panic("no memory for the work thread");
}
