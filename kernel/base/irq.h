/* SPDX-License-Identifier: MIT
 * base/irq.h - device interrupts by global line number (GSI on x86), and their counts. */
#pragma once
#include <abi/types.h>
#include <arch/irq.h>

struct trapframe;
enum irq_result { IRQ_NONE, IRQ_HANDLED };
/* Runs with interrupts off on one CPU; must not sleep. */
typedef enum irq_result (*irq_handler_t)(void *ctx);
enum { IRQ_MAX = 128 };

/* Installs a handler (lines may be shared) and unmasks the line.  0, -EINVAL or -ENOMEM. */
MUST_CHECK int irq_register(unsigned line, enum irq_trigger trigger, irq_handler_t fn, void *ctx,
                            const char *name);
void irq_unregister(unsigned line, void *ctx);
/* A line of its own for messages of a device, for irq_register (IRQ_EDGE_HIGH); -ENOSPC.  Never given back. */
MUST_CHECK int irq_alloc_message(void);
/* Called by the trap code with interrupts off. */
void irq_dispatch(unsigned line);
/* For /proc/interrupts: handler's name or NULL, and the count on a CPU. */
const char *irq_name(unsigned line);
u64 irq_count(unsigned line, unsigned cpu);
/* Counters of what is not a device line. */
enum irq_counter { IRQC_TIMER, IRQC_RESCHED, IRQC_CALL, IRQC_TLB, IRQC_NMI, IRQC_SPURIOUS, IRQC_NR };
void irq_count_inc(enum irq_counter c);
u64 irq_counter_read(enum irq_counter c, unsigned cpu);
/* Runs fn(ctx) on each CPU of the mask, this one included when in it, and waits for all.
 * Interrupts must be on; fn runs with interrupts off. */
void cpu_call(cpumask_t mask, void (*fn)(void *), void *ctx);
/* Called by the trap code of the call IPI. */
void cpu_call_handle(void);
