/* SPDX-License-Identifier: MIT
 * tests/unit/string_test.c - lib/string.c and lib/parse.c against libc
 *
 * string.c is compiled twice, with the prefixes c_ (the C loops) and x_ (the x86-64 forms).
 */
#include "unit.h"
#include <lib/string.h>

#define FOR_EACH_VARIANT(X) X(c_) X(x_)
#define DECLARE(p)                                                                                           \
	void *p##memcpy(void *, const void *, size_t);                                                       \
	void *p##memmove(void *, const void *, size_t);                                                      \
	void *p##memset(void *, int, size_t);                                                                \
	int p##memcmp(const void *, const void *, size_t);                                                   \
	void *p##memchr(const void *, int, size_t);                                                          \
	size_t p##strlen(const char *);                                                                      \
	size_t p##strnlen(const char *, size_t);                                                             \
	int p##strcmp(const char *, const char *);                                                           \
	int p##strncmp(const char *, const char *, size_t);                                                  \
	char *p##strchr(const char *, int);                                                                  \
	char *p##strrchr(const char *, int);                                                                 \
	char *p##strstr(const char *, const char *);
FOR_EACH_VARIANT(DECLARE)
size_t x_strlcpy(char *, const char *, size_t);

struct variant {
	void *(*copy)(void *, const void *, size_t), *(*move)(void *, const void *, size_t);
	void *(*set)(void *, int, size_t);
	int (*cmp)(const void *, const void *, size_t);
	void *(*chr)(const void *, int, size_t);
	size_t (*len)(const char *), (*nlen)(const char *, size_t);
	int (*scmp)(const char *, const char *), (*sncmp)(const char *, const char *, size_t);
	char *(*schr)(const char *, int), *(*srchr)(const char *, int), *(*sstr)(const char *, const char *);
};
#define VARIANT(p)                                                                                           \
	{ p##memcpy,  p##memmove, p##memset,  p##memcmp, p##memchr,  p##strlen,                              \
	  p##strnlen, p##strcmp,  p##strncmp, p##strchr, p##strrchr, p##strstr },
static const struct variant variants[] = { FOR_EACH_VARIANT(VARIANT) };

enum { BUF = 512 };
static unsigned char a[BUF], b[BUF];

static void fill(void)
{
	for (int i = 0; i < BUF; i++)
		a[i] = b[i] = (unsigned char)unit_random();
}

/* Every length and a row of alignments; nothing outside of the range may change. */
static void test_copies(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++)
		for (size_t n = 0; n < 200; n++)
			for (size_t off = 0; off < 9; off++) {
				fill();
				assert_ptr_equal(variants[v].copy(a + off, a + 256 + n % 7, n), a + off);
				memcpy(b + off, b + 256 + n % 7, n);
				assert_memory_equal(a, b, BUF);
				assert_ptr_equal(variants[v].set(a + off, (int)n * 3, n), a + off);
				memset(b + off, (int)n * 3, n);
				assert_memory_equal(a, b, BUF);
			}
}

static void test_overlap(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++)
		for (int round = 0; round < 20000; round++) {
			size_t n = unit_random() % 200, from = unit_random() % 200, to = unit_random() % 200;
			fill();
			assert_ptr_equal(variants[v].move(a + to, a + from, n), a + to);
			memmove(b + to, b + from, n);
			assert_memory_equal(a, b, BUF);
		}
}

static int sign(int x)
{
	return (x > 0) - (x < 0);
}

static void test_compare(void **state)
{
	(void)state;
	for (size_t v = 0; v < 2; v++)
		for (int round = 0; round < 20000; round++) {
			size_t n = unit_random() % 40;
			fill();
			if (n && round % 2)
				b[unit_random() % n] ^= (unsigned char)(1 + unit_random() % 255);
			assert_int_equal(sign(variants[v].cmp(a, b, n)), sign(memcmp(a, b, n)));
			int c = a[unit_random() % BUF];
			assert_ptr_equal(variants[v].chr(a, c, n), memchr(a, c, n));
		}
}

/* Short strings of few letters meet all the cases. */
static void test_strings(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct variant *v = &variants[i];
		for (int round = 0; round < 50000; round++) {
			char s[16] = { 0 }, t[16] = { 0 };
			for (unsigned k = unit_random() % 12; k > 0; k--)
				s[k - 1] = (char)('a' + unit_random() % 3);
			for (unsigned k = unit_random() % 4; k > 0; k--)
				t[k - 1] = (char)('a' + unit_random() % 3);
			size_t n = unit_random() % 15;
			assert_int_equal(v->len(s), strlen(s));
			assert_int_equal(v->nlen(s, n), strnlen(s, n));
			assert_int_equal(sign(v->scmp(s, t)), sign(strcmp(s, t)));
			assert_int_equal(sign(v->sncmp(s, t, n)), sign(strncmp(s, t, n)));
			assert_ptr_equal(v->schr(s, 'b'), strchr(s, 'b'));
			assert_ptr_equal(v->schr(s, 0), strchr(s, 0));
			assert_ptr_equal(v->srchr(s, 'a'), strrchr(s, 'a'));
			assert_ptr_equal(v->sstr(s, t), strstr(s, t));
		}
	}
}

static void test_strlcpy(void **state)
{
	(void)state;
	char dst[8];
	assert_int_equal(x_strlcpy(dst, "abc", sizeof(dst)), 3);
	assert_string_equal(dst, "abc");
	assert_int_equal(x_strlcpy(dst, "abcdefghij", sizeof(dst)), 10);
	assert_string_equal(dst, "abcdefg");
	assert_int_equal(x_strlcpy(dst, "x", 0), 1);
	assert_string_equal(dst, "abcdefg");
}

static void test_parse(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned base;
		bool ok;
		u64 value;
		const char *rest;
	} cases[] = {
		{ "123k", 0, true, 123, "k" },
		{ "0x1fz", 0, true, 31, "z" },
		{ "0x1F", 16, true, 31, "" },
		{ "1f", 16, true, 31, "" },
		{ "017", 0, true, 15, "" },
		{ "017", 10, true, 17, "" },
		{ "0", 0, true, 0, "" },
		{ "0x", 0, true, 0, "x" },
		{ "08", 0, true, 0, "8" },
		{ "", 0, false, 0, "" },
		{ "-1", 10, false, 0, "-1" },
		{ " 1", 10, false, 0, " 1" },
		{ "x", 16, false, 0, "x" },
		{ "18446744073709551615", 10, true, UINT64_MAX, "" },
		{ "18446744073709551616", 10, false, 0, "18446744073709551616" },
		{ "0xffffffffffffffff", 0, true, UINT64_MAX, "" },
		{ "0x10000000000000000", 0, false, 0, "0x10000000000000000" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *s = cases[i].text;
		u64 v = 0;
		assert_int_equal(parse_u64(&s, cases[i].base, &v), cases[i].ok);
		assert_true(v == cases[i].value);
		assert_string_equal(s, cases[i].rest);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copies),  cmocka_unit_test(test_overlap),
		cmocka_unit_test(test_compare), cmocka_unit_test(test_strings),
		cmocka_unit_test(test_strlcpy), cmocka_unit_test(test_parse),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
