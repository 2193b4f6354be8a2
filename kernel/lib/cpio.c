/* SPDX-License-Identifier: MIT
 * lib/cpio.c - reading "newc" archives
 *
 * Owns:      nothing; entries point into the archive.
 * Layer:     lib.
 * Locks:     none.
 * Contexts:  any.
 * Manual:    cpio(5) "New ASCII Format"; the kernel's conventions for initial RAM disks: archives may follow
 *            one another, with zero bytes between them.
 * Tests:     tests/unit/cpio_test.c (10,000 mutated archives)
 *
 * Theory
 * ------
 * An entry, each part padded with zeros to a multiple of four bytes from the archive's start:
 *
 *     | "070701" | 13 fields of 8 hex digits | name, NUL | pad | data | pad |
 *
 * Every length is checked against what is left before it is used, in 64 bits, so no sum can wrap.
 */
#include <lib/cpio.h>
#include <lib/string.h>
#include <abi/errno.h>

enum { CPIO_HEADER = 110, CPIO_FIELDS = 13, CPIO_NAME_MAX = 4096 };
enum cpio_field {
	F_INO,
	F_MODE,
	F_UID,
	F_GID,
	F_NLINK,
	F_MTIME,
	F_SIZE,
	F_DEVMAJOR,
	F_DEVMINOR,
	F_RDEVMAJOR,
	F_RDEVMINOR,
	F_NAMESIZE,
	F_CHECK,
};

static bool parse_hex8(const u8 *p, u32 *out)
{
	u32 v = 0;
	for (int i = 0; i < 8; i++) {
		u8 c = p[i], lower = c | 0x20;
		if (c >= '0' && c <= '9')
			v = v << 4 | (u32)(c - '0');
		else if (lower >= 'a' && lower <= 'f')
			v = v << 4 | (u32)(lower - 'a' + 10);
		else
			return false;
	}
	*out = v;
	return true;
}

static bool parse_header(const u8 *p, u32 f[CPIO_FIELDS])
{
	if (memcmp(p, "070701", 6) && memcmp(p, "070702", 6))
		return false;
	for (int i = 0; i < CPIO_FIELDS; i++)
		if (!parse_hex8(p + 6 + 8 * i, &f[i]))
			return false;
	return f[F_NAMESIZE] > 0 && f[F_NAMESIZE] <= CPIO_NAME_MAX;
}

int cpio_next(const u8 *p, size_t n, size_t *at, struct cpio_entry *out)
{
	u32 f[CPIO_FIELDS];
	size_t off = *at;
	while (off < n && p[off] == 0)
		off++;
	*at = off;
	if (off >= n)
		return 0;
	if (n - off < CPIO_HEADER || !parse_header(p + off, f))
		return -EINVAL;
	u64 name = (u64)off + CPIO_HEADER;
	u64 data = ALIGN_UP(name + f[F_NAMESIZE], 4);
	if (data > n || p[name + f[F_NAMESIZE] - 1] != 0 || f[F_SIZE] > n - data)
		return -EINVAL;
	u64 end = ALIGN_UP(data + f[F_SIZE], 4);
	*at = MIN(end, n); /* the last pad may be missing */
	if (f[F_NAMESIZE] == 11 && !memcmp(p + name, "TRAILER!!!", 11))
		return 0;
	*out = (struct cpio_entry){
		.name = (const char *)p + name,
		.data = p + data,
		.size = f[F_SIZE],
		.ino = f[F_INO],
		.mode = f[F_MODE],
		.uid = f[F_UID],
		.gid = f[F_GID],
		.nlink = f[F_NLINK],
		.mtime = f[F_MTIME],
		.dev_major = f[F_DEVMAJOR],
		.dev_minor = f[F_DEVMINOR],
		.rdev_major = f[F_RDEVMAJOR],
		.rdev_minor = f[F_RDEVMINOR],
	};
	return 1;
}
