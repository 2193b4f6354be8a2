/* SPDX-License-Identifier: MIT
 * arch/x86_64/ioapic.h - see <arch/irq.h> for the use of lines. */
#pragma once
void ioapic_init(void);
