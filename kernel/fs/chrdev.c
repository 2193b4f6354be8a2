/* SPDX-License-Identifier: MIT
 *
 * fs/chrdev.c - character devices: numbers to operations
 *
 * Owns:      the registered ranges.
 * Layer:     fs.
 * Locks:     reg_lock for registering; ranges are never removed, so finding one takes no lock.
 * Contexts:  registering: process context; finding: any.
 * Manual:    mknod(2), null(4).
 * Tests:     tests/abi/system.c.
 */
#include <fs/chrdev.h>
#include <fs/inode.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <abi/errno.h>

enum { BUCKETS = 32, NODE_NAME = 32 };
struct range {
	struct range *next;     /* of the bucket */
	struct range *next_all; /* in order of registration */
	unsigned major, first, count;
	const char *name;
	umode_t mode;
	const struct file_ops *ops;
	char base[NODE_NAME];      /* a copy of the caller's name */
	char text[NODE_NAME + 12]; /* the name asked for last, when it has a number */
};
static struct range *buckets[BUCKETS];
static struct range *all, **all_tail = &all;
static struct spinlock reg_lock = SPINLOCK_INIT("chrdev");
const struct file_ops *fifo_file_ops;
const struct file_ops *blkdev_file_ops;
void (*chrdev_added)(const struct chrdev_node *n);
void (*devnode_removed)(const char *name);

static struct range *range_find(unsigned major, unsigned first, unsigned count)
{
	struct range *r = atomic_load_acquire(&buckets[major % BUCKETS]);

	for (; r; r = r->next)
		if (r->major == major && first < r->first + r->count && r->first < first + count)
			return r;
	return NULL;
}

static const char *node_name(struct range *r, unsigned i)
{
	if (r->count == 1)
		return r->name;
	scnprintf(r->text, sizeof(r->text), "%s%u", r->name, i);
	return r->text;
}

static void node_fill(struct range *r, unsigned i, struct chrdev_node *out)
{
	*out = (struct chrdev_node){ node_name(r, i), dev_make(r->major, r->first + i), r->mode };
}

int chrdev_register(unsigned major, unsigned first, unsigned count, const char *name, umode_t mode,
                    const struct file_ops *ops)
{
	struct range *r = kzalloc(sizeof(*r));

	if (!r)
		return -ENOMEM;
	*r = (struct range){ .major = major, .first = first, .count = count, .mode = mode, .ops = ops };
	if (name) {
		strlcpy(r->base, name, sizeof(r->base));
		r->name = r->base;
	}
	spin_lock(&reg_lock);
	if (range_find(major, first, count)) {
		spin_unlock(&reg_lock);
		kfree(r);
		return -EBUSY;
	}
	r->next = buckets[major % BUCKETS];
	atomic_store_release(&buckets[major % BUCKETS], r);
	atomic_store_release(all_tail, r);
	all_tail = &r->next_all;
	spin_unlock(&reg_lock);

	for (unsigned i = 0; name && chrdev_added && i < count; i++) {
		struct chrdev_node n;

		node_fill(r, i, &n);
		chrdev_added(&n);
	}
	return 0;
}

const struct file_ops *chrdev_find(dev_t dev)
{
	struct range *r = range_find(dev_major(dev), dev_minor(dev), 1);

	return r ? r->ops : NULL;
}

bool chrdev_node(unsigned index, struct chrdev_node *out)
{
	struct range *r = atomic_load_acquire(&all);

	for (; r; r = atomic_load_acquire(&r->next_all)) {
		if (!r->name)
			continue;
		if (index < r->count) {
			node_fill(r, index, out);
			return true;
		}
		index -= r->count;
	}
	return false;
}

static int chrdev_open(struct inode *i, struct file *f)
{
	const struct file_ops *ops = chrdev_find(i->rdev);

	if (!ops)
		return -ENXIO;
	f->ops = ops;
	return ops->open ? ops->open(i, f) : 0;
}

const struct file_ops chrdev_open_ops = { .open = chrdev_open };
