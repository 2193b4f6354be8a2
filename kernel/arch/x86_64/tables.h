/* SPDX-License-Identifier: MIT
 * arch/x86_64/tables.h - GDT, TSS, IDT. */
#pragma once
#include <abi/types.h>
#include <base/percpu.h>

struct tss {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7]; /* IST n is ist[n - 1] */
	u64 reserved2;
	u16 reserved3, iomap_base;
} __attribute__((packed));
enum tss_ist { IST_DF = 1, IST_NMI, IST_DB, IST_MC, IST_COUNT = 4 };
#ifdef CONFIG_KASAN
enum { IST_STACK_SIZE = 16384 };
#else
enum { IST_STACK_SIZE = 8192 };
#endif
enum { GDT_ENTRIES = 16 };

struct cpu_tables {
	u64 gdt[GDT_ENTRIES] __attribute__((aligned(64)));
	struct tss tss;
};
enum {
	GDT_TSS = 8,
	GDT_LDT = 10,
	GDT_TLS = 12,
	GDT_TLS_COUNT = 3,
	GDT_CPU = 15
}; /* indexes; TLS is for the i386 ABI */
DECLARE_PERCPU(struct cpu_tables, cpu_tables);

void tables_init_boot(void); /* the IDT; the IST stacks of CPU 0 */
/* Gives CPU `cpu` its IST stacks (IST_COUNT * IST_STACK_SIZE bytes); before tables_init_cpu on it. */
void tables_set_ist(unsigned cpu, void *stacks);
/* Loads GDT, TSS and IDT on the running CPU, whose number is cpu. */
void tables_init_cpu(unsigned cpu);
