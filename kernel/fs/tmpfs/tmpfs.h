/* SPDX-License-Identifier: MIT
 * fs/tmpfs/tmpfs.h - files in memory; also the root before disks. */
#pragma once
void tmpfs_init(void); /* registers tmpfs, ramfs, rootfs */
