/* SPDX-License-Identifier: MIT
 * stub/arch/pgtable.h - the address map of the host tests: regions that mmap() puts at fixed places. */
#pragma once
#include <abi/types.h>

#define USER_TOP   0x00007ffffffff000UL
#define DIRECT_MAP 0x0000200000000000UL
#define VMEMMAP    0x0000210000000000UL
#define KMAP_START 0x0000220000000000UL
#define KMAP_END   0x0000228000000000UL
enum { KMAP_W = 1, KMAP_X = 2, KMAP_UNCACHED = 4 };
MUST_CHECK int arch_kernel_map(unsigned long va, paddr_t pa, unsigned long size, unsigned flags);
void arch_kernel_unmap(unsigned long va, unsigned long size);
static inline void *phys_to_virt(paddr_t pa)
{
	return (void *)(pa + DIRECT_MAP);
}
static inline paddr_t virt_to_phys(const void *p)
{
	return (unsigned long)p - DIRECT_MAP;
}
