/* SPDX-License-Identifier: MIT
 *
 * init/cpus.c - starting the other CPUs
 *
 * Owns:      nothing; the CPUs belong to sched once they run.
 * Layer:     init.
 * Locks:     none; one at a time.
 * Contexts:  the boot thread.
 * Tests:     tests/boot with 1, 2 and 4 CPUs.
 */
#include <arch/smp.h>
#include <base/log.h>
#include <base/percpu.h>
#include <sched/thread.h>
#include "init.h"

void boot_start_cpus(void)
{
	unsigned running = 1;

	for (unsigned cpu = 1; cpu < cpu_count; cpu++) {
		struct thread *idle = sched_idle_create(cpu);

		if (!idle) {
			log_err("CPU %u: no memory to start it", cpu);
			break;
		}
		/* Its idle thread stays: the CPU might come to life late. */
		if (arch_smp_start(cpu, idle))
			log_err("CPU %u does not answer", cpu);
		else
			running++;
	}
	log_info("%u of %u CPUs run", running, cpu_count);
}
