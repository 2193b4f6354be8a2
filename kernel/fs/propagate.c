/* SPDX-License-Identifier: MIT
 *
 * fs/propagate.c - mounts that appear and vanish together: shared, slave, private and unbindable mounts
 *
 * Owns:      mount.group, master_group, unbindable, round, source, pending.
 * Layer:     fs.
 * Locks:     mount_mutex, held by all callers.
 * Contexts:  process context; may sleep.
 * Manual:    mount_namespaces(7), "Shared subtrees"; proc(5), mountinfo.
 * Tests:     tests/abi/propagate.c.
 * Deviates:  a copy that a umount removes elsewhere goes even if it is in use there (Linux answers EBUSY), but not if
 *            something is mounted on it.  MNT_DETACH of a tree takes only the copies of its top away.
 *
 * Theory
 * ------
 * Two numbers in a mount say all: the group whose member it is (it is shared with its peers), and the group it is
 * a slave of.  What is mounted at a place of one mount is mounted at the same place of every mount it reaches:
 *
 *      A, B: group 1    C: slave of 1    D: group 2, slave of 1    E: group 2, slave of 1    F: slave of 2
 *
 *      a mount in A appears in B (copies are peers), C (a slave), D and E (peers of each other, slaves), F;
 *      a mount in D appears in E and F alone.
 *
 * The set is found by going over all mounts until nothing is added: mounts are few, and only the privileged make them.
 * `round` marks those that were reached, `source` is the copy that the ones behind it are made from.
 */
#include <fs/propagate.h>
#include <fs/dcache.h>
#include <abi/errno.h>

static u32 round, last_group;

void propagation_copy(struct mount *copy, const struct mount *orig)
{
	copy->group = orig->group;
	copy->master_group = orig->master_group;
}

void propagation_leave(struct mount *m)
{
	u32 group = m->group;
	struct mount *other;

	m->group = 0;
	if (!group)
		return;
	list_for_each_entry (other, &all_mounts, all)
		if (other->group == group)
			return;
	/* The last of its group: its slaves follow its own master. */
	list_for_each_entry (other, &all_mounts, all)
		if (other->master_group == group)
			other->master_group = m->master_group;
}

static bool has_peer(const struct mount *m)
{
	struct mount *other;

	list_for_each_entry (other, &all_mounts, all)
		if (other != m && other->group == m->group)
			return true;
	return false;
}

void propagation_set(struct mount *m, unsigned long type)
{
	u32 group = m->group;

	m->unbindable = type == MS_UNBINDABLE;
	switch (type) {
	case MS_SHARED:
		if (!group)
			m->group = ++last_group;
		break;
	case MS_SLAVE:
		if (group && has_peer(m))
			m->master_group = group;
		propagation_leave(m);
		break;
	default: /* private, unbindable */
		propagation_leave(m);
		m->master_group = 0;
	}
}

/* ---- mounting ---- */

/* One that was reached already and hands on to m: a peer, or a member of its master's group. */
static struct mount *reached_from(const struct mount *m)
{
	struct mount *y, *master = NULL;

	list_for_each_entry (y, &all_mounts, all) {
		if (y->round != round)
			continue;
		if (m->group && y->group == m->group)
			return y;
		if (m->master_group && y->group == m->master_group)
			master = y;
	}
	return master;
}

/* A copy of the tree `from->source` for m, which `from` hands on to. */
static int copy_for(struct mount *m, const struct mount *from)
{
	struct path top = { from->source, from->source->root };
	bool peer = m->group && m->group == from->group;
	struct mount *copy = mount_copy_tree(&top, true), *o, *c;

	if (IS_ERR(copy))
		return (int)PTR_ERR(copy);
	if (!peer)
		for (o = copy; o; o = mount_next(o, copy, true)) {
			o->master_group = o->group;
			o->group = 0;
		}
	for (c = copy; c && m->group && !peer; c = mount_next(c, copy, true))
		c->group = ++last_group; /* its own peers come next */
	m->pending = m->source = copy;
	return 0;
}

/* Did m come with this very mount: in src's tree, or in a copy that is attached to nothing yet?  Without this a tree
 * that holds a peer of its own destination would be copied into its copies for ever. */
static bool is_new(const struct mount *m, const struct mount *src)
{
	while (m != src && m->parent != m)
		m = m->parent;
	return m == src || !mount_in_tree(m);
}

/* Copies of `src`, which is mounted at `at` of `dest`, for all that dest hands on to. */
static int make_copies(struct mount *dest, struct dentry *at, struct mount *src)
{
	struct mount *m;
	bool more;
	int err = 0;

	round++;
	dest->round = round;
	dest->source = src;
	do {
		more = false;
		list_for_each_entry (m, &all_mounts, all) {
			struct mount *from = m->round == round ? NULL : reached_from(m);

			if (!from || is_new(m, src))
				continue;
			m->round = round;
			m->source = from->source;
			m->pending = NULL;
			if (dentry_is_ancestor(m->root, at))
				err = copy_for(m, from);
			if (err)
				return err;
			more = true;
		}
	} while (more);
	return 0;
}

static void share_tree(struct mount *top)
{
	for (struct mount *m = top; m; m = mount_next(m, top, true))
		if (!m->group)
			m->group = ++last_group;
}

int propagate_mount(struct mount *dest, struct dentry *at, struct mount *src)
{
	struct mount *m;
	int err;

	if (!dest->group)
		return 0;
	share_tree(src);
	err = make_copies(dest, at, src);
	list_for_each_entry (m, &all_mounts, all) {
		struct path place = { m, at };
		struct mount *copy = m->round == round ? m->pending : NULL;

		m->pending = NULL;
		if (!copy)
			continue;
		if (err)
			mount_discard(copy);
		else
			mount_attach(copy, &place); /* at the end of the list: met again without `pending` */
	}
	return err;
}

/* ---- unmounting ---- */

void propagate_umount(struct mount *gone)
{
	struct mount *dest = gone->parent, *m, *next;
	struct dentry *at = gone->mountpoint;
	bool more;

	if (dest == gone || !dest->group)
		return;
	round++;
	dest->round = round;
	do {
		more = false;
		list_for_each_entry (m, &all_mounts, all) {
			if (m->round == round || !reached_from(m))
				continue;
			m->round = round;
			more = true;
		}
	} while (more);
	list_for_each_entry_safe (m, next, &all_mounts, all)
		if (m != gone && m->parent != dest && m->parent->round == round && m->mountpoint == at &&
		    m->sb == gone->sb && m->root == gone->root && !mount_has_children(m))
			mount_detach(m, true);
}
