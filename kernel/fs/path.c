/* SPDX-License-Identifier: MIT
 *
 * fs/path.c - places: references, and their text
 *
 * Owns:      nothing; works on struct path and struct fs_ctx.
 * Layer:     fs.
 * Locks:     path_string holds mount_lock and dcache_lock, so that no name or mount moves under it;
 *            fs->lock guards the paths of a context.
 * Contexts:  process context.
 * Manual:    getcwd(2), proc(5) on " (deleted)", chroot(2), umask(2).
 * Tests:     tests/abi/names.c.
 */
#include <fs/mount_tree.h>
#include <fs/dcache.h>
#include <fs/namei.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mem/slab.h>

void path_get(const struct path *p)
{
	dentry_get(p->dentry);
	mount_get(p->mnt);
}

void path_put(const struct path *p)
{
	if (p->dentry)
		dentry_put(p->dentry);
	if (p->mnt)
		mount_put(p->mnt);
}

/* ---- text ---- */

/* Text grows from the end of the buffer to its beginning. */
struct back_text {
	char *at, *start;
	bool overflow;
};

static void put_back(struct back_text *t, const char *s, size_t n)
{
	if ((size_t)(t->at - t->start) < n) {
		t->overflow = true;
		return;
	}
	t->at -= n;
	memcpy(t->at, s, n);
}

static void put_back_str(struct back_text *t, const char *s)
{
	put_back(t, s, strlen(s));
}

static void put_anon(struct back_text *t, const struct dentry *d)
{
	char text[DNAME_INLINE + 24];

	if (!strncmp(d->name, "anon_inode:", 11)) { /* nothing tells these apart */
		put_back_str(t, d->name);
		return;
	}
	if (!strncmp(d->name, "memfd:", 6)) {
		put_back_str(t, " (deleted)");
		put_back_str(t, d->name);
		put_back_str(t, "/");
		return;
	}
	scnprintf(text, sizeof(text), "%s:[%llu]", d->name, (unsigned long long)d->inode->ino);
	put_back_str(t, text);
}

/* Up from p to root; true if root was met, false when the walk ended at the top of another tree. */
static bool put_names(struct back_text *t, const struct path *p, const struct path *root)
{
	const struct mount *m = p->mnt;
	const struct dentry *d = p->dentry;

	for (;;) {
		if (root && m == root->mnt && d == root->dentry)
			return true;
		if (d == m->root || d->parent == d) {
			if (m->parent == m)
				return !root || !root->mnt;
			d = m->mountpoint;
			m = m->parent;
			continue;
		}
		put_back(t, d->name, d->len);
		put_back(t, "/", 1);
		if (t->overflow)
			return true;
		d = d->parent;
	}
}

char *path_string(const struct path *p, const struct path *root, char *buf, size_t size)
{
	struct back_text t = { buf + size, buf, false };
	char *names_end;
	bool reached = true;

	put_back(&t, "", 1);
	if (p->dentry->anon) {
		put_anon(&t, p->dentry);
		return t.overflow ? ERR_PTR(-ENAMETOOLONG) : t.at;
	}
	spin_lock(&mount_lock);
	spin_lock(&dcache_lock);
	if (p->dentry->unlinked)
		put_back_str(&t, " (deleted)");
	names_end = t.at;
	reached = put_names(&t, p, root);
	spin_unlock(&dcache_lock);
	spin_unlock(&mount_lock);
	if (t.at == names_end)
		put_back(&t, "/", 1);
	if (!reached)
		put_back_str(&t, UNREACHABLE);
	return t.overflow ? ERR_PTR(-ENAMETOOLONG) : t.at;
}

/* ---- the paths of a process ---- */

static struct spinlock ctx_list_lock = SPINLOCK_INIT("fs_ctx_list");
static LIST_HEAD(ctx_list);

struct fs_ctx *fs_ctx_copy(struct fs_ctx *old)
{
	struct fs_ctx *fs = kzalloc(sizeof(*fs));

	if (!fs)
		return NULL;
	ref_init(&fs->ref, 1);
	spin_init(&fs->lock, "fs_ctx");
	fs->umask = 022;
	/* In the list before the paths are copied, so that a pivot_root at this moment finds old or new. */
	spin_lock(&ctx_list_lock);
	list_add_tail(&fs->all, &ctx_list);
	if (old) {
		spin_lock(&old->lock);
		fs->root = old->root;
		fs->cwd = old->cwd;
		fs->umask = old->umask;
		path_get(&fs->root);
		path_get(&fs->cwd);
		spin_unlock(&old->lock);
	}
	spin_unlock(&ctx_list_lock);
	return fs;
}

void fs_ctx_put(struct fs_ctx *fs)
{
	if (!ref_put(&fs->ref))
		return;
	spin_lock(&ctx_list_lock);
	if (fs->all.next) /* a context made by hand at boot is in no list */
		list_del(&fs->all);
	spin_unlock(&ctx_list_lock);
	path_put(&fs->cwd);
	path_put(&fs->root);
	kfree(fs);
}

void fs_ctx_root(struct fs_ctx *fs, struct path *out)
{
	spin_lock(&fs->lock);
	*out = fs->root;
	path_get(out);
	spin_unlock(&fs->lock);
}

void fs_ctx_cwd(struct fs_ctx *fs, struct path *out)
{
	spin_lock(&fs->lock);
	*out = fs->cwd;
	path_get(out);
	spin_unlock(&fs->lock);
}

static void replace(struct fs_ctx *fs, struct path *slot, const struct path *p)
{
	struct path old;

	path_get(p);
	spin_lock(&fs->lock);
	old = *slot;
	*slot = *p;
	spin_unlock(&fs->lock);
	path_put(&old);
}

void fs_ctx_set_root(struct fs_ctx *fs, const struct path *p)
{
	replace(fs, &fs->root, p);
}

void fs_ctx_set_cwd(struct fs_ctx *fs, const struct path *p)
{
	replace(fs, &fs->cwd, p);
}

/* The number of references that moved from old to new. */
static unsigned swap_one(struct path *slot, const struct path *old, const struct path *new)
{
	if (!path_equal(slot, old))
		return 0;
	path_get(new);
	*slot = *new;
	return 1;
}

void fs_ctx_replace_all(const struct path *old, const struct path *new)
{
	struct fs_ctx *fs;
	unsigned dropped = 0;

	spin_lock(&ctx_list_lock);
	list_for_each_entry (fs, &ctx_list, all) {
		spin_lock(&fs->lock);
		dropped += swap_one(&fs->root, old, new);
		dropped += swap_one(&fs->cwd, old, new);
		spin_unlock(&fs->lock);
	}
	spin_unlock(&ctx_list_lock);
	while (dropped--)
		path_put(old);
}
