/* SPDX-License-Identifier: MIT
 * proc/posix_timer.c - timers that send signals
 *
 * Owns:      struct posix_timer; group->posix_timers.
 * Layer:     proc.  Uses sched (timers).
 * Locks:     sighand->lock of the group (irqs off) guards all.
 * Contexts:  process context; posix_timer_expire in interrupts.
 * Manual:    timer_create(2), timer_settime(2), timer_getoverrun(2), sigevent(3type).
 * Tests:     tests/abi/posixtimer.c, tests/abi/cpuclock.c.
 * Deviates:  no timers on the CPU time of another process.
 *
 * Theory
 * ------
 * A timer has one signal-queue entry of its own.  When it expires, the entry is queued; the next expiration
 * is arranged only when the entry has been taken, and those that passed meanwhile are counted as overrun:
 *
 *     armed --expires--> queued --taken--> overrun counted, armed for the next   (interval > 0)
 *                                     \--> idle                                  (interval = 0)
 *
 * So a timer never has two signals pending, and an interval of a nanosecond interrupts as often as somebody
 * handles signals, not more.  An ignored signal is never taken; such a timer looks again every few ms.
 *
 * CPU time passes at most as fast as wall time, times the number of threads: a timer of a CPU clock is set
 * to the earliest moment when it can be due, looks, and sets itself again.
 *
 * Setting a timer anew does not stop the timer below: posix_timer_expire() sees that it comes too early.
 */
#include <proc/internal.h>
#include <proc/posix_timer.h>
#include <proc/signal.h>
#include <lib/string.h>
#include <mem/slab.h>

#define LOOK_AGAIN_NS (4 * NSEC_PER_MSEC)

struct posix_timer {
	struct list_head link;
	struct thread_group *group;
	struct task *target;     /* SIGEV_THREAD_ID: referenced */
	struct task *cpu_thread; /* CLOCK_THREAD_CPUTIME_ID: referenced */
	struct sigqueue *entry;  /* si_signo 0: SIGEV_NONE sends nothing */
	struct timer timer;
	int id, clock;
	bool armed;             /* will expire at `next` */
	bool wall;              /* was set to a time of the wall clock: moves with it */
	ktime_t next, interval; /* in the time of timer_now() */
	u64 overrun;            /* since the last signal was taken */
	int overrun_last;       /* of the last signal taken */
};

static bool clock_is_cpu(int clock)
{
	return clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID;
}

static ktime_t timer_now(const struct posix_timer *pt)
{
	struct usage_sum use;

	if (pt->clock == CLOCK_THREAD_CPUTIME_ID)
		return (ktime_t)sched_cpu_time(&pt->cpu_thread->thread);
	if (pt->clock != CLOCK_PROCESS_CPUTIME_ID)
		return pt->wall ? clock_realtime() : clock_monotonic();
	usage_of_group(pt->group, &use);
	return (ktime_t)(use.utime + use.stime);
}

static void timer_arm(struct posix_timer *pt)
{
	ktime_t left;

	pt->armed = true;
	if (pt->wall) {
		timer_start_wall(&pt->timer, pt->next);
		return;
	}
	if (!clock_is_cpu(pt->clock)) {
		timer_start(&pt->timer, pt->next);
		return;
	}
	left = MAX(pt->next - timer_now(pt), (ktime_t)0);
	if (pt->clock == CLOCK_PROCESS_CPUTIME_ID)
		left /= MAX(1u, MIN(pt->group->nr_live, cpu_count));
	left = MAX(left, (ktime_t)NSEC_PER_MSEC);
	left = MIN(left, (ktime_t)(1000 * NSEC_PER_SEC));
	timer_start(&pt->timer, clock_monotonic() + left);
}

/* Moves `next` behind now by whole intervals; how many. */
static u64 timer_forward(struct posix_timer *pt)
{
	ktime_t now = timer_now(pt);
	u64 n;

	if (pt->next > now)
		return 0;
	n = (u64)(now - pt->next) / (u64)pt->interval + 1;
	if (__builtin_add_overflow(pt->next, (ktime_t)n * pt->interval, &pt->next))
		pt->next = KTIME_MAX;
	return n;
}

static void timer_fire(struct sighand *s, struct posix_timer *pt)
{
	struct task *t = pt->target ? pt->target : pt->group->leader;

	pt->armed = false;
	if (!pt->entry->info.si_signo)
		return;                      /* SIGEV_NONE: timer_gettime computes */
	if (!list_empty(&pt->entry->link)) { /* set again while its signal waits */
		pt->overrun++;
		return;
	}
	if (signal_send_entry(s, t, !pt->target, pt->entry) || pt->interval <= 0 || !pt->group->nr_live)
		return;
	/* Ignored: nobody will take it. */
	pt->overrun += timer_forward(pt);
	pt->armed = true;
	timer_start(&pt->timer, clock_monotonic() + MAX(pt->interval, (ktime_t)LOOK_AGAIN_NS));
}

static void posix_timer_expire(struct timer *timer)
{
	struct posix_timer *pt = container_of(timer, struct posix_timer, timer);
	struct task *leader = rcu_dereference(pt->group->leader);
	irqflags_t f;

	if (!leader)
		return;
	struct sighand *s = sighand_lock(leader, &f);
	if (pt->armed) {
		if (timer_now(pt) >= pt->next)
			timer_fire(s, pt);
		else
			timer_arm(pt);
	}
	sighand_unlock(s, f);
}

void posix_timer_delivered(struct posix_timer *pt, struct siginfo *info)
{
	if (pt->interval > 0 && !pt->armed) {
		/* timer_gettime may have counted some already; the first of all is no overrun, but this signal. */
		u64 passed = pt->overrun + timer_forward(pt);
		pt->overrun = passed ? passed - 1 : 0;
	}
	pt->overrun_last = (int)MIN(pt->overrun, (u64)INT32_MAX);
	pt->overrun = 0;
	info->timer.overrun = pt->overrun_last;
}

void posix_timer_unqueued(struct posix_timer *pt)
{
	if (pt->interval > 0 && !pt->armed)
		timer_arm(pt);
}

/* ---- making ---- */

static int clock_check(int clock, bool may_wake)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_MONOTONIC:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
	case CLOCK_PROCESS_CPUTIME_ID:
	case CLOCK_THREAD_CPUTIME_ID:
		return 0;
	case CLOCK_REALTIME_ALARM:
	case CLOCK_BOOTTIME_ALARM:
		return may_wake ? 0 : -EPERM;
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC_COARSE:
		return -EOPNOTSUPP;
	default:
		return -EINVAL;
	}
}

/* Finds the thread that is to be told. */
static int event_check(const struct sigevent_k *ev, struct task **target)
{
	struct task *t;

	switch (ev->notify) {
	case SIGEV_NONE:
		return 0;
	case SIGEV_SIGNAL:
	case SIGEV_THREAD:
		return ev->signo > 0 && ev->signo < NSIG ? 0 : -EINVAL;
	case SIGEV_SIGNAL | SIGEV_THREAD_ID:
		t = task_find_get(ev->tid);
		if (t && t->group == current_task()->group && ev->signo > 0 && ev->signo < NSIG) {
			*target = t;
			return 0;
		}
		if (t)
			task_put(t);
		return -EINVAL;
	default:
		return -EINVAL;
	}
}

static void timer_free(struct posix_timer *pt)
{
	if (pt->entry)
		sigqueue_free(pt->entry);
	if (pt->target)
		task_put(pt->target);
	if (pt->cpu_thread)
		task_put(pt->cpu_thread);
	kfree(pt);
}

static struct posix_timer *timer_find(struct thread_group *g, int id)
{
	struct posix_timer *pt;

	list_for_each_entry (pt, &g->posix_timers, link)
		if (pt->id == id)
			return pt;
	return NULL;
}

static int timer_publish(struct posix_timer *pt, const struct sigevent_k *ev)
{
	struct thread_group *g = pt->group;
	struct siginfo *i = &pt->entry->info;
	irqflags_t f;
	struct sighand *s = sighand_lock_self(current_task(), &f);

	do {
		pt->id = g->next_timer_id;
		g->next_timer_id = (int)(((u32)pt->id + 1) & INT32_MAX);
	} while (timer_find(g, pt->id));
	memset(i, 0, sizeof(*i));
	i->si_signo = !ev ? SIGALRM : ev->notify == SIGEV_NONE ? 0 : ev->signo;
	i->si_code = SI_TIMER;
	i->timer.tid = pt->id;
	i->timer.value = ev ? ev->value : (u64)pt->id;
	pt->entry->timer = pt;
	list_add_tail(&pt->link, &g->posix_timers);
	sighand_unlock(s, f);
	return pt->id;
}

/* The id of a CPU-time clock (clock_getcpuclockid(3)) in the timer: of this process, or of one of its threads.  0, -EINVAL (no
 * such), -EOPNOTSUPP (another process, or a device's clock). */
static int clock_choose(struct posix_timer *pt, int clock)
{
	enum { OF_DEVICE = 3, OF_THREAD = 4, KIND = 3 };
	struct task *self = current_task(), *t;
	pid_t nr = ~(clock >> 3);
	int err = -EINVAL;

	pt->clock = clock;
	if (clock >= 0) {
		if (clock == CLOCK_THREAD_CPUTIME_ID) {
			task_get(self);
			pt->cpu_thread = self;
		}
		return 0;
	}
	bool thread = clock & OF_THREAD;
	if ((clock & KIND) == OF_DEVICE)
		return thread ? -EINVAL : -EOPNOTSUPP;
	t = nr ? task_find_get(nr) : self;
	if (t == self && !nr)
		task_get(self);
	if (!t)
		return -EINVAL;
	pt->clock = thread ? CLOCK_THREAD_CPUTIME_ID : CLOCK_PROCESS_CPUTIME_ID;
	if (t->group == self->group) {
		err = 0;
		if (thread) {
			pt->cpu_thread = t;
			return 0;
		}
	} else if (!thread) {
		err = -EOPNOTSUPP;
	}
	task_put(t);
	return err;
}

int posix_timer_create(int clock, const struct sigevent_k *ev, int *id)
{
	struct task *t = current_task();
	struct posix_timer *pt;
	int err = clock < 0 ? 0 : clock_check(clock, cred_capable(t->cred, CAP_WAKE_ALARM));

	if (err)
		return err;
	pt = kzalloc(sizeof(*pt));
	if (!pt)
		return -EAGAIN;
	timer_init(&pt->timer, posix_timer_expire);
	pt->group = t->group;
	err = clock_choose(pt, clock);
	if (!err && ev)
		err = event_check(ev, &pt->target);
	if (err)
		goto fail;
	/* Every timer is charged, so that their number is limited. */
	pt->entry = sigqueue_alloc(t, false);
	err = -EAGAIN;
	if (!pt->entry)
		goto fail;
	*id = timer_publish(pt, ev);
	return 0;
fail:
	timer_free(pt);
	return err;
}

/* ---- setting and asking ---- */

static void timer_read(struct posix_timer *pt, ktime_t *left, ktime_t *interval)
{
	bool none = !pt->entry->info.si_signo;

	*interval = pt->interval;
	*left = 0;
	if (!pt->armed && pt->interval <= 0)
		return;
	if (pt->interval > 0 && (none || !pt->armed)) /* on its way: until the one after */
		pt->overrun += timer_forward(pt);
	*left = pt->next - timer_now(pt);
	if (*left <= 0)
		*left = none ? 0 : 1;
}

int posix_timer_get(int id, ktime_t *left, ktime_t *interval)
{
	struct task *t = current_task();
	irqflags_t f;
	struct sighand *s = sighand_lock_self(t, &f);
	struct posix_timer *pt = timer_find(t->group, id);

	if (pt)
		timer_read(pt, left, interval);
	sighand_unlock(s, f);
	return pt ? 0 : -EINVAL;
}

static bool clock_is_wall(int clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM || clock == CLOCK_TAI;
}

int posix_timer_set(int id, bool absolute, ktime_t value, ktime_t interval, ktime_t *old_left,
                    ktime_t *old_interval)
{
	struct task *t = current_task();
	irqflags_t f;
	struct sighand *s = sighand_lock_self(t, &f);
	struct posix_timer *pt = timer_find(t->group, id);

	if (pt) {
		timer_read(pt, old_left, old_interval);
		pt->armed = false;
		pt->interval = value ? interval : 0;
		pt->overrun = 0;
		pt->overrun_last = 0;
		if (value) {
			pt->wall = absolute && clock_is_wall(pt->clock);
			ktime_t now = absolute ? 0 : timer_now(pt);
			pt->next = value > KTIME_MAX - now ? KTIME_MAX : now + value;
			timer_arm(pt);
		}
	}
	sighand_unlock(s, f);
	return pt ? 0 : -EINVAL;
}

int posix_timer_overrun(int id)
{
	struct task *t = current_task();
	irqflags_t f;
	struct sighand *s = sighand_lock_self(t, &f);
	struct posix_timer *pt = timer_find(t->group, id);
	int n = pt ? pt->overrun_last : -EINVAL;

	sighand_unlock(s, f);
	return n;
}

/* ---- deleting ---- */

/* Out of all lists: nobody but a running posix_timer_expire() knows it any more.  A signal that waits stays. */
static void timer_unpublish(struct posix_timer *pt)
{
	list_del(&pt->link);
	pt->armed = false;
	pt->entry->timer = NULL;
	if (!list_empty(&pt->entry->link))
		pt->entry = NULL; /* freed when it is taken */
}

static void timer_destroy(struct posix_timer *pt)
{
	timer_cancel(&pt->timer);
	timer_free(pt);
}

int posix_timer_delete(int id)
{
	struct task *t = current_task();
	irqflags_t f;
	struct sighand *s = sighand_lock_self(t, &f);
	struct posix_timer *pt = timer_find(t->group, id);

	if (pt)
		timer_unpublish(pt);
	sighand_unlock(s, f);
	if (!pt)
		return -EINVAL;
	timer_destroy(pt);
	return 0;
}

void posix_timers_delete_all(struct thread_group *g)
{
	while (unlikely(!list_empty(&g->posix_timers))) {
		irqflags_t f;
		struct sighand *s = sighand_lock_self(current_task(), &f);
		struct posix_timer *pt = list_first_entry(&g->posix_timers, struct posix_timer, link);

		timer_unpublish(pt);
		sighand_unlock(s, f);
		timer_destroy(pt);
	}
}
