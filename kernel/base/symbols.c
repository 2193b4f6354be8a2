/* SPDX-License-Identifier: MIT
 * base/symbols.c - names for kernel text addresses
 *
 * Owns:      nothing: the tables are generated from the linked kernel and linked in again.
 * Layer:     base.
 * Locks:     none; constant data.
 * Contexts:  any.
 * Tests:     base/base_ktest.c; tests/boot (a panic's backtrace)
 *
 * symbols_offset[i], ascending, is a function's distance from _text; its name begins at
 * symbols_text + symbols_name[i].
 */
#include <base/panic.h>
#include <lib/format.h>

extern const u32 symbols_offset[];
extern const u32 symbols_name[];
extern const char symbols_text[];
extern const u32 symbols_count;
extern const char _text[];

enum { LAST_SYMBOL_MAX = 64 * 1024 }; /* an address further behind the last symbol is none of ours */

/* The last symbol at or below this offset; there is one. */
static u32 symbol_find(u32 offset)
{
	u32 lo = 0, hi = symbols_count;
	while (hi - lo > 1) {
		u32 mid = lo + (hi - lo) / 2;
		if (symbols_offset[mid] <= offset)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

const char *symbol_name(unsigned long addr, char *buf, size_t size)
{
	unsigned long offset = addr - (unsigned long)_text;
	u32 n = symbols_count;
	if (n == 0 || offset < symbols_offset[0] ||
	    offset >= symbols_offset[n - 1] + (unsigned long)LAST_SYMBOL_MAX) {
		snprintf(buf, size, "%#lx", addr);
		return buf;
	}
	u32 i = symbol_find((u32)offset);
	u32 end = i + 1 < n ? symbols_offset[i + 1] : symbols_offset[i];
	snprintf(buf, size, "%s+%#lx/%#x", symbols_text + symbols_name[i], offset - symbols_offset[i],
	         end - symbols_offset[i]);
	return buf;
}
