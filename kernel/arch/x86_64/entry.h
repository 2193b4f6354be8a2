/* SPDX-License-Identifier: MIT
 * arch/x86_64/entry.h - the two sides of entry.S: what it offers to C, and what it calls. */
#pragma once
#include <arch/trapframe.h>

enum trap_vector {
	TRAP_DE = 0,
	TRAP_DB = 1,
	TRAP_NMI = 2,
	TRAP_BP = 3,
	TRAP_OF = 4,
	TRAP_BR = 5,
	TRAP_UD = 6,
	TRAP_NM = 7,
	TRAP_DF = 8,
	TRAP_CSO = 9,
	TRAP_TS = 10,
	TRAP_NP = 11,
	TRAP_SS = 12,
	TRAP_GP = 13,
	TRAP_PF = 14,
	TRAP_MF = 16,
	TRAP_AC = 17,
	TRAP_MC = 18,
	TRAP_XM = 19,
};
/* Interrupt vectors.  0x20..0x2f is where masked PICs could still raise a spurious one. */
enum irq_vector {
	VECTOR_DEVICE = 0x30, /* lines 0..79 */
	VECTOR_INT80 = 0x80,
	VECTOR_DEVICE_HIGH = 0x81, /* lines 80..127 */
	VECTOR_RESCHED = 0xf0,
	VECTOR_CALL = 0xf1,
	VECTOR_TLB = 0xf2,
	VECTOR_TIMER = 0xf4,
	VECTOR_SPURIOUS = 0xff,
};
static inline u8 vector_of_line(unsigned line)
{
	return (u8)(line < 80 ? VECTOR_DEVICE + line : VECTOR_DEVICE_HIGH + (line - 80));
}

/* ---- entry.S ---- */
extern char entry_stubs[]; /* 256 of 16 bytes each */
void entry_syscall(void);
void entry_syscall_compat(void);
void entry_thread(void); /* first return address of a new thread */
void entry_return_user(void);

/* ---- called from entry.S, interrupts off ---- */
void trap_handle(struct trapframe *tf, unsigned vector, unsigned long error);
void trap_page_fault(struct trapframe *tf, unsigned vector, unsigned long error);
void trap_interrupt(struct trapframe *tf, unsigned vector);
void trap_paranoid(struct trapframe *tf, unsigned vector,
                   unsigned long error);               /* NMI, #DF; kernel #DB, #MC */
void entry_sysenter(void), entry_sysenter_flags(void); /* up to there TF may be the user's */
void trap_int80(struct trapframe *tf);                 /* int80.c */
void trap_vsyscall(struct trapframe *tf);              /* SYSENTER, SYSCALL of 32-bit code */
/* entry.S: the IRET to user mode; where a failed one from an alias of espfix.c goes on. */
void entry_return_iret(void), entry_espfix_fault(void);
void trap_bad_return(struct trapframe *tf); /* the frame cannot be returned to: interrupts on */
