/* SPDX-License-Identifier: MIT
 * arch/x86_64/segments.h - a thread's segment selectors and TLS descriptors, for thread.c. */
#pragma once
#include <arch/cpu.h>
#include <base/percpu.h>
#include <sched/thread.h>

/* As set_thread_area(2) and modify_ldt(2) pass a segment. */
struct user_desc {
	u32 entry, base, limit;
	u32 seg_32bit : 1, contents : 2, read_exec_only : 1, limit_in_pages : 1, seg_not_present : 1, avl : 1,
	        lm : 1, rest : 24;
};
_Static_assert(sizeof(struct user_desc) == 16, "struct user_desc");
/* The descriptor; never one of 64-bit code. */
u64 segment_make(const struct user_desc *d);
/* What says "no segment": all zero but for read_exec_only and seg_not_present. */
static inline bool segment_is_empty(const struct user_desc *d)
{
	return !d->base && !d->limit && !d->contents && d->read_exec_only && !d->seg_32bit &&
	       !d->limit_in_pages && d->seg_not_present && !d->avl && !d->lm;
}

/* FS and GS bases of user mode as this CPU's MSRs hold them. */
#define BASE_UNKNOWN (1UL << 62) /* no address, so never a base */
struct bases {
	unsigned long fs, gs;
};
/* What the CPU's registers and GDT hold for user mode. */
struct segments_loaded {
	u64 selectors;
	bool tls; /* some TLS descriptor is not empty */
};
DECLARE_PERCPU(struct segments_loaded, segments_loaded);

/* Selectors out of the registers. */
static inline void segments_save(struct thread *t)
{
	u64 ds, es, fs, gs;

	__asm__ volatile("movl %%ds, %k0; movl %%es, %k1; movl %%fs, %k2; movl %%gs, %k3"
	                 : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
	t->arch.selectors = this_cpu(segments_loaded).selectors = ds | es << 16 | fs << 32 | gs << 48;
}
/* Puts t's selectors and descriptors in place, whatever is loaded; marks the bases that change with it. */
void segments_reload(const struct thread *t, struct bases *b);
static inline void segments_load(const struct thread *t, struct bases *b)
{
	const struct segments_loaded *l = this_cpu_ptr(segments_loaded);

	if (unlikely((l->selectors | t->arch.selectors) || l->tls || t->arch.has_tls))
		segments_reload(t, b);
}
/* Gives the running thread selectors; a base follows one that has changed. */
void segments_set(u64 selectors);
/* As the field of t; the bases that come with other selectors go to t. */
void segments_change(struct thread *t, u64 selectors);
/* This CPU's LDT has changed: loads DS and ES again if they refer to it.  Interrupts off. */
void segments_refresh_data(void);
/* FS or GS base of the running thread. */
unsigned long segment_base_current(bool gs);
/* May SS hold this selector when 64-bit code goes on? */
bool segments_stack_ok(u16 selector);
/* The bases out of the MSRs, for CPUs without FSGSBASE. */
void segments_bases(struct thread *t);
/* A struct user_desc into t's descriptors; alloc: entry -1 asks for a free one, whose number is written back.
 * 0, -EFAULT, -EINVAL, -ESRCH (none free). */
MUST_CHECK int segments_set_area(struct thread *t, void __user *u, bool alloc);
/* For a tracer of t: the entry as a struct user_desc, and into it; all three entries. */
MUST_CHECK int segments_get_area(const struct thread *t, u32 entry, void __user *u);
MUST_CHECK int segments_set_area_at(struct thread *t, u32 entry, const void __user *u);
MUST_CHECK int segments_areas(struct thread *t, bool write, void __user *u, size_t len);
void segments_copy_areas(const struct thread *t, void *out); /* struct user_desc of all three */
/* CLONE_SETTLS of the i386 ABI, for a thread that does not run yet. */
static inline int segments_set_tls(struct thread *t, void __user *u)
{
	return segments_set_area(t, u, false);
}
