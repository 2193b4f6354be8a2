/* SPDX-License-Identifier: MIT
 * arch/x86_64/signal32.c - signal frames of i386 programs
 *
 * Owns:      the layout of both frames on the user stack: Linux's struct sigframe and rt_sigframe of i386.
 * Layer:     arch/x86_64.  Called by signal.c, for handlers that an i386 call has installed.
 * Locks:     none: the running thread's own registers and stack.
 * Contexts:  process context; user memory is touched, so it may sleep.
 * Manual:    sigaction(2), sigreturn(2); System V ABI i386.
 * Tests:     tests/i386/signal.c.
 *
 * Theory
 * ------
 * There is no red zone, and there are two frames: handlers with SA_SIGINFO get the second.
 *
 *     interrupted sp ->  XSAVE state, 64-byte aligned      <- fpstate + 112
 *                        x87 registers as FSAVE stores them, 112 bytes
 *                        return code (nobody runs it; debuggers look.  Without SA_RESTORER a handler returns to
 *                        the vDSO)
 *                        high half of the mask   |   siginfo, ucontext
 *                        sigcontext              |
 *                        signal number           |   number, pointer to siginfo, pointer to ucontext
 *     handler's sp ----> return address          |   return address       sp + 4 is 16-byte aligned
 *
 * A handler built for registers (-mregparm=3) finds its arguments in eax, edx and ecx too.
 * As for 64 bits, nothing in the frame is believed on the way back.
 */
#include <arch/signal.h>
#include <arch/elf.h>
#include <arch/switch.h>
#include <abi/errno.h>
#include <base/iov.h>
#include <proc/signal.h>
#include <proc/task.h>
#include <syscall/syscall.h>
#include <lib/string.h>
#include "fpu_frame.h"
#include "segments.h"
#include "signal32.h"

enum { FSAVE_SIZE = 112, UC32_XSTATE = 1, NR_SIGRETURN = 119, NR_RT_SIGRETURN = 173 };
#define FLAGS_USER    0x50dd5UL
#define FLAGS_CLEARED 0x10500UL /* TF, DF, RF: a handler begins without them */

struct sigcontext32 {
	u32 gs, fs, es, ds, di, si, bp, sp, bx, dx, cx, ax, trapno, err, ip, cs, flags, sp_at_signal, ss,
	        fpstate, oldmask, cr2;
};
_Static_assert(sizeof(struct sigcontext32) == 88, "struct sigcontext");
struct sigframe32 {
	u32 pretcode;
	s32 sig;
	struct sigcontext32 sc;
	u8 fpstate_unused[624];
	u32 extramask;
	u8 retcode[8];
};
struct rt_sigframe32 {
	u32 pretcode;
	s32 sig;
	u32 info_at, uc_at;
	struct siginfo32 info;
	u32 uc_flags, uc_link;
	u32 stack[3];
	struct sigcontext32 sc;
	u32 mask[2];
	u8 retcode[8];
};

/* pop %eax; mov $119, %eax; int $0x80 - and without the pop, with 173: debuggers know frames by it. */
static const u8 return_code[8] = { 0x58, 0xb8, NR_SIGRETURN, 0, 0, 0, 0xcd, 0x80 };
static const u8 rt_return_code[8] = { 0xb8, NR_RT_SIGRETURN, 0, 0, 0, 0xcd, 0x80 };

/* Where a handler without SA_RESTORER returns to; 0 = nowhere: a 64-bit program has installed it by int $0x80. */
static u32 sigreturn_at(u32 offset)
{
	uaddr_t vdso = current_task()->mm->vdso32;

	return vdso ? (u32)vdso + offset : 0;
}

static bool on_altstack(const struct sigaltstack_k *alt, unsigned long sp)
{
	return sp > alt->ss_sp && sp - alt->ss_sp <= alt->ss_size;
}

/* Where the frame of `size` bytes and the FPU state go; 0 = the alternate stack is full. */
static unsigned long frame_place(const struct trapframe *tf, const struct sigaction_k *sa,
                                 const struct sigaltstack_k *alt, size_t size, unsigned long *fpstate)
{
	unsigned long sp = (u32)tf->sp;
	bool disarms = (u32)alt->ss_flags & SS_AUTODISARM;
	bool nested = alt->ss_size && !disarms && on_altstack(alt, sp);
	bool enters = (sa->flags & SA_ONSTACK) && alt->ss_size && !nested;

	if (enters)
		sp = alt->ss_sp + alt->ss_size;
	sp = ALIGN_DOWN(sp - x86_fpu_frame_size(), FPU_FRAME_ALIGN);
	*fpstate = sp - FSAVE_SIZE;
	sp = ALIGN_DOWN(*fpstate - size + 4, 16) - 4;
	if ((nested || enters) && !on_altstack(alt, sp))
		return 0;
	return sp >> 32 ? 0 : sp;
}

/* The x87 state in FSAVE's form, for programs that look at it; sigreturn takes the XSAVE state. */
static int fsave_put(unsigned long at)
{
	u32 f[FSAVE_SIZE / sizeof(u32)] = { 0 };
	const u8 *fx = thread_current()->arch.fpu;
	u16 cw, sw;

	memcpy(&cw, fx, sizeof(cw));
	memcpy(&sw, fx + 2, sizeof(sw));
	f[0] = 0xffff0000 | cw;
	f[1] = 0xffff0000 | sw;
	f[2] = 0xffffffff;
	memcpy(&f[3], fx + 8, sizeof(u32));  /* instruction */
	memcpy(&f[5], fx + 16, sizeof(u32)); /* operand */
	for (unsigned i = 0; i < 8; i++)
		memcpy((u8 *)f + 28 + 10 * i, fx + 32 + 16 * i, 10);
	f[27] = sw; /* Linux: status and magic; 0 in the upper half = an FXSAVE area follows */
	f[27] &= 0xffff;
	return copy_to_user((void __user *)at, f, sizeof(f));
}

static void context_fill(struct sigcontext32 *sc, const struct trapframe *tf, struct thread *t, u32 fpstate,
                         sigset_k mask)
{
	segments_save(t);
	*sc = (struct sigcontext32){
		.gs = (u16)(t->arch.selectors >> 48),
		.fs = (u16)(t->arch.selectors >> 32),
		.es = (u16)(t->arch.selectors >> 16),
		.ds = (u16)t->arch.selectors,
		.di = (u32)tf->di,
		.si = (u32)tf->si,
		.bp = (u32)tf->bp,
		.sp = (u32)tf->sp,
		.bx = (u32)tf->bx,
		.dx = (u32)tf->dx,
		.cx = (u32)tf->cx,
		.ax = (u32)tf->ax,
		.trapno = (u32)t->arch.fault_trapno,
		.err = (u32)t->arch.fault_err,
		.ip = (u32)tf->ip,
		.cs = (u32)tf->cs,
		.flags = (u32)tf->flags,
		.sp_at_signal = (u32)tf->sp,
		.ss = (u32)tf->ss,
		.fpstate = fpstate,
		.oldmask = (u32)mask,
		.cr2 = (u32)t->arch.fault_addr,
	};
}

static int frame_put(unsigned long at, u32 fpstate, const struct trapframe *tf, const struct sigaction_k *sa,
                     int sig, sigset_k mask)
{
	struct sigframe32 f = { .sig = sig, .extramask = (u32)(mask >> 32) };

	context_fill(&f.sc, tf, thread_current(), fpstate, mask);
	f.pretcode = sa->flags & SA_RESTORER ? (u32)sa->restorer : sigreturn_at(arch_vdso32.sigreturn);
	memcpy(f.retcode, return_code, sizeof(f.retcode));
	return copy_to_user((void __user *)at, &f, sizeof(f));
}

static int rt_frame_put(unsigned long at, u32 fpstate, const struct trapframe *tf,
                        const struct sigaction_k *sa, const struct siginfo *info, sigset_k mask,
                        const struct sigaltstack_k *alt)
{
	struct rt_sigframe32 f = {
		.sig = info->si_signo,
		.info_at = (u32)(at + offsetof(struct rt_sigframe32, info)),
		.uc_at = (u32)(at + offsetof(struct rt_sigframe32, uc_flags)),
		.uc_flags = UC32_XSTATE,
		.stack = { (u32)alt->ss_sp, (u32)alt->ss_flags, (u32)alt->ss_size },
		.mask = { (u32)mask, (u32)(mask >> 32) },
	};

	context_fill(&f.sc, tf, thread_current(), fpstate, mask);
	siginfo_narrow(&f.info, info);
	f.pretcode = sa->flags & SA_RESTORER ? (u32)sa->restorer : sigreturn_at(arch_vdso32.rt_sigreturn);
	memcpy(f.retcode, rt_return_code, sizeof(f.retcode));
	return copy_to_user((void __user *)at, &f, sizeof(f));
}

int signal32_setup(struct trapframe *tf, const struct sigaction_k *sa, const struct siginfo *info,
                   sigset_k mask, const struct sigaltstack_k *alt)
{
	bool rt = sa->flags & SA_SIGINFO;
	unsigned long fpstate,
	        at = frame_place(tf, sa, alt, rt ? sizeof(struct rt_sigframe32) : sizeof(struct sigframe32),
	                         &fpstate);

	if (!at)
		return -EFAULT;
	int err = x86_fpu_save_user(fpstate + FSAVE_SIZE);
	if (!err)
		err = fsave_put(fpstate);
	if (!err)
		err = rt ? rt_frame_put(at, (u32)fpstate, tf, sa, info, mask, alt)
		         : frame_put(at, (u32)fpstate, tf, sa, info->si_signo, mask);
	if (err)
		return err;
	tf->ax = (u64)info->si_signo;
	tf->dx = rt ? at + offsetof(struct rt_sigframe32, info) : 0;
	tf->cx = rt ? at + offsetof(struct rt_sigframe32, uc_flags) : 0;
	tf->ip = (u32)sa->handler;
	tf->sp = at;
	tf->cs = USER32_CS;
	tf->ss = USER_DS;
	tf->flags &= ~FLAGS_CLEARED;
	segments_set(USER_DS | USER_DS << 16 | (thread_current()->arch.selectors >> 32 << 32));
	return 0;
}

static int context_restore(struct trapframe *tf, const struct sigcontext32 *sc)
{
	tf->di = sc->di;
	tf->si = sc->si;
	tf->bp = sc->bp;
	tf->sp = sc->sp;
	tf->bx = sc->bx;
	tf->dx = sc->dx;
	tf->cx = sc->cx;
	tf->ax = sc->ax;
	tf->ip = sc->ip;
	tf->cs = (u16)(sc->cs | 3);
	tf->ss = (u16)(sc->ss | 3);
	tf->flags = (tf->flags & ~FLAGS_USER) | (sc->flags & FLAGS_USER);
	tf->orig_ax = (u64)-1;
	segments_set((u64)(u16)sc->ds | (u64)(u16)sc->es << 16 | (u64)(u16)sc->fs << 32 |
	             (u64)(u16)sc->gs << 48);
	return x86_fpu_restore_user(sc->fpstate ? (unsigned long)sc->fpstate + FSAVE_SIZE : 0);
}

static int rt_return(struct trapframe *tf, sigset_k *mask, struct sigaltstack_k *alt)
{
	struct rt_sigframe32 f;

	/* The handler's `ret` has taken the return address off. */
	if (copy_from_user(&f, (const void __user *)((u32)tf->sp - sizeof(u32)), sizeof(f)))
		return -EFAULT;
	*mask = f.mask[0] | (u64)f.mask[1] << 32;
	*alt = (struct sigaltstack_k){ .ss_sp = f.stack[0],
		                       .ss_flags = (s32)f.stack[1],
		                       .ss_size = f.stack[2] };
	return context_restore(tf, &f.sc);
}

int signal32_return(struct trapframe *tf, sigset_k *mask, struct sigaltstack_k *alt)
{
	struct sigframe32 f;

	if (tf_syscall_nr(tf) == NR_RT_SIGRETURN)
		return rt_return(tf, mask, alt);
	*alt = current_task()->altstack; /* this frame does not hold it */
	/* Here the return code, or the restorer, has taken the number off, too. */
	if (copy_from_user(&f, (const void __user *)((u32)tf->sp - 2 * sizeof(u32)), sizeof(f)))
		return -EFAULT;
	*mask = f.sc.oldmask | (u64)f.extramask << 32;
	return context_restore(tf, &f.sc);
}
