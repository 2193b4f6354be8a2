/* SPDX-License-Identifier: MIT
 *
 * cred/file_caps.c - the bytes of security.capability
 *
 * Owns:      nothing.
 * Layer:     cred.
 * Locks:     none.
 * Contexts:  any.
 * Manual:    capabilities(7): "File capabilities", "File capability extended attribute versioning".
 * Tests:     tests/abi/filecap.c
 *
 * Words of 32 bits, little-endian on every machine; the sets are of 64 bits and stored by halves:
 *
 *     word   0                   1          2            3          4            5 (revision 3)
 *          +-------------------+----------+------------+----------+------------+---------+
 *          | revision << 24    | permitted| inheritable| permitted| inheritable| root's  |
 *          |   | effective     | 0..31    | 0..31      | 32..63   | 32..63     | user id |
 *          +-------------------+----------+------------+----------+------------+---------+
 *
 * Revision 1 had sets of 32 bits; nobody writes it any more, and Linux refuses to set it.
 */
#include <cred/file_caps.h>
#include <lib/string.h>
#include <abi/errno.h>

enum { REVISION_2 = 0x02000000, REVISION_3 = 0x03000000, EFFECTIVE = 1 };

static u32 word(const u8 *bytes, unsigned n)
{
	bytes += 4 * n;
	return bytes[0] | (u32)bytes[1] << 8 | (u32)bytes[2] << 16 | (u32)bytes[3] << 24;
}

int file_caps_parse(struct file_caps *fc, const void *value, size_t size)
{
	const u8 *b = value;
	u32 magic = size >= 4 ? word(b, 0) : 0;

	if (!(size == FILE_CAPS_V2 && (magic & ~(u32)EFFECTIVE) == REVISION_2) &&
	    !(size == FILE_CAPS_V3 && (magic & ~(u32)EFFECTIVE) == REVISION_3))
		return -EINVAL;
	*fc = (struct file_caps){
		.permitted = word(b, 1) | (u64)word(b, 3) << 32,
		.inheritable = word(b, 2) | (u64)word(b, 4) << 32,
		.effective = magic & EFFECTIVE,
		.rootid = size == FILE_CAPS_V3 ? word(b, 5) : 0,
	};
	return 0;
}

ssize_t file_caps_show(void *value, size_t size)
{
	struct file_caps fc;
	int err = file_caps_parse(&fc, value, size);

	if (err)
		return err;
	if (size != FILE_CAPS_V3 || fc.rootid)
		return (ssize_t)size;
	((u8 *)value)[3] = REVISION_2 >> 24;
	return FILE_CAPS_V2;
}
