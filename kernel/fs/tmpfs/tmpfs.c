/* SPDX-License-Identifier: MIT
 *
 * fs/tmpfs/tmpfs.c - files in memory: nodes, names, instances
 *
 * Owns:      struct tmpfs_sb; an inode's `private` (directories: struct tmpfs_dir; others: xattr.c).
 * Layer:     fs/tmpfs.
 * Locks:     the inode locks that fs holds around each operation; the counters are atomic.
 * Contexts:  process context; may sleep.
 * Manual:    tmpfs(5), inode(7).
 * Tests:     fs/tmpfs/tmpfs_ktest.c, all of tests/abi (the root is a tmpfs).
 *
 * A name owns a reference to its inode, so an inode lives while it has a name, an open file, or a place in
 * the dentry cache.  nlink counts names (for a directory 2 + subdirectories).
 */
#include <fs/tmpfs/tmpfs.h>
#include <fs/tmpfs/tmpfs_internal.h>
#include <base/clock.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <abi/errno.h>

enum { DIRENT_SIZE = 20 /* what Linux adds to a directory's size for a name */ };
static const struct inode_ops dir_ops, node_ops;
static const struct file_ops dir_file_ops = {
	.iterate = tmpfs_dir_iterate,
	.lseek = dir_lseek,
	.fsync = noop_fsync,
};

/* ---- nodes ---- */

static struct inode *node_create(struct super_block *sb, umode_t mode)
{
	struct tmpfs_sb *t = tmpfs_sb(sb);
	struct inode *i;

	if ((u64)atomic_add(&t->inodes, 1) > t->max_inodes && t->max_inodes) {
		atomic_sub(&t->inodes, 1);
		return ERR_PTR(-ENOSPC);
	}
	i = inode_alloc(sb, mode);
	if (!i) {
		atomic_sub(&t->inodes, 1);
		return ERR_PTR(-ENOMEM);
	}
	i->ops = &node_ops;
	i->no_file_caps = true;
	if (s_isreg(mode)) {
		tmpfs_init_regular(i);
	} else if (s_isdir(mode)) {
		i->ops = &dir_ops;
		i->fops = &dir_file_ops;
		i->nlink = 2;
		i->size = 2 * DIRENT_SIZE;
		i->private = tmpfs_dir_create();
		if (!i->private) {
			inode_put(i);
			return ERR_PTR(-ENOMEM);
		}
	}
	return i;
}

static void tmpfs_evict(struct inode *i)
{
	struct tmpfs_sb *t = tmpfs_sb(i->sb);

	tmpfs_handle_forget(i);
	tmpfs_xattrs_free(i);
	if (s_isdir(i->mode) && i->private)
		tmpfs_dir_free(i->private);
	if (i->blocks)
		atomic_sub(&t->pages, (s64)(i->blocks * 512 / PAGE_SIZE));
	atomic_sub(&t->inodes, 1);
}

static struct inode *node_owned(struct inode *dir, umode_t mode, const struct cred *c)
{
	struct inode *i = node_create(dir->sb, mode);

	if (!IS_ERR(i))
		inode_init_owner(i, dir, mode, c);
	return i;
}

/* ---- names ---- */

static void set_parent(struct inode *i, struct inode *dir)
{
	if (s_isdir(i->mode))
		((struct tmpfs_dir *)i->private)->parent = dir;
}

/* Enters e, which takes over a reference to i. */
static void name_enter(struct inode *dir, struct tmpfs_dirent *e, struct inode *i)
{
	e->inode = i;
	tmpfs_dir_insert(dir->private, e);
	set_parent(i, dir);
	dir->size += DIRENT_SIZE;
	inode_touch(dir, ATTR_MTIME);
}

/* The inverse; the reference is the caller's. */
static struct inode *name_leave(struct inode *dir, struct tmpfs_dirent *e)
{
	struct inode *i = e->inode;

	tmpfs_dir_remove(dir->private, e);
	kfree(e);
	dir->size -= DIRENT_SIZE;
	inode_touch(dir, ATTR_MTIME);
	return i;
}

static struct inode *tmpfs_lookup(struct inode *dir, const char *name, unsigned len)
{
	struct tmpfs_dirent *e = tmpfs_dir_find(dir->private, name, len);

	return e ? inode_get(e->inode) : NULL;
}

static struct inode *tmpfs_create(struct inode *dir, const char *name, unsigned len, umode_t mode, dev_t rdev,
                                  const char *target, const struct cred *c)
{
	struct tmpfs_dirent *e = tmpfs_dirent_alloc(name, len);
	struct inode *i;

	if (!e)
		return ERR_PTR(-ENOMEM);
	i = node_owned(dir, mode, c);
	if (IS_ERR(i))
		goto fail;
	i->rdev = rdev;
	if (s_islnk(mode)) {
		i->link = kstrdup(target);
		if (!i->link) {
			inode_put(i);
			i = ERR_PTR(-ENOMEM);
			goto fail;
		}
		i->size = (loff_t)strlen(target);
	}
	if (s_isdir(mode))
		dir->nlink++;
	name_enter(dir, e, inode_get(i));
	return i;
fail:
	kfree(e);
	return i;
}

static int tmpfs_link(struct inode *dir, const char *name, unsigned len, struct inode *target)
{
	struct tmpfs_dirent *e = tmpfs_dirent_alloc(name, len);

	if (!e)
		return -ENOMEM;
	target->nlink++;
	inode_touch(dir, ATTR_MTIME);
	target->ctime = dir->ctime;
	name_enter(dir, e, inode_get(target));
	return 0;
}

/* An inode has lost a name of dir. */
static void count_down(struct inode *dir, struct inode *i)
{
	if (s_isdir(i->mode)) {
		i->nlink = 0;
		dir->nlink--;
	} else {
		i->nlink--;
	}
	i->ctime = dir->ctime;
}

static bool dir_empty(const struct inode *i)
{
	return !((const struct tmpfs_dir *)i->private)->count;
}

static int tmpfs_unlink(struct inode *dir, const char *name, unsigned len, struct inode *victim)
{
	struct tmpfs_dirent *e = tmpfs_dir_find(dir->private, name, len);

	if (!e || e->inode != victim)
		return -ENOENT;
	if (s_isdir(victim->mode) && !dir_empty(victim))
		return -ENOTEMPTY;
	name_leave(dir, e);
	count_down(dir, victim);
	inode_put(victim); /* the name's; fs has its own */
	return 0;
}

static int exchange(struct inode *od, struct tmpfs_dirent *a, struct inode *nd, struct tmpfs_dirent *b)
{
	struct inode *i = a->inode;

	if (od != nd) {
		int moved = s_isdir(b->inode->mode) - s_isdir(a->inode->mode); /* subdirectories od gains */

		od->nlink += (u32)moved;
		nd->nlink -= (u32)moved;
	}
	a->inode = b->inode;
	b->inode = i;
	set_parent(a->inode, od);
	set_parent(b->inode, nd);
	inode_touch(od, ATTR_MTIME);
	inode_touch(nd, ATTR_MTIME);
	a->inode->ctime = b->inode->ctime = od->ctime;
	return 0;
}

static int tmpfs_rename(struct inode *od, const char *on, unsigned olen, struct inode *moved,
                        struct inode *nd, const char *nn, unsigned nlen, struct inode *victim, unsigned flags)
{
	struct tmpfs_dirent *old = tmpfs_dir_find(od->private, on, olen);
	struct tmpfs_dirent *hit = tmpfs_dir_find(nd->private, nn, nlen), *new;

	if (!old || old->inode != moved || (hit ? hit->inode : NULL) != victim)
		return -ENOENT;
	if (flags & RENAME_EXCHANGE)
		return exchange(od, old, nd, hit);
	if (victim && s_isdir(victim->mode) && !dir_empty(victim))
		return -ENOTEMPTY;
	new = tmpfs_dirent_alloc(nn, nlen);
	if (!new)
		return -ENOMEM;
	if (victim) {
		name_leave(nd, hit);
		count_down(nd, victim);
		inode_put(victim);
	}
	name_leave(od, old); /* its reference goes over to the new name */
	name_enter(nd, new, moved);
	if (s_isdir(moved->mode)) {
		od->nlink--;
		nd->nlink++;
	}
	moved->ctime = nd->ctime;
	return 0;
}

static struct inode *tmpfs_tmpfile(struct inode *dir, umode_t mode, const struct cred *c)
{
	struct inode *i = node_owned(dir, mode, c);

	if (!IS_ERR(i))
		i->nlink = 0;
	return i;
}

/* ---- chattr(1) ---- */

static int tmpfs_get_flags(struct inode *i, u32 *flags)
{
	*flags = i->flags;
	return s_isreg(i->mode) || s_isdir(i->mode) ? 0 : -ENOTTY;
}

static int tmpfs_set_flags(struct inode *i, u32 flags)
{
	if (flags & ~(u32)(INODE_IMMUTABLE | INODE_APPEND | INODE_NODUMP | INODE_NOATIME))
		return -EOPNOTSUPP;
	i->flags = flags;
	i->ctime = clock_realtime_coarse();
	return 0;
}

#define TMPFS_ATTR_OPS                                                                                       \
	.getxattr = tmpfs_getxattr, .setxattr = tmpfs_setxattr, .listxattr = tmpfs_listxattr,                \
	.removexattr = tmpfs_removexattr, .get_flags = tmpfs_get_flags, .set_flags = tmpfs_set_flags

static const struct inode_ops dir_ops = {
	.lookup = tmpfs_lookup,
	.create = tmpfs_create,
	.link = tmpfs_link,
	.unlink = tmpfs_unlink,
	.rename = tmpfs_rename,
	.tmpfile = tmpfs_tmpfile,
	TMPFS_ATTR_OPS,
};
static const struct inode_ops node_ops = {
	.setattr = tmpfs_setattr,
	.getattr = tmpfs_getattr,
	TMPFS_ATTR_OPS,
};

/* ---- instances ---- */

static int tmpfs_statfs(struct super_block *sb, struct statfs64_k *out)
{
	const struct tmpfs_sb *t = tmpfs_sb(sb);
	s64 pages = MAX(atomic_load(&t->pages), (s64)0), inodes = MAX(atomic_load(&t->inodes), (s64)0);

	if (t->max_pages) {
		out->f_blocks = t->max_pages;
		out->f_bfree = out->f_bavail = t->max_pages - MIN((u64)pages, t->max_pages);
	}
	if (t->max_inodes) {
		out->f_files = t->max_inodes;
		out->f_ffree = t->max_inodes - MIN((u64)inodes, t->max_inodes);
	}
	return 0;
}

/* All names of a directory go to the front of a chain (through hash_link.next). */
static struct tmpfs_dirent *strip(struct inode *dir, struct tmpfs_dirent *chain)
{
	struct tmpfs_dir *d = dir->private;
	struct tmpfs_dirent *e;

	while ((e = tmpfs_dir_any(d))) {
		tmpfs_dir_remove(d, e);
		e->hash_link.next = chain ? &chain->hash_link : NULL;
		chain = e;
	}
	return chain;
}

/* The tree is taken apart without recursion: its depth is the users' choice, the stack's is not. */
static void tmpfs_put_super(struct super_block *sb)
{
	struct tmpfs_dirent *chain = NULL;

	if (sb->root_inode)
		chain = strip(sb->root_inode, chain);
	while (chain) {
		struct tmpfs_dirent *e = chain;
		struct hlist_node *next = e->hash_link.next;

		chain = next ? container_of(next, struct tmpfs_dirent, hash_link) : NULL;
		if (s_isdir(e->inode->mode))
			chain = strip(e->inode, chain);
		inode_put(e->inode);
		kfree(e);
		cond_resched();
	}
	if (sb->root_inode) {
		inode_put(sb->root_inode); /* before its counters go */
		sb->root_inode = NULL;
	}
	kfree(sb->private);
}

/* A number with k, m, g or (of memory, in pages) %. */
static bool parse_size(const char *s, u64 total_pages, u64 *bytes)
{
	unsigned shift = 0;

	if (!parse_u64(&s, 0, bytes))
		return false;
	if (*s == '%') {
		*bytes = *bytes > 10000 ? 0 : total_pages * *bytes / 100 * PAGE_SIZE;
		return !s[1] && *bytes;
	}
	switch (*s | 0x20) {
	case 'k':
		shift = 10;
		break;
	case 'm':
		shift = 20;
		break;
	case 'g':
		shift = 30;
		break;
	}
	if (shift)
		s++;
	if (*s || (*bytes << shift) >> shift != *bytes)
		return false;
	*bytes <<= shift;
	return true;
}

static int parse_option(struct tmpfs_sb *t, const char *key, const char *value, u64 total_pages)
{
	u64 n = 0;

	if (!strcmp(key, "mode")) {
		if (!parse_u64(&value, 8, &n) || *value)
			return -EINVAL;
		t->mode = (umode_t)n & S_IALLUGO;
		return 0;
	}
	if (!parse_size(value, total_pages, &n))
		return -EINVAL;
	if (!strcmp(key, "size"))
		t->max_pages = DIV_ROUND_UP(n, PAGE_SIZE);
	else if (!strcmp(key, "nr_blocks"))
		t->max_pages = n;
	else if (!strcmp(key, "nr_inodes"))
		t->max_inodes = n;
	else if (!strcmp(key, "uid"))
		t->uid = (uid_t)n;
	else if (!strcmp(key, "gid"))
		t->gid = (gid_t)n;
	else
		return -EINVAL;
	return 0;
}

/* Inode numbers have 64 bits here, whatever is said. */
static bool is_ino_word(const char *word)
{
	return !strcmp(word, "inode64") || !strcmp(word, "inode32");
}

/* One that was said alone, with fsconfig(2): is it any of ours? */
static int tmpfs_param(const char *key, const char *value)
{
	static const char *const keys[] = { "mode", "size", "nr_blocks", "nr_inodes", "uid", "gid" };
	struct tmpfs_sb scratch;

	for (unsigned k = 0; k < ARRAY_SIZE(keys); k++)
		if (!strcmp(key, keys[k]))
			return value ? parse_option(&scratch, key, value, PAGE_SIZE) : -EINVAL;
	return is_ino_word(key) ? (value ? -EINVAL : 0) : -ENOENT;
}

/* "key=value,key=value"; a word of it at most 63 bytes. */
static int parse_options(struct tmpfs_sb *t, const char *o, u64 total_pages)
{
	while (*o) {
		const char *comma = strchr(o, ',');
		size_t n = comma ? (size_t)(comma - o) : strlen(o);
		char word[64], *eq;
		int err;

		if (n >= sizeof(word))
			return -EINVAL;
		memcpy(word, o, n);
		word[n] = 0;
		o += n + (comma ? 1 : 0);
		if (!n || is_ino_word(word))
			continue;
		eq = strchr(word, '=');
		if (!eq)
			return -EINVAL;
		*eq = 0;
		err = parse_option(t, word, eq + 1, total_pages);
		if (err)
			return err;
	}
	return 0;
}

static void tmpfs_defaults(struct tmpfs_sb *t, u64 *total_pages)
{
	struct mem_stats ms;

	mem_stats(&ms);
	*total_pages = ms.total_pages;
	*t = (struct tmpfs_sb){ .max_pages = ms.total_pages / 2,
		                .max_inodes = ms.total_pages / 2,
		                .mode = 01777 };
}

/* What /proc/mounts shows: that which is not as usual. */
static void describe_options(struct super_block *sb)
{
	const struct tmpfs_sb *t = tmpfs_sb(sb);
	char *to = sb->options;
	size_t n = 0, size = sizeof(sb->options);
	struct tmpfs_sb usual;
	u64 total;

	tmpfs_defaults(&usual, &total);
	*to = 0;
	if (t->max_pages != usual.max_pages)
		n += (size_t)scnprintf(to + n, size - n, ",size=%lluk",
		                       (unsigned long long)t->max_pages << (PAGE_SHIFT - 10));
	if (t->max_inodes != usual.max_inodes)
		n += (size_t)scnprintf(to + n, size - n, ",nr_inodes=%llu",
		                       (unsigned long long)t->max_inodes);
	if (t->mode != usual.mode)
		n += (size_t)scnprintf(to + n, size - n, ",mode=%03o", t->mode);
	if (t->uid)
		n += (size_t)scnprintf(to + n, size - n, ",uid=%u", t->uid);
	if (t->gid)
		n += (size_t)scnprintf(to + n, size - n, ",gid=%u", t->gid);
	if (n)
		memmove(to, to + 1, n); /* without the first comma */
}

/* Only limits can be changed, and not below what is in use. */
static int tmpfs_remount(struct super_block *sb, const char *options)
{
	struct tmpfs_sb *t = tmpfs_sb(sb), new = *t, usual;
	u64 total;
	int err;

	tmpfs_defaults(&usual, &total);
	err = parse_options(&new, options, total);
	if (err)
		return err;
	if (new.max_pages != t->max_pages &&
	    (!t->max_pages || (new.max_pages && (s64) new.max_pages < atomic_load(&t->pages))))
		return -EINVAL;
	if (new.max_inodes != t->max_inodes &&
	    (!t->max_inodes || (new.max_inodes && (s64) new.max_inodes < atomic_load(&t->inodes))))
		return -EINVAL;
	atomic_store(&t->max_pages, new.max_pages);
	atomic_store(&t->max_inodes, new.max_inodes);
	describe_options(sb);
	return 0;
}

static const struct super_ops tmpfs_super_ops = {
	.evict = tmpfs_evict,
	.statfs = tmpfs_statfs,
	.put_super = tmpfs_put_super,
	.remount = tmpfs_remount,
	.handles = &tmpfs_handle_ops,
};

static int tmpfs_fill(struct super_block *sb, const char *source, const char *options) NO_LOCK_CHECK
{
	struct tmpfs_sb *t = kzalloc(sizeof(*t));
	u64 total;
	int err;

	if (!t)
		return -ENOMEM;
	tmpfs_defaults(t, &total);
	err = parse_options(t, options, total);
	if (err) {
		kfree(t);
		return err;
	}
	spin_init(&t->handles_lock, "tmpfs handles");
	t->by_ino = XARRAY_INIT;
	sb->private = t;
	sb->ops = &tmpfs_super_ops;
	sb->magic = TMPFS_MAGIC;
	describe_options(sb);
	sb->root_inode = node_create(sb, S_IFDIR | t->mode);
	if (IS_ERR(sb->root_inode)) {
		err = (int)PTR_ERR(sb->root_inode);
		sb->root_inode = NULL;
		return err; /* super_put frees the rest */
	}
	sb->root_inode->uid = t->uid;
	sb->root_inode->gid = t->gid;
	return 0;
}

/* ramfs: no limits, no options but mode. */
static int ramfs_fill(struct super_block *sb, const char *source, const char *options)
{
	int err = tmpfs_fill(sb, source, str_starts(options, "mode=") ? options : "mode=755");

	if (err)
		return err;
	tmpfs_sb(sb)->max_pages = tmpfs_sb(sb)->max_inodes = 0;
	if (tmpfs_sb(sb)->mode == 0755)
		sb->options[0] = 0;
	sb->magic = RAMFS_MAGIC;
	return 0;
}

/* The boot root: a tmpfs with root's rights. */
static int rootfs_fill(struct super_block *sb, const char *source, const char *options)
{
	int err = tmpfs_fill(sb, source, "mode=755");

	if (!err)
		sb->options[0] = 0;
	return err;
}

static struct fs_type tmpfs_type = {
	.name = "tmpfs", .nodev = true, .fill = tmpfs_fill, .param = tmpfs_param
};
static struct fs_type ramfs_type = { .name = "ramfs", .nodev = true, .fill = ramfs_fill };
static struct fs_type rootfs_type = { .name = "rootfs", .nodev = true, .fill = rootfs_fill };

void tmpfs_init(void)
{
	memfd_init(&tmpfs_type);
	fs_register(&rootfs_type);
	fs_register(&tmpfs_type);
	fs_register(&ramfs_type);
}
