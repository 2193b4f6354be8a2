/* SPDX-License-Identifier: MIT
 * vm/gap.c - where a mapping goes when the program does not say
 *
 * Owns:      space->gap_top, space->gap_len.
 * Layer:     vm.
 * Locks:     space->lock for writing.
 * Contexts:  process context; does not sleep.
 * Manual:    mmap(2), "addr".
 * Tests:     kernel/vm/vm_ktest.c.
 *
 * Theory
 * ------
 * Mappings grow down from mmap_base: the highest gap that is large enough is taken, at its upper end.
 *
 *   0 ... brk -> .......... [lib][data]..[map][map] mmap_base  guard  stack
 *                      <- the next one
 *
 * Looking from the top each time would cost a step per vma.  So the last answer is remembered as a fact:
 * "above gap_top no gap of gap_len bytes or more exists".  A later search for at least that much starts at
 * gap_top; freeing memory moves gap_top up again.  When nothing is free below mmap_base, the room above the
 * stack's reserve is tried from the bottom up, as Linux does.
 */
#include "internal.h"

#define LOW32_BOTTOM 0x40000000UL /* MAP_32BIT: the second GiB */
#define LOW32_TOP    0x80000000UL

/* Is [addr, addr + len) free, with distance to a stack above? */
static bool range_free(struct vm_space *s, uaddr_t addr, size_t len)
{
	struct vma *v = vma_find(s, addr);

	return !v || addr + len <= vma_gap_start(v);
}

/* The highest free range of len bytes in [bottom, top), or 0. */
static uaddr_t gap_below(struct vm_space *s, uaddr_t bottom, uaddr_t top, size_t len)
{
	struct vma *above = vma_find(s, top - 1); /* the first that is not wholly below top */
	uaddr_t end = above ? MIN(top, vma_gap_start(above)) : top;
	struct vma *v = above ? vma_prev(above) : vma_last(s);

	for (;;) {
		uaddr_t low = v ? MAX(v->end, bottom) : bottom;

		if (end > low && end - low >= len)
			return end - len;
		if (!v || v->start <= bottom)
			return 0;
		end = vma_gap_start(v);
		v = vma_prev(v);
	}
}

/* The lowest free range of len bytes in [bottom, top), or 0. */
static uaddr_t gap_above(struct vm_space *s, uaddr_t bottom, uaddr_t top, size_t len)
{
	uaddr_t at = bottom;

	for (struct vma *v = vma_find(s, bottom); at < top && top - at >= len; v = vma_next(v)) {
		if (!v || (vma_gap_start(v) >= at && vma_gap_start(v) - at >= len))
			return at;
		at = MAX(at, v->end);
	}
	return 0;
}

long vm_find_gap(struct vm_space *s, uaddr_t hint, size_t len, bool low32)
{
	uaddr_t at;

	if (len > s->top - USER_MIN)
		return -ENOMEM;
	hint = ALIGN_DOWN(hint, PAGE_SIZE);
	if (hint >= USER_MIN && hint <= s->top - len && range_free(s, hint, len))
		return (long)hint;
	if (low32) {
		at = gap_above(s, LOW32_BOTTOM, LOW32_TOP, len);
		return at ? (long)at : -ENOMEM;
	}

	at = gap_below(s, USER_MIN, len >= s->gap_len ? MIN(s->gap_top, s->mmap_base) : s->mmap_base, len);
	if (!at) /* a gap that was found but never filled may span gap_top */
		at = gap_below(s, USER_MIN, s->mmap_base, len);
	if (at) {
		s->gap_len = len;
		s->gap_top = at;
		return (long)at;
	}
	at = gap_above(s, s->mmap_base, s->top, len);
	return at ? (long)at : -ENOMEM;
}

void vm_gap_freed(struct vm_space *s, uaddr_t end)
{
	struct vma *above;

	if (end < s->gap_top)
		return;
	/* The freed range may join a gap above it: that gap's end counts. */
	above = vma_find(s, end);
	s->gap_top = above ? MIN(s->mmap_base, above->start) : s->mmap_base;
	if (s->gap_top < end)
		s->gap_top = MIN(end, s->mmap_base);
}
