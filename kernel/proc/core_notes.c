/* SPDX-License-Identifier: MIT
 * proc/core_notes.c - what a core file says of the process besides its memory
 *
 * Owns:      the layout of the notes.
 * Layer:     proc.  Registers come from arch/ptrace.h.
 * Locks:     proc_lock for the numbers of groups.  The other threads wait (coredump.c), so their registers stay.
 * Contexts:  process context of the dumper; sleeps.
 * Manual:    core(5), elf(5) "Notes", <sys/procfs.h>: struct elf_prstatus, struct elf_prpsinfo.
 * Tests:     tests/abi/core.c, tests/debian/core.cases.
 *
 * Theory
 * ------
 * A debugger takes the thread of the first NT_PRSTATUS for the one that died.  What stands between two of them
 * belongs to the thread of the first:
 *
 *     PRSTATUS PRPSINFO SIGINFO AUXV FILE FPREGSET XSTATE | PRSTATUS FPREGSET XSTATE | ...
 *     `------------------ the dumper -------------------'   `----- thread by thread ----'
 */
#include <proc/coredump.h>
#include <proc/internal.h>
#include <arch/ptrace.h>
#include <base/iov.h>
#include <abi/elf.h>
#include <abi/ptrace.h>
#include <lib/string.h>
#include <mem/slab.h>

enum { PRARGS = 80, FILE_NOTE_MAX = 4 << 20 };

struct elf_timeval {
	s64 sec, usec;
};
struct elf_prstatus_head { /* struct elf_prstatus up to its registers */
	s32 signo, code, error;
	s16 cursig, pad;
	u64 sigpend, sighold;
	s32 pid, ppid, pgrp, sid;
	struct elf_timeval utime, stime, cutime, cstime;
};
_Static_assert(sizeof(struct elf_prstatus_head) == 112, "struct elf_prstatus");
struct elf_prpsinfo {
	char state, sname, zomb, nice;
	u32 pad;
	u64 flag;
	u32 uid, gid;
	s32 pid, ppid, pgrp, sid;
	char fname[COMM_LEN], psargs[PRARGS];
};
_Static_assert(sizeof(struct elf_prpsinfo) == 136, "struct elf_prpsinfo");

void core_put(struct core_sink *k, const void *p, size_t n)
{
	if (k->file && !k->failed) {
		if (thread_kill_pending() || k->written + n > k->core->limit ||
		    file_write_kernel(k->file, p, n, k->pos) != (ssize_t)n)
			k->failed = true;
		k->written += n;
	}
	k->pos += (loff_t)n;
}

void core_align(struct core_sink *k, size_t to)
{
	static const u8 zeros[16];
	size_t n = (size_t)-k->pos & (to - 1);

	if (to > sizeof(zeros)) /* a hole */
		k->pos += (loff_t)n;
	else if (n)
		core_put(k, zeros, n);
}

static void put_head(struct core_sink *k, const char *name, u32 type, size_t size)
{
	size_t len = strlen(name) + 1;
	u32 head[3] = { (u32)len, (u32)size, type };

	core_put(k, head, sizeof(head));
	core_put(k, name, len);
	core_align(k, 4);
}

static void put_note(struct core_sink *k, const char *name, u32 type, const void *p, size_t size)
{
	put_head(k, name, type, size);
	core_put(k, p, size);
	core_align(k, 4);
}

static struct elf_timeval timeval(u64 ns)
{
	return (struct elf_timeval){ (s64)(ns / NSEC_PER_SEC), (s64)(ns % NSEC_PER_SEC / 1000) };
}

struct numbers {
	s32 ppid, pgrp, sid;
};

static struct numbers numbers_of(const struct thread_group *g)
{
	irqflags_t f = spin_lock_irqsave(&proc_lock);
	struct numbers n = { g->parent ? g->parent->tgid : 0, g->pgrp->nr, g->session->nr };

	spin_unlock_irqrestore(&proc_lock, f);
	return n;
}

static void put_prstatus(struct core_sink *k, const struct task *t, const struct numbers *n)
{
	struct thread_group *g = t->group;
	struct elf_prstatus_head h = { .signo = k->core->sig, .cursig = (s16)k->core->sig };
	const u32 tail[2] = { 1, 0 }; /* pr_fpvalid */
	u64 utime, stime;
	size_t size = 0;
	void *regs = arch_core_regs(&t->thread, NT_PRSTATUS, &size);

	h.sigpend = t->pending.set & ~SIGMASK(SIGKILL); /* with that the dumper called it here */
	h.sighold = t->blocked;
	h.pid = t->pid;
	h.ppid = n->ppid;
	h.pgrp = n->pgrp;
	h.sid = n->sid;
	if (t == g->leader)
		process_times(g, &utime, &stime);
	else
		task_cpu_times(t, &utime, &stime);
	h.utime = timeval(utime);
	h.stime = timeval(stime);
	h.cutime = timeval(g->cutime_ns);
	h.cstime = timeval(g->cstime_ns);
	if (!regs)
		k->failed = true;
	put_head(k, "CORE", NT_PRSTATUS, sizeof(h) + size + sizeof(tail));
	core_put(k, &h, sizeof(h));
	if (regs)
		core_put(k, regs, size);
	core_put(k, tail, sizeof(tail));
	core_align(k, 4);
	kfree(regs);
}

/* FPREGSET, XSTATE. */
static void put_regset(struct core_sink *k, const struct task *t, const char *name, u32 type)
{
	size_t size = 0;
	void *regs = arch_core_regs(&t->thread, type, &size);

	if (regs)
		put_note(k, name, type, regs, size);
	else if (size) /* no memory: sizes would differ from those that were counted */
		k->failed = true;
	kfree(regs);
}

static void put_float(struct core_sink *k, const struct task *t)
{
	put_regset(k, t, "CORE", NT_PRFPREG);
	put_regset(k, t, "LINUX", NT_X86_XSTATE);
}

static void put_prpsinfo(struct core_sink *k, const struct numbers *n)
{
	const struct task *t = k->core->dumper;
	const struct vm_space *mm = t->mm;
	size_t len = MIN(mm->arg_end - mm->arg_start, (uaddr_t)PRARGS - 1);
	struct elf_prpsinfo p = { .sname = 'R', .nice = t->thread.nice };

	p.uid = t->cred->uid;
	p.gid = t->cred->gid;
	p.pid = t->group->tgid;
	p.ppid = n->ppid;
	p.pgrp = n->pgrp;
	p.sid = n->sid;
	memcpy(p.fname, t->comm, COMM_LEN);
	if (copy_from_user(p.psargs, (const void __user *)mm->arg_start, len))
		memset(p.psargs, 0, len);
	for (size_t i = 0; i < len; i++)
		if (!p.psargs[i])
			p.psargs[i] = ' ';
	put_note(k, "CORE", NT_PRPSINFO, &p, sizeof(p));
}

static void put_auxv(struct core_sink *k)
{
	const unsigned long *v = k->core->dumper->mm->saved_auxv;
	size_t words = 2;

	while (words < ARRAY_SIZE(k->core->dumper->mm->saved_auxv) && v[words - 2])
		words += 2;
	put_note(k, "CORE", NT_AUXV, v, words * sizeof(*v));
}

/* Which files are mapped where. */
static void put_files(struct core_sink *k, const struct core_vma *vmas, unsigned nr)
{
	u64 head[2] = { 0, PAGE_SIZE };
	size_t size = sizeof(head);

	for (unsigned i = 0; i < nr; i++) {
		if (vmas[i].name) {
			head[0]++;
			size += 3 * sizeof(u64) + strlen(vmas[i].name) + 1;
		}
	}
	if (!head[0] || size > FILE_NOTE_MAX)
		return;
	put_head(k, "CORE", NT_FILE, size);
	core_put(k, head, sizeof(head));
	for (unsigned i = 0; i < nr; i++) {
		const u64 entry[3] = { vmas[i].start, vmas[i].end, vmas[i].pgoff };
		if (vmas[i].name)
			core_put(k, entry, sizeof(entry));
	}
	for (unsigned i = 0; i < nr; i++)
		if (vmas[i].name)
			core_put(k, vmas[i].name, strlen(vmas[i].name) + 1);
	core_align(k, 4);
}

void core_put_notes(struct core_sink *k, const struct core_vma *vmas, unsigned nr)
{
	const struct core_dump *c = k->core;
	struct numbers n = numbers_of(c->dumper->group);
	const struct core_waiter *w;

	put_prstatus(k, c->dumper, &n);
	put_prpsinfo(k, &n);
	put_note(k, "CORE", NT_SIGINFO, c->info, sizeof(*c->info));
	put_auxv(k);
	put_files(k, vmas, nr);
	put_float(k, c->dumper);
	list_for_each_entry (w, &c->waiters, link) {
		put_prstatus(k, w->task, &n);
		put_float(k, w->task);
		cond_resched();
	}
}
