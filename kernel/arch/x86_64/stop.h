/* SPDX-License-Identifier: MIT
 * arch/x86_64/stop.h - a panic's word to the other CPUs, carried by NMI. */
#pragma once
#include <abi/types.h>
bool cpu_stop_requested(void);
