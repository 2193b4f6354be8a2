/* SPDX-License-Identifier: MIT
 *
 * fs/tmpfs/handle.c - file handles
 *
 * Owns:      tmpfs_sb.by_ino.
 * Layer:     fs/tmpfs.
 * Locks:     handles_lock, a leaf; sb->rename_mutex keeps a directory where it is.
 * Contexts:  process context; may sleep.
 * Manual:    open_by_handle_at(2).
 * Tests:     tests/abi/handle.c
 *
 * Inode numbers are not given twice in one instance, so a number is enough; the birth of the inode goes with it, so that
 * a handle of another instance is seen.  Inodes are found by number from when a handle was made of them.
 */
#include <fs/handle.h>
#include <fs/tmpfs/tmpfs_internal.h>
#include <lib/string.h>
#include <abi/errno.h>

static u32 birth(const struct inode *i)
{
	return (u32)i->btime ^ (u32)(i->btime >> 32);
}

static int handle_words(struct inode *i, u32 fh[HANDLE_WORDS])
{
	struct tmpfs_sb *t = tmpfs_sb(i->sb);
	int err;

	spin_lock(&t->handles_lock);
	err = xa_store(&t->by_ino, i->ino, i);
	spin_unlock(&t->handles_lock);
	if (err)
		return err;
	fh[0] = birth(i);
	fh[1] = (u32)i->ino;
	fh[2] = (u32)(i->ino >> 32);
	return HANDLE_WORDS;
}

void tmpfs_handle_forget(struct inode *i)
{
	struct tmpfs_sb *t = tmpfs_sb(i->sb);

	spin_lock(&t->handles_lock);
	(void)xa_erase(&t->by_ino, i->ino);
	spin_unlock(&t->handles_lock);
}

static struct inode *handle_inode(struct super_block *sb, const u32 *fh, unsigned n)
{
	struct tmpfs_sb *t = tmpfs_sb(sb);
	struct inode *i;

	if (n < HANDLE_WORDS)
		return ERR_PTR(-ESTALE);
	spin_lock(&t->handles_lock);
	i = xa_load(&t->by_ino, fh[1] | (u64)fh[2] << 32);
	if (i && (birth(i) != fh[0] || !ref_get_unless_zero(&i->ref)))
		i = NULL;
	spin_unlock(&t->handles_lock);
	return i ? i : ERR_PTR(-ESTALE);
}

/* While it has a name its parent lives; that may end at any moment, but memory is freed after a grace period only. */
static struct inode *parent_get(struct inode *dir)
{
	struct inode *parent;

	rcu_read_lock();
	parent = atomic_load(&((struct tmpfs_dir *)dir->private)->parent);
	if (parent && (!atomic_load(&dir->nlink) || !ref_get_unless_zero(&parent->ref)))
		parent = NULL;
	rcu_read_unlock();
	return parent;
}

static int dir_name(struct inode *dir, struct inode **out, char *name)
{
	struct inode *parent;
	int err = -ESTALE;

	mutex_lock(&dir->sb->rename_mutex);
	parent = parent_get(dir);
	mutex_unlock(&dir->sb->rename_mutex);
	if (!parent)
		return -ESTALE;
	rwlock_read_lock(&parent->lock);
	const struct tmpfs_dir *d = parent->private;
	for (struct rb_node *n = rb_last(&d->cookies); n && err; n = rb_prev(n)) {
		struct tmpfs_dirent *e = rb_entry(n, struct tmpfs_dirent, by_cookie);

		if (e->inode != dir)
			continue;
		memcpy(name, e->name, e->len + 1);
		err = 0;
	}
	rwlock_read_unlock(&parent->lock);
	if (err)
		inode_put(parent);
	*out = parent;
	return err;
}

const struct handle_ops tmpfs_handle_ops = {
	.make = handle_words,
	.find = handle_inode,
	.dir_name = dir_name,
};
