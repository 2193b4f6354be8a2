/* SPDX-License-Identifier: MIT
 * lib/xarray.c - a sparse array: a radix tree of 64-way nodes
 *
 * Owns:      struct xa_node.
 * Layer:     lib.  Its nodes come from the allocator that mem registers.
 * Locks:     none; the caller locks.
 * Contexts:  any in which that allocator may be called.
 * Tests:     tests/unit/xarray_test.c (random operations against a plain array)
 *
 * Theory
 * ------
 * An index is read six bits at a time.  A tree of height h holds the indices below 64^h; height 0 holds
 * index 0 alone, in `root` itself, so a file of one page needs no node:
 *
 *     height 0: root = entry 0
 *     height 2: root -> node --slot[index >> 6 & 63]--> node --slot[index & 63]--> entry
 *
 * The tree grows at the top when an index does not fit and shrinks again when only slot 0 of the root is in
 * use.  Two words of bits in each node make the searches cheap: `present` says which slots are not NULL,
 * `full` below which slots no index is free.  Invariants: a node has at least one bit in `present`;
 * a leaf's `full` equals its `present`; bit i of an inner node's `full` is set exactly when its child i has
 * all 64 bits of `full` set.  `tag[t]` works like `present`, for the entries that carry tag t alone: bit i of an
 * inner node's is set exactly when its child i has a bit set.
 */
#include <lib/xarray.h>
#include <abi/errno.h>

enum { XA_BITS = 6, XA_SLOTS = 1 << XA_BITS, XA_HEIGHT_MAX = 11 /* 64 / 6, rounded up */ };

struct xa_node {
	void *slot[XA_SLOTS];
	u64 present, full;
	u64 tag[XA_TAGS];
};
const size_t xa_node_size = sizeof(struct xa_node);

static void *(*node_alloc_fn)(size_t);
static void (*node_free_fn)(void *);

void xarray_set_allocator(void *(*alloc)(size_t), void (*free)(void *))
{
	node_alloc_fn = alloc;
	node_free_fn = free;
}

static struct xa_node *node_new(void)
{
	struct xa_node *n = node_alloc_fn(sizeof(*n));
	if (n)
		__builtin_memset(n, 0, sizeof(*n));
	return n;
}

static inline bool index_fits(const struct xarray *xa, u64 index)
{
	unsigned shift = xa->height * XA_BITS;
	return shift >= 64 || index >> shift == 0;
}

void *xa_load(const struct xarray *xa, u64 index)
{
	unsigned shift = xa->height * XA_BITS;
	if (shift < 64 && index >> shift)
		return NULL;
	void *p = xa->root;
	while (shift && p) {
		shift -= XA_BITS;
		p = ((struct xa_node *)p)->slot[index >> shift & (XA_SLOTS - 1)];
	}
	return p;
}

static inline void slot_set(struct xa_node *n, unsigned i, void *p)
{
	n->slot[i] = p;
	n->present |= 1UL << i;
}
static inline void slot_clear(struct xa_node *n, unsigned i)
{
	n->slot[i] = NULL;
	n->present &= ~(1UL << i);
	n->full &= ~(1UL << i);
	for (unsigned t = 0; t < XA_TAGS; t++)
		n->tag[t] &= ~(1UL << i);
}

/* Gives back levels at the top that only lead to slot 0. */
static void xa_shrink_top(struct xarray *xa)
{
	while (xa->height) {
		struct xa_node *n = xa->root;
		if (n && n->present != 1)
			return;
		xa->root = n ? n->slot[0] : NULL;
		xa->height--;
		if (n && !xa->height)
			for (unsigned t = 0; t < XA_TAGS; t++)
				xa->root_tags |= (u32)(n->tag[t] & 1) << t;
		if (n)
			node_free_fn(n);
	}
}

/* Records the nodes from the root (path[height-1]) down to the leaf (path[0]); the lowest that exists. */
static unsigned xa_path(const struct xarray *xa, u64 index, struct xa_node *path[XA_HEIGHT_MAX])
{
	void *p = xa->root;
	unsigned level = xa->height;
	while (level && p) {
		path[--level] = p;
		p = path[level]->slot[index >> level * XA_BITS & (XA_SLOTS - 1)];
	}
	return level;
}

/* Frees empty nodes on the way to index, from level `low` up. */
static void xa_prune(struct xarray *xa, u64 index, struct xa_node *path[XA_HEIGHT_MAX], unsigned low)
{
	for (unsigned l = low; l < xa->height && !path[l]->present; l++) {
		if (l + 1 < xa->height)
			slot_clear(path[l + 1], (unsigned)(index >> (l + 1) * XA_BITS) & (XA_SLOTS - 1));
		else
			xa->root = NULL;
		node_free_fn(path[l]);
	}
	xa_shrink_top(xa);
}

/* Adds levels until index fits. */
static int xa_grow(struct xarray *xa, u64 index)
{
	while (!index_fits(xa, index)) {
		if (xa->root) {
			struct xa_node *n = node_new();
			if (!n)
				return -ENOMEM;
			slot_set(n, 0, xa->root);
			if (xa->height == 0 || ((struct xa_node *)xa->root)->full == ~0UL)
				n->full = 1;
			for (unsigned t = 0; t < XA_TAGS; t++)
				n->tag[t] = xa->height ? ((struct xa_node *)xa->root)->tag[t] != 0
				                       : xa->root_tags >> t & 1;
			xa->root_tags = 0;
			xa->root = n;
		}
		xa->height++;
	}
	return 0;
}

int xa_store(struct xarray *xa, u64 index, void *p)
{
	struct xa_node *path[XA_HEIGHT_MAX];
	if (xa_grow(xa, index)) {
		xa_shrink_top(xa);
		return -ENOMEM;
	}
	if (xa->height == 0) {
		xa->root = p;
		return 0;
	}
	unsigned level = xa_path(xa, index, path);
	while (level > 0) {
		struct xa_node *n = node_new();
		if (!n) {
			if (level < xa->height)
				xa_prune(xa, index, path, level);
			else
				xa_shrink_top(xa);
			return -ENOMEM;
		}
		if (level == xa->height)
			xa->root = n;
		else
			slot_set(path[level], (unsigned)(index >> level * XA_BITS) & (XA_SLOTS - 1), n);
		path[--level] = n;
	}
	unsigned i = (unsigned)index & (XA_SLOTS - 1);
	slot_set(path[0], i, p);
	path[0]->full |= 1UL << i;
	for (level = 1; level < xa->height && path[level - 1]->full == ~0UL; level++)
		path[level]->full |= 1UL << (index >> level * XA_BITS & (XA_SLOTS - 1));
	return 0;
}

/* Takes the tag from the entry and from each node above that has no other one. */
static void tag_clear_path(struct xarray *xa, u64 index, struct xa_node *path[XA_HEIGHT_MAX], unsigned tag)
{
	for (unsigned l = 0; l < xa->height; l++) {
		path[l]->tag[tag] &= ~(1UL << (index >> l * XA_BITS & (XA_SLOTS - 1)));
		if (path[l]->tag[tag])
			return;
	}
}

void *xa_erase(struct xarray *xa, u64 index)
{
	struct xa_node *path[XA_HEIGHT_MAX];
	if (!index_fits(xa, index) || !xa->root)
		return NULL;
	if (xa->height == 0) {
		void *old = xa->root;
		xa->root = NULL;
		xa->root_tags = 0;
		return old;
	}
	if (xa_path(xa, index, path) != 0)
		return NULL;
	unsigned i = (unsigned)index & (XA_SLOTS - 1);
	void *old = path[0]->slot[i];
	if (!old)
		return NULL;
	for (unsigned t = 0; t < XA_TAGS; t++)
		tag_clear_path(xa, index, path, t);
	slot_clear(path[0], i);
	for (unsigned l = 1; l < xa->height; l++)
		path[l]->full &= ~(1UL << (index >> l * XA_BITS & (XA_SLOTS - 1)));
	xa_prune(xa, index, path, 0);
	return old;
}

void xa_tag_set(struct xarray *xa, u64 index, unsigned tag)
{
	struct xa_node *path[XA_HEIGHT_MAX];

	if (!xa_load(xa, index))
		return;
	if (!xa->height)
		xa->root_tags |= 1u << tag;
	else
		xa_path(xa, index, path);
	for (unsigned l = 0; l < xa->height; l++)
		path[l]->tag[tag] |= 1UL << (index >> l * XA_BITS & (XA_SLOTS - 1));
}

void xa_tag_clear(struct xarray *xa, u64 index, unsigned tag)
{
	struct xa_node *path[XA_HEIGHT_MAX];

	if (!index_fits(xa, index) || !xa->root)
		return;
	if (!xa->height)
		xa->root_tags &= ~(1u << tag);
	else if (xa_path(xa, index, path) == 0)
		tag_clear_path(xa, index, path, tag);
}

/* Which slots count: all that are not NULL (ANY), or those with a tag. */
enum { ANY = XA_TAGS };

static inline u64 slots_of(const struct xa_node *n, unsigned tag)
{
	return tag == ANY ? n->present : n->tag[tag];
}

static inline void *find(const struct xarray *xa, u64 *index, unsigned tag)
{
	u64 at = *index;
	if (!xa->root || !index_fits(xa, at))
		return NULL;
	for (;;) {
		void *p = xa->root;
		unsigned shift = xa->height * XA_BITS;
		while (shift) {
			shift -= XA_BITS;
			struct xa_node *n = p;
			unsigned i = (unsigned)(at >> shift) & (XA_SLOTS - 1);
			u64 rest = slots_of(n, tag) & ~0UL << i;
			if (!rest)
				break;
			unsigned next = (unsigned)__builtin_ctzl(rest);
			if (next != i)
				at = ((at >> shift) + (next - i)) << shift;
			p = n->slot[next];
			if (shift == 0) {
				*index = at;
				return p;
			}
		}
		if (xa->height == 0) {
			*index = 0;
			return tag == ANY || xa->root_tags >> tag & 1 ? p : NULL;
		}
		/* Nothing more in this node: go on behind it. */
		shift += XA_BITS;
		if (shift >= 64)
			return NULL;
		u64 next = ((at >> shift) + 1) << shift;
		if (next <= at || !index_fits(xa, next))
			return NULL;
		at = next;
	}
}

void *xa_find(const struct xarray *xa, u64 *index)
{
	return find(xa, index, ANY);
}

void *xa_find_tagged(const struct xarray *xa, u64 *index, unsigned tag)
{
	return find(xa, index, tag);
}

u64 xa_find_hole(const struct xarray *xa, u64 from)
{
	u64 at = from;
again:
	if (!xa->root || !index_fits(xa, at))
		return at;
	if (xa->height == 0)
		return at + 1; /* index 0 is taken */
	const struct xa_node *n = xa->root;
	for (unsigned shift = (xa->height - 1) * XA_BITS;; shift -= XA_BITS) {
		unsigned i = (unsigned)(at >> shift) & (XA_SLOTS - 1);
		u64 rest = ~n->full & ~0UL << i;
		if (!rest) {
			unsigned up = shift + XA_BITS;
			at = up < 64 ? ((at >> up) + 1) << up : 0;
			goto again;
		}
		unsigned next = (unsigned)__builtin_ctzl(rest);
		if (next != i)
			at = ((at >> shift) + (next - i)) << shift;
		if (shift == 0 || !n->slot[next])
			return at;
		n = n->slot[next];
	}
}

void xa_destroy(struct xarray *xa)
{
	/* Depth first without recursion: free the leftmost leaf until the root is gone. */
	struct xa_node *path[XA_HEIGHT_MAX];
	unsigned level = xa->height;
	if (level && xa->root)
		path[--level] = xa->root;
	else
		goto out;
	for (;;) {
		struct xa_node *n = path[level];
		if (level > 0 && n->present) {
			unsigned i = (unsigned)__builtin_ctzl(n->present);
			path[level - 1] = n->slot[i];
			slot_clear(n, i);
			level--;
			continue;
		}
		node_free_fn(n);
		if (++level == xa->height)
			break;
	}
out:
	*xa = XARRAY_INIT;
}
