/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/cpu.c - what the CPU can do, and the control registers that follow from it
 *
 * Owns:      cpu_features; CR0, CR4, EFER and the system-call registers of every CPU.
 * Layer:     arch/x86_64.
 * Locks:     none: written by the boot CPU before the others start.
 * Contexts:  boot of each CPU, interrupts off.
 * Manual:    Intel SDM vol. 2 CPUID, vol. 3 chapter 2.5 (control registers), 5.8.8 (SYSCALL).
 * Tests:     tests/boot with -cpu qemu64 and -cpu max.
 */
#include <arch/elf.h>
#include <arch/trapframe.h>
#include <arch/pgtable.h>
#include <base/percpu.h>
#include <lib/string.h>
#include "entry.h"
#include "features.h"
#include "msr.h"
#include "fpu.h"

/* The first four letters of GenuineIntel, AuthenticAMD, HygonGenuine. */
enum { MAKER_INTEL = 0x756e6547, MAKER_AMD = 0x68747541, MAKER_HYGON = 0x6f677948 };

struct cpu_features cpu_features;
u64 arch_pte_nx;

/* First in each per-CPU area, so that GS points to it. */
__attribute__((section(".percpu.first"), used)) struct arch_cpu arch_cpu_area;

void cpu_load_percpu(unsigned cpu)
{
	struct arch_cpu *c = percpu_ptr(arch_cpu_area, cpu);

	c->percpu_offset = percpu_offset[cpu];
	c->id = cpu;
	wrmsr(MSR_GS_BASE, (u64)c);
	wrmsr(MSR_KERNEL_GS_BASE, 0);
	wrmsr(MSR_FS_BASE, 0);
}

void cpu_detect(void)
{
	struct cpu_features *f = &cpu_features;
	struct cpuid l1 = cpuid(1, 0);

	f->max_leaf = cpuid(0, 0).a;
	f->max_ext = cpuid(0x80000000, 0).a;
	f->pge = l1.d & BIT(13);
	f->xsave = l1.c & BIT(26);
	f->x2apic = l1.c & BIT(21);
	f->tsc_deadline = l1.c & BIT(24);
	f->rdrand = l1.c & BIT(30);
	f->hypervisor = l1.c & BIT(31);
	if (f->hypervisor)
		f->max_hyp = cpuid(0x40000000, 0).a;
	if (f->max_leaf >= 7) {
		struct cpuid l7 = cpuid(7, 0);

		f->fsgsbase = l7.b & BIT(0);
		f->smep = l7.b & BIT(7);
		f->rdseed = l7.b & BIT(18);
		f->smap = l7.b & BIT(20);
		f->umip = l7.c & BIT(2);
	}
	if (f->xsave && f->max_leaf >= 0xd)
		f->xsaveopt = cpuid(0xd, 1).a & BIT(0);
	else
		f->xsave = false;
	if (f->max_ext >= 0x80000001) {
		u32 d = cpuid(0x80000001, 0).d;

		f->nx = d & BIT(20);
		f->gbpages = d & BIT(26);
	}
	arch_pte_nx = f->nx ? PTE_NX : 0;
}

static void init_syscall(void)
{
	/* SYSCALL loads CS = 0x10, SS = 0x18; SYSRET loads CS = 0x23 + 16, SS = 0x23 + 8. */
	wrmsr(MSR_STAR, (u64)USER32_CS << 48 | (u64)KERNEL_CS << 32);
	wrmsr(MSR_LSTAR, (u64)entry_syscall);
	wrmsr(MSR_CSTAR, (u64)entry_syscall_compat);
	/* Cleared on entry: CF..OF are harmless; TF IF DF IOPL NT AC ID are not. */
	wrmsr(MSR_FMASK, 0x257fd5);
	/* Meant for 32-bit code; its first instructions load the stack pointer. */
	wrmsr(MSR_SYSENTER_CS, KERNEL_CS);
	wrmsr(MSR_SYSENTER_ESP, 0);
	wrmsr(MSR_SYSENTER_EIP, (u64)entry_sysenter);
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE | (cpu_features.nx ? EFER_NXE : 0));
}

void cpu_init(void)
{
	const struct cpu_features *f = &cpu_features;
	u64 cr4 = CR4_PAE | CR4_DE | CR4_OSFXSR | CR4_OSXMMEXCPT | (read_cr4() & CR4_MCE);

	cr4 |= (f->pge ? CR4_PGE : 0) | (f->fsgsbase ? CR4_FSGSBASE : 0) | (f->smep ? CR4_SMEP : 0) |
	       (f->smap ? CR4_SMAP : 0) | (f->umip ? CR4_UMIP : 0) | (f->xsave ? CR4_OSXSAVE : 0);
	write_cr4(cr4);
	init_syscall();
	fpu_init();
}

/* In long mode Intel's CPUs have SYSENTER in 32-bit code, AMD's have SYSCALL. */
void cpu_patch_vsyscall(void)
{
	static const u8 sysenter[4] = { 0x89, 0xe5, 0x0f, 0x34 }; /* mov %esp, %ebp; sysenter */
	static const u8 syscall[4] = { 0x89, 0xcd, 0x0f, 0x05 };  /* mov %ecx, %ebp; syscall */
	u32 maker = cpuid(0, 0).b;
	u8 *at = (u8 *)arch_vdso32_start + arch_vdso32.enter;

	if (maker == MAKER_INTEL && (cpuid(1, 0).d & BIT(11)))
		memcpy(at, sysenter, sizeof(sysenter));
	else if (maker == MAKER_AMD || maker == MAKER_HYGON)
		memcpy(at, syscall, sizeof(syscall));
}

extern struct smap_site {
	s32 offset;
	u8 modrm;
} __attribute__((packed)) _smap_patch[], _smap_patch_end[];

void cpu_patch_smap(void)
{
	if (!cpu_features.smap)
		return;
	for (struct smap_site *s = _smap_patch; s < _smap_patch_end; s++) {
		u8 *insn = (u8 *)&s->offset + s->offset;

		insn[0] = 0x0f;
		insn[1] = 0x01;
		insn[2] = s->modrm; /* CA: CLAC, CB: STAC */
	}
}
