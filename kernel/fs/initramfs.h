/* SPDX-License-Identifier: MIT
 * fs/initramfs.h - the boot archive: cpio (newc), plain or gzip, several one after another, into the root. */
#pragma once
#include <fs/namei.h>
/* Unpacks [p, p+n) below w's root.  0, or the first error (-EINVAL damaged, -ENOMEM, -ENOSPC); what came before it
 * stays.  May sleep.  Data pages may be shared with the archive, so its memory is then the caller's only if
 * *keeps_memory is false on return. */
int initramfs_unpack(const struct fs_walk *w, const u8 *p, size_t n, bool *keeps_memory);
