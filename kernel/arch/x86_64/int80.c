/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/int80.c - system calls of the i386 ABI
 *
 * Owns:      task->call_layout.
 * Layer:     arch/x86_64.  Uses the i386 table of syscall/, task_exit_to_user of proc.
 * Locks:     none.
 * Contexts:  the thread's kernel stack; interrupts off at entry.
 * Manual:    syscall(2), "Architecture calling conventions".
 * Tests:     tests/i386/basic.c.
 *
 * The number is in eax, the arguments in ebx, ecx, edx, esi, edi, ebp; 64-bit code may use the gate too and then
 * means the same table.  What the call's structures look like is kept in the task until the signals the call has to
 * do with are delivered, because a restart goes through the same table again.
 */
#include <arch/cpu.h>
#include <base/irq.h>
#include <proc/process.h>
#include <proc/signal.h>
#include <syscall/dispatch.h>
#include <abi/errno.h>
#include "entry.h"

enum { NR_FIRST_TIME64 = 403 }; /* from here on no call has 32-bit times */

void trap_int80(struct trapframe *tf)
{
	struct task *t = current_task();
	u32 nr = (u32)tf->ax;

	tf->orig_ax = nr;
	tf->ax = (u64)-ENOSYS;
	arch_irq_enable();
	t->call_layout = nr >= NR_FIRST_TIME64 ? CALL_I386_TIME64 : CALL_I386;
	if (unlikely(atomic_load(&t->thread.flags) & TF_SYSCALL_WORK)) {
		tf->ax = (u64)syscall_traced_i386(tf, nr);
	} else {
		syscall_fn fn = nr < SYSCALL_NATIVE_MAX ? syscall_table_i386[nr] : sys_ni;

		tf->ax =
		        (u64)fn((u32)tf->bx, (u32)tf->cx, (u32)tf->dx, (u32)tf->si, (u32)tf->di, (u32)tf->bp);
	}
	task_exit_to_user(tf);
	t->call_layout = CALL_NATIVE;
}
