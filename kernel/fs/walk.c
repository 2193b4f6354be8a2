/* SPDX-License-Identifier: MIT
 *
 * fs/walk.c - from a path name to a place
 *
 * Owns:      struct walker.
 * Layer:     fs.
 * Locks:     the quick walk takes none but the fs context's spinlock at the start. The sure walk takes
 *            dcache_lock, mount_lock and, when a name is not cached, the directory's lock, one at a time.
 * Contexts:  process context; may sleep.
 * Manual:    path_resolution(7), symlink(7), openat(2).
 * Tests:     tests/abi/at.c, fs/dcache_ktest.c.
 *
 * Theory
 * ------
 * One loop, two gaits:
 *
 *   quick (rcu)  takes no reference on anything.  Dentries, inodes and mounts it meets stay readable until
 *                the next grace period, and it does not sleep.  At the end it takes references to the one
 *                place it arrived at, and then looks whether a rename or mount happened meanwhile
 *                (dcache_seq, mount_seq).  Whatever it cannot do (a name not cached, a permission check that
 *                may sleep, a magic link) ends in -ECHILD.
 *   sure         holds references on the place where it stands, asks the file system, sleeps.
 *
 * Every lookup tries quick first.  Links need no recursion: what follows a link in the string is pushed on
 * rest[], and the link's text becomes the string; at its end the walk pops.  40 links in all, so the stack is
 * an array.
 *
 *       "/a/link/b"    link -> "../x/y"
 *        name = "../x/y"   rest = [ "b" ]      then name = "b"
 */
#include <fs/file.h>
#include <fs/walk.h>
#include <lib/string.h>
#include <abi/errno.h>

/* ---- start and end ---- */

int walk_begin(struct walker *k, const struct fs_walk *w, const char *name, bool rcu)
{
	struct fs_ctx *fs = w->fs;

	k->cred = w->cred;
	k->name = name;
	k->rcu = rcu;
	k->need_dir = false;
	k->links = k->nrest = k->nheld = 0;
	if (rcu) {
		k->dcache_seq = atomic_load_acquire(&dcache_seq);
		k->mount_seq = atomic_load_acquire(&mount_seq);
		if ((k->dcache_seq | k->mount_seq) & 1)
			return -ECHILD;
	}
	spin_lock(&fs->lock);
	k->root = fs->root;
	k->at = *name == '/' ? fs->root : w->base ? *w->base : fs->cwd;
	if (!rcu) {
		path_get(&k->root);
		path_get(&k->at);
	}
	spin_unlock(&fs->lock);
	return 0;
}

void walk_end(struct walker *k)
{
	if (k->rcu)
		return;
	path_put(&k->at);
	path_put(&k->root);
	while (k->nheld)
		path_put(&k->held[--k->nheld]);
}

static inline bool walk_undisturbed(const struct walker *k)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return atomic_load(&dcache_seq) == k->dcache_seq && atomic_load(&mount_seq) == k->mount_seq;
}

/* References for a place found without any; false: it is going away. */
static bool path_get_rcu(const struct path *p)
{
	if (!ref_get_unless_zero(&p->mnt->ref))
		return false;
	if (ref_get_unless_zero(&p->dentry->ref))
		return true;
	mount_put(p->mnt);
	return false;
}

/* The quick walk becomes a sure one where it stands. 0 or -ECHILD. */
static int walk_settle(struct walker *k)
{
	if (k->links || !path_get_rcu(&k->at)) /* a link's text has no reference */
		return -ECHILD;
	if (!path_get_rcu(&k->root)) {
		path_put(&k->at);
		return -ECHILD;
	}
	k->rcu = false;
	if (walk_undisturbed(k))
		return 0;
	walk_end(k);
	return -ECHILD;
}

/* ---- one component ---- */

static void walk_enter_mounts(struct walker *k)
{
	if (likely(!atomic_load(&k->at.dentry->mounted)))
		return;
	if (!k->rcu) {
		path_enter_mounts(&k->at);
		return;
	}
	while (atomic_load(&k->at.dentry->mounted)) {
		struct mount *m = mount_find_rcu(k->at.mnt, k->at.dentry);
		if (!m)
			return;
		k->at = (struct path){ m, m->root };
	}
}

static void walk_up(struct walker *k)
{
	while (!path_equal(&k->at, &k->root)) {
		struct path above;

		if (k->at.dentry != k->at.mnt->root) {
			struct dentry *old = k->at.dentry;

			if (k->rcu) {
				k->at.dentry = atomic_load(&old->parent);
			} else {
				k->at.dentry = dentry_get_parent(old);
				dentry_put(old);
			}
			break;
		}
		if (k->rcu) {
			/* mount_above() would take references; mount_seq tells if these two do not fit */
			above = (struct path){ atomic_load(&k->at.mnt->parent),
				               atomic_load(&k->at.mnt->mountpoint) };
			if (above.mnt == k->at.mnt || !above.dentry)
				break;
		} else {
			if (!mount_above(k->at.mnt, &above))
				break;
			path_put(&k->at);
		}
		k->at = above;
	}
	walk_enter_mounts(k);
}

/* A link that names an object: the place itself, not a text. */
static int walk_jump(struct walker *k, struct inode *link)
{
	struct path to;
	int err = link->ops->follow(link, &to);

	if (err)
		return err;
	path_put(&k->at);
	k->at = to;
	return 0;
}

bool fs_protected_symlinks = true;

/* proc(5), protected_symlinks: in /tmp and its like, only the link's owner follows it, or anybody if the
 * directory's owner made it.  Asked for the last component alone. */
static bool may_follow(const struct walker *k, const struct inode *link)
{
	const struct inode *dir = k->at.dentry->inode;

	if (!fs_protected_symlinks || link->uid == k->cred->fsuid)
		return true;
	return (dir->mode & (S_ISVTX | S_IWOTH)) != (S_ISVTX | S_IWOTH) || dir->uid == link->uid;
}

/* k->at stays the link's directory, where its text begins; takes over the reference to d. */
static int walk_link(struct walker *k, struct dentry *d, struct inode *i)
{
	const char *text = i->link;
	int err = 0;

	if (++k->links > LINKS_MAX)
		err = -ELOOP;
	else if (k->at.mnt->flags & MS_NOSYMFOLLOW)
		err = -ELOOP;
	else if (k->trailing && !may_follow(k, i))
		err = -EACCES;
	else if (k->rcu && !text)
		err = -ECHILD;
	else if (!text && i->ops->follow) {
		err = walk_jump(k, i);
		dentry_put(d);
		return err;
	} else if (!text) {
		text = i->ops->get_link ? i->ops->get_link(i) : ERR_PTR(-EINVAL);
		if (IS_ERR(text))
			err = (int)PTR_ERR(text);
	}
	if (!err && !*text)
		err = -ENOENT;
	if (err) {
		if (!k->rcu)
			dentry_put(d);
		return err;
	}
	inode_accessed(i, k->at.mnt->flags);
	if (!k->rcu)
		k->held[k->nheld++] = (struct path){ mount_get(k->at.mnt), d };
	if (*text == '/') {
		if (!k->rcu) {
			path_get(&k->root);
			path_put(&k->at);
		}
		k->at = k->root;
	}
	k->name = text;
	return 1;
}

int walk_into(struct walker *k, struct dentry *d, bool follow)
{
	struct inode *i = atomic_load_acquire(&d->inode);

	if (unlikely(!i)) {
		if (!k->rcu)
			dentry_put(d);
		return -ENOENT;
	}
	if (unlikely(s_islnk(i->mode)) && follow)
		return walk_link(k, d, i);
	if (!k->rcu)
		dentry_put(k->at.dentry);
	k->at.dentry = d;
	walk_enter_mounts(k);
	return 0;
}

static int walk_step(struct walker *k, const struct qname *n, enum last_type type, bool follow)
{
	struct dentry *d;

	if (unlikely(type != LAST_NORM)) {
		if (type == LAST_DOTDOT)
			walk_up(k);
		return 0;
	}
	if (k->rcu) {
		if (unlikely(k->at.dentry->inode->revalidate))
			return -ECHILD;
		d = dcache_find_rcu(k->at.dentry, n);
		if (!d)
			return -ECHILD;
		if (!d->used)
			d->used = true;
	} else {
		d = dentry_lookup(k->at.dentry, n);
		if (IS_ERR(d))
			return (int)PTR_ERR(d);
	}
	return walk_into(k, d, follow);
}

/* The quick walk's usual step: a cached directory or file, no link, nothing mounted on it. false: walk_step(). */
static inline bool quick_step(struct walker *k, const struct qname *n)
{
	struct dentry *dir = k->at.dentry, *d;
	const struct inode *i;

	if (!k->rcu || unlikely(dir->inode->revalidate))
		return false;
	d = dcache_find_rcu(dir, n);
	if (unlikely(!d))
		return false;
	i = atomic_load_acquire(&d->inode);
	if (unlikely(!i || s_islnk(i->mode) || atomic_load(&d->mounted)))
		return false;
	if (!d->used)
		d->used = true;
	k->at.dentry = d;
	return true;
}

/* May names be looked up where we stand? */
static int walk_may_look(struct walker *k)
{
	struct inode *dir = k->at.dentry->inode;

	if (unlikely(!s_isdir(dir->mode)))
		return -ENOTDIR;
	if (unlikely(dir->ops->permission != NULL)) {
		if (k->rcu)
			return -ECHILD;
	} else if (likely((dir->mode & S_IXUGO) == S_IXUGO ||
	                  (dir->mode & S_IXUSR && dir->uid == k->cred->fsuid))) {
		return 0;
	}
	return inode_permission(dir, MAY_EXEC, k->cred);
}

/* Reads one component at *s, which moves behind it. 0 or -ENAMETOOLONG. */
static inline int next_component(const char **s, struct qname *n, enum last_type *type)
{
	const char *p = *s;
	u32 hash = NAME_HASH_INIT;

	for (; *p && *p != '/'; p++)
		hash = name_hash_step(hash, *p);
	*n = (struct qname){ *s, (unsigned)(p - *s), hash };
	*type = LAST_NORM;
	if (unlikely(n->s[0] == '.')) {
		if (n->len == 1)
			*type = LAST_DOT;
		else if (n->len == 2 && n->s[1] == '.')
			*type = LAST_DOTDOT;
	}
	*s = p;
	return unlikely(n->len > NAME_MAX_LEN) ? -ENAMETOOLONG : 0;
}

int walk_parent(struct walker *k)
{
	const char *s = k->name;

	k->trailing = false;
	for (;;) {
		struct qname n;
		enum last_type type;
		int r;

		while (*s == '/')
			s++;
		if (unlikely(!*s)) {
			k->last_type = LAST_NONE;
			if (!k->nrest)
				return 0;
			s = k->rest[--k->nrest];
			continue;
		}
		r = walk_may_look(k);
		if (!r)
			r = next_component(&s, &n, &type);
		if (unlikely(r))
			return r;
		bool slash = *s == '/';
		while (*s == '/')
			s++;
		if (!*s && k->nrest)
			s = k->rest[--k->nrest];
		if (!*s) {
			k->last = n;
			k->last_type = type;
			k->need_dir |= slash;
			k->name = s;
			return 0;
		}
		if (likely(type == LAST_NORM && quick_step(k, &n)))
			continue;
		r = walk_step(k, &n, type, true);
		if (unlikely(r < 0))
			return r;
		if (unlikely(r)) {
			k->rest[k->nrest++] = s;
			s = k->name;
		}
	}
}

int walk_last(struct walker *k, bool follow)
{
	if (k->last_type == LAST_NONE)
		return 0;
	if (likely(k->last_type == LAST_NORM && quick_step(k, &k->last)))
		return 0;
	k->trailing = true;
	return walk_step(k, &k->last, k->last_type, follow || k->need_dir);
}

int walk_to_parent(struct walker *k, const struct fs_walk *w, const char *name)
{
	int err;

	if (!*name)
		return -ENOENT;
	rcu_read_lock();
	err = walk_begin(k, w, name, true);
	if (!err)
		err = walk_parent(k);
	if (!err)
		err = walk_settle(k);
	else if (err != -ECHILD && !walk_undisturbed(k))
		err = -ECHILD;
	rcu_read_unlock();
	if (err != -ECHILD)
		return err;

	err = walk_begin(k, w, name, false);
	if (err)
		return err;
	err = walk_parent(k);
	if (err)
		walk_end(k);
	return err;
}

/* ---- the whole path ---- */

static int walk_all(struct walker *k, unsigned flags)
{
	int r;

	do {
		r = walk_parent(k);
		if (!r)
			r = walk_last(k, flags & LOOKUP_FOLLOW);
	} while (r > 0);
	if (!r && (k->need_dir || flags & LOOKUP_DIRECTORY) && !s_isdir(k->at.dentry->inode->mode))
		r = -ENOTDIR;
	return r;
}

static int lookup_quick(const struct fs_walk *w, const char *name, unsigned flags, struct path *out)
{
	struct walker k;
	int err;

	rcu_read_lock();
	err = walk_begin(&k, w, name, true);
	if (!err)
		err = walk_all(&k, flags);
	if (likely(!err)) {
		if (!path_get_rcu(&k.at)) {
			err = -ECHILD;
		} else if (unlikely(!walk_undisturbed(&k))) {
			path_put(&k.at);
			err = -ECHILD;
		}
		*out = k.at;
	} else if (err != -ECHILD && !walk_undisturbed(&k)) {
		err = -ECHILD;
	}
	rcu_read_unlock();
	return err;
}

static int lookup_sure(const struct fs_walk *w, const char *name, unsigned flags, struct path *out)
{
	struct walker k;
	int err = walk_begin(&k, w, name, false);

	if (err)
		return err;
	err = walk_all(&k, flags);
	if (!err) {
		*out = k.at;
		path_get(out);
	}
	walk_end(&k);
	return err;
}

int path_lookup(const struct fs_walk *w, const char *name, unsigned flags, struct path *out)
{
	int err;

	if (unlikely(!*name) && !(flags & LOOKUP_EMPTY))
		return -ENOENT;
	err = lookup_quick(w, name, flags, out);
	if (unlikely(err == -ECHILD))
		err = lookup_sure(w, name, flags, out);
	return err;
}
