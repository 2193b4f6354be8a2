/* SPDX-License-Identifier: MIT
 *
 * fs/inode.c - inodes: life, permission, times, who writes
 *
 * Owns:      struct inode and its slab.
 * Layer:     fs.
 * Locks:     inode->lock: contents of a directory, size of a file, and the fields chmod and chown change.
 *            Readers of single fields (stat, permission) take none: each is one word. `writers` is atomic.
 * Contexts:  process context; inode_permission of mode bits does not sleep (the quick walk calls it under
 *            RCU).
 * Manual:    inode(7), path_resolution(7), capabilities(7).
 * Tests:     tests/abi/ids2.c.
 */
#include <fs/inode.h>
#include <fs/chrdev.h>
#include <fs/writeback.h>
#include <base/clock.h>
#include <mem/slab.h>
#include <abi/errno.h>

static struct kmem_cache *inode_slab;
static const struct inode_ops no_inode_ops;

int no_open(struct inode *i, struct file *f)
{
	return -ENXIO;
}

const struct file_ops no_open_ops = { .open = no_open };

void inode_cache_init(void)
{
	inode_slab = kmem_cache_create("inode", sizeof(struct inode), 64);
}

struct inode *inode_alloc(struct super_block *sb, umode_t mode)
{
	struct inode *i = kmem_cache_alloc(inode_slab, ALLOC_ZERO);

	if (!i)
		return NULL;
	ref_init(&i->ref, 1);
	i->mode = mode;
	i->nlink = 1;
	i->sb = sb;
	i->ino = atomic_add(&sb->next_ino, 1);
	i->ops = &no_inode_ops;
	i->fops = (mode & S_IFMT) == S_IFCHR ? &chrdev_open_ops : &no_open_ops;
	i->atime = i->mtime = i->ctime = i->btime = clock_realtime_coarse();
	rwlock_init(&i->lock);
	list_init(&i->locks);
	list_init(&i->dirty_link);
	return i;
}

void inode_init_data(struct inode *i, const struct mapping_ops *ops, enum mem_counter counter)
{
	mapping_init(&i->data, ops, i, counter);
	i->data.store = &i->sb->store;
	i->mapping = &i->data;
	inode_set_size(i, 0);
}

static void inode_free_rcu(struct rcu_head *h)
{
	struct inode *i = container_of(h, struct inode, rcu);

	kfree(i->link);
	kmem_cache_free(inode_slab, i);
}

void inode_put(struct inode *i)
{
	/* What has a name outlives its last user: it is written before nobody can be asked any more. */
	if (unlikely(ref_read(&i->ref) == 1 && inode_is_dirty(i)) && i->nlink)
		inode_write_back(i);
	if (!ref_put(&i->ref))
		return;
	inode_forget_dirty(i);
	assert(list_empty(&i->locks));
	if (i->sb->ops && i->sb->ops->evict)
		i->sb->ops->evict(i);
	if (i->mapping == &i->data)
		mapping_destroy(&i->data);
	rcu_call(&i->rcu, inode_free_rcu);
}

/* Owner of a new inode: fsuid; group of a set-group-id directory, else fsgid (inode(7), "S_ISGID"). */
void inode_init_owner(struct inode *i, const struct inode *dir, umode_t mode, const struct cred *c)
{
	i->uid = c->fsuid;
	i->gid = c->fsgid;
	if (dir && dir->mode & S_ISGID) {
		i->gid = dir->gid;
		if (s_isdir(mode))
			mode |= S_ISGID;
		else if ((mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && !cred_in_group(c, i->gid) &&
		         !cred_capable(c, CAP_FSETID))
			mode &= ~(umode_t)S_ISGID;
	}
	i->mode = mode;
}

/* ---- permission ---- */

int inode_permission_mode(struct inode *i, unsigned want, const struct cred *c)
{
	umode_t bits = i->mode;

	want &= MAY_READ | MAY_WRITE | MAY_EXEC;
	if (c->fsuid == i->uid)
		bits >>= 6;
	else if ((((bits >> 3) ^ bits) & want) && cred_in_group(c, i->gid))
		bits >>= 3;
	if (!(want & ~bits))
		return 0;

	if (s_isdir(i->mode)) {
		if (!(want & MAY_WRITE) && cred_capable(c, CAP_DAC_READ_SEARCH))
			return 0;
		return cred_capable(c, CAP_DAC_OVERRIDE) ? 0 : -EACCES;
	}
	if (want == MAY_READ && cred_capable(c, CAP_DAC_READ_SEARCH))
		return 0;
	/* Nobody may execute what has no x bit at all. */
	if ((!(want & MAY_EXEC) || i->mode & S_IXUGO) && cred_capable(c, CAP_DAC_OVERRIDE))
		return 0;
	return -EACCES;
}

int inode_permission(struct inode *i, unsigned want, const struct cred *c)
{
	if (unlikely(i->flags & INODE_IMMUTABLE) && want & MAY_WRITE)
		return -EPERM;
	if (unlikely(i->ops->permission != NULL))
		return i->ops->permission(i, want, c);
	return inode_permission_mode(i, want, c);
}

bool inode_owner_or_capable(const struct inode *i, const struct cred *c)
{
	return c->fsuid == i->uid || cred_capable(c, CAP_FOWNER);
}

/* ---- attributes ---- */

int inode_getattr(struct inode *i, struct kstat *st)
{
	*st = (struct kstat){
		.ino = i->ino,
		.size = (u64)atomic_load(&i->size),
		.blocks = i->blocks,
		.dev = i->sb->dev,
		.rdev = i->rdev,
		.mode = i->mode,
		.nlink = i->nlink,
		.blksize = i->sb->blocksize ? i->sb->blocksize : PAGE_SIZE,
		.uid = i->uid,
		.gid = i->gid,
		.atime = i->atime,
		.mtime = i->mtime,
		.ctime = i->ctime,
		.btime = i->btime,
		.has_flags = i->ops->get_flags != NULL,
		.flags = i->flags,
	};
	return i->ops->getattr ? i->ops->getattr(i, st) : 0;
}

void inode_touch(struct inode *i, unsigned attr)
{
	ktime_t now = clock_realtime_coarse();

	if (attr & ATTR_ATIME)
		i->atime = now;
	if (attr & ATTR_MTIME)
		i->mtime = i->ctime = now;
	inode_mark_dirty(i);
}

void inode_truncate(struct inode *i, loff_t size)
{
	inode_set_size(i, size);
	if (i->mapping)
		mapping_truncate(i->mapping, (u64)size);
}

/* ---- text file busy ---- */

/* One step away from zero in a direction, unless the count stands on the other side. */
static int count_toward(s32 *count, s32 step)
{
	s32 n = atomic_load(count);

	do {
		if (step > 0 ? n < 0 : n > 0)
			return -ETXTBSY;
	} while (
	        !__atomic_compare_exchange_n(count, &n, n + step, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
	return 0;
}

int inode_get_write(struct inode *i)
{
	return count_toward(&i->writers, 1);
}

void inode_put_write(struct inode *i)
{
	s32 left = atomic_sub(&i->writers, 1);
	assert(left >= 0);
}

int inode_deny_write(struct inode *i)
{
	return count_toward(&i->writers, -1);
}

void inode_allow_write(struct inode *i)
{
	s32 left = atomic_add(&i->writers, 1);
	assert(left <= 0);
}
