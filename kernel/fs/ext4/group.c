/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/group.c - block groups: their descriptors, and where metadata lies
 *
 * Owns:      fs->gdt, fs->group, fs->zones.
 * Layer:     fs/ext4.
 * Locks:     a descriptor's fields: its group's lock. The zones never change after the mount.
 * Contexts:  process context; may sleep while loading.
 * Manual:    the ext4 disk layout, "Block Group Descriptors", "Meta Block Groups", "Flexible Block Groups".
 * Tests:     tests/ext4.
 *
 * The disk is cut into groups of blocks_per_group blocks.  Each has a bitmap of its blocks, a bitmap of its inodes
 * and a table of its inodes; with flex_bg those of 16 groups stand together in the first.  A descriptor tells the
 * places.  All of these places together are `zones`: no file may point there, whatever a damaged disk says.
 */
#include "internal.h"
#include <lib/sort.h>
#include <mem/slab.h>

u64 ext4_group_first(const struct ext4_fs *fs, u32 group)
{
	return (u64)group * fs->blocks_per_group + fs->first_data_block;
}

u32 ext4_group_blocks(const struct ext4_fs *fs, u32 group)
{
	return (u32)MIN((u64)fs->blocks_per_group, fs->blocks - ext4_group_first(fs, group));
}

u32 ext4_group_of(const struct ext4_fs *fs, u64 block)
{
	return (u32)((block - fs->first_data_block) / fs->blocks_per_group);
}

/* ---- fields ---- */

static bool wide(const struct ext4_fs *fs)
{
	return fs->desc_size >= sizeof(struct ext4_desc);
}

u64 ext4_desc_block_bitmap(const struct ext4_fs *fs, const struct ext4_desc *d)
{
	return lo_hi(d->bg_block_bitmap_lo, wide(fs) ? d->bg_block_bitmap_hi : 0);
}

u64 ext4_desc_inode_bitmap(const struct ext4_fs *fs, const struct ext4_desc *d)
{
	return lo_hi(d->bg_inode_bitmap_lo, wide(fs) ? d->bg_inode_bitmap_hi : 0);
}

u64 ext4_desc_inode_table(const struct ext4_fs *fs, const struct ext4_desc *d)
{
	return lo_hi(d->bg_inode_table_lo, wide(fs) ? d->bg_inode_table_hi : 0);
}

#define DESC_COUNT(name, field)                                                                              \
	u32 ext4_desc_##name(const struct ext4_fs *fs, const struct ext4_desc *d)                            \
	{                                                                                                    \
		return d->field##_lo | (wide(fs) ? (u32)d->field##_hi << 16 : 0);                            \
	}                                                                                                    \
	void ext4_desc_set_##name(const struct ext4_fs *fs, struct ext4_desc *d, u32 n)                      \
	{                                                                                                    \
		d->field##_lo = (u16)n;                                                                      \
		if (wide(fs))                                                                                \
			d->field##_hi = (u16)(n >> 16);                                                      \
	}
DESC_COUNT(free_blocks, bg_free_blocks_count)
DESC_COUNT(free_inodes, bg_free_inodes_count)
DESC_COUNT(used_dirs, bg_used_dirs_count)
DESC_COUNT(itable_unused, bg_itable_unused)

/* ---- where things are ---- */

static bool is_power_of(u32 n, u32 base)
{
	while (n > 1 && n % base == 0)
		n /= base;
	return n == 1;
}

bool ext4_group_has_super(const struct ext4_fs *fs, u32 group)
{
	if (group == 0)
		return true;
	if (fs->compat & COMPAT_SPARSE_SUPER2)
		return group == fs->es->s_backup_bgs[0] || group == fs->es->s_backup_bgs[1];
	if (group <= 1 || !(fs->ro_compat & RO_COMPAT_SPARSE_SUPER))
		return true;
	return is_power_of(group, 3) || is_power_of(group, 5) || is_power_of(group, 7);
}

u32 ext4_group_meta_blocks(const struct ext4_fs *fs, u32 group)
{
	u32 has_super = ext4_group_has_super(fs, group), meta = group / fs->descs_per_block;

	if (!(fs->incompat & INCOMPAT_META_BG))
		return has_super ? 1 + fs->gdt_blocks + fs->es->s_reserved_gdt_blocks : 0;
	if (meta < fs->es->s_first_meta_bg)
		return has_super ? 1 + MIN(fs->es->s_first_meta_bg, fs->gdt_blocks) : 0;
	/* In a meta group the first, second and last group hold its one block of descriptors. */
	group %= fs->descs_per_block;
	return has_super + (group == 0 || group == 1 || group == fs->descs_per_block - 1);
}

/* The n-th block of descriptors. */
static u64 gdt_block(const struct ext4_fs *fs, u32 n)
{
	u64 super = fs->block_size == 1024 ? 1 : 0;
	u32 group;

	if (!(fs->incompat & INCOMPAT_META_BG) || n < fs->es->s_first_meta_bg)
		return super + 1 + n;
	group = n * fs->descs_per_block;
	return ext4_group_first(fs, group) + ext4_group_has_super(fs, group);
}

struct ext4_desc *ext4_desc(struct ext4_fs *fs, u32 group)
{
	struct ext4_buffer *b = fs->gdt[group / fs->descs_per_block];

	return (struct ext4_desc *)(b->data + group % fs->descs_per_block * fs->desc_size);
}

int ext4_desc_access(struct ext4_handle *h, u32 group)
{
	return ext4_access(h, h->fs->gdt[group / h->fs->descs_per_block]);
}

void ext4_desc_done(struct ext4_fs *fs, u32 group)
{
	struct ext4_desc *d = ext4_desc(fs, group);

	if (fs->gdt_csum || fs->metadata_csum)
		d->bg_checksum = ext4_desc_csum(fs, group, d);
}

/* ---- zones ---- */

static int zone_cmp(const void *a, const void *b)
{
	const struct ext4_zone *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

bool ext4_block_valid(const struct ext4_fs *fs, u64 block, u64 n)
{
	u32 lo = 0, hi = fs->nr_zones;

	if (block < fs->first_data_block || block < 1 || block >= fs->blocks || n > fs->blocks - block)
		return false;
	while (lo < hi) { /* the first zone that ends at or after block */
		u32 mid = lo + (hi - lo) / 2;

		if (fs->zones[mid].last < block)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo == fs->nr_zones || fs->zones[lo].first >= block + n;
}

static u32 itable_blocks(const struct ext4_fs *fs)
{
	return fs->inodes_per_group / (fs->block_size / fs->inode_size);
}

static void zone_add(struct ext4_fs *fs, u64 first, u64 n)
{
	fs->zones[fs->nr_zones++] = (struct ext4_zone){ first, first + n - 1 };
}

/* Sorts, and joins neighbours. */
static void zones_pack(struct ext4_fs *fs)
{
	u32 n = 0;

	sort(fs->zones, fs->nr_zones, sizeof(fs->zones[0]), zone_cmp);
	for (u32 k = 1; k < fs->nr_zones; k++) {
		if (fs->zones[k].first <= fs->zones[n].last + 1)
			fs->zones[n].last = MAX(fs->zones[n].last, fs->zones[k].last);
		else
			fs->zones[++n] = fs->zones[k];
	}
	fs->nr_zones = n + 1;
}

static bool place_ok(const struct ext4_fs *fs, u64 block, u64 n)
{
	return block >= fs->first_data_block && block > 0 && block < fs->blocks && n <= fs->blocks - block;
}

static int desc_check(struct ext4_fs *fs, u32 group)
{
	struct ext4_desc *d = ext4_desc(fs, group);
	u64 first = ext4_group_first(fs, group);
	u32 meta = ext4_group_meta_blocks(fs, group);

	if ((fs->gdt_csum || fs->metadata_csum) && d->bg_checksum != ext4_desc_csum(fs, group, d)) {
		log_err("ext4 %s: checksum of group %u is wrong", fs->sb->source, group);
		return -EBADMSG;
	}
	if (!place_ok(fs, ext4_desc_block_bitmap(fs, d), 1) ||
	    !place_ok(fs, ext4_desc_inode_bitmap(fs, d), 1) ||
	    !place_ok(fs, ext4_desc_inode_table(fs, d), itable_blocks(fs)) ||
	    ext4_desc_free_blocks(fs, d) > fs->blocks_per_group ||
	    ext4_desc_free_inodes(fs, d) > fs->inodes_per_group ||
	    ext4_desc_itable_unused(fs, d) > fs->inodes_per_group) {
		log_err("ext4 %s: descriptor of group %u is wrong", fs->sb->source, group);
		return -EUCLEAN;
	}
	if (meta)
		zone_add(fs, first, MIN(meta, ext4_group_blocks(fs, group)));
	zone_add(fs, ext4_desc_block_bitmap(fs, d), 1);
	zone_add(fs, ext4_desc_inode_bitmap(fs, d), 1);
	zone_add(fs, ext4_desc_inode_table(fs, d), itable_blocks(fs));
	fs->free_blocks += ext4_desc_free_blocks(fs, d);
	fs->free_inodes += ext4_desc_free_inodes(fs, d);
	return 0;
}

/* What statfs does not count as the users': copies of the superblock, bitmaps, tables, the journal. */
static u64 overhead(const struct ext4_fs *fs)
{
	const struct ext4_super *es = fs->es;
	u64 n = fs->first_data_block;

	if (es->s_overhead_clusters && es->s_overhead_clusters < fs->blocks)
		return es->s_overhead_clusters;
	for (u32 g = 0; g < fs->groups; g++)
		n += 2 + itable_blocks(fs) + (ext4_group_has_super(fs, g) ? 1 + fs->gdt_blocks : 0);
	if (fs->compat & COMPAT_HAS_JOURNAL && es->s_jnl_backup_type == 1)
		n += lo_hi(es->s_jnl_blocks[16], es->s_jnl_blocks[15]) >>
		     fs->block_bits; /* the journal's i_size */
	return n;
}

int ext4_groups_load(struct ext4_fs *fs)
{
	int err = 0;

	fs->gdt = kzalloc(fs->gdt_blocks * sizeof(*fs->gdt));
	fs->group = kzalloc(fs->groups * sizeof(*fs->group));
	fs->zones = kmalloc((size_t)fs->groups * 4 * sizeof(*fs->zones), 0);
	if (!fs->gdt || !fs->group || !fs->zones)
		return -ENOMEM;
	for (u32 n = 0; n < fs->gdt_blocks; n++) {
		struct ext4_buffer *b = ext4_buffer_read(fs, gdt_block(fs, n));

		if (IS_ERR(b))
			return (int)PTR_ERR(b);
		fs->gdt[n] = b;
	}
	fs->free_blocks = fs->free_inodes = 0;
	fs->nr_zones = 0;
	for (u32 g = 0; g < fs->groups && !err; g++) {
		mutex_init(&fs->group[g].lock);
		err = desc_check(fs, g);
	}
	if (!err)
		zones_pack(fs);
	fs->overhead = overhead(fs);
	return err;
}

void ext4_groups_free(struct ext4_fs *fs)
{
	for (u32 n = 0; fs->gdt && n < fs->gdt_blocks; n++)
		ext4_buffer_put(fs, fs->gdt[n]);
	for (u32 g = 0; fs->group && g < fs->groups; g++) {
		kfree(fs->group[g].held[0]);
		kfree(fs->group[g].held[1]);
	}
	kfree(fs->gdt);
	kfree(fs->group);
	kfree(fs->zones);
	fs->gdt = NULL;
	fs->group = NULL;
	fs->zones = NULL;
	fs->nr_zones = 0;
}
