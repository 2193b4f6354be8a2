/* SPDX-License-Identifier: MIT
 * lib/sort.c - heap sort
 *
 * Owns:      nothing.
 * Layer:     lib.
 * Locks:     none.
 * Contexts:  any; constant stack.
 * Manual:    Williams, Algorithm 232; n log n in every case, which hostile input cannot spoil.
 * Tests:     tests/unit/tables_test.c
 */
#include <lib/sort.h>

static void swap_bytes(char *a, char *b, size_t size)
{
	for (; size; size--) {
		char t = *a;
		*a++ = *b;
		*b++ = t;
	}
}

/* Lets element i sink until neither child of it is greater; the heap has n elements. */
static void sift_down(char *base, size_t i, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
	for (;;) {
		size_t child = 2 * i + 1;
		if (child >= n)
			return;
		if (child + 1 < n && cmp(base + child * size, base + (child + 1) * size) < 0)
			child++;
		if (cmp(base + i * size, base + child * size) >= 0)
			return;
		swap_bytes(base + i * size, base + child * size, size);
		i = child;
	}
}

void sort(void *base, size_t n, size_t size, int (*cmp)(const void *a, const void *b))
{
	char *p = base;
	for (size_t i = n / 2; i > 0; i--)
		sift_down(p, i - 1, n, size, cmp);
	for (; n > 1; n--) {
		swap_bytes(p, p + (n - 1) * size, size);
		sift_down(p, 0, n - 1, size, cmp);
	}
}
