/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/thread.c - what a thread keeps while it does not run, and the switch
 *
 * Owns:      struct arch_thread; kernel_sp and current of this CPU; TSS rsp[0].
 * Layer:     arch/x86_64.  Called by sched and proc through <arch/switch.h>.
 * Locks:     arch_switch: the run queue lock is held, interrupts off.
 * Contexts:  process context otherwise.
 * Manual:    arch_prctl(2); Intel SDM vol. 3, 3.2.4 (FS and GS bases).
 * Tests:     tests/abi (TLS over fork and switch), tests/stress.
 *
 * Theory
 * ------
 * A new thread is made to look as if it had called switch_stacks once:
 *
 *     kstack + KSTACK_SIZE ->  +-----------------+
 *                              | trapframe       |  user threads return to user mode through it
 *                              | entry_thread    |  return address of the first switch
 *                              | bp bx r12 ..r15 |  bx = fn (0: user), r12 = arg
 *              arch.sp ->      +-----------------+
 *
 * FS and GS bases: writing the MSRs is slow, so each CPU remembers what they hold (`loaded`) and kernel
 * threads leave them alone.  With FSGSBASE user mode can change them by itself; then they are read back when
 * a thread leaves.
 */
#include <arch/cpu.h>
#include <arch/switch.h>
#include <arch/pgtable.h>
#include <base/iov.h>
#include <base/panic.h>
#include <base/percpu.h>
#include <lib/string.h>
#include <proc/task.h>
#include <abi/errno.h>
#include <arch/ptrace.h>
#include "debugreg.h"
#include "entry.h"
#include "features.h"
#include "fpu.h"
#include "msr.h"
#include "segments.h"
#include "tables.h"

enum { ARCH_SET_GS = 0x1001, ARCH_SET_FS, ARCH_GET_FS, ARCH_GET_GS };
enum { FLAGS_USER_INIT = 0x202 }; /* IF and the bit that is always one */

static DEFINE_PERCPU(struct bases, loaded);

void *switch_stacks(unsigned long *save_sp, unsigned long next_sp, void *prev);
NORETURN void enter_user_frame(struct trapframe *tf);

/* What switch_stacks pops, lowest address first. */
struct switch_frame {
	u64 r15, r14, r13, r12, bx, bp;
	u64 ip;
};

struct trapframe *arch_user_frame(const struct thread *t)
{
	return (struct trapframe *)((char *)t->kstack + KSTACK_SIZE) - 1;
}

static unsigned long read_fs_base(void)
{
	unsigned long v;

	__asm__ volatile("rdfsbase %0" : "=r"(v));
	return v;
}

/* The running user thread's bases, up to date in t and in `loaded`. */
static void bases_save(struct thread *t)
{
	if (!cpu_features.fsgsbase) {
		if (t->arch.selectors >> 32) /* loading a selector changes a base, too */
			segments_bases(t);
		return;
	}
	t->arch.fs_base = this_cpu(loaded).fs = read_fs_base();
	t->arch.gs_base = this_cpu(loaded).gs = rdmsr(MSR_KERNEL_GS_BASE);
}

static void bases_load(const struct thread *t)
{
	struct bases *l = this_cpu_ptr(loaded);

	if (l->fs != t->arch.fs_base) {
		l->fs = t->arch.fs_base;
		wrmsr(MSR_FS_BASE, l->fs);
	}
	if (l->gs != t->arch.gs_base) {
		l->gs = t->arch.gs_base;
		wrmsr(MSR_KERNEL_GS_BASE, l->gs);
	}
}

static void tsc_load(const struct thread *t)
{
	write_cr4(t->arch.no_tsc ? read_cr4() | CR4_TSD : read_cr4() & ~(u64)CR4_TSD);
}

void arch_set_tsc(bool allowed)
{
	struct thread *t = thread_current();
	irqflags_t f = arch_irq_save();

	t->arch.no_tsc = !allowed;
	tsc_load(t);
	arch_irq_restore(f);
}

bool arch_get_tsc(void)
{
	return !thread_current()->arch.no_tsc;
}

struct thread *arch_switch(struct thread *prev, struct thread *next)
{
	fpu_switch(prev, next);
	if (!prev->is_kernel) {
		segments_save(prev);
		bases_save(prev);
	}
	if (!next->is_kernel) {
		u64 top = (u64)next->kstack + KSTACK_SIZE;

		segments_load(next, this_cpu_ptr(loaded));
		bases_load(next);
		this_cpu(cpu_tables).tss.rsp[0] = top;
		__asm__ volatile("movq %0, %%gs:16" ::"r"(top) : "memory");
	}
	if (unlikely(prev->arch.debug_control | next->arch.debug_control | prev->arch.no_tsc |
	             next->arch.no_tsc)) {
		debug_switch(next);
		tsc_load(next);
	}
	arch_set_current(next);
	return switch_stacks(&prev->arch.sp, next->arch.sp, prev);
}

int arch_thread_init(struct thread *t, void (*fn)(void *), void *arg, bool user)
{
	struct switch_frame *f = (struct switch_frame *)arch_user_frame(t) - 1;

	t->arch = (struct arch_thread){ .sp = (unsigned long)f, .fpu_cpu = ~0u };
	*f = (struct switch_frame){ .bx = (u64)fn, .r12 = (u64)arg, .ip = (u64)entry_thread };
	if (user) {
		t->arch.fpu = fpu_alloc();
		if (!t->arch.fpu)
			return -ENOMEM;
	}
	return 0;
}

void arch_thread_copy(struct thread *t)
{
	struct thread *me = thread_current();

	assert(t->arch.fpu && me->arch.fpu);
	fpu_save_current(t->arch.fpu);
	segments_save(me);
	bases_save(me);
	t->arch.selectors = me->arch.selectors;
	memcpy(t->arch.tls, me->arch.tls, sizeof(t->arch.tls));
	t->arch.has_tls = me->arch.has_tls;
	t->arch.fs_base = me->arch.fs_base;
	t->arch.gs_base = me->arch.gs_base;
	t->arch.step_forced = me->arch.step_forced;
	t->arch.no_tsc = me->arch.no_tsc;
}

void arch_thread_sync(void)
{
	struct thread *me = thread_current();
	irqflags_t f = arch_irq_save();

	fpu_save_current(me->arch.fpu);
	segments_save(me);
	bases_save(me);
	arch_irq_restore(f);
}

/* Changes bases of the running thread. */
static void bases_set(unsigned long fs, unsigned long gs)
{
	struct thread *me = thread_current();

	bases_save(me);
	me->arch.fs_base = fs;
	me->arch.gs_base = gs;
	bases_load(me);
}

void arch_thread_exec(struct thread *t)
{
	assert(t == thread_current());
	segments_save(t);
	t->arch.selectors = 0;
	memset(t->arch.tls, 0, sizeof(t->arch.tls));
	t->arch.has_tls = false;
	segments_load(t, this_cpu_ptr(loaded));
	bases_set(0, 0);
	fpu_reset_current();
	debug_clear_current();
}

void arch_thread_free(struct thread *t)
{
	fpu_free(t->arch.fpu);
	t->arch.fpu = NULL;
}

void arch_frame_init(struct trapframe *tf, unsigned long ip, unsigned long sp)
{
	*tf = (struct trapframe){
		.orig_ax = (u64)-1, .ip = ip, .cs = USER_CS, .flags = FLAGS_USER_INIT, .sp = sp, .ss = USER_DS
	};
}

void arch_frame_fork(struct trapframe *child, const struct trapframe *parent, unsigned long new_sp)
{
	*child = *parent;
	child->ax = 0;
	if (new_sp)
		child->sp = new_sp;
}

int arch_set_tls(struct thread *t, unsigned long tls)
{
	if (current_task()->call_layout)
		return segments_set_tls(t, (void __user *)tls);
	if (tls >= USER_TOP)
		return -EPERM;
	if (t == thread_current())
		bases_set(tls, t->arch.gs_base);
	else
		t->arch.fs_base = tls;
	return 0;
}

enum { SEGMENT_FS = 32, SEGMENT_GS = 48 }; /* places in arch_thread.selectors */

void segments_set(u64 selectors)
{
	struct thread *t = thread_current();

	segments_save(t);
	if (t->arch.selectors == selectors)
		return;
	bases_save(t);
	segments_change(t, selectors);
	segments_reload(t, this_cpu_ptr(loaded));
	bases_load(t);
}

/* A base of its own has no selector. */
static void segments_set_null(unsigned shift)
{
	struct thread *t = thread_current();

	segments_save(t);
	if (unlikely((u16)(t->arch.selectors >> shift)))
		segments_set(t->arch.selectors & ~(0xffffUL << shift));
}

long arch_prctl(int code, unsigned long addr)
{
	struct thread *me = thread_current();

	switch (code) {
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		if (addr >= USER_TOP)
			return -EPERM;
		bases_save(me);
		segments_set_null(code == ARCH_SET_FS ? SEGMENT_FS : SEGMENT_GS);
		bases_set(code == ARCH_SET_FS ? addr : me->arch.fs_base,
		          code == ARCH_SET_GS ? addr : me->arch.gs_base);
		return 0;
	case ARCH_GET_FS:
	case ARCH_GET_GS: {
		unsigned long base;

		bases_save(me);
		base = code == ARCH_GET_FS ? me->arch.fs_base : me->arch.gs_base;
		return copy_to_user((void __user *)addr, &base, sizeof(base));
	}
	default:
		return -EINVAL;
	}
}

unsigned long segment_base_current(bool gs)
{
	struct thread *me = thread_current();

	bases_save(me);
	return gs ? me->arch.gs_base : me->arch.fs_base;
}

void arch_frame_small(struct trapframe *tf)
{
	struct thread *t = thread_current();

	tf->cs = USER32_CS;
	t->arch.selectors = USER_DS | USER_DS << 16;
	segments_reload(t, this_cpu_ptr(loaded));
	bases_load(t);
}

int arch_set_thread_area(void __user *desc)
{
	struct thread *t = thread_current();

	bases_save(t);
	int err = segments_set_area(t, desc, true);
	if (!err) {
		segments_reload(t, this_cpu_ptr(loaded));
		bases_load(t);
	}
	return err;
}

void arch_enter_user(void)
{
	enter_user_frame(arch_user_frame(thread_current()));
}
