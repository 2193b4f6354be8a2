/* SPDX-License-Identifier: MIT
 * arch/smp.h (x86-64) - the other CPUs. */
#pragma once
#include <abi/types.h>

struct thread;
enum arch_ipi { IPI_RESCHED, IPI_CALL, IPI_TLB, IPI_STOP };
void arch_ipi_send(cpumask_t cpus, enum arch_ipi ipi);
/* Finds the CPUs (MADT, fw_cfg): sets cpu_count, at most `max`. */
void arch_smp_detect(unsigned max);
/* Starts CPU `cpu` with the given idle thread; returns when it is online.  0 or -EIO (it did not answer). */
MUST_CHECK int arch_smp_start(unsigned cpu, struct thread *idle);
