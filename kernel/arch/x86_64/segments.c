/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/segments.c - segment selectors and the TLS descriptors of set_thread_area(2)
 *
 * Owns:      arch_thread.selectors and .tls; the TLS entries of each CPU's GDT.
 * Layer:     arch/x86_64.  Used by thread.c.
 * Locks:     none: a thread's own, or those of one that does not run yet.
 * Contexts:  the switch (interrupts off); process context otherwise.
 * Manual:    set_thread_area(2); Intel SDM vol. 3, 3.4.2 - 3.4.5.
 * Tests:     tests/i386/tls.c.
 *
 * Theory
 * ------
 * A 64-bit program leaves all four selectors null and gives FS and GS their bases through MSRs.  An i386 program
 * asks for a descriptor in the GDT (three entries, each thread's own, so the switch writes them) and loads its
 * selector into GS:
 *
 *     mov %eax, %gs     selector 0x63 -> gdt[12] = base 0xf7fc1000 ...      TLS is at %gs:0
 *
 * Loading a selector also loads the base.  So the order is: descriptors, selectors, and then the bases through
 * the MSRs, which hold what the thread really had.  GS is loaded between two SWAPGS with interrupts off, since it
 * is the kernel's pointer to this CPU; a fault there would be fatal, so a selector that the CPU would refuse (its
 * descriptor is gone) is replaced by a null one first.
 */
#include <abi/errno.h>
#include <arch/trapframe.h>
#include <base/iov.h>
#include <base/irq.h>
#include <lib/string.h>
#include "ldt.h"
#include "msr.h"
#include "segments.h"
#include "tables.h"

DEFINE_PERCPU(struct segments_loaded, segments_loaded);

#define DESC_PRESENT  (1UL << 47)

#define DESC_WRITABLE (1UL << 41) /* data; of code: readable */
#define DESC_CODE     (1UL << 43)

/* Will the CPU take it for DS, ES, FS or GS? */
static bool selector_ok(const struct thread *t, u16 sel)
{
	unsigned i = sel >> 3;

	if (sel & 4) {
		u64 e = ldt_entry(sel);

		return (e & DESC_PRESENT) && (!(e & DESC_CODE) || (e & DESC_WRITABLE));
	}
	if (i >= GDT_TLS && i < GDT_TLS + GDT_TLS_COUNT)
		return t->arch.tls[i - GDT_TLS] & DESC_PRESENT;
	return !i || i == USER32_CS / 8 || i == USER_DS / 8 || i == USER_CS / 8 || i == GDT_CPU;
}

bool segments_stack_ok(u16 sel)
{
	unsigned i = sel >> 3;
	u64 e = 0;

	if (sel & 4)
		e = ldt_entry(sel);
	else if (i >= GDT_TLS && i < GDT_TLS + GDT_TLS_COUNT)
		e = thread_current()->arch.tls[i - GDT_TLS];
	else
		return i == USER_DS / 8;
	return (e & DESC_PRESENT) && !(e & DESC_CODE) && (e & DESC_WRITABLE);
}

void segments_refresh_data(void)
{
	const struct thread *t = thread_current();
	u32 ds, es;

	__asm__ volatile("movl %%ds, %0; movl %%es, %1" : "=r"(ds), "=r"(es));
	if (ds & 4)
		__asm__ volatile("movl %0, %%ds" ::"r"(selector_ok(t, (u16)ds) ? ds : 0));
	if (es & 4)
		__asm__ volatile("movl %0, %%es" ::"r"(selector_ok(t, (u16)es) ? es : 0));
}

static void load_gs(u16 sel)
{
	__asm__ volatile("swapgs; movl %0, %%gs; mfence; swapgs" ::"r"((u32)sel) : "memory");
}

void segments_reload(const struct thread *t, struct bases *b)
{
	struct segments_loaded *l = this_cpu_ptr(segments_loaded);
	u16 sel[4];
	irqflags_t f = arch_irq_save();

	memcpy(&this_cpu(cpu_tables).gdt[GDT_TLS], t->arch.tls, sizeof(t->arch.tls));
	l->tls = t->arch.has_tls;
	memcpy(sel, &t->arch.selectors, sizeof(sel));
	for (unsigned i = 0; i < ARRAY_SIZE(sel); i++)
		if (!selector_ok(t, sel[i]))
			sel[i] = 0;
	__asm__ volatile("movl %0, %%ds; movl %1, %%es; movl %2, %%fs" ::"r"((u32)sel[0]), "r"((u32)sel[1]),
	                 "r"((u32)sel[2])
	                 : "memory");
	load_gs(sel[3]);
	b->fs = b->gs = BASE_UNKNOWN;
	memcpy(&l->selectors, sel, sizeof(sel));
	arch_irq_restore(f);
}

void segments_bases(struct thread *t)
{
	t->arch.fs_base = rdmsr(MSR_FS_BASE);
	t->arch.gs_base = rdmsr(MSR_KERNEL_GS_BASE);
}

/* ---- struct user_desc ---- */

/* For set_thread_area(2) all zeros are empty, too. */
static bool area_empty(const struct user_desc *d)
{
	return segment_is_empty(d) ||
	       (!d->base && !d->limit && !d->contents && !d->seg_32bit && !d->limit_in_pages && !d->avl &&
	        !d->read_exec_only && !d->seg_not_present);
}

u64 segment_make(const struct user_desc *d)
{
	/* For user mode, marked as accessed. */
	u64 type =
	        (d->seg_not_present ? 0 : 0x80) | 0x71 | (d->read_exec_only ? 0 : 2) | (u64)d->contents << 2;

	return (d->limit & 0xffff) | (u64)(d->base & 0xffffff) << 16 | type << 40 |
	       (u64)(d->limit >> 16 & 0xf) << 48 | (u64)d->avl << 52 | (u64)d->seg_32bit << 54 |
	       (u64)d->limit_in_pages << 55 | (u64)(d->base >> 24) << 56;
}

static u32 desc_base(u64 e)
{
	return (u32)(e >> 16 & 0xffffff) | (u32)(e >> 56) << 24;
}

/* A register that holds the selector follows the descriptor. */
static void follow_base(struct thread *t, unsigned index)
{
	u16 fs = (u16)(t->arch.selectors >> 32), gs = (u16)(t->arch.selectors >> 48);
	u32 base = desc_base(t->arch.tls[index - GDT_TLS]);

	if (fs >> 3 == index)
		t->arch.fs_base = base;
	if (gs >> 3 == index)
		t->arch.gs_base = base;
}

/* What loading the selector makes the base. */
static u32 base_of(const struct thread *t, u16 sel)
{
	unsigned i = sel >> 3;

	if (sel & 4)
		return desc_base(ldt_entry_of(t, sel));
	return i >= GDT_TLS && i < GDT_TLS + GDT_TLS_COUNT ? desc_base(t->arch.tls[i - GDT_TLS]) : 0;
}

void segments_change(struct thread *t, u64 selectors)
{
	u64 changed = t->arch.selectors ^ selectors;

	t->arch.selectors = selectors;
	if ((u16)(changed >> 32))
		t->arch.fs_base = base_of(t, (u16)(selectors >> 32));
	if ((u16)(changed >> 48))
		t->arch.gs_base = base_of(t, (u16)(selectors >> 48));
}

static int free_entry(const struct thread *t)
{
	for (unsigned i = 0; i < GDT_TLS_COUNT; i++)
		if (!t->arch.tls[i])
			return (int)(GDT_TLS + i);
	return -ESRCH;
}

/* 0, -EINVAL. */
static int area_put(struct thread *t, const struct user_desc *d, u32 entry)
{
	if (entry < GDT_TLS || entry >= GDT_TLS + GDT_TLS_COUNT)
		return -EINVAL;
	t->arch.tls[entry - GDT_TLS] = area_empty(d) ? 0 : segment_make(d);
	t->arch.has_tls = t->arch.tls[0] || t->arch.tls[1] || t->arch.tls[2];
	follow_base(t, entry);
	return 0;
}

/* Data segments of 32 bits only. */
static bool area_ok(const struct user_desc *d)
{
	return area_empty(d) || (d->seg_32bit && d->contents <= 1 && !d->seg_not_present);
}

int segments_set_area(struct thread *t, void __user *u, bool alloc)
{
	struct user_desc d;

	if (copy_from_user(&d, u, sizeof(d)))
		return -EFAULT;
	if (!area_ok(&d))
		return -EINVAL;
	if (d.entry == ~0u && alloc) {
		int i = free_entry(t);
		if (i < 0)
			return i;
		d.entry = (u32)i;
		if (put_user(d.entry, (u32 __user *)u))
			return -EFAULT;
	}
	if (t == thread_current())
		segments_save(t);
	return area_put(t, &d, d.entry);
}

int segments_set_area_at(struct thread *t, u32 entry, const void __user *u)
{
	struct user_desc d;

	if (copy_from_user(&d, u, sizeof(d)))
		return -EFAULT;
	return area_ok(&d) ? area_put(t, &d, entry) : -EINVAL;
}

static struct user_desc area_describe(const struct thread *t, u32 entry)
{
	u64 e = t->arch.tls[entry - GDT_TLS];
	struct user_desc d = { .entry = entry };

	d.base = desc_base(e);
	d.limit = (u32)(e & 0xffff) | (u32)(e >> 48 & 0xf) << 16;
	d.seg_32bit = e >> 54 & 1;
	d.contents = e >> 42 & 3;
	d.read_exec_only = !(e >> 41 & 1);
	d.limit_in_pages = e >> 55 & 1;
	d.seg_not_present = !(e & DESC_PRESENT);
	d.avl = e >> 52 & 1;
	return d;
}

int segments_get_area(const struct thread *t, u32 entry, void __user *u)
{
	if (entry < GDT_TLS || entry >= GDT_TLS + GDT_TLS_COUNT)
		return -EINVAL;
	struct user_desc d = area_describe(t, entry);
	return copy_to_user(u, &d, sizeof(d));
}

void segments_copy_areas(const struct thread *t, void *out)
{
	struct user_desc *d = out;

	for (unsigned i = 0; i < GDT_TLS_COUNT; i++)
		d[i] = area_describe(t, GDT_TLS + i);
}

int segments_areas(struct thread *t, bool write, void __user *u, size_t len)
{
	struct user_desc d[GDT_TLS_COUNT];

	segments_copy_areas(t, d);
	if (!write)
		return copy_to_user(u, d, MIN(len, sizeof(d)));
	if (copy_from_user(d, u, MIN(len, sizeof(d))))
		return -EFAULT;
	for (unsigned i = 0; i < GDT_TLS_COUNT; i++)
		if (!area_ok(&d[i]))
			return -EINVAL;
	for (unsigned i = 0; i < GDT_TLS_COUNT; i++)
		(void)!area_put(t, &d[i], GDT_TLS + i);
	return 0;
}

int arch_get_thread_area(void __user *u)
{
	u32 entry;

	if (get_user(entry, (const u32 __user *)u))
		return -EFAULT;
	return segments_get_area(thread_current(), entry, u);
}
