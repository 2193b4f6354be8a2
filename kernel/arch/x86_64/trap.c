/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/trap.c - exceptions: a signal for the program, or the end for the kernel
 *
 * Owns:      the table from exception vector to signal.
 * Layer:     arch/x86_64.  Uses proc (signal_fault), base (panic).  Page faults are in fault.c.
 * Locks:     none.
 * Contexts:  on the thread's kernel stack, interrupts off at entry; turned on before anything may sleep.
 *            trap_paranoid runs on an IST stack and must not sleep or fault.
 * Manual:    Intel SDM vol. 3, 6.15 (exceptions); sigaction(2) for si_code; signal(7).
 * Tests:     tests/abi/corners.c.
 */
#include <arch/cpu.h>
#include <arch/io.h>
#include <base/irq.h>
#include <base/log.h>
#include <base/panic.h>
#include <mem/kmap.h>
#include <proc/signal.h>
#include <syscall/dispatch.h>
#include <abi/errno.h>
#include "asm.h"
#include "debugreg.h"
#include "entry.h"
#include "espfix.h"
#include "extable.h"
#include "features.h"
#include "fpu.h"
#include "msr.h"
#include "stop.h"
#include "umip.h"

/* entry.S counts in numbers. */
_Static_assert(sizeof(struct trapframe) == TF_SIZE, "TF_SIZE");
_Static_assert(offsetof(struct trapframe, ax) == TF_AX && offsetof(struct trapframe, orig_ax) == TF_ORIG_AX,
               "TF_");
_Static_assert(offsetof(struct trapframe, ip) == TF_IP && offsetof(struct trapframe, sp) == TF_SP, "TF_");
_Static_assert(offsetof(struct arch_cpu, current) == CPU_CURRENT, "CPU_CURRENT");
_Static_assert(offsetof(struct arch_cpu, kernel_sp) == CPU_KERNEL_SP, "CPU_KERNEL_SP");
_Static_assert(offsetof(struct arch_cpu, user_sp) == CPU_USER_SP, "CPU_USER_SP");
_Static_assert(offsetof(struct arch_cpu, id) == CPU_ID, "CPU_ID");
_Static_assert(offsetof(struct trapframe, ss) == TF_SS, "TF_SS");
_Static_assert(offsetof(struct thread, flags) == 0, "entry.S tests thread->flags at offset 0");
_Static_assert(TF_EXIT_WORK == FLAGS_EXIT_WORK && TF_SYSCALL_WORK == FLAGS_SYSCALL_WORK, "thread flags");
_Static_assert(SYSCALL_NATIVE_MAX == SYSCALL_MAX, "SYSCALL_MAX");

enum addr_kind { ADDR_NONE, ADDR_IP };
/* si_code 0 means SI_KERNEL without an address, as Linux does for these. */
static const struct trap_info {
	const char *name;
	u8 sig, code, addr;
} trap_info[] = {
	[TRAP_DE] = { "divide error", SIGFPE, FPE_INTDIV, ADDR_IP },
	[TRAP_DB] = { "debug", SIGTRAP, TRAP_TRACE, ADDR_IP },
	[TRAP_BP] = { "breakpoint", SIGTRAP, 0, ADDR_NONE },
	[TRAP_OF] = { "overflow", SIGSEGV, 0, ADDR_NONE },
	[TRAP_BR] = { "bound range exceeded", SIGSEGV, 0, ADDR_NONE },
	[TRAP_UD] = { "invalid opcode", SIGILL, ILL_ILLOPN, ADDR_IP },
	[TRAP_NM] = { "device not available", SIGSEGV, 0, ADDR_NONE },
	[TRAP_DF] = { "double fault", SIGSEGV, 0, ADDR_NONE },
	[TRAP_CSO] = { "coprocessor segment overrun", SIGFPE, 0, ADDR_NONE },
	[TRAP_TS] = { "invalid TSS", SIGSEGV, 0, ADDR_NONE },
	[TRAP_NP] = { "segment not present", SIGBUS, 0, ADDR_NONE },
	[TRAP_SS] = { "stack segment fault", SIGBUS, 0, ADDR_NONE },
	[TRAP_GP] = { "general protection fault", SIGSEGV, 0, ADDR_NONE },
	[TRAP_PF] = { "page fault", SIGSEGV, 0, ADDR_NONE },
	[TRAP_MF] = { "x87 exception", SIGFPE, 0, ADDR_IP },
	[TRAP_AC] = { "alignment check", SIGBUS, BUS_ADRALN, ADDR_NONE },
	[TRAP_MC] = { "machine check", SIGBUS, 0, ADDR_NONE },
	[TRAP_XM] = { "SIMD exception", SIGFPE, 0, ADDR_IP },
	[31] = { NULL, 0, 0, 0 },
};

static const char *trap_name(unsigned vector)
{
	return vector < ARRAY_SIZE(trap_info) && trap_info[vector].name ? trap_info[vector].name
	                                                                : "unknown trap";
}

static void trap_from_user(struct trapframe *tf, unsigned vector, unsigned long error)
{
	const struct trap_info *ti = &trap_info[vector];
	struct thread *t = thread_current();
	int code = ti->code;

	t->arch.fault_trapno = vector;
	t->arch.fault_err = error;
	if (vector == TRAP_MF || vector == TRAP_XM) {
		code = fpu_exception_code(vector == TRAP_XM);
		if (!code)
			return; /* gone meanwhile */
	}
	u64 debug_status = vector == TRAP_DB ? debug_take_status() : 0;
	arch_irq_enable();
	if (vector == TRAP_DB)
		code = debug_trap_code(tf, debug_status);
	if (vector == TRAP_GP && cpu_features.umip && umip_emulate(tf))
		return;
	if (!ti->name) {
		log_warn("%d: unexpected trap %u", t->tid, vector);
		signal_force(SIGSEGV);
	} else {
		signal_fault(ti->sig, code ? code : SI_KERNEL, ti->addr == ADDR_IP ? tf->ip : 0);
	}
}

void trap_handle(struct trapframe *tf, unsigned vector, unsigned long error)
{
	if (vector == TRAP_MC)
		panic_trap(tf, "machine check");
	if (tf_from_user(tf)) {
		trap_from_user(tf, vector, error);
		return;
	}
	if (extable_fixup(tf))
		return;
	panic_trap(tf, "%s in the kernel, error code 0x%lx", trap_name(vector), error);
}

static void nmi(void)
{
	irq_count_inc(IRQC_NMI);
	if (cpu_stop_requested())
		arch_cpu_halt();
}

extern char _boot_stack_guard[];

static void double_fault(struct trapframe *tf)
{
	if (espfix_double_fault(tf))
		return;
	unsigned long addr = read_cr2(), guard = (unsigned long)_boot_stack_guard;

	if (kstack_is_guard(addr) || (addr >= guard && addr < guard + PAGE_SIZE))
		panic_trap(tf, "kernel stack overflow (guard page hit at %lx)", addr);
	panic_trap(tf, "double fault, cr2 %lx", addr);
}

void trap_paranoid(struct trapframe *tf, unsigned vector, unsigned long error)
{
	switch (vector) {
	case TRAP_NMI:
		nmi();
		break;
	case TRAP_DB:
		debug_trap_in_kernel(tf);
		break;
	case TRAP_DF:
		double_fault(tf);
		break;
	default:
		panic_trap(tf, "%s in the kernel, error code 0x%lx", trap_name(vector), error);
	}
}

void trap_bad_return(struct trapframe *tf)
{
	thread_current()->arch.fault_trapno = TRAP_GP;
	thread_current()->arch.fault_err = 0;
	signal_fault(SIGSEGV, SI_KERNEL, 0);
	/* task_exit_to_user either points ip at a handler or ends the task. */
	thread_set_flag(thread_current(), TF_SIGPENDING);
}
