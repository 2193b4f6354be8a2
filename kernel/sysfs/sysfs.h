/* SPDX-License-Identifier: MIT
 * sysfs/sysfs.h - /sys, sysfs(5). */
#pragma once
void sysfs_init(void);
