/* SPDX-License-Identifier: MIT
 * fs/ext4/internal.h - inside ext4: an instance, an inode's part, and what its files offer to each other.
 *
 * Functions return 0 or -errno and may sleep, unless they say otherwise.  -EUCLEAN: the disk holds what it must
 * not hold; -EBADMSG: a checksum is wrong. */
#pragma once
#include "disk.h"
#include "journal.h"
#include <fs/inode.h>
#include <lib/xarray.h>
#include <base/log.h>
#include <abi/errno.h>

struct block_device;
struct ext4_buffer;

enum { INODE_HASH = 512, READ_LOCKS = 16 };
struct ext4_group {
	struct mutex lock; /* the two bitmaps and the descriptor; two groups: lower first */
	u64 *held
	        [2]; /* blocks freed by the transaction of even or odd number, not free before it committed */
	bool held_any[2];
	u32 hint;       /* all blocks before this one are in use */
	u32 barred_tid; /* no memory for held: nothing is allocated here before this one committed; 0 = none */
	bool bad;       /* a bitmap was found wrong: nothing is allocated or freed here */
	bool blocks_checked, inodes_checked; /* the bitmaps' checksums */
	bool blocks_changed, inodes_changed; /* since the last commit */
};

struct ext4_zone { /* blocks that no file may claim */
	u64 first, last;
};

struct ext4_options { /* of the mount; what it does not say, of the superblock */
	bool no_load; /* the journal must not be replayed */
	u32 errors;   /* enum ext4_errors */
	bool has_resuid, has_resgid;
	uid_t resuid; /* who, beside root, may use the reserved blocks */
	gid_t resgid;
};
struct ext4_fs {
	struct super_block *sb;
	struct block_device *bdev;
	u32 block_size, block_bits;
	u64 blocks;
	u32 first_data_block, blocks_per_group, inodes_per_group, inodes, inode_size, desc_size, groups;
	u32 first_ino, descs_per_block, gdt_blocks;
	u32 compat, incompat, ro_compat;
	u32 csum_seed, hash_seed[4];
	u8 hash_version;
	bool hash_unsigned;
	bool metadata_csum,
	        gdt_csum;       /* gdt_csum: crc16 of descriptors, or metadata_csum: uninitialised groups */
	bool replayed;          /* the journal was */
	bool read_only, failed; /* failed: an error made it read-only, for ever */
	struct ext4_options options;
	bool error_seen; /* to be told in the superblock */
	u32 error_count, first_error;
	u64 reserved_blocks;           /* for root */
	u64 overhead;                  /* blocks that statfs does not count */
	bool was_valid;                /* STATE_VALID when it was mounted */
	struct ext4_super *super_copy; /* during the mount */
	struct ext4_super *es;         /* in super_buf */
	struct ext4_buffer *super_buf;
	struct ext4_buffer **gdt; /* [gdt_blocks], referenced */
	struct ext4_group *group; /* [groups] */
	struct ext4_zone *zones;
	u32 nr_zones;
	s64 free_blocks, free_inodes, dirty_blocks; /* atomically; dirty: promised to data not yet written */
	struct ext4_journal *journal;
	struct ext4_cache *cache;

	struct spinlock inodes_lock;
	struct hlist_head inode_hash[INODE_HASH] GUARDED_BY(&inodes_lock);
	struct mutex read_lock[READ_LOCKS]; /* one thread reads an inode from the disk, by number */
	struct waitq inode_wait;            /* an inode was read or is gone */

	struct mutex orphan_lock;
	struct list_head orphans GUARDED_BY(&orphan_lock); /* as on the disk: the newest first */
	u32 orphans_rest GUARDED_BY(&orphan_lock); /* at mount: what follows the list's end on the disk */
};

enum { EI_HASHED = 1, EI_NEW = 2 /* nothing of it is on the disk */ };
struct ext4_inode { /* inode->private */
	struct inode *inode;
	struct ext4_fs *fs;
	struct hlist_node hash;
	u32 state;             /* EI_*; fs->inodes_lock */
	u32 flags, generation; /* FL_* */
	u32 block[NR_BLOCK];   /* i_block: map_lock */
	u64 file_acl;
	u16 extra_isize;
	u32 csum_seed;
	struct mutex map_lock;  /* the block map, promised blocks, disk_size */
	struct xarray promised; /* page index -> bits of blocks that have room kept */
	loff_t disk_size;       /* what the disk shows: data behind it is not written yet */
	u32 tid, datatid; /* the last transaction that changed it; .. that changed what fdatasync needs */
	u32 nr_promised;  /* blocks */
	u64 goal;         /* where its next block is looked for */
	u32 dtime;        /* on the disk: when it was deleted, or the next of the orphans */
	ktime_t disk_atime, disk_mtime, disk_ctime;
	struct list_head orphan;    /* fs->orphans */
	u32 seen_parent, seen_name; /* a directory has one place: ino, hash of the name; 0 = not seen */
	struct rwlock xattr_lock;   /* the bytes of its attributes */
	bool has_attrs;             /* perhaps: there is no need to look otherwise */
	bool emptied;               /* it had contents: new ones are written at the next close (file.c) */
};

static inline struct ext4_fs *ext4_fs(const struct super_block *sb)
{
	return sb->private;
}
static inline struct ext4_inode *ext4_i(const struct inode *i)
{
	return i->private;
}
static inline u64 lo_hi(u32 lo, u32 hi)
{
	return lo | (u64)hi << 32;
}

/* ---- errors.c ---- */
/* Something on the disk is wrong: log, mark the superblock, and what errors= says.  Returns -EUCLEAN. */
PRINTF_LIKE(2, 3) COLD int ext4_error(struct ext4_fs *fs, const char *fmt, ...);
/* A block that nothing works without could not be read (err -EIO): the same; for other errors nothing.  Returns err. */
COLD int ext4_read_failed(struct ext4_fs *fs, int err, const char *what, u64 number);
/* Changes must stop (the journal cannot be written): read-only from now on. */
COLD void ext4_abort(struct ext4_fs *fs, const char *why);

/* ---- io.c: the block device ---- */
struct ext4_io;
int ext4_dev_open(struct ext4_fs *fs, dev_t dev, bool write);
void ext4_dev_close(struct ext4_fs *fs);
u64 ext4_dev_size(const struct ext4_fs *fs);
bool ext4_dev_read_only(const struct ext4_fs *fs);
u32 ext4_dev_sector(const struct ext4_fs *fs); /* bytes: what transfers are multiples of */
/* One block, or `n` bytes at a byte offset. */
int ext4_dev_read(struct ext4_fs *fs, u64 offset, void *buf, size_t n);
/* on_media: it and all that ended before is on stable storage when this returns. */
int ext4_dev_write(struct ext4_fs *fs, u64 offset, const void *buf, size_t n, bool on_media);
int ext4_dev_flush(struct ext4_fs *fs);
/* Starts reading n pages of m from index on, those that are not cached; waits for none. */
void ext4_dev_read_pages(struct ext4_fs *fs, u64 offset, struct mapping *m, u64 index, u32 n);
/* A batch of writes or reads that run at once; neighbours become one request.  Memory stays until io_wait. */
struct ext4_io *ext4_io_begin(struct ext4_fs *fs, bool write); /* NULL: no memory */
int ext4_io_add(struct ext4_io *io, u64 offset, void *buf, size_t n);
int ext4_io_wait(struct ext4_io *io); /* the first error; frees io */

/* ---- buffer.c: blocks of metadata in memory ---- */
enum { BUF_UPTODATE = 1, BUF_FREED = 2 /* in txn->freed */ };
/* What a block holds.  A damaged or hostile disk may name one block in two roles; a block that was checked in one
 * is refused in another. */
enum ext4_kind { KIND_NONE, KIND_EXTENTS, KIND_DIR, KIND_XATTR, KIND_INDIRECT, KIND_LINK };
struct ext4_buffer {
	struct hlist_node hash;
	struct list_head lru; /* unused ones */
	u64 block;
	s32 ref;   /* cache lock */
	u32 flags; /* BUF_*, atomically */
	enum ext4_kind kind;
	/* Puts the checksum into data, just before it is copied for the log; NULL: nothing to do. */
	void (*seal)(struct ext4_fs *fs, struct ext4_buffer *b);
	u32 seed;             /* for seal */
	char *data;           /* block_size bytes */
	struct mutex lock;    /* while it is read */
	struct ext4_txn *txn; /* that will log it; journal lock */
	struct list_head txn_link;
	bool escaped;               /* frozen begins with the log's magic number; while it is logged */
	char *frozen;               /* its bytes as of the last commit, until they are home */
	struct ext4_txn *home_txn;  /* the commit whose bytes are not home yet */
	struct list_head home_link; /* of home_txn->home */
};
int ext4_cache_create(struct ext4_fs *fs);
void ext4_cache_destroy(struct ext4_fs *fs);
/* super_ops.shrink. */
unsigned long ext4_cache_shrink(struct super_block *sb, unsigned long n);
/* A referenced buffer, or ERR_PTR: -EUCLEAN (no such block), -ENOMEM, -EIO. */
struct ext4_buffer *ext4_buffer_get(struct ext4_fs *fs, u64 block);  /* perhaps not read */
struct ext4_buffer *ext4_buffer_read(struct ext4_fs *fs, u64 block); /* up to date */
/* A new block of a handle: zeroes, to be logged. */
struct ext4_buffer *ext4_buffer_new(struct ext4_handle *h, u64 block, enum ext4_kind kind);
/* Is b used as `kind`?  0: yes, and it was checked; 1: not looked at yet; -EUCLEAN: it is something else. */
int ext4_buffer_is(struct ext4_fs *fs, struct ext4_buffer *b, enum ext4_kind kind);
void ext4_buffer_hold(struct ext4_buffer *b);
void ext4_buffer_put(struct ext4_fs *fs, struct ext4_buffer *b); /* NULL, ERR_PTR are fine */
/* The block is a file's or free now: forget what it was. */
void ext4_buffer_forget(struct ext4_fs *fs, struct ext4_buffer *b);

/* ---- csum.c ---- */
u32 ext4_crc(u32 crc, const void *p, size_t n);
u16 ext4_crc16(u16 crc, const void *p, size_t n);
bool ext4_super_csum_ok(const struct ext4_super *es);
void ext4_super_changed(struct ext4_fs *fs); /* its checksum will be set */
u16 ext4_desc_csum(const struct ext4_fs *fs, u32 group, const struct ext4_desc *d);
u32 ext4_bitmap_csum(const struct ext4_fs *fs, const void *bitmap, u32 bits);
u32 ext4_inode_seed(const struct ext4_fs *fs, u32 ino, u32 generation);
u32 ext4_inode_csum(const struct ext4_fs *fs, u32 seed, struct ext4_inode_disk *raw);
bool ext4_ext_csum_ok(const struct ext4_inode *ei, const struct ext4_ext_head *eh);
void ext4_ext_changed(const struct ext4_inode *ei, struct ext4_buffer *b);

u32 ext4_xattr_csum(const struct ext4_fs *fs, struct ext4_buffer *b);
void ext4_xattr_csum_set(const struct ext4_fs *fs, struct ext4_buffer *b);

/* ---- hash.c ---- */
struct ext4_hash_in {
	const u32 *seed;
	u8 version; /* enum ext4_hash */
};
/* The hash of a name, even; *minor may be NULL.  -EUCLEAN: unknown version. */
int ext4_dirhash(const struct ext4_hash_in *in, const char *name, unsigned len, u32 *hash, u32 *minor);

/* ---- group.c ---- */
int ext4_groups_load(struct ext4_fs *fs);
void ext4_groups_free(struct ext4_fs *fs);
struct ext4_desc *ext4_desc(struct ext4_fs *fs, u32 group);
u64 ext4_group_first(const struct ext4_fs *fs, u32 group);
u32 ext4_group_blocks(const struct ext4_fs *fs, u32 group);
u32 ext4_group_of(const struct ext4_fs *fs, u64 block);
/* May a file own [block, block + n)? */
bool ext4_block_valid(const struct ext4_fs *fs, u64 block, u64 n);
u64 ext4_desc_block_bitmap(const struct ext4_fs *fs, const struct ext4_desc *d);
u64 ext4_desc_inode_bitmap(const struct ext4_fs *fs, const struct ext4_desc *d);
u64 ext4_desc_inode_table(const struct ext4_fs *fs, const struct ext4_desc *d);
u32 ext4_desc_free_blocks(const struct ext4_fs *fs, const struct ext4_desc *d);
u32 ext4_desc_free_inodes(const struct ext4_fs *fs, const struct ext4_desc *d);
u32 ext4_desc_used_dirs(const struct ext4_fs *fs, const struct ext4_desc *d);
u32 ext4_desc_itable_unused(const struct ext4_fs *fs, const struct ext4_desc *d);
void ext4_desc_set_free_blocks(const struct ext4_fs *fs, struct ext4_desc *d, u32 n);
void ext4_desc_set_free_inodes(const struct ext4_fs *fs, struct ext4_desc *d, u32 n);
void ext4_desc_set_used_dirs(const struct ext4_fs *fs, struct ext4_desc *d, u32 n);
void ext4_desc_set_itable_unused(const struct ext4_fs *fs, struct ext4_desc *d, u32 n);
/* The descriptor joins the handle; then the new numbers, then ext4_desc_done. */
int ext4_desc_access(struct ext4_handle *h, u32 group);
void ext4_desc_done(struct ext4_fs *fs, u32 group);
bool ext4_group_has_super(const struct ext4_fs *fs, u32 group);
u32 ext4_group_meta_blocks(const struct ext4_fs *fs, u32 group); /* superblock and descriptors in front */

/* ---- flags.c: those of chattr(1) ---- */
u32 ext4_flags_for(u32 flags, umode_t mode); /* without those that mean nothing to this kind of file */
int ext4_get_flags(struct inode *i, u32 *flags);
int ext4_set_flags(struct inode *i, u32 flags);

/* ---- bitmap.c: bitmaps of a group, group->lock held ---- */
struct ext4_buffer *ext4_block_bitmap(struct ext4_fs *fs, u32 group);
struct ext4_buffer *ext4_inode_bitmap(struct ext4_fs *fs, u32 group);
/* It was changed: its checksum will be set. */
void ext4_block_bitmap_done(struct ext4_fs *fs, u32 group);
void ext4_inode_bitmap_done(struct ext4_fs *fs, u32 group);
/* At commit, when no handle is open: the checksums of what has changed. */
void ext4_bitmaps_seal(struct ext4_fs *fs);
static inline bool bit_test(const void *map, u32 n)
{
	return ((const u8 *)map)[n >> 3] >> (n & 7) & 1;
}
void ext4_bits_set(void *map, u32 first, u32 n);
void ext4_bits_clear(void *map, u32 first, u32 n);

/* ---- balloc.c ---- */
/* Up to *n consecutive blocks near goal: *block, *n.  promised: from what was kept for data, else -ENOSPC before
 * that. */
int ext4_alloc_blocks(struct ext4_handle *h, u64 goal, u32 *n, u64 *block, bool promised);
int ext4_free_blocks(struct ext4_handle *h, u64 block, u64 n);
/* Keeps room for n blocks of data: 0 or -ENOSPC. */
int ext4_promise_blocks(struct ext4_fs *fs, u32 n);
void ext4_unpromise_blocks(struct ext4_fs *fs, u32 n);
/* The transaction tid has committed: what it freed may be used. */
void ext4_held_release(struct ext4_fs *fs, u32 tid);
u64 ext4_count_free_blocks(struct ext4_fs *fs);

/* ---- ialloc.c ---- */
/* A new inode of `mode` near dir, hashed, with owner and times set, not yet written.  ERR_PTR. */
struct inode *ext4_inode_new(struct ext4_handle *h, struct inode *dir, umode_t mode, const struct cred *c);
int ext4_inode_free(struct ext4_handle *h, struct inode *i);

/* ---- inode.c ---- */
struct inode *ext4_iget(struct ext4_fs *fs, u32 ino, bool reserved);
/* The inode is made known under its number; its ext4 part exists. */
int ext4_inode_attach(struct ext4_fs *fs, struct inode *i);
void ext4_inode_hash_add(struct ext4_fs *fs, struct inode *i);
void ext4_inode_unhash(struct inode *i);
void ext4_inode_set_ops(struct inode *i);
/* With or without a look at an access control list. */
void ext4_inode_set_acl_ops(struct inode *i, bool acl);
/* Its fields go into its block, as part of the handle. */
int ext4_inode_write(struct ext4_handle *h, struct inode *i);
struct ext4_buffer *ext4_inode_buffer(struct ext4_fs *fs, u32 ino, struct ext4_inode_disk **raw);
void ext4_evict(struct inode *i);
/* All inodes in memory, one after the other, each referenced: `last` is put. NULL at the end. */
struct inode *ext4_inode_next(struct ext4_fs *fs, struct inode *last);
int ext4_inode_write_times(struct inode *i); /* if they differ from the disk's */
enum { WRITE_INODE_CREDITS = 2 };

/* ---- map.c: from file blocks to disk blocks; map_lock held ---- */
struct ext4_map {
	u64 lblk, pblk;
	u32 len;
	bool mapped, unwritten;
};
/* What stands at lblk: at most max blocks. A hole: mapped false. */
int ext4_map_find(struct inode *i, u64 lblk, u32 max, struct ext4_map *m) MUST_HOLD(&ext4_i(i)->map_lock);
/* Fills the hole at m->lblk, m->len long, or a part of it (m tells). */
int ext4_map_fill(struct ext4_handle *h, struct inode *i, struct ext4_map *m, bool unwritten, bool promised);
/* Unwritten blocks become data, wholly inside one unwritten piece. */
int ext4_map_written(struct ext4_handle *h, struct inode *i, u64 lblk, u32 len);
/* Frees blocks of [from, to); 1: there is more to do in a new handle. */
int ext4_map_remove(struct ext4_handle *h, struct inode *i, u64 from, u64 to);
/* The same in as many handles as it takes; map_lock not held. */
int ext4_remove_range(struct inode *i, u64 from, u64 to);
/* n blocks of the file's contents, at most MAP_FREE_MAX of a directory, are free. */
int ext4_map_free(struct ext4_handle *h, struct inode *i, u64 block, u32 n);
enum { MAP_FREE_MAX = 128 };
u64 ext4_max_blocks(const struct inode *i);
enum { MAP_CREDITS = 36 };

/* extents.c, extents_edit.c */
int ext4_ext_find_map(struct inode *i, u64 lblk, u32 max, struct ext4_map *m);
int ext4_ext_add(struct ext4_handle *h, struct inode *i, u64 lblk, u64 pblk, u32 len, bool unwritten);
int ext4_ext_written(struct ext4_handle *h, struct inode *i, u64 lblk, u32 len);
int ext4_ext_remove(struct ext4_handle *h, struct inode *i, u64 from, u64 to);
/* The piece m, of one extent, moves by so many blocks to where a hole is. */
int ext4_ext_move(struct ext4_handle *h, struct inode *i, const struct ext4_map *m, s64 by);
/* The last extent that begins before a block, as far as it reaches; m->mapped false: none. */
int ext4_ext_last(struct inode *i, u64 before, struct ext4_map *m);
void ext4_ext_init(struct inode *i);
u64 ext4_ext_goal(struct inode *i, u64 lblk);
/* indirect.c */
int ext4_ind_find_map(struct inode *i, u64 lblk, u32 max, struct ext4_map *m);
int ext4_ind_add(struct ext4_handle *h, struct inode *i, u64 lblk, u64 pblk, u32 len);
int ext4_ind_remove(struct ext4_handle *h, struct inode *i, u64 from, u64 to);

/* ---- data.c, file.c, fallocate.c ---- */
extern const struct mapping_ops ext4_mapping_ops;
extern const struct file_ops ext4_file_ops;
int ext4_fsync(struct file *f, loff_t start, loff_t end, bool datasync);
int ext4_fallocate(struct file *f, int mode, loff_t off, loff_t len);
int ext4_setattr(struct inode *i, const struct iattr *a);
int ext4_getattr(struct inode *i, struct kstat *st);
/* i->lock held for writing: cuts what lies behind the size. */
int ext4_truncate(struct inode *i);
/* The size is this, and all below it is written.  Takes map_lock. */
void ext4_set_disk_size(struct ext4_inode *ei, loff_t size);
/* Gives back what was kept for pages from `first` to `last`. */
void ext4_promises_drop(struct inode *i, u64 first, u64 last);
void ext4_promises_drop_blocks(struct inode *i, u64 from, u64 to); /* the same by file blocks [from, to) */
/* Before the file grows beyond its last page: zeros behind its old end. */
int ext4_zero_tail(struct inode *i);
/* The n pages from `base` on, memory of the caller's, become the file's bytes from page `first` on; the inode's lock is
 * held for writing.  *written: bytes that are on the device, also with an error's reason after them; 0, or why none is. */
int ext4_write_direct(struct inode *i, u64 first, struct page *base, unsigned n, size_t *written);
ssize_t ext4_direct(struct mapping *m, u64 pos, struct iov_iter *it,
                    bool write); /* direct.c: mapping_ops.direct */

/* ---- dir.c, htree.c, readdir.c ---- */
struct ext4_dir_at { /* an entry found */
	struct ext4_buffer *buf;
	struct ext4_dirent *de;
	u64 lblk;
};
struct ext4_buffer *ext4_dir_block(struct inode *dir, u64 lblk); /* checked; NULL: a hole */
/* The next block at or after *lblk that is no hole; NULL at the end. */
struct ext4_buffer *ext4_dir_block_next(struct inode *dir, u64 *lblk);
void ext4_dx_block_done(struct inode *dir, struct ext4_buffer *b, bool root);
int ext4_dir_find(struct inode *dir, const char *name, unsigned len, struct ext4_dir_at *at); /* -ENOENT */
int ext4_dir_add(struct ext4_handle *h, struct inode *dir, const char *name, unsigned len, struct inode *i);
int ext4_dir_remove(struct ext4_handle *h, struct inode *dir, struct ext4_dir_at *at);
int ext4_dir_set(struct ext4_handle *h, struct inode *dir, struct ext4_dir_at *at, struct inode *to);
int ext4_dir_init(struct ext4_handle *h, struct inode *dir, u32 parent);
int ext4_dir_is_empty(struct inode *dir); /* 1, 0, or an error */
int ext4_dir_parent(struct inode *dir, u32 *ino);
int ext4_dir_set_parent(struct ext4_handle *h, struct inode *dir, u32 ino);
struct ext4_buffer *ext4_dir_append(struct ext4_handle *h, struct inode *dir, u64 *lblk);
void ext4_dir_block_done(struct inode *dir, struct ext4_buffer *b);
unsigned ext4_dirent_size(unsigned name_len);
unsigned ext4_dir_usable(const struct ext4_fs *fs); /* bytes of a block for entries */
void ext4_dir_tail_init(const struct ext4_fs *fs, char *data);
int ext4_dir_insert(struct ext4_fs *fs, char *data, const char *name, unsigned len, u32 ino,
                    u8 type); /* -ENOSPC */
u8 ext4_file_type(const struct ext4_fs *fs, umode_t mode);
int ext4_dx_find(struct inode *dir, const char *name, unsigned len,
                 struct ext4_dir_at *at); /* -EUCLEAN: walk it all */
int ext4_dx_add(struct ext4_handle *h, struct inode *dir, const char *name, unsigned len, u32 ino, u8 type);
int ext4_dx_create(struct ext4_handle *h, struct inode *dir, struct ext4_buffer *first);
int ext4_dir_iterate(struct file *f, struct dir_context *ctx);
bool ext4_dir_search(struct ext4_fs *fs, struct ext4_buffer *b, const char *name, unsigned len,
                     struct ext4_dirent **out);
int ext4_dx_check(struct inode *dir, struct ext4_buffer *b, bool root);
bool ext4_dir_is_indexed(const struct inode *dir);
enum { DIR_CREDITS = 44 };

/* ---- namei.c, rename.c, symlink.c ---- */
extern const struct inode_ops ext4_dir_inode_ops, ext4_dir_acl_inode_ops, ext4_symlink_inode_ops;
extern const struct inode_ops ext4_node_inode_ops, ext4_node_acl_inode_ops;
extern const struct file_ops ext4_dir_ops;
int ext4_rename(struct inode *od, const char *on, unsigned olen, struct inode *moved, struct inode *nd,
                const char *nn, unsigned nlen, struct inode *victim, unsigned flags);
int ext4_symlink_load(struct inode *i);
int ext4_symlink_store(struct ext4_handle *h, struct inode *i, const char *target);
void ext4_nlink_inc(struct inode *dir);
void ext4_nlink_dec(struct inode *dir);
void ext4_seen_at(struct inode *i, const struct inode *dir, const char *name, unsigned len);
int ext4_name_gone(struct ext4_handle *h, struct inode *dir, struct inode *victim);

/* ---- orphan.c ---- */
int ext4_orphan_add(struct ext4_handle *h, struct inode *i);
int ext4_orphan_remove(struct ext4_handle *h, struct inode *i);
/* After the replay: what was open without a name is freed, what was being cut is cut. */
void ext4_orphans_process(struct ext4_fs *fs);

/* ---- super.c ---- */
int ext4_super_write(struct ext4_fs *fs); /* counts and state, through the journal */
