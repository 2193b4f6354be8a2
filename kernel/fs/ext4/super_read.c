/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/super_read.c - the superblock is read and believed only as far as it was checked; mount options
 *
 * Owns:      which features are known.
 * Layer:     fs/ext4.
 * Locks:     none.
 * Contexts:  the mount; may sleep.
 * Manual:    ext4(5); the ext4 disk layout, "The Super Block".
 * Tests:     tests/ext4.
 */
#include "super.h"
#include <lib/string.h>
#include <abi/mount.h>

enum { MAX_GROUPS = 32768, MIN_GROUP_BLOCKS = 256 };

static int refuse(struct ext4_fs *fs, const char *why)
{
	log_err("ext4 %s: %s", fs->sb->source, why);
	return -EINVAL;
}

static int check_features(struct ext4_fs *fs)
{
	u32 unknown = fs->incompat & ~(u32)INCOMPAT_KNOWN;

	if (unknown & INCOMPAT_JOURNAL_DEV)
		return refuse(fs, "is a journal, not a file system");
	if (unknown & INCOMPAT_ENCRYPT)
		return refuse(fs, "encryption is not supported");
	if (unknown) {
		log_err("ext4 %s: features %#x are not supported: not mounted", fs->sb->source, unknown);
		return -EINVAL;
	}
	if (fs->ro_compat & RO_COMPAT_QUOTA && !(fs->sb->flags & MS_RDONLY))
		log_warn("ext4 %s: quotas are not supported", fs->sb->source);
	if (fs->ro_compat & RO_COMPAT_METADATA_CSUM && fs->super_copy->s_checksum_type != 1)
		return refuse(fs, "unknown kind of checksums");
	return 0;
}

static bool power_of_two(u32 n)
{
	return n && !(n & (n - 1));
}

static int check_sizes(struct ext4_fs *fs, const struct ext4_super *es)
{
	u64 groups;

	if (es->s_log_block_size > 2)
		return refuse(fs, "blocks of more than 4096 bytes are not supported");
	fs->block_size = 1024u << es->s_log_block_size;
	fs->block_bits = 10 + es->s_log_block_size;
	fs->inode_size = es->s_rev_level ? es->s_inode_size : EXT4_GOOD_OLD_INODE;
	fs->first_ino = es->s_rev_level ? es->s_first_ino : 11;
	fs->desc_size = fs->incompat & INCOMPAT_64BIT ? es->s_desc_size : 32;
	fs->blocks = lo_hi(es->s_blocks_count_lo, fs->incompat & INCOMPAT_64BIT ? es->s_blocks_count_hi : 0);
	fs->first_data_block = es->s_first_data_block;
	fs->blocks_per_group = es->s_blocks_per_group;
	fs->inodes_per_group = es->s_inodes_per_group;
	fs->inodes = es->s_inodes_count;
	if (!power_of_two(fs->inode_size) || fs->inode_size < EXT4_GOOD_OLD_INODE ||
	    fs->inode_size > fs->block_size || !power_of_two(fs->desc_size) || fs->desc_size < 32 ||
	    fs->desc_size > fs->block_size || fs->first_data_block != (fs->block_size == 1024 ? 1 : 0) ||
	    fs->first_ino < 11 || fs->blocks_per_group < MIN_GROUP_BLOCKS || fs->blocks_per_group % 8 ||
	    fs->blocks_per_group > fs->block_size * 8 || !fs->inodes_per_group || fs->inodes_per_group % 8 ||
	    fs->inodes_per_group > fs->block_size * 8 ||
	    fs->inodes_per_group % (fs->block_size / fs->inode_size) ||
	    fs->blocks <= fs->first_data_block + 8)
		return refuse(fs, "the superblock's sizes are wrong");
	if (fs->blocks > ext4_dev_size(fs) >> fs->block_bits)
		return refuse(fs, "is larger than its device");
	groups = DIV_ROUND_UP(fs->blocks - fs->first_data_block, (u64)fs->blocks_per_group);
	if (groups > MAX_GROUPS)
		return refuse(fs, "has too many block groups");
	if (groups * fs->inodes_per_group != fs->inodes)
		return refuse(fs, "the superblock's count of inodes is wrong");
	fs->groups = (u32)groups;
	fs->descs_per_block = fs->block_size / fs->desc_size;
	fs->gdt_blocks = DIV_ROUND_UP(fs->groups, fs->descs_per_block);
	return 0;
}

static void take_hash(struct ext4_fs *fs, const struct ext4_super *es)
{
	memcpy(fs->hash_seed, es->s_hash_seed, sizeof(fs->hash_seed));
	fs->hash_version = es->s_def_hash_version <= HASH_TEA ? es->s_def_hash_version : HASH_HALF_MD4;
	/* x86 has signed chars; a disk that does not say is from there. */
	fs->hash_unsigned = es->s_flags & SUPER_FLAG_UNSIGNED_HASH;
}

static void take_policy(struct ext4_fs *fs, const struct ext4_super *es)
{
	u64 blocks =
	        lo_hi(es->s_r_blocks_count_lo, fs->incompat & INCOMPAT_64BIT ? es->s_r_blocks_count_hi : 0);

	fs->reserved_blocks = MIN(blocks, fs->blocks);
	if (!fs->options.has_resuid)
		fs->options.resuid = es->s_def_resuid;
	if (!fs->options.has_resgid)
		fs->options.resgid = es->s_def_resgid;
	fs->was_valid = es->s_state & STATE_VALID;
	if (!fs->options.errors)
		fs->options.errors = es->s_errors == ERRORS_RO || es->s_errors == ERRORS_PANIC
		                             ? ERRORS_RO
		                             : ERRORS_CONTINUE;
	fs->sb->blocksize = fs->block_size;
	fs->sb->max_file = MIN((u64)UINT32_MAX << fs->block_bits, (u64)INT64_MAX);
	fs->sb->max_bytes = fs->sb->max_file;
}

int ext4_super_read(struct ext4_fs *fs)
{
	struct ext4_super *es = fs->super_copy;
	int err;

	if (ext4_dev_size(fs) < EXT4_SUPER_OFFSET + sizeof(*es))
		return -EINVAL;
	err = ext4_dev_read(fs, EXT4_SUPER_OFFSET, es, sizeof(*es));
	if (err)
		return err;
	if (es->s_magic != EXT4_SUPER_MAGIC)
		return refuse(fs, "no ext2, ext3 or ext4 file system");
	if (!ext4_super_csum_ok(es))
		return refuse(fs, "the superblock's checksum is wrong");
	fs->compat = es->s_rev_level ? es->s_feature_compat : 0;
	fs->incompat = es->s_rev_level ? es->s_feature_incompat : 0;
	fs->ro_compat = es->s_rev_level ? es->s_feature_ro_compat : 0;
	fs->metadata_csum = fs->ro_compat & RO_COMPAT_METADATA_CSUM;
	fs->gdt_csum = fs->ro_compat & (RO_COMPAT_GDT_CSUM | RO_COMPAT_METADATA_CSUM);
	fs->csum_seed = fs->incompat & INCOMPAT_CSUM_SEED ? es->s_checksum_seed
	                                                  : ext4_crc(~0u, es->s_uuid, sizeof(es->s_uuid));
	err = check_features(fs);
	if (!err)
		err = check_sizes(fs, es);
	if (err)
		return err;
	take_hash(fs, es);
	take_policy(fs, es);
	return 0;
}

/* ---- options ---- */

/* Those of ext4(5) that change nothing here, because it is so anyway or does not matter. */
static bool is_harmless(const char *word)
{
	static const char *const words[] = { "defaults",       "user_xattr",    "acl",
		                             "data=ordered",   "barrier",       "barrier=1",
		                             "relatime",       "delalloc",      "auto_da_alloc",
		                             "nodiscard",      "noquota",       "journal_checksum",
		                             "i_version",      "lazytime",      "nolazytime",
		                             "block_validity", "dioread_lock",  "dioread_nolock",
		                             "init_itable",    "noinit_itable", "seclabel" };
	static const char *const starts[] = { "commit=",         "stripe=",         "inode_readahead_blks=",
		                              "max_batch_time=", "min_batch_time=", "journal_ioprio=" };

	for (unsigned k = 0; k < ARRAY_SIZE(words); k++)
		if (!strcmp(word, words[k]))
			return true;
	for (unsigned k = 0; k < ARRAY_SIZE(starts); k++)
		if (str_starts(word, starts[k]))
			return true;
	return false;
}

/* resuid=N, resgid=N. */
static bool parse_id(const char *word, const char *key, bool *has, u32 *id)
{
	u64 n;

	if (!str_starts(word, key))
		return false;
	word += strlen(key);
	if (!parse_u64(&word, 10, &n) || *word || n > UINT32_MAX)
		return false;
	*has = true;
	*id = (u32)n;
	return true;
}

static int parse_word(const char *word, struct ext4_options *o)
{
	if (!strcmp(word, "noload") || !strcmp(word, "norecovery"))
		o->no_load = true;
	else if (!strcmp(word, "errors=remount-ro") || !strcmp(word, "errors=panic"))
		o->errors = ERRORS_RO;
	else if (!strcmp(word, "errors=continue"))
		o->errors = ERRORS_CONTINUE;
	else if (parse_id(word, "resuid=", &o->has_resuid, &o->resuid) ||
	         parse_id(word, "resgid=", &o->has_resgid, &o->resgid))
		return 0;
	else if (!is_harmless(word))
		return -EINVAL;
	return 0;
}

int ext4_param(const char *key, const char *value)
{
	char word[64];
	size_t n = strlen(key), v = value ? strlen(value) + 1 : 0;
	struct ext4_options parsed = { 0 };

	if (n + v >= sizeof(word))
		return -EINVAL;
	memcpy(word, key, n + 1);
	if (value) {
		word[n] = '=';
		memcpy(word + n + 1, value, v);
	}
	return parse_word(word, &parsed) ? -ENOENT : 0;
}

int ext4_parse_options(struct ext4_fs *fs, const char *o)
{
	while (*o) {
		const char *comma = strchr(o, ',');
		size_t n = comma ? (size_t)(comma - o) : strlen(o);
		char word[64];
		int err;

		if (n >= sizeof(word))
			return -EINVAL;
		memcpy(word, o, n);
		word[n] = 0;
		o += n + (comma ? 1 : 0);
		err = n ? parse_word(word, &fs->options) : 0;
		if (err) {
			log_err("ext4 %s: unknown option \"%s\"", fs->sb->source, word);
			return err;
		}
	}
	return 0;
}
