/* SPDX-License-Identifier: MIT
 * arch/x86_64/ptrace.c - the registers of a stopped thread, as its tracer reads and writes them
 *
 * Owns:      struct user_regs_struct and struct user of Linux as ptrace shows them.
 * Layer:     arch/x86_64.  Called by sys_ptrace.c through arch/ptrace.h.
 * Locks:     none: the thread is stopped and held (proc/ptrace_control.c), its registers are in memory.
 * Contexts:  process context of the tracer; copies with the user sleep.
 * Manual:    ptrace(2), <sys/user.h>; Intel SDM vol. 1, 13.4 (XSAVE area).
 * Tests:     tests/abi/ptrace.c.
 *
 * Theory
 * ------
 * The general registers are the trap frame at the top of the thread's kernel stack, followed by six that are kept
 * elsewhere or are constant:
 *
 *     0 r15 r14 ... di orig_ax ip cs flags sp ss | 168 fs_base gs_base ds es fs gs | 216
 *
 * The tracer is as hostile as a signal frame: selectors other than the user's, addresses no program can have and
 * flags that are the kernel's are refused or masked.
 */
#include <abi/errno.h>
#include <abi/ptrace.h>
#include <abi/sched.h>
#include <arch/pgtable.h>
#include <arch/ptrace.h>
#include <arch/switch.h>
#include <base/iov.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <proc/task.h>
#include "debugreg.h"
#include "features.h"
#include "fpu.h"
#include "msr.h"
#include "ptrace32.h"
#include "segments.h"

enum {
	REGS = 27,
	REGS_FRAME = 21,
	USER_SIZE = 912,
	USER_DEBUGREG = 848,
	IOPERM_SIZE = 65536 / 8,
	XSTATE_XCR0 = 464,
	XSTATE_SSE = 160
};
enum { REG_CS = 17, REG_FLAGS = 18, REG_SS = 20, REG_FS_BASE = 21, REG_GS_BASE = 22, REG_DS = 23 };
_Static_assert(sizeof(struct trapframe) == REGS_FRAME * sizeof(u64), "user_regs_struct");
_Static_assert(offsetof(struct trapframe, cs) == REG_CS * 8 &&
                       offsetof(struct trapframe, flags) == REG_FLAGS * 8,
               "user_regs_struct");
#define FLAGS_TRACER 0x54dd5UL /* CF PF AF ZF SF TF DF OF NT RF AC */
#define FLAGS_TF     0x100UL

static u64 reg_get(const struct thread *t, unsigned i)
{
	const u64 *frame = (const u64 *)arch_user_frame(t);

	if (i == REG_FLAGS && t->arch.step_forced)
		return frame[i] & ~FLAGS_TF;
	if (i < REGS_FRAME)
		return frame[i];
	if (i >= REG_DS)
		return (u16)(t->arch.selectors >> 16 * (i - REG_DS));
	return i == REG_FS_BASE ? t->arch.fs_base : t->arch.gs_base;
}

void ptrace_flags_set(struct thread *t, u64 value)
{
	struct trapframe *tf = arch_user_frame(t);

	if (value & FLAGS_TF)
		t->arch.step_forced = false; /* the program's own from now on */
	else if (t->arch.step_forced)
		value |= FLAGS_TF;
	tf->flags = (tf->flags & ~FLAGS_TRACER) | (value & FLAGS_TRACER);
}

int ptrace_selector_set(struct thread *t, unsigned shift, u64 value)
{
	if (value && (value & 3) != 3)
		return -EIO;
	segments_change(t, (t->arch.selectors & ~(0xffffUL << shift)) | value << shift);
	return 0;
}

static int reg_set(struct thread *t, unsigned i, u64 value)
{
	u64 *frame = (u64 *)arch_user_frame(t);

	switch (i) {
	case REG_CS:
	case REG_SS:
		if ((value & 3) != 3)
			return -EIO;
		value = (u16)value; /* what the CPU refuses, IRET finds out */
		break;
	case REG_FLAGS:
		ptrace_flags_set(t, value);
		return 0;
	case REG_FS_BASE:
	case REG_GS_BASE:
		if (value >= USER_TOP)
			return -EIO;
		*(i == REG_FS_BASE ? &t->arch.fs_base : &t->arch.gs_base) = value;
		return 0;
	}
	if (i >= REG_DS)
		return ptrace_selector_set(t, 16 * (i - REG_DS), (u16)value);
	frame[i] = value;
	return 0;
}

static long regs_read(const struct thread *t, void __user *to, size_t len)
{
	u64 regs[REGS];

	for (unsigned i = 0; i < REGS; i++)
		regs[i] = reg_get(t, i);
	return copy_to_user(to, regs, MIN(len, sizeof(regs)));
}

static long regs_write(struct thread *t, const void __user *from, size_t len)
{
	size_t n = MIN(len, REGS * sizeof(u64));
	u64 regs[REGS];
	int err = copy_from_user(regs, from, n);

	for (unsigned i = 0; !err && i < n / sizeof(u64); i++)
		err = reg_set(t, i, regs[i]);
	return err;
}

const int *arch_strict_calls(u32 audit)
{
	static const int native[] = { 0, 1, 60, 15, -1 }, i386[] = { 3, 4, 1, 119, -1 };

	return audit == ARCH_AUDIT32 ? i386 : native;
}

/* The FPU. */

/* XSAVE may have left out components in their initial state: writes those states down. */
static void xstate_complete(u8 *area)
{
	u64 *bv = (u64 *)(area + FPU_LEGACY_SIZE);

	if (!fpu_features)
		return;
	if (!(*bv & 1)) { /* x87 */
		u32 mxcsr[2];

		memcpy(mxcsr, area + 24, sizeof(mxcsr));
		memset(area, 0, XSTATE_SSE);
		*(u16 *)area = 0x37f;
		memcpy(area + 24, mxcsr, sizeof(mxcsr));
	}
	if (!(*bv & 2))
		memset(area + XSTATE_SSE, 0, 256);
	for (unsigned i = 2; i < 63; i++) {
		struct cpuid d;

		if (!(fpu_features >> i & 1) || (*bv >> i & 1))
			continue;
		d = cpuid(0xd, i);
		if (d.b + d.a <= fpu_size)
			memset(area + d.b, 0, d.a);
	}
}

/* A complete copy of t's state, to be freed. */
u8 *ptrace_xstate_copy(const struct thread *t)
{
	u8 *area = kmalloc(fpu_size, 0);

	if (!area)
		return NULL;
	memcpy(area, t->arch.fpu, fpu_size);
	memset(area + XSTATE_XCR0, 0, FPU_LEGACY_SIZE - XSTATE_XCR0); /* left to software */
	xstate_complete(area);
	return area;
}

long ptrace_fpu_read(const struct thread *t, void __user *to, size_t len, bool extended)
{
	u8 *area = ptrace_xstate_copy(t);

	if (!area)
		return -ENOMEM;
	if (extended)
		*(u64 *)(area + XSTATE_XCR0) = fpu_features; /* debuggers look here for what there is */
	long err = copy_to_user(to, area, MIN(len, extended ? fpu_size : FPU_LEGACY_SIZE));
	kfree(area);
	return err;
}

static int xstate_check(const u8 *area, bool extended)
{
	const u64 *header = (const u64 *)(area + FPU_LEGACY_SIZE);
	u8 clean[FPU_LEGACY_SIZE + FPU_HEADER_SIZE];

	if (extended && ((header[0] & ~fpu_features) || header[1] || header[2]))
		return -EINVAL;
	memcpy(clean, area, sizeof(clean));
	fpu_sanitise(clean);
	return memcmp(clean + 24, area + 24, sizeof(u32)) ? -EINVAL : 0; /* reserved bits of MXCSR */
}

void ptrace_xstate_store(struct thread *t, u8 *area)
{
	fpu_sanitise(area);
	memcpy(t->arch.fpu, area, fpu_size);
	t->arch.fpu_cpu = ~0u; /* what a CPU may still hold is out of date */
}

long ptrace_fpu_write(struct thread *t, const void __user *from, size_t len, bool extended)
{
	size_t want = extended ? fpu_size : FPU_LEGACY_SIZE;
	u8 *area;

	if (len != want)
		return extended ? -EFAULT : -EINVAL;
	area = ptrace_xstate_copy(t);
	if (!area)
		return -ENOMEM;
	long err = copy_from_user(area, from, want);
	if (!err && fpu_features)
		err = xstate_check(area, extended);
	if (!err) {
		if (fpu_features && !extended)
			*(u64 *)(area + FPU_LEGACY_SIZE) |= 3;
		ptrace_xstate_store(t, area);
	}
	kfree(area);
	return err;
}

void *arch_core_regs(const struct thread *t, bool small, unsigned type, size_t *size)
{
	*size = 0;
	if (small && (type == NT_PRSTATUS || type == NT_PRFPREG || type == NT_386_TLS))
		return ptrace32_core_regs(t, type, size);
	if (type == NT_386_TLS || (type == NT_PRXFPREG && !small))
		return NULL;
	if (type == NT_PRSTATUS) {
		u64 *regs = kmalloc(REGS * sizeof(u64), 0);

		*size = REGS * sizeof(u64);
		for (unsigned i = 0; regs && i < REGS; i++)
			regs[i] = reg_get(t, i);
		return regs;
	}
	if (type == NT_X86_XSTATE && !fpu_features)
		return NULL;
	u8 *area = ptrace_xstate_copy(t);
	*size = type == NT_X86_XSTATE ? fpu_size : FPU_LEGACY_SIZE;
	if (area && type == NT_X86_XSTATE)
		*(u64 *)(area + XSTATE_XCR0) = fpu_features;
	return area;
}

/* The user area and the register sets. */

static long user_peek(const struct thread *t, unsigned long addr, u64 __user *to)
{
	u64 value = 0;

	if (addr % sizeof(u64) || addr >= USER_SIZE)
		return -EIO;
	if (addr < REGS * sizeof(u64))
		value = reg_get(t, (unsigned)(addr / sizeof(u64)));
	else if (addr >= USER_DEBUGREG)
		value = debug_get(t, (unsigned)(addr - USER_DEBUGREG) / sizeof(u64));
	return put_user(value, to);
}

static long user_poke(struct thread *t, unsigned long addr, u64 value)
{
	if (addr % sizeof(u64) || addr >= USER_SIZE)
		return -EIO;
	if (addr < REGS * sizeof(u64))
		return reg_set(t, (unsigned)(addr / sizeof(u64)), value);
	if (addr >= USER_DEBUGREG)
		return debug_set(t, (unsigned)(addr - USER_DEBUGREG) / sizeof(u64), value);
	return -EIO;
}

/* What a register set of t is called, and its size; 32-bit code has other ones.  0: it has none by that name. */
static size_t regset_size(const struct thread *t, unsigned long type, bool wide)
{
	switch (type) {
	case NT_PRSTATUS:
		return wide ? REGS * sizeof(u64) : REGS32_SIZE;
	case NT_PRFPREG:
		return wide ? FPU_LEGACY_SIZE : FSAVE32_SIZE;
	case NT_PRXFPREG:
		return wide ? 0 : FPU_LEGACY_SIZE;
	case NT_386_TLS:
		return wide ? 0 : AREAS_SIZE;
	case NT_386_IOPERM:
		return IOPERM_SIZE;
	case NT_X86_XSTATE:
		return fpu_size;
	default:
		return 0;
	}
}

static long regset_copy(struct thread *t, bool write, unsigned long type, void __user *buf, size_t len,
                        bool wide)
{
	switch (type) {
	case NT_PRSTATUS:
		if (!wide)
			return write ? ptrace32_regs_write(t, buf, len) : ptrace32_regs_read(t, buf, len);
		return write ? regs_write(t, buf, len) : regs_read(t, buf, len);
	case NT_386_TLS:
		return segments_areas(t, write, buf, len);
	case NT_386_IOPERM: /* who has permissions has a bitmap to read; there is no ioperm(2), so nobody has */
		return write ? -EOPNOTSUPP : -ENXIO;
	case NT_PRFPREG:
		if (!wide)
			return write ? ptrace32_fpu_write(t, buf, len) : ptrace32_fpu_read(t, buf, len);
		break;
	}
	return write ? ptrace_fpu_write(t, buf, len, type == NT_X86_XSTATE)
	             : ptrace_fpu_read(t, buf, len, type == NT_X86_XSTATE);
}

long ptrace_regset(struct thread *t, bool write, unsigned long type, unsigned long buf, u64 *len)
{
	bool wide = arch_user_frame(t)->cs == USER_CS;
	size_t size = regset_size(t, type, wide),
	       unit = wide || type == NT_X86_XSTATE ? sizeof(u64) : sizeof(u32);

	if (type == NT_X86_XSTATE && !fpu_features)
		return -ENODEV;
	if (!size || *len % unit)
		return -EINVAL;
	*len = MIN(*len, size);
	return regset_copy(t, write, type, (void __user *)buf, *len, wide);
}

static long regset(struct thread *t, bool write, unsigned long type, struct iovec __user *uiov)
{
	struct iovec iov;

	if (copy_from_user(&iov, uiov, sizeof(iov)))
		return -EFAULT;
	u64 len = iov.len;
	long err = ptrace_regset(t, write, type, (unsigned long)iov.base, &len);
	return err ? err : put_user(len, user_field(uiov, len));
}

/* arch_prctl(2) as if the tracee had called it; only the address of a result is the tracer's. */
static long base_request(struct thread *t, int code, unsigned long addr)
{
	bool fs = code == ARCH_SET_FS || code == ARCH_GET_FS;
	u64 *base = fs ? &t->arch.fs_base : &t->arch.gs_base;

	switch (code) {
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		if (addr >= USER_TOP)
			return -EPERM;
		segments_change(t, t->arch.selectors & ~(0xffffUL << (fs ? 32 : 48)));
		*base = addr;
		return 0;
	case ARCH_GET_FS:
	case ARCH_GET_GS:
		return put_user(*base, (u64 __user *)addr);
	default:
		return -EINVAL;
	}
}

long arch_ptrace(struct thread *t, long request, unsigned long addr, unsigned long data)
{
	if (current_task()->call_layout)
		return ptrace32(t, request, addr, data);
	switch (request) {
	case PTRACE_PEEKUSER:
		return user_peek(t, addr, (u64 __user *)data);
	case PTRACE_POKEUSER:
		return user_poke(t, addr, data);
	case PTRACE_GETREGS:
		return regs_read(t, (void __user *)data, REGS * sizeof(u64));
	case PTRACE_SETREGS:
		return regs_write(t, (const void __user *)data, REGS * sizeof(u64));
	case PTRACE_GETFPREGS:
		return ptrace_fpu_read(t, (void __user *)data, FPU_LEGACY_SIZE, false);
	case PTRACE_SETFPREGS:
		return ptrace_fpu_write(t, (const void __user *)data, FPU_LEGACY_SIZE, false);
	case PTRACE_GETREGSET:
	case PTRACE_SETREGSET:
		return regset(t, request == PTRACE_SETREGSET, addr, (struct iovec __user *)data);
	case PTRACE_ARCH_PRCTL:
		return base_request(t, (int)data, addr);
	case PTRACE_GET_THREAD_AREA:
		return (s32)addr < 0 ? -EIO : segments_get_area(t, (u32)addr, (void __user *)data);
	case PTRACE_SET_THREAD_AREA:
		return (s32)addr < 0 ? -EIO : segments_set_area_at(t, (u32)addr, (void __user *)data);
	default:
		return -EIO;
	}
}
