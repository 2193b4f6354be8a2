/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/registers.c - the registers as text, for a panic
 *
 * Owns:      nothing.
 * Layer:     arch/x86_64.  Registered as base's panic_show_registers.
 * Locks:     none.
 * Contexts:  a panic, anywhere.
 * Tests:     tests/boot (panic text).
 */
#include <arch/trapframe.h>
#include <base/log.h>
#include <base/panic.h>
#include "msr.h"
#include "registers.h"

static u64 read_cr0(void)
{
	u64 v;

	__asm__ volatile("movq %%cr0, %0" : "=r"(v));
	return v;
}

static void show(const struct trapframe *tf)
{
	log_err("ip %04lx:%016lx sp %04lx:%016lx flags %08lx", tf->cs & 0xffff, tf->ip, tf->ss & 0xffff,
	        tf->sp, tf->flags);
	log_err("ax %016lx bx %016lx cx %016lx dx %016lx", tf->ax, tf->bx, tf->cx, tf->dx);
	log_err("si %016lx di %016lx bp %016lx r8 %016lx", tf->si, tf->di, tf->bp, tf->r8);
	log_err("r9 %016lx 10 %016lx 11 %016lx 12 %016lx", tf->r9, tf->r10, tf->r11, tf->r12);
	log_err("13 %016lx 14 %016lx 15 %016lx", tf->r13, tf->r14, tf->r15);
	log_err("cr0 %lx cr2 %lx cr3 %lx cr4 %lx gs %lx", read_cr0(), read_cr2(), read_cr3(), read_cr4(),
	        rdmsr(MSR_GS_BASE));
}

void registers_init(void)
{
	panic_show_registers = show;
}
