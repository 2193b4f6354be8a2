/* SPDX-License-Identifier: MIT
 * arch/x86_64/umip.h - instructions that CR4.UMIP forbids, executed for the program. */
#pragma once
#include <arch/trapframe.h>

/* A general protection fault of user mode: was it one of these?  Then it is done, or its fault is signalled.  Sleeps. */
bool umip_emulate(struct trapframe *tf);
