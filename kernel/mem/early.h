/* SPDX-License-Identifier: MIT
 * mem/early.h - inside mem: memory before there are struct pages. */
#pragma once
#include <base/bootinfo.h>

/* Physically contiguous, align a power of two >= PAGE_SIZE; 0 = none. Not zeroed. */
paddr_t early_alloc_phys(size_t size, size_t align);
/* What is left, sorted; early_alloc works no more afterwards. */
const struct boot_range *early_end(unsigned *nr);
