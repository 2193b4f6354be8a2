/* SPDX-License-Identifier: MIT
 * base/sanitizers_undefined.c - undefined behaviour, reported (builds with UBSAN=1)
 *
 * Owns:      nothing; the places are the compiler's.
 * Layer:     base.
 * Locks:     none.
 * Contexts:  any.
 * Manual:    GCC, "Program Instrumentation Options", -fsanitize=undefined; C11 annex J.2.
 * Tests:     kernel/base/sanitizers_ktest.c; every test of a UBSAN=1 build.
 *
 * Theory
 * ------
 * Before an operation whose result C leaves undefined for some values, the compiler tests for these values and then
 * calls __ubsan_handle_KIND with the place in the source, the types and the values:
 *
 *     a << n      n > 31 ?  __ubsan_handle_shift_out_of_bounds(&{ place, type of a, type of n }, a, n)
 *
 * A value of up to 64 bits comes in the register itself.  The place is writable memory of ours: the column
 * of one that was reported is marked, so that each is reported once.
 *
 * The ordinary build defines signed overflow (-fwrapv); this one does not, so that it is seen.
 */
#include <base/sanitizers.h>
#include <base/atomic.h>
#include <lib/format.h>

#ifdef CONFIG_UBSAN
enum { KIND_INT = 0, TEXT_MAX = 220, VALUE_MAX = 24 };
#define REPORTED (1u << 31)

/* What the compiler emits. */
struct place {
	const char *file;
	u32 line, column;
};
struct type {
	u16 kind; /* KIND_INT: info = log2(bits) * 2 + signed */
	u16 info;
	char name[];
};
struct op_data { /* arithmetic, vla bound, bool and enum values */
	struct place at;
	const struct type *type;
};
struct two_types_data { /* shift: both operands; bounds: array and index */
	struct place at;
	const struct type *left, *right;
};
struct mismatch_data {
	struct place at;
	const struct type *type;
	u8 log_align, access;
};
struct arg_data {
	struct place at, attribute;
	s32 arg;
};
struct builtin_data {
	struct place at;
	u8 kind;
};

PRINTF_LIKE(2, 3) static void report(struct place *at, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;
	if (atomic_load(&at->column) & REPORTED)
		return;
	if (!sanitizer_begin())
		return;
	u32 column = at->column;
	atomic_store(&at->column, column | REPORTED);
	int n = scnprintf(text, sizeof(text), "UBSan: %s:%u:%u: ", at->file, at->line, column);
	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
	va_end(ap);
	sanitizer_end(text);
}

static unsigned type_bits(const struct type *t)
{
	return 1u << (t->info >> 1);
}

static bool type_signed(const struct type *t)
{
	return t->info & 1;
}

/* The value as its type writes it. */
static const char *value_text(char *buf, const struct type *t, unsigned long v)
{
	unsigned bits = t->kind == KIND_INT ? type_bits(t) : 0;
	if (bits == 0 || bits > 64)
		return "?";
	unsigned unused = 64 - bits;
	if (type_signed(t))
		snprintf(buf, VALUE_MAX, "%ld", (long)(v << unused) >> unused);
	else
		snprintf(buf, VALUE_MAX, "%lu", v << unused >> unused);
	return buf;
}

static void report_op(struct op_data *d, unsigned long a, const char *op, unsigned long b)
{
	char left[VALUE_MAX], right[VALUE_MAX];
	report(&d->at, "%s %s %s cannot be represented in %s", value_text(left, d->type, a), op,
	       value_text(right, d->type, b), d->type->name);
}

/* ---- called by what the compiler inserts ---- */

void __ubsan_handle_add_overflow(struct op_data *d, unsigned long a, unsigned long b);
void __ubsan_handle_sub_overflow(struct op_data *d, unsigned long a, unsigned long b);
void __ubsan_handle_mul_overflow(struct op_data *d, unsigned long a, unsigned long b);
void __ubsan_handle_divrem_overflow(struct op_data *d, unsigned long a, unsigned long b);
void __ubsan_handle_negate_overflow(struct op_data *d, unsigned long a);
void __ubsan_handle_shift_out_of_bounds(struct two_types_data *d, unsigned long a, unsigned long b);
void __ubsan_handle_out_of_bounds(struct two_types_data *d, unsigned long index);
void __ubsan_handle_type_mismatch_v1(struct mismatch_data *d, unsigned long p);
void __ubsan_handle_vla_bound_not_positive(struct op_data *d, unsigned long bound);
void __ubsan_handle_load_invalid_value(struct op_data *d, unsigned long v);
void __ubsan_handle_builtin_unreachable(struct op_data *d);
void __ubsan_handle_missing_return(struct op_data *d);
void __ubsan_handle_nonnull_arg(struct arg_data *d);
void __ubsan_handle_nonnull_return_v1(struct arg_data *d, struct place *at);
void __ubsan_handle_pointer_overflow(struct op_data *d, unsigned long base, unsigned long result);
void __ubsan_handle_invalid_builtin(struct builtin_data *d);

void __ubsan_handle_add_overflow(struct op_data *d, unsigned long a, unsigned long b)
{
	report_op(d, a, "+", b);
}

void __ubsan_handle_sub_overflow(struct op_data *d, unsigned long a, unsigned long b)
{
	report_op(d, a, "-", b);
}

void __ubsan_handle_mul_overflow(struct op_data *d, unsigned long a, unsigned long b)
{
	report_op(d, a, "*", b);
}

void __ubsan_handle_divrem_overflow(struct op_data *d, unsigned long a, unsigned long b)
{
	report_op(d, a, "/", b);
}

void __ubsan_handle_negate_overflow(struct op_data *d, unsigned long a)
{
	report_op(d, 0, "-", a);
}

void __ubsan_handle_shift_out_of_bounds(struct two_types_data *d, unsigned long a, unsigned long b)
{
	char left[VALUE_MAX], right[VALUE_MAX];
	report(&d->at, "shift of %s by %s, type %s of %u bits", value_text(left, d->left, a),
	       value_text(right, d->right, b), d->left->name, type_bits(d->left));
}

void __ubsan_handle_out_of_bounds(struct two_types_data *d, unsigned long index)
{
	char text[VALUE_MAX];
	report(&d->at, "index %s is outside of %s", value_text(text, d->right, index), d->left->name);
}

/* Null, misaligned, or too small an object. */
void __ubsan_handle_type_mismatch_v1(struct mismatch_data *d, unsigned long p)
{
	static const char *const access[] = { "load",          "store",       "reference",
		                              "member access", "member call", "constructor call",
		                              "downcast" };
	const char *how = d->access < ARRAY_SIZE(access) ? access[d->access] : "use";
	unsigned long align = 1ul << d->log_align;
	if (!p)
		report(&d->at, "%s of %s at a null pointer", how, d->type->name);
	else if (p & (align - 1))
		report(&d->at, "%s of %s at %lx, not aligned to %lu", how, d->type->name, p, align);
	else
		report(&d->at, "%s of %s at %lx, an object too small for it", how, d->type->name, p);
}

void __ubsan_handle_vla_bound_not_positive(struct op_data *d, unsigned long bound)
{
	char text[VALUE_MAX];
	report(&d->at, "array of %s elements", value_text(text, d->type, bound));
}

void __ubsan_handle_load_invalid_value(struct op_data *d, unsigned long v)
{
	report(&d->at, "%lu is no value of %s", v, d->type->name);
}

void __ubsan_handle_builtin_unreachable(struct op_data *d)
{
	report(&d->at, "unreachable code is reached");
}

void __ubsan_handle_missing_return(struct op_data *d)
{
	report(&d->at, "the end of a function that returns a value");
}

void __ubsan_handle_nonnull_arg(struct arg_data *d)
{
	report(&d->at, "argument %d is null", d->arg);
}

void __ubsan_handle_nonnull_return_v1(struct arg_data *d, struct place *at)
{
	report(at, "null is returned");
}

void __ubsan_handle_pointer_overflow(struct op_data *d, unsigned long base, unsigned long result)
{
	report(&d->at, "pointer %lx overflows to %lx", base, result);
}

void __ubsan_handle_invalid_builtin(struct builtin_data *d)
{
	report(&d->at, "%s of zero", d->kind ? "clz" : "ctz");
}
#endif
