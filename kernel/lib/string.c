/* SPDX-License-Identifier: MIT
 * lib/string.c - memory and strings
 *
 * Owns:      nothing.
 * Layer:     lib.  Uses nothing.
 * Locks:     none.
 * Contexts:  any.
 * Manual:    C11 7.24; Intel SDM vol. 2, REP MOVS and REP STOS.
 * Tests:     tests/unit/string_test.c (the C loops and the x86-64 forms, against libc).
 *
 * Theory
 * ------
 * Copies of up to 32 bytes are two or four loads followed by as many stores that overlap in the middle: no
 * loop, and right for overlapping buffers too, since every load comes first.  A longer one moves words and
 * then its last word, loaded before the loop began:
 *
 *     |--------|--------|--------|--------|---|          n = 35
 *       word 0   word 1   word 2   word 3                four words by the loop
 *                                    |--------|          the last eight bytes, loaded early
 *
 * A forward copy is right when dst lies below src, overlapping or not, so memcpy is the forward half of
 * memmove.  The word loop is plain C by default; a CPU with a better way defines words_copy and words_fill.
 */
#include <lib/string.h>

/* A word at any address; may_alias, since it reads every type. */
struct word {
	u64 v;
} __attribute__((packed, may_alias));
struct half {
	u32 v;
} __attribute__((packed, may_alias));

static inline u64 word_load(const void *p)
{
	return ((const struct word *)p)->v;
}
static inline void word_store(void *p, u64 v)
{
	((struct word *)p)->v = v;
}
static inline u32 half_load(const void *p)
{
	return ((const struct half *)p)->v;
}
static inline void half_store(void *p, u32 v)
{
	((struct half *)p)->v = v;
}

/* Hides a pointer from the optimiser, which else turns the loops below into calls of memcpy and memset. */
#define OPAQUE(p) __asm__("" : "+r"(p))

/* The compiler's checks of KASAN=1 builds (base/sanitizers_address.c), for instructions it does not see. */
#ifdef CONFIG_KASAN
void __asan_loadN_noabort(const void *p, size_t n);
void __asan_storeN_noabort(void *p, size_t n);
#else
#define __asan_loadN_noabort(p, n)  ((void)0)
#define __asan_storeN_noabort(p, n) ((void)0)
#endif

#if defined(__x86_64__) && !defined(ZERNO_HOST)
static inline void words_copy(void *dst, const void *src, size_t words)
{
	__asan_loadN_noabort(src, words * 8);
	__asan_storeN_noabort(dst, words * 8);
	__asm__ volatile("rep movsq" : "+D"(dst), "+S"(src), "+c"(words)::"memory");
}
static inline void words_fill(void *dst, u64 v, size_t words)
{
	__asan_storeN_noabort(dst, words * 8);
	__asm__ volatile("rep stosq" : "+D"(dst), "+c"(words) : "a"(v) : "memory");
}
#else
static inline void words_copy(void *dst, const void *src, size_t words)
{
	char *d = dst;
	const char *s = src;
	for (; words; words--, d += 8, s += 8) {
		OPAQUE(d);
		word_store(d, word_load(s));
	}
}
static inline void words_fill(void *dst, u64 v, size_t words)
{
	char *d = dst;
	for (; words; words--, d += 8) {
		OPAQUE(d);
		word_store(d, v);
	}
}
#endif

/* n < 8. */
static inline void copy_tiny(char *d, const char *s, size_t n)
{
	if (n >= 4) {
		u32 a = half_load(s), b = half_load(s + n - 4);
		half_store(d, a);
		half_store(d + n - 4, b);
	} else if (n) {
		char a = s[0], m = s[n / 2], z = s[n - 1];
		d[0] = a;
		d[n / 2] = m;
		d[n - 1] = z;
	}
}

/* n <= 32; all loads before the first store. */
static inline void copy_small(char *d, const char *s, size_t n)
{
	if (n < 8) {
		copy_tiny(d, s, n);
		return;
	}
	u64 a = word_load(s), z = word_load(s + n - 8);
	if (n > 16) {
		u64 b = word_load(s + 8), y = word_load(s + n - 16);
		word_store(d + 8, b);
		word_store(d + n - 16, y);
	}
	word_store(d, a);
	word_store(d + n - 8, z);
}

void *memcpy(void *dst, const void *src, size_t n)
{
	if (n <= 32) {
		copy_small(dst, src, n);
		return dst;
	}
	u64 last = word_load((const char *)src + n - 8);
	words_copy(dst, src, n / 8);
	word_store((char *)dst + n - 8, last);
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	if ((uintptr_t)dst - (uintptr_t)src >= n || n <= 32)
		return memcpy(dst, src, n); /* dst below src, or apart, or loads before stores */
	char *d = (char *)dst + n;
	const char *s = (const char *)src + n;
	u64 first = word_load(src);
	for (size_t words = n / 8; words; words--) {
		d -= 8;
		s -= 8;
		OPAQUE(d);
		word_store(d, word_load(s));
	}
	word_store(dst, first);
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	char *d = dst;
	u64 v = 0x0101010101010101ULL * (u8)c;
	if (n >= 8) {
		if (n > 32) {
			words_fill(d, v, n / 8);
		} else {
			word_store(d, v);
			if (n > 16) {
				word_store(d + 8, v);
				word_store(d + n - 16, v);
			}
		}
		word_store(d + n - 8, v);
	} else if (n >= 4) {
		half_store(d, (u32)v);
		half_store(d + n - 4, (u32)v);
	} else if (n) {
		d[0] = d[n / 2] = d[n - 1] = (char)c;
	}
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *p = a, *q = b;
	while (n >= 8 && word_load(p) == word_load(q)) {
		p += 8;
		q += 8;
		n -= 8;
	}
	for (; n; n--, p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

void *memchr(const void *s, int c, size_t n)
{
	for (const u8 *p = s; n; n--, p++)
		if (*p == (u8)c)
			return (void *)p;
	return NULL;
}

size_t strlen(const char *s)
{
	const char *p = s;
	for (; *p; p++)
		OPAQUE(p);
	return (size_t)(p - s);
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;
	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return (u8)*a - (u8)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n && *a && *a == *b; n--) {
		a++;
		b++;
	}
	return n ? (u8)*a - (u8)*b : 0;
}

char *strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (!*s)
			return NULL;
	return (char *)s;
}

char *strrchr(const char *s, int c)
{
	const char *found = NULL;
	do {
		if (*s == (char)c)
			found = s;
	} while (*s++);
	return (char *)found;
}

char *strstr(const char *s, const char *find)
{
	size_t n = strlen(find);
	for (;; s++) {
		if (!strncmp(s, find, n))
			return (char *)s;
		if (!*s)
			return NULL;
	}
}

#ifndef ZERNO_HOST
size_t strlcpy(char *dst, const char *src, size_t size)
{
	size_t n = strlen(src);
	if (size) {
		size_t part = n < size ? n : size - 1;
		memcpy(dst, src, part);
		dst[part] = 0;
	}
	return n;
}
#endif
