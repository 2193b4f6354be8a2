/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/csum.c - the checksums of metadata
 *
 * Owns:      which bytes each checksum covers, in which order.
 * Layer:     fs/ext4. Uses lib (crc32c).
 * Locks:     none; the caller owns the bytes.
 * Contexts:  any.
 * Manual:    the ext4 disk layout, "Checksums".
 * Tests:     tests/ext4.
 *
 * With the metadata_csum feature each structure carries a crc32c that begins with the file system's seed (of its
 * UUID), goes on with what tells the place (inode number and generation, group or block number: a block written
 * to a wrong place is found too), and covers the structure with the checksum's own bytes as zero.  The older
 * uninit_bg feature has a crc16 of group descriptors alone.
 *
 * Of a block that changes often (directory, bitmap, extents, superblock) the checksum is computed once a commit, before the
 * block is copied for the log: who changes it names the function (buffer->seal).
 */
#include "internal.h"
#include <lib/crc32c.h>

u32 ext4_crc(u32 crc, const void *p, size_t n)
{
	return crc32c(crc, p, n);
}

/* CRC-16 of ANSI (polynomial 0x8005, reflected). */
u16 ext4_crc16(u16 crc, const void *p, size_t n)
{
	const u8 *s = p;

	while (n--) {
		crc ^= *s++;
		for (int k = 0; k < 8; k++)
			crc = crc & 1 ? crc >> 1 ^ 0xa001 : crc >> 1;
	}
	return crc;
}

bool ext4_super_csum_ok(const struct ext4_super *es)
{
	if (!(es->s_feature_ro_compat & RO_COMPAT_METADATA_CSUM))
		return true;
	return es->s_checksum_type == 1 &&
	       es->s_checksum == ext4_crc(~0u, es, offsetof(struct ext4_super, s_checksum));
}

static void super_seal(struct ext4_fs *fs, struct ext4_buffer *b)
{
	if (fs->metadata_csum)
		fs->es->s_checksum = ext4_crc(~0u, fs->es, offsetof(struct ext4_super, s_checksum));
}

void ext4_super_changed(struct ext4_fs *fs)
{
	fs->super_buf->seal = super_seal;
}

u16 ext4_desc_csum(const struct ext4_fs *fs, u32 group, const struct ext4_desc *d)
{
	enum { AT = offsetof(struct ext4_desc, bg_checksum), BEHIND = AT + 2 };
	const u8 *bytes = (const u8 *)d;
	u16 zero = 0, crc;

	if (fs->metadata_csum) {
		u32 c = ext4_crc(fs->csum_seed, &group, sizeof(group));

		c = ext4_crc(c, bytes, AT);
		c = ext4_crc(c, &zero, sizeof(zero));
		return (u16)ext4_crc(c, bytes + BEHIND, fs->desc_size - BEHIND);
	}
	crc = ext4_crc16(0xffff, fs->es->s_uuid, sizeof(fs->es->s_uuid));
	crc = ext4_crc16(crc, &group, sizeof(group));
	crc = ext4_crc16(crc, bytes, AT);
	if (fs->desc_size > BEHIND)
		crc = ext4_crc16(crc, bytes + BEHIND, fs->desc_size - BEHIND);
	return crc;
}

u32 ext4_bitmap_csum(const struct ext4_fs *fs, const void *bitmap, u32 bits)
{
	return ext4_crc(fs->csum_seed, bitmap, bits / 8);
}

u32 ext4_inode_seed(const struct ext4_fs *fs, u32 ino, u32 generation)
{
	u32 c = ext4_crc(fs->csum_seed, &ino, sizeof(ino));

	return ext4_crc(c, &generation, sizeof(generation));
}

static bool has_csum_hi(const struct ext4_fs *fs, const struct ext4_inode_disk *raw)
{
	return fs->inode_size > EXT4_GOOD_OLD_INODE && raw->i_extra_isize >= 4;
}

/* Of an inode of inode_size bytes; both halves where there is room for the upper one. */
u32 ext4_inode_csum(const struct ext4_fs *fs, u32 seed, struct ext4_inode_disk *raw)
{
	u16 lo = raw->i_checksum_lo, hi = 0;
	bool both = has_csum_hi(fs, raw);
	u32 c;

	raw->i_checksum_lo = 0;
	if (both) {
		hi = raw->i_checksum_hi;
		raw->i_checksum_hi = 0;
	}
	c = ext4_crc(seed, raw, fs->inode_size);
	raw->i_checksum_lo = lo;
	if (both)
		raw->i_checksum_hi = hi;
	return both ? c : c & 0xffff;
}

static u32 *ext_csum_place(struct ext4_ext_head *eh)
{
	return (u32 *)((char *)eh + sizeof(*eh) + sizeof(struct ext4_ext) * eh->eh_max);
}

static u32 ext_csum(u32 seed, struct ext4_ext_head *eh)
{
	return ext4_crc(seed, eh, (size_t)((char *)ext_csum_place(eh) - (char *)eh));
}

/* eh_max was checked against the block before. */
bool ext4_ext_csum_ok(const struct ext4_inode *ei, const struct ext4_ext_head *eh)
{
	struct ext4_ext_head *h = (struct ext4_ext_head *)eh;

	return !ei->fs->metadata_csum || *ext_csum_place(h) == ext_csum(ei->csum_seed, h);
}

static void ext_seal(struct ext4_fs *fs, struct ext4_buffer *b)
{
	struct ext4_ext_head *eh = (struct ext4_ext_head *)b->data;

	*ext_csum_place(eh) = ext_csum(b->seed, eh);
}

void ext4_ext_changed(const struct ext4_inode *ei, struct ext4_buffer *b)
{
	b->seed = ei->csum_seed;
	b->seal = ei->fs->metadata_csum ? ext_seal : NULL;
}

u32 ext4_xattr_csum(const struct ext4_fs *fs, struct ext4_buffer *b)
{
	struct ext4_xattr_head *head = (struct ext4_xattr_head *)b->data;
	u32 stored = head->h_checksum, c;

	head->h_checksum = 0;
	c = ext4_crc(fs->csum_seed, &b->block, sizeof(b->block));
	c = ext4_crc(c, b->data, fs->block_size);
	head->h_checksum = stored;
	return c;
}

void ext4_xattr_csum_set(const struct ext4_fs *fs, struct ext4_buffer *b)
{
	if (fs->metadata_csum)
		((struct ext4_xattr_head *)b->data)->h_checksum = ext4_xattr_csum(fs, b);
}
