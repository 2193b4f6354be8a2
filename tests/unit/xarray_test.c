/* SPDX-License-Identifier: MIT
 * tests/unit/xarray_test.c - lib/xarray.c and lib/idr.c against a plain array, with failing allocations
 */
#include "unit.h"
#include <lib/idr.h>
#include <abi/errno.h>

enum { SPAN = 5000, ROUNDS = 60000 };
static void *model[SPAN];
static u8 tags[SPAN]; /* of the entries: BIT(tag) */
static long nodes;      /* allocated now */
static int fail_one_in; /* 0 = never */

static void *node_alloc(size_t n)
{
	if (fail_one_in && unit_random() % (unsigned)fail_one_in == 0)
		return NULL;
	nodes++;
	return malloc(n);
}

static void node_free(void *p)
{
	nodes--;
	free(p);
}

static int setup(void **state)
{
	(void)state;
	xarray_set_allocator(node_alloc, node_free);
	memset(model, 0, sizeof(model));
	memset(tags, 0, sizeof(tags));
	fail_one_in = 0;
	return nodes != 0;
}

static u64 model_find(u64 i)
{
	while (i < SPAN && !model[i])
		i++;
	return i;
}

static void check_searches(struct xarray *xa, u64 from)
{
	u64 at = from, want = model_find(from);
	void *p = xa_find(xa, &at);
	if (want == SPAN) {
		assert_null(p);
	} else {
		assert_ptr_equal(p, model[want]);
		assert_true(at == want);
	}
	u64 hole = from;
	while (hole < SPAN && model[hole])
		hole++;
	assert_true(xa_find_hole(xa, from) == hole);
}

static void check_tags(struct xarray *xa, u64 from)
{
	for (unsigned t = 0; t < XA_TAGS; t++) {
		u64 at = from, want = from;

		while (want < SPAN && !(tags[want] >> t & 1))
			want++;
		void *p = xa_find_tagged(xa, &at, t);
		if (want == SPAN) {
			assert_null(p);
		} else {
			assert_ptr_equal(p, model[want]);
			assert_true(at == want);
		}
	}
}

static void random_ops(struct xarray *xa, int rounds)
{
	u64 span = 1;
	for (int round = 0; round < rounds; round++) {
		if (round % 1000 == 0)
			span = 1 + unit_random() % (round % 3000 ? SPAN : 70);
		u64 i = unit_random() % span;
		bool dense = round / 5000 % 2;
		if (unit_random() % 4 < (dense ? 3 : 2)) {
			void *p = &model[unit_random() % SPAN];
			int err = xa_store(xa, i, p);
			assert_true(err == 0 || (fail_one_in && err == -ENOMEM));
			if (!err)
				model[i] = p;
		} else if (unit_random() % 2) {
			assert_ptr_equal(xa_erase(xa, i), model[i]);
			model[i] = NULL;
			tags[i] = 0;
		} else {
			unsigned t = unit_random() % XA_TAGS;

			if (unit_random() % 2) {
				xa_tag_clear(xa, i, t);
				tags[i] &= (u8)~(1u << t);
			} else if (model[i]) {
				xa_tag_set(xa, i, t);
				tags[i] |= (u8)(1u << t);
			}
		}
		check_tags(xa, unit_random() % SPAN);
		i = unit_random() % SPAN;
		assert_ptr_equal(xa_load(xa, i), model[i]);
		check_searches(xa, unit_random() % SPAN);
	}
}

static void empty(struct xarray *xa)
{
	for (u64 i = 0; i < SPAN; i++) {
		assert_ptr_equal(xa_erase(xa, i), model[i]);
		model[i] = NULL;
	}
	assert_null(xa->root);
	assert_int_equal(nodes, 0);
}

static void test_random(void **state)
{
	(void)state;
	struct xarray xa = XARRAY_INIT;
	random_ops(&xa, ROUNDS);
	u64 i, seen = 0;
	void *p;
	xa_for_each(&xa, i, p)
	{
		assert_ptr_equal(p, model[i]);
		seen++;
	}
	for (i = 0; i < SPAN; i++)
		seen -= model[i] != NULL;
	assert_true(seen == 0);
	empty(&xa);
}

static void test_failing(void **state)
{
	(void)state;
	struct xarray xa = XARRAY_INIT;
	fail_one_in = 3;
	random_ops(&xa, ROUNDS);
	empty(&xa);
}

static void test_destroy(void **state)
{
	(void)state;
	struct xarray xa = XARRAY_INIT;
	random_ops(&xa, 5000);
	assert_int_equal(xa_store(&xa, UINT64_MAX, model), 0);
	xa_destroy(&xa);
	assert_int_equal(nodes, 0);
	assert_null(xa_load(&xa, 1));
	xa_destroy(&xa);
}

static void test_extremes(void **state)
{
	(void)state;
	struct xarray xa = XARRAY_INIT;
	u64 far[] = { UINT64_MAX, 0, 1UL << 63, 1UL << 60, 63, 64, (1UL << 36) - 1 };
	for (size_t i = 0; i < ARRAY_SIZE(far); i++)
		assert_int_equal(xa_store(&xa, far[i], &far[i]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(far); i++)
		assert_ptr_equal(xa_load(&xa, far[i]), &far[i]);
	u64 at = 65;
	assert_ptr_equal(xa_find(&xa, &at), &far[6]);
	assert_true(at == far[6]);
	at = far[2] + 1;
	assert_ptr_equal(xa_find(&xa, &at), &far[0]);
	assert_true(xa_find_hole(&xa, 63) == 65);
	for (size_t i = 0; i < ARRAY_SIZE(far); i++)
		assert_ptr_equal(xa_erase(&xa, far[i]), &far[i]);
	assert_null(xa.root);
	assert_int_equal(nodes, 0);
}

static void test_idr(void **state)
{
	(void)state;
	struct idr idr = IDR_INIT;
	for (int i = 0; i < 200; i++)
		assert_int_equal(idr_alloc(&idr, &idr, 5, 204), i + 5);
	assert_int_equal(idr_alloc(&idr, &idr, 5, 204), -ENOSPC);
	assert_ptr_equal(idr_remove(&idr, 77), &idr);
	assert_null(idr_find(&idr, 77));
	assert_int_equal(idr_alloc(&idr, &idr, 5, 204), 77);
	assert_null(idr_find(&idr, -1));
	xa_destroy(&idr.xa);

	struct idr ring = IDR_INIT;
	for (int i = 1; i <= 10; i++)
		assert_int_equal(idr_alloc_cyclic(&ring, &ring, 1, 10), i);
	assert_int_equal(idr_alloc_cyclic(&ring, &ring, 1, 10), -ENOSPC);
	idr_remove(&ring, 3);
	assert_int_equal(idr_alloc_cyclic(&ring, &ring, 1, 10), 3);
	idr_remove(&ring, 3);
	idr_remove(&ring, 7);
	assert_int_equal(idr_alloc_cyclic(&ring, &ring, 1, 10), 7); /* behind the last one given */
	assert_int_equal(idr_alloc_cyclic(&ring, &ring, 1, 10), 3);
	xa_destroy(&ring.xa);
	assert_int_equal(nodes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_random, setup),  cmocka_unit_test_setup(test_failing, setup),
		cmocka_unit_test_setup(test_destroy, setup), cmocka_unit_test_setup(test_extremes, setup),
		cmocka_unit_test_setup(test_idr, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
