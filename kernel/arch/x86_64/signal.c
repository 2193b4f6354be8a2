/* SPDX-License-Identifier: MIT
 * arch/x86_64/signal.c - signal frames
 *
 * Owns:      the layout of the frame on the user stack: Linux's struct rt_sigframe.
 * Layer:     arch/x86_64.  Called by proc/signal_deliver.c through arch/signal.h.
 * Locks:     none: the running thread's own registers and stack.
 * Contexts:  process context; user memory is touched, so it may sleep.
 * Manual:    sigaction(2), sigaltstack(2), sigreturn(2); System V ABI AMD64 3.2.2 (the red zone).
 * Tests:     tests/abi/signal.c.
 *
 * Theory
 * ------
 * The frame, from high to low addresses:
 *
 *     interrupted sp ->  red zone, 128 bytes (the program may use them without moving sp)
 *                        FPU state, 64-byte aligned               <- uc_mcontext.fpstate
 *                        siginfo
 *                        ucontext: alternate stack, registers, signal mask
 *     handler's sp ----> return address: sa_restorer              (sp + 8 is 16-byte aligned, as after a
 * call)
 *
 * The handler returns to sa_restorer, which calls rt_sigreturn with sp at the ucontext.  Everything in the
 * frame may have been changed by then.  So nothing of it is believed: of the flags only those a program may
 * set itself, of the segments only those of user code, and an ip that no program can have is refused.
 */
#include <arch/elf.h>
#include <arch/pgtable.h>
#include <arch/signal.h>
#include <abi/errno.h>
#include <base/iov.h>
#include <proc/task.h>
#include <lib/string.h>
#include "fpu.h"
#include "fpu_frame.h"
#include "segments.h"
#include "signal32.h"

enum { RED_ZONE = 128, UC_FP_XSTATE = 1, UC_SIGCONTEXT_SS = 2, UC_STRICT_RESTORE_SS = 4 };
/* What sigreturn may change: CF PF AF ZF SF TF DF OF RF AC. */
#define FLAGS_USER 0x50dd5UL
#define FLAGS_TF   0x100UL
#define FLAGS_DF   0x400UL
#define FLAGS_RF   0x10000UL

struct sigcontext {
	u64 r8, r9, r10, r11, r12, r13, r14, r15, di, si, bp, bx, dx, ax, cx, sp, ip, flags;
	u16 cs, gs, fs, ss;
	u64 err, trapno, oldmask, cr2, fpstate, reserved[8];
};
_Static_assert(sizeof(struct sigcontext) == 256, "struct sigcontext");
struct ucontext {
	u64 flags, link;
	struct sigaltstack_k stack;
	struct sigcontext mcontext;
	u64 sigmask;
};
_Static_assert(sizeof(struct ucontext) == 304, "struct ucontext");
struct rt_sigframe {
	u64 pretcode; /* return address */
	struct ucontext uc;
	struct siginfo info;
};
_Static_assert(sizeof(struct rt_sigframe) == 440, "struct rt_sigframe");

static bool on_altstack(const struct sigaltstack_k *alt, unsigned long sp)
{
	return sp > alt->ss_sp && sp - alt->ss_sp <= alt->ss_size;
}

/* Where frame and FPU state go; 0 = the alternate stack is full. */
static unsigned long frame_place(const struct trapframe *tf, const struct sigaction_k *sa,
                                 const struct sigaltstack_k *alt, unsigned long *fpstate)
{
	unsigned long sp = tf->sp - RED_ZONE;
	bool disarms = (u32)alt->ss_flags & SS_AUTODISARM;
	bool nested = alt->ss_size && !disarms && on_altstack(alt, tf->sp);
	bool enters = (sa->flags & SA_ONSTACK) && alt->ss_size && !nested;

	if (enters)
		sp = alt->ss_sp + alt->ss_size;
	*fpstate = ALIGN_DOWN(sp - x86_fpu_frame_size(), FPU_FRAME_ALIGN);
	sp = ALIGN_DOWN(*fpstate - sizeof(struct rt_sigframe), 16) - 8;
	/* Rather die than write below the alternate stack. */
	if ((nested || enters) && !on_altstack(alt, sp))
		return 0;
	return sp;
}

unsigned long arch_signal_frame_size(void)
{
	/* With what aligning the state and the frame may cost. */
	return ALIGN_UP(x86_fpu_frame_size() + FPU_FRAME_ALIGN - 1 + sizeof(struct rt_sigframe) + 16, 16UL);
}

static void context_fill(struct sigcontext *sc, const struct trapframe *tf, const struct thread *t)
{
	*sc = (struct sigcontext){
		.r8 = tf->r8,
		.r9 = tf->r9,
		.r10 = tf->r10,
		.r11 = tf->r11,
		.r12 = tf->r12,
		.r13 = tf->r13,
		.r14 = tf->r14,
		.r15 = tf->r15,
		.di = tf->di,
		.si = tf->si,
		.bp = tf->bp,
		.bx = tf->bx,
		.dx = tf->dx,
		.ax = tf->ax,
		.cx = tf->cx,
		.sp = tf->sp,
		.ip = tf->ip,
		.flags = tf->flags,
		.cs = (u16)tf->cs,
		.ss = (u16)tf->ss,
		.err = t->arch.fault_err,
		.trapno = t->arch.fault_trapno,
		.cr2 = t->arch.fault_addr,
	};
}

int arch_signal_setup(struct trapframe *tf, const struct sigaction_k *sa, const struct siginfo *info,
                      sigset_k mask, const struct sigaltstack_k *alt)
{
	if (sa->flags & SA_I386)
		return signal32_setup(tf, sa, info, mask, alt);
	struct rt_sigframe f;
	unsigned long fpstate, at = frame_place(tf, sa, alt, &fpstate);
	bool wants_info = sa->flags & SA_SIGINFO;

	if (!at || !(sa->flags & SA_RESTORER))
		return -EFAULT;
	f.pretcode = sa->restorer;
	f.uc.flags = UC_SIGCONTEXT_SS | (tf->cs == USER_CS ? UC_STRICT_RESTORE_SS : 0) |
	             (fpu_features ? UC_FP_XSTATE : 0);
	f.uc.link = 0;
	f.uc.stack = *alt;
	f.uc.stack.pad = 0;
	context_fill(&f.uc.mcontext, tf, thread_current());
	f.uc.mcontext.fpstate = fpstate;
	f.uc.mcontext.oldmask = mask;
	f.uc.sigmask = mask;
	if (wants_info)
		f.info = *info;
	int err = x86_fpu_save_user(fpstate);
	if (!err)
		err = copy_to_user((void __user *)at, &f,
		                   wants_info ? sizeof(f) : offsetof(struct rt_sigframe, info));
	if (err)
		return err;

	tf->di = (u64)info->si_signo;
	tf->si = at + offsetof(struct rt_sigframe, info);
	tf->dx = at + offsetof(struct rt_sigframe, uc);
	tf->ax = 0;
	tf->ip = sa->handler;
	tf->sp = at;
	tf->cs = USER_CS;
	if (unlikely(tf->ss != USER_DS) && !segments_stack_ok((u16)tf->ss))
		tf->ss = USER_DS;
	tf->flags &= ~(FLAGS_DF | FLAGS_RF | FLAGS_TF);
	return 0;
}

/* cs and ss as the program wants them: if the CPU does not, IRET faults (entry.S). */
static void context_restore(struct trapframe *tf, const struct sigcontext *sc, bool strict_ss)
{
	tf->r8 = sc->r8;
	tf->r9 = sc->r9;
	tf->r10 = sc->r10;
	tf->r11 = sc->r11;
	tf->r12 = sc->r12;
	tf->r13 = sc->r13;
	tf->r14 = sc->r14;
	tf->r15 = sc->r15;
	tf->di = sc->di;
	tf->si = sc->si;
	tf->bp = sc->bp;
	tf->bx = sc->bx;
	tf->dx = sc->dx;
	tf->ax = sc->ax;
	tf->cx = sc->cx;
	tf->sp = sc->sp;
	tf->ip = sc->ip;
	tf->cs = sc->cs | 3;
	tf->ss = sc->ss | 3;
	if (!strict_ss && tf->cs == USER_CS && !segments_stack_ok((u16)tf->ss))
		tf->ss = USER_DS;
	tf->flags = (tf->flags & ~FLAGS_USER) | (sc->flags & FLAGS_USER);
	tf->orig_ax = (u64)-1;
}

int arch_signal_return(struct trapframe *tf, sigset_k *mask, struct sigaltstack_k *alt)
{
	if (current_task()->call_layout)
		return signal32_return(tf, mask, alt);
	struct ucontext uc;
	/* The handler's `ret` has taken the return address off. */
	unsigned long at = tf->sp - sizeof(u64) + offsetof(struct rt_sigframe, uc);
	int err = copy_from_user(&uc, (const void __user *)at, sizeof(uc));

	if (err)
		return err;
	*mask = uc.sigmask;
	*alt = uc.stack;
	/* First: with a bad FPU state the signal comes where the handler was to return to, not behind the call. */
	context_restore(tf, &uc.mcontext, uc.flags & UC_STRICT_RESTORE_SS);
	return x86_fpu_restore_user(uc.mcontext.fpstate);
}
