/* SPDX-License-Identifier: MIT
 * lib/cpio.h - a pull parser for "newc" cpio archives (cpio(5)) in memory; input is hostile. */
#pragma once
#include <abi/types.h>
struct cpio_entry {
	const char *name; /* NUL-terminated, inside the archive */
	const u8 *data;   /* inside the archive */
	u64 size;
	u32 ino, mode, uid, gid, nlink, mtime, dev_major, dev_minor, rdev_major, rdev_minor;
};
/* Parses the entry at *at of archive [p, p+n) and moves *at behind it.  1 = entry, 0 = trailer or only zero
 * padding left, -EINVAL = damaged. */
int cpio_next(const u8 *p, size_t n, size_t *at, struct cpio_entry *out);
