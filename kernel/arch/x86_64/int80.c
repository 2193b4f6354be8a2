/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/int80.c - system calls of the i386 ABI: int $0x80, SYSENTER and SYSCALL
 *
 * Owns:      task->call_layout.
 * Layer:     arch/x86_64.  Uses the i386 table of syscall/, task_exit_to_user of proc.
 * Locks:     none.
 * Contexts:  the thread's kernel stack; interrupts off at entry.
 * Manual:    syscall(2), "Architecture calling conventions".
 * Tests:     tests/i386/basic.c, tests/i386/vdso.c.
 *
 * The number is in eax, the arguments in ebx, ecx, edx, esi, edi, ebp; 64-bit code may use the gate too and then
 * means the same table.  What the call's structures look like is kept in the task until the signals the call has to
 * do with are delivered, because a restart goes through the same table again.
 *
 * SYSENTER and 32-bit SYSCALL come from __kernel_vsyscall (vdso/vsyscall32.S) and do not know where they were: the
 * way back is always to its `landing`.  Two bytes in front of that stands an int $0x80, which is what a restarted
 * call executes; so all registers, ebp with the sixth argument too, are as int $0x80 wants them.
 */
#include <arch/cpu.h>
#include <arch/elf.h>
#include <base/iov.h>
#include <base/irq.h>
#include <proc/process.h>
#include <proc/signal.h>
#include <syscall/dispatch.h>
#include <vm/space.h>
#include <abi/errno.h>
#include "entry.h"

enum { NR_FIRST_TIME64 = 403 }; /* from here on no call has 32-bit times */

static void call_i386(struct trapframe *tf, struct task *t, u32 nr)
{
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

void trap_int80(struct trapframe *tf)
{
	u32 nr = (u32)tf->ax;

	tf->orig_ax = nr;
	tf->ax = (u64)-ENOSYS;
	arch_irq_enable();
	call_i386(tf, current_task(), nr);
}

void trap_vsyscall(struct trapframe *tf)
{
	struct task *t = current_task();
	u32 nr = (u32)tf->ax, arg6;

	arch_irq_enable();
	tf->ip = t->mm->vdso32 + arch_vdso32.landing;
	tf->ax = (u64)-ENOSYS;
	if (unlikely(!t->mm->vdso32)) { /* the instruction in a 64-bit program: there is no way back */
		tf->ip = 0;
		tf_clear_syscall(tf);
		signal_force(SIGSEGV);
	} else if (get_user(arg6, (const u32 __user *)tf->sp)) {
		tf->ax = (u64)-EFAULT;
		tf_clear_syscall(tf);
	} else {
		tf->bp = arg6;
		call_i386(tf, t, nr);
	}
}

void arch_vdso_moved(uaddr_t from, size_t len, uaddr_t to)
{
	struct vm_space *mm = current_task()->mm;
	struct trapframe *tf = arch_user_frame(thread_current());

	if (likely(!mm->vdso32 || mm->vdso32 - from >= len))
		return;
	if (tf->ip == mm->vdso32 + arch_vdso32.landing)
		tf->ip += to - from;
	mm->vdso32 += to - from;
}
