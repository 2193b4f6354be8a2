/* SPDX-License-Identifier: MIT
 * lib/hash.h - hashes for tables, not for security. */
#pragma once
#include <abi/types.h>

static inline u32 hash_u64(u64 x, unsigned bits)
{
	return (u32)(x * 0x9e3779b97f4a7c15ULL >> (64 - bits));
}
/* Hash of a name with a seed (FNV-1a over the bytes, folded). */
u32 hash_bytes(const void *p, size_t n, u32 seed);
