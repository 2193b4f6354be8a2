/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/inode.c - inodes: found by number, read, written, and their end
 *
 * Owns:      struct ext4_inode, the hash of inodes in memory, the bytes of inode tables.
 * Layer:     fs/ext4.
 * Locks:     inodes_lock: the hash. read_lock[]: reading one. The table block's buffer lock while an inode's
 *            bytes and checksum are written.
 * Contexts:  process context; may sleep.
 * Manual:    the ext4 disk layout, "Index Nodes", "Inode Timestamps"; inode(7).
 * Tests:     tests/ext4.
 *
 * An inode is in the hash from when it is read or made until its end is done.  An inode whose last reference is gone
 * is still there while it is written back or deleted: who looks for its number meanwhile waits, and reads it anew.
 */
#include "internal.h"
#include "xattr.h"
#include <base/clock.h>
#include <lib/hash.h>
#include <lib/string.h>
#include <mem/slab.h>

enum { HASH_BITS = 9 };
_Static_assert(1 << HASH_BITS == INODE_HASH, "the inode hash");

/* ---- times ---- */

static ktime_t time_get(u32 sec, u32 extra, bool has_extra)
{
	s64 s = (s32)sec;

	if (!has_extra)
		return s * NSEC_PER_SEC;
	s += (s64)(extra & 3) << 32;
	return s * NSEC_PER_SEC + MIN(extra >> 2, (u32)NSEC_PER_SEC - 1);
}

static void time_put(ktime_t t, u32 *sec, u32 *extra)
{
	s64 s = t / NSEC_PER_SEC, ns = t % NSEC_PER_SEC;

	if (ns < 0) {
		ns += NSEC_PER_SEC;
		s--;
	}
	if (!extra)
		s = MAX(MIN(s, (s64)INT32_MAX), (s64)INT32_MIN);
	*sec = (u32)s;
	if (extra)
		*extra = (u32)ns << 2 | ((u32)((s - (s32)s) >> 32) & 3);
}

/* Does the inode's extra part reach to the end of this field? */
static bool fits(const struct ext4_inode *ei, size_t end)
{
	return ei->fs->inode_size > EXT4_GOOD_OLD_INODE && EXT4_GOOD_OLD_INODE + ei->extra_isize >= end;
}
#define FITS(ei, field)                                                                                      \
	fits(ei, offsetof(struct ext4_inode_disk, field) + sizeof(((struct ext4_inode_disk *)0)->field))

static void times_read(struct inode *i, const struct ext4_inode_disk *raw)
{
	struct ext4_inode *ei = ext4_i(i);
	bool a = FITS(ei, i_atime_extra), m = FITS(ei, i_mtime_extra), c = FITS(ei, i_ctime_extra);

	ei->disk_atime = i->atime = time_get(raw->i_atime, a ? raw->i_atime_extra : 0, a);
	ei->disk_mtime = i->mtime = time_get(raw->i_mtime, m ? raw->i_mtime_extra : 0, m);
	ei->disk_ctime = i->ctime = time_get(raw->i_ctime, c ? raw->i_ctime_extra : 0, c);
	i->btime = FITS(ei, i_crtime)
	                   ? time_get(raw->i_crtime, FITS(ei, i_crtime_extra) ? raw->i_crtime_extra : 0,
	                              FITS(ei, i_crtime_extra))
	                   : i->ctime;
}

static void times_write(struct inode *i, struct ext4_inode_disk *raw)
{
	struct ext4_inode *ei = ext4_i(i);

	time_put(i->atime, &raw->i_atime, FITS(ei, i_atime_extra) ? &raw->i_atime_extra : NULL);
	time_put(i->mtime, &raw->i_mtime, FITS(ei, i_mtime_extra) ? &raw->i_mtime_extra : NULL);
	time_put(i->ctime, &raw->i_ctime, FITS(ei, i_ctime_extra) ? &raw->i_ctime_extra : NULL);
	if (FITS(ei, i_crtime))
		time_put(i->btime, &raw->i_crtime, FITS(ei, i_crtime_extra) ? &raw->i_crtime_extra : NULL);
	ei->disk_atime = i->atime;
	ei->disk_mtime = i->mtime;
	ei->disk_ctime = i->ctime;
}

/* ---- the table ---- */

struct ext4_buffer *ext4_inode_buffer(struct ext4_fs *fs, u32 ino, struct ext4_inode_disk **raw)
{
	u32 group = (ino - 1) / fs->inodes_per_group, index = (ino - 1) % fs->inodes_per_group;
	u32 per_block = fs->block_size / fs->inode_size;
	u64 at = ext4_desc_inode_table(fs, ext4_desc(fs, group)) + index / per_block;
	struct ext4_buffer *b = ext4_buffer_read(fs, at);

	if (IS_ERR(b))
		return ERR_PTR(ext4_read_failed(fs, (int)PTR_ERR(b), "inode", ino));
	*raw = (struct ext4_inode_disk *)(b->data + index % per_block * fs->inode_size);
	return b;
}

static u32 csum_stored(const struct ext4_fs *fs, const struct ext4_inode_disk *raw)
{
	bool both = fs->inode_size > EXT4_GOOD_OLD_INODE && raw->i_extra_isize >= 4;

	return raw->i_checksum_lo | (both ? (u32)raw->i_checksum_hi << 16 : 0);
}

static dev_t rdev_get(const struct ext4_inode *ei)
{
	u32 old = ei->block[0], new = ei->block[1];

	if (old)
		return dev_make(old >> 8 & 0xff, old & 0xff);
	return dev_make((new & 0xfff00) >> 8, (new & 0xff) | (new >> 12 & 0xfff00));
}

static void rdev_put(struct inode *i)
{
	u32 major = dev_major(i->rdev), minor = dev_minor(i->rdev);
	struct ext4_inode *ei = ext4_i(i);
	bool small = major < 256 && minor < 256;

	ei->block[0] = small ? major << 8 | minor : 0;
	ei->block[1] = small ? 0 : (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

/* What may not be, whatever the checksum says. */
static int check_raw(struct ext4_fs *fs, u32 ino, const struct ext4_inode_disk *raw)
{
	u64 size = lo_hi(raw->i_size_lo, raw->i_size_high);
	umode_t type = raw->i_mode & S_IFMT;
	bool big = fs->inode_size > EXT4_GOOD_OLD_INODE;

	if (!raw->i_links_count && !raw->i_mode)
		return -ESTALE;
	if (big && (raw->i_extra_isize & 3 || EXT4_GOOD_OLD_INODE + raw->i_extra_isize > fs->inode_size))
		return ext4_error(fs, "inode %u: extra size %u", ino, raw->i_extra_isize);
	if (type != S_IFREG && type != S_IFDIR && type != S_IFLNK && type != S_IFCHR && type != S_IFBLK &&
	    type != S_IFIFO && type != S_IFSOCK)
		return ext4_error(fs, "inode %u: mode %#o", ino, raw->i_mode);
	if (size > INT64_MAX || (type != S_IFREG && size > UINT32_MAX && !(fs->incompat & INCOMPAT_LARGEDIR)))
		return ext4_error(fs, "inode %u: size %llu", ino, (unsigned long long)size);
	if (raw->i_flags & (FL_ENCRYPT | FL_INLINE_DATA | FL_CASEFOLD | FL_VERITY))
		return ext4_error(fs, "inode %u: flags %#x", ino, raw->i_flags);
	return 0;
}

static void fields_read(struct inode *i, const struct ext4_inode_disk *raw)
{
	struct ext4_inode *ei = ext4_i(i);
	struct ext4_fs *fs = ei->fs;

	ei->flags = raw->i_flags;
	i->flags = ei->flags & INODE_FLAGS;
	ei->generation = raw->i_generation;
	ei->extra_isize = fs->inode_size > EXT4_GOOD_OLD_INODE ? raw->i_extra_isize : 0;
	ei->csum_seed = ext4_inode_seed(fs, (u32)i->ino, ei->generation);
	ei->file_acl = lo_hi(raw->i_file_acl_lo, fs->incompat & INCOMPAT_64BIT ? raw->i_file_acl_high : 0);
	ei->dtime = raw->i_dtime;
	memcpy(ei->block, raw->i_block, sizeof(ei->block));
	if (FITS(ei, i_extra_isize) && (u32)EXT4_GOOD_OLD_INODE + ei->extra_isize + 4 <= fs->inode_size)
		ei->has_attrs = *(const u32 *)((const char *)raw + EXT4_GOOD_OLD_INODE + ei->extra_isize) ==
		                XATTR_MAGIC;
	i->uid = raw->i_uid | (u32)raw->i_uid_high << 16;
	i->gid = raw->i_gid | (u32)raw->i_gid_high << 16;
	i->nlink = raw->i_links_count;
	i->blocks = lo_hi(raw->i_blocks_lo, fs->ro_compat & RO_COMPAT_HUGE_FILE ? raw->i_blocks_high : 0);
	if (ei->flags & FL_HUGE_FILE)
		i->blocks <<= fs->block_bits - 9;
	/* It may have been written by the running transaction, and forgotten since. */
	ei->tid = ei->datatid = ext4_last_tid(fs);
	times_read(i, raw);
	i->size = ei->disk_size = (loff_t)lo_hi(raw->i_size_lo, raw->i_size_high);
	if ((i->mode & S_IFMT) == S_IFCHR || (i->mode & S_IFMT) == S_IFBLK)
		i->rdev = rdev_get(ei);
}

int ext4_inode_attach(struct ext4_fs *fs, struct inode *i) NO_LOCK_CHECK
{
	struct ext4_inode *ei = kzalloc(sizeof(*ei));

	if (!ei)
		return -ENOMEM;
	ei->inode = i;
	ei->fs = fs;
	mutex_init(&ei->map_lock);
	rwlock_init(&ei->xattr_lock);
	list_init(&ei->orphan);
	ei->promised = XARRAY_INIT;
	i->private = ei;
	return 0;
}

void ext4_inode_set_ops(struct inode *i)
{
	loff_t size = i->size;

	switch (i->mode & S_IFMT) {
	case S_IFREG:
		inode_init_data(i, &ext4_mapping_ops, MEMC_CACHE);
		inode_set_size(i, size);
		i->ops = &ext4_node_inode_ops;
		i->fops = &ext4_file_ops;
		break;
	case S_IFDIR:
		i->ops = &ext4_dir_inode_ops;
		i->fops = &ext4_dir_ops;
		break;
	case S_IFLNK:
		i->ops = &ext4_symlink_inode_ops;
		break;
	default:
		i->ops = &ext4_node_inode_ops;
	}
}

void ext4_inode_set_acl_ops(struct inode *i, bool acl)
{
	const struct inode_ops *ops = acl ? &ext4_node_acl_inode_ops : &ext4_node_inode_ops;

	if (s_isdir(i->mode))
		ops = acl ? &ext4_dir_acl_inode_ops : &ext4_dir_inode_ops;
	if (!s_islnk(i->mode))
		atomic_store(&i->ops, ops);
}

/* Is there an access control list?  Only where something stands behind the inode's fields or in a block. */
static int look_for_acl(struct inode *i)
{
	struct ext4_inode *ei = ext4_i(i);
	struct ext4_xattrs *s;
	int err;

	if (!ei->has_attrs && !ei->file_acl)
		return 0;
	err = ext4_xattrs_load(i, &s);
	if (err)
		return err == -ENOMEM ? err : 0; /* wrong attributes do not make the file unreachable */
	ei->has_attrs = s->n;
	if (ext4_xattrs_find(s, XA_ACL_ACCESS, "", 0))
		ext4_inode_set_acl_ops(i, true);
	i->default_acl = ext4_xattrs_find(s, XA_ACL_DEFAULT, "", 0);
	ext4_xattrs_free(s);
	return 0;
}

/* ---- by number ---- */

static struct hlist_head *bucket(struct ext4_fs *fs, u32 ino)
{
	return &fs->inode_hash[hash_u64(ino, HASH_BITS)];
}

/* *dying: it is there, but nobody may have it any more. */
static struct inode *hash_find(struct ext4_fs *fs, u32 ino, bool *dying)
{
	struct inode *found = NULL;
	struct ext4_inode *ei;

	*dying = false;
	spin_lock(&fs->inodes_lock);
	hlist_for_each_entry(ei, bucket(fs, ino), hash)
	{
		if (ei->inode->ino == ino) {
			found = ref_get_unless_zero(&ei->inode->ref) ? ei->inode : NULL;
			*dying = !found;
			break;
		}
	}
	spin_unlock(&fs->inodes_lock);
	return found;
}

void ext4_inode_hash_add(struct ext4_fs *fs, struct inode *i)
{
	spin_lock(&fs->inodes_lock);
	hlist_add_head(&ext4_i(i)->hash, bucket(fs, (u32)i->ino));
	ext4_i(i)->state |= EI_HASHED;
	spin_unlock(&fs->inodes_lock);
}

void ext4_inode_unhash(struct inode *i)
{
	struct ext4_inode *ei = ext4_i(i);

	spin_lock(&ei->fs->inodes_lock);
	if (ei->state & EI_HASHED) {
		hlist_del(&ei->hash);
		ei->state &= ~(u32)EI_HASHED;
	}
	spin_unlock(&ei->fs->inodes_lock);
	waitq_wake_all(&ei->fs->inode_wait);
}

/* From the table into a new inode. */
static struct inode *inode_read(struct ext4_fs *fs, u32 ino)
{
	struct ext4_inode_disk *raw;
	struct ext4_buffer *b = ext4_inode_buffer(fs, ino, &raw);
	struct inode *i;
	int err;

	if (IS_ERR(b))
		return ERR_PTR(PTR_ERR(b));
	err = check_raw(fs, ino, raw);
	if (!err && fs->metadata_csum &&
	    csum_stored(fs, raw) != ext4_inode_csum(fs, ext4_inode_seed(fs, ino, raw->i_generation), raw)) {
		ext4_error(fs, "inode %u: its checksum is wrong", ino);
		err = -EBADMSG;
	}
	i = err ? NULL : inode_alloc(fs->sb, raw->i_mode);
	if (!err && !i)
		err = -ENOMEM;
	if (!err) {
		i->ino = ino;
		err = ext4_inode_attach(fs, i);
		if (!err)
			fields_read(i, raw);
	}
	ext4_buffer_put(fs, b);
	if (!err) {
		ext4_inode_set_ops(i);
		err = s_islnk(i->mode) ? ext4_symlink_load(i) : look_for_acl(i);
	}
	if (!err)
		return i;
	if (i)
		inode_put(i);
	return ERR_PTR(err);
}

static bool gone(struct ext4_fs *fs, u32 ino)
{
	struct ext4_inode *ei;
	bool dying = false;

	spin_lock(&fs->inodes_lock);
	hlist_for_each_entry(ei, bucket(fs, ino), hash) if (ei->inode->ino == ino) dying |=
	        !ref_read(&ei->inode->ref);
	spin_unlock(&fs->inodes_lock);
	return !dying;
}

struct inode *ext4_iget(struct ext4_fs *fs, u32 ino, bool reserved) NO_LOCK_CHECK
{
	struct mutex *m = &fs->read_lock[ino % READ_LOCKS];
	struct inode *i;
	bool dying;

	if (ino < 1 || ino > fs->inodes || (!reserved && ino != EXT4_ROOT_INO && ino < fs->first_ino)) {
		ext4_error(fs, "inode number %u", ino);
		return ERR_PTR(-EUCLEAN);
	}
	for (;;) {
		i = hash_find(fs, ino, &dying);
		if (i)
			return i;
		if (dying) {
			wait_event(&fs->inode_wait, gone(fs, ino));
			continue;
		}
		mutex_lock(m);
		i = hash_find(fs, ino, &dying);
		if (!i && !dying) {
			i = inode_read(fs, ino);
			if (!IS_ERR(i))
				ext4_inode_hash_add(fs, i);
		}
		mutex_unlock(m);
		if (i)
			return i;
	}
}

struct inode *ext4_inode_next(struct ext4_fs *fs, struct inode *last)
{
	u32 from = last ? hash_u64((u32)last->ino, HASH_BITS) : 0;
	bool passed = !last;
	struct inode *found = NULL;
	struct ext4_inode *ei;

	spin_lock(&fs->inodes_lock);
	for (u32 k = from; k < INODE_HASH && !found; k++) {
		hlist_for_each_entry(ei, &fs->inode_hash[k], hash)
		{
			if (!passed)
				passed = ei->inode == last;
			else if (ref_get_unless_zero(&ei->inode->ref)) {
				found = ei->inode;
				break;
			}
		}
		passed = true;
	}
	spin_unlock(&fs->inodes_lock);
	if (last)
		inode_put(last);
	return found;
}

/* ---- writing ---- */

static void blocks_write(struct inode *i, struct ext4_inode_disk *raw)
{
	struct ext4_inode *ei = ext4_i(i);
	u64 n = i->blocks;

	ei->flags &= ~(u32)FL_HUGE_FILE;
	if (n >> 48) {
		ei->flags |= FL_HUGE_FILE;
		n >>= ei->fs->block_bits - 9;
	}
	raw->i_blocks_lo = (u32)n;
	if (ei->fs->ro_compat & RO_COMPAT_HUGE_FILE)
		raw->i_blocks_high = (u16)(n >> 32);
}

static void fields_write(struct inode *i, struct ext4_inode_disk *raw)
{
	struct ext4_inode *ei = ext4_i(i);
	u64 size = s_isreg(i->mode) ? (u64)ei->disk_size : (u64)i->size;

	blocks_write(i, raw);
	raw->i_mode = (u16)i->mode;
	raw->i_uid = (u16)i->uid;
	raw->i_uid_high = (u16)(i->uid >> 16);
	raw->i_gid = (u16)i->gid;
	raw->i_gid_high = (u16)(i->gid >> 16);
	raw->i_links_count = (u16)i->nlink;
	raw->i_size_lo = (u32)size;
	raw->i_size_high = (u32)(size >> 32);
	raw->i_dtime = ei->dtime;
	raw->i_flags = ei->flags;
	raw->i_generation = ei->generation;
	raw->i_file_acl_lo = (u32)ei->file_acl;
	if (ei->fs->incompat & INCOMPAT_64BIT)
		raw->i_file_acl_high = (u16)(ei->file_acl >> 32);
	if (ei->fs->inode_size > EXT4_GOOD_OLD_INODE)
		raw->i_extra_isize = ei->extra_isize;
	if ((i->mode & S_IFMT) == S_IFCHR || (i->mode & S_IFMT) == S_IFBLK)
		rdev_put(i);
	memcpy(raw->i_block, ei->block, sizeof(ei->block));
	times_write(i, raw);
}

static void csum_write(struct ext4_fs *fs, const struct ext4_inode *ei, struct ext4_inode_disk *raw)
{
	u32 c;

	if (!fs->metadata_csum)
		return;
	c = ext4_inode_csum(fs, ei->csum_seed, raw);
	raw->i_checksum_lo = (u16)c;
	if (fs->inode_size > EXT4_GOOD_OLD_INODE && raw->i_extra_isize >= 4)
		raw->i_checksum_hi = (u16)(c >> 16);
}

int ext4_inode_write(struct ext4_handle *h, struct inode *i)
{
	struct ext4_inode *ei = ext4_i(i);
	struct ext4_fs *fs = ei->fs;
	struct ext4_inode_disk *raw;
	struct ext4_buffer *b = ext4_inode_buffer(fs, (u32)i->ino, &raw);
	int err;

	if (IS_ERR(b))
		return (int)PTR_ERR(b);
	err = ext4_access(h, b);
	if (!err) {
		mutex_lock(&b->lock); /* the orphan list may change i_dtime of an inode that others write */
		if (ei->state & EI_NEW) {
			memset(raw, 0, fs->inode_size);
			ei->state &= ~(u32)EI_NEW;
		}
		fields_write(i, raw);
		csum_write(fs, ei, raw);
		mutex_unlock(&b->lock);
		ei->tid = h->txn->tid;
	}
	ext4_buffer_put(fs, b);
	return err;
}

int ext4_inode_write_times(struct inode *i)
{
	struct ext4_inode *ei = ext4_i(i);
	struct ext4_handle h;
	int err;

	if (ei->disk_atime == i->atime && ei->disk_mtime == i->mtime && ei->disk_ctime == i->ctime)
		return 0;
	if (ei->fs->read_only || atomic_load(&ei->fs->failed))
		return 0;
	err = ext4_start(ei->fs, &h, WRITE_INODE_CREDITS);
	if (err)
		return err;
	return ext4_stop(&h, ext4_inode_write(&h, i));
}

/* ---- the end ---- */

/* No name and no opener left: its blocks and its number are free. */
static void delete_inode(struct inode *i)
{
	struct ext4_inode *ei = ext4_i(i);
	struct ext4_handle h;
	int err;

	if (i->mapping)
		inode_truncate(i, 0);
	ext4_promises_drop(i, 0, UINT64_MAX);
	err = ext4_remove_range(i, 0, UINT64_MAX);
	if (!err)
		err = ext4_start(ei->fs, &h, DIR_CREDITS);
	if (!err) {
		err = ext4_xattr_delete(&h, i);
		if (!err)
			err = ext4_orphan_remove(&h, i);
		if (!err)
			err = ext4_inode_free(&h, i);
		err = ext4_stop(&h, err);
	}
	if (err && err != -EROFS)
		log_warn("ext4 %s: inode %llu is left to e2fsck (error %d)", ei->fs->sb->source,
		         (unsigned long long)i->ino, err);
}

void ext4_evict(struct inode *i)
{
	struct ext4_inode *ei = ext4_i(i);
	struct ext4_fs *fs;

	if (!ei)
		return;
	fs = ei->fs;
	if (ei->state & EI_HASHED && !fs->read_only && !atomic_load(&fs->failed)) {
		if (!i->nlink) {
			delete_inode(i);
		} else {
			if (i->mapping)
				(void)mapping_sync(i->mapping, 0, UINT64_MAX);
			(void)ext4_inode_write_times(i);
		}
	}
	ext4_promises_drop(i, 0, UINT64_MAX);
	mutex_lock(&fs->orphan_lock);
	list_del(&ei->orphan);
	mutex_unlock(&fs->orphan_lock);
	ext4_inode_unhash(i);
	i->private = NULL;
	kfree(ei);
}
