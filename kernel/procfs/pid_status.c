/* SPDX-License-Identifier: MIT
 *
 * procfs/pid_status.c - [pid]/status: the same facts for human readers
 *
 * Owns:      nothing; reads what others own.
 * Layer:     procfs.
 * Locks:     none of its own.
 * Contexts:  process context; may sleep.
 * Manual:    proc(5): /proc/[pid]/status.
 * Tests:     tests/abi/procself.c
 */
#include <procfs/internal.h>
#include <base/percpu.h>
#include <proc/ptrace.h>
#include <proc/seccomp.h>
#include <proc/user.h>

static const char *state_text(char c)
{
	switch (c) {
	case 'R':
		return "R (running)";
	case 'S':
		return "S (sleeping)";
	case 'D':
		return "D (disk sleep)";
	case 'T':
		return "T (stopped)";
	case 't':
		return "t (tracing stop)";
	case 'Z':
		return "Z (zombie)";
	default:
		return "X (dead)";
	}
}

static u32 task_umask(struct task *t)
{
	struct fs_ctx *fs = task_fs_get(t);
	u32 umask = 0;

	if (fs) {
		umask = atomic_load(&fs->umask);
		fs_ctx_put(fs);
	}
	return umask;
}

static unsigned task_fd_size(struct task *t)
{
	struct fd_table *files = task_files_get(t);
	unsigned size = 0;

	if (files) {
		rcu_read_lock();
		size = rcu_dereference(files->array)->size;
		rcu_read_unlock();
		fd_table_put(files);
	}
	return size;
}

static void show_identity(struct seq *s, struct task *t, const struct proc_ids *ids, const struct cred *c)
{
	seq_puts(s, "Name:\t");
	seq_escaped(s, t->comm, "\n");
	seq_printf(s, "\nUmask:\t%04o\nState:\t%s\n", task_umask(t), state_text(task_state_char(t)));
	seq_printf(s, "Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t%d\n", ids->tgid, t->pid,
	           ids->ppid, ptrace_tracer_pid(t));
	seq_printf(s, "Uid:\t%u\t%u\t%u\t%u\n", c->uid, c->euid, c->suid, c->fsuid);
	seq_printf(s, "Gid:\t%u\t%u\t%u\t%u\n", c->gid, c->egid, c->sgid, c->fsgid);
	seq_printf(s, "FDSize:\t%u\nGroups:\t", task_fd_size(t));
	for (unsigned i = 0; i < c->ngroups; i++)
		seq_printf(s, "%u ", c->groups[i]);
	seq_printf(s, "\nNStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n", ids->tgid, t->pid, ids->pgrp,
	           ids->session);
}

static void show_kb(struct seq *s, const char *name, s64 pages)
{
	seq_printf(s, "%s:\t%8llu kB\n", name, (unsigned long long)pages_to_kb(pages > 0 ? (u64)pages : 0));
}

static void show_space(struct seq *s, const struct vm_space *mm)
{
	s64 anon = atomic_load(&mm->rss_anon), file = atomic_load(&mm->rss_file),
	    shm = atomic_load(&mm->rss_shmem);
	s64 rss = anon + file + shm;
	s64 text = (s64)((ALIGN_UP(mm->code_end, PAGE_SIZE) - ALIGN_DOWN(mm->code_start, PAGE_SIZE)) >>
	                 PAGE_SHIFT);

	show_kb(s, "VmPeak", (s64)MAX(mm->hiwater_vm, mm->total_pages));
	show_kb(s, "VmSize", (s64)mm->total_pages);
	show_kb(s, "VmLck", (s64)mm->locked_pages);
	show_kb(s, "VmPin", 0);
	show_kb(s, "VmHWM", MAX((s64)mm->hiwater_rss, rss));
	show_kb(s, "VmRSS", rss);
	show_kb(s, "RssAnon", anon);
	show_kb(s, "RssFile", file);
	show_kb(s, "RssShmem", shm);
	show_kb(s, "VmData", (s64)mm->data_pages);
	show_kb(s, "VmStk", (s64)mm->stack_pages);
	show_kb(s, "VmExe", text);
	show_kb(s, "VmLib", (s64)mm->exec_pages - text);
	show_kb(s, "VmPTE", (s64)mm->pt.tables);
	show_kb(s, "VmSwap", 0);
	seq_puts(s, "HugetlbPages:\t       0 kB\nCoreDumping:\t0\nTHP_enabled:\t0\n");
}

static void show_signals(struct seq *s, struct task *t)
{
	struct proc_signals sig;

	proc_signals(t, &sig);
	seq_printf(s, "SigQ:\t%d/%llu\n", atomic_load(&t->user->sigpending),
	           (unsigned long long)task_rlimit(t, RLIMIT_SIGPENDING));
	seq_printf(
	        s,
	        "SigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\nSigIgn:\t%016llx\nSigCgt:\t%016llx\n",
	        (unsigned long long)sig.pending, (unsigned long long)sig.shared,
	        (unsigned long long)t->blocked, (unsigned long long)sig.ignored,
	        (unsigned long long)sig.caught);
}

static void show_caps(struct seq *s, struct task *t, const struct cred *c)
{
	seq_printf(
	        s,
	        "CapInh:\t%016llx\nCapPrm:\t%016llx\nCapEff:\t%016llx\nCapBnd:\t%016llx\nCapAmb:\t%016llx\n",
	        (unsigned long long)c->cap_inheritable, (unsigned long long)c->cap_permitted,
	        (unsigned long long)c->cap_effective, (unsigned long long)c->cap_bounding,
	        (unsigned long long)c->cap_ambient);
	seq_printf(s, "NoNewPrivs:\t%d\nSeccomp:\t%d\nSeccomp_filters:\t%u\n", t->no_new_privs,
	           t->seccomp_mode, seccomp_count(t));
	seq_puts(s, "Speculation_Store_Bypass:\tunknown\nSpeculationIndirectBranch:\tunknown\n");
}

/* "0-2,5" */
static void show_cpu_list(struct seq *s, cpumask_t m)
{
	const char *comma = "";

	for (unsigned cpu = 0; cpu < NR_CPUS; cpu++) {
		unsigned last = cpu;

		if (!(m >> cpu & 1))
			continue;
		while (last + 1 < NR_CPUS && m >> (last + 1) & 1)
			last++;
		seq_printf(s, "%s%u", comma, cpu);
		if (last > cpu)
			seq_printf(s, "-%u", last);
		comma = ",";
		cpu = last;
	}
}

static void show_cpus(struct seq *s, struct task *t)
{
	cpumask_t all = cpu_count < NR_CPUS ? BIT(cpu_count) - 1 : ~0UL, m = t->thread.allowed & all;

	seq_printf(s, "Cpus_allowed:\t%llx\nCpus_allowed_list:\t", (unsigned long long)m);
	show_cpu_list(s, m);
	seq_puts(s, "\nMems_allowed:\t1\nMems_allowed_list:\t0\n");
}

int proc_show_status(struct seq *s, struct task *t, struct proc_node *n)
{
	const struct cred *c = task_cred_get(t);
	struct vm_space *mm = task_mm_get(t);
	struct proc_ids ids;

	proc_ids(t, n, &ids);
	show_identity(s, t, &ids, c);
	if (mm) {
		show_space(s, mm);
		vm_space_put(mm);
	}
	seq_printf(s, "Threads:\t%u\n", ids.threads);
	if (ids.threads) /* not reaped: t->user is there */
		show_signals(s, t);
	show_caps(s, t, c);
	cred_put(c);
	show_cpus(s, t);
	seq_printf(s, "voluntary_ctxt_switches:\t%llu\nnonvoluntary_ctxt_switches:\t%llu\n",
	           (unsigned long long)t->thread.nvcsw, (unsigned long long)t->thread.nivcsw);
	return 0;
}
