/* SPDX-License-Identifier: MIT
 * tests/abi/fpframe.c - the FPU state in a signal frame: kept, changed by the handler, and hostile */
#include "abi.h"
#include <fenv.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>

#define OFFSET_MXCSR  24
#define OFFSET_XMM    160
#define OFFSET_MAGIC1 464
#define OFFSET_BV     512

/*
 * Reserved bits of MXCSR are not tried: a CPU refuses them (SIGSEGV), QEMU's takes them.  An empty st0 is not
 * shown: reading it gives a NaN on a CPU, and 0 on QEMU's.
 */

/* What the handler does to the frame. */
static void (*change)(ucontext_t *uc);
static char *state(ucontext_t *uc)
{
	return (char *)uc->uc_mcontext.fpregs;
}
static bool extended(ucontext_t *uc)
{
	return *(uint32_t *)(state(uc) + OFFSET_MAGIC1) == 0x46505853u;
}

static void handler(int sig, siginfo_t *info, void *context)
{
	/* Other values in all of them: they must not reach the program. */
	uint64_t junk[2] = { 0xbadbadbadbad, (uint64_t)sig };
	__asm__ volatile(
	        "movups %0, %%xmm0; movups %0, %%xmm7; movups %0, %%xmm15; fninit; fldpi; fldpi" ::"m"(junk)
	        : "xmm0", "xmm7", "xmm15");
	if (__builtin_cpu_supports("avx"))
		__asm__ volatile("vzeroall" ::: "memory");
	(void)info;
	if (change)
		change(context);
}

struct regs {
	uint64_t xmm0[2], xmm15[2], ymm7[4];
	uint32_t mxcsr;
	uint16_t fcw;
	double st0;
};

/* Sets registers, takes a signal between two instructions, reads them again. */
static void through_signal(struct regs *r)
{
	bool avx = __builtin_cpu_supports("avx");
	uint64_t in[4] = { 1, 2, 3, 4 };
	uint32_t mxcsr = 0x5f80; /* round up */
	uint16_t fcw = 0x0b7f;
	long result = 39 /* getpid */, pid = getpid();

	memset(r, 0, sizeof(*r));
	__asm__ volatile("ldmxcsr %0; fldcw %1; fld1" ::"m"(mxcsr), "m"(fcw));
	if (avx)
		__asm__ volatile("vmovups %0, %%ymm7" ::"m"(in) : "xmm7");
	else
		__asm__ volatile("movups %0, %%xmm7" ::"m"(in) : "xmm7");
	result = 62; /* kill */
	__asm__ volatile("movups %[in], %%xmm0; movups %[in], %%xmm15; syscall; movups %%xmm0, %[a]; movups "
	                 "%%xmm15, %[b]"
	                 : "+a"(result), [a] "=m"(r->xmm0), [b] "=m"(r->xmm15)
	                 : "D"(pid), "S"((long)SIGUSR1), [in] "m"(in)
	                 : "rcx", "r11", "xmm0", "xmm15", "memory");
	if (avx) {
		__asm__ volatile("vmovups %%ymm7, %0" : "=m"(r->ymm7));
	} else {
		__asm__ volatile("movups %%xmm7, %0" : "=m"(r->ymm7));
		r->ymm7[2] = r->ymm7[0] ? 3 : 0; /* as a CPU with AVX would show it */
		r->ymm7[3] = r->ymm7[0] ? 4 : 0;
	}
	__asm__ volatile("stmxcsr %0; fnstcw %1; fstpl %2; fninit"
	                 : "=m"(r->mxcsr), "=m"(r->fcw), "=m"(r->st0));
	mxcsr = 0x1f80;
	__asm__ volatile("ldmxcsr %0" ::"m"(mxcsr));
}

static void show(const char *what)
{
	struct regs r;

	through_signal(&r);
	printf("%s: xmm0 %lx %lx xmm15 %lx %lx ymm7 %lx %lx %lx %lx mxcsr %x fcw %x st0 %g\n", what,
	       (long)r.xmm0[0], (long)r.xmm0[1], (long)r.xmm15[0], (long)r.xmm15[1], (long)r.ymm7[0],
	       (long)r.ymm7[1], (long)r.ymm7[2], (long)r.ymm7[3], r.mxcsr, r.fcw, r.fcw == 0x37f ? 0 : r.st0);
	fflush(stdout);
}

static void set_values(ucontext_t *uc)
{
	*(uint32_t *)(state(uc) + OFFSET_MXCSR) = 0x3f80;
	*(uint64_t *)(state(uc) + OFFSET_XMM) = 0x1234;
}
static void no_state(ucontext_t *uc)
{
	uc->uc_mcontext.fpregs = NULL;
}
/* The SSE and x87 parts still count; the rest gets its initial state.  A CPU without AVX has no rest. */
static void no_magic(ucontext_t *uc)
{
	if (extended(uc))
		*(uint32_t *)(state(uc) + OFFSET_MAGIC1) = 0;
}
/* The header names nothing: all components get their initial state; without XSAVE there is no header. */
static void nothing_saved(ucontext_t *uc)
{
	if (extended(uc))
		*(uint64_t *)(state(uc) + OFFSET_BV) = 0;
	else
		uc->uc_mcontext.fpregs = NULL;
}
/* What the frame holds, which may lie near the end of the stack. */
static size_t state_size(ucontext_t *uc)
{
	return extended(uc) ? *(uint32_t *)(state(uc) + OFFSET_MAGIC1 + 4) : 512;
}
static char copy[8192] __attribute__((aligned(64)));
static void elsewhere(ucontext_t *uc)
{
	memcpy(copy, state(uc), state_size(uc));
	uc->uc_mcontext.fpregs = (void *)copy;
}
static void misaligned(ucontext_t *uc)
{
	memcpy(copy + 8, state(uc), state_size(uc));
	uc->uc_mcontext.fpregs = (void *)(copy + 8);
}
static void kernel_address(ucontext_t *uc)
{
	uc->uc_mcontext.fpregs = (void *)0xffffffff80000000;
}
static void non_canonical(ucontext_t *uc)
{
	uc->uc_mcontext.fpregs = (void *)0x800000000000;
}
static void unmapped(ucontext_t *uc)
{
	uc->uc_mcontext.fpregs = (void *)0x1000;
}

static const struct {
	const char *name;
	void (*change)(ucontext_t *);
} cases[] = { { "unchanged", NULL },        { "changed", set_values },
	      { "no state", no_state },     { "nothing saved", nothing_saved },
	      { "elsewhere", elsewhere },   { "misaligned", misaligned },
	      { "kernel", kernel_address }, { "non-canonical", non_canonical },
	      { "unmapped", unmapped },     { "no magic", no_magic } };

int main(void)
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

	sigaction(SIGUSR1, &sa, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fflush(stdout);
		pid_t pid = fork();
		if (!pid) {
			change = cases[i].change;
			show(cases[i].name);
			_exit(0);
		}
		int status;
		waitpid(pid, &status, 0);
		printf("%s: %s %d\n", cases[i].name, WIFSIGNALED(status) ? "signal" : "exit",
		       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	}
	return 0;
}
