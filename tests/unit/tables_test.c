/* SPDX-License-Identifier: MIT
 * tests/unit/tables_test.c - sort, bitmap, hash, list
 */
#include "unit.h"
#include <lib/bitmap.h>
#include <lib/hash.h>
#include <lib/list.h>
#include <lib/sort.h>

static int by_value(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;
	return (x > y) - (x < y);
}

static void test_sort(void **state)
{
	(void)state;
	u32 ours[300], want[300];
	for (int round = 0; round < 2000; round++) {
		size_t n = unit_random() % 300;
		u32 range = 1 + unit_random() % (round % 2 ? 10 : 100000);
		for (size_t i = 0; i < n; i++)
			ours[i] = want[i] = unit_random() % range;
		sort(ours, n, sizeof(u32), by_value);
		qsort(want, n, sizeof(u32), by_value);
		if (n)
			assert_memory_equal(ours, want, n * sizeof(u32));
	}
}

static int by_first_byte(const void *a, const void *b)
{
	return *(const u8 *)a - *(const u8 *)b;
}

static void test_sort_odd_size(void **state)
{
	(void)state;
	u8 e[50][7];
	for (int i = 0; i < 50; i++)
		memset(e[i], 50 - i, 7);
	sort(e, 50, 7, by_first_byte);
	for (int i = 0; i < 50; i++)
		for (int k = 0; k < 7; k++)
			assert_int_equal(e[i][k], i + 1);
}

static void test_bitmap(void **state)
{
	(void)state;
	enum { BITS = 200 };
	unsigned long m[BITMAP_LONGS(BITS)] = { 0 };
	bool model[BITS] = { false };
	for (int round = 0; round < 20000; round++) {
		unsigned i = unit_random() % BITS, nbits = 1 + unit_random() % BITS,
		         from = unit_random() % (BITS + 5);
		if (unit_random() % 2)
			bitmap_set(m, i), model[i] = true;
		else
			bitmap_clear(m, i), model[i] = false;
		assert_int_equal(bitmap_test(m, i), model[i]);
		unsigned set = from, clear = from;
		while (set < nbits && !model[set])
			set++;
		while (clear < nbits && model[clear])
			clear++;
		assert_int_equal(bitmap_find_set(m, nbits, from), MIN(set, nbits));
		assert_int_equal(bitmap_find_clear(m, nbits, from), MIN(clear, nbits));
	}
	assert_int_equal(fls64(0), 0);
	assert_int_equal(fls64(1), 1);
	assert_int_equal(fls64(UINT64_MAX), 64);
	assert_int_equal(log2_up(1), 0);
	assert_int_equal(log2_up(4096), 12);
	assert_int_equal(log2_up(4097), 13);
}

/* Names like those of a directory spread evenly: no bucket of 256 has over four times its share. */
static void test_hash(void **state)
{
	(void)state;
	unsigned bucket[256] = { 0 };
	char name[32];
	for (int i = 0; i < 25600; i++) {
		int n = snprintf(name, sizeof(name), "file-%d.txt", i);
		bucket[hash_bytes(name, (size_t)n, 7) & 255]++;
	}
	for (int i = 0; i < 256; i++)
		assert_in_range(bucket[i], 25, 400);
	assert_int_not_equal(hash_bytes("a", 1, 0), hash_bytes("a\0", 2, 0));
	assert_int_not_equal(hash_bytes("a", 1, 0), hash_bytes("a", 1, 1));
	assert_int_equal(hash_bytes("hello", 5, 9), hash_bytes("hello", 5, 9));
}

struct node {
	struct list_head link;
	int n;
};

static void test_list(void **state)
{
	(void)state;
	LIST_HEAD(a);
	LIST_HEAD(b);
	struct node e[4] = { { .n = 0 }, { .n = 1 }, { .n = 2 }, { .n = 3 } }, *p, *next;
	list_add_tail(&e[1].link, &a);
	list_add(&e[0].link, &a);
	list_add_tail(&e[2].link, &b);
	list_add_tail(&e[3].link, &b);
	list_splice_tail(&b, &a);
	assert_true(list_empty(&b));
	int want = 0;
	list_for_each_entry (p, &a, link)
		assert_int_equal(p->n, want++);
	assert_int_equal(want, 4);
	list_for_each_entry_safe (p, next, &a, link)
		list_del(&p->link);
	assert_true(list_empty(&a));
	list_del(&e[0].link); /* harmless */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sort),   cmocka_unit_test(test_sort_odd_size),
		cmocka_unit_test(test_bitmap), cmocka_unit_test(test_hash),
		cmocka_unit_test(test_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
