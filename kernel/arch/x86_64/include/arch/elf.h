/* SPDX-License-Identifier: MIT
 * arch/elf.h (x86-64) - what exec must know of the CPU. */
#pragma once
#include <abi/types.h>
#define ARCH_ELF_MACHINE 62 /* EM_X86_64 */
#define ARCH_PLATFORM    "x86_64"
#define ARCH_ET_DYN_BASE 0x555555554000UL
unsigned long arch_elf_hwcap(void);  /* AT_HWCAP: CPUID 1 edx */
unsigned long arch_elf_hwcap2(void); /* AT_HWCAP2 */
/* The vDSO: whole pages of the kernel image, to be mapped one page above the clock page (base/clock_page.h). */
extern const char arch_vdso_start[], arch_vdso_end[];
/* AT_MINSIGSTKSZ: bytes of stack the largest signal frame takes. */
unsigned long arch_signal_frame_size(void);
