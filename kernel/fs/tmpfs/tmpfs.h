/* SPDX-License-Identifier: MIT
 * fs/tmpfs/tmpfs.h - files in memory; also the root before disks. */
#pragma once
#include <fs/file.h>
/* memfd_create(2): an empty file of an instance nobody can see, shown as "memfd:name" (the name with that prefix).
 * ERR_PTR(-ENOMEM, -ENFILE). */
struct file *memfd_create(const char *name, bool sealable, unsigned flags, const struct cred *c);
void tmpfs_init(void); /* registers tmpfs, ramfs, rootfs */
