/* SPDX-License-Identifier: MIT
 * arch/power.h (x86-64) - the end: power off (FADT sleep control, PM1a), reset, and a halt when neither
 * works. */
#pragma once
#include <abi/types.h>
NORETURN void arch_power_off(void);
NORETURN void arch_reboot(void);
NORETURN void arch_halt(void);
