/* SPDX-License-Identifier: MIT
 * tools/zerno/swap.h - an empty swap area for one run. */
#pragma once

/* A new area of this size, labelled zerno-swap, by a path that this process and its children can open; it goes with them.
 * Dies when it cannot be made. */
char *swap_make(unsigned long long bytes);
