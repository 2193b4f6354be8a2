/* SPDX-License-Identifier: MIT
 *
 * fs/handle.c - from handles to places
 *
 * Owns:      nothing.
 * Layer:     fs.
 * Locks:     those of the walk.
 * Contexts:  process context; may sleep.
 * Manual:    open_by_handle_at(2).
 * Tests:     tests/abi/handle.c, tests/ext4.
 *
 * A handle names an inode, and a place needs a name.  A directory has one parent, so its path is found upwards, from
 * ".." to "..", and walked down again; a rename meanwhile makes us try again.  A file may have any number of names, of
 * which none is looked for: it is opened through a dentry without a name that stands in no directory.
 */
#include <fs/handle.h>
#include <fs/dcache.h>
#include <fs/mount_tree.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <abi/errno.h>

enum { TRIES = 3 };

static const struct handle_ops *ops_of(const struct super_block *sb)
{
	return sb->ops ? sb->ops->handles : NULL;
}

int handle_make(const struct path *p, u32 fh[HANDLE_WORDS])
{
	struct inode *i = p->dentry->inode;
	const struct handle_ops *ops = ops_of(i->sb);

	return ops ? ops->make(i, fh) : -EOPNOTSUPP;
}

/* The path of dir from its root into the end of buf: *start.  Whole components with a slash before each. */
static int path_up(struct inode *dir, char *buf, char **start)
{
	const struct handle_ops *ops = ops_of(dir->sb);
	char name[NAME_MAX_LEN + 1], *at = buf + PATH_MAX - 1;
	struct inode *cur = inode_get(dir), *parent;
	int err = 0;

	*at = 0;
	while (!err && cur != dir->sb->root_inode) {
		size_t n;

		err = cur->nlink ? ops->dir_name(cur, &parent, name) : -ESTALE;
		if (err)
			break;
		inode_put(cur);
		cur = parent;
		n = strlen(name);
		if ((size_t)(at - buf) < n + 1) {
			err = -ESTALE; /* no path could be said, nor walked */
			break;
		}
		at -= n + 1;
		*at = '/';
		memcpy(at + 1, name, n);
		cond_resched();
	}
	inode_put(cur);
	*start = at;
	return err;
}

static struct dentry *walk_down(struct super_block *sb, const char *s)
{
	struct dentry *d = dentry_get(sb->root), *next;

	while (*s && !IS_ERR(d)) {
		const char *end = strchr(++s, '/');
		struct qname n = qname_make(s, end ? (unsigned)(end - s) : (unsigned)strlen(s));

		next = d->inode && s_isdir(d->inode->mode) ? dentry_lookup(d, &n) : ERR_PTR(-ESTALE);
		dentry_put(d);
		d = next;
		s += n.len;
	}
	return d;
}

/* The one dentry of a directory. */
static struct dentry *dir_dentry(struct inode *dir)
{
	char *buf = kmalloc(PATH_MAX, 0), *path;
	struct dentry *d = ERR_PTR(-ENOMEM);

	for (unsigned k = 0; buf && k < TRIES; k++) {
		int err = path_up(dir, buf, &path);

		d = err ? ERR_PTR(err) : walk_down(dir->sb, path);
		if (IS_ERR(d) || d->inode == dir)
			break;
		dentry_put(d);
		d = ERR_PTR(-ESTALE);
	}
	kfree(buf);
	return d;
}

/* Takes over the reference to i. */
static struct dentry *dentry_of(struct inode *i)
{
	struct qname none = { "", 0, 0 };
	struct dentry *d;

	if (!s_isdir(i->mode)) {
		d = dentry_alloc(i->sb->root, &none, i);
		if (d)
			return d;
		d = ERR_PTR(-ENOMEM);
	} else {
		d = dir_dentry(i);
	}
	inode_put(i);
	return d;
}

int handle_find(const struct path *at, const u32 *fh, unsigned n, struct path *out)
{
	struct super_block *sb = at->mnt->sb;
	const struct handle_ops *ops = ops_of(sb);
	struct inode *i = ops ? ops->find(sb, fh, n) : ERR_PTR(-ESTALE);
	struct dentry *d = IS_ERR(i) ? (void *)i : dentry_of(i);

	if (IS_ERR(d))
		return (int)PTR_ERR(d) == -ENOMEM ? -ENOMEM : -ESTALE;
	*out = (struct path){ mount_get(at->mnt), d };
	return 0;
}
