/* SPDX-License-Identifier: MIT
 *
 * fs/mount.c - the tree of mounts
 *
 * Owns:      struct mount, the hash (parent mount, mountpoint) -> mount, the list of all mounts.
 * Layer:     fs. Used by walk.c (crossing mount points), namespace.c (mount(2) and friends), path.c.
 * Locks:     mount_lock guards the tree; mount_mutex serialises those who change it and may sleep.
 * Contexts:  process context; mount_find_rcu does not sleep.
 * Manual:    mount_namespaces(7) (there is one namespace), mount(2).
 * Tests:     tests/abi/mount.c.
 *
 * Theory
 * ------
 * A place is (mount, dentry), because one file system can be seen at several places (bind mounts).  A mount
 * says: "whoever comes to `mountpoint` in `parent` goes on at `root`".  The root mount is its own parent.
 *
 *       rootfs  /            mount A: parent A,  root "/" of rootfs
 *         |--- proc          mount B: parent A, mountpoint "/proc" of rootfs, root "/" of proc
 *         `--- mnt           mount C: parent A, mountpoint "/mnt",  root "/home" of rootfs (a bind mount)
 *
 * References: the tree holds one on each mount in it, each struct path one more.  So umount(2) knows that a
 * mount is busy.  Walkers without references look under RCU and check mount_seq afterwards, as with
 * dcache_seq.
 */
#include <fs/propagate.h>
#include <fs/dcache.h>
#include <lib/hash.h>
#include <lib/string.h>
#include <mem/slab.h>

enum { MOUNT_HASH_BITS = 7 };
struct spinlock mount_lock = SPINLOCK_INIT("mount");
struct mutex mount_mutex;
u32 mount_seq;
static struct hlist_head table[1 << MOUNT_HASH_BITS];
struct list_head all_mounts = LIST_HEAD_INIT(all_mounts);
static u32 next_id = 1;

void mounts_init(void)
{
	mutex_init(&mount_mutex);
}

static inline struct hlist_head *bucket(const struct mount *parent, const struct dentry *at)
{
	return &table[hash_u64((unsigned long)parent ^ (unsigned long)at << 16, MOUNT_HASH_BITS)];
}

struct mount *mount_find_rcu(const struct mount *parent, const struct dentry *at)
{
	struct mount *m;

	hlist_for_each_entry(m, bucket(parent, at), hnode) if (atomic_load(&m->parent) == parent &&
	                                                       atomic_load(&m->mountpoint) == at) return m;
	return NULL;
}

void path_enter_mounts(struct path *p)
{
	while (unlikely(atomic_load(&p->dentry->mounted))) {
		struct path below;

		spin_lock(&mount_lock);
		below.mnt = mount_find_rcu(p->mnt, p->dentry);
		if (below.mnt) {
			below.dentry = below.mnt->root;
			path_get(&below);
		}
		spin_unlock(&mount_lock);
		if (!below.mnt)
			return;
		path_put(p);
		*p = below;
	}
}

bool mount_above(struct mount *m, struct path *out)
{
	bool above;

	spin_lock(&mount_lock);
	above = m->parent != m;
	if (above) {
		*out = (struct path){ m->parent, m->mountpoint };
		path_get(out);
	}
	spin_unlock(&mount_lock);
	return above;
}

struct mount *mount_create(struct super_block *sb, struct dentry *root, u32 flags)
{
	struct mount *m = kzalloc(sizeof(*m));

	if (!m)
		return NULL;
	ref_init(&m->ref, 1);
	ref_get(&sb->ref);
	m->parent = m;
	m->root = dentry_get(root);
	m->mountpoint = NULL;
	m->sb = sb;
	m->flags = flags;
	list_init(&m->children);
	list_init(&m->sibling);
	list_init(&m->all);
	spin_lock(&mount_lock);
	m->id = next_id++;
	spin_unlock(&mount_lock);
	return m;
}

static void mount_free_rcu(struct rcu_head *h)
{
	kfree(container_of(h, struct mount, rcu));
}

void mount_put(struct mount *m)
{
	if (unlikely(atomic_load(&m->expiring)))
		atomic_store(&m->expiring, m->expiring - 1);
	if (!ref_put(&m->ref))
		return;
	assert(m->parent == m && list_empty(&m->children));
	dentry_put(m->root);
	super_put(m->sb);
	rcu_call(&m->rcu, mount_free_rcu);
}

static void seq_begin(void) MUST_HOLD(&mount_lock)
{
	atomic_store(&mount_seq, mount_seq + 1);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

static void seq_end(void) MUST_HOLD(&mount_lock)
{
	atomic_store_release(&mount_seq, mount_seq + 1);
}

void mount_attach(struct mount *m, const struct path *at)
{
	bool listed = !list_empty(&m->all);

	dentry_get(at->dentry);
	spin_lock(&mount_lock);
	seq_begin();
	atomic_store(&m->parent, at->mnt);
	atomic_store(&m->mountpoint, at->dentry);
	atomic_store(&at->dentry->mounted, true);
	hlist_add_head(&m->hnode, bucket(at->mnt, at->dentry));
	list_add_tail(&m->sibling, &at->mnt->children);
	/* What a copied tree brings along comes after its top, as on Linux. */
	for (struct mount *c = m; c && !listed; c = mount_next(c, m, true))
		list_move_tail(&c->all, &all_mounts);
	seq_end();
	spin_unlock(&mount_lock);
}

/* Takes m out of its place and returns the mountpoint, whose reference is now the caller's. */
static struct dentry *unlink_one(struct mount *m) MUST_HOLD(&mount_lock)
{
	struct dentry *at = m->mountpoint;
	struct mount *other;
	bool still = false;

	hlist_del(&m->hnode);
	list_del(&m->sibling);
	atomic_store(&m->parent, m);
	atomic_store(&m->mountpoint, NULL);
	list_for_each_entry (other, &all_mounts, all)
		still |= other->mountpoint == at;
	if (at && !still)
		atomic_store(&at->mounted, false);
	return at;
}

/* Children first, so that a mount leaves the tree when nothing is mounted on it. */
void mount_detach(struct mount *m, bool tree)
{
	for (;;) {
		struct mount *victim = m;

		spin_lock(&mount_lock);
		while (tree && !list_empty(&victim->children))
			victim = list_first_entry(&victim->children, struct mount, sibling);
		seq_begin();
		struct dentry *at = unlink_one(victim);
		if (tree)
			list_del(&victim->all);
		seq_end();
		spin_unlock(&mount_lock);

		dentry_put(at);
		if (tree) {
			propagation_leave(victim);
			mount_put(victim);
		}
		if (victim == m)
			return;
	}
}

bool mount_readonly(const struct mount *m)
{
	return (atomic_load(&m->flags) | atomic_load(&m->sb->flags)) & MS_RDONLY;
}

bool super_has_writers(const struct super_block *sb)
{
	struct mount *m;
	bool found = false;

	spin_lock(&mount_lock);
	list_for_each_entry (m, &all_mounts, all)
		found |= m->sb == sb && atomic_load(&m->writers) > 0;
	spin_unlock(&mount_lock);
	return found;
}

bool mount_has_children(const struct mount *m)
{
	return !list_empty(&m->children);
}

struct mount *mount_next(struct mount *m, const struct mount *top, bool down)
{
	if (down && !list_empty(&m->children))
		return list_first_entry(&m->children, struct mount, sibling);
	while (m != top) {
		if (m->sibling.next != &m->parent->children)
			return list_entry(m->sibling.next, struct mount, sibling);
		m = m->parent;
	}
	return NULL;
}

int mount_root(const char *type, struct path *out)
{
	struct fs_type *t = fs_type_find(type);
	struct super_block *sb;
	struct mount *m;

	if (!t)
		return -ENODEV;
	sb = super_get(t, type, "");
	if (IS_ERR(sb))
		return (int)PTR_ERR(sb);
	m = mount_create(sb, sb->root, 0); /* "rootfs / rootfs rw", as on Linux */
	super_put(sb);
	if (!m)
		return -ENOMEM;
	mutex_lock(&mount_mutex);
	spin_lock(&mount_lock);
	list_add_tail(&m->all, &all_mounts);
	spin_unlock(&mount_lock);
	mutex_unlock(&mount_mutex);
	*out = (struct path){ m, dentry_get(m->root) };
	return 0;
}

/* Is m reachable from root's place?  mount_mutex held. */
static bool mount_below(const struct mount *m, const struct path *root)
{
	const struct mount *top = root->mnt;
	const struct dentry *at = m->root;

	while (m != top) {
		if (m->parent == m)
			return false;
		at = m->mountpoint;
		m = m->parent;
	}
	return dentry_is_ancestor(root->dentry, at);
}

void mounts_for_each(const struct path *root, void (*fn)(struct mount *m, const char *path, void *ctx),
                     void *ctx)
{
	enum { BUF = 4096 };
	char *buf = kmalloc(BUF, 0);
	struct mount *m;

	if (!buf)
		return;
	scoped_mutex(&mount_mutex);
	list_for_each_entry (m, &all_mounts, all) {
		struct path p = { m->parent, m->mountpoint }; /* m->root may be a name that was removed */
		const char *text;

		if (!mount_below(m, root))
			continue;
		text = m == root->mnt ? "/" : path_string(&p, root, buf, BUF);
		if (!IS_ERR(text))
			fn(m, text, ctx);
	}
	kfree(buf);
}
