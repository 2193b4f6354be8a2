/* SPDX-License-Identifier: MIT
 * lib/string.h - memory and strings, as C11 7.24, and what the kernel adds. */
#pragma once
#include <abi/types.h>

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *find);
#ifndef ZERNO_HOST
/* Copies at most size-1 bytes and always ends with NUL; the length of src (>= size: cut). */
size_t strlcpy(char *dst, const char *src, size_t size);
#endif
/* Decimal, 0x or 0 prefix by base 0.  Advances *s past the number; false when there is no digit or it
 * overflows. */
bool parse_u64(const char **s, unsigned base, u64 *out);
static inline bool str_starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}
