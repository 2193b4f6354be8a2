/* SPDX-License-Identifier: MIT
 * arch/x86_64/tlb.h - the receiving side of arch_tlb_flush. */
#pragma once
void tlb_handle(void); /* IPI_TLB, irqs off */
