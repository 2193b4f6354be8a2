/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_rseq.c - rseq(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses proc/rseq.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    rseq(2) of librseq.
 * Tests:     tests/abi/rseq.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <proc/rseq.h>

long sys_rseq(struct rseq_k __user *area, unsigned size, int flags, unsigned signature)
{
	if (flags & ~RSEQ_FLAG_UNREGISTER)
		return -EINVAL;
	return flags ? rseq_unregister(area, size, signature) : rseq_register(area, size, signature);
}
