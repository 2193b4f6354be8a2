/* SPDX-License-Identifier: MIT
 * proc/itimer.c - interval timers: alarm(2), setitimer(2), and the limit of CPU time
 *
 * Owns:      group->real_timer, cpu_timer and their values.
 * Layer:     proc.
 * Locks:     sighand->lock of the group (irqs off): the values, and starting the timers.
 * Contexts:  the timers run in interrupts; setting in process context.
 * Manual:    getitimer(2), setitimer(2), getrlimit(2): RLIMIT_CPU and RLIMIT_RTTIME, signal(7).
 * Tests:     tests/abi/itimer.c, limits.c.
 *
 * Theory
 * ------
 * ITIMER_REAL is a timer of the clock.  ITIMER_VIRTUAL, ITIMER_PROF and the limits of CPU time count it; it
 * passes at most as fast as wall time, times the number of threads.  So no tick has to look after them: one
 * timer per process is set to the moment when the nearest of them can be due at the earliest; it looks, and
 * sets itself again.  A process that sleeps is looked at less than 250 times a second, one that has no such
 * timer never.
 */
#include <proc/process.h>
#include <proc/internal.h>
#include <proc/signal.h>

#define CPU_TIMER_MIN_NS (4 * NSEC_PER_MSEC)
/* 73 years are for ever: sums of a few such times and of the clock do not overflow. */
#define FOR_EVER_NS (KTIME_MAX / 4)

/* The sighand of a group, locked; NULL when the group has been reaped. */
static struct sighand *group_lock(struct thread_group *g, irqflags_t *f) NO_LOCK_CHECK
{
	struct task *t = rcu_dereference(g->leader);

	return t ? sighand_lock(t, f) : NULL;
}

static void real_timer_fn(struct timer *timer)
{
	struct thread_group *g = container_of(timer, struct thread_group, real_timer);
	irqflags_t f;
	struct sighand *s = group_lock(g, &f);

	if (!s)
		return;
	signal_send_locked(s, g->leader, true, SIGALRM, SIGINFO_KERNEL);
	if (g->real_interval > 0 && !timer_pending(timer)) { /* else it was set anew since it fired */
		/* From the last deadline, so that it does not drift; but not into the past. */
		ktime_t next = timer->deadline + g->real_interval, now = clock_monotonic();
		if (next <= now)
			next += (now - next) / g->real_interval * g->real_interval + g->real_interval;
		timer_start(timer, next);
	}
	sighand_unlock(s, f);
}

/* One CPU clock against one timer: sends when it is due.  The ns until it can be due; 0 = off. */
static u64 cpu_timer_check(struct sighand *s, struct thread_group *g, u64 *value, u64 interval, u64 used,
                           int sig)
{
	if (!*value)
		return 0;
	if (used >= *value) {
		signal_send_locked(s, g->leader, true, sig, SIGINFO_KERNEL);
		*value = interval ? used + interval : 0;
	}
	return *value ? *value - used : 0;
}

static u64 cpu_limit_check(struct sighand *s, struct thread_group *g, u64 used)
{
	struct rlimit64_k *lim = &g->rlim.lim[RLIMIT_CPU];

	if (lim->cur == RLIM_INFINITY)
		return 0;
	if (lim->max != RLIM_INFINITY && used / NSEC_PER_SEC >= lim->max) {
		signal_send_locked(s, g->leader, true, SIGKILL, SIGINFO_KERNEL);
		return 0;
	}
	if (used / NSEC_PER_SEC >= lim->cur) {
		signal_send_locked(s, g->leader, true, SIGXCPU, SIGINFO_KERNEL);
		lim->cur = used / NSEC_PER_SEC + 1; /* again after each further second */
	}
	return lim->cur >= FOR_EVER_NS / NSEC_PER_SEC ? FOR_EVER_NS : lim->cur * NSEC_PER_SEC - used;
}

/* RLIMIT_RTTIME: what a real-time thread uses from one sleep to the next.  While there is none, one could begin now. */
static u64 rt_limit_check(struct sighand *s, struct thread_group *g)
{
	struct rlimit64_k *lim = &g->rlim.lim[RLIMIT_RTTIME];
	u64 most_us = 0;
	struct task *t;

	if (lim->cur == RLIM_INFINITY)
		return 0;
	list_for_each_entry (t, &g->threads, group_link)
		if (t->thread.set_policy == POLICY_FIFO || t->thread.set_policy == POLICY_RR) {
			u64 from = atomic_load(&t->thread.awake_from_ns); /* first: both grow meanwhile */
			most_us = MAX(most_us, (sched_cpu_time(&t->thread) - from) / NSEC_PER_USEC);
		}
	if (most_us >= lim->max) {
		signal_send_locked(s, g->leader, true, SIGKILL, SIGINFO_KERNEL);
		return 0;
	}
	if (most_us >= lim->cur) {
		signal_send_locked(s, g->leader, true, SIGXCPU, SIGINFO_KERNEL);
		lim->cur += NSEC_PER_SEC / NSEC_PER_USEC;
	}
	return MIN(MIN(lim->cur, lim->max) - most_us, FOR_EVER_NS / NSEC_PER_USEC) * NSEC_PER_USEC;
}

/* sighand->lock held. */
static void cpu_timers_run(struct sighand *s, struct thread_group *g)
{
	struct usage_sum use;
	u64 left[4], next = 0;

	usage_of_group(g, &use);
	left[0] = cpu_timer_check(s, g, &g->virt_value_ns, g->virt_interval_ns, use.utime, SIGVTALRM);
	left[1] =
	        cpu_timer_check(s, g, &g->prof_value_ns, g->prof_interval_ns, use.utime + use.stime, SIGPROF);
	left[2] = cpu_limit_check(s, g, use.utime + use.stime);
	left[3] = rt_limit_check(s, g);
	for (unsigned i = 0; i < ARRAY_SIZE(left); i++)
		if (left[i] && (!next || left[i] < next))
			next = left[i];
	if (!next || !g->nr_live)
		return;
	next /= MIN(g->nr_live, cpu_count);
	timer_start(&g->cpu_timer, clock_monotonic() + MAX((s64)next, CPU_TIMER_MIN_NS));
}

static void cpu_timer_fn(struct timer *timer)
{
	struct thread_group *g = container_of(timer, struct thread_group, cpu_timer);
	irqflags_t f;
	struct sighand *s = group_lock(g, &f);

	if (!s)
		return;
	cpu_timers_run(s, g);
	sighand_unlock(s, f);
}

void itimer_init(struct thread_group *g)
{
	timer_init(&g->real_timer, real_timer_fn);
	timer_init(&g->cpu_timer, cpu_timer_fn);
}

void itimer_start_cpu(struct thread_group *g)
{
	irqflags_t f;
	struct sighand *s = group_lock(g, &f);

	if (!s)
		return;
	if (g->nr_live) /* else itimer_exit may be through */
		timer_start(&g->cpu_timer, clock_monotonic() + NSEC_PER_MSEC);
	sighand_unlock(s, f);
}

void itimer_exit(struct thread_group *g)
{
	/* With the intervals and nr_live at 0 the functions do not start their timers again. */
	irqflags_t f;
	struct sighand *s = sighand_lock(current_task(), &f);
	g->real_interval = 0;
	g->virt_value_ns = g->prof_value_ns = 0;
	sighand_unlock(s, f);
	if (timer_pending(&g->real_timer))
		timer_cancel(&g->real_timer);
	if (timer_pending(&g->cpu_timer) || itimer_cpu_limited(g))
		timer_cancel(&g->cpu_timer);
}

/* Values. */

static struct timeval_k ns_to_timeval(u64 ns)
{
	return (struct timeval_k){ (s64)(ns / NSEC_PER_SEC), (s64)(ns % NSEC_PER_SEC / NSEC_PER_USEC) };
}

/* What is left, rounded up to a microsecond: a timer that runs never reads as 0. */
static struct timeval_k left_to_timeval(s64 ns)
{
	return ns_to_timeval(ns <= 0 ? (u64)NSEC_PER_USEC : (u64)ns + NSEC_PER_USEC - 1);
}

static int timeval_check(const struct timeval_k *tv)
{
	return tv->tv_sec < 0 || tv->tv_usec < 0 || tv->tv_usec >= 1000000 ? -EINVAL : 0;
}

static u64 timeval_ns(const struct timeval_k *tv)
{
	if (tv->tv_sec >= FOR_EVER_NS / NSEC_PER_SEC)
		return FOR_EVER_NS;
	return (u64)tv->tv_sec * NSEC_PER_SEC + (u64)tv->tv_usec * NSEC_PER_USEC;
}

/* The values now; sighand->lock held. */
static void itimer_read(struct thread_group *g, int which, struct itimerval_k *out)
{
	struct usage_sum use;

	*out = (struct itimerval_k){ 0 };
	if (which == ITIMER_REAL) {
		out->it_interval = ns_to_timeval((u64)g->real_interval);
		if (timer_pending(&g->real_timer))
			out->it_value = left_to_timeval(g->real_timer.deadline - clock_monotonic());
		return;
	}
	usage_of_group(g, &use);
	u64 value = which == ITIMER_VIRTUAL ? g->virt_value_ns : g->prof_value_ns;
	u64 used = which == ITIMER_VIRTUAL ? use.utime : use.utime + use.stime;
	out->it_interval = ns_to_timeval(which == ITIMER_VIRTUAL ? g->virt_interval_ns : g->prof_interval_ns);
	if (value)
		out->it_value = left_to_timeval((s64)(value - used));
}

int process_getitimer(int which, struct itimerval_k *out)
{
	struct task *t = current_task();
	irqflags_t f;

	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	struct sighand *s = sighand_lock(t, &f);
	itimer_read(t->group, which, out);
	sighand_unlock(s, f);
	return 0;
}

static void itimer_set_real(struct task *t, u64 value, u64 interval, struct itimerval_k *old)
{
	struct thread_group *g = t->group;
	irqflags_t f;
	struct sighand *s = sighand_lock(t, &f);

	if (old)
		itimer_read(g, ITIMER_REAL, old);
	g->real_interval = 0; /* a timer function that runs now does not start it again */
	bool idle = !timer_pending(&g->real_timer);
	sighand_unlock(s, f);
	if (!idle || !value)
		timer_cancel(&g->real_timer);
	if (!value)
		return;
	s = sighand_lock(t, &f);
	g->real_interval = (ktime_t)interval;
	timer_start(&g->real_timer, clock_monotonic() + (ktime_t)value);
	sighand_unlock(s, f);
}

static void itimer_set_cpu(struct task *t, int which, u64 value, u64 interval, struct itimerval_k *old)
{
	struct thread_group *g = t->group;
	struct usage_sum use;
	irqflags_t f;
	struct sighand *s = sighand_lock(t, &f);

	if (old)
		itimer_read(g, which, old);
	usage_of_group(g, &use);
	if (which == ITIMER_VIRTUAL) {
		g->virt_value_ns = value ? use.utime + value : 0;
		g->virt_interval_ns = interval;
	} else {
		g->prof_value_ns = value ? use.utime + use.stime + value : 0;
		g->prof_interval_ns = interval;
	}
	cpu_timers_run(s, g);
	sighand_unlock(s, f);
}

int process_setitimer(int which, const struct itimerval_k *new, struct itimerval_k *old)
{
	struct task *t = current_task();

	if (which < ITIMER_REAL || which > ITIMER_PROF)
		return -EINVAL;
	if (timeval_check(&new->it_value) || timeval_check(&new->it_interval))
		return -EINVAL;
	u64 value = timeval_ns(&new->it_value), interval = value ? timeval_ns(&new->it_interval) : 0;
	if (which == ITIMER_REAL)
		itimer_set_real(t, value, interval, old);
	else
		itimer_set_cpu(t, which, value, interval, old);
	return 0;
}
