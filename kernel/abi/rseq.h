/* SPDX-License-Identifier: MIT
 * abi/rseq.h - restartable sequences, rseq(2) */
#pragma once
#include <abi/types.h>

enum { RSEQ_FLAG_UNREGISTER = 1 };
#define RSEQ_CPU_ID_UNINITIALIZED ((u32)-1)

struct rseq_k { /* one a thread, in user memory, aligned to its size */
	u32 cpu_id_start, cpu_id;
	u64 rseq_cs; /* struct rseq_cs_k *: the sequence that runs, or 0 */
	u32 flags;
	u32 reserved[3];
};
struct rseq_cs_k {
	u32 version, flags;
	u64 start_ip, post_commit_offset, abort_ip;
};
