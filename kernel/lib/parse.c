/* SPDX-License-Identifier: MIT
 * lib/parse.c - numbers out of text
 *
 * Owns:      nothing.
 * Layer:     lib.
 * Locks:     none.
 * Contexts:  any.
 * Manual:    C11 7.22.1.4 (the prefixes of base 0); unlike strtoul neither blanks nor a sign are skipped.
 * Tests:     tests/unit/string_test.c
 */
#include <lib/string.h>

static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A') + 10;
	return 255;
}

bool parse_u64(const char **s, unsigned base, u64 *out)
{
	const char *p = *s;
	bool hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X') && digit_value(p[2]) < 16;
	if ((base == 0 || base == 16) && hex) {
		p += 2;
		base = 16;
	} else if (base == 0) {
		base = *p == '0' ? 8 : 10;
	}
	if (digit_value(*p) >= base)
		return false;
	u64 v = 0;
	for (; digit_value(*p) < base; p++)
		if (__builtin_mul_overflow(v, base, &v) || __builtin_add_overflow(v, digit_value(*p), &v))
			return false;
	*s = p;
	*out = v;
	return true;
}
