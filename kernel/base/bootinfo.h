/* SPDX-License-Identifier: MIT
 * base/bootinfo.h - what the boot loader told us, in a form of our own, copied out of its memory. */
#pragma once
#include <abi/types.h>

enum { BOOT_RANGES_MAX = 64, BOOT_CMDLINE_MAX = 4096 };
struct boot_range {
	paddr_t start, end; /* bytes; start < end, page-aligned inwards */
};
struct boot_info {
	unsigned nr_ram;
	struct boot_range ram[BOOT_RANGES_MAX]; /* usable, sorted, disjoint; kernel and initrd lie inside */
	paddr_t kernel_start, kernel_end;
	paddr_t initrd_start, initrd_end; /* equal when there is none */
	paddr_t rsdp;                     /* 0: unknown */
	char cmdline[BOOT_CMDLINE_MAX];
};
extern struct boot_info boot_info;
