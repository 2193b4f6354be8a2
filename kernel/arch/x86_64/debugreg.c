/* SPDX-License-Identifier: MIT
 * arch/x86_64/debugreg.c - hardware breakpoints and single steps
 *
 * Owns:      DR0-DR3, DR6, DR7 of each CPU; arch.debug_* of a thread.
 * Layer:     arch/x86_64.  Used by the switch, the debug trap, and ptrace.
 * Locks:     none: a thread's registers are changed while it is stopped and held by its tracer.
 * Contexts:  debug_switch: interrupts off.
 * Manual:    Intel SDM vol. 3, 18.2 (debug registers); ptrace(2): PTRACE_POKEUSER, struct user.u_debugreg.
 * Tests:     tests/abi/ptrace.c.
 *
 * Theory
 * ------
 * DR7 of a CPU is 0 unless its current thread has breakpoints, so the switch costs one test of two words.
 * Addresses are user addresses only and the bit that traps accesses to the debug registers is never set, so no
 * breakpoint can hit the kernel's own code or data; a kernel access to watched user memory is noticed, and dropped.
 *
 * QEMU without KVM reports an instruction that is single-stepped and hits a watchpoint as two traps, the second before
 * the first instruction of the handler: on the same IST stack, so the first frame, and with it the way back to the
 * program, is lost.  There a forced step runs with the watchpoints off (step_blind), and what they would have
 * caught is found by comparing the memory.  A program that sets its own trap flag under a watchpoint is not saved:
 * debug_trap_in_kernel sends it to address 0, where it gets SIGSEGV.
 *
 *     DR7:  ... | LEN1 RW1 | LEN0 RW0 |   reserved, 0x400   | G3 L3 G2 L2 G1 L1 G0 L0 |
 *                          16                               8                         0
 */
#include <abi/errno.h>
#include <abi/signal.h>
#include <arch/pgtable.h>
#include <arch/ptrace.h>
#include <arch/switch.h>
#include <base/iov.h>
#include <base/log.h>
#include <lib/string.h>
#include <proc/task.h>
#include "asm.h"
#include "debugreg.h"
#include "entry.h"
#include "features.h"
#include "msr.h"

#define DR6_RESERVED 0xffff0ff0UL
#define DR6_HIT      0xfUL
#define DR6_STEP     BIT(14)
#define DR7_USED     0xffff00ffUL /* enable bits, lengths and kinds */
#define DR7_ENABLE   0xffUL
#define DR7_ONE      0x400UL
#define FLAGS_TF     0x100UL
#define FLAGS_RF     0x10000UL
#define FLAGS_IF     0x202UL
#define CPUID_TCG    0x54474354U /* "TCGT" of "TCGTCGTCGTCG" */

enum { RW_EXECUTE, RW_WRITE, RW_IO, RW_READ_WRITE };

static unsigned kind(unsigned long control, unsigned i)
{
	return control >> (16 + 4 * i) & 3;
}

static unsigned length(unsigned long control, unsigned i)
{
	static const u8 sizes[] = { 1, 2, 8, 4 };

	return sizes[control >> (18 + 4 * i) & 3];
}

static bool enabled(unsigned long control, unsigned i)
{
	return control >> (2 * i) & 3;
}

static bool watches(unsigned long control, unsigned i)
{
	return enabled(control, i) && kind(control, i) != RW_EXECUTE;
}

static void load(const struct thread *t)
{
	const unsigned long *a = t->arch.debug_addr;
	u64 control = t->arch.debug_control & DR7_ENABLE ? (t->arch.debug_control & DR7_USED) | DR7_ONE : 0;

	for (unsigned i = 0; unlikely(t->arch.step_blind) && i < 4; i++)
		if (watches(control, i))
			control &= ~(3UL << (2 * i));

	if (control) {
		__asm__ volatile("movq %0, %%dr0" ::"r"(a[0]));
		__asm__ volatile("movq %0, %%dr1" ::"r"(a[1]));
		__asm__ volatile("movq %0, %%dr2" ::"r"(a[2]));
		__asm__ volatile("movq %0, %%dr3" ::"r"(a[3]));
	}
	__asm__ volatile("movq %0, %%dr7" ::"r"(control));
}

void debug_switch(const struct thread *next)
{
	load(next);
}

static void debug_reload(const struct thread *current)
{
	irqflags_t f = arch_irq_save();

	load(current);
	arch_irq_restore(f);
}

void debug_clear_current(void)
{
	struct thread *t = thread_current();

	t->arch.debug_status = 0;
	if (!t->arch.debug_control)
		return;
	t->arch.debug_control = 0;
	debug_reload(t);
}

u64 debug_take_status(void)
{
	u64 dr6;

	__asm__ volatile("movq %%dr6, %0" : "=r"(dr6));
	__asm__ volatile("movq %0, %%dr6" ::"r"(DR6_RESERVED));
	return dr6;
}

/* What the watchpoints would have caught, had they been on in this step.  Faults in user memory. */
static u64 watch_compare(const struct thread *t)
{
	u64 hits = 0, now;

	for (unsigned i = 0; i < 4; i++) {
		size_t n = length(t->arch.debug_control, i);

		if (watches(t->arch.debug_control, i) &&
		    !copy_from_user(&now, (const void __user *)t->arch.debug_addr[i], n) &&
		    memcmp(&now, &t->arch.step_seen[i], n))
			hits |= BIT(i);
	}
	return hits;
}

/* A step begins: does QEMU's way of trapping twice matter? */
static void watch_begin(struct thread *t)
{
	struct vm_space *mm;
	bool any = false;

	for (unsigned i = 0; i < 4; i++)
		any |= watches(t->arch.debug_control, i);
	if (!any || !cpu_features.hypervisor || cpuid(0x40000000, 0).b != CPUID_TCG ||
	    !(mm = task_mm_get(thread_task(t))))
		return;
	for (unsigned i = 0; i < 4; i++)
		if (watches(t->arch.debug_control, i))
			(void)vm_copy(mm, t->arch.debug_addr[i], &t->arch.step_seen[i],
			              length(t->arch.debug_control, i), false, true);
	vm_space_put(mm);
	t->arch.step_blind = true;
}

void debug_trap_in_kernel(struct trapframe *tf)
{
	debug_take_status();
	/* SYSENTER keeps TF on: it must last until the flags are on the stack. */
	if (tf->ip < (unsigned long)entry_sysenter || tf->ip >= (unsigned long)entry_sysenter_flags)
		tf->flags &= ~FLAGS_TF;
	if (tf->ip != (unsigned long)entry_stubs + 16UL * TRAP_DB)
		return;
	log_warn("%d: a debug trap overwrote another", thread_current()->tid);
	*tf = (struct trapframe){ .cs = USER_CS, .ss = USER_DS, .flags = FLAGS_IF, .orig_ax = ~0UL };
}

int debug_trap_code(struct trapframe *tf, u64 status)
{
	struct thread *t = thread_current();

	if (unlikely(t->arch.step_blind))
		status |= watch_compare(t);
	t->arch.debug_status = status & (DR6_HIT | DR6_STEP);
	for (unsigned i = 0; i < 4; i++)
		if ((status >> i & 1) && kind(t->arch.debug_control, i) == RW_EXECUTE)
			tf->flags |= FLAGS_RF; /* it traps before the instruction: let that run next time */
	if (status & DR6_STEP)
		return TRAP_TRACE;
	return status & DR6_HIT ? TRAP_HWBKPT : TRAP_BRKPT; /* breakpoint register, or ICEBP */
}

unsigned long debug_get(const struct thread *t, unsigned n)
{
	if (n < 4)
		return t->arch.debug_addr[n];
	if (n == 6)
		return t->arch.debug_status ^ DR6_RESERVED;
	return n == 7 ? t->arch.debug_control : 0;
}

/* A breakpoint that is on must lie in user memory, be aligned, and watch memory. */
static bool breakpoint_ok(unsigned long addr, unsigned kind, unsigned size)
{
	if (kind == RW_IO || (kind == RW_EXECUTE && size != 1))
		return false;
	return addr < USER_TOP - size && !(addr & (size - 1));
}

static int set_control(struct thread *t, unsigned long value)
{
	for (unsigned i = 0; i < 4; i++)
		if (enabled(value, i) &&
		    !breakpoint_ok(t->arch.debug_addr[i], kind(value, i), length(value, i)))
			return -EINVAL;
	t->arch.debug_control = value & (DR7_USED | 0xff00);
	return 0;
}

int debug_set(struct thread *t, unsigned n, unsigned long value)
{
	unsigned long control = t->arch.debug_control;

	switch (n) {
	case 0 ... 3:
		if (value >= USER_TOP ||
		    (enabled(control, n) && !breakpoint_ok(value, kind(control, n), length(control, n))))
			return -EINVAL;
		t->arch.debug_addr[n] = value;
		return 0;
	case 6:
		t->arch.debug_status = value ^ DR6_RESERVED;
		return 0;
	case 7:
		return set_control(t, value);
	default: /* there are no DR4 and DR5 */
		return -EIO;
	}
}

void arch_single_step(struct thread *t, bool on)
{
	struct trapframe *tf = arch_user_frame(t);

	if (on && !(tf->flags & FLAGS_TF)) {
		tf->flags |= FLAGS_TF;
		t->arch.step_forced = true;
	} else if (!on && t->arch.step_forced) {
		tf->flags &= ~FLAGS_TF;
		t->arch.step_forced = false;
	}
	if (on && unlikely(t->arch.debug_control)) {
		watch_begin(t);
	} else if (unlikely(t->arch.step_blind)) {
		t->arch.step_blind = false;
		if (t == thread_current())
			debug_reload(t);
	}
}
