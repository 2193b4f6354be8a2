/* SPDX-License-Identifier: MIT
 * tests/unit/lockdep_test.c - base/lockdep.c: what is reported, and what is not
 *
 * Includes the .c file to have it as a debug build does.
 */
#define CONFIG_DEBUG 1
#include "unit.h"
#include "../../kernel/base/lockdep.c"
#include "stub/stub.h"

static struct spinlock a = SPINLOCK_INIT("a"), a2 = SPINLOCK_INIT("a"), b = SPINLOCK_INIT("b"),
                       c = SPINLOCK_INIT("c");

static unsigned reports_of(struct spinlock *x, struct spinlock *y)
{
	unsigned before = stub_log_lines;
	spin_lock(x);
	spin_lock(y);
	spin_unlock(x); /* in any order */
	spin_unlock(y);
	assert_int_equal(held_locks.depth, 0);
	return stub_log_lines - before;
}

static void test_order(void **state)
{
	(void)state;
	assert_int_equal(reports_of(&a, &b), 0);
	assert_int_equal(reports_of(&a, &b), 0);
	assert_int_equal(reports_of(&b, &c), 0);
	assert_int_equal(reports_of(&a, &a2), 0); /* one class */
	assert_int_equal(reports_of(&a2, &a), 0);
	assert_int_equal(reports_of(&b, &a2), 1); /* the other way round, by another lock of the class */
	assert_int_equal(reports_of(&b, &a), 0);  /* once */
	assert_int_equal(reports_of(&a, &b), 0);
	assert_int_equal(reports_of(&c, &b), 1);
}

static unsigned reports_in(bool irqs_on, bool handler, struct spinlock *x, struct spinlock *y)
{
	unsigned before = stub_log_lines;
	stub_irqs_on = irqs_on;
	if (handler)
		lockdep_irq_enter();
	spin_lock(x);
	if (y) {
		spin_lock(y);
		spin_unlock(y);
	}
	spin_unlock(x);
	if (handler)
		lockdep_irq_exit();
	stub_irqs_on = 1;
	return stub_log_lines - before;
}

static void test_irqs(void **state)
{
	static struct spinlock i = SPINLOCK_INIT("i"), j = SPINLOCK_INIT("j"), k = SPINLOCK_INIT("k");

	(void)state;
	assert_int_equal(reports_in(false, true, &i, NULL), 0);
	assert_int_equal(reports_in(false, false, &i, NULL), 0); /* with interrupts off it is right */
	assert_int_equal(reports_in(true, false, &i, NULL), 1);
	assert_int_equal(reports_in(true, false, &i, NULL), 0); /* once */
	assert_int_equal(reports_in(false, true, &j, NULL), 0);
	assert_int_equal(reports_in(true, false, &k, NULL), 0);
	assert_int_equal(reports_in(false, false, &j, &k), 1); /* a handler's lock waits for one that it may interrupt */
}

static void test_sleep(void **state)
{
	static struct spinlock l = SPINLOCK_INIT("l");
	unsigned before = stub_log_lines;

	(void)state;
	lockdep_might_sleep();
	assert_int_equal(stub_log_lines, before);
	spin_lock(&l);
	lockdep_might_sleep();
	lockdep_might_sleep();
	spin_unlock(&l);
	assert_int_equal(stub_log_lines, before + 1);
}

static void test_tolerant(void **state)
{
	(void)state;
	assert_true(spin_trylock(&a)); /* not followed */
	spin_unlock(&a);
	lockdep_acquire(&b, "a mutex");
	assert_int_equal(held_locks.depth, 0);
	struct spinlock many[HELD_MAX + 4];
	for (int i = 0; i < HELD_MAX + 4; i++) {
		spin_init(&many[i], "many");
		spin_lock(&many[i]);
	}
	for (int i = 0; i < HELD_MAX + 4; i++)
		spin_unlock(&many[i]);
	assert_int_equal(held_locks.depth, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_order), cmocka_unit_test(test_irqs),
		                            cmocka_unit_test(test_sleep), cmocka_unit_test(test_tolerant) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
