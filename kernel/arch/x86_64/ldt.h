/* SPDX-License-Identifier: MIT
 * arch/x86_64/ldt.h - the segments that a program defines by modify_ldt(2). */
#pragma once
#include <arch/pgtable.h>
#include <base/percpu.h>
#include <sched/thread.h>

struct ldt {
	unsigned count; /* entries */
	u64 entry[];    /* descriptors as the CPU reads them */
};
/* What LDTR of this CPU refers to; NULL = nothing. */
DECLARE_PERCPU(const struct ldt *, ldt_loaded);

/* Slow half of ldt_activate. */
void ldt_load(const struct ldt *ldt);
/* The switch to another address space.  Interrupts off. */
static inline void ldt_activate(const struct ldt *ldt)
{
	if (unlikely(this_cpu(ldt_loaded) != ldt))
		ldt_load(ldt);
}
/* The descriptor of a selector in the LDT that is loaded; 0 = there is none. */
u64 ldt_entry(u16 selector);
/* The same of a thread that may not be the running one; then it may sleep. */
u64 ldt_entry_of(const struct thread *t, u16 selector);
/* mmu.c: is this the table that the CPU uses? */
bool mmu_is_active(const struct pgtable *pt);
