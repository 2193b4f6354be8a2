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
 *     DR7:  ... | LEN1 RW1 | LEN0 RW0 |   reserved, 0x400   | G3 L3 G2 L2 G1 L1 G0 L0 |
 *                          16                               8                         0
 */
#include <abi/errno.h>
#include <abi/signal.h>
#include <arch/pgtable.h>
#include <arch/ptrace.h>
#include <arch/switch.h>
#include "debugreg.h"

#define DR6_RESERVED 0xffff0ff0UL
#define DR6_HIT      0xfUL
#define DR6_STEP     BIT(14)
#define DR7_USED     0xffff00ffUL /* enable bits, lengths and kinds */
#define DR7_ENABLE   0xffUL
#define DR7_ONE      0x400UL
#define FLAGS_TF     0x100UL
#define FLAGS_RF     0x10000UL

enum { RW_EXECUTE, RW_WRITE, RW_IO, RW_READ_WRITE };

static void load(const struct thread *t)
{
	const unsigned long *a = t->arch.debug_addr;
	u64 control = t->arch.debug_control & DR7_ENABLE ? (t->arch.debug_control & DR7_USED) | DR7_ONE : 0;

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

void debug_clear_current(void)
{
	struct thread *t = thread_current();

	t->arch.debug_status = 0;
	if (!t->arch.debug_control)
		return;
	irqflags_t f = arch_irq_save();
	t->arch.debug_control = 0;
	load(t);
	arch_irq_restore(f);
}

u64 debug_take_status(void)
{
	u64 dr6;

	__asm__ volatile("movq %%dr6, %0" : "=r"(dr6));
	__asm__ volatile("movq %0, %%dr6" ::"r"(DR6_RESERVED));
	return dr6;
}

static unsigned kind(unsigned long control, unsigned i)
{
	return control >> (16 + 4 * i) & 3;
}

static unsigned length_bits(unsigned long control, unsigned i)
{
	return control >> (18 + 4 * i) & 3;
}

static bool enabled(unsigned long control, unsigned i)
{
	return control >> (2 * i) & 3;
}

int debug_trap_code(struct trapframe *tf, u64 status)
{
	struct thread *t = thread_current();

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
static bool breakpoint_ok(unsigned long addr, unsigned kind, unsigned length)
{
	static const u8 sizes[] = { 1, 2, 8, 4 };
	unsigned size = sizes[length];

	if (kind == RW_IO || (kind == RW_EXECUTE && size != 1))
		return false;
	return addr < USER_TOP - size && !(addr & (size - 1));
}

static int set_control(struct thread *t, unsigned long value)
{
	for (unsigned i = 0; i < 4; i++)
		if (enabled(value, i) &&
		    !breakpoint_ok(t->arch.debug_addr[i], kind(value, i), length_bits(value, i)))
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
		    (enabled(control, n) && !breakpoint_ok(value, kind(control, n), length_bits(control, n))))
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
}
