/* SPDX-License-Identifier: MIT
 * base/percpu.c - copies of the per-CPU template
 *
 * Owns:      percpu_offset, cpu_count, cpu_online_mask.
 * Layer:     base.
 * Locks:     none: written at boot, before the CPU in question runs.
 * Contexts:  boot.
 *
 * Until percpu_setup(0) the boot CPU runs on the template itself, with an offset of 0.  What it leaves there
 * would be copied to every CPU, so per-CPU caches stay empty until percpu_ready().
 */
#include <base/percpu.h>
#include <base/panic.h>
#include <lib/string.h>

extern char __percpu_start[], __percpu_end[];

unsigned long percpu_offset[NR_CPUS];
unsigned cpu_count = 1;
cpumask_t cpu_online_mask = 1;

size_t percpu_size(void)
{
	return ALIGN_UP((size_t)(__percpu_end - __percpu_start), 64);
}

void percpu_setup(unsigned cpu, void *area)
{
	assert(cpu < NR_CPUS && IS_ALIGNED((unsigned long)area, 64));
	memcpy(area, __percpu_start, (size_t)(__percpu_end - __percpu_start));
	percpu_offset[cpu] = (unsigned long)area - (unsigned long)__percpu_start;
}
