/* SPDX-License-Identifier: MIT
 * lib/sort.h - heap sort: in place, no worst case, no allocation. */
#pragma once
#include <abi/types.h>
void sort(void *base, size_t n, size_t size, int (*cmp)(const void *a, const void *b));
