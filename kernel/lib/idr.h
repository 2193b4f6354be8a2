/* SPDX-License-Identifier: MIT
 * lib/idr.h - small integers for pointers (pids, pty numbers), lowest first or cyclic.  The caller locks. */
#pragma once
#include <lib/xarray.h>

struct idr {
	struct xarray xa;
	u32 next; /* where a cyclic search begins */
};
#define IDR_INIT                                                                                             \
	(struct idr)                                                                                         \
	{                                                                                                    \
		XARRAY_INIT, 0                                                                               \
	}
/* Lowest free id in [min, max] for p; the id, -ENOSPC or -ENOMEM. */
MUST_CHECK int idr_alloc(struct idr *idr, void *p, int min, int max);
/* As above, but begins after the id given last and wraps around. */
MUST_CHECK int idr_alloc_cyclic(struct idr *idr, void *p, int min, int max);
static inline void *idr_find(const struct idr *idr, int id)
{
	return id < 0 ? NULL : xa_load(&idr->xa, (u64)id);
}
static inline void *idr_remove(struct idr *idr, int id)
{
	return xa_erase(&idr->xa, (u64)id);
}
