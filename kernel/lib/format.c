/* SPDX-License-Identifier: MIT
 * lib/format.c - printf without floating point
 *
 * Owns:      nothing.
 * Layer:     lib.  Uses string.
 * Locks:     none.
 * Contexts:  any; uses about 150 bytes of stack.
 * Manual:    C11 7.21.6.1.
 * Tests:     tests/unit/format_test.c (against libc's snprintf)
 * Deviates:  %p of NULL prints 0x0; an unknown conversion is printed as it stands.
 */
#include <lib/format.h>
#include <lib/string.h>

enum { LEFT = 1, ZERO = 2, PLUS = 4, SPACE = 8, ALT = 16, UPPER = 32, SIGNED = 64 };

/* The text goes to dst[0..size); `len` counts on when there is no more room. */
struct out {
	char *dst;
	size_t size, len;
};
struct spec {
	unsigned flags;
	int width, precision; /* precision < 0: none */
	int length;           /* hh = -2, h = -1, none = 0, l, ll, z, t, j = 1 */
};

static void out_char(struct out *o, char c)
{
	if (o->len < o->size)
		o->dst[o->len] = c;
	o->len++;
}

static void out_pad(struct out *o, char c, int n)
{
	for (; n > 0; n--)
		out_char(o, c);
}

static void out_text(struct out *o, const char *s, size_t n)
{
	if (o->len < o->size) {
		size_t room = o->size - o->len;
		memcpy(o->dst + o->len, s, n < room ? n : room);
	}
	o->len += n;
}

/* The digits of v, written backwards up to `end`; the first of them. */
static char *digits_before(char *end, u64 v, unsigned base, bool upper)
{
	const char *set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	for (; v; v /= base)
		*--end = set[v % base];
	return end;
}

static void format_number(struct out *o, const struct spec *sp, u64 v, unsigned base)
{
	char buf[24], *end = buf + sizeof(buf), prefix[3];
	unsigned nprefix = 0;
	if (sp->flags & SIGNED) {
		if ((s64)v < 0) {
			prefix[nprefix++] = '-';
			v = -v;
		} else if (sp->flags & (PLUS | SPACE)) {
			prefix[nprefix++] = sp->flags & PLUS ? '+' : ' ';
		}
	}
	char *p = digits_before(end, v, base, sp->flags & UPPER);
	int n = (int)(end - p);
	int zeros = (sp->precision < 0 ? 1 : sp->precision) - n;
	if (sp->flags & ALT && base == 8 && zeros <= 0 && (n == 0 || *p != '0'))
		zeros = 1;
	if (sp->flags & ALT && base == 16 && v) {
		prefix[nprefix++] = '0';
		prefix[nprefix++] = sp->flags & UPPER ? 'X' : 'x';
	}
	zeros = MAX(zeros, 0);
	int pad = sp->width - n - zeros - (int)nprefix;
	if (sp->flags & ZERO && !(sp->flags & LEFT) && sp->precision < 0 && pad > 0) {
		zeros += pad;
		pad = 0;
	}
	if (!(sp->flags & LEFT))
		out_pad(o, ' ', pad);
	out_text(o, prefix, nprefix);
	out_pad(o, '0', zeros);
	out_text(o, p, (size_t)n);
	if (sp->flags & LEFT)
		out_pad(o, ' ', pad);
}

static void format_string(struct out *o, const struct spec *sp, const char *s)
{
	if (!s)
		s = "(null)";
	size_t n = sp->precision < 0 ? strlen(s) : strnlen(s, (size_t)sp->precision);
	int pad = n < (size_t)INT32_MAX ? sp->width - (int)n : 0;
	if (!(sp->flags & LEFT))
		out_pad(o, ' ', pad);
	out_text(o, s, n);
	if (sp->flags & LEFT)
		out_pad(o, ' ', pad);
}

/* Flags, width, precision and length; `args` by pointer, since * takes from it. */
struct args {
	va_list ap;
};

static const char *parse_decimal(const char *f, int *out)
{
	int v = 0;
	for (; *f >= '0' && *f <= '9'; f++)
		v = v < 100000 ? v * 10 + (*f - '0') : v; /* absurd widths stay bounded */
	*out = v;
	return f;
}

static const char *parse_flags(const char *f, struct spec *sp)
{
	for (;; f++) {
		switch (*f) {
		case '-':
			sp->flags |= LEFT;
			break;
		case '0':
			sp->flags |= ZERO;
			break;
		case '+':
			sp->flags |= PLUS;
			break;
		case ' ':
			sp->flags |= SPACE;
			break;
		case '#':
			sp->flags |= ALT;
			break;
		default:
			return f;
		}
	}
}

static const char *parse_spec(const char *f, struct spec *sp, struct args *a)
{
	*sp = (struct spec){ .precision = -1 };
	f = parse_flags(f, sp);
	if (*f == '*') {
		f++;
		sp->width = va_arg(a->ap, int);
		if (sp->width < 0) {
			sp->flags |= LEFT;
			sp->width = sp->width == INT32_MIN ? 0 : -sp->width;
		}
	} else {
		f = parse_decimal(f, &sp->width);
	}
	if (*f == '.') {
		f++;
		if (*f == '*') {
			f++;
			sp->precision = va_arg(a->ap, int);
		} else {
			f = parse_decimal(f, &sp->precision);
		}
	}
	for (;; f++) {
		if (*f == 'h')
			sp->length--;
		else if (*f == 'l' || *f == 'z' || *f == 't' || *f == 'j')
			sp->length = 1;
		else
			return f;
	}
}

static u64 arg_integer(struct args *a, const struct spec *sp)
{
	if (sp->length > 0)
		return va_arg(a->ap, u64);
	int v = va_arg(a->ap, int);
	if (sp->length == -1)
		return sp->flags & SIGNED ? (u64)(s16)v : (u16)v;
	if (sp->length < -1)
		return sp->flags & SIGNED ? (u64)(s8)v : (u8)v;
	return sp->flags & SIGNED ? (u64)v : (u32)v;
}

/* One conversion, `f` behind its '%'; the text behind it. */
static const char *format_one(struct out *o, const char *f, struct args *a)
{
	struct spec sp;
	const char *start = f;
	f = parse_spec(f, &sp, a);
	switch (*f) {
	case 'd':
	case 'i':
		sp.flags |= SIGNED;
		format_number(o, &sp, arg_integer(a, &sp), 10);
		break;
	case 'u':
		format_number(o, &sp, arg_integer(a, &sp), 10);
		break;
	case 'o':
		format_number(o, &sp, arg_integer(a, &sp), 8);
		break;
	case 'X':
		sp.flags |= UPPER; /* fall through */
	case 'x':
		format_number(o, &sp, arg_integer(a, &sp), 16);
		break;
	case 'p':
		sp.flags |= ALT;
		format_number(o, &sp, (u64)(uintptr_t)va_arg(a->ap, void *), 16);
		break;
	case 'c': {
		char c = (char)va_arg(a->ap, int);
		if (!(sp.flags & LEFT))
			out_pad(o, ' ', sp.width - 1);
		out_char(o, c);
		if (sp.flags & LEFT)
			out_pad(o, ' ', sp.width - 1);
		break;
	}
	case 's':
		format_string(o, &sp, va_arg(a->ap, const char *));
		break;
	case '%':
		out_char(o, '%');
		break;
	default:
		out_char(o, '%');
		return start;
	}
	return f + 1;
}

static int format_all(char *dst, size_t size, const char *f, struct args *a)
{
	struct out o = { dst, size ? size - 1 : 0, 0 };
	while (*f) {
		const char *plain = f;
		while (*f && *f != '%')
			f++;
		out_text(&o, plain, (size_t)(f - plain));
		if (*f)
			f = format_one(&o, f + 1, a);
	}
	if (size)
		dst[MIN(o.len, size - 1)] = 0;
	return o.len < INT32_MAX ? (int)o.len : INT32_MAX;
}

#ifndef ZERNO_HOST
int vsnprintf(char *dst, size_t size, const char *fmt, va_list ap)
{
	struct args a;
	va_copy(a.ap, ap);
	int n = format_all(dst, size, fmt, &a);
	va_end(a.ap);
	return n;
}

int snprintf(char *dst, size_t size, const char *fmt, ...)
{
	struct args a;
	va_start(a.ap, fmt);
	int n = format_all(dst, size, fmt, &a);
	va_end(a.ap);
	return n;
}
#endif

int scnprintf(char *dst, size_t size, const char *fmt, ...)
{
	struct args a;
	va_start(a.ap, fmt);
	int n = format_all(dst, size, fmt, &a);
	va_end(a.ap);
	return size == 0 ? 0 : MIN(n, (int)MIN(size - 1, (size_t)INT32_MAX));
}
