/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/ldt.c - modify_ldt(2): segments of a program's own, for all its threads
 *
 * Owns:      pgtable.ldt; LDTR and the LDT entry of each CPU's GDT.
 * Layer:     arch/x86_64.  Called by syscall/ through <arch/switch.h>, by mmu.c and segments.c.
 * Locks:     the address space's lock, for writing, around a change.
 * Contexts:  process context; ldt_load: interrupts off.
 * Manual:    modify_ldt(2); Intel SDM vol. 3, 3.4.2, 3.5.1, 7.2.3.
 * Tests:     tests/i386/tls.c.
 *
 * Theory
 * ------
 * A table is never changed while a CPU may read it: a write makes a new one, which replaces the old one on all CPUs
 * before that is freed.
 *
 *     vm_space.pt.ldt ----> new table          1  copy, change one entry
 *                           old table          2  point to the new one; interrupt the CPUs that run the space
 *     LDTR of the CPUs ---> new table          3  free the old one
 *
 * What a program has in DS and ES at that moment is loaded anew, because the CPU has kept the old descriptors.
 */
#include <abi/errno.h>
#include <arch/switch.h>
#include <base/iov.h>
#include <base/irq.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <proc/task.h>
#include <vm/space.h>
#include "ldt.h"
#include "segments.h"
#include "tables.h"

enum { LDT_MAX = 8192, LDT_ENTRY_SIZE = 8, DEFAULT_LDT_SIZE = 128 };
enum { LDT_READ = 0, LDT_WRITE_OLD = 1, LDT_READ_DEFAULT = 2, LDT_WRITE = 0x11 };

DEFINE_PERCPU(const struct ldt *, ldt_loaded);

static size_t ldt_bytes(unsigned count)
{
	return sizeof(struct ldt) + (size_t)count * LDT_ENTRY_SIZE;
}

void ldt_load(const struct ldt *ldt)
{
	u64 *gdt = this_cpu(cpu_tables).gdt;
	u16 selector = 0;

	if (ldt) {
		u64 base = (u64)ldt->entry, limit = (u64)ldt->count * LDT_ENTRY_SIZE - 1;

		gdt[GDT_LDT] = limit | (base & 0xffffff) << 16 | 0x82UL << 40 | (base >> 24 & 0xff) << 56;
		gdt[GDT_LDT + 1] = base >> 32;
		selector = GDT_LDT * 8;
	}
	__asm__ volatile("lldt %w0" ::"r"(selector) : "memory");
	this_cpu(ldt_loaded) = ldt;
}

u64 ldt_entry(u16 selector)
{
	irqflags_t f = arch_irq_save(); /* so that the table stays */
	const struct ldt *ldt = this_cpu(ldt_loaded);
	unsigned i = selector >> 3;
	u64 e = ldt && i < ldt->count ? ldt->entry[i] : 0;

	arch_irq_restore(f);
	return e;
}

u64 ldt_entry_of(const struct thread *t, u16 selector)
{
	struct vm_space *mm = container_of(t, struct task, thread)->mm;
	unsigned i = selector >> 3;
	u64 e;

	if (t == thread_current() || !mm)
		return ldt_entry(selector);
	rwlock_read_lock(&mm->lock);
	e = mm->pt.ldt && i < mm->pt.ldt->count ? mm->pt.ldt->entry[i] : 0;
	rwlock_read_unlock(&mm->lock);
	return e;
}

/* Runs with interrupts off on each CPU that may use the space. */
static void ldt_refresh(void *ctx)
{
	const struct pgtable *pt = ctx;

	if (!mmu_is_active(pt))
		return;
	ldt_activate(pt->ldt);
	segments_refresh_data();
}

int arch_pgtable_copy_segments(struct pgtable *to, const struct pgtable *from)
{
	to->ldt = NULL;
	if (likely(!from->ldt))
		return 0;
	to->ldt = kmalloc(ldt_bytes(from->ldt->count), 0);
	if (!to->ldt)
		return -ENOMEM;
	memcpy(to->ldt, from->ldt, ldt_bytes(from->ldt->count));
	return 0;
}

void arch_pgtable_free_segments(struct pgtable *pt)
{
	kfree(pt->ldt);
	pt->ldt = NULL;
}

/* ---- modify_ldt(2) ---- */

static long zero_user(void __user *u, size_t size)
{
	static const u8 zeros[64];

	for (size_t at = 0; at < size; at += sizeof(zeros))
		if (copy_to_user((u8 __user *)u + at, zeros, MIN(size - at, sizeof(zeros))))
			return -EFAULT;
	return (long)size;
}

static long ldt_read(struct vm_space *mm, void __user *to, unsigned long size)
{
	long result = 0;

	rwlock_read_lock(&mm->lock);
	const struct ldt *ldt = mm->pt.ldt;
	if (ldt) {
		size_t all = (size_t)ldt->count * LDT_ENTRY_SIZE, n;

		size = MIN(size, (unsigned long)LDT_MAX * LDT_ENTRY_SIZE);
		n = MIN(size, all);
		result = copy_to_user(to, ldt->entry, n);
		if (!result)
			result = zero_user((u8 __user *)to + n, size - n);
		if (result >= 0)
			result = (long)size;
	}
	rwlock_read_unlock(&mm->lock);
	return result;
}

/* A copy of `old` with one entry changed, and as many entries as that takes. */
static struct ldt *ldt_with(const struct ldt *old, unsigned index, u64 entry)
{
	unsigned had = old ? old->count : 0, count = MAX(had, index + 1);
	struct ldt *new = kmalloc(ldt_bytes(count), ALLOC_ZERO);

	if (!new)
		return NULL;
	new->count = count;
	if (old)
		memcpy(new->entry, old->entry, (size_t)had * LDT_ENTRY_SIZE);
	new->entry[index] = entry;
	return new;
}

static int ldt_change(struct vm_space *mm, unsigned index, u64 entry)
{
	rwlock_write_lock(&mm->lock);
	struct ldt *old = mm->pt.ldt, *new = ldt_with(old, index, entry);

	if (new) {
		mm->pt.ldt = new;
		cpu_call(atomic_load(&mm->cpus), ldt_refresh, &mm->pt);
		kfree(old);
	}
	rwlock_write_unlock(&mm->lock);
	return new ? 0 : -ENOMEM;
}

static int ldt_write(struct vm_space *mm, const void __user *from, unsigned long size, bool old_form)
{
	struct user_desc d;
	u64 entry = 0;

	if (size != sizeof(d))
		return -EINVAL;
	if (copy_from_user(&d, from, sizeof(d)))
		return -EFAULT;
	if (d.entry >= LDT_MAX)
		return -EINVAL;
	if (d.contents == 3 && (old_form || !d.seg_not_present)) /* conforming code */
		return -EINVAL;
	if (old_form)
		d.avl = 0;
	if (!(old_form && !d.base && !d.limit) && !segment_is_empty(&d))
		entry = segment_make(&d);
	return ldt_change(mm, d.entry, entry);
}

long arch_modify_ldt(int func, void __user *desc, unsigned long size)
{
	struct vm_space *mm = current_task()->mm;

	switch (func) {
	case LDT_READ:
		return ldt_read(mm, desc, size);
	case LDT_READ_DEFAULT:
		return zero_user(desc, MIN(size, (unsigned long)DEFAULT_LDT_SIZE));
	case LDT_WRITE_OLD:
	case LDT_WRITE:
		return ldt_write(mm, desc, size, func == LDT_WRITE_OLD);
	default:
		return -ENOSYS;
	}
}
