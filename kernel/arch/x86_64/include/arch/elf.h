/* SPDX-License-Identifier: MIT
 * arch/elf.h (x86-64) - what exec must know of the CPU. */
#pragma once
#include <abi/types.h>
#define ARCH_ELF_MACHINE   62 /* EM_X86_64 */
#define ARCH_ELF_MACHINE32 3  /* EM_386; its files are ELF32 */
#define ARCH_PLATFORM32    "i686"
#define ARCH_ET_DYN_BASE32 0x56555000UL
/* Code that calls sigreturn and rt_sigreturn, for handlers that name no restorer; ARCH_SIGRETURN_SIZE bytes. */
extern const u8 arch_sigreturn_code[];
enum { ARCH_SIGRETURN_SIZE = 16, ARCH_RT_SIGRETURN_AT = 8 };
#define ARCH_USER_TOP32  0xffffe000UL
#define ARCH_PLATFORM    "x86_64"
#define ARCH_ET_DYN_BASE 0x555555554000UL
unsigned long arch_elf_hwcap(void);  /* AT_HWCAP: CPUID 1 edx */
unsigned long arch_elf_hwcap2(void); /* AT_HWCAP2 */
/* The vDSO: whole pages of the kernel image, to be mapped one page above the clock page (base/clock_page.h). */
extern const char arch_vdso_start[], arch_vdso_end[];
/* AT_MINSIGSTKSZ: bytes of stack the largest signal frame takes. */
unsigned long arch_signal_frame_size(void);
