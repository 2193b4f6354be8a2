/* SPDX-License-Identifier: MIT
 * tools/zerno/rootfs.h - the guest's root as a boot archive. */
#pragma once
/* A descriptor (of memory, no file) with the archive for --rootfs SPEC and our init in it.  Dies when it cannot. */
int rootfs_make(const char *spec);
/* A file of the installation: $env if set, else `name` beside the launcher, else NULL. */
char *installed_file(const char *env, const char *name);
/* Debian's static busybox on this host, or NULL. */
const char *busybox_path(void);
