/* SPDX-License-Identifier: MIT
 *
 * fs/writeback.c - inodes whose fields are newer than their store
 *
 * Owns:      super_block.dirty_inodes, inode.dirty; the pins of the flusher on instances.
 * Layer:     fs.  Uses vm (writeback of pages).
 * Locks:     inodes_lock, a leaf spinlock: the lists.
 * Contexts:  process context; inode_mark_dirty does not sleep.
 * Manual:    sync(2), syncfs(2).
 * Tests:     kernel/fs/storefs_ktest.c.
 *
 * An inode alone does not keep its instance, so the flusher, which finds both by the list of dirty mappings, pins
 * the instance as well; the end of an instance waits for the pins.
 */
#include <fs/writeback.h>
#include <fs/dcache.h>
#include <sched/waitq.h>

static struct spinlock inodes_lock = SPINLOCK_INIT("dirty_inodes");
static u64 nr_dirty GUARDED_BY(&inodes_lock);
static struct waitq unpinned = WAITQ_INIT(unpinned);

void inode_mark_dirty(struct inode *i)
{
	struct super_block *sb = i->sb;

	if (likely(!sb->ops || !sb->ops->write_inode) || atomic_load(&i->dirty))
		return;
	spin_lock(&inodes_lock);
	if (!i->dirty) {
		atomic_store(&i->dirty, true);
		i->dirtied_when = clock_monotonic();
		list_add_tail(&i->dirty_link, &sb->dirty_inodes);
		nr_dirty++;
	}
	spin_unlock(&inodes_lock);
	flusher_note_dirty();
}

/* True when it was dirty. */
static bool take_dirty(struct inode *i)
{
	bool was;

	spin_lock(&inodes_lock);
	was = i->dirty;
	nr_dirty -= was;
	atomic_store(&i->dirty, false);
	list_del(&i->dirty_link);
	list_init(&i->dirty_link);
	spin_unlock(&inodes_lock);
	return was;
}

void inode_forget_dirty(struct inode *i)
{
	if (unlikely(i->dirty))
		(void)take_dirty(i);
}

/* Clean first: who changes the fields meanwhile marks it again. */
static int write_fields(struct inode *i, bool wait)
{
	int err;

	if (!atomic_load(&i->dirty) || !take_dirty(i))
		return 0;
	err = i->sb->ops->write_inode(i, wait);
	if (err)
		mapping_note_error(i->mapping, &i->sb->store, err);
	return err;
}

void inode_write_back(struct inode *i)
{
	if (i->mapping == &i->data)
		(void)mapping_sync(i->mapping, 0, ~0UL);
	(void)write_fields(i, false);
}

/* ---- the flusher's references ---- */

bool super_pin(struct super_block *sb)
{
	atomic_add(&sb->pins, 1);
	memory_barrier();
	if (!atomic_load(&sb->dying))
		return true;
	super_unpin(sb);
	return false;
}

void super_unpin(struct super_block *sb)
{
	if (atomic_sub(&sb->pins, 1) == 0)
		waitq_wake_all(&unpinned);
}

/* The inode with its instance. */
static bool pin_inode(struct inode *i)
{
	if (!super_pin(i->sb))
		return false;
	if (ref_get_unless_zero(&i->ref))
		return true;
	super_unpin(i->sb);
	return false;
}

static void unpin_inode(struct inode *i)
{
	struct super_block *sb = i->sb;

	inode_put(i);
	super_unpin(sb);
}

bool inode_mapping_hold(struct mapping *m)
{
	return pin_inode(m->host);
}

void inode_mapping_release(struct mapping *m)
{
	unpin_inode(m->host);
}

void writeback_end_super(struct super_block *sb)
{
	atomic_store(&sb->dying, true);
	memory_barrier();
	wait_event(&unpinned, !atomic_load(&sb->pins));
}

/* ---- whole instances ---- */

/* The first inode of the list that became dirty until then, referenced and pinned. */
static struct inode *next_dirty(struct super_block *sb, ktime_t until)
{
	struct inode *i;

	spin_lock(&inodes_lock);
	list_for_each_entry (i, &sb->dirty_inodes, dirty_link) {
		if (i->dirtied_when > until)
			break;
		if (pin_inode(i)) {
			spin_unlock(&inodes_lock);
			return i;
		}
	}
	spin_unlock(&inodes_lock);
	return NULL;
}

static int write_inodes(struct super_block *sb, ktime_t until, bool wait)
{
	struct inode *i;
	int first_err = 0;

	while ((i = next_dirty(sb, until))) {
		int err = write_fields(i, wait);

		unpin_inode(i);
		first_err = first_err ? first_err : err;
		cond_resched();
	}
	return first_err;
}

int super_sync(struct super_block *sb)
{
	int err, late;

	err = mapping_sync_store(&sb->store);
	late = write_inodes(sb, clock_monotonic(), false);
	err = err ? err : late;
	late = sb->ops && sb->ops->sync ? sb->ops->sync(sb) : 0;
	return err ? err : late;
}

/* ---- the flusher's part ---- */

static bool inodes_pending(void)
{
	return atomic_load(&nr_dirty);
}

static void write_old_of(struct super_block *sb, void *ctx)
{
	(void)write_inodes(sb, *(ktime_t *)ctx, false);
}

static void write_old(ktime_t until)
{
	if (atomic_load(&nr_dirty))
		super_for_each(write_old_of, &until);
}

/* ---- memory is short ---- */

struct shrink {
	unsigned long n, dropped;
};

static void shrink_one(struct super_block *sb, void *ctx)
{
	struct shrink *k = ctx;

	if (sb->ops && sb->ops->shrink)
		k->dropped += sb->ops->shrink(sb, k->n);
}

/* Names and, with their last names, inodes; then what file systems keep besides. */
static unsigned long drop_objects(unsigned long n)
{
	struct shrink k = { n, dcache_shrink_some(n) };

	super_for_each(shrink_one, &k);
	return k.dropped;
}

void writeback_init(void)
{
	flusher_inodes = (struct flusher_inodes){ inodes_pending, write_old };
	reclaim_objects = drop_objects;
}
