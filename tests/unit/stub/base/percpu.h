/* SPDX-License-Identifier: MIT
 * stub/base/percpu.h - one CPU: a per-CPU variable is a variable. */
#pragma once
#include <abi/types.h>
#include <arch/cpu.h>

#define DEFINE_PERCPU(type, name)  type name
#define DECLARE_PERCPU(type, name) extern type name
#define percpu_ptr(name, cpu)      (&(name))
#define this_cpu_ptr(name)         (&(name))
#define this_cpu(name)             (name)
extern unsigned long percpu_offset[NR_CPUS];
extern unsigned cpu_count;
extern cpumask_t cpu_online_mask;
static inline unsigned cpu_id(void)
{
	return 0;
}
static inline bool percpu_ready(void)
{
	return true;
}
