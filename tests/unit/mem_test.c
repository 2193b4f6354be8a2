/* SPDX-License-Identifier: MIT
 * tests/unit/mem_test.c - kernel/mem on a machine of mmap()ed memory: boot, buddy, slab, exhaustion, misuse
 */
#include "unit.h"
#include <base/bootinfo.h>
#include <mem/kmap.h>
#include <mem/slab.h>
#include <lib/xarray.h>
#include "stub/stub.h"

enum { MIB = 1 << 20, HELD = 400, ROUNDS = 100000 };

/* 64 KiB .. 640 KiB, 1 MiB .. 40 MiB, and a piece behind a hole; kernel and initrd inside. */
static int boot(void **state)
{
	(void)state;
	static const struct boot_range ram[] = { { 0x10000, 0x9f000 },
		                                 { MIB, 40 * MIB },
		                                 { 4096ul * MIB, 4104ul * MIB } };
	for (size_t i = 0; i < ARRAY_SIZE(ram); i++) {
		boot_info.ram[i] = ram[i];
		stub_ram_map(ram[i].start, ram[i].end);
	}
	boot_info.nr_ram = ARRAY_SIZE(ram);
	boot_info.kernel_start = MIB;
	boot_info.kernel_end = 3 * MIB + 0x123;
	boot_info.initrd_start = 39 * MIB + 0x800;
	boot_info.initrd_end = 40 * MIB - 0x700;
	u8 *early = early_alloc(5000);
	for (int i = 0; i < 8192; i++)
		assert_int_equal(early[i], 0);
	assert_true(virt_to_phys(early) >= boot_info.kernel_end);
	mem_init();
	slab_init();
	return 0;
}

static struct mem_stats stats(void)
{
	struct mem_stats s;
	slab_shrink();
	mem_stats(&s);
	return s;
}

static void test_boot(void **state)
{
	(void)state;
	assert_false(pfn_valid(0));
	assert_true(pfn_valid(0x10));
	assert_false(pfn_valid(0x9f));
	assert_true(pfn_valid(0x100));
	assert_false(pfn_valid(40 * MIB >> PAGE_SHIFT));
	assert_true(pfn_valid(4096ul * MIB >> PAGE_SHIFT));
	assert_false(pfn_valid(4104ul * MIB >> PAGE_SHIFT));
	assert_int_equal(pfn_page(0x100)->flags, PAGE_RESERVED);
	assert_int_equal(pfn_page(39 * MIB >> PAGE_SHIFT)->flags, PAGE_RESERVED);
	struct mem_stats s = stats();
	assert_true(s.free_pages <= s.total_pages && s.total_pages > 43 * MIB / PAGE_SIZE);
	/* The initrd comes back. */
	mem_add_range(39 * MIB, 40 * MIB);
	assert_int_equal(stats().total_pages, s.total_pages + MIB / PAGE_SIZE);
	assert_int_equal(stats().free_pages, s.free_pages + MIB / PAGE_SIZE);
}

static void test_pages(void **state)
{
	(void)state;
	static struct page *held[HELD];
	u64 before = stats().free_pages;
	for (int round = 0; round < ROUNDS; round++) {
		unsigned i = unit_random() % HELD;
		if (held[i]) {
			u64 *first = page_virt(held[i]),
			    *last = first + (PAGE_SIZE << held[i]->order) / 8 - 1;
			assert_true(*first == i && *last == i);
			page_put(held[i]);
			held[i] = NULL;
			continue;
		}
		unsigned order = unit_random() % 8 ? 0 : unit_random() % 7;
		struct page *p = page_alloc(order, unit_random() % 4 ? 0 : ALLOC_ZERO);
		if (!p)
			continue;
		assert_true(pfn_valid(page_pfn(p)) && ref_read(&p->ref) == 1 && p->order == order);
		assert_int_equal(page_pfn(p) & ((1u << order) - 1), 0);
		u64 *first = page_virt(p);
		*first = first[(PAGE_SIZE << order) / 8 - 1] = i;
		held[i] = p;
	}
	for (int i = 0; i < HELD; i++) {
		if (held[i])
			page_put(held[i]);
		held[i] = NULL;
	}
	assert_int_equal(stats().free_pages, before);
}

/* Everything joins again: a block of the largest order can be had as often as at first. */
static void test_exhaustion(void **state)
{
	(void)state;
	struct mem_stats before = stats();
	static struct page *all[20000];
	unsigned n = 0, user = 0;
	while ((all[n] = page_alloc(0, ALLOC_USER)))
		n++;
	user = n;
	while ((all[n] = page_alloc(0, 0)))
		n++;
	assert_true(n > user); /* the kernel's reserve */
	user = n;
	while ((all[n] = page_alloc(0, ALLOC_ATOMIC)))
		n++;
	assert_true(n > user);
	assert_int_equal(n, before.free_pages);
	assert_int_equal(stats().free_pages, 0);
	assert_null(kmalloc(100000, ALLOC_ATOMIC));
	while (n)
		page_put(all[--n]);
	assert_int_equal(stats().free_pages, before.free_pages);
	struct page *big = page_alloc(MAX_ORDER, 0);
	assert_non_null(big);
	page_free(big, MAX_ORDER);
	assert_null(page_alloc(MAX_ORDER + 1, 0));
}

static void test_kmalloc(void **state)
{
	(void)state;
	static u8 *held[HELD];
	static size_t size[HELD];
	struct mem_stats before = stats();
	u64 active = slab_active_total();
	for (int round = 0; round < ROUNDS; round++) {
		unsigned i = unit_random() % HELD;
		if (held[i]) {
			for (size_t k = 0; k < size[i]; k += 1 + size[i] / 7)
				assert_int_equal(held[i][k], (u8)i);
			kfree(held[i]);
			held[i] = NULL;
			continue;
		}
		size[i] = unit_random() % (unit_random() % 20 ? 700 : 20000);
		bool zero = unit_random() % 2;
		held[i] = kmalloc(size[i], zero ? ALLOC_ZERO : 0);
		if (!held[i])
			continue;
		size_t usable = kmalloc_size(held[i]);
		assert_true(usable >= size[i] && (size[i] < 16 || usable <= 2 * size[i] + PAGE_SIZE));
		for (size_t k = 0; zero && k < size[i]; k++)
			assert_int_equal(held[i][k], 0);
		memset(held[i], (int)i, size[i]);
	}
	for (int i = 0; i < HELD; i++) {
		kfree(held[i]);
		held[i] = NULL;
	}
	assert_int_equal(stats().free_pages, before.free_pages);
	assert_int_equal(stats().slab_pages, before.slab_pages);
	assert_int_equal(slab_active_total(), active);
}

static void test_cache(void **state)
{
	(void)state;
	struct kmem_cache *c = kmem_cache_create("test", 100, 64);
	struct slab_stats s;
	unsigned index = 0;
	while (slab_stats(index, &s) && strcmp(s.name, "test"))
		index++;
	assert_int_equal(s.size, 128);
	void *obj[300];
	for (int i = 0; i < 300; i++) {
		obj[i] = kmem_cache_alloc(c, 0);
		assert_non_null(obj[i]);
		assert_int_equal((uintptr_t)obj[i] % 64, 0);
		memset(obj[i], i, 100);
	}
	slab_stats(index, &s);
	assert_int_equal(s.active, 300);
	assert_true(s.total >= 300 && s.slabs > 0);
	for (int i = 0; i < 300; i++) {
		assert_int_equal(((u8 *)obj[i])[99], (u8)i);
		kmem_cache_free(c, obj[i]);
	}
	slab_shrink();
	slab_stats(index, &s);
	assert_true(s.active == 0 && s.total == 0 && s.slabs == 0 && s.slab_pages == 0);
}

static void test_misuse(void **state)
{
	(void)state;
	struct kmem_cache *a = kmem_cache_create("misuse-a", 64, 0),
	                  *b = kmem_cache_create("misuse-b", 64, 0);
	void *x = kmem_cache_alloc(a, 0), *y = kmem_cache_alloc(b, 0);
	assert_true(PANICS(kmem_cache_free(a, y)));
	struct page *p = page_alloc(0, 0);
	assert_true(PANICS(kmem_cache_free(a, page_virt(p))));
	kmem_cache_free(a, x);
	assert_true(PANICS(kmem_cache_free(a, x)));
	kmem_cache_free(b, y);
	page_free(p, 0);
	assert_true(PANICS(page_put(p)));
	p->ref.n = 0; /* as the failed page_put left -1 */
}

static unsigned fail_in;
static bool fail_nth(void)
{
	return fail_in && --fail_in == 0;
}

static void test_failure_knob(void **state)
{
	(void)state;
	mem_should_fail = fail_nth;
	fail_in = 2;
	void *p = kmalloc(50, 0);
	assert_non_null(p);
	assert_null(kmalloc(50, 0));
	fail_in = 1;
	assert_null(page_alloc(0, 0));
	fail_in = 1;
	void *q = kmalloc(50, ALLOC_NOFAIL_INJECT);
	assert_non_null(q);
	fail_in = 0;
	mem_should_fail = NULL;
	kfree(p);
	kfree(q);
}

static unsigned long reclaimed;
static struct page *victim;
static unsigned long reclaim(unsigned long n)
{
	(void)n;
	if (!victim)
		return 0;
	page_put(victim);
	victim = NULL;
	reclaimed++;
	return 1;
}

static void test_reclaim(void **state)
{
	(void)state;
	static struct page *all[20000];
	u64 before = stats().free_pages;
	unsigned n = 0;
	while ((all[n] = page_alloc(0, 0)))
		n++;
	mem_reclaim = reclaim;
	victim = all[--n];
	all[n] = page_alloc(0, 0);
	assert_non_null(all[n]);
	assert_int_equal(reclaimed, 1);
	assert_null(page_alloc(0, 0));
	mem_reclaim = NULL;
	for (unsigned i = 0; i <= n; i++)
		page_put(all[i]);
	assert_int_equal(stats().free_pages, before);
}

static void test_krealloc(void **state)
{
	(void)state;
	char *p = krealloc(NULL, 10);
	strcpy(p, "grain");
	for (size_t n = 10; n < 300000; n *= 3) {
		p = krealloc(p, n);
		assert_non_null(p);
		assert_string_equal(p, "grain");
	}
	p = krealloc(p, 6);
	assert_string_equal(p, "grain");
	char *q = kstrdup(p);
	assert_string_equal(q, "grain");
	kfree(p);
	kfree(q);
	kfree(NULL);
}

static void test_kstacks(void **state)
{
	(void)state;
	enum { STACKS = 60 };
	void *s[STACKS];
	kstack_free(kstack_alloc());
	u64 before = stats().free_pages;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < STACKS; i++) {
			s[i] = kstack_alloc();
			assert_non_null(s[i]);
			assert_true(kstack_is_guard((unsigned long)s[i] - 8));
			assert_false(kstack_is_guard((unsigned long)s[i] + KSTACK_SIZE - 1));
			memset(s[i], i, KSTACK_SIZE);
		}
		for (int i = 0; i < STACKS; i++) {
			assert_int_equal(((u8 *)s[i])[KSTACK_SIZE - 1], i);
			kstack_free(s[i]);
		}
	}
	assert_int_equal(stats().free_pages, before);
	assert_int_equal(stats().kstack_pages, 0);
	u8 *io = kmap_io(0xfee00123, 16);
	assert_int_equal((uintptr_t)io & 0xfff, 0x123);
	assert_null(kmap_io(0x1000, 0));
	assert_null(kmap_io(UINT64_MAX - 10, 100));
}

static void test_xarray_nodes(void **state)
{
	(void)state;
	struct xarray xa = XARRAY_INIT;
	u64 before = slab_active_total();
	for (u64 i = 0; i < 10000; i += 7)
		assert_int_equal(xa_store(&xa, i, &xa), 0);
	assert_true(slab_active_total() > before);
	xa_destroy(&xa);
	assert_int_equal(slab_active_total(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boot),         cmocka_unit_test(test_pages),
		cmocka_unit_test(test_exhaustion),   cmocka_unit_test(test_kmalloc),
		cmocka_unit_test(test_cache),        cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_failure_knob), cmocka_unit_test(test_reclaim),
		cmocka_unit_test(test_krealloc),     cmocka_unit_test(test_kstacks),
		cmocka_unit_test(test_xarray_nodes),
	};
	return cmocka_run_group_tests(tests, boot, NULL);
}
