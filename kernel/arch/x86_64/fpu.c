/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/fpu.c - x87, SSE, AVX state: one memory area a thread, saved and loaded whole
 *
 * Owns:      fpu_size, fpu_features, the cache of areas; what the FPU registers of each CPU hold.
 * Layer:     arch/x86_64.  Used by thread.c (switch, fork, exec) and signal.c (frames).
 * Locks:     none: a thread's area is touched by its own CPU, or before it runs.
 * Contexts:  fpu_switch: interrupts off.  Others: process context; they do not sleep.
 * Manual:    Intel SDM vol. 1, chapter 13 (XSAVE), 10.5 (FXSAVE).
 * Tests:     tests/abi (registers over signals and fork), tests/stress with several CPUs.
 *
 * Theory
 * ------
 * The kernel itself uses no FPU register (-mgeneral-regs-only).  So a user thread's registers stay in the CPU
 * while kernel threads and the idle loop run: they are saved when the thread leaves the CPU (it may go on
 * elsewhere), but loaded again only if something else was loaded here since:
 *
 *     load(next) is skipped  iff  this CPU's fpu_owner == next  and  next->fpu_cpu == this CPU
 *
 * Whoever changes the area of a thread (exec, sigreturn) loads it at once, so the pair keeps telling the
 * truth; a freed thread's address can return in fpu_owner, but a new thread starts with fpu_cpu = none.
 *
 * An area is FXSAVE's 512 bytes, and with XSAVE the header and the extended components of the standard
 * format.
 */
#include <arch/cpu.h>
#include <base/panic.h>
#include <base/percpu.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <abi/signal.h>
#include "features.h"
#include "fpu.h"
#include "msr.h"

/* XCR0: x87, SSE, AVX, AVX-512 (three components, only together). */
#define XFEATURE_BASE   3UL
#define XFEATURE_AVX    4UL
#define XFEATURE_AVX512 0xe0UL

enum {
	FPU_FCW = 0,
	FPU_FSW = 2,
	FPU_MXCSR = 24,
	FPU_MXCSR_MASK = 28,
	FCW_DEFAULT = 0x37f,
	MXCSR_DEFAULT = 0x1f80
};

u32 fpu_size = FPU_LEGACY_SIZE;
u64 fpu_features;
static u32 mxcsr_mask = 0xffbf;
static struct kmem_cache *fpu_cache;
static DEFINE_PERCPU(struct thread *, fpu_owner);

static void fpu_save(void *area)
{
	if (cpu_features.xsaveopt)
		__asm__ volatile("xsaveopt64 (%0)" ::"r"(area), "a"(-1), "d"(-1) : "memory");
	else if (fpu_features)
		__asm__ volatile("xsave64 (%0)" ::"r"(area), "a"(-1), "d"(-1) : "memory");
	else
		__asm__ volatile("fxsave64 (%0)" ::"r"(area) : "memory");
}

static void fpu_load(const void *area)
{
	if (fpu_features)
		__asm__ volatile("xrstor64 (%0)" ::"r"(area), "a"(-1), "d"(-1) : "memory");
	else
		__asm__ volatile("fxrstor64 (%0)" ::"r"(area) : "memory");
}

void fpu_switch(struct thread *prev, struct thread *next)
{
	unsigned cpu = cpu_id();
	struct thread **owner = this_cpu_ptr(fpu_owner);

	if (prev->arch.fpu && prev->state != THREAD_DEAD) {
		fpu_save(prev->arch.fpu);
		prev->arch.fpu_cpu = cpu;
		*owner = prev;
	}
	if (next->arch.fpu && (*owner != next || next->arch.fpu_cpu != cpu)) {
		fpu_load(next->arch.fpu);
		next->arch.fpu_cpu = cpu;
		*owner = next;
	}
}

/* Plain XSAVE writes all components; XSAVEOPT may leave out those in their initial state, which a reader of
 * the bytes (a signal handler) would not expect. */
void fpu_save_current(void *area)
{
	if (fpu_features)
		__asm__ volatile("xsave64 (%0)" ::"r"(area), "a"(-1), "d"(-1) : "memory");
	else
		fpu_save(area);
}

void fpu_load_current(void)
{
	fpu_load(thread_current()->arch.fpu);
	thread_current()->arch.fpu_cpu = cpu_id();
	this_cpu(fpu_owner) = thread_current();
}

static void area_reset(void *area)
{
	memset(area, 0, fpu_size);
	*(u16 *)((char *)area + FPU_FCW) = FCW_DEFAULT;
	*(u32 *)((char *)area + FPU_MXCSR) = MXCSR_DEFAULT;
	*(u32 *)((char *)area + FPU_MXCSR_MASK) = mxcsr_mask;
}

void fpu_reset_current(void)
{
	area_reset(thread_current()->arch.fpu);
	fpu_load_current();
}

void fpu_sanitise(void *area)
{
	u64 *header = (u64 *)((char *)area + FPU_LEGACY_SIZE);

	*(u32 *)((char *)area + FPU_MXCSR) &= mxcsr_mask;
	if (!fpu_features)
		return;
	header[0] &= fpu_features;                                  /* XSTATE_BV */
	memset(&header[1], 0, FPU_HEADER_SIZE - sizeof(header[0])); /* standard format, reserved zero */
}

void *fpu_alloc(void)
{
	void *area = kmem_cache_alloc(fpu_cache, 0);

	if (area)
		area_reset(area);
	return area;
}

void fpu_free(void *area)
{
	if (area)
		kmem_cache_free(fpu_cache, area);
}

int fpu_exception_code(bool sse)
{
	char *area = thread_current()->arch.fpu;
	unsigned err;

	fpu_save_current(area);
	if (sse) {
		u32 mxcsr = *(u32 *)(area + FPU_MXCSR);

		err = ~(mxcsr >> 7) & mxcsr;
	} else {
		err = *(u16 *)(area + FPU_FSW) & ~*(u16 *)(area + FPU_FCW);
	}
	if (err & 0x01)
		return FPE_FLTINV;
	if (err & 0x04)
		return FPE_FLTDIV;
	if (err & 0x08)
		return FPE_FLTOVF;
	if (err & 0x12)
		return FPE_FLTUND;
	return err & 0x20 ? FPE_FLTRES : 0;
}

static void detect_mxcsr_mask(void)
{
	static u8 area[FPU_LEGACY_SIZE] __attribute__((aligned(16)));
	u32 mask;

	__asm__ volatile("fxsave64 (%0)" ::"r"(area) : "memory");
	mask = *(u32 *)(area + FPU_MXCSR_MASK);
	if (mask)
		mxcsr_mask = mask;
}

static u64 wanted_features(void)
{
	struct cpuid d = cpuid(0xd, 0);
	u64 offered = (u64)d.d << 32 | d.a, want = XFEATURE_BASE;

	if (offered & XFEATURE_AVX)
		want |= XFEATURE_AVX;
	if (want & XFEATURE_AVX && (offered & XFEATURE_AVX512) == XFEATURE_AVX512)
		want |= XFEATURE_AVX512;
	return want;
}

void fpu_init(void)
{
	u32 mxcsr = MXCSR_DEFAULT;

	__asm__ volatile("fninit; ldmxcsr %0" ::"m"(mxcsr));
	if (cpu_features.xsave) {
		u64 want = wanted_features();

		__asm__ volatile("xsetbv" ::"a"((u32)want), "d"((u32)(want >> 32)), "c"(0));
		fpu_size = cpuid(0xd, 0).b; /* for what is enabled now */
		fpu_features = want;
	}
	if (cpu_id() == 0)
		detect_mxcsr_mask();
}

void fpu_init_cache(void)
{
	assert(fpu_size >= FPU_LEGACY_SIZE);
	fpu_cache = kmem_cache_create("fpu", fpu_size, 64);
}
