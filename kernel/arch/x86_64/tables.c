/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/tables.c - segments, task state and interrupt gates
 *
 * Owns:      GDT and TSS of each CPU, the one IDT.
 * Layer:     arch/x86_64.
 * Locks:     none: written at the boot of a CPU; rsp[0] by the switch on its own CPU.
 * Contexts:  boot of each CPU, interrupts off.
 * Manual:    Intel SDM vol. 3, 3.4.5 (descriptors), 6.14 (64-bit gates), 7.7 (TSS).
 * Tests:     tests/abi (int N from user mode), ktest trap_int3.
 *
 * Theory
 * ------
 * Selectors are Linux's, since programs can see them.  In long mode only three things about them matter: the
 * L and D bits of code segments, the privilege level, and that SYSCALL/SYSRET want a fixed order.
 *
 * Four exceptions come on stacks of their own (IST), because the stack they hit may be unusable or a user's:
 * #DF, NMI, #DB (MOV SS; SYSCALL delivers it on the user's stack pointer), #MC.  At the top of each of these
 * stacks stands this CPU's arch_cpu pointer, so that the entry code finds GS whatever GS is.
 *
 *      stack + IST_STACK_SIZE  ->  +--------------+
 *                                  | (unused)     |
 *                       ist[] ->   | arch_cpu *   |  first pushed word goes below
 *                                  | ss           |
 *
 * Only int 3, int 4 (INTO's vector) and int 0x80 may be raised by a user's INT; all others are #GP.
 */
#include <arch/cpu.h>
#include <arch/trapframe.h>
#include <base/percpu.h>
#include <base/panic.h>
#include "entry.h"
#include "features.h"
#include "tables.h"

DEFINE_PERCPU(struct cpu_tables, cpu_tables);

struct gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_mid;
	u32 offset_high, reserved;
};
static struct gate idt[256] __attribute__((aligned(4096)));
static char boot_ist_stacks[IST_COUNT * IST_STACK_SIZE] __attribute__((aligned(4096)));

struct table_ptr {
	u16 limit;
	u64 base;
} __attribute__((packed));

static unsigned vector_ist(unsigned vector)
{
	switch (vector) {
	case TRAP_DF:
		return IST_DF;
	case TRAP_NMI:
		return IST_NMI;
	case TRAP_DB:
		return IST_DB;
	case TRAP_MC:
		return IST_MC;
	default:
		return 0;
	}
}

void tables_init_boot(void)
{
	for (unsigned v = 0; v < 256; v++) {
		u64 to = (u64)entry_stubs + 16 * v;
		unsigned dpl = v == TRAP_BP || v == TRAP_OF || v == VECTOR_INT80 ? 3 : 0;

		idt[v] = (struct gate){ .offset_low = (u16)to,
			                .selector = KERNEL_CS,
			                .ist = (u8)vector_ist(v),
			                .type = (u8)(0x8e | dpl << 5), /* present, interrupt gate */
			                .offset_mid = (u16)(to >> 16),
			                .offset_high = (u32)(to >> 32) };
	}
	tables_set_ist(0, boot_ist_stacks);
}

void tables_set_ist(unsigned cpu, void *stacks)
{
	struct tss *tss = &percpu_ptr(cpu_tables, cpu)->tss;

	for (unsigned i = 0; i < IST_COUNT; i++) {
		u64 *top = (u64 *)((char *)stacks + (i + 1) * IST_STACK_SIZE) - 2;

		top[0] = (u64)percpu_ptr(arch_cpu_area, cpu);
		tss->ist[i] = (u64)top;
	}
}

static void fill_gdt(struct cpu_tables *t, unsigned cpu)
{
	u64 base = (u64)&t->tss;

	t->gdt[1] = 0x00cf9b000000ffff;             /* 0x08 kernel 32-bit code, unused */
	t->gdt[KERNEL_CS / 8] = 0x00af9b000000ffff; /* 64-bit code */
	t->gdt[KERNEL_DS / 8] = 0x00cf93000000ffff;
	t->gdt[USER32_CS / 8] = 0x00cffb000000ffff;
	t->gdt[USER_DS / 8] = 0x00cff3000000ffff;
	t->gdt[USER_CS / 8] = 0x00affb000000ffff;
	t->gdt[GDT_TSS] =
	        (sizeof(struct tss) - 1) | (base & 0xffffff) << 16 | 0x89UL << 40 | (base >> 24 & 0xff) << 56;
	t->gdt[GDT_TSS + 1] = base >> 32;
	t->gdt[GDT_CPU] = 0x0040f50000000000 | cpu; /* LSL gives the CPU number (getcpu without a call) */
}

void tables_init_cpu(unsigned cpu)
{
	struct cpu_tables *t = percpu_ptr(cpu_tables, cpu);
	struct table_ptr gdtr = { sizeof(t->gdt) - 1, (u64)t->gdt };
	struct table_ptr idtr = { sizeof(idt) - 1, (u64)idt };

	assert(cpu == arch_cpu_id());
	fill_gdt(t, cpu);
	t->tss.iomap_base = sizeof(struct tss); /* beyond the limit: no ports for user mode */
	__asm__ volatile("lgdt %0\n\t"
	                 "pushq %1\n\t"
	                 "leaq 1f(%%rip), %%rax\n\t"
	                 "pushq %%rax\n\t"
	                 "lretq\n"
	                 "1:\tltr %w2\n\t"
	                 "lldt %w4\n\t" /* at reset there is one, at address 0 */
	                 "lidt %3"
	                 :
	                 : "m"(gdtr), "i"(KERNEL_CS), "r"(GDT_TSS * 8), "m"(idtr), "r"(0)
	                 : "rax", "memory");
}
