/* SPDX-License-Identifier: MIT
 *
 * fs/ext4/namei.c - names come and go: lookup, create, link, unlink, O_TMPFILE
 *
 * Owns:      link counts.
 * Layer:     fs/ext4. Uses dir.c, ialloc.c, orphan.c.
 * Locks:     the inode locks that fs holds around each operation (fs/inode.h).
 * Contexts:  process context; may sleep.
 * Manual:    open(2), link(2), unlink(2), mkdir(2), inode(7).
 * Tests:     tests/ext4.
 *
 * Each operation is one handle. When there is no room, what the running transaction freed may be enough: it is
 * committed, and the operation tried once more.
 */
#include "internal.h"
#include "xattr.h"
#include <base/clock.h>
#include <lib/hash.h>
#include <lib/string.h>

enum { CREATE_CREDITS = DIR_CREDITS + MAP_CREDITS + 12, SEED = 0x65787434 };

/* ---- looking ---- */

/* A directory has one place. A damaged disk may show it at two, and the locks of parent and child would then be one
 * lock: so the place where it was seen first is the only one while it is in memory. */
void ext4_seen_at(struct inode *i, const struct inode *dir, const char *name, unsigned len)
{
	struct ext4_inode *ei = ext4_i(i);

	if (!s_isdir(i->mode))
		return;
	spin_lock(&ei->fs->inodes_lock);
	ei->seen_parent = (u32)dir->ino;
	ei->seen_name = hash_bytes(name, len, SEED) | 1;
	spin_unlock(&ei->fs->inodes_lock);
}

static bool seen_elsewhere(struct inode *i, const struct inode *dir, const char *name, unsigned len)
{
	struct ext4_inode *ei = ext4_i(i);
	bool elsewhere;

	if (!s_isdir(i->mode))
		return false;
	if (i == dir || i->ino == EXT4_ROOT_INO)
		return true;
	spin_lock(&ei->fs->inodes_lock);
	elsewhere = ei->seen_name &&
	            (ei->seen_parent != dir->ino || ei->seen_name != (hash_bytes(name, len, SEED) | 1));
	spin_unlock(&ei->fs->inodes_lock);
	return elsewhere;
}

static struct inode *ext4_lookup(struct inode *dir, const char *name, unsigned len)
{
	struct ext4_fs *fs = ext4_i(dir)->fs;
	struct ext4_dir_at at;
	struct inode *i;
	u32 ino;
	int err;

	if (len > EXT4_NAME_LEN)
		return ERR_PTR(-ENAMETOOLONG);
	err = ext4_dir_find(dir, name, len, &at);
	if (err)
		return err == -ENOENT ? NULL : ERR_PTR(err);
	ino = at.de->inode;
	ext4_buffer_put(fs, at.buf);
	i = ext4_iget(fs, ino, false);
	if (IS_ERR(i)) {
		if (PTR_ERR(i) == -ESTALE) {
			ext4_error(fs, "directory %llu: a name of the free inode %u",
			           (unsigned long long)dir->ino, ino);
			return ERR_PTR(-EUCLEAN);
		}
		return i;
	}
	if (!i->nlink || seen_elsewhere(i, dir, name, len)) {
		ext4_error(fs, "directory %llu: inode %u is at a second place", (unsigned long long)dir->ino,
		           ino);
		inode_put(i);
		return ERR_PTR(-EUCLEAN);
	}
	ext4_seen_at(i, dir, name, len);
	return i;
}

/* ---- counts ---- */

/* Above 65000 a directory's count is 1, "many", where the feature is there. */
void ext4_nlink_inc(struct inode *dir)
{
	if (dir->nlink == 1)
		return;
	dir->nlink++;
	if (dir->nlink >= EXT4_LINK_MAX && ext4_i(dir)->fs->ro_compat & RO_COMPAT_DIR_NLINK)
		dir->nlink = 1;
}

void ext4_nlink_dec(struct inode *dir)
{
	if (dir->nlink > 2)
		dir->nlink--;
}

static bool nlink_full(const struct inode *i)
{
	if (s_isdir(i->mode) && ext4_i(i)->fs->ro_compat & RO_COMPAT_DIR_NLINK)
		return false;
	return i->nlink >= EXT4_LINK_MAX;
}

static int dir_changed(struct ext4_handle *h, struct inode *dir)
{
	inode_touch(dir, ATTR_MTIME);
	return ext4_inode_write(h, dir);
}

/* ---- making ---- */

/* What a new inode has inside, before it gets a name. */
static int fill_new(struct ext4_handle *h, struct inode *dir, struct inode *i, dev_t rdev, const char *target)
{
	int err = 0;

	i->rdev = rdev;
	if (s_isdir(i->mode)) {
		i->nlink = 2;
		err = ext4_dir_init(h, i, (u32)dir->ino);
	} else if (s_islnk(i->mode)) {
		err = ext4_symlink_store(h, i, target);
	}
	if (!err)
		err = ext4_xattr_inherit(h, dir, i);
	return err ? err : ext4_inode_write(h, i);
}

/* It did not get its name: nobody's, and deleted when it is put. */
static int disown(struct ext4_handle *h, struct inode *i)
{
	int err;

	i->nlink = 0;
	err = ext4_orphan_add(h, i);
	return err ? err : ext4_inode_write(h, i);
}

static struct inode *create_once(struct inode *dir, const char *name, unsigned len, umode_t mode, dev_t rdev,
                                 const char *target, const struct cred *c)
{
	struct ext4_fs *fs = ext4_i(dir)->fs;
	struct ext4_handle h;
	struct inode *i;
	int err = ext4_start(fs, &h, CREATE_CREDITS);

	if (err)
		return ERR_PTR(err);
	i = ext4_inode_new(&h, dir, mode, c);
	if (IS_ERR(i)) {
		(void)ext4_stop(&h, 0);
		return i;
	}
	err = fill_new(&h, dir, i, rdev, target);
	if (!err)
		err = ext4_dir_add(&h, dir, name, len, i);
	if (!err && s_isdir(i->mode))
		ext4_nlink_inc(dir);
	if (err) {
		(void)disown(&h, i); /* else e2fsck finds it */
		(void)ext4_inode_write(&h, dir);
	} else {
		err = dir_changed(&h, dir);
	}
	err = ext4_stop(&h, err);
	if (err) {
		inode_put(i);
		return ERR_PTR(err);
	}
	ext4_seen_at(i, dir, name, len);
	return i;
}

static struct inode *ext4_create(struct inode *dir, const char *name, unsigned len, umode_t mode, dev_t rdev,
                                 const char *target, const struct cred *c)
{
	struct inode *i;

	if (s_isdir(mode) && nlink_full(dir))
		return ERR_PTR(-EMLINK);
	if (len > EXT4_NAME_LEN || (target && strlen(target) >= ext4_i(dir)->fs->block_size))
		return ERR_PTR(-ENAMETOOLONG);
	i = create_once(dir, name, len, mode, rdev, target, c);
	if (PTR_ERR(i) == -ENOSPC && !ext4_commit_all(ext4_i(dir)->fs))
		i = create_once(dir, name, len, mode, rdev, target, c);
	return i;
}

static struct inode *ext4_tmpfile(struct inode *dir, umode_t mode, const struct cred *c)
{
	struct ext4_handle h;
	struct inode *i;
	int err = ext4_start(ext4_i(dir)->fs, &h, CREATE_CREDITS);

	if (err)
		return ERR_PTR(err);
	i = ext4_inode_new(&h, dir, mode, c);
	if (IS_ERR(i)) {
		(void)ext4_stop(&h, 0);
		return i;
	}
	err = fill_new(&h, dir, i, 0, NULL);
	if (!err)
		err = disown(&h, i);
	err = ext4_stop(&h, err);
	if (!err)
		return i;
	i->nlink = 0;
	inode_put(i);
	return ERR_PTR(err);
}

static int link_once(struct inode *dir, const char *name, unsigned len, struct inode *i)
{
	struct ext4_handle h;
	int err = ext4_start(ext4_i(dir)->fs, &h, CREATE_CREDITS);

	if (err)
		return err;
	err = ext4_dir_add(&h, dir, name, len, i);
	if (!err) {
		i->nlink++;
		i->ctime = clock_realtime_coarse();
		if (i->nlink == 1)
			err = ext4_orphan_remove(&h, i);
	}
	if (!err)
		err = ext4_inode_write(&h, i);
	if (!err)
		err = dir_changed(&h, dir);
	else
		(void)ext4_inode_write(&h, dir);
	return ext4_stop(&h, err);
}

static int ext4_link(struct inode *dir, const char *name, unsigned len, struct inode *i)
{
	int err;

	if (nlink_full(i))
		return -EMLINK;
	if (len > EXT4_NAME_LEN)
		return -ENAMETOOLONG;
	err = link_once(dir, name, len, i);
	if (err == -ENOSPC && !ext4_commit_all(ext4_i(dir)->fs))
		err = link_once(dir, name, len, i);
	return err;
}

/* ---- removing ---- */

int ext4_name_gone(struct ext4_handle *h, struct inode *dir, struct inode *victim)
{
	int err = 0;

	if (s_isdir(victim->mode)) {
		victim->nlink = 0;
		ext4_nlink_dec(dir);
	} else if (victim->nlink) {
		victim->nlink--;
	}
	victim->ctime = clock_realtime_coarse();
	if (!victim->nlink)
		err = ext4_orphan_add(h, victim);
	return err ? err : ext4_inode_write(h, victim);
}

static int ext4_unlink(struct inode *dir, const char *name, unsigned len, struct inode *victim)
{
	struct ext4_fs *fs = ext4_i(dir)->fs;
	struct ext4_dir_at at;
	struct ext4_handle h;
	int err;

	if (s_isdir(victim->mode)) {
		err = ext4_dir_is_empty(victim);
		if (err <= 0)
			return err ? err : -ENOTEMPTY;
	}
	err = ext4_start(fs, &h, DIR_CREDITS);
	if (err)
		return err;
	err = ext4_dir_find(dir, name, len, &at);
	if (!err) {
		err = at.de->inode == victim->ino ? ext4_dir_remove(&h, dir, &at) : -ENOENT;
		ext4_buffer_put(fs, at.buf);
	}
	if (!err)
		err = ext4_name_gone(&h, dir, victim);
	if (!err)
		err = dir_changed(&h, dir);
	return ext4_stop(&h, err);
}

/* Each kind of inode stands twice: with an access control list its rights are asked of the list. */
#define EXT4_NODE_OPS                                                                                        \
	.setattr = ext4_setattr, .getattr = ext4_getattr, .getxattr = ext4_getxattr,                         \
	.setxattr = ext4_setxattr, .listxattr = ext4_listxattr, .removexattr = ext4_removexattr,             \
	.get_flags = ext4_get_flags, .set_flags = ext4_set_flags
#define EXT4_DIR_OPS                                                                                         \
	EXT4_NODE_OPS, .lookup = ext4_lookup, .create = ext4_create, .link = ext4_link,                      \
	               .unlink = ext4_unlink, .rename = ext4_rename, .tmpfile = ext4_tmpfile

const struct inode_ops ext4_dir_inode_ops = { EXT4_DIR_OPS };
const struct inode_ops ext4_dir_acl_inode_ops = { EXT4_DIR_OPS, .permission = ext4_permission };
/* Files, devices, FIFOs, sockets. */
const struct inode_ops ext4_node_inode_ops = { EXT4_NODE_OPS };
const struct inode_ops ext4_node_acl_inode_ops = { EXT4_NODE_OPS, .permission = ext4_permission };
const struct file_ops ext4_dir_ops = {
	.iterate = ext4_dir_iterate,
	.lseek = dir_lseek,
	.fsync = ext4_fsync,
};
