/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/espfix.c - the way back to a stack segment of 16 bits
 *
 * Owns:      the page of return frames, and its aliases at ESPFIX_BASE.
 * Layer:     arch/x86_64.  Used by entry.S (return_ldt), mmu.c, and trap.c when IRET from there fails.
 * Locks:     none: each CPU has a frame of its own, used with interrupts off.
 * Contexts:  boot; the double fault of a failing IRET, on its own stack.
 * Manual:    Intel SDM vol. 2 IRET; vol. 3, 3.4.5 (D/B flag).
 * Tests:     tests/i386/corners.c
 *
 * Theory
 * ------
 * With a 16-bit stack segment IRET restores only the low half of esp; bits 16-31 stay those of the kernel's stack
 * pointer.  That breaks the program, and tells it about the kernel.  So such an IRET pops its frame from an alias of
 * one page whose address has just the wanted bits:
 *
 *     ESPFIX_BASE | wanted bits 16-31 | CPU * 64 | position in the frame     65536 aliases, 64 KiB apart, read-only
 *
 * All aliases are one page, by one leaf table, one table above it and one above that, each entry the same.  If the
 * IRET faults, the exception's own frame cannot be pushed there, which is a double fault; it becomes the program's
 * general protection fault.
 */
#include <arch/cpu.h>
#include <arch/pgtable.h>
#include <arch/switch.h>
#include <lib/string.h>
#include <sched/thread.h>
#include "asm.h"
#include "entry.h"
#include "espfix.h"

enum { PAGES_APART = 16, GIGABYTES = 4 };

struct espfix_frame {
	u64 ax, ip, cs, flags, sp, ss; /* what entry.S writes: the last five are IRET's */
	u64 unused[2];
};
_Static_assert(sizeof(struct espfix_frame) == 1 << ESPFIX_SHIFT, "ESPFIX_SHIFT");

struct espfix_frame espfix_frames[NR_CPUS] __attribute__((aligned(4096)));
_Static_assert(sizeof(espfix_frames) == PAGE_SIZE, "one page");
static u64 leaf[PT_ENTRIES] __attribute__((aligned(4096)));
static u64 middle[PT_ENTRIES] __attribute__((aligned(4096)));
static u64 upper[PT_ENTRIES] __attribute__((aligned(4096)));

u64 espfix_root_entry(void)
{
	const u64 table = PTE_P | PTE_W | PTE_A;

	for (unsigned i = 0; i < PT_ENTRIES; i += PAGES_APART)
		leaf[i] = virt_to_phys(espfix_frames) | PTE_P | PTE_A | arch_pte_nx;
	for (unsigned i = 0; i < PT_ENTRIES; i++)
		middle[i] = virt_to_phys(leaf) | table;
	for (unsigned i = 0; i < GIGABYTES; i++)
		upper[i] = virt_to_phys(middle) | table;
	return virt_to_phys(upper) | table;
}

bool espfix_double_fault(struct trapframe *tf)
{
	if (tf->ip != (u64)entry_return_iret || tf->sp - ESPFIX_BASE >= (u64)GIGABYTES << 30)
		return false;
	const struct espfix_frame *f = &espfix_frames[arch_cpu_id()];
	struct trapframe *user = arch_user_frame(thread_current());

	*user = *tf;
	user->orig_ax = (u64)-1;
	user->ip = f->ip;
	user->cs = f->cs;
	user->flags = f->flags;
	user->sp = f->sp;
	user->ss = f->ss;
	tf->ip = (u64)entry_espfix_fault;
	tf->sp = (u64)user;
	return true;
}
