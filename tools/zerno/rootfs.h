/* SPDX-License-Identifier: MIT
 * tools/zerno/rootfs.h - the guest's root as a boot archive. */
#pragma once
#include "options.h"
/* A descriptor (of memory, no file) with the boot archive for o->rootfs and our init in it, and for init what to mount.
 * Adds to o what the root brings along: a volume or a disk, an image's command, memory.  Dies when it cannot. */
int rootfs_make(struct options *o);
/* The 9P share that is volume n: its tag, in the guest and for QEMU. */
char *volume_tag(unsigned n);
/* SRC of "SRC:DST[:ro]"; *ro. */
char *volume_source(const char *word, bool *ro);
/* A file of the installation: $env if set, else `name` beside the launcher, else NULL. */
char *installed_file(const char *env, const char *name);
/* Debian's static busybox on this host, or NULL. */
const char *busybox_path(void);
