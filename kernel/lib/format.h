/* SPDX-License-Identifier: MIT
 * lib/format.h - printf for the kernel: d i u x X o c s p %, flags - 0 + space #, width, precision, *, hh h l
 * ll z. No floating point. */
#pragma once
#include <abi/types.h>

#ifndef ZERNO_HOST
/* The length the whole text has, as C11 7.21.6.12; dst always ends with NUL when size > 0. */
int vsnprintf(char *dst, size_t size, const char *fmt, va_list ap);
PRINTF_LIKE(3, 4) int snprintf(char *dst, size_t size, const char *fmt, ...);
#endif
/* As snprintf, but returns what was written, at most size-1. */
PRINTF_LIKE(3, 4) int scnprintf(char *dst, size_t size, const char *fmt, ...);
