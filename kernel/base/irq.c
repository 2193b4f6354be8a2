/* SPDX-License-Identifier: MIT
 * base/irq.c - handlers of device interrupts, and their counts
 *
 * Owns:      the handler chains and the counters.
 * Layer:     base.  Uses arch (mask, unmask).
 * Locks:     irq_lock guards changes of the chains.  irq_dispatch reads them without: an entry is published
 *            whole, and irq_unregister waits for every CPU to leave its handlers before reusing it.
 * Contexts:  registering in process context with interrupts on; dispatch with them off.
 * Tests:     tests/boot
 *
 * A line that interrupts UNHANDLED_MAX times in a row with no handler claiming it is masked for ever: a
 * broken device must not stop the machine.
 */
#include <base/irq.h>
#include <base/log.h>
#include <base/percpu.h>
#include <base/panic.h>
#include <base/spinlock.h>
#include <base/trace.h>
#include <abi/errno.h>

enum { ACTIONS_MAX = 64, UNHANDLED_MAX = 10000 };

struct irq_action {
	struct irq_action *next;
	irq_handler_t fn; /* NULL: entry is free */
	void *ctx;
	const char *name;
};
struct irq_line {
	struct irq_action *first;
	u32 unhandled; /* in a row; only the CPU that handles the line writes it */
};
static struct irq_line lines[IRQ_MAX];
static struct irq_action actions[ACTIONS_MAX];
static struct spinlock irq_lock = SPINLOCK_INIT("irq");

static DEFINE_PERCPU(u64, line_counts[IRQ_MAX]);
static DEFINE_PERCPU(u64, other_counts[IRQC_NR]);

int irq_register(unsigned line, enum irq_trigger trigger, irq_handler_t fn, void *ctx, const char *name)
{
	if (line >= IRQ_MAX || !fn)
		return -EINVAL;
	struct irq_action *a = NULL;
	irqflags_t flags = spin_lock_irqsave(&irq_lock);
	for (unsigned i = 0; i < ACTIONS_MAX && !a; i++)
		if (!actions[i].fn)
			a = &actions[i];
	bool first = !lines[line].first;
	if (a) {
		*a = (struct irq_action){ lines[line].first, fn, ctx, name };
		lines[line].unhandled = 0;
		atomic_store_release(&lines[line].first, a);
	}
	spin_unlock_irqrestore(&irq_lock, flags);
	if (!a)
		return -ENOMEM;
	int err = first ? arch_irq_unmask(line, trigger) : 0;
	if (err)
		irq_unregister(line, ctx);
	return err;
}

int irq_alloc_message(void)
{
	static unsigned next;
	unsigned n = atomic_add(&next, 1) - 1;

	return n < IRQ_MSI_LINES && IRQ_MSI_FIRST + n < IRQ_MAX ? (int)(IRQ_MSI_FIRST + n) : -ENOSPC;
}

static void do_nothing(void *ctx) {}

void irq_unregister(unsigned line, void *ctx)
{
	if (line >= IRQ_MAX)
		return;
	struct irq_action *a, **link;
	irqflags_t flags = spin_lock_irqsave(&irq_lock);
	for (link = &lines[line].first; (a = *link) && a->ctx != ctx; link = &a->next)
		;
	if (a)
		atomic_store_release(link, a->next);
	bool last = !lines[line].first;
	spin_unlock_irqrestore(&irq_lock, flags);
	if (!a)
		return;
	if (last)
		arch_irq_mask(line);
	cpu_call(atomic_load(&cpu_online_mask), do_nothing, NULL); /* handlers run with interrupts off */
	atomic_store_release(&a->fn, NULL);
}

static void line_unhandled(unsigned line)
{
	struct irq_line *l = &lines[line];
	if (++l->unhandled < UNHANDLED_MAX)
		return;
	l->unhandled = 0;
	arch_irq_mask(line);
	log_err("irq %u: nobody cared, the line is off", line);
}

void irq_dispatch(unsigned line)
{
	if (unlikely(line >= IRQ_MAX)) {
		irq_count_inc(IRQC_SPURIOUS);
		return;
	}
	TRACE1(irq_enter, line);
	this_cpu(line_counts)[line]++;
	bool handled = false;
	for (struct irq_action *a = atomic_load_acquire(&lines[line].first); a;
	     a = atomic_load_acquire(&a->next))
		if (a->fn(a->ctx) == IRQ_HANDLED)
			handled = true;
	if (handled)
		lines[line].unhandled = 0;
	else
		line_unhandled(line);
	TRACE1(irq_exit, line);
}

const char *irq_name(unsigned line)
{
	struct irq_action *a = line < IRQ_MAX ? atomic_load_acquire(&lines[line].first) : NULL;
	return a ? a->name : NULL;
}

u64 irq_count(unsigned line, unsigned cpu)
{
	return line < IRQ_MAX && cpu < cpu_count ? (*percpu_ptr(line_counts, cpu))[line] : 0;
}

void irq_count_inc(enum irq_counter c)
{
	this_cpu(other_counts)[c]++;
}

u64 irq_counter_read(enum irq_counter c, unsigned cpu)
{
	return c < IRQC_NR && cpu < cpu_count ? (*percpu_ptr(other_counts, cpu))[c] : 0;
}
