/* SPDX-License-Identifier: MIT
 * proc/coredump.c - a fatal signal leaves a core file: who writes it, and what the other threads do meanwhile
 *
 * Owns:      thread_group.core while a dump is made; fs.suid_dumpable.
 * Layer:     proc.  Called by the signal delivery and by exit; uses fs (the file), core_file.c (its bytes).
 * Locks:     sighand->lock for the meeting of the threads; none while the file is written.
 * Contexts:  process context of the dying thread; sleeps.
 * Manual:    core(5), prctl(2): PR_SET_DUMPABLE, getrlimit(2): RLIMIT_CORE.
 * Tests:     tests/abi/core.c, tests/i386/core.c, tests/debian/core.cases (gdb reads the file).
 *
 * Theory
 * ------
 * The thread that takes the signal is the dumper.  It makes the group exit, as exit_group would, so each other
 * thread comes to its exit, finds thread_group.core, says that it is there and sleeps; its registers are then in
 * memory and its address space is still the common one.  When all have come the dumper writes, and lets them go.
 *
 *     dumper   core = &c, kill others ---- missing == 0? ---- write file ---- core = NULL, wake ---- exit
 *     thread          \--> task_exit: missing--, sleep ------------------------------------/-------- exit
 *
 * A thread is awaited if it has not begun to exit, which exit_begin() decides under the same lock.  One that appears
 * later, from a clone() under way, does not count: it just exits.
 * SIGKILL, which finds everything dying already, still ends the writing early.
 */
#include <proc/coredump.h>
#include <proc/internal.h>
#include <proc/signal.h>
#include <fs/inode.h>
#include <arch/cpu.h>
#include <arch/ptrace.h>
#include <lib/string.h>
#include <mem/slab.h>

int suid_dumpable = DUMP_NO;

/* All others shall come to coredump_wait.  False: the group is dying already, or executes a program. */
static bool stop_others(struct core_dump *c)
{
	struct task *t = c->dumper, *other;
	struct thread_group *g = t->group;
	irqflags_t f;
	struct sighand *s = sighand_lock_self(t, &f);
	bool ok = !g->group_exit && !g->exec_task;

	if (ok) {
		g->group_exit = true;
		g->exit_code = c->sig;
		g->core = c;
		list_for_each_entry (other, &g->threads, group_link)
			if (other != t && !other->exiting) {
				other->core_awaited = true;
				c->missing++;
			}
		group_kill_others(g, t);
		while (c->missing) {
			thread_set_state(THREAD_UNINTERRUPTIBLE);
			sighand_unlock(s, f);
			sched_schedule();
			s = sighand_lock_self(t, &f);
		}
	}
	sighand_unlock(s, f);
	return ok;
}

static void let_others_go(struct core_dump *c, bool dumped)
{
	struct task *t = c->dumper;
	struct thread_group *g = t->group;
	struct core_waiter *w;
	irqflags_t f;
	struct sighand *s = sighand_lock_self(t, &f);

	if (dumped)
		g->exit_code |= 0x80;
	g->core = NULL;
	while (!list_empty(&c->waiters)) {
		w = list_first_entry(&c->waiters, struct core_waiter, link);
		list_del(&w->link);
		list_init(&w->link);
		thread_wake_state(&w->task->thread, BIT(THREAD_UNINTERRUPTIBLE));
	}
	sighand_unlock(s, f);
}

void coredump_wait(struct task *t, struct sighand **s, irqflags_t *f)
{
	struct core_dump *c = t->group->core;
	struct core_waiter w = { .task = t };

	if (likely(!c) || !t->core_awaited)
		return;
	list_add_tail(&w.link, &c->waiters);
	if (--c->missing == 0)
		thread_wake_state(&c->dumper->thread, BIT(THREAD_UNINTERRUPTIBLE));
	while (!list_empty(&w.link)) {
		thread_set_state(THREAD_UNINTERRUPTIBLE);
		sighand_unlock(*s, *f);
		sched_schedule();
		*s = sighand_lock_self(t, f);
	}
}

/* Their registers are in memory once they have left their CPUs. */
static void wait_registers(const struct core_dump *c)
{
	const struct core_waiter *w;

	list_for_each_entry (w, &c->waiters, link)
		while (atomic_load_acquire(&w->task->thread.on_cpu))
			arch_cpu_relax();
	arch_thread_sync();
}

/* Creates the file for `owner`; safe: where its name was found is nobody's choice but root's. */
static struct file *core_create(const struct core_dump *c, const struct cred *owner, bool safe)
{
	struct fs_walk w = task_walk(c->dumper);
	char *name = kmalloc(PATH_MAX, 0);
	struct file *f = NULL;
	int err = -ENOMEM;

	w.cred = owner;
	if (name)
		err = core_name(c, name, PATH_MAX);
	if (err > 0 && safe && *name != '/') {
		err = -EPERM;
	} else if (err > 0) {
		if (!safe)
			(void)!vfs_unlink(&w, name);
		err = vfs_open(&w, name, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_LARGEFILE, 0600, &f);
	}
	kfree(name);
	return err ? NULL : f;
}

/* The file: new, ours (of a process that gained rights: root's), regular, for nobody else. */
static struct file *core_open(const struct core_dump *c)
{
	bool safe = c->dumper->mm->dumpable == DUMP_ROOT;
	struct cred *owner = cred_copy(c->dumper->cred);
	struct file *f;

	if (!owner)
		return NULL;
	if (safe)
		owner->fsuid = 0;
	f = core_create(c, owner, safe);
	if (f && ((f->inode->mode & S_IFMT) != S_IFREG || f->inode->uid != owner->fsuid)) {
		file_put(f);
		f = NULL;
	}
	cred_put(owner);
	return f;
}

/* From here on only SIGKILL reaches the dumper: nothing else may cut a write to a pipe short. */
static void hold_signals(struct core_dump *c)
{
	struct task *t = c->dumper;
	irqflags_t f;
	struct sighand *s = sighand_lock_self(t, &f);

	c->blocked = t->blocked;
	t->blocked = ~(sigset_k)0 & ~SIGMASK(SIGKILL);
	signal_recalc(t);
	sighand_unlock(s, f);
}

/* Is there to be a core file at all?  A program that takes it asks for no limit, but for that of its own crashes. */
static bool core_wanted(struct core_dump *c)
{
	if (!c->dumper->mm->dumpable)
		return false;
	if (!c->pipe)
		return c->limit >= PAGE_SIZE;
	if (c->limit == 1)
		return false;
	c->limit = RLIM_INFINITY;
	return true;
}

bool coredump(int sig, const struct siginfo *info)
{
	struct task *t = current_task();
	struct core_dump c = { .dumper = t, .sig = sig, .info = info, .small = t->mm->vdso32 };
	bool dumped = false;

	c.limit = task_rlimit(t, RLIMIT_CORE);
	c.pipe = core_pattern_is_pipe();
	if (!core_wanted(&c))
		return false;
	list_init(&c.waiters);
	if (!stop_others(&c))
		return false;
	hold_signals(&c);
	struct file *f = c.pipe ? core_pipe_open(&c) : core_open(&c);
	if (f) {
		wait_registers(&c);
		dumped = core_write(&c, f) && !thread_kill_pending();
		file_put(f);
	}
	let_others_go(&c, dumped);
	return true;
}
