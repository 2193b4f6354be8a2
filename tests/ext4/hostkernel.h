/* SPDX-License-Identifier: MIT
 * tests/ext4/hostkernel.h - the host's side. */
#pragma once
#include <abi/types.h>

enum { HOST_PAGES = 1 << 16 };
void host_init(void);
void host_map_ram(void);
void ext4_init_for_host(void);
extern u64 host_alloc_fail_at;
