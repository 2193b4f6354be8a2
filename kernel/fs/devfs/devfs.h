/* SPDX-License-Identifier: MIT
 * fs/devfs/devfs.h - devtmpfs: a tmpfs filled with a node for each registered device; and the memory devices. */
#pragma once
void devfs_init(void);
void memdev_init(void); /* null zero full random urandom kmsg */
