/* SPDX-License-Identifier: MIT
 * arch/elf.h (x86-64) - what exec must know of the CPU. */
#pragma once
#include <abi/types.h>
#define ARCH_ELF_MACHINE   62 /* EM_X86_64 */
#define ARCH_ELF_MACHINE32 3  /* EM_386; its files are ELF32 */
#define ARCH_PLATFORM32    "i686"
#define ARCH_ET_DYN_BASE32 0x56555000UL
#define ARCH_USER_TOP32    0xffffe000UL
#define ARCH_PLATFORM      "x86_64"
#define ARCH_ET_DYN_BASE   0x555555554000UL
unsigned long arch_elf_hwcap(void);  /* AT_HWCAP: CPUID 1 edx */
unsigned long arch_elf_hwcap2(void); /* AT_HWCAP2 */
/* The vDSOs, of 64-bit and of 32-bit programs: whole pages of the kernel image, to be mapped one page above the
 * clock page (base/clock_page.h). */
extern const char arch_vdso_start[], arch_vdso_end[], arch_vdso32_start[], arch_vdso32_end[];
/* What the kernel must know of the second: offsets from its start. */
extern const struct vdso32_symbols {
	u32 vsyscall, enter,
	        landing; /* AT_SYSINFO; the 4 bytes the CPU decides on; where all ways in come back */
	u32 sigreturn, rt_sigreturn;
} arch_vdso32;
/* The running 32-bit program has moved pages [from, from + len) by mremap(2): if its vDSO was among them, the kernel uses
 * the new place, and so does a call that came through it. */
void arch_vdso_moved(uaddr_t from, size_t len, uaddr_t to);
/* AT_MINSIGSTKSZ: bytes of stack the largest signal frame takes. */
unsigned long arch_signal_frame_size(void);
