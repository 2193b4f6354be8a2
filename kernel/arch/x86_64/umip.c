/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/umip.c - SGDT, SIDT, SLDT, STR and SMSW in user mode
 *
 * Owns:      the values that programs see.
 * Layer:     arch/x86_64.  Called by trap.c for a general protection fault of a program.
 * Locks:     none: the running thread's own registers and memory.
 * Contexts:  process context, interrupts on; user memory is touched, so it may sleep.
 * Manual:    Intel SDM vol. 1, 3.7.5 (addressing); vol. 2, 2.1-2.2 (encoding); vol. 3, 2.5 CR4.UMIP.
 * Tests:     tests/abi/corners.c
 *
 * Theory
 * ------
 * These instructions tell a program where the kernel's tables are; with CR4.UMIP they fault.  Old programs (Wine's,
 * emulators) run them all the same, so we execute them here with harmless answers.
 *
 *     [prefixes] [REX] 0f 00 /0 SLDT  /1 STR              operand: register, or 2 bytes of memory
 *                      0f 01 /0 SGDT  /1 SIDT  /4 SMSW    memory: limit, base; as SLDT
 */
#include <abi/errno.h>
#include <abi/signal.h>
#include <arch/switch.h>
#include <base/iov.h>
#include <lib/string.h>
#include <proc/signal.h>
#include <vm/space.h>
#include "entry.h"
#include "ldt.h"
#include "segments.h"
#include "tables.h"
#include "umip.h"

enum { INSN_MAX = 15, PF_USER_WRITE = 6, CR0_LIKE_LINUX = -0x7ffaffcd /* 80050033: PG AM WP NE ET MP PE */ };
enum { REX_W = 8, REX_R = 4, REX_X = 2, REX_B = 1 };
#define GDT_BASE_SHOWN 0xfffffffffffe0000UL
#define IDT_BASE_SHOWN 0xffffffffffff0000UL

struct insn {
	u8 byte[INSN_MAX];
	unsigned have, at; /* bytes read, bytes decoded */
	bool wide;         /* 64-bit code */
	u8 rex, modrm, group;
	bool op16;
	int segment; /* 1 FS, 2 GS */
};

static u8 next_byte(struct insn *i)
{
	return i->at < i->have ? i->byte[i->at++] : (i->at = INSN_MAX + 1, 0);
}

static u32 next_displacement(struct insn *i, unsigned size)
{
	u32 v = 0;

	for (unsigned n = 0; n < size; n++)
		v |= (u32)next_byte(i) << 8 * n;
	return size == 1 ? (u32)(s32)(s8)v : v;
}

/* False: a prefix that none of these has. */
static bool decode_prefixes(struct insn *i)
{
	for (;;) {
		u8 b = next_byte(i);

		switch (b) {
		case 0x66:
			i->op16 = true;
			continue;
		case 0x64:
		case 0x65:
			i->segment = b - 0x63;
			continue;
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:
		case 0xf2:
		case 0xf3:
			continue;
		}
		if (i->wide && (b & 0xf0) == 0x40) {
			i->rex = b;
			b = next_byte(i);
		}
		return b == 0x0f;
	}
}

static u64 *reg_of(struct trapframe *tf, unsigned n)
{
	u64 *const regs[16] = {
		&tf->ax, &tf->cx, &tf->dx,  &tf->bx,  &tf->sp,  &tf->bp,  &tf->si,  &tf->di,
		&tf->r8, &tf->r9, &tf->r10, &tf->r11, &tf->r12, &tf->r13, &tf->r14, &tf->r15
	};

	return regs[n];
}

/* The memory operand's address. */
static u64 operand_address(struct insn *i, struct trapframe *tf)
{
	unsigned mod = i->modrm >> 6, rm = i->modrm & 7, size = mod == 1 ? 1 : mod == 2 ? 4 : 0;
	u64 a = 0;

	if (rm == 4) {
		u8 sib = next_byte(i);
		unsigned base = sib & 7, index = (sib >> 3 & 7) | (i->rex & REX_X ? 8 : 0);

		if (base == 5 && mod == 0)
			size = 4;
		else
			a = *reg_of(tf, base | (i->rex & REX_B ? 8 : 0));
		if (index != 4)
			a += *reg_of(tf, index) << (sib >> 6);
	} else if (rm == 5 && mod == 0) {
		size = 4;
		a = i->wide ? tf->ip + i->at + 4 : 0;
	} else {
		a = *reg_of(tf, rm | (i->rex & REX_B ? 8 : 0));
	}
	a += (u64)(s64)(s32)next_displacement(i, size);
	if (i->segment)
		a += segment_base_current(i->segment == 2);
	return i->wide ? a : (u32)a;
}

/* What the instruction stores, and its size; 0 = it is none of ours. */
static unsigned result_of(const struct insn *i, u8 out[10])
{
	unsigned op = i->modrm >> 3 & 7;
	bool to_register = i->modrm >> 6 == 3;
	u64 v;

	if (i->group == 1 && op < 2 && !to_register) {
		u64 base = op ? IDT_BASE_SHOWN : GDT_BASE_SHOWN;

		memset(out, 0, 2); /* limit */
		memcpy(out + 2, &base, sizeof(base));
		return i->wide ? 10 : 6;
	}
	if (i->group == 1 && op == 4)
		v = (u32)CR0_LIKE_LINUX;
	else if (i->group == 0 && op == 0)
		v = thread_task(thread_current())->mm->pt.ldt ? GDT_LDT * 8 : 0;
	else if (i->group == 0 && op == 1)
		v = GDT_TSS * 8;
	else
		return 0;
	memcpy(out, &v, sizeof(v));
	return to_register ? (i->rex & REX_W ? 8 : i->op16 ? 2 : 4) : 2;
}

bool umip_emulate(struct trapframe *tf)
{
	struct insn i = { .wide = tf->cs == USER_CS };
	u8 out[10];

	if (tf->cs != USER_CS && tf->cs != USER32_CS)
		return false;
	while (i.have < INSN_MAX && !get_user(i.byte[i.have], (const u8 __user *)tf->ip + i.have))
		i.have++;
	if (!decode_prefixes(&i))
		return false;
	i.group = next_byte(&i);
	i.modrm = next_byte(&i);
	unsigned size = i.at <= i.have ? result_of(&i, out) : 0;
	if (!size)
		return false;
	if (i.modrm >> 6 == 3) {
		memcpy(reg_of(tf, (i.modrm & 7) | (i.rex & REX_B ? 8 : 0)), out, size);
		tf->ip += i.at;
		return true;
	}
	u64 at = operand_address(&i, tf);
	if (i.at > i.have)
		return false;
	if (copy_to_user((void __user *)at, out, size)) {
		struct thread *t = thread_current();

		t->arch.fault_trapno = TRAP_PF;
		t->arch.fault_err = PF_USER_WRITE;
		t->arch.fault_addr = at;
		signal_fault(SIGSEGV, SEGV_MAPERR, at);
		return true;
	}
	tf->ip += i.at;
	return true;
}
