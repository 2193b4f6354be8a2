/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_membarrier.c - membarrier(2)
 *
 * Owns:      nothing; vm_space.membarrier remembers who registered.
 * Layer:     syscall.  Uses base (cpu_call), vm.
 * Locks:     none.
 * Contexts:  process context of a user task; waits for other CPUs.
 * Manual:    membarrier(2).
 * Tests:     tests/abi/futex.c
 *
 * A barrier on another CPU is an interrupt there: whatever its thread did before is visible to us when we return,
 * and it sees afterwards what we did before.  A CPU whose thread belongs to somebody else has passed a barrier when
 * it switched, and will pass one when it switches back.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <abi/futex.h>
#include <base/irq.h>

enum {
	SUPPORTED = MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED |
	            MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED |
	            MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED,
};

static void barrier_here(void *unused)
{
	memory_barrier();
}

long sys_membarrier(int cmd, unsigned flags, int cpu)
{
	struct vm_space *s = current_task()->mm;

	if (flags)
		return -EINVAL;
	switch (cmd) {
	case MEMBARRIER_CMD_QUERY:
		return SUPPORTED;
	case MEMBARRIER_CMD_GLOBAL:
	case MEMBARRIER_CMD_GLOBAL_EXPEDITED:
		cpu_call(~(cpumask_t)0, barrier_here, NULL);
		return 0;
	case MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED:
		return 0; /* all are served alike */
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
		atomic_store(&s->membarrier, true);
		return 0;
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
		if (!atomic_load(&s->membarrier))
			return -EPERM;
		cpu_call(atomic_load(&s->cpus) | BIT(cpu_id()), barrier_here, NULL);
		return 0;
	default:
		return -EINVAL;
	}
}
