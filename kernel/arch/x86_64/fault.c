/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/fault.c - page faults
 *
 * Owns:      nothing; decides who answers a fault.
 * Layer:     arch/x86_64.  Uses vm (vm_fault), proc (signals), base.
 * Locks:     none.
 * Contexts:  thread's kernel stack, interrupts off at entry; vm_fault may sleep.
 * Manual:    Intel SDM vol. 3, 4.7 (error code), 6.15 #PF.
 * Tests:     tests/abi/corners.c, ktest usercopy_fault.
 *
 * Theory
 * ------
 *   from user mode          vm_fault; bad -> SIGSEGV, SIGBUS, SIGKILL (no memory)
 *   kernel, listed insn,    vm_fault on the user's behalf; bad -> go on at the fix-up (the copy reports
 *     user address          how far it came)
 *   kernel, listed insn,    the fix-up at once: backtraces read frame pointers this way
 *     other address
 *   anything else           a defect of the kernel: panic
 */
#include <arch/cpu.h>
#include <base/log.h>
#include <base/panic.h>
#include <base/trace.h>
#include <mem/kmap.h>
#include <proc/signal.h>
#include <vm/space.h>
#include "entry.h"
#include "extable.h"
#include "msr.h"

enum { PF_PRESENT = 1, PF_WRITE = 2, PF_USER = 4, PF_RESERVED = 8, PF_FETCH = 16 };
enum { FLAGS_IF = 0x200 };

static unsigned access_of(unsigned long error)
{
	if (error & PF_WRITE)
		return VM_ACCESS_WRITE | VM_ACCESS_USER;
	return (error & PF_FETCH ? VM_ACCESS_EXEC : VM_ACCESS_READ) | VM_ACCESS_USER;
}

/* May sleep. */
static enum vm_fault_result resolve(struct task *t, unsigned long addr, unsigned long error)
{
	enum vm_fault_result r = vm_fault(t->mm, addr, access_of(error));

	if (r == VM_FAULT_MINOR)
		t->min_flt++;
	else if (r == VM_FAULT_MAJOR)
		t->maj_flt++;
	TRACE3(fault, addr, access_of(error), r);
	return r;
}

static COLD void fault_signal(struct task *t, enum vm_fault_result r, unsigned long addr, unsigned long error)
{
	t->thread.arch.fault_addr = addr;
	t->thread.arch.fault_err =
	        error | (addr >= USER_TOP ? PF_PRESENT : 0); /* tells nothing of kernel mappings */
	t->thread.arch.fault_trapno = TRAP_PF;
	switch (r) {
	case VM_FAULT_BUS:
		signal_fault(SIGBUS, BUS_ADRERR, addr);
		break;
	case VM_FAULT_OOM:
		log_err("out of memory: killed process %d (%s)", t->group->tgid, t->comm);
		signal_force(SIGKILL);
		break;
	case VM_FAULT_ACCERR:
		signal_fault(SIGSEGV, SEGV_ACCERR, addr);
		break;
	default:
		signal_fault(SIGSEGV, SEGV_MAPERR, addr);
	}
}

static COLD void kernel_fault_panic(const struct trapframe *tf, unsigned long addr, unsigned long error)
{
	const char *what = error & PF_FETCH ? "execution of" : error & PF_WRITE ? "write to" : "read of";

	if (kstack_is_guard(addr))
		panic_trap(tf, "kernel stack overflow (guard page hit at %lx)", addr);
	panic_trap(tf, "page fault in the kernel: %s %s address %lx (error %lx)", what,
	           addr < PAGE_SIZE  ? "NULL-page"
	           : addr < USER_TOP ? "user"
	                             : "kernel",
	           addr, error);
}

static void fault_from_kernel(struct trapframe *tf, unsigned long addr, unsigned long error)
{
	struct thread *t = thread_current();

	if (!extable_has(tf->ip))
		kernel_fault_panic(tf, addr, error);
	/* With interrupts off the code may not sleep (or we are in a panic): no paging in. */
	if (addr < USER_TOP && t && !t->is_kernel && (tf->flags & FLAGS_IF) && thread_task(t)->mm) {
		enum vm_fault_result r;

		arch_irq_enable();
		r = resolve(thread_task(t), addr, error);
		if (r >= 0)
			return;
		if (r == VM_FAULT_OOM)
			fault_signal(thread_task(t), r, addr, error);
	}
	(void)extable_fixup(tf);
}

void trap_page_fault(struct trapframe *tf, unsigned vector, unsigned long error)
{
	unsigned long addr = read_cr2();
	enum vm_fault_result r = VM_FAULT_MAPERR;
	struct task *t;

	if (unlikely(!tf_from_user(tf))) {
		fault_from_kernel(tf, addr, error);
		return;
	}
	t = current_task();
	arch_irq_enable();
	if (likely(addr < USER_TOP && !(error & PF_RESERVED)))
		r = resolve(t, addr, error);
	if (unlikely(r < 0))
		fault_signal(t, r, addr, error);
}
