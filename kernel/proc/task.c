/* SPDX-License-Identifier: MIT
 * proc/task.c - the life of struct task and struct thread_group
 *
 * Owns:      both structures, the list of all processes, their count.
 * Layer:     proc.  Registers itself with sched (thread_ops) and mem (the failure knob).
 * Locks:     proc_lock (irqs off) guards the tree; then sighand->lock; then pid_lock, waitq locks.
 *            task->lock (leaf) guards the pointers mm, files, fs against other tasks.
 * Contexts:  task_put anywhere but NMI; task_dead on a foreign stack, where nothing may sleep.
 * Manual:    clone(2), credentials(7).
 * Tests:     tests/abi/fork.c, tests/ktest of leaks.
 *
 * Theory
 * ------
 * A task has two references when it is made: one while its number is in the table (dropped when it is
 * reaped), one while it may run (dropped by task_dead after the last switch away from it).  So neither a
 * parent that reaps at once nor a parent that never does can pull the structure from under a running thread.
 *
 *     task_alloc ----> linked, runs ----> exits: zombie ----> reaped            free
 *      ref 2                                 |                ref -1 ------\   (after RCU)
 *                                            \--> switched away: ref -1 ---+--> ref 0
 *
 * The kernel stack and the FPU area go when the thread is switched away from: a zombie keeps neither.  The
 * rest goes after a grace period, because look-ups by number hold no lock.
 */
#include <proc/internal.h>
#include <proc/ptrace.h>
#include <proc/seccomp.h>
#include <proc/signal.h>
#include <base/cmdline.h>
#include <base/trace.h>
#include <lib/string.h>
#include <proc/uts.h>
#include <mem/slab.h>

struct spinlock proc_lock = SPINLOCK_INIT("proc");
struct list_head groups_all = LIST_HEAD_INIT(groups_all);
struct thread_group *init_group;
unsigned tasks_nr;
unsigned tasks_max;

static struct kmem_cache *task_cache, *group_cache;

/* Scheduler's hooks. */

static void task_switch_in(struct thread *next)
{
	vm_space_activate(NULL, thread_task(next)->mm);
}

static void task_dead(struct thread *thread)
{
	struct task *t = thread_task(thread);

	thread_destroy(thread);
	thread->kstack = NULL;
	task_put(t);
}

static struct thread_ops task_thread_ops = { .switch_in = task_switch_in, .dead = task_dead };
static struct thread_ops task_rseq_ops = { .switch_in = rseq_switch_in, .dead = task_dead };

void task_choose_ops(struct task *t)
{
	atomic_store(&t->thread.ops, t->rseq ? &task_rseq_ops : &task_thread_ops);
}

struct vm_space *task_switch_mm(struct task *t, struct vm_space *mm)
{
	irqflags_t f = spin_lock_irqsave(&t->lock);
	struct vm_space *old = t->mm;

	t->mm = mm;
	vm_space_activate(old, mm);
	spin_unlock_irqrestore(&t->lock, f);
	return old;
}

/* Making and freeing. */

struct task *task_alloc(void (*fn)(void *), void *arg)
{
	struct task *t = kmem_cache_alloc(task_cache, ALLOC_ZERO);

	if (!t)
		return NULL;
	if (thread_init(&t->thread, fn, arg, true)) {
		kmem_cache_free(task_cache, t);
		return NULL;
	}
	t->thread.ops = &task_thread_ops;
	t->thread.name = t->comm;
	ref_init(&t->ref, 2);
	spin_init(&t->lock, "task");
	list_init(&t->group_link);
	list_init(&t->all);
	list_init(&t->pending.queue);
	list_init(&t->pi_owned);
	list_init(&t->pt.tracees);
	list_init(&t->pt.link);
	t->altstack.ss_flags = SS_DISABLE;
	return t;
}

void task_discard(struct task *t)
{
	thread_destroy(&t->thread);
	kmem_cache_free(task_cache, t);
}

static void task_free_rcu(struct rcu_head *h)
{
	struct task *t = container_of(h, struct task, rcu);

	if (t->group->leader == t)
		t->group->leader = NULL;
	group_put(t->group);
	sighand_free_now(t->sighand);
	cred_put(t->cred);
	seccomp_free(t);
	kmem_cache_free(task_cache, t);
}

void task_put(struct task *t)
{
	if (ref_put(&t->ref))
		rcu_call(&t->rcu, task_free_rcu);
}

struct thread_group *group_alloc(void)
{
	struct thread_group *g = kmem_cache_alloc(group_cache, ALLOC_ZERO);

	if (!g)
		return NULL;
	ref_init(&g->ref, 1);
	list_init(&g->threads);
	list_init(&g->children);
	list_init(&g->sibling);
	list_init(&g->all);
	list_init(&g->pgrp_link);
	list_init(&g->session_link);
	list_init(&g->shared.queue);
	waitq_init(&g->wait_child);
	g->start_time = clock_monotonic();
	list_init(&g->posix_timers);
	itimer_init(g);
	return g;
}

void group_put(struct thread_group *g)
{
	if (ref_put(&g->ref))
		kmem_cache_free(group_cache, g);
}

/* The tree of processes. */

void task_link_leader(struct task *t, struct thread_group *parent, pid_t parent_tid, struct pid *pgrp,
                      struct pid *session)
{
	struct thread_group *g = t->group;

	g->tgid = t->pid;
	g->leader = t;
	g->parent = parent;
	g->parent_tid = parent_tid;
	if (parent)
		list_add_tail(&g->sibling, &parent->children);
	g->pgrp = pid_get(pgrp);
	g->session = pid_get(session);
	list_add_tail(&g->pgrp_link, &pgrp->pgrp);
	list_add_tail(&g->session_link, &session->session);
	list_add_tail(&g->all, &groups_all);
	task_link_thread(t);
}

void task_link_thread(struct task *t)
{
	struct sighand *s = t->sighand;
	struct thread_group *g = t->group;

	spin_lock(&s->lock);
	list_add_tail(&t->group_link, &g->threads);
	g->nr_threads++;
	g->nr_live++;
	if (unlikely(g->group_exit || g->exec_task)) { /* the others were told to die a moment ago */
		thread_set_flag(&t->thread, TF_SIGPENDING | TF_KILLED);
	} else if (unlikely(g->group_stop && g->stop_count)) {
		t->stop_pending = true;
		g->stop_count++;
		thread_set_flag(&t->thread, TF_SIGPENDING);
	}
	spin_unlock(&s->lock);
	rcu_assign(t->pid_node->task, t);
	atomic_add(&tasks_nr, 1);
}

void task_unlink_thread(struct task *t)
{
	struct sighand *s = t->sighand;

	ptrace_unlink(t);
	spin_lock(&s->lock);
	list_del(&t->group_link);
	t->group->nr_threads--;
	usage_add_thread(t->group, t);
	signal_flush(&t->pending);
	spin_unlock(&s->lock);
	rcu_assign(t->pid_node->task, (struct task *)NULL);
	atomic_sub(&tasks_nr, 1);
	atomic_sub(&t->user->processes, 1);
}

void process_unlink(struct thread_group *g)
{
	assert(g->nr_threads == 1 && g->leader->exiting == TASK_DEAD && list_empty(&g->children));
	list_del(&g->sibling);
	list_del(&g->all);
	list_del(&g->pgrp_link);
	list_del(&g->session_link);
	task_unlink_thread(g->leader);
}

void process_free(struct task *leader)
{
	struct thread_group *g = leader->group;
	irqflags_t f;
	struct sighand *s = sighand_lock(leader, &f);

	signal_flush(&g->shared);
	s->processes--;
	sighand_unlock(s, f);
	pid_put(g->pgrp);
	pid_put(g->session);
	pid_put(leader->pid_node);
	user_put(leader->user);
	task_put(leader);
}

unsigned tasks_count(void)
{
	return atomic_load(&tasks_nr);
}

static bool should_fail(void)
{
	struct thread *t = thread_current();

	return unlikely(t->fail_nth) && --t->fail_nth == 0;
}

/* The hook makes every allocation slower, so it is set only when somebody wants failures. */
void task_set_fail_nth(struct task *t, u32 nth)
{
	mem_should_fail = should_fail;
	atomic_store(&t->thread.fail_nth, nth);
}

static const struct cred *cred_of_running(void)
{
	return thread_current()->is_kernel || thread_current()->is_idle ? NULL : current_task()->cred;
}

INIT_CODE void proc_init(void)
{
	struct mem_stats m;

	cred_current = cred_of_running;
	task_cache = kmem_cache_create("task", sizeof(struct task), 64);
	group_cache = kmem_cache_create("thread_group", sizeof(struct thread_group), 64);
	pid_init();
	user_init();
	signal_init();
	caller_init();
	uts_init();
	mem_stats(&m);
	/* An eighth of the memory for kernel stacks and tasks at most, as Linux. */
	tasks_max = (unsigned)MAX(MIN(m.total_pages * PAGE_SIZE / (8 * KSTACK_SIZE), 60000UL), 20UL);
	if (cmdline_get("ktest"))
		mem_should_fail = should_fail;
}
