/* SPDX-License-Identifier: MIT
 *
 * fs/overlay/lookup.c - which real objects a name of the overlay stands for
 *
 * Owns:      struct ovl_node; the table upper inode -> overlay inode.
 * Layer:     fs/overlay.
 * Locks:     nodes_lock: the table.  Order: overlay inode->lock -> real inode->lock; nodes_lock below both.
 * Contexts:  process context; may sleep.
 * Manual:    Linux Documentation/filesystems/overlayfs.rst.
 * Tests:     tests/run.py overlay.
 *
 * Theory
 * ------
 * A name is looked up in the upper directory, then in the lower ones from the top down:
 *
 *      upper     whiteout (device 0:0)  -> there is no such name, whatever lies below
 *                file, link, device     -> that one
 *                directory              -> merged with the directories of this name below, down to an opaque one
 *      lower     the same, layer by layer; what is no directory ends it
 *
 * The overlay inode keeps the real dentries.  Without an upper one it is read-only until it is copied up (copyup.c);
 * for that it knows the overlay directory it lies in: such an object never moves, since renaming copies it first.
 *
 * Inode numbers: with all layers on one file system the real ones; else with the layer in the upper bits, as Linux
 * does with xino=on.  What is copied up keeps its number while its inode is in memory.
 */
#include <fs/overlay/internal.h>
#include <lib/hash.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <abi/errno.h>

enum { LAYER_SHIFT = 55 };

struct path ovl_upper_path(const struct inode *i)
{
	return (struct path){ ovl_super(i->sb)->upper.mnt, ovl_upper(i) };
}

struct path ovl_real(const struct inode *i)
{
	const struct ovl_node *n = ovl_node(i);

	if (ovl_upper(i))
		return ovl_upper_path(i);
	return (struct path){ ovl_super(i->sb)->layers[n->lower[0].layer].mnt, n->lower[0].d };
}

struct dentry *ovl_child(struct dentry *dir, const char *name, unsigned len)
{
	struct qname q = qname_make(name, len);
	struct dentry *d = dentry_lookup(dir, &q);

	if (IS_ERR(d) || d->inode)
		return d;
	dentry_put(d);
	return NULL;
}

int ovl_lower_has(struct inode *dir, const char *name, unsigned len)
{
	struct ovl_node *n = ovl_node(dir);

	for (unsigned k = 0; k < n->nlower; k++) {
		struct dentry *d = ovl_child(n->lower[k].d, name, len);
		bool whiteout;

		if (IS_ERR(d))
			return (int)PTR_ERR(d);
		if (!d)
			continue;
		whiteout = ovl_is_whiteout(d->inode);
		dentry_put(d);
		return !whiteout;
	}
	return 0;
}

/* ---- nodes ---- */

struct ovl_node *ovl_node_new(unsigned nlower)
{
	struct ovl_node *n = kzalloc(sizeof(*n) + nlower * sizeof(struct ovl_place));

	if (n)
		mutex_init(&n->lock);
	return n;
}

void ovl_node_free(struct ovl_node *n)
{
	dentry_put(n->upper);
	for (unsigned k = 0; k < n->nlower; k++)
		dentry_put(n->lower[k].d);
	if (n->parent)
		inode_put(n->parent);
	kfree(n);
}

/* Of a directory made of several nobody counts the subdirectories. */
static bool is_merged(const struct inode *i)
{
	return s_isdir(i->mode) && ovl_node(i)->nlower + (ovl_upper(i) ? 1 : 0) > 1;
}

void ovl_refresh(struct inode *i)
{
	const struct inode *real = ovl_real_inode(i);

	i->mode = real->mode;
	i->uid = real->uid;
	i->gid = real->gid;
	i->nlink = ovl_node(i)->gone ? 0 : is_merged(i) ? 1 : real->nlink;
	i->blocks = real->blocks;
	i->atime = real->atime;
	i->mtime = real->mtime;
	i->ctime = real->ctime;
	i->btime = real->btime;
	atomic_store(&i->size, atomic_load(&real->size));
}

u64 ovl_number(const struct ovl_super *s, const struct mount *layer, u64 ino)
{
	u64 n = 0;

	if (s->one_fs || layer == s->upper.mnt)
		return ino;
	while (s->layers[n].mnt != layer)
		n++;
	return ino ^ (n + 1) << LAYER_SHIFT;
}

static u64 number_of(const struct ovl_super *s, const struct ovl_node *n)
{
	if (!n->nlower)
		return n->upper->inode->ino;
	return ovl_number(s, s->layers[n->lower[0].layer].mnt, n->lower[0].d->inode->ino);
}

static struct inode *inode_new(struct super_block *sb, struct ovl_node *n)
{
	struct dentry *d = n->upper ? n->upper : n->lower[0].d;
	struct inode *i = inode_alloc(sb, d->inode->mode);

	if (!i)
		return NULL;
	i->private = n;
	n->inode = i;
	i->ino = number_of(ovl_super(sb), n);
	i->rdev = d->inode->rdev;
	i->ops = &ovl_node_ops;
	switch (i->mode & S_IFMT) {
	case S_IFDIR:
		i->ops = &ovl_dir_ops;
		i->fops = &ovl_dir_file_ops;
		break;
	case S_IFREG:
		i->fops = &ovl_file_ops;
		break;
	case S_IFLNK:
		i->ops = &ovl_link_ops;
		if (d->inode->link)
			i->link = kstrdup(d->inode->link); /* without memory: asked for each time */
		break;
	}
	ovl_refresh(i);
	return i;
}

static struct hlist_head *bucket(struct ovl_super *s, const struct inode *upper) NO_LOCK_CHECK
{
	return &s->nodes[hash_u64((unsigned long)upper, OVL_NODE_BITS)];
}

static struct inode *find_upper(struct ovl_super *s, const struct inode *upper) MUST_HOLD(&s->nodes_lock)
{
	struct ovl_node *n;

	hlist_for_each_entry(n, bucket(s, upper), link)
	{
		if (n->upper->inode == upper && ref_get_unless_zero(&n->inode->ref))
			return n->inode;
	}
	return NULL;
}

void ovl_node_hash(struct inode *i)
{
	struct ovl_super *s = ovl_super(i->sb);
	struct ovl_node *n = ovl_node(i);

	if (s_isdir(i->mode))
		return;
	mutex_lock(&s->nodes_lock);
	hlist_add_head(&n->link, bucket(s, n->upper->inode));
	mutex_unlock(&s->nodes_lock);
}

struct inode *ovl_inode_get(struct super_block *sb, struct ovl_node *n, struct inode *parent)
{
	struct ovl_super *s = ovl_super(sb);
	bool shared = n->upper && !s_isdir(n->upper->inode->mode);
	struct inode *i = NULL;

	mutex_lock(&s->nodes_lock);
	if (shared)
		i = find_upper(s, n->upper->inode);
	if (i) {
		mutex_unlock(&s->nodes_lock);
		ovl_node_free(n);
		return i;
	}
	i = inode_new(sb, n);
	if (i && shared)
		hlist_add_head(&n->link, bucket(s, n->upper->inode));
	mutex_unlock(&s->nodes_lock);
	if (!i) {
		ovl_node_free(n);
		return ERR_PTR(-ENOMEM);
	}
	if (!n->upper && parent)
		n->parent = inode_get(parent);
	return i;
}

void ovl_evict(struct inode *i)
{
	struct ovl_super *s = ovl_super(i->sb);
	struct ovl_node *n = ovl_node(i);

	if (!n)
		return;
	mutex_lock(&s->nodes_lock);
	hlist_del(&n->link);
	mutex_unlock(&s->nodes_lock);
	ovl_node_free(n);
}

/* ---- look-up ---- */

/* Adds what lower directory k of dir has under the name. 1: go on below, 0: the end, or an error. */
static int look_below(struct ovl_super *s, struct ovl_node *dir, unsigned k, struct ovl_node *n,
                      const char *name, unsigned len)
{
	struct dentry *d = ovl_child(dir->lower[k].d, name, len);
	bool isdir;

	if (IS_ERR(d))
		return (int)PTR_ERR(d);
	if (!d)
		return 1;
	isdir = s_isdir(d->inode->mode);
	if (ovl_is_whiteout(d->inode) || (!isdir && (n->upper || n->nlower))) {
		dentry_put(d);
		return 0;
	}
	n->lower[n->nlower++] = (struct ovl_place){ d, dir->lower[k].layer };
	return isdir && k + 1 < dir->nlower && !ovl_is_opaque(s, d->inode);
}

/* The same in the upper directory. */
static int look_above(struct ovl_super *s, struct dentry *upper, struct ovl_node *dir, struct ovl_node *n,
                      const char *name, unsigned len)
{
	struct dentry *d = ovl_child(upper, name, len);

	if (IS_ERR(d))
		return (int)PTR_ERR(d);
	if (!d)
		return 1;
	if (ovl_is_whiteout(d->inode)) {
		dentry_put(d);
		return 0;
	}
	n->upper = d;
	return s_isdir(d->inode->mode) && dir->nlower && !ovl_is_opaque(s, d->inode);
}

struct inode *ovl_lookup(struct inode *dir, const char *name, unsigned len)
{
	struct ovl_super *s = ovl_super(dir->sb);
	struct ovl_node *dn = ovl_node(dir), *n = ovl_node_new(dn->nlower);
	struct dentry *upper = ovl_upper(dir);
	int r = 1;

	if (!n)
		return ERR_PTR(-ENOMEM);
	if (upper)
		r = look_above(s, upper, dn, n, name, len);
	for (unsigned k = 0; k < dn->nlower && r > 0; k++)
		r = look_below(s, dn, k, n, name, len);
	if (r >= 0 && (n->upper || n->nlower))
		return ovl_inode_get(dir->sb, n, dir);
	ovl_node_free(n);
	return r < 0 ? ERR_PTR(r) : NULL;
}
