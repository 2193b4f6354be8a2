/* SPDX-License-Identifier: MIT
 * proc/seccomp.c - which system calls a task may make
 *
 * Owns:      task.seccomp_mode, task.seccomp: a chain of filters, the newest first.
 * Layer:     proc.  Called by the system-call path when TF_SYSCALL_SECCOMP is set; lib/bpf runs the filters.
 * Locks:     sighand->lock to change them; none to run them.
 * Contexts:  process context.
 * Manual:    seccomp(2), prctl(2): PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS.
 * Tests:     tests/abi/seccomp.c.
 *
 * Theory
 * ------
 * Filters are never taken away.  A new one points to what its task had before, so the chains of all tasks are a tree
 * that grows at its leaves, and each filter holds a reference to the one before it:
 *
 *     parent ---> f2 ---> f1          Each task runs all filters on its way to the root; the most severe
 *     child ----> f3 ----^            result counts, and of equal ones the newest.
 *
 * Another thread may put its own chain in place of ours (TSYNC) only if ours is the end of it.  So what a task runs
 * stays alive, whatever happens meanwhile, and it reads its pointer once without a lock.
 */
#include <proc/seccomp.h>
#include <proc/internal.h>
#include <proc/process.h>
#include <proc/ptrace.h>
#include <proc/signal.h>
#include <arch/ptrace.h>
#include <base/log.h>
#include <lib/bpf.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <abi/errno.h>

enum { CHAIN_MAX = (1 << 18) / 8, CHAIN_PER_FILTER = 4, ERRNO_MAX = 4095 };
enum { SECCOMP_MODE_DEAD = 3 };

struct seccomp_filter {
	struct refcount ref;
	struct seccomp_filter *before; /* owned */
	unsigned len;
	bool log;
	struct sock_filter_k prog[];
};

static void filter_put(struct seccomp_filter *f)
{
	while (f && ref_put(&f->ref)) {
		struct seccomp_filter *before = f->before;

		kfree(f);
		f = before;
	}
}

void seccomp_free(struct task *t)
{
	filter_put(t->seccomp);
}

static void adopt(struct task *t, u8 mode, struct seccomp_filter *f)
{
	if (f)
		ref_get(&f->ref);
	struct seccomp_filter *old = t->seccomp;
	atomic_store_release(&t->seccomp, f);
	t->seccomp_mode = mode;
	if (mode != SECCOMP_MODE_DISABLED)
		thread_set_flag(&t->thread, TF_SYSCALL_SECCOMP);
	filter_put(old);
}

void seccomp_fork(struct task *child, struct task *parent)
{
	if (likely(parent->seccomp_mode == SECCOMP_MODE_DISABLED))
		return;
	adopt(child, parent->seccomp_mode, parent->seccomp);
	child->no_new_privs = parent->no_new_privs;
}

unsigned seccomp_count(struct task *t)
{
	irqflags_t f;
	struct sighand *s = sighand_lock(t, &f);
	unsigned n = 0;

	for (const struct seccomp_filter *i = t->seccomp; i; i = i->before)
		n++;
	sighand_unlock(s, f);
	return n;
}

/* The nth, the oldest first, with a reference: it lives while its copy is made. */
static struct seccomp_filter *filter_nth_get(struct task *t, u64 nth)
{
	irqflags_t f;
	struct sighand *s = sighand_lock(t, &f);
	struct seccomp_filter *found = NULL;
	u64 count = 0;

	if (!s)
		return NULL;
	for (const struct seccomp_filter *i = t->seccomp; i; i = i->before)
		count++;
	if (nth < count) {
		found = t->seccomp;
		for (u64 steps = count - 1 - nth; steps; steps--)
			found = found->before;
		ref_get(&found->ref);
	}
	sighand_unlock(s, f);
	return found;
}

long seccomp_get_filter(struct task *t, u64 nth, struct sock_filter_k **prog)
{
	struct seccomp_filter *f;
	long n = -ENOMEM;

	if (t->seccomp_mode != SECCOMP_MODE_FILTER)
		return -EINVAL;
	f = filter_nth_get(t, nth);
	if (!f)
		return -ENOENT;
	*prog = kmalloc(f->len * sizeof(**prog), 0);
	if (*prog) {
		memcpy(*prog, f->prog, f->len * sizeof(**prog));
		n = f->len;
	}
	filter_put(f);
	return n;
}

int seccomp_get_flags(struct task *t, u64 nth, u64 *flags)
{
	struct seccomp_filter *f;

	if (t->seccomp_mode != SECCOMP_MODE_FILTER)
		return -EINVAL;
	f = filter_nth_get(t, nth);
	if (!f)
		return -ENOENT;
	*flags = f->log ? SECCOMP_FILTER_FLAG_LOG : 0;
	filter_put(f);
	return 0;
}

/* Setting. */

int seccomp_set_strict(void)
{
	struct task *t = current_task();
	irqflags_t f;
	struct sighand *s = sighand_lock_self(t, &f);
	int err = t->seccomp_mode == SECCOMP_MODE_FILTER ? -EINVAL : 0;

	if (!err)
		adopt(t, SECCOMP_MODE_STRICT, NULL);
	sighand_unlock(s, f);
	return err;
}

bool seccomp_may_filter(void)
{
	return current_task()->no_new_privs || cred_capable(current_task()->cred, CAP_SYS_ADMIN);
}

static struct seccomp_filter *filter_make(const struct sock_filter_k *prog, unsigned len)
{
	u16 *scratch = kmalloc(len * sizeof(*scratch), 0);
	struct seccomp_filter *f = scratch ? kmalloc(sizeof(*f) + len * sizeof(*prog), 0) : NULL;
	int err = -ENOMEM;

	if (f) {
		*f = (struct seccomp_filter){ .len = len };
		ref_init(&f->ref, 1);
		memcpy(f->prog, prog, len * sizeof(*prog));
		err = bpf_check(f->prog, len, scratch) ? 0 : -EINVAL;
	}
	kfree(scratch);
	if (!err)
		return f;
	kfree(f);
	return ERR_PTR(err);
}

static bool chain_too_long(const struct seccomp_filter *f, unsigned len)
{
	u64 total = len;

	for (; f; f = f->before)
		total += f->len + CHAIN_PER_FILTER;
	return total > CHAIN_MAX;
}

/* Is what t has the end of our chain, so that ours can replace it? */
static bool can_sync(const struct task *t, const struct seccomp_filter *ours)
{
	if (t->seccomp_mode == SECCOMP_MODE_DISABLED)
		return true;
	if (t->seccomp_mode != SECCOMP_MODE_FILTER)
		return false;
	for (; ours; ours = ours->before)
		if (ours == t->seccomp)
			return true;
	return !t->seccomp;
}

/* The thread that prevents it, or 0.  sighand->lock held, as for all below. */
static pid_t sync_obstacle(struct task *self)
{
	struct task *t;

	list_for_each_entry (t, &self->group->threads, group_link)
		if (t != self && !t->exiting && !can_sync(t, self->seccomp))
			return t->pid;
	return 0;
}

static void sync_threads(struct task *self)
{
	struct task *t;

	list_for_each_entry (t, &self->group->threads, group_link) {
		if (t == self || t->exiting)
			continue;
		if (self->no_new_privs)
			t->no_new_privs = true;
		adopt(t, SECCOMP_MODE_FILTER, self->seccomp);
	}
}

static long attach(struct seccomp_filter *f, unsigned flags)
{
	struct task *t = current_task();
	pid_t other = flags & SECCOMP_FILTER_FLAG_TSYNC ? sync_obstacle(t) : 0;

	if (t->seccomp_mode != SECCOMP_MODE_DISABLED && t->seccomp_mode != SECCOMP_MODE_FILTER)
		return -EINVAL;
	if (chain_too_long(t->seccomp, f->len))
		return -ENOMEM;
	if (other)
		return flags & SECCOMP_FILTER_FLAG_TSYNC_ESRCH ? -ESRCH : other;
	f->log = flags & SECCOMP_FILTER_FLAG_LOG;
	f->before = t->seccomp;
	if (f->before)
		ref_get(&f->before->ref);
	adopt(t, SECCOMP_MODE_FILTER, f);
	if (flags & SECCOMP_FILTER_FLAG_TSYNC)
		sync_threads(t);
	return 0;
}

long seccomp_set_filter(const struct sock_filter_k *prog, unsigned len, unsigned flags)
{
	struct seccomp_filter *f = filter_make(prog, len);
	irqflags_t irq;

	if (IS_ERR(f))
		return PTR_ERR(f);
	struct sighand *s = sighand_lock_self(current_task(), &irq);
	long result = attach(f, flags);
	sighand_unlock(s, irq);
	filter_put(f);
	return result;
}

/* Running. */

/* The most severe answer; *log: its filter wants to have it written down. */
static u32 run_filters(const struct seccomp_filter *f, const struct seccomp_data_k *d, bool *log)
{
	u32 worst = SECCOMP_RET_ALLOW;

	for (; f; f = f->before) {
		u32 r = bpf_run(f->prog, d);

		/* KILL_PROCESS has the top bit, so that it is the least as a signed number. */
		if ((s32)(r & SECCOMP_RET_ACTION_FULL) < (s32)(worst & SECCOMP_RET_ACTION_FULL)) {
			worst = r;
			*log = f->log;
		}
	}
	return worst;
}

static void note(const struct seccomp_data_k *d, u32 action)
{
	const struct task *t = current_task();

	log_info("seccomp: pid %d (%s): system call %d of ABI %x: action %x", t->pid, t->comm, d->nr, d->arch,
	         action);
}

static void kill_caller(struct trapframe *tf, const struct seccomp_data_k *d, u32 action)
{
	struct task *t = current_task();

	t->seccomp_mode = SECCOMP_MODE_DEAD;
	note(d, action);
	if ((action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_KILL_THREAD &&
	    atomic_load(&t->group->nr_live) > 1)
		task_exit(SIGSYS);
	signal_force_sigsys(tf, SYS_SECCOMP, (s32)(action & SECCOMP_RET_DATA), d->arch, true);
}

static void data_refresh(struct seccomp_data_k *d, const struct trapframe *tf,
                         unsigned long (*arg)(const struct trapframe *, unsigned))
{
	d->nr = arch_syscall_nr(tf);
	d->instruction_pointer = tf_ip(tf);
	for (unsigned i = 0; i < ARRAY_SIZE(d->args); i++)
		d->args[i] = arg(tf, i);
}

/* The tracer decides.  False: the call is not executed. */
static bool ask_tracer(struct trapframe *tf, u32 action)
{
	if (!ptrace_event_wanted(current_task(), PTRACE_EVENT_SECCOMP)) {
		tf_set_result(tf, -ENOSYS);
		return false;
	}
	ptrace_event(PTRACE_EVENT_SECCOMP, action & SECCOMP_RET_DATA);
	return !thread_kill_pending() && arch_syscall_nr(tf) >= 0;
}

static bool act(struct trapframe *tf, const struct seccomp_data_k *d, u32 action, bool log)
{
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_LOG:
		note(d, action);
		return true;
	case SECCOMP_RET_ALLOW:
		return true;
	case SECCOMP_RET_ERRNO:
		tf_set_result(tf, -(long)MIN(action & SECCOMP_RET_DATA, (u32)ERRNO_MAX));
		break;
	case SECCOMP_RET_TRAP:
		signal_force_sigsys(tf, SYS_SECCOMP, (s32)(action & SECCOMP_RET_DATA), d->arch, false);
		break;
	case SECCOMP_RET_USER_NOTIF: /* nobody can listen */
		tf_set_result(tf, -ENOSYS);
		break;
	default:
		kill_caller(tf, d, action);
		return false;
	}
	if (log)
		note(d, action);
	return false;
}

static bool strict_allows(const struct seccomp_data_k *d)
{
	const int *nr = arch_strict_calls(d->arch);

	for (; *nr >= 0; nr++)
		if (*nr == d->nr)
			return true;
	return false;
}

bool seccomp_enter(struct trapframe *tf, struct seccomp_data_k *d,
                   unsigned long (*arg)(const struct trapframe *, unsigned))
{
	struct task *t = current_task();
	bool log = false;

	data_refresh(d, tf, arg);
	if (t->seccomp_mode == SECCOMP_MODE_STRICT) {
		if (strict_allows(d))
			return true;
		note(d, SECCOMP_RET_KILL_THREAD);
		task_exit(SIGKILL);
	}
	u32 action = run_filters(atomic_load_acquire(&t->seccomp), d, &log);
	if ((action & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_TRACE)
		return act(tf, d, action, log);
	if (!ask_tracer(tf, action))
		return false;
	/* The tracer may have made another call of it: that is looked at, too, but not shown to it again. */
	data_refresh(d, tf, arg);
	action = run_filters(atomic_load_acquire(&t->seccomp), d, &log);
	return (action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_TRACE || act(tf, d, action, log);
}
