/* SPDX-License-Identifier: MIT
 * lib/rbtree.c - red-black trees
 *
 * Owns:      nothing: nodes are embedded in their users' structs.
 * Layer:     lib.
 * Locks:     none; the caller locks.
 * Contexts:  any.
 * Manual:    Cormen, Leiserson, Rivest, Stein, Introduction to Algorithms, chapter 13.
 * Tests:     tests/unit/rbtree_test.c (random operations, all rules checked after each)
 *
 * Theory
 * ------
 * A binary search tree whose nodes are red or black, so that
 *   (1) the root is black;
 *   (2) a red node has no red child;
 *   (3) every way from a node down to a NULL passes the same number of black nodes.
 * Hence no way is more than twice as long as another.  An insertion puts a red node at the bottom, which can
 * break (2) only; an erasure can take a black node out of a way, which breaks (3) only.  Both are repaired
 * by recolouring upwards and at most three rotations.  Colour and parent share a word: nodes are 8-aligned.
 */
#include <lib/rbtree.h>

enum { RED = 0, BLACK = 1 };

static inline struct rb_node *parent_of(const struct rb_node *n)
{
	return (struct rb_node *)(n->parent_color & ~1UL);
}
static inline bool is_red(const struct rb_node *n)
{
	return n && !(n->parent_color & BLACK);
}
static inline void set_parent(struct rb_node *n, struct rb_node *p)
{
	n->parent_color = (unsigned long)p | (n->parent_color & 1);
}
static inline void set_color(struct rb_node *n, unsigned long c)
{
	n->parent_color = (n->parent_color & ~1UL) | c;
}

/* Makes `new` the child of p (or the root) where `old` was. */
static inline void replace_child(struct rb_root *root, struct rb_node *p, struct rb_node *old,
                                 struct rb_node *new)
{
	if (!p)
		root->node = new;
	else if (p->left == old)
		p->left = new;
	else
		p->right = new;
}

/* n's right child takes n's place and n becomes its left child. */
static void rotate_left(struct rb_root *root, struct rb_node *n)
{
	struct rb_node *r = n->right, *p = parent_of(n);
	n->right = r->left;
	if (r->left)
		set_parent(r->left, n);
	r->left = n;
	set_parent(r, p);
	replace_child(root, p, n, r);
	set_parent(n, r);
}

static void rotate_right(struct rb_root *root, struct rb_node *n)
{
	struct rb_node *l = n->left, *p = parent_of(n);
	n->left = l->right;
	if (l->right)
		set_parent(l->right, n);
	l->right = n;
	set_parent(l, p);
	replace_child(root, p, n, l);
	set_parent(n, l);
}

void rb_insert(struct rb_root *root, struct rb_node *n, struct rb_node *parent, struct rb_node **link)
{
	n->parent_color = (unsigned long)parent | RED;
	n->left = n->right = NULL;
	*link = n;

	struct rb_node *p, *g;
	while (is_red(p = parent_of(n))) {
		g = parent_of(p); /* exists: the root is black */
		struct rb_node *uncle = p == g->left ? g->right : g->left;
		if (is_red(uncle)) {
			set_color(p, BLACK);
			set_color(uncle, BLACK);
			set_color(g, RED);
			n = g;
			continue;
		}
		if (p == g->left) {
			if (n == p->right) {
				rotate_left(root, p);
				p = n;
			}
			rotate_right(root, g);
		} else {
			if (n == p->left) {
				rotate_right(root, p);
				p = n;
			}
			rotate_left(root, g);
		}
		set_color(p, BLACK);
		set_color(g, RED);
		break;
	}
	set_color(root->node, BLACK);
}

/* The ways through n (may be NULL), child of p, lack one black node; n is its left child. */
static struct rb_node *erase_fix_left(struct rb_root *root, struct rb_node *p)
{
	struct rb_node *s = p->right;
	if (is_red(s)) {
		set_color(s, BLACK);
		set_color(p, RED);
		rotate_left(root, p);
		s = p->right;
	}
	if (!is_red(s->left) && !is_red(s->right)) {
		set_color(s, RED);
		return p; /* now p lacks it */
	}
	if (!is_red(s->right)) {
		set_color(s->left, BLACK);
		set_color(s, RED);
		rotate_right(root, s);
		s = p->right;
	}
	set_color(s, p->parent_color & 1);
	set_color(p, BLACK);
	set_color(s->right, BLACK);
	rotate_left(root, p);
	return root->node;
}

static struct rb_node *erase_fix_right(struct rb_root *root, struct rb_node *p)
{
	struct rb_node *s = p->left;
	if (is_red(s)) {
		set_color(s, BLACK);
		set_color(p, RED);
		rotate_right(root, p);
		s = p->left;
	}
	if (!is_red(s->left) && !is_red(s->right)) {
		set_color(s, RED);
		return p;
	}
	if (!is_red(s->left)) {
		set_color(s->right, BLACK);
		set_color(s, RED);
		rotate_left(root, s);
		s = p->left;
	}
	set_color(s, p->parent_color & 1);
	set_color(p, BLACK);
	set_color(s->left, BLACK);
	rotate_right(root, p);
	return root->node;
}

static void erase_fix(struct rb_root *root, struct rb_node *n, struct rb_node *p)
{
	while (n != root->node && !is_red(n)) {
		n = n == p->left ? erase_fix_left(root, p) : erase_fix_right(root, p);
		p = parent_of(n);
	}
	if (n)
		set_color(n, BLACK);
}

void rb_erase(struct rb_root *root, struct rb_node *n)
{
	struct rb_node *child, *parent = parent_of(n);
	unsigned long color = n->parent_color & 1;

	if (n->left && n->right) {
		/* The successor s has no left child; it takes n's place and colour. */
		struct rb_node *s = n->right;
		while (s->left)
			s = s->left;
		color = s->parent_color & 1;
		child = s->right;
		struct rb_node *sp = parent_of(s);
		if (sp == n) {
			sp = s;
		} else {
			sp->left = child;
			if (child)
				set_parent(child, sp);
			s->right = n->right;
			set_parent(s->right, s);
		}
		s->left = n->left;
		set_parent(s->left, s);
		s->parent_color = n->parent_color;
		replace_child(root, parent, n, s);
		parent = sp;
	} else {
		child = n->left ? n->left : n->right;
		if (child)
			set_parent(child, parent);
		replace_child(root, parent, n, child);
	}
	if (color == BLACK)
		erase_fix(root, child, parent);
}

void rb_replace(struct rb_root *root, struct rb_node *old, struct rb_node *new)
{
	*new = *old;
	if (new->left)
		set_parent(new->left, new);
	if (new->right)
		set_parent(new->right, new);
	replace_child(root, parent_of(old), old, new);
}

struct rb_node *rb_first(const struct rb_root *root)
{
	struct rb_node *n = root->node;
	while (n && n->left)
		n = n->left;
	return n;
}

struct rb_node *rb_last(const struct rb_root *root)
{
	struct rb_node *n = root->node;
	while (n && n->right)
		n = n->right;
	return n;
}

struct rb_node *rb_next(const struct rb_node *n)
{
	if (n->right) {
		n = n->right;
		while (n->left)
			n = n->left;
		return (struct rb_node *)n;
	}
	struct rb_node *p;
	while ((p = parent_of(n)) && n == p->right)
		n = p;
	return p;
}

struct rb_node *rb_prev(const struct rb_node *n)
{
	if (n->left) {
		n = n->left;
		while (n->right)
			n = n->right;
		return (struct rb_node *)n;
	}
	struct rb_node *p;
	while ((p = parent_of(n)) && n == p->left)
		n = p;
	return p;
}
