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
 *
 * SYNC_CORE is for who has written code: another CPU may have fetched the old instructions already, and must fetch anew.
 * Every CPU is told, for a thread that runs next on one may have been elsewhere when the barrier passed.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <abi/futex.h>
#include <arch/cpu.h>
#include <base/irq.h>

enum {
	SUPPORTED = MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED |
	            MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED |
	            MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ |
	            MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ |
	            MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE |
	            MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE | MEMBARRIER_CMD_GET_REGISTRATIONS,
};

static void barrier_here(void *unused)
{
	memory_barrier();
}

/* The thread of this address space that runs here starts its restartable sequence again, if it is in one. */
static void restart_here(void *space)
{
	struct thread *t = thread_current();

	memory_barrier();
	if (thread_task(t)->mm == space)
		thread_set_flag(t, TF_NOTIFY); /* on the way back to the program: rseq_update() */
}

static void refetch_here(void *unused)
{
	memory_barrier();
	arch_sync_core();
}

static long registered_call(struct vm_space *s, u32 registration, void (*fn)(void *), cpumask_t mask)
{
	if (!(atomic_load(&s->membarrier) & registration))
		return -EPERM;
	cpu_call((atomic_load(&s->cpus) | BIT(cpu_id())) & mask, fn, s);
	return 0;
}

static long do_membarrier(struct vm_space *s, int cmd, cpumask_t mask)
{
	switch (cmd) {
	case MEMBARRIER_CMD_QUERY:
		return SUPPORTED;
	case MEMBARRIER_CMD_GLOBAL:
	case MEMBARRIER_CMD_GLOBAL_EXPEDITED: /* all are served alike, registered or not */
		cpu_call(~(cpumask_t)0, barrier_here, NULL);
		return 0;
	case MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED:
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ:
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
		atomic_or(&s->membarrier, (u32)cmd);
		return 0;
	case MEMBARRIER_CMD_GET_REGISTRATIONS:
		return atomic_load(&s->membarrier);
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
		return registered_call(s, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, barrier_here, mask);
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ:
		return registered_call(s, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ, restart_here, mask);
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
		if (!(atomic_load(&s->membarrier) & MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE))
			return -EPERM;
		cpu_call(~(cpumask_t)0, refetch_here, NULL);
		return 0;
	default:
		return -EINVAL;
	}
}

long sys_membarrier(int cmd, unsigned flags, int cpu)
{
	cpumask_t mask = ~(cpumask_t)0;

	if (flags && (cmd != MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ || flags != MEMBARRIER_CMD_FLAG_CPU))
		return -EINVAL;
	if (flags && cpu >= 0)
		mask = (unsigned)cpu < 8 * sizeof(mask) ? BIT(cpu) : 0;
	return do_membarrier(current_task()->mm, cmd, mask);
}
