/* SPDX-License-Identifier: MIT
 * arch/x86_64/espfix.h - IRET to a stack segment of 16 bits. */
#pragma once
#include <abi/types.h>
#include <arch/trapframe.h>

#define ESPFIX_BASE 0xffffff0000000000UL
/* Makes the aliases: the entry of the kernel's root table for ESPFIX_BASE.  Once, at boot. */
u64 espfix_root_entry(void);
/* A double fault: if it is a failed IRET from such an alias, *tf leads to the fault of user mode that it stands for. */
bool espfix_double_fault(struct trapframe *tf);
