/* SPDX-License-Identifier: MIT
 *
 * cred/rlimit.c - the resource limits the first process starts with
 *
 * Owns:      rlimits_init.
 * Layer:     cred.
 * Locks:     none; constant.  Each process has its copy (struct thread_group).
 * Contexts:  any.
 * Manual:    getrlimit(2).
 * Tests:     tests/abi/limits.c
 *
 * RLIMIT_NPROC and RLIMIT_SIGPENDING depend on the amount of memory on Linux; proc sets them from
 * kernel.threads-max.
 */
#include <cred/rlimit.h>

#define UNLIMITED                                                                                            \
	{                                                                                                    \
		RLIM_INFINITY, RLIM_INFINITY                                                                 \
	}

const struct rlimits rlimits_init = { {
	[RLIMIT_CPU] = UNLIMITED,
	[RLIMIT_FSIZE] = UNLIMITED,
	[RLIMIT_DATA] = UNLIMITED,
	[RLIMIT_STACK] = { 8 << 20, RLIM_INFINITY },
	[RLIMIT_CORE] = { 0, RLIM_INFINITY },
	[RLIMIT_RSS] = UNLIMITED,
	[RLIMIT_NPROC] = UNLIMITED,
	[RLIMIT_NOFILE] = { 1024, 4096 },
	[RLIMIT_MEMLOCK] = { 8 << 20, 8 << 20 },
	[RLIMIT_AS] = UNLIMITED,
	[RLIMIT_LOCKS] = UNLIMITED,
	[RLIMIT_SIGPENDING] = { 4096, 4096 },
	[RLIMIT_MSGQUEUE] = { 819200, 819200 },
	[RLIMIT_NICE] = { 0, 0 },
	[RLIMIT_RTPRIO] = { 0, 0 },
	[RLIMIT_RTTIME] = UNLIMITED,
} };
