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
 *
 * The structures are those of <sys/procfs.h>, written field by field: a long has 8 bytes, of a 32-bit program 4.
 */
#include <proc/coredump.h>
#include <proc/internal.h>
#include <proc/signal.h>
#include <arch/ptrace.h>
#include <base/iov.h>
#include <abi/elf.h>
#include <abi/ptrace.h>
#include <lib/string.h>
#include <mem/slab.h>

enum { PRARGS = 80, FILE_NOTE_MAX = 4 << 20, PSINFO_SIZE = 136, PSINFO32_SIZE = 124 };

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

void core_skip(struct core_sink *k, size_t n)
{
	static const u8 zeros[64];

	if (!k->core->pipe) {
		k->pos += (loff_t)n;
		return;
	}
	for (size_t piece; n && !k->failed; n -= piece) {
		piece = MIN(n, sizeof(zeros));
		core_put(k, zeros, piece);
	}
}

void core_align(struct core_sink *k, size_t to)
{
	static const u8 zeros[16];
	size_t n = (size_t)-k->pos & (to - 1);

	if (to > sizeof(zeros))
		core_skip(k, n);
	else if (n)
		core_put(k, zeros, n);
}

static void put_int(struct core_sink *k, u32 value)
{
	core_put(k, &value, sizeof(value));
}

static size_t long_size(const struct core_sink *k)
{
	return k->core->small ? sizeof(u32) : sizeof(u64);
}

static void put_long(struct core_sink *k, u64 value)
{
	core_put(k, &value, long_size(k)); /* little-endian */
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

static void put_time(struct core_sink *k, u64 ns)
{
	put_long(k, ns / NSEC_PER_SEC);
	put_long(k, ns % NSEC_PER_SEC / 1000);
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

static void put_numbers(struct core_sink *k, pid_t pid, const struct numbers *n)
{
	put_int(k, (u32)pid);
	put_int(k, (u32)n->ppid);
	put_int(k, (u32)n->pgrp);
	put_int(k, (u32)n->sid);
}

/* struct elf_prstatus up to its registers */
static void put_status(struct core_sink *k, const struct task *t, const struct numbers *n)
{
	struct thread_group *g = t->group;
	u64 utime, stime;

	put_int(k, (u32)k->core->sig); /* pr_info: signal, code, error */
	put_int(k, 0);
	put_int(k, 0);
	put_int(k, (u16)k->core->sig);                   /* pr_cursig and two bytes of padding */
	put_long(k, t->pending.set & ~SIGMASK(SIGKILL)); /* with that the dumper called it here */
	put_long(k, t == k->core->dumper ? k->core->blocked : t->blocked);
	put_numbers(k, t->pid, n);
	if (t == g->leader)
		process_times(g, &utime, &stime);
	else
		task_cpu_times(t, &utime, &stime);
	put_time(k, utime);
	put_time(k, stime);
	put_time(k, g->cutime_ns);
	put_time(k, g->cstime_ns);
}

static void put_prstatus(struct core_sink *k, const struct task *t, const struct numbers *n)
{
	size_t size = 0, head = 32 + 10 * long_size(k);
	void *regs = arch_core_regs(&t->thread, k->core->small, NT_PRSTATUS, &size);

	if (!regs)
		k->failed = true;
	put_head(k, "CORE", NT_PRSTATUS, head + size + long_size(k));
	put_status(k, t, n);
	if (regs)
		core_put(k, regs, size);
	put_long(k, 1); /* pr_fpvalid and padding */
	core_align(k, 4);
	kfree(regs);
}

/* A register set that there may not be. */
static void put_regset(struct core_sink *k, const struct task *t, const char *name, u32 type)
{
	size_t size = 0;
	void *regs = arch_core_regs(&t->thread, k->core->small, type, &size);

	if (regs)
		put_note(k, name, type, regs, size);
	else if (size) /* no memory: sizes would differ from those that were counted */
		k->failed = true;
	kfree(regs);
}

static void put_float(struct core_sink *k, const struct task *t)
{
	put_regset(k, t, "CORE", NT_PRFPREG);
	put_regset(k, t, "LINUX", NT_PRXFPREG);
	put_regset(k, t, "LINUX", NT_X86_XSTATE);
	put_regset(k, t, "LINUX", NT_386_TLS);
}

/* The command line, its words separated by blanks. */
static void put_args(struct core_sink *k)
{
	const struct vm_space *mm = k->core->dumper->mm;
	size_t len = MIN(mm->arg_end - mm->arg_start, (uaddr_t)PRARGS - 1);
	char args[PRARGS] = "";

	if (copy_from_user(args, (const void __user *)mm->arg_start, len))
		memset(args, 0, len);
	for (size_t i = 0; i < len; i++)
		if (!args[i])
			args[i] = ' ';
	core_put(k, args, sizeof(args));
}

static void put_prpsinfo(struct core_sink *k, const struct numbers *n)
{
	const struct task *t = k->core->dumper;
	const char state[4] = { 0, 'R', 0, (char)t->thread.nice }; /* number, letter, zombie, nice */
	bool small = k->core->small;

	put_head(k, "CORE", NT_PRPSINFO, small ? PSINFO32_SIZE : PSINFO_SIZE);
	core_put(k, state, sizeof(state));
	if (small) {
		put_int(k, 0); /* flags */
		put_int(k, (u16)t->cred->uid | t->cred->gid << 16);
	} else {
		put_int(k, 0); /* padding */
		put_long(k, 0);
		put_int(k, t->cred->uid);
		put_int(k, t->cred->gid);
	}
	put_numbers(k, t->group->tgid, n);
	core_put(k, t->comm, COMM_LEN);
	put_args(k);
	core_align(k, 4);
}

static void put_siginfo(struct core_sink *k)
{
	const struct core_dump *c = k->core;
	struct siginfo32 narrow;

	if (!c->small) {
		put_note(k, "CORE", NT_SIGINFO, c->info, sizeof(*c->info));
		return;
	}
	siginfo_narrow(&narrow, c->info);
	put_note(k, "CORE", NT_SIGINFO, &narrow, sizeof(narrow));
}

static void put_auxv(struct core_sink *k)
{
	const unsigned long *v = k->core->dumper->mm->saved_auxv;
	size_t words = 2;

	while (words < ARRAY_SIZE(k->core->dumper->mm->saved_auxv) && v[words - 2])
		words += 2;
	put_head(k, "CORE", NT_AUXV, words * long_size(k));
	for (size_t i = 0; i < words; i++)
		put_long(k, v[i]);
}

/* Which files are mapped where. */
static void put_files(struct core_sink *k, const struct core_vma *vmas, unsigned nr)
{
	size_t size = 2 * long_size(k), count = 0;

	for (unsigned i = 0; i < nr; i++) {
		if (vmas[i].name) {
			count++;
			size += 3 * long_size(k) + strlen(vmas[i].name) + 1;
		}
	}
	if (!count || size > FILE_NOTE_MAX)
		return;
	put_head(k, "CORE", NT_FILE, size);
	put_long(k, count);
	put_long(k, PAGE_SIZE);
	for (unsigned i = 0; i < nr; i++) {
		if (!vmas[i].name)
			continue;
		put_long(k, vmas[i].start);
		put_long(k, vmas[i].end);
		put_long(k, vmas[i].pgoff);
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
	put_siginfo(k);
	put_auxv(k);
	put_files(k, vmas, nr);
	put_float(k, c->dumper);
	list_for_each_entry (w, &c->waiters, link) {
		put_prstatus(k, w->task, &n);
		put_float(k, w->task);
		cond_resched();
	}
}
