/* SPDX-License-Identifier: MIT
 * arch/x86_64/pvh.h - what the loader passed, as boot_info. */
#pragma once
#include <abi/types.h>
enum { LOW_RESERVED = 0x10000 }; /* RAM below is never given to the allocator: BIOS data, SMP trampoline */
/* Reads hvm_start_info at physical address pa (must lie below 4 GiB) into boot_info; nr_ram stays 0 when it
 * is not what it should be. */
void pvh_read(paddr_t pa);
