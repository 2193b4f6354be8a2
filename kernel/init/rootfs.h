/* SPDX-License-Identifier: MIT
 * init/rootfs.h - see rootfs.c. */
#pragma once
#include <fs/namei.h>
struct fs_ctx *boot_fs(void); /* root and cwd of PID 1 */
