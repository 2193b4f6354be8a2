/* SPDX-License-Identifier: MIT
 * arch/x86_64/fpu_frame.h - the FPU state of the running thread in a signal frame. */
#pragma once
#include <abi/types.h>

enum { FPU_FRAME_ALIGN = 64 };
/* Bytes of user stack the state takes. */
unsigned x86_fpu_frame_size(void);
/* Writes the state to user memory at addr (FPU_FRAME_ALIGN); 0 or -EFAULT.  May sleep. */
MUST_CHECK int x86_fpu_save_user(unsigned long addr);
/* Loads it from there; 0 = the initial state.  Hostile bytes are made harmless.  0 or -EFAULT.  May sleep. */
MUST_CHECK int x86_fpu_restore_user(unsigned long addr);
