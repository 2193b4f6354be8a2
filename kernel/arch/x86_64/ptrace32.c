/* SPDX-License-Identifier: MIT
 * arch/x86_64/ptrace32.c - ptrace(2) of the i386 ABI: the registers of a stopped thread in 32 bits
 *
 * Owns:      the layout of i386's struct user_regs_struct, user_i387_struct and struct user.
 * Layer:     arch/x86_64.  Called by ptrace.c: for a 32-bit tracer, and for the register sets of a 32-bit tracee.
 * Locks:     none: the thread is stopped and held (proc/ptrace_control.c), its registers are in memory.
 * Contexts:  process context of the tracer; copies with the user sleep.
 * Manual:    ptrace(2), <sys/user.h>; Intel SDM vol. 1, 8.1.10 (FSAVE), 10.5.1 (FXSAVE).
 * Tests:     tests/i386/ptrace.c
 *
 * Theory
 * ------
 *     0 bx cx dx si di bp ax | ds es fs gs | orig_ax ip cs flags sp ss | 68 ... | 252 debug registers | 284
 *
 * FSAVE's x87 registers are 10 bytes each and carry a tag of two bits: valid, zero, special, empty; FXSAVE keeps
 * only whether a register is empty, and 16 bytes each.
 */
#include <abi/errno.h>
#include <abi/ptrace.h>
#include <arch/switch.h>
#include <base/iov.h>
#include <lib/string.h>
#include <mem/slab.h>
#include "debugreg.h"
#include "fpu.h"
#include "ptrace32.h"
#include "segments.h"

enum { REGS32 = 17, USER32_SIZE = 284, USER32_DEBUGREG = 252 };
enum { R_AX = 6, R_DS = 7, R_GS = 10, R_ORIG_AX = 11, R_IP, R_CS, R_FLAGS, R_SP, R_SS };
enum { FX_REGS = 32, FX_REG_SIZE = 16, FSAVE_REGS = 28, FSAVE_REG_SIZE = 10, X87_REGS = 8 };
enum { TAG_VALID, TAG_ZERO, TAG_SPECIAL, TAG_EMPTY };
#define FLAGS_TF 0x100UL

/* ---- general registers ---- */

static u64 *frame_reg(const struct thread *t, unsigned i)
{
	struct trapframe *tf = arch_user_frame(t);
	u64 *const regs[REGS32] = { &tf->bx, &tf->cx, &tf->dx,    &tf->si, &tf->di, &tf->bp,
		                    &tf->ax, NULL,    NULL,       NULL,    NULL,    &tf->orig_ax,
		                    &tf->ip, &tf->cs, &tf->flags, &tf->sp, &tf->ss };

	return regs[i];
}

static u32 reg_get(const struct thread *t, unsigned i)
{
	if (i >= R_DS && i <= R_GS)
		return (u16)(t->arch.selectors >> 16 * (i - R_DS));
	u32 v = (u32)*frame_reg(t, i);
	return i == R_FLAGS && t->arch.step_forced ? v & ~(u32)FLAGS_TF : v;
}

static int reg_set(struct thread *t, unsigned i, u32 value)
{
	switch (i) {
	case R_DS ... R_GS:
		return ptrace_selector_set(t, 16 * (i - R_DS), (u16)value);
	case R_CS:
	case R_SS:
		if ((value & 3) != 3)
			return -EIO;
		*frame_reg(t, i) = (u16)value; /* what the CPU refuses, IRET finds out */
		return 0;
	case R_FLAGS:
		ptrace_flags_set(t, value);
		return 0;
	case R_AX:      /* -ERESTARTSYS stays a negative number */
	case R_ORIG_AX: /* -1: no system call to restart */
		*frame_reg(t, i) = (u64)(s64)(s32)value;
		return 0;
	default:
		*frame_reg(t, i) = value;
		return 0;
	}
}

long ptrace32_regs_read(const struct thread *t, void __user *to, size_t len)
{
	u32 regs[REGS32];

	for (unsigned i = 0; i < REGS32; i++)
		regs[i] = reg_get(t, i);
	return copy_to_user(to, regs, MIN(len, sizeof(regs)));
}

long ptrace32_regs_write(struct thread *t, const void __user *from, size_t len)
{
	size_t n = MIN(len, (size_t)REGS32_SIZE);
	u32 regs[REGS32];
	int err = copy_from_user(regs, from, n);

	for (unsigned i = 0; !err && i < n / sizeof(u32); i++)
		err = reg_set(t, i, regs[i]);
	return err;
}

/* ---- x87 as FSAVE stores it ---- */

static unsigned tag_of(const u8 *reg)
{
	u16 exponent;
	u64 mantissa;

	memcpy(&mantissa, reg, sizeof(mantissa));
	memcpy(&exponent, reg + 8, sizeof(exponent));
	exponent &= 0x7fff;
	if (exponent == 0x7fff)
		return TAG_SPECIAL;
	if (!exponent)
		return mantissa ? TAG_SPECIAL : TAG_ZERO;
	return mantissa >> 63 ? TAG_VALID : TAG_SPECIAL;
}

static void fsave_make(u8 out[FSAVE32_SIZE], const u8 *fx)
{
	u32 head[7] = { 0xffff0000, 0xffff0000, 0xffff0000 };
	u16 cw, sw, opcode, tags = 0;
	unsigned top;

	memcpy(&cw, fx, sizeof(cw));
	memcpy(&sw, fx + 2, sizeof(sw));
	memcpy(&opcode, fx + 6, sizeof(opcode));
	top = sw >> 11 & 7;
	for (unsigned i = 0; i < X87_REGS; i++) { /* fx[4] counts physical registers, the areas are st(0).. */
		const u8 *reg = fx + FX_REGS + ((i - top) & 7) * FX_REG_SIZE;

		tags |= (u16)((fx[4] >> i & 1 ? tag_of(reg) : TAG_EMPTY) << 2 * i);
	}
	head[0] |= cw;
	head[1] |= sw;
	head[2] |= tags;
	memcpy(&head[3], fx + 8, sizeof(u32)); /* instruction */
	head[4] = USER32_CS | (u32)opcode << 16;
	memcpy(&head[5], fx + 16, sizeof(u32)); /* operand */
	head[6] = 0xffff0000 | USER_DS;
	memcpy(out, head, sizeof(head));
	for (unsigned i = 0; i < X87_REGS; i++)
		memcpy(out + FSAVE_REGS + i * FSAVE_REG_SIZE, fx + FX_REGS + i * FX_REG_SIZE, FSAVE_REG_SIZE);
}

static void fsave_take(u8 *fx, const u8 in[FSAVE32_SIZE])
{
	u16 tags;

	memcpy(fx, in, sizeof(u16));
	memcpy(fx + 2, in + 4, sizeof(u16));
	memcpy(&tags, in + 8, sizeof(tags));
	fx[4] = 0;
	for (unsigned i = 0; i < X87_REGS; i++)
		if ((tags >> 2 * i & 3) != TAG_EMPTY)
			fx[4] |= (u8)(1 << i);
	memcpy(fx + 6, in + 18, sizeof(u16)); /* opcode */
	memset(fx + 8, 0, 16);
	memcpy(fx + 8, in + 12, sizeof(u32));
	memcpy(fx + 16, in + 20, sizeof(u32));
	for (unsigned i = 0; i < X87_REGS; i++)
		memcpy(fx + FX_REGS + i * FX_REG_SIZE, in + FSAVE_REGS + i * FSAVE_REG_SIZE, FSAVE_REG_SIZE);
}

void *ptrace32_core_regs(const struct thread *t, unsigned type, size_t *size)
{
	u8 *out, *area;

	*size = type == NT_PRSTATUS ? REGS32_SIZE : type == NT_PRFPREG ? FSAVE32_SIZE : AREAS_SIZE;
	if (type == NT_386_TLS && !t->arch.has_tls)
		*size = 0;
	out = *size ? kmalloc(*size, 0) : NULL;
	if (!out)
		return NULL;
	if (type == NT_PRSTATUS) {
		for (unsigned i = 0; i < REGS32; i++)
			((u32 *)out)[i] = reg_get(t, i);
	} else if (type == NT_386_TLS) {
		segments_copy_areas(t, out);
	} else {
		area = ptrace_xstate_copy(t);
		if (!area) {
			kfree(out);
			return NULL;
		}
		fsave_make(out, area);
		kfree(area);
	}
	return out;
}

long ptrace32_fpu_read(const struct thread *t, void __user *to, size_t len)
{
	u8 out[FSAVE32_SIZE], *area = ptrace_xstate_copy(t);

	if (!area)
		return -ENOMEM;
	fsave_make(out, area);
	kfree(area);
	return copy_to_user(to, out, MIN(len, sizeof(out)));
}

long ptrace32_fpu_write(struct thread *t, const void __user *from, size_t len)
{
	u8 in[FSAVE32_SIZE], *area = ptrace_xstate_copy(t);

	if (!area)
		return -ENOMEM;
	fsave_make(in, area);
	long err = copy_from_user(in, from, MIN(len, sizeof(in)));
	if (!err) {
		fsave_take(area, in);
		if (fpu_features)
			*(u64 *)(area + FPU_LEGACY_SIZE) |= 1;
		ptrace_xstate_store(t, area);
	}
	kfree(area);
	return err;
}

/* ---- requests of a 32-bit tracer ---- */

static long user_peek(const struct thread *t, unsigned long addr, u32 __user *to)
{
	u32 value = 0;

	if (addr % sizeof(u32) || addr > USER32_SIZE) /* Linux, too, allows the word behind the end */
		return -EIO;
	if (addr < REGS32_SIZE)
		value = reg_get(t, (unsigned)(addr / sizeof(u32)));
	else if (addr >= USER32_DEBUGREG)
		value = (u32)debug_get(t, (unsigned)(addr - USER32_DEBUGREG) / sizeof(u32));
	return put_user(value, to);
}

static long user_poke(struct thread *t, unsigned long addr, u32 value)
{
	if (addr % sizeof(u32) || addr > USER32_SIZE)
		return -EIO;
	if (addr < REGS32_SIZE)
		return reg_set(t, (unsigned)(addr / sizeof(u32)), value);
	if (addr >= USER32_DEBUGREG)
		return debug_set(t, (unsigned)(addr - USER32_DEBUGREG) / sizeof(u32), value);
	return 0;
}

static long regset(struct thread *t, bool write, unsigned long type, u32 __user *uiov)
{
	u32 iov[2];
	u64 len;

	if (copy_from_user(iov, uiov, sizeof(iov)))
		return -EFAULT;
	len = iov[1];
	long err = ptrace_regset(t, write, type, iov[0], &len);
	return err ? err : put_user((u32)len, uiov + 1);
}

long ptrace32(struct thread *t, long request, unsigned long addr, unsigned long data)
{
	void __user *u = (void __user *)data;

	switch (request) {
	case PTRACE_PEEKUSER:
		return user_peek(t, addr, u);
	case PTRACE_POKEUSER:
		return user_poke(t, addr, (u32)data);
	case PTRACE_GETREGS:
		return ptrace32_regs_read(t, u, REGS32_SIZE);
	case PTRACE_SETREGS:
		return ptrace32_regs_write(t, u, REGS32_SIZE);
	case PTRACE_GETFPREGS:
		return ptrace32_fpu_read(t, u, FSAVE32_SIZE);
	case PTRACE_SETFPREGS:
		return ptrace32_fpu_write(t, u, FSAVE32_SIZE);
	case PTRACE_GETFPXREGS:
		return ptrace_fpu_read(t, u, FPU_LEGACY_SIZE, false);
	case PTRACE_SETFPXREGS:
		return ptrace_fpu_write(t, u, FPU_LEGACY_SIZE, false);
	case PTRACE_GETREGSET:
	case PTRACE_SETREGSET:
		return regset(t, request == PTRACE_SETREGSET, addr, u);
	case PTRACE_GET_THREAD_AREA:
		return (s32)addr < 0 ? -EIO : segments_get_area(t, (u32)addr, u);
	case PTRACE_SET_THREAD_AREA:
		return (s32)addr < 0 ? -EIO : segments_set_area_at(t, (u32)addr, u);
	default:
		return -EIO;
	}
}
