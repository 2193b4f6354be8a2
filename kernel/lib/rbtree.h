/* SPDX-License-Identifier: MIT
 * lib/rbtree.h - intrusive red-black trees.  The caller locks, compares and finds the insertion point. */
#pragma once
#include <abi/types.h>

struct rb_node {
	unsigned long parent_color; /* parent pointer | colour in bit 0 (1 = black) */
	struct rb_node *left, *right;
};
struct rb_root {
	struct rb_node *node;
};
#define RB_ROOT                                                                                              \
	(struct rb_root)                                                                                     \
	{                                                                                                    \
		NULL                                                                                         \
	}
#define rb_entry(ptr, type, member) container_of(ptr, type, member)

/* Links `n` below `parent` at *link (found by the caller's descent) and rebalances. */
void rb_insert(struct rb_root *root, struct rb_node *n, struct rb_node *parent, struct rb_node **link);
void rb_erase(struct rb_root *root, struct rb_node *n);
/* Puts `new` in the place of `old`, which has the same key. */
void rb_replace(struct rb_root *root, struct rb_node *old, struct rb_node *new);
struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *n);
struct rb_node *rb_prev(const struct rb_node *n);
