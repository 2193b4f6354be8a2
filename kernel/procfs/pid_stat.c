/* SPDX-License-Identifier: MIT
 *
 * procfs/pid_stat.c - [pid]/stat and statm, and the numbers of a task that several files show
 *
 * Owns:      nothing; reads what others own.
 * Layer:     procfs.
 * Locks:     proc_lock for the tree and the counts of threads; signals and times are read as they are.
 * Contexts:  process context; may sleep.
 * Manual:    proc(5): /proc/[pid]/stat, statm.
 * Tests:     tests/abi/procself.c
 */
#include <procfs/internal.h>
#include <base/panic.h>
#include <tty/tty.h>

/* A thread's times up to now; the part since the last accounting goes to where the last tick fell. */
static void thread_times(struct task *t, u64 *utime, u64 *stime)
{
	u64 u = t->thread.utime_ns, sys = t->thread.stime_ns, all = sched_cpu_time(&t->thread);

	if (all > u + sys && t->thread.sample_user)
		u = all - sys;
	else if (all > u + sys)
		sys = all - u;
	*utime = u;
	*stime = sys;
}

static void add_thread(struct proc_ids *out, const struct task *t)
{
	out->min_flt += t->min_flt;
	out->maj_flt += t->maj_flt;
	out->nvcsw += t->thread.nvcsw;
	out->nivcsw += t->thread.nivcsw;
}

void proc_ids(struct task *t, const struct proc_node *n, struct proc_ids *out)
{
	struct thread_group *g = t->group;
	struct task *x;
	irqflags_t f;

	*out = (struct proc_ids){ .tgid = g->tgid,
		                  .min_flt = n->thread ? 0 : g->min_flt,
		                  .maj_flt = n->thread ? 0 : g->maj_flt };
	if (n->thread)
		thread_times(t, &out->utime, &out->stime);
	else
		process_times(g, &out->utime, &out->stime);

	f = spin_lock_irqsave(&proc_lock);
	if (n->thread || list_empty(&g->threads)) {
		add_thread(out, t);
	} else {
		list_for_each_entry (x, &g->threads, group_link)
			add_thread(out, x);
	}
	if (!list_empty(&g->threads)) { /* else it has been reaped, and its pointers are not to be followed */
		out->ppid = g->parent ? g->parent->tgid : 0;
		out->pgrp = g->pgrp->nr;
		out->session = g->session->nr;
		out->threads = g->nr_threads;
	}
	spin_unlock_irqrestore(&proc_lock, f);
}

void proc_wchan(struct task *t, char *buf, size_t size)
{
	const void *site = atomic_load(&t->thread.wait_site);

	strlcpy(buf, "0", size);
	if (atomic_load(&t->thread.state) == THREAD_RUNNING || !site || t->exiting == TASK_DEAD)
		return;
	const char *name = symbol_name((unsigned long)site, buf, size);
	if (name != buf)
		strlcpy(buf, name, size);
	char *plus = strchr(buf, '+');
	if (plus)
		*plus = 0;
}

void proc_signals(struct task *t, struct proc_signals *out)
{
	*out = (struct proc_signals){ .pending = t->pending.set, .shared = t->group->shared.set };
	rcu_read_lock();
	const struct sighand *s = rcu_dereference(t->sighand);
	for (int sig = 1; s && sig < NSIG; sig++) {
		unsigned long h = atomic_load(&s->action[sig].handler);

		if (h == SIG_IGN)
			out->ignored |= SIGMASK(sig);
		else if (h != SIG_DFL)
			out->caught |= SIGMASK(sig);
	}
	rcu_read_unlock();
}

/* struct stat's device numbers in 32 bits. */
static u32 encode_dev(dev_t d)
{
	unsigned major = dev_major(d), minor = dev_minor(d);

	return (minor & 0xff) | major << 8 | (minor & ~0xffU) << 12;
}

static void show_head(struct seq *s, struct task *t, const struct proc_ids *ids)
{
	dev_t tty = tty_number(t->group);
	u32 flags = 0x400000 | (t->group->execed ? 0 : 0x40); /* PF_RANDOMIZE, PF_FORKNOEXEC */

	seq_printf(s, "%d (", t->pid);
	seq_escaped(s, t->comm, "\n");
	seq_printf(s, ") %c %d %d %d %u %d %u", task_state_char(t), ids->ppid, ids->pgrp, ids->session,
	           encode_dev(tty), tty ? tty_foreground(t->group) : -1, flags);
}

static void show_times(struct seq *s, struct task *t, const struct proc_ids *ids)
{
	const struct thread_group *g = t->group;
	const struct thread *th = &t->thread;
	bool rt = th->policy == POLICY_FIFO || th->policy == POLICY_RR;

	seq_printf(s, " %llu %llu %llu %llu", (unsigned long long)ids->min_flt,
	           (unsigned long long)g->cmin_flt, (unsigned long long)ids->maj_flt,
	           (unsigned long long)g->cmaj_flt);
	seq_printf(s, " %llu %llu %llu %llu", (unsigned long long)ns_to_ticks(ids->utime),
	           (unsigned long long)ns_to_ticks(ids->stime), (unsigned long long)ns_to_ticks(g->cutime_ns),
	           (unsigned long long)ns_to_ticks(g->cstime_ns));
	seq_printf(s, " %d %d %u 0 %llu", rt ? -1 - (int)th->rt_prio : 20 + th->nice, th->nice, ids->threads,
	           (unsigned long long)ns_to_ticks((u64)g->start_time));
}

static u64 space_rss(const struct vm_space *mm)
{
	s64 pages = atomic_load(&mm->rss_anon) + atomic_load(&mm->rss_file) + atomic_load(&mm->rss_shmem);

	return pages > 0 ? (u64)pages : 0;
}

static void show_memory(struct seq *s, struct task *t, const struct vm_space *mm, bool may_see)
{
	u64 limit = task_rlimit(t, RLIMIT_RSS);

	if (!mm)
		seq_printf(s, " 0 0 %llu 0 0 0 0 0", (unsigned long long)limit);
	else if (!may_see)
		seq_printf(s, " %llu %llu %llu 1 1 0 0 0", (unsigned long long)mm->total_pages << PAGE_SHIFT,
		           (unsigned long long)space_rss(mm), (unsigned long long)limit);
	else
		seq_printf(s, " %llu %llu %llu %lu %lu %lu 0 0",
		           (unsigned long long)mm->total_pages << PAGE_SHIFT,
		           (unsigned long long)space_rss(mm), (unsigned long long)limit, mm->code_start,
		           mm->code_end, mm->stack_start);
}

static void show_tail(struct seq *s, struct task *t, const struct vm_space *mm, bool may_see)
{
	struct proc_signals sig;
	char wchan[64];

	proc_signals(t, &sig);
	proc_wchan(t, wchan, sizeof(wchan));
	seq_printf(s, " %llu %llu %llu %llu %d 0 0 %d %u %u %u 0 0 0",
	           (unsigned long long)(sig.pending & 0x7fffffff),
	           (unsigned long long)(t->blocked & 0x7fffffff),
	           (unsigned long long)(sig.ignored & 0x7fffffff),
	           (unsigned long long)(sig.caught & 0x7fffffff), may_see && strcmp(wchan, "0") != 0,
	           t->group->exit_signal, t->thread.cpu, t->thread.set_prio, t->thread.set_policy);
	if (mm && may_see)
		seq_printf(s, " %lu %lu %lu %lu %lu %lu %lu %d\n", mm->data_start, mm->data_end,
		           mm->brk_start, mm->arg_start, mm->arg_end, mm->env_start, mm->env_end,
		           t->exit_code);
	else
		seq_puts(s, " 0 0 0 0 0 0 0 0\n");
}

int proc_show_stat(struct seq *s, struct task *t, struct proc_node *n)
{
	struct vm_space *mm = task_mm_get(t);
	bool may_see = proc_may_see(t);
	struct proc_ids ids;

	proc_ids(t, n, &ids);
	show_head(s, t, &ids);
	show_times(s, t, &ids);
	show_memory(s, t, mm, may_see);
	show_tail(s, t, mm, may_see);
	if (mm)
		vm_space_put(mm);
	return 0;
}

/* size resident shared text lib data dirty, in pages */
int proc_show_statm(struct seq *s, struct task *t, struct proc_node *n)
{
	struct vm_space *mm = task_mm_get(t);

	if (!mm) {
		seq_puts(s, "0 0 0 0 0 0 0\n");
		return 0;
	}
	s64 shared = atomic_load(&mm->rss_file) + atomic_load(&mm->rss_shmem);
	u64 text = (ALIGN_UP(mm->code_end, PAGE_SIZE) - ALIGN_DOWN(mm->code_start, PAGE_SIZE)) >> PAGE_SHIFT;

	seq_printf(s, "%llu %llu %lld %llu 0 %llu 0\n", (unsigned long long)mm->total_pages,
	           (unsigned long long)space_rss(mm), (long long)MAX(shared, (s64)0),
	           (unsigned long long)text, (unsigned long long)(mm->data_pages + mm->stack_pages));
	vm_space_put(mm);
	return 0;
}
