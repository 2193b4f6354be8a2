/* SPDX-License-Identifier: MIT
 * arch/signal.h (x86-64) - signal frames on the user stack, exactly as Linux lays them out (sigreturn(2)). */
#pragma once
#include <abi/types.h>
#include <abi/signal.h>
#include <arch/trapframe.h>

/* Writes the frame (siginfo, ucontext, FPU state) to the user stack or the alternate one and points tf at the
 * handler.  `mask` is what sigreturn will restore.  0 or -EFAULT (the caller forces SIGSEGV).  May sleep. */
MUST_CHECK int arch_signal_setup(struct trapframe *tf, const struct sigaction_k *sa,
                                 const struct siginfo *info, sigset_k mask, const struct sigaltstack_k *alt);
/* rt_sigreturn: restores tf and FPU state from the frame at the stack pointer; *mask and *alt are what the
 * frame says. 0 or -EFAULT: if the frame could be read, tf and *mask are of it then, too, and the FPU's state is the
 * initial one.  Values from the frame are sanitised. */
MUST_CHECK int arch_signal_return(struct trapframe *tf, sigset_k *mask, struct sigaltstack_k *alt);
