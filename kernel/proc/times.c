/* SPDX-License-Identifier: MIT
 * proc/times.c - what processes have used, and what they may use
 *
 * Owns:      the sums in struct thread_group: of dead threads (utime_ns ...) and of children waited for
 * (cutime_ns ...). Layer:     proc. Locks:     sums of threads: sighand->lock; sums of children: proc_lock.
 * Contexts:  any, but process_rlimit.
 * Manual:    getrusage(2), times(2), getrlimit(2), prlimit(2).
 * Tests:     tests/abi/timing.c, tests/abi/limits.c.
 */
#include <proc/process.h>
#include <proc/internal.h>
#include <lib/string.h>

/* The run time is exact; where it was spent is known only at accounting points, and so is a proportion. */
void task_cpu_times(const struct task *t, u64 *utime, u64 *stime)
{
	u64 total = sched_cpu_time(&t->thread);
	u64 u = atomic_load(&t->thread.utime_ns), s = atomic_load(&t->thread.stime_ns);

	if (u >= total)
		u = total;
	else if (!s && u)
		u = total;
	*utime = u;
	*stime = total - u;
}

static void usage_thread(const struct task *t, struct usage_sum *out)
{
	u64 u, s;

	task_cpu_times(t, &u, &s);
	out->utime += u;
	out->stime += s;
	out->min_flt += t->min_flt;
	out->maj_flt += t->maj_flt;
	out->nvcsw += t->thread.nvcsw;
	out->nivcsw += t->thread.nivcsw;
}

static u64 mm_maxrss(struct vm_space *mm)
{
	s64 rss = atomic_load(&mm->rss_anon) + atomic_load(&mm->rss_file) + atomic_load(&mm->rss_shmem);

	return MAX((u64)MAX(rss, (s64)0), atomic_load(&mm->hiwater_rss));
}

void usage_of_group(struct thread_group *g, struct usage_sum *out)
{
	struct task *t;

	*out = (struct usage_sum){ g->utime_ns, g->stime_ns, g->min_flt,     g->maj_flt,
		                   g->nvcsw,    g->nivcsw,   g->maxrss_pages };
	list_for_each_entry (t, &g->threads, group_link)
		usage_thread(t, out);
}

void usage_children(struct thread_group *g, struct usage_sum *out)
{
	*out = (struct usage_sum){ g->cutime_ns, g->cstime_ns, g->cmin_flt,     g->cmaj_flt,
		                   g->cnvcsw,    g->cnivcsw,   g->cmaxrss_pages };
}

void usage_add_thread(struct thread_group *g, const struct task *t)
{
	struct usage_sum one = { 0 };

	usage_thread(t, &one);
	g->utime_ns += one.utime;
	g->stime_ns += one.stime;
	g->min_flt += one.min_flt;
	g->maj_flt += one.maj_flt;
	g->nvcsw += one.nvcsw;
	g->nivcsw += one.nivcsw;
}

void usage_add_child(struct thread_group *parent, struct thread_group *child)
{
	struct sighand *s = child->leader->sighand;
	struct usage_sum own;

	spin_lock(&s->lock);
	usage_of_group(child, &own);
	spin_unlock(&s->lock);
	parent->cutime_ns += own.utime + child->cutime_ns;
	parent->cstime_ns += own.stime + child->cstime_ns;
	parent->cmin_flt += own.min_flt + child->cmin_flt;
	parent->cmaj_flt += own.maj_flt + child->cmaj_flt;
	parent->cnvcsw += own.nvcsw + child->cnvcsw;
	parent->cnivcsw += own.nivcsw + child->cnivcsw;
	parent->cmaxrss_pages = MAX(parent->cmaxrss_pages, MAX(own.maxrss, child->cmaxrss_pages));
}

static struct timeval_k ns_to_timeval(u64 ns)
{
	return (struct timeval_k){ (s64)(ns / NSEC_PER_SEC), (s64)(ns % NSEC_PER_SEC / NSEC_PER_USEC) };
}

void usage_store(const struct usage_sum *u, struct rusage_k *out)
{
	memset(out, 0, sizeof(*out));
	out->ru_utime = ns_to_timeval(u->utime);
	out->ru_stime = ns_to_timeval(u->stime);
	out->ru_maxrss = (s64)(u->maxrss * (PAGE_SIZE / 1024));
	out->ru_minflt = (s64)u->min_flt;
	out->ru_majflt = (s64)u->maj_flt;
	out->ru_nvcsw = (s64)u->nvcsw;
	out->ru_nivcsw = (s64)u->nivcsw;
}

void process_rusage(struct thread_group *g, int who, struct rusage_k *out)
{
	struct usage_sum sum = { 0 };

	irqflags_t f = spin_lock_irqsave(&proc_lock);
	if (who == RUSAGE_CHILDREN) {
		usage_children(g, &sum);
	} else if (who == RUSAGE_THREAD) {
		usage_thread(current_task(), &sum);
	} else if (g->leader) {
		struct sighand *s = g->leader->sighand;
		spin_lock(&s->lock);
		usage_of_group(g, &sum);
		spin_unlock(&s->lock);
	}
	spin_unlock_irqrestore(&proc_lock, f);
	if (who != RUSAGE_CHILDREN && current_task()->group == g)
		sum.maxrss = MAX(g->maxrss_pages, mm_maxrss(current_task()->mm));
	usage_store(&sum, out);
}

void process_times(struct thread_group *g, u64 *utime, u64 *stime)
{
	struct usage_sum sum = { 0 };

	rcu_read_lock();
	struct task *t = rcu_dereference(g->leader);
	if (t) {
		irqflags_t f;
		struct sighand *s = sighand_lock(t, &f);
		usage_of_group(g, &sum);
		sighand_unlock(s, f);
	}
	rcu_read_unlock();
	*utime = sum.utime;
	*stime = sum.stime;
}

/* Limits. */

enum { RLIMIT_NOFILE_MAX = 1 << 20 }; /* fs.nr_open */

void limits_apply(const struct thread_group *g, struct vm_space *mm)
{
	atomic_store(&mm->limit_as, g->rlim.lim[RLIMIT_AS].cur);
	atomic_store(&mm->limit_data, g->rlim.lim[RLIMIT_DATA].cur);
	atomic_store(&mm->limit_stack, g->rlim.lim[RLIMIT_STACK].cur);
	atomic_store(&mm->limit_memlock, g->rlim.lim[RLIMIT_MEMLOCK].cur);
}

int process_rlimit(struct thread_group *g, unsigned resource, const struct rlimit64_k *new,
                   struct rlimit64_k *old)
{
	struct task *t, *leader = NULL;
	irqflags_t f;

	if (resource >= RLIM_NLIMITS || (new &&new->cur > new->max))
		return -EINVAL;
	if (new &&resource == RLIMIT_NOFILE &&new->max > RLIMIT_NOFILE_MAX)
		return -EPERM;
	bool may_raise = cred_capable(current_task()->cred, CAP_SYS_RESOURCE);

	f = spin_lock_irqsave(&proc_lock);
	struct rlimit64_k *lim = &g->rlim.lim[resource];
	int err = new &&new->max > lim->max && !may_raise ? -EPERM : 0;
	if (!err && old)
		*old = *lim;
	if (!err && new) {
		atomic_store(&lim->cur, new->cur);
		atomic_store(&lim->max, new->max);
		list_for_each_entry (t, &g->threads, group_link) {
			if (t->exiting)
				continue;
			leader = t;
			task_get(t);
			break;
		}
		if (leader && itimer_cpu_limited(g))
			itimer_start_cpu(g);
	}
	spin_unlock_irqrestore(&proc_lock, f);
	if (leader) {
		struct vm_space *mm = task_mm_get(leader);
		if (mm) {
			limits_apply(g, mm);
			vm_space_put(mm);
		}
		task_put(leader);
	}
	return err;
}
