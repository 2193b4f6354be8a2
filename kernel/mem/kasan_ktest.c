/* SPDX-License-Identifier: MIT
 * mem/kasan_ktest.c - is memory that must not be touched seen to be touched?
 *
 * Owns:      nothing.
 * Layer:     mem.
 * Locks:     none.
 * Contexts:  a kernel thread.
 * Tests:     this is one: ktest=kasan_reports (KASAN=1 builds).
 */
#include <base/kasan.h>
#include <base/ktest.h>
#include <base/sanitizers.h>
#include <lib/string.h>
#include <mem/slab.h>

#ifdef CONFIG_KASAN
enum { ODD = 100 };

static volatile int far = 10; /* what the compiler cannot know */
static char global[10];

static void do_behind(void)
{
	volatile char *p = kmalloc(ODD, 0);
	p[ODD] = 1; /* within the object of 128 bytes */
	kfree((void *)p);
}

static void do_before(void)
{
	volatile char *p = kmalloc(ODD, 0);
	(void)p[far - 11]; /* a write would hit the tag of the object before */
	kfree((void *)p);
}

static void do_freed(void)
{
	volatile char *p = kmalloc(ODD, 0);
	kfree((void *)p);
	p[far] = 1;
}

static void do_second_free(void)
{
	char *volatile p = kmalloc(ODD, 0);
	kfree(p);
	kfree(p);
}

static void do_inner_free(void)
{
	char *volatile p = kmalloc(ODD, 0);
	kfree(p + 16);
	kfree(p);
}

static void do_copy(void)
{
	char *p = kmalloc(ODD, 0);
	memset(p, 1, ODD + (size_t)(far - 9));
	kfree(p);
}

static void do_page(void)
{
	volatile char *p = page_alloc_virt(0, 0);
	page_free_virt((void *)p, 0);
	p[far] = 1;
}

static void do_stack(void)
{
	char local[10] = "";
	volatile char *p = local;
	p[far] = 1;
}

static void do_global(void)
{
	((volatile char *)global)[far] = 1;
}

KTEST(kasan_reports)
{
	void (*const all[])(void) = { do_behind, do_before, do_freed, do_second_free, do_inner_free,
		                      do_copy,   do_page,   do_stack, do_global };
	for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
		u64 before = sanitizer_reports();
		sanitizer_expected = true;
		all[i]();
		sanitizer_expected = false;
		if (sanitizer_reports() == before)
			log_err("ktest: number %u was not seen", i);
		KT_CHECK(sanitizer_reports() > before);
	}
	return 0;
}

/* What may be touched is not reported, at all lengths and offsets. */
KTEST(kasan_silent)
{
	u64 before = sanitizer_reports();
	sanitizer_expected = true;
	for (size_t n = 1; n < 300; n++) {
		char *p = kmalloc(n, ALLOC_ZERO);
		KT_CHECK(p && kmalloc_size(p) == n);
		for (size_t i = 0; i < n; i++)
			((volatile char *)p)[i] = 1;
		memset(p, 2, n);
		for (size_t i = 0; i < n; i++)
			memmove(p + i, p, n - i);
		kfree(p);
	}
	sanitizer_expected = false;
	KT_CHECK(sanitizer_reports() == before);
	return 0;
}
#endif
