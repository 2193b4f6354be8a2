/* SPDX-License-Identifier: MIT
 * arch/x86_64/fpu.h - the FPU state of a thread in memory, for the switch and for signal frames. */
#pragma once
#include <abi/types.h>
#include <sched/thread.h>

/* The 512 bytes of FXSAVE, then (with XSAVE) the 64 bytes of the XSAVE header, then the extended parts. */
enum { FPU_LEGACY_SIZE = 512, FPU_HEADER_SIZE = 64 };
extern u32 fpu_size;     /* bytes of a thread's area */
extern u64 fpu_features; /* XCR0; 0 on a CPU without XSAVE */

void fpu_init(void); /* each CPU: turns the FPU on; the boot CPU finds size and features */
/* The cache of areas; after slab_init. */
void fpu_init_cache(void);
/* Zeroed areas with the initial state; NULL = out of memory. */
void *fpu_alloc(void);
void fpu_free(void *area);
/* Writes the registers of the running thread, every component of them, to `area` (its own or another one). */
void fpu_save_current(void *area);
/* Loads the running thread's registers from its own area (t->arch.fpu), which the caller has changed and,
 * when the bytes came from the user, has passed through fpu_sanitise. */
void fpu_load_current(void);
/* Makes bytes from a user acceptable to XRSTOR/FXRSTOR: reserved bits cleared, unknown components dropped. */
void fpu_sanitise(void *area);
/* The running thread gets the state of a new program. */
void fpu_reset_current(void);
/* Signal code (si_code) of a pending x87 (#MF) or SSE (#XM) exception of the running thread; 0 = none. */
int fpu_exception_code(bool sse);
/* The switch: irqs off; either may be a kernel thread. */
void fpu_switch(struct thread *prev, struct thread *next);
