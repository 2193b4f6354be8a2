/* SPDX-License-Identifier: MIT
 * tests/unit/rbtree_test.c - random insertions, erasures and replacements; all rules checked after each
 */
#include "unit.h"
#include <lib/rbtree.h>

enum { KEYS = 300, ROUNDS = 20000 };
struct item {
	struct rb_node rb;
	int key;
	bool in;
};
static struct item items[KEYS], twins[KEYS];
static struct item *current[KEYS]; /* items[k] or twins[k] */
static struct rb_root root = { NULL };

static struct rb_node *parent(const struct rb_node *n)
{
	return (struct rb_node *)(n->parent_color & ~1UL);
}
static bool red(const struct rb_node *n)
{
	return n && !(n->parent_color & 1);
}

/* The black height of the subtree; checks order, colours and parent links on the way. */
static int check(const struct rb_node *n, const struct rb_node *p, int low, int high)
{
	if (!n)
		return 1;
	const struct item *i = rb_entry(n, struct item, rb);
	assert_true(i->key > low && i->key < high && i->in);
	assert_ptr_equal(parent(n), p);
	assert_false(red(n) && (red(n->left) || red(n->right)));
	int l = check(n->left, n, low, i->key), r = check(n->right, n, i->key, high);
	assert_int_equal(l, r);
	return l + !red(n);
}

static void check_all(void)
{
	assert_false(red(root.node));
	check(root.node, NULL, -1, KEYS);
	int key = -1;
	for (struct rb_node *n = rb_first(&root); n; n = rb_next(n)) {
		do
			key++;
		while (!current[key]->in);
		assert_int_equal(rb_entry(n, struct item, rb)->key, key);
	}
	for (key++; key < KEYS; key++)
		assert_false(current[key]->in);
	key = KEYS;
	for (struct rb_node *n = rb_last(&root); n; n = rb_prev(n)) {
		do
			key--;
		while (!current[key]->in);
		assert_int_equal(rb_entry(n, struct item, rb)->key, key);
	}
}

static void insert(struct item *i)
{
	struct rb_node **link = &root.node, *p = NULL;
	while (*link) {
		p = *link;
		link = i->key < rb_entry(p, struct item, rb)->key ? &p->left : &p->right;
	}
	rb_insert(&root, &i->rb, p, link);
	i->in = true;
}

static void replace(int key)
{
	struct item *old = current[key], *new = old == &items[key] ? &twins[key] : &items[key];
	rb_replace(&root, &old->rb, &new->rb);
	old->in = false;
	new->in = true;
	current[key] = new;
}

static void test_random(void **state)
{
	(void)state;
	for (int k = 0; k < KEYS; k++) {
		items[k].key = twins[k].key = k;
		current[k] = &items[k];
	}
	for (int round = 0; round < ROUNDS; round++) {
		int k = (int)(unit_random() % (round % 5000 < 2500 ? KEYS : 20));
		struct item *i = current[k];
		if (!i->in) {
			insert(i);
		} else if (unit_random() % 4 == 0) {
			replace(k);
		} else {
			rb_erase(&root, &i->rb);
			i->in = false;
		}
		check_all();
	}
	for (int k = 0; k < KEYS; k++)
		if (current[k]->in) {
			rb_erase(&root, &current[k]->rb);
			current[k]->in = false;
			check_all();
		}
	assert_null(root.node);
}

/* Sorted input, the worst case of an unbalanced tree. */
static void test_ascending(void **state)
{
	(void)state;
	for (int k = 0; k < KEYS; k++)
		insert(current[k]);
	check_all();
	for (int k = 0; k < KEYS; k++) {
		rb_erase(&root, &current[k]->rb);
		current[k]->in = false;
	}
	assert_null(root.node);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random), cmocka_unit_test(test_ascending) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
