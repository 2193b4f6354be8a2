/* SPDX-License-Identifier: MIT
 * arch/x86_64/power.h - see <arch/power.h>. */
#pragma once
void power_init(void); /* maps the registers while that is still possible */
