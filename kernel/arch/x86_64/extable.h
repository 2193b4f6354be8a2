/* SPDX-License-Identifier: MIT
 * arch/x86_64/extable.h - instructions of the kernel that may fault, and where to go on. */
#pragma once
#include <arch/trapframe.h>
/* If the instruction at tf->ip is listed, moves ip to its fix-up. Any context. */
bool extable_fixup(struct trapframe *tf);
bool extable_has(unsigned long ip);
