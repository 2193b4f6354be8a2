/* SPDX-License-Identifier: MIT
 * arch/x86_64/lapic.h - the local interrupt controller of each CPU (xAPIC or x2APIC). */
#pragma once
#include <abi/types.h>

enum lapic_reg {
	LAPIC_ID = 0x20,
	LAPIC_TPR = 0x80,
	LAPIC_EOI = 0xb0,
	LAPIC_SVR = 0xf0,
	LAPIC_ICR = 0x300,
	LAPIC_ICR_HIGH = 0x310,
	LAPIC_LVT_TIMER = 0x320,
	LAPIC_LVT_LINT0 = 0x350,
	LAPIC_LVT_LINT1 = 0x360,
	LAPIC_LVT_ERROR = 0x370,
	LAPIC_TIMER_INITIAL = 0x380,
	LAPIC_TIMER_CURRENT = 0x390,
	LAPIC_TIMER_DIVIDE = 0x3e0,
};
enum { LVT_MASKED = 1 << 16, LVT_TSC_DEADLINE = 2 << 17 };
enum lapic_delivery {
	ICR_FIXED = 0,
	ICR_NMI = 4 << 8,
	ICR_INIT = 5 << 8,
	ICR_STARTUP = 6 << 8,
	ICR_ASSERT = 1 << 14
};

/* Maps the registers; boot CPU, after mem_init. */
void lapic_init_boot(void);
/* Turns the controller of the running CPU on, timer masked. */
void lapic_init_cpu(void);
u32 lapic_read(enum lapic_reg reg);
void lapic_write(enum lapic_reg reg, u32 v);
void lapic_eoi(void);
/* APIC id of the running CPU, from the hardware. */
u32 lapic_id(void);
/* Sends an interprocessor interrupt; `how` is a delivery mode | vector.  Any context. */
void lapic_send(u32 apic_id, u32 how);
