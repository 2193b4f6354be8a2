/* SPDX-License-Identifier: MIT
 * stub/strlcpy.c - for hosts whose libc has none. */
#include <lib/string.h>

__attribute__((weak)) size_t strlcpy(char *dst, const char *src, size_t size)
{
	size_t n = strlen(src), part = n < size ? n : size - 1;
	if (size) {
		memcpy(dst, src, part);
		dst[part] = 0;
	}
	return n;
}
