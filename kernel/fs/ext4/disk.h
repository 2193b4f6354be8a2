/* SPDX-License-Identifier: MIT
 * fs/ext4/disk.h - what stands on the disk: superblock, group descriptors, inodes, extents, directories, xattrs.
 *
 * All numbers are little-endian, as both machines are that Zerno knows (asserted below); the journal's are
 * big-endian, see jbd2.h.  Nothing here may be believed before it was checked. */
#pragma once
#include <abi/types.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the disk's numbers are used as they stand");

enum {
	EXT4_SUPER_MAGIC = 0xef53,
	EXT4_SUPER_OFFSET = 1024,
	EXT4_ROOT_INO = 2,
	EXT4_MIN_BLOCK = 1024,
	EXT4_MAX_BLOCK = 4096, /* a page: larger blocks would not fit the page cache */
	EXT4_GOOD_OLD_INODE = 128,
	EXT4_LINK_MAX = 65000,
	EXT4_NAME_LEN = 255,
};

enum ext4_compat {
	COMPAT_HAS_JOURNAL = 0x4,
	COMPAT_EXT_ATTR = 0x8,
	COMPAT_DIR_INDEX = 0x20,
	COMPAT_SPARSE_SUPER2 = 0x200,
};
enum ext4_incompat {
	INCOMPAT_FILETYPE = 0x2,
	INCOMPAT_RECOVER = 0x4,
	INCOMPAT_JOURNAL_DEV = 0x8,
	INCOMPAT_META_BG = 0x10,
	INCOMPAT_EXTENTS = 0x40,
	INCOMPAT_64BIT = 0x80,
	INCOMPAT_MMP = 0x100,
	INCOMPAT_FLEX_BG = 0x200,
	INCOMPAT_EA_INODE = 0x400,
	INCOMPAT_DIRDATA = 0x1000,
	INCOMPAT_CSUM_SEED = 0x2000,
	INCOMPAT_LARGEDIR = 0x4000,
	INCOMPAT_INLINE_DATA = 0x8000,
	INCOMPAT_ENCRYPT = 0x10000,
	INCOMPAT_CASEFOLD = 0x20000,
	INCOMPAT_KNOWN = INCOMPAT_FILETYPE | INCOMPAT_RECOVER | INCOMPAT_META_BG | INCOMPAT_EXTENTS |
	                 INCOMPAT_64BIT | INCOMPAT_FLEX_BG | INCOMPAT_CSUM_SEED | INCOMPAT_LARGEDIR,
};
enum ext4_ro_compat {
	RO_COMPAT_SPARSE_SUPER = 0x1,
	RO_COMPAT_LARGE_FILE = 0x2,
	RO_COMPAT_BTREE_DIR = 0x4,
	RO_COMPAT_HUGE_FILE = 0x8,
	RO_COMPAT_GDT_CSUM = 0x10,
	RO_COMPAT_DIR_NLINK = 0x20,
	RO_COMPAT_EXTRA_ISIZE = 0x40,
	RO_COMPAT_QUOTA = 0x100,
	RO_COMPAT_BIGALLOC = 0x200,
	RO_COMPAT_METADATA_CSUM = 0x400,
	RO_COMPAT_READONLY = 0x1000,
	RO_COMPAT_PROJECT = 0x2000,
	RO_COMPAT_VERITY = 0x8000,
	RO_COMPAT_ORPHAN_PRESENT = 0x10000,
	RO_COMPAT_KNOWN = RO_COMPAT_SPARSE_SUPER | RO_COMPAT_LARGE_FILE | RO_COMPAT_BTREE_DIR |
	                  RO_COMPAT_HUGE_FILE | RO_COMPAT_GDT_CSUM | RO_COMPAT_DIR_NLINK |
	                  RO_COMPAT_EXTRA_ISIZE | RO_COMPAT_METADATA_CSUM,
};
enum ext4_state { STATE_VALID = 1, STATE_ERROR = 2, STATE_ORPHAN = 4 };
enum ext4_errors { ERRORS_CONTINUE = 1, ERRORS_RO = 2, ERRORS_PANIC = 3 };
enum { SUPER_FLAG_SIGNED_HASH = 1, SUPER_FLAG_UNSIGNED_HASH = 2 };
enum { DEFM_XATTR_USER = 4, DEFM_ACL = 8 };

struct ext4_super {
	u32 s_inodes_count, s_blocks_count_lo, s_r_blocks_count_lo, s_free_blocks_count_lo;
	u32 s_free_inodes_count, s_first_data_block, s_log_block_size, s_log_cluster_size;
	u32 s_blocks_per_group, s_clusters_per_group, s_inodes_per_group, s_mtime;
	u32 s_wtime;
	u16 s_mnt_count, s_max_mnt_count, s_magic, s_state, s_errors, s_minor_rev_level;
	u32 s_lastcheck, s_checkinterval, s_creator_os, s_rev_level;
	u16 s_def_resuid, s_def_resgid;
	u32 s_first_ino;
	u16 s_inode_size, s_block_group_nr;
	u32 s_feature_compat, s_feature_incompat, s_feature_ro_compat;
	u8 s_uuid[16];
	char s_volume_name[16], s_last_mounted[64];
	u32 s_algorithm_usage_bitmap;
	u8 s_prealloc_blocks, s_prealloc_dir_blocks;
	u16 s_reserved_gdt_blocks;
	u8 s_journal_uuid[16];
	u32 s_journal_inum, s_journal_dev, s_last_orphan, s_hash_seed[4];
	u8 s_def_hash_version, s_jnl_backup_type;
	u16 s_desc_size;
	u32 s_default_mount_opts, s_first_meta_bg, s_mkfs_time, s_jnl_blocks[17];
	u32 s_blocks_count_hi, s_r_blocks_count_hi, s_free_blocks_count_hi;
	u16 s_min_extra_isize, s_want_extra_isize;
	u32 s_flags;
	u16 s_raid_stride, s_mmp_update_interval;
	u64 s_mmp_block;
	u32 s_raid_stripe_width;
	u8 s_log_groups_per_flex, s_checksum_type;
	u16 s_reserved_pad;
	u64 s_kbytes_written;
	u32 s_snapshot[5]; /* inum, id, r_blocks_count (64 bits), list */
	u32 s_error_count, s_first_error_time, s_first_error_ino;
	u32 s_first_error_block[2];
	u8 s_first_error_func[32];
	u32 s_first_error_line, s_last_error_time, s_last_error_ino, s_last_error_line;
	u32 s_last_error_block[2];
	u8 s_last_error_func[32], s_mount_opts[64];
	u32 s_usr_quota_inum, s_grp_quota_inum, s_overhead_clusters, s_backup_bgs[2];
	u8 s_encrypt_algos[4], s_encrypt_pw_salt[16];
	u32 s_lpf_ino, s_prj_quota_inum, s_checksum_seed;
	u8 s_hi[6], s_pad[2];
	u16 s_encoding, s_encoding_flags;
	u32 s_orphan_file_inum, s_reserved[94], s_checksum;
};
_Static_assert(sizeof(struct ext4_super) == 1024, "the superblock is 1024 bytes");
_Static_assert(offsetof(struct ext4_super, s_uuid) == 0x68, "s_uuid");
_Static_assert(offsetof(struct ext4_super, s_last_orphan) == 0xe8, "s_last_orphan");
_Static_assert(offsetof(struct ext4_super, s_desc_size) == 0xfe, "s_desc_size");
_Static_assert(offsetof(struct ext4_super, s_flags) == 0x160, "s_flags");
_Static_assert(offsetof(struct ext4_super, s_error_count) == 0x194, "s_error_count");
_Static_assert(offsetof(struct ext4_super, s_checksum_seed) == 0x270, "s_checksum_seed");

enum { BG_INODE_UNINIT = 1, BG_BLOCK_UNINIT = 2, BG_INODE_ZEROED = 4 };
struct ext4_desc { /* 32 bytes, or s_desc_size with the 64bit feature */
	u32 bg_block_bitmap_lo, bg_inode_bitmap_lo, bg_inode_table_lo;
	u16 bg_free_blocks_count_lo, bg_free_inodes_count_lo, bg_used_dirs_count_lo, bg_flags;
	u32 bg_exclude_bitmap_lo;
	u16 bg_block_bitmap_csum_lo, bg_inode_bitmap_csum_lo, bg_itable_unused_lo, bg_checksum;
	u32 bg_block_bitmap_hi, bg_inode_bitmap_hi, bg_inode_table_hi;
	u16 bg_free_blocks_count_hi, bg_free_inodes_count_hi, bg_used_dirs_count_hi, bg_itable_unused_hi;
	u32 bg_exclude_bitmap_hi;
	u16 bg_block_bitmap_csum_hi, bg_inode_bitmap_csum_hi;
	u32 bg_reserved;
};
_Static_assert(sizeof(struct ext4_desc) == 64, "a descriptor is 64 bytes");

enum ext4_inode_flag {
	FL_SYNC = 0x8,
	FL_IMMUTABLE = 0x10,
	FL_APPEND = 0x20,
	FL_NOATIME = 0x80,
	FL_ENCRYPT = 0x800,
	FL_INDEX = 0x1000,
	FL_HUGE_FILE = 0x40000,
	FL_EXTENTS = 0x80000,
	FL_VERITY = 0x100000,
	FL_EA_INODE = 0x200000,
	FL_INLINE_DATA = 0x10000000,
	FL_CASEFOLD = 0x40000000,
	FL_INHERITED = 0x8 | 0x40 | 0x80 | 0x10000 /* sync, nodump, noatime, dirsync */,
};
enum { NR_DIRECT = 12, IND1 = 12, IND2 = 13, IND3 = 14, NR_BLOCK = 15 };
struct ext4_inode_disk {
	u16 i_mode, i_uid;
	u32 i_size_lo, i_atime, i_ctime, i_mtime, i_dtime;
	u16 i_gid, i_links_count;
	u32 i_blocks_lo, i_flags, i_version;
	u32 i_block[NR_BLOCK];
	u32 i_generation, i_file_acl_lo, i_size_high, i_obso_faddr;
	u16 i_blocks_high, i_file_acl_high, i_uid_high, i_gid_high, i_checksum_lo, i_reserved;
	/* with inode_size > 128, as far as i_extra_isize says: */
	u16 i_extra_isize, i_checksum_hi;
	u32 i_ctime_extra, i_mtime_extra, i_atime_extra, i_crtime, i_crtime_extra, i_version_hi, i_projid;
};
_Static_assert(offsetof(struct ext4_inode_disk, i_block) == 40, "i_block");
_Static_assert(offsetof(struct ext4_inode_disk, i_checksum_lo) == 0x7c, "i_checksum_lo");
_Static_assert(sizeof(struct ext4_inode_disk) == 160, "the inode's known part");

enum { EXTENT_MAGIC = 0xf30a, EXTENT_MAX_DEPTH = 5, EXTENT_MAX_LEN = 32768 };
struct ext4_ext_head {
	u16 eh_magic, eh_entries, eh_max, eh_depth;
	u32 eh_generation;
};
struct ext4_ext {
	u32 ee_block;
	u16 ee_len; /* above EXTENT_MAX_LEN: unwritten, of the rest */
	u16 ee_start_hi;
	u32 ee_start_lo;
};
struct ext4_ext_idx {
	u32 ei_block, ei_leaf_lo;
	u16 ei_leaf_hi, ei_unused;
};
_Static_assert(sizeof(struct ext4_ext) == 12 && sizeof(struct ext4_ext_idx) == 12, "extents are 12 bytes");

struct ext4_dirent {
	u32 inode;
	u16 rec_len;
	u8 name_len, file_type;
	char name[];
};
struct ext4_dir_tail {
	u32 zero1;
	u16 rec_len; /* 12 */
	u8 zero2, file_type /* 0xde */;
	u32 csum;
};
enum { DIR_TAIL_TYPE = 0xde };
struct ext4_dx_entry {
	u32 hash, block; /* of entry 0 the hash's place holds u16 limit, count */
};
struct ext4_dx_info { /* at byte 24 of block 0 of an indexed directory */
	u32 reserved;
	u8 hash_version, info_length, indirect_levels, flags;
};
struct ext4_dx_tail {
	u32 reserved, csum;
};
enum ext4_hash {
	HASH_LEGACY,
	HASH_HALF_MD4,
	HASH_TEA,
	HASH_LEGACY_UNSIGNED,
	HASH_HALF_MD4_UNSIGNED,
	HASH_TEA_UNSIGNED,
};

enum { XATTR_MAGIC = 0xea020000 };
struct ext4_xattr_head { /* of a block of attributes */
	u32 h_magic, h_refcount, h_blocks, h_hash, h_checksum, h_reserved[3];
};
struct ext4_xattr_entry {
	u8 e_name_len, e_name_index;
	u16 e_value_offs;
	u32 e_value_inum, e_value_size, e_hash;
	char e_name[];
};
