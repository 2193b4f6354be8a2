/* SPDX-License-Identifier: MIT
 * tests/unit/format_test.c - lib/format.c against libc's snprintf
 */
#include "unit.h"
#include <abi/types.h>

int zerno_snprintf(char *dst, size_t size, const char *fmt, ...);
int zerno_scnprintf(char *dst, size_t size, const char *fmt, ...);

#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-extra-args"

/* Both print the same, into every buffer size. */
#define SAME(fmt, ...)                                                                                       \
	do {                                                                                                 \
		char want_[256], have_[256];                                                                 \
		size_t size_ = unit_random() % 3 ? sizeof(want_) : 1 + unit_random() % 20;                   \
		int w_ = snprintf(want_, size_, fmt, __VA_ARGS__);                                           \
		int h_ = zerno_snprintf(have_, size_, fmt, __VA_ARGS__);                                     \
		if (w_ != h_ || strcmp(want_, have_)) {                                                      \
			print_error("format '%s': libc '%s' %d, ours '%s' %d\n", fmt, want_, w_, have_, h_); \
			fail();                                                                              \
		}                                                                                            \
	} while (0)

static u64 random_value(void)
{
	u64 v = (u64)unit_random() << 40 ^ (u64)unit_random() << 20 ^ unit_random();
	switch (unit_random() % 5) {
	case 0:
		return unit_random() % 3;
	case 1:
		return v >> unit_random() % 64;
	case 2:
		return -(v >> (1 + unit_random() % 63));
	case 3:
		return (u64)INT64_MIN;
	default:
		return v;
	}
}

/* A random specification: flags, width and precision. */
static void random_spec(char *s)
{
	static const char flags[] = "-0+ #";
	*s++ = '%';
	for (int i = 0; i < 5; i++)
		if (unit_random() % 3 == 0)
			*s++ = flags[i];
	if (unit_random() % 2)
		s += sprintf(s, "%u", 1 + unit_random() % 30);
	if (unit_random() % 3 == 0)
		s += sprintf(s, ".%u", unit_random() % 25);
	*s = 0;
}

static void test_numbers(void **state)
{
	(void)state;
	static const char *const lengths[] = { "hh", "h", "", "l", "ll", "z" };
	static const char conversions[] = "diuxXo";
	for (int round = 0; round < 200000; round++) {
		char fmt[64] = "<";
		unsigned length = unit_random() % 6;
		random_spec(fmt + 1);
		strcat(fmt, lengths[length]);
		size_t n = strlen(fmt);
		fmt[n] = conversions[unit_random() % 6];
		strcpy(fmt + n + 1, ">");
		u64 v = random_value();
		if (length >= 3)
			SAME(fmt, v);
		else
			SAME(fmt, (int)v);
	}
}

static void test_strings(void **state)
{
	(void)state;
	static const char *const words[] = { "", "a", "hello", "a longer text with blanks" };
	for (int round = 0; round < 20000; round++) {
		char fmt[32] = "%";
		const char *w = words[unit_random() % 4];
		if (unit_random() % 2)
			strcat(fmt, "-");
		if (unit_random() % 2)
			sprintf(fmt + strlen(fmt), "%u", 1 + unit_random() % 30);
		if (unit_random() % 2)
			sprintf(fmt + strlen(fmt), ".%u", unit_random() % 10);
		strcat(fmt, "s|");
		SAME(fmt, w);
	}
	/* A precision bounds the reading: there is no NUL here. */
	char three[3] = { 'a', 'b', 'c' };
	SAME("%.3s", three);
}

static void test_rest(void **state)
{
	(void)state;
	SAME("%c%5c%-5c|", 'x', 'y', 'z');
	SAME("100%% %s", "sure");
	SAME("%*d|%-*d|%*d|%.*d", 8, 42, 8, 42, -8, 42, 4, 7);
	SAME("%.*s|%*s", 2, "abcdef", 6, "ab");
	SAME("%.*d", -1, 0);
	SAME("%p %10p", (void *)0x1234, (void *)0xffff);
	SAME("%d %s %lx %c", -5, "mixed", 255ul, '!');
	char buf[4] = "zzz";
	assert_int_equal(zerno_snprintf(NULL, 0, "%d", 12345), 5);
	assert_int_equal(zerno_scnprintf(buf, sizeof(buf), "%d", 12345), 3);
	assert_string_equal(buf, "123");
	assert_int_equal(zerno_scnprintf(buf, 0, "%d", 12345), 0);
	assert_int_equal(zerno_scnprintf(buf, sizeof(buf), "%s", (char *)NULL), 3);
	assert_string_equal(buf, "(nu");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_rest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
