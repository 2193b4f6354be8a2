/* SPDX-License-Identifier: MIT
 * arch/x86_64/registers.h - panics show registers from here on. */
#pragma once
void registers_init(void);
