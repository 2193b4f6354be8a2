/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/setup.c - from boot.S to kernel_main, and the end of the start-up memory
 *
 * Owns:      the order of the CPU's own first steps; the .init sections.
 * Layer:     arch/x86_64.  Calls init/boot.c (kernel_main) by the contract.
 * Locks:     none; one CPU runs.
 * Contexts:  boot; interrupts off.
 * Tests:     every boot.
 *
 * The first steps cannot fail and print nothing: they give C what it takes for granted (GS with per-CPU data,
 * traps that are caught, the loader's words in boot_info).  What can fail is a step of init/boot.c.
 */
#include <arch/boot.h>
#include <arch/pgtable.h>
#include <base/percpu.h>
#include <mem/page.h>
#include <sched/thread.h>
#include "acpi.h"
#include "features.h"
#include "pvh.h"
#include "registers.h"
#include "tables.h"

extern char _percpu_boot[], _init_text[], _init_text_end[], _init_data[], _init_data_end[], _init_bss[],
        _init_bss_end[];

NORETURN void arch_boot_main(u32 start_info);

NORETURN void arch_boot_main(u32 start_info)
{
	percpu_setup(0, _percpu_boot);
	cpu_load_percpu(0);
	arch_set_current(&sched_boot_thread);
	cpu_detect();
	tables_init_boot();
	tables_init_cpu(0);
	cpu_patch_smap();
	cpu_patch_vsyscall();
	cpu_init();
	registers_init();
	pvh_read(start_info);
	kernel_main();
}

void arch_platform_init(void)
{
	acpi_read();
}

static size_t free_range(char *start, char *end)
{
	if (start == end)
		return 0;
	arch_kernel_unmap((unsigned long)start, (unsigned long)(end - start));
	mem_add_range(virt_to_phys(start), virt_to_phys(end));
	return (size_t)(end - start);
}

size_t arch_free_init(void)
{
	return free_range(_init_text, _init_text_end) + free_range(_init_data, _init_data_end) +
	       free_range(_init_bss, _init_bss_end);
}
