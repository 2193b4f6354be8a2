/* SPDX-License-Identifier: MIT
 * base/lockdep.c - which spinlocks a CPU holds, and in what order they were ever taken (debug builds)
 *
 * Owns:      the per-CPU stack of held locks and the order graph.
 * Layer:     base.
 * Locks:     graph_lock, a raw word: lockdep cannot watch itself.
 * Contexts:  any.
 * Tests:     tests/unit/lockdep_test.c; every test of a debug build.
 *
 * Theory
 * ------
 * Locks of one name are one class.  Taking B while holding A draws the edge A -> B.  If B -> A was drawn
 * before, by whichever CPU at whatever time, two CPUs can deadlock, and it is reported, once for each pair.
 * Two locks of one class draw no edge: their order (run queues by address, say) is their owner's business.
 *
 * A class that an interrupt handler has taken must never be taken with interrupts on: the handler could wait for
 * the thread it has interrupted.  Nor may a class that is taken with interrupts on be taken under one of a handler:
 *
 *     CPU 0: takes B, interrupts on                 CPU 1: takes A (interrupts off), waits for B
 *            interrupt: waits for A
 *
 * And with any lock held, nothing may sleep: what may, says so by lockdep_might_sleep().
 * Locks that sleep carry their own name in lockdep_acquire(); they are not followed, since their holder may
 * move to another CPU.
 */
#include <base/spinlock.h>
#include <base/log.h>
#include <base/percpu.h>
#include <lib/bitmap.h>
#include <lib/string.h>

#ifdef CONFIG_DEBUG
enum { HELD_MAX = 16, CLASSES_MAX = 128 };

enum class_use { IN_IRQ = 1, IRQS_ON = 2 };
struct held_locks {
	unsigned depth, irqs; /* handlers we are in */
	struct {
		const struct spinlock *lock;
		int class;
	} at[HELD_MAX];
};
static DEFINE_PERCPU(struct held_locks, held_locks);

static u32 graph_lock;
static const char *class_name[CLASSES_MAX];
static unsigned nr_classes;
static unsigned long after[CLASSES_MAX][BITMAP_LONGS(CLASSES_MAX)]; /* bit j of i: j was taken under i */
static unsigned long reported[CLASSES_MAX][BITMAP_LONGS(CLASSES_MAX)];
static u8 class_use[CLASSES_MAX]; /* enum class_use: how it was ever taken */
static unsigned long irq_reported[BITMAP_LONGS(CLASSES_MAX)], sleep_reported[BITMAP_LONGS(CLASSES_MAX)];

/* The class number of a name, or -1 when the table is full. */
static int class_of(const char *name)
{
	for (unsigned i = 0; i < nr_classes; i++)
		if (class_name[i] == name || !strcmp(class_name[i], name))
			return (int)i;
	if (nr_classes == CLASSES_MAX)
		return -1;
	class_name[nr_classes] = name;
	return (int)nr_classes++;
}

/* Draws the edges from all held classes to `class`; the held class it collides with, or -1. */
static int graph_add(const struct held_locks *h, int class)
{
	int clash = -1;
	for (unsigned i = 0; i < h->depth; i++) {
		int outer = h->at[i].class;
		if (outer < 0 || outer == class)
			continue;
		bitmap_set(after[outer], (unsigned)class);
		if (bitmap_test(after[class], (unsigned)outer) &&
		    !bitmap_test(reported[outer], (unsigned)class)) {
			bitmap_set(reported[outer], (unsigned)class);
			bitmap_set(reported[class], (unsigned)outer);
			clash = outer;
		}
	}
	return clash;
}

/* Notes how `class` is taken; the class whose handler can deadlock on it, itself perhaps, or -1. */
static int irq_add(const struct held_locks *h, int class, bool irqs_on)
{
	int clash = -1;
	class_use[class] |= (h->irqs ? IN_IRQ : 0) | (irqs_on ? IRQS_ON : 0);
	if (!(class_use[class] & IRQS_ON) || bitmap_test(irq_reported, (unsigned)class))
		return -1;
	if (class_use[class] & IN_IRQ)
		clash = class;
	for (unsigned i = 0; i < h->depth; i++)
		if (h->at[i].class >= 0 && class_use[h->at[i].class] & IN_IRQ)
			clash = h->at[i].class;
	if (clash >= 0)
		bitmap_set(irq_reported, (unsigned)class);
	return clash;
}

void lockdep_acquire(const void *lock, const char *name)
{
	struct spinlock *l = (struct spinlock *)lock;
	if (name || !percpu_ready())
		return;
	bool irqs_on = arch_irqs_enabled();
	irqflags_t flags = arch_irq_save();
	struct held_locks *h = this_cpu_ptr(held_locks);
	atomic_store(&l->cpu, cpu_id() + 1);
	int class = -1, clash = -1, irq_clash = -1;
	if (l->name) {
		while (__atomic_exchange_n(&graph_lock, 1, __ATOMIC_ACQUIRE))
			arch_cpu_relax();
		class = class_of(l->name);
		if (class >= 0) {
			clash = graph_add(h, class);
			irq_clash = irq_add(h, class, irqs_on);
		}
		atomic_store_release(&graph_lock, 0u);
	}
	if (h->depth < HELD_MAX) {
		h->at[h->depth].lock = l;
		h->at[h->depth++].class = class;
	}
	arch_irq_restore(flags);
	if (clash >= 0)
		log_err("lockdep: %s is taken under %s, and elsewhere the other way round", l->name,
		        class_name[clash]);
	if (irq_clash >= 0)
		log_err("lockdep: %s is taken with interrupts on, but a handler takes %s", l->name,
		        irq_clash == class ? "it" : class_name[irq_clash]);
}

void lockdep_irq_enter(void)
{
	if (percpu_ready())
		this_cpu(held_locks).irqs++;
}

void lockdep_irq_exit(void)
{
	if (percpu_ready())
		this_cpu(held_locks).irqs--;
}

static void report_sleep(const void *caller)
{
	if (!percpu_ready())
		return;
	irqflags_t flags = arch_irq_save();
	const struct held_locks *h = this_cpu_ptr(held_locks);
	int class = h->depth ? h->at[h->depth - 1].class : -1;
	arch_irq_restore(flags);
	if (class < 0 || bitmap_test(sleep_reported, (unsigned)class))
		return;
	bitmap_set(sleep_reported, (unsigned)class);
	log_err("lockdep: %p may sleep under %s", caller, class_name[class]);
}

void lockdep_might_sleep(void)
{
	report_sleep(__builtin_return_address(0));
}

void lockdep_might_fault(void)
{
	if (arch_irqs_enabled())
		report_sleep(__builtin_return_address(0));
}

void lockdep_release(const void *lock)
{
	if (!percpu_ready())
		return;
	irqflags_t flags = arch_irq_save();
	struct held_locks *h = this_cpu_ptr(held_locks);
	for (unsigned i = h->depth; i > 0; i--) {
		if (h->at[i - 1].lock != lock)
			continue;
		((struct spinlock *)lock)->cpu = 0;
		for (; i < h->depth; i++)
			h->at[i - 1] = h->at[i];
		h->depth--;
		break;
	}
	arch_irq_restore(flags);
}

void lockdep_show_held(void)
{
	const struct held_locks *h = this_cpu_ptr(held_locks);
	log_err("locks held: %u", h->depth);
	for (unsigned i = 0; i < h->depth && i < HELD_MAX; i++)
		log_err("  %p %s", h->at[i].lock, h->at[i].class >= 0 ? class_name[h->at[i].class] : "?");
}
#endif
