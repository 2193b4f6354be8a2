/* SPDX-License-Identifier: MIT
 * arch/irq.h (x86-64) - the interrupt controllers behind base/irq.c: IOAPICs by GSI. */
#pragma once
#include <abi/types.h>
enum irq_trigger { IRQ_EDGE_HIGH, IRQ_LEVEL_LOW, IRQ_LEVEL_HIGH };
MUST_CHECK int arch_irq_unmask(unsigned line, enum irq_trigger trigger); /* 0 or -EINVAL: no such line */
void arch_irq_mask(unsigned line);
void arch_irq_set_affinity(unsigned line, cpumask_t cpus);
/* Messages (MSI-X): lines from IRQ_MSI_FIRST on belong to no controller; a device that writes `data` to `addr` raises
 * such a line on the boot CPU. */
enum { IRQ_MSI_FIRST = 64, IRQ_MSI_LINES = 64 };
void arch_irq_message(unsigned line, u64 *addr, u32 *data);
/* Translates a legacy ISA line through the MADT's overrides. */
unsigned arch_irq_isa(unsigned isa_line);
