/* SPDX-License-Identifier: MIT
 * base/random.h - random numbers: ChaCha20 keyed from what entropy there is (RDRAND, virtio-rng, timings). */
#pragma once
#include <abi/types.h>
void random_bytes(void *dst, size_t n);
u64 random_u64(void);
void random_add_entropy(const void *p, size_t n);
