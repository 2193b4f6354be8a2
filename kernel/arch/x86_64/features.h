/* SPDX-License-Identifier: MIT
 * arch/x86_64/features.h - what this CPU can do, found once by CPUID, and the set-up of each CPU. */
#pragma once
#include <abi/types.h>
#include <arch/cpu.h>

struct cpu_features {
	bool nx, gbpages, pge, fsgsbase, smep, smap, umip, xsave, xsaveopt, x2apic, tsc_deadline, rdrand,
	        rdseed, hypervisor;
	u32 max_leaf, max_ext, max_hyp;
};
extern struct cpu_features cpu_features;
extern struct arch_cpu arch_cpu_area; /* per-CPU; first in the area, GS points to it */
/* Fills cpu_features. Boot CPU, before anything else. */
void cpu_detect(void);
/* Control registers, system-call registers and FPU of the running CPU. */
void cpu_init(void);
/* Writes the SMAP instructions over the no-ops of the user copies, if the CPU has them; text still writable.
 */
void cpu_patch_smap(void);
/* Writes the CPU's fast system-call instruction into the 32-bit vDSO; at the same time. */
void cpu_patch_vsyscall(void);
/* The GS base of the running CPU := its per-CPU area. */
void cpu_load_percpu(unsigned cpu);

#define STAC                                                                                                 \
	"771: .byte 0x0f, 0x1f, 0x00\n.pushsection .smap_patch, \"a\"\n.long 771b - .\n.byte "               \
	"0xcb\n.popsection\n"
#define CLAC                                                                                                 \
	"771: .byte 0x0f, 0x1f, 0x00\n.pushsection .smap_patch, \"a\"\n.long 771b - .\n.byte "               \
	"0xca\n.popsection\n"
