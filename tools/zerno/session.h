/* SPDX-License-Identifier: MIT
 * tools/zerno/session.h - from HELLO to EXIT: our standard streams, signals and size, and the guest's. */
#pragma once
#include "vmm.h"
/* Runs the command of o in the started machine; the exit status. */
int session_run(struct vmm *v, const struct options *o);
/* To be called before anything that creates a process: signals become events. */
void session_block_signals(void);
