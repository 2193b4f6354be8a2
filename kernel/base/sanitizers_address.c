/* SPDX-License-Identifier: MIT
 * base/sanitizers_address.c - accesses to memory that must not be touched, reported (builds with KASAN=1)
 *
 * Owns:      the meaning of the shadow; the list of checked global variables.
 * Layer:     base.  arch maps the shadow, mem says what is free.
 * Locks:     none: who poisons or unpoisons memory owns it.
 * Contexts:  any, from the first instruction on.
 * Manual:    GCC, "Program Instrumentation Options", -fsanitize=kernel-address; Serebryany et al.,
 *            "AddressSanitizer: A Fast Address Sanity Checker" (2012).
 * Tests:     kernel/mem/kasan_ktest.c; every test of a KASAN=1 build.
 *
 * Theory
 * ------
 * Eight bytes of memory share one byte of shadow, at  address / 8 + SHADOW_OFFSET:
 *
 *     0        all eight may be touched                     memory  |dddddddd|dddddddd|ddddd...|rrrrrrrr|
 *     1 .. 7   the first so many                            shadow       0        0        5       fc
 *     >= 0x80  none; the value says why
 *
 * The compiler calls __asan_loadN or __asan_storeN before each access, lets each function poison the gaps between its
 * local arrays, and pads global variables, which constructors in .init_array announce.  Memory without a shadow
 * (device registers, the page map) is not checked, nor is anything before kasan_start().
 */
#include <base/kasan.h>
#include <base/log.h>
#include <base/panic.h>
#include <base/sanitizers.h>
#include <arch/cpu.h>
#include <arch/pgtable.h>
#include <arch/switch.h>
#include <lib/format.h>

#ifdef CONFIG_KASAN
enum {
	GROUP = 8,
	GLOBAL_REDZONE = 0xf9,
	FILES_MAX = 1024,
	NAME_MAX_TEXT = 96,
	TEXT_MAX = 200,
	SHADOW_SHOWN = 8, /* bytes of shadow on either side */
};

/* What the compiler emits for a global variable. */
struct asan_global {
	unsigned long start;
	size_t size, padded;
	const char *name, *module;
	unsigned long has_constructor;
	const void *place;
	unsigned long odr;
};
static struct {
	const struct asan_global *first;
	size_t n;
} files[FILES_MAX];
static unsigned nr_files;

static bool started;
static unsigned long direct_end, checked_stacks_end;
void (*kasan_describe)(unsigned long addr);

static inline u8 *shadow(unsigned long addr)
{
	return (u8 *)((addr >> 3) + SHADOW_OFFSET);
}

static inline bool has_shadow(unsigned long addr)
{
	if (addr >= KERNEL_BASE)
		return addr - KERNEL_BASE < SHADOWED_IMAGE;
	return (addr >= DIRECT_MAP && addr < direct_end) || (addr >= KMAP_START && addr < checked_stacks_end);
}

static void shadow_fill(unsigned long from, unsigned long to, u8 value)
{
	u8 *s = shadow(from), *end = shadow(to);
	for (; s < end && (unsigned long)s % 8; s++)
		*s = value;
	for (u64 v = 0x0101010101010101ul * value; s + 8 <= end; s += 8)
		*(u64 *)s = v;
	for (; s < end; s++)
		*s = value;
}

void kasan_poison(const void *p, size_t n, enum kasan_why why)
{
	unsigned long at = (unsigned long)p;
	assert(at % GROUP == 0 && has_shadow(at));
	shadow_fill(at, ALIGN_UP(at + n, GROUP), (u8)why);
}

void kasan_unpoison(const void *p, size_t n)
{
	unsigned long at = (unsigned long)p, end = at + n;
	assert(at % GROUP == 0 && has_shadow(at));
	shadow_fill(at, end, 0);
	if (end % GROUP)
		*shadow(end) = end % GROUP;
}

/* ---- checking ---- */

/* The first byte of [addr, end) that must not be touched, or end. */
static unsigned long first_bad(unsigned long addr, unsigned long end)
{
	while (addr < end) {
		unsigned long next = ALIGN_DOWN(addr, GROUP) + GROUP;
		u8 s = *shadow(addr);
		if (s >= GROUP)
			return addr;
		if (s && (addr % GROUP >= s || MIN(end, next) > next - GROUP + s))
			return MAX(addr, next - GROUP + s);
		addr = next;
	}
	return end;
}

/* The same question, quickly. */
static inline bool range_good(unsigned long addr, size_t n)
{
	unsigned long last = addr + n - 1;
	if (n <= GROUP) {
		u8 s = *shadow(last);
		if (likely(!s))
			return likely(addr / GROUP == last / GROUP) || !*shadow(addr);
		return s < GROUP && last % GROUP < s && (addr / GROUP == last / GROUP || !*shadow(addr));
	}
	return first_bad(addr, addr + n) == addr + n;
}

static const char *why_text(u8 s)
{
	switch (s) {
	case KASAN_OBJECT:
		return "use of a freed object";
	case KASAN_PAGE:
		return "use of a free page";
	case KASAN_STACK:
		return "use of a dead thread's stack";
	case 0xf1 ... 0xf3: /* left of, between, right of the variables of a function */
		return "outside of a variable on the stack";
	case 0xf5:
	case 0xf8:
		return "use of a variable on the stack after its scope";
	case GLOBAL_REDZONE:
		return "outside of a global variable";
	}
	return "outside of an object";
}

static void describe_global(unsigned long addr)
{
	for (unsigned i = 0; i < nr_files; i++)
		for (const struct asan_global *g = files[i].first; g < files[i].first + files[i].n; g++)
			if (addr - g->start < g->padded)
				log_err("KASAN: global %s of %s: %zu bytes at %lx, %ld behind its start",
				        g->name, g->module, g->size, g->start, (long)(addr - g->start));
}

static void describe(unsigned long bad)
{
	char text[TEXT_MAX];
	int n = 0;
	for (int i = -SHADOW_SHOWN; i <= SHADOW_SHOWN; i++)
		if (has_shadow(bad + (unsigned long)(i * GROUP)))
			n += scnprintf(text + n, sizeof(text) - (size_t)n, i ? " %02x" : " [%02x]",
			               shadow(bad)[i]);
	log_err("KASAN: shadow around %lx:%s", bad, text);
	if (bad >= KERNEL_BASE)
		describe_global(bad);
	else if (kasan_describe)
		kasan_describe(bad);
}

COLD static void report_access(unsigned long addr, size_t n, bool write, unsigned long pc)
{
	char text[TEXT_MAX], name[NAME_MAX_TEXT];
	if (!sanitizer_begin())
		return;
	unsigned long bad = first_bad(addr, addr + n);
	u8 s = *shadow(bad);
	if (s > 0 && s < GROUP) /* the end of what may be touched: the reason follows */
		s = *shadow(bad + GROUP);
	describe(bad);
	snprintf(text, sizeof(text), "KASAN: %s: %s of %zu bytes at %lx by %s", why_text(s),
	         write ? "write" : "read", n, addr, symbol_name(pc - 1, name, sizeof(name)));
	sanitizer_end(text);
}

void kasan_report(const char *what, const void *p)
{
	char text[TEXT_MAX];
	if (!sanitizer_begin())
		return;
	describe((unsigned long)p);
	snprintf(text, sizeof(text), "KASAN: %s: %p", what, p);
	sanitizer_end(text);
}

static inline void check(unsigned long addr, size_t n, bool write, unsigned long pc)
{
	if (!started || !n || !has_shadow(addr) || likely(range_good(addr, n)))
		return;
	report_access(addr, n, write, pc);
}

void kasan_check(const void *p, size_t n, bool write)
{
	check((unsigned long)p, n, write, (unsigned long)__builtin_return_address(0));
}

/* ---- called by what the compiler inserts ---- */

#define ACCESS(name, n, write)                                                                               \
	void name(unsigned long addr);                                                                       \
	void name(unsigned long addr)                                                                        \
	{                                                                                                    \
		check(addr, n, write, (unsigned long)__builtin_return_address(0));                           \
	}
#define ACCESSES(n) ACCESS(__asan_load##n##_noabort, n, false) ACCESS(__asan_store##n##_noabort, n, true)
ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)

void __asan_loadN_noabort(unsigned long addr, size_t n);
void __asan_storeN_noabort(unsigned long addr, size_t n);
void __asan_handle_no_return(void);
void __asan_register_globals(const struct asan_global *first, size_t n);
void __asan_unregister_globals(const struct asan_global *first, size_t n);

void __asan_loadN_noabort(unsigned long addr, size_t n)
{
	check(addr, n, false, (unsigned long)__builtin_return_address(0));
}

void __asan_storeN_noabort(unsigned long addr, size_t n)
{
	check(addr, n, true, (unsigned long)__builtin_return_address(0));
}

/* A function that does not return leaves its callers' frames poisoned: a thread that goes back to user mode from there
 * begins its next call at the top of the same stack. */
void __asan_handle_no_return(void)
{
	unsigned long at = (unsigned long)__builtin_frame_address(0), top = arch_stack_top();
	if (started && at < top && top - at < KSTACK_SIZE)
		kasan_unpoison((void *)ALIGN_DOWN(at, GROUP), top - ALIGN_DOWN(at, GROUP));
}

void __asan_register_globals(const struct asan_global *first, size_t n)
{
	for (const struct asan_global *g = first; g < first + n; g++) {
		kasan_unpoison((void *)g->start, g->size);
		shadow_fill(ALIGN_UP(g->start + g->size, GROUP), g->start + g->padded, GLOBAL_REDZONE);
	}
	if (nr_files < FILES_MAX) {
		files[nr_files].first = first;
		files[nr_files++].n = n;
	}
}

void __asan_unregister_globals(const struct asan_global *first, size_t n) {}

void kasan_start(paddr_t ram_end, unsigned long stacks_end)
{
	typedef void constructor(void);
	extern constructor *const _init_array[], *const _init_array_end[];

	direct_end = DIRECT_MAP + ram_end;
	checked_stacks_end = stacks_end;
	for (constructor *const *c = _init_array; c < _init_array_end; c++)
		(*c)();
	started = true;
	log_info("KASAN: %u files with global variables, RAM up to %lx", nr_files, (unsigned long)ram_end);
}
#endif
