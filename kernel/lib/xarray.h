/* SPDX-License-Identifier: MIT
 * lib/xarray.h - a sparse array from u64 index to pointer: a radix tree of 64-way nodes.
 *
 * Stored pointers are not NULL.  The caller locks.  Nodes come from the allocator given at boot by
 * xarray_set_allocator (kernel: slab; host tests: malloc), so that lib/ depends on nothing. */
#pragma once
#include <abi/types.h>

struct xarray {
	void *root;      /* a node; with height 0 the entry at index 0; NULL = empty */
	unsigned height; /* levels of nodes */
	u32 root_tags;   /* of the entry at index 0 with height 0: BIT(tag) */
};
enum { XA_TAGS = 2 }; /* marks that an entry can have, 0 .. XA_TAGS - 1 */
#define XARRAY_INIT                                                                                          \
	(struct xarray)                                                                                      \
	{                                                                                                    \
		NULL, 0, 0                                                                                   \
	}

/* The one size that the allocator is asked for.  It must not sleep: callers hold spinlocks. */
extern const size_t xa_node_size;
void xarray_set_allocator(void *(*alloc)(size_t), void (*free)(void *));
/* The pointer at index, or NULL. */
void *xa_load(const struct xarray *xa, u64 index);
/* Stores p (not NULL); replaces what is there.  0 or -ENOMEM. */
MUST_CHECK int xa_store(struct xarray *xa, u64 index, void *p);
/* Removes and returns what is at index; frees nodes that become empty. */
void *xa_erase(struct xarray *xa, u64 index);
/* The first entry at an index >= *index, which is updated; NULL if none. */
void *xa_find(const struct xarray *xa, u64 *index);
/* Marks the entry at index, which must exist; a new entry has no tags, one that replaces another has its. */
void xa_tag_set(struct xarray *xa, u64 index, unsigned tag);
void xa_tag_clear(struct xarray *xa, u64 index, unsigned tag); /* no entry or no tag: nothing happens */
/* As xa_find, among the entries with the tag. */
void *xa_find_tagged(const struct xarray *xa, u64 *index, unsigned tag);
/* The first index >= from without an entry (wraps to 0 past the last index). */
u64 xa_find_hole(const struct xarray *xa, u64 from);
/* Frees all nodes; the entries are the caller's. */
void xa_destroy(struct xarray *xa);
#define xa_for_each(xa, index, entry) for (index = 0; (entry = xa_find(xa, &(index))) != NULL; index++)
