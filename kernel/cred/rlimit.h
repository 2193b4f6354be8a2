/* SPDX-License-Identifier: MIT
 * cred/rlimit.h - resource limits, getrlimit(2). */
#pragma once
#include <abi/types.h>
#include <abi/resource.h>
struct rlimits {
	struct rlimit64_k lim[RLIM_NLIMITS]; /* soft, hard */
};
extern const struct rlimits rlimits_init; /* what Linux gives PID 1 */
