/* SPDX-License-Identifier: MIT
 *
 * fs/9p/node.c - inodes of a shared folder: identity, names at the server, attributes
 *
 * Owns:      struct p9_node; the table qid.path -> inode of each instance.
 * Layer:     fs/9p.
 * Locks:     nodes_lock: the table.  node->lock: fids.  Order: inode->lock -> nodes_lock -> node->lock.
 * Contexts:  process context; may sleep.
 * Manual:    Plan 9's stat(5), walk(5); diod's protocol.md: Tgetattr, Tsetattr.
 * Tests:     tests/run.py p9.
 *
 * Theory
 * ------
 * The server knows a file by the number we gave it when we walked there, a fid; QEMU keeps the path behind it.  An
 * inode keeps one or two fids, each with the name it was reached by: when a name is unlinked its fid is useless, and
 * the other name's serves.  Which inode a fid belongs to is said by qid.path, so hard links meet in one inode.
 *
 * Attributes are kept until `fresh_until`.  Looking again, two things can have changed: our own doing (`ours`), which
 * is no news, or somebody else's: then the cached pages of a file, or the cached names of a directory, go.
 */
#include <fs/9p/node.h>
#include <fs/dcache.h>
#include <base/clock.h>
#include <lib/hash.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <abi/errno.h>

static struct hlist_head *bucket(struct p9_super *s, u64 path) NO_LOCK_CHECK
{
	return &s->nodes[hash_u64(path, P9_NODE_BITS)];
}

struct p9_name p9_name_of(const struct inode *dir, const char *name, unsigned len)
{
	return (struct p9_name){ .hash = hash_bytes(name, len, 9), .dir = p9_node(dir)->qid.path };
}

static bool same_name(const struct p9_name *a, const struct p9_name *b)
{
	return a->dir == b->dir && a->hash == b->hash;
}

/* ---- names at the server ---- */

int p9_inode_fid(struct inode *i, u32 *fid)
{
	struct p9_node *n = p9_node(i);
	int err = -ENOENT;

	scoped_mutex(&n->lock);
	for (unsigned k = 0; k < n->max_names && err; k++) {
		*fid = n->names[k].fid;
		if (*fid)
			err = 0;
	}
	return err;
}

/* Room for as many names again; the first new place, or NULL. */
static COLD struct p9_name *names_grow(struct p9_node *n) MUST_HOLD(&n->lock)
{
	struct p9_name *more = kzalloc(2 * n->max_names * sizeof(*more)), *place;

	if (!more)
		return NULL;
	memcpy(more, n->names, n->max_names * sizeof(*more));
	if (n->names != n->few)
		kfree(n->names);
	n->names = more;
	place = &more[n->max_names];
	n->max_names *= 2;
	return place;
}

int p9_name_add(struct inode *i, u32 fid, const struct p9_name *name)
{
	struct p9_node *n = p9_node(i);
	struct p9_name *place = NULL;
	bool known = false;

	mutex_lock(&n->lock);
	for (unsigned k = 0; k < n->max_names && !known; k++) {
		known = n->names[k].fid && same_name(&n->names[k], name);
		if (!n->names[k].fid && !place)
			place = &n->names[k];
	}
	if (!known && !place)
		place = names_grow(n);
	if (!known && place) {
		*place = *name;
		place->fid = fid;
		n->gone = false;
	}
	mutex_unlock(&n->lock);
	if (known || !place)
		p9_clunk(p9_client(i), fid);
	return known || place ? 0 : -ENOMEM;
}

void p9_name_removed(struct inode *i, const struct p9_name *name)
{
	struct p9_node *n = p9_node(i);
	bool any = false;

	scoped_mutex(&n->lock);
	for (unsigned k = 0; k < n->max_names; k++) {
		if (n->names[k].fid && same_name(&n->names[k], name)) {
			p9_clunk(p9_client(i), n->names[k].fid);
			n->names[k].fid = 0;
		}
		any |= n->names[k].fid != 0;
	}
	n->gone = !any;
}

void p9_name_moved(struct inode *i, const struct p9_name *from, const struct p9_name *to)
{
	struct p9_node *n = p9_node(i);

	scoped_mutex(&n->lock);
	for (unsigned k = 0; k < n->max_names; k++) {
		if (!n->names[k].fid || !same_name(&n->names[k], from))
			continue;
		n->names[k].dir = to->dir;
		n->names[k].hash = to->hash;
	}
}

/* ---- attributes ---- */

static ktime_t time_of(const u64 t[2])
{
	return t[0] < (u64)INT64_MAX / NSEC_PER_SEC ? (ktime_t)(t[0] * NSEC_PER_SEC + t[1] % NSEC_PER_SEC)
	                                            : 0;
}

static ktime_t fresh_for(const struct super_block *sb)
{
	switch (p9_super(sb)->cache) {
	case P9_CACHE_NONE:
		return 0;
	case P9_CACHE_MMAP:
		return clock_monotonic() + P9_FRESH_NS;
	default:
		return KTIME_MAX;
	}
}

/* Everything but the size and what depends on it. */
static void set_attr(struct inode *i, const struct p9_attr *a)
{
	const struct p9_super *s = p9_super(i->sb);

	i->mode = (i->mode & S_IFMT) | (a->mode & S_IALLUGO);
	i->uid = a->uid == s->map_uid ? 0 : a->uid;
	i->gid = a->gid == s->map_gid ? 0 : a->gid;
	i->nlink = (u32)MIN(a->nlink, (u64)UINT32_MAX);
	i->blocks = a->blocks;
	i->atime = time_of(a->atime);
	i->mtime = time_of(a->mtime);
	i->ctime = time_of(a->ctime);
	if (a->valid & P9_GETATTR_BTIME)
		i->btime = time_of(a->btime);
}

/* The server's view of a file whose bytes we keep.  Ours is newer while somebody here writes. */
static void set_data(struct inode *i, const struct p9_attr *a)
{
	struct p9_node *n = p9_node(i);
	bool news = (u64)i->size != a->size || (n->server_mtime != time_of(a->mtime) && !n->ours);

	n->server_mtime = time_of(a->mtime);
	if (atomic_load(&n->writers)) {
		i->mtime = MAX(i->mtime, n->server_mtime);
		return;
	}
	if (news) {
		rwlock_write_lock(&i->lock);
		mapping_truncate(&i->data, 0);
		inode_set_size(i, (loff_t)a->size);
		rwlock_write_unlock(&i->lock);
	}
	n->ours = false;
}

int p9_inode_refresh(struct inode *i, bool now)
{
	struct p9_node *n = p9_node(i);
	struct p9_attr a;
	u32 fid;
	int err;

	if (!now && clock_monotonic() < n->fresh_until)
		return 0;
	err = p9_inode_fid(i, &fid);
	if (!err)
		err = p9_getattr(p9_client(i), fid, &a);
	if (err == -ENOENT && n->gone)
		return 0; /* open and unlinked: what we know is all there is */
	if (!err && (a.qid.path != n->qid.path || (a.mode ^ i->mode) & S_IFMT))
		err = -ESTALE; /* another file stands there now */
	if (err)
		return err;
	set_attr(i, &a);
	if (s_isreg(i->mode))
		set_data(i, &a);
	else
		i->size = (loff_t)a.size;
	n->asked_at = clock_monotonic();
	n->fresh_until = fresh_for(i->sb);
	return 0;
}

void p9_inode_changed(struct inode *i)
{
	p9_node(i)->ours = true;
	p9_node(i)->fresh_until = 0;
}

int p9_getattr_op(struct inode *i, struct kstat *st)
{
	int err = p9_inode_refresh(i, false);

	if (err)
		return err;
	st->size = (u64)i->size;
	st->blocks = i->blocks;
	st->mode = i->mode;
	st->nlink = i->nlink;
	st->uid = i->uid;
	st->gid = i->gid;
	st->atime = i->atime;
	st->mtime = i->mtime;
	st->ctime = i->ctime;
	st->btime = i->btime;
	return 0;
}

int p9_setattr_op(struct inode *i, const struct iattr *a)
{
	static const struct {
		u32 ours, server;
	} bits[] = { { ATTR_MODE, P9_SET_MODE },
		     { ATTR_UID, P9_SET_UID },
		     { ATTR_GID, P9_SET_GID },
		     { ATTR_SIZE, P9_SET_SIZE },
		     { ATTR_ATIME, P9_SET_ATIME },
		     { ATTR_MTIME, P9_SET_MTIME },
		     { ATTR_ATIME_SET, P9_SET_ATIME | P9_SET_ATIME_SET },
		     { ATTR_MTIME_SET, P9_SET_MTIME | P9_SET_MTIME_SET } };
	const struct p9_super *s = p9_super(i->sb);
	struct p9_setattr_args args = { .mode = (i->mode & S_IFMT) | (a->mode & S_IALLUGO),
		                        .uid = !a->uid && ~s->map_uid ? s->map_uid : a->uid,
		                        .gid = !a->gid && ~s->map_gid ? s->map_gid : a->gid,
		                        .size = (u64)a->size,
		                        .atime = a->atime,
		                        .mtime = a->mtime };
	u32 fid;
	int err = 0;

	for (unsigned k = 0; k < ARRAY_SIZE(bits); k++)
		if (a->valid & bits[k].ours)
			args.valid |= bits[k].server;
	if (!args.valid)
		return 0;
	if (s_isreg(i->mode)) /* a late write would change size and times again */
		err = p9_write_back(i);
	if (!err)
		err = p9_inode_fid(i, &fid);
	if (!err)
		err = p9_setattr(p9_client(i), fid, &args);
	else if (err == -ENOENT && p9_node(i)->gone && !(a->valid & ATTR_SIZE))
		err = 0;
	p9_inode_changed(i);
	return err;
}

/* ---- life ---- */

static void init_inode(struct inode *i, const struct p9_attr *a)
{
	bool cached = p9_cached(i);

	i->ino = a->qid.path;
	i->rdev = dev_make((unsigned)(a->rdev >> 8 & 0xfff),
	                   (unsigned)((a->rdev & 0xff) | (a->rdev >> 12 & 0xfff00)));
	i->ops = &p9_node_ops;
	switch (i->mode & S_IFMT) {
	case S_IFDIR:
		i->ops = &p9_dir_ops;
		i->fops = &p9_dir_file_ops;
		i->revalidate = !cached                                   ? NAMES_NEVER
		                : p9_super(i->sb)->cache == P9_CACHE_MMAP ? NAMES_ASK
		                                                          : NAMES_CACHED;
		break;
	case S_IFREG:
		inode_init_data(i, &p9_mapping_ops, MEMC_CACHE);
		i->fops = cached ? &p9_file_ops : &p9_direct_ops;
		break;
	case S_IFLNK:
		i->ops = &p9_link_ops;
		break;
	}
	set_attr(i, a);
	if (s_isreg(i->mode))
		inode_set_size(i, (loff_t)a->size);
	else
		i->size = (loff_t)a->size;
}

static struct inode *make_inode(struct super_block *sb, const struct p9_attr *a) NO_LOCK_CHECK
{
	struct p9_node *n = kzalloc(sizeof(*n));
	struct inode *i = n ? inode_alloc(sb, (umode_t)a->mode) : NULL;

	if (!i) {
		kfree(n);
		return NULL;
	}
	mutex_init(&n->lock);
	n->names = n->few;
	n->max_names = P9_NAMES;
	n->inode = i;
	n->qid = a->qid;
	n->server_mtime = time_of(a->mtime);
	n->asked_at = clock_monotonic();
	n->fresh_until = n->names_until = fresh_for(sb);
	i->private = n;
	init_inode(i, a);
	return i;
}

static bool has_name(struct p9_node *n, const struct p9_name *name)
{
	bool found = false;

	scoped_mutex(&n->lock);
	for (unsigned k = 0; k < n->max_names && !found; k++)
		found = n->names[k].fid && same_name(&n->names[k], name);
	return found;
}

/*
 * The inode that is known by this name, or by another one of several.  The number alone does not say it: when a
 * file is gone, the server soon gives its number to a new one, and ours may not have been let go of yet.
 */
static struct inode *find(struct p9_super *s, const struct p9_attr *a, const struct p9_name *name)
        MUST_HOLD(&s->nodes_lock)
{
	struct p9_node *n;

	hlist_for_each_entry(n, bucket(s, a->qid.path), link)
	{
		if (n->qid.path == a->qid.path && !((n->inode->mode ^ a->mode) & S_IFMT) && !n->gone &&
		    ((a->nlink > 1 && !s_isdir((umode_t)a->mode)) || has_name(n, name)) &&
		    ref_get_unless_zero(&n->inode->ref))
			return n->inode;
	}
	return NULL;
}

struct inode *p9_inode_get(struct super_block *sb, u32 fid, const struct p9_attr *a,
                           const struct p9_name *name, bool fresh)
{
	struct p9_super *s = p9_super(sb);
	struct inode *i, *new = NULL;

	mutex_lock(&s->nodes_lock);
	i = fresh ? NULL : find(s, a, name);
	if (!i) {
		i = new = make_inode(sb, a);
		if (new)
			hlist_add_head(&p9_node(new)->link, bucket(s, a->qid.path));
	}
	mutex_unlock(&s->nodes_lock);
	if (!i) {
		p9_clunk(s->client, fid);
		return ERR_PTR(-ENOMEM);
	}
	if (p9_name_add(i, fid, name)) {
		inode_put(i);
		return ERR_PTR(-ENOMEM);
	}
	if (!new) {
		set_attr(i, a);
		if (s_isreg(i->mode))
			set_data(i, a);
		p9_node(i)->asked_at = clock_monotonic();
		p9_node(i)->fresh_until = fresh_for(sb);
	}
	return i;
}

struct inode *p9_inode_walk(struct inode *dir, const char *name, unsigned len, bool fresh)
{
	struct p9_client *c = p9_client(dir);
	struct p9_name place = p9_name_of(dir, name, len);
	struct p9_attr a;
	u32 from, fid;
	int err = p9_inode_fid(dir, &from);

	if (err)
		return ERR_PTR(err);
	fid = p9_fid_new(c);
	err = p9_walk(c, from, name, len, fid);
	if (err) {
		p9_fid_free(c, fid);
		return err == -ENOENT ? NULL : ERR_PTR(err);
	}
	err = p9_getattr(c, fid, &a);
	if (err) {
		p9_clunk(c, fid);
		return err == -ENOENT ? NULL : ERR_PTR(err);
	}
	return p9_inode_get(dir->sb, fid, &a, &place, fresh);
}

void p9_evict(struct inode *i) NO_LOCK_CHECK
{
	struct p9_node *n = p9_node(i);
	struct p9_super *s = p9_super(i->sb);

	if (!n)
		return;
	mutex_lock(&s->nodes_lock);
	hlist_del(&n->link);
	mutex_unlock(&s->nodes_lock);
	if (n->rfid != n->names[0].fid)
		p9_clunk(s->client, n->rfid);
	for (unsigned k = 0; k < n->max_names; k++)
		p9_clunk(s->client, n->names[k].fid);
	p9_clunk(s->client, n->wfid);
	if (n->names != n->few)
		kfree(n->names);
	kfree(n);
}
