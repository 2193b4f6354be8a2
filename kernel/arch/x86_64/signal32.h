/* SPDX-License-Identifier: MIT
 * arch/x86_64/signal32.h - signal frames of i386 programs; the meaning of the arguments is in <arch/signal.h>. */
#pragma once
#include <abi/signal.h>
#include <arch/trapframe.h>

MUST_CHECK int signal32_setup(struct trapframe *tf, const struct sigaction_k *sa, const struct siginfo *info,
                              sigset_k mask, const struct sigaltstack_k *alt);
/* sigreturn and rt_sigreturn, by the number of the call. */
MUST_CHECK int signal32_return(struct trapframe *tf, sigset_k *mask, struct sigaltstack_k *alt);
