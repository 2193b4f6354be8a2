/* SPDX-License-Identifier: MIT
 *
 * sched/thread.c - making and freeing threads; kernel threads; the idle thread of each CPU
 *
 * Owns:      kernel stacks of threads, struct kthread.
 * Layer:     sched.  Uses mem (kstack, slab), arch_thread_init.  Used by proc (fork), init and drivers.
 * Locks:     none of its own.
 * Contexts:  process context; thread_init may sleep in allocation.
 * Manual:    none.
 * Tests:     tests/abi/fork.c (through fork), tests/boot
 */
#include <sched/rq.h>
#include <mem/kmap.h>
#include <mem/slab.h>
#include <lib/string.h>
#include <abi/errno.h>

/* Zero policy, full affinity, runnable; nothing allocated. */
static void thread_defaults(struct thread *t)
{
	*t = (struct thread){
		.state = THREAD_RUNNING,
		.allowed = ~0UL,
		.policy = POLICY_NORMAL,
		.weight = SCHED_WEIGHT_0,
		.slice_ns = SCHED_SLICE_NS,
		.sample_user = true,
		.cpu = cpu_id(),
	};
	list_init(&t->rt_link);
	spin_init(&t->wake_lock, "thread.wake_lock");
}

int thread_init(struct thread *t, void (*fn)(void *), void *arg, bool user)
{
	thread_defaults(t);
	t->is_kernel = !user;
	t->sample_user = user;
	t->kstack = kstack_alloc();
	if (!t->kstack)
		return -ENOMEM;

	int err = arch_thread_init(t, fn, arg, user);
	if (err) {
		kstack_free(t->kstack);
		t->kstack = NULL;
	}
	return err;
}

void thread_destroy(struct thread *t)
{
	assert(!t->on_rq && !t->on_cpu);
	arch_thread_free(t);
	if (t->kstack)
		kstack_free(t->kstack);
	t->kstack = NULL;
}

/* ---- kernel threads ---- */

struct kthread {
	struct thread thread;
	void (*fn)(void *);
	void *arg;
	char name[16];
};

/* Kernel threads have no ops: they keep the address space of whoever ran before, and are freed here. */
void kthread_dead(struct thread *t)
{
	thread_destroy(t);
	kfree(container_of(t, struct kthread, thread));
}

static void kthread_main(void *arg)
{
	struct kthread *k = arg;

	k->fn(k->arg);
	sched_exit();
}

struct thread *kthread_start(void (*fn)(void *), void *arg, const char *name, int cpu)
{
	struct kthread *k = kzalloc(sizeof(*k));

	if (!k)
		return NULL;
	if (thread_init(&k->thread, kthread_main, k, false)) {
		kfree(k);
		return NULL;
	}
	k->fn = fn;
	k->arg = arg;
	strlcpy(k->name, name, sizeof(k->name));
	k->thread.name = k->name;
	if (cpu >= 0)
		k->thread.allowed = BIT(cpu);
	sched_start(&k->thread, NULL);
	return &k->thread;
}

/* ---- idle threads ---- */

struct thread sched_boot_thread = {
	.state = THREAD_RUNNING,
	.is_idle = true,
	.is_kernel = true,
	.on_cpu = true,
	.on_rq = true,
	.allowed = ~0UL,
	.weight = SCHED_WEIGHT_0,
	.name = "idle/0",
};

void sched_init_cpu(unsigned cpu, struct thread *idle)
{
	struct run_queue *rq = rq_of(cpu);

	spin_init(&rq->lock, "run_queue.lock");
	rq->cpu = cpu;
	fair_init(&rq->fair);
	rt_init(&rq->rt);
	idle->is_idle = idle->is_kernel = true;
	idle->on_cpu = idle->on_rq = true;
	idle->state = THREAD_RUNNING;
	idle->cpu = cpu;
	idle->exec_start = clock_monotonic();
	rq->curr = rq->idle = idle;
	timer_init_cpu(cpu);
	rq->online = true;
	atomic_or(&sched_idle_mask, BIT(cpu));
	atomic_or(&sched_online_mask, BIT(cpu));
}

void sched_init(void)
{
	struct thread *t = thread_current();

	assert(t); /* arch has made sched_boot_thread (or one of its own) current */
	list_init(&t->rt_link);
	spin_init(&t->wake_lock, "thread.wake_lock");
	t->weight = SCHED_WEIGHT_0;
	t->slice_ns = SCHED_SLICE_NS;
	t->allowed = ~0UL;
	sched_init_cpu(0, t);
}

static void idle_main(void *arg)
{
	sched_idle_loop();
}

struct thread *sched_idle_create(unsigned cpu)
{
	struct thread *t = kzalloc(sizeof(*t));

	if (!t)
		return NULL;
	if (thread_init(t, idle_main, NULL, false)) {
		kfree(t);
		return NULL;
	}
	t->is_idle = true;
	t->on_cpu = t->on_rq = true;
	t->cpu = cpu;
	t->name = "idle";
	return t;
}

void sched_idle_loop(void)
{
	struct run_queue *rq = rq_this();

	assert(thread_current() == rq->idle);
	if (rq->cpu == 0)
		sched_load_start();
	for (;;) {
		arch_irq_disable();
		if (!sched_one_cpu() && atomic_load(&rq->nr_running) == 0)
			sched_pull(rq, true);
		rcu_poke();
		/* A wake-up from here on comes by interrupt, which ends the wait. */
		if (atomic_load(&rq->nr_running) == 0 && !thread_flag(rq->idle, TF_NEED_RESCHED))
			arch_cpu_idle();
		else
			arch_irq_enable();
		if (atomic_load(&rq->nr_running) || thread_flag(rq->idle, TF_NEED_RESCHED))
			sched_switch(SCHED_PREEMPT);
	}
}
