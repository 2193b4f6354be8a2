/* SPDX-License-Identifier: MIT
 * arch/boot.h (x86-64) - the machine's steps of the start-up; init/boot.c calls them in this order, once. */
#pragma once
#include <abi/types.h>

/* Reads the firmware's tables (ACPI) into our own; needs the boot mapping of the first 4 GiB. */
void arch_platform_init(void);
/* Leaves the boot page tables: kernel image W^X, direct map of all RAM.  Before mem_init. */
void arch_memory_init(void);
/* From now on page tables come from page_alloc.  After mem_init. */
void arch_memory_ready(void);
/* FPU areas, interrupt controllers, power registers: what needs kmalloc and kmap_io.  Interrupts stay off. */
void arch_irq_init(void);
/* Gives the memory of .init.* back to the allocator; no INIT_CODE may run afterwards. Returns bytes. */
size_t arch_free_init(void);

/* Called by arch, defined in init/boot.c. */
NORETURN void kernel_main(void);
NORETURN void kernel_secondary_main(unsigned cpu);
