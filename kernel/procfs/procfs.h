/* SPDX-License-Identifier: MIT
 * procfs/procfs.h - /proc, proc(5). */
#pragma once
void procfs_init(void);
