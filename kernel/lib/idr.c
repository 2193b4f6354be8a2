/* SPDX-License-Identifier: MIT
 * lib/idr.c - small integers for pointers
 *
 * Owns:      nothing; struct idr is embedded in its user.
 * Layer:     lib.  Uses xarray.
 * Locks:     none; the caller locks.
 * Contexts:  any in which the allocator of xarray.c may be called.
 * Tests:     tests/unit/xarray_test.c
 */
#include <lib/idr.h>
#include <abi/errno.h>

static int idr_take(struct idr *idr, void *p, u64 from, u64 max)
{
	u64 id = xa_find_hole(&idr->xa, from);
	if (id > max)
		return -ENOSPC;
	int err = xa_store(&idr->xa, id, p);
	return err ? err : (int)id;
}

int idr_alloc(struct idr *idr, void *p, int min, int max)
{
	if (min < 0 || max < min)
		return -ENOSPC;
	return idr_take(idr, p, (u64)min, (u64)max);
}

int idr_alloc_cyclic(struct idr *idr, void *p, int min, int max)
{
	if (min < 0 || max < min)
		return -ENOSPC;
	u64 from = idr->next > (u32)min && idr->next <= (u32)max ? idr->next : (u32)min;
	int id = idr_take(idr, p, from, (u64)max);
	if (id == -ENOSPC && from != (u64)min)
		id = idr_take(idr, p, (u64)min, (u64)max);
	if (id >= 0)
		idr->next = (u32)id + 1;
	return id;
}
