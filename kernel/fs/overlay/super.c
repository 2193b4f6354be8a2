/* SPDX-License-Identifier: MIT
 *
 * fs/overlay/super.c - mount -t overlay -o lowerdir=A:B,upperdir=U,workdir=W overlay DIR
 *
 * Owns:      struct ovl_super.
 * Layer:     fs/overlay.  Knows other file systems through fs alone.
 * Locks:     none of its own.
 * Contexts:  process context; may sleep.
 * Manual:    Linux Documentation/filesystems/overlayfs.rst.
 * Tests:     tests/run.py overlay.
 *
 * Options: lowerdir (a backslash before : or a comma that belongs to a name), upperdir, workdir, userxattr, volatile;
 * redirect_dir, index, metacopy, nfs_export, xino, uuid are known and taken only as what is done anyway.
 */
#include <fs/overlay/overlay.h>
#include <fs/overlay/internal.h>
#include <fs/mount.h>
#include <fs/seq.h>
#include <base/log.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <abi/errno.h>

enum { OVERLAYFS_SUPER_MAGIC = 0x794c7630 };

struct options {
	char *lower, *upper, *work;
	bool userxattr, is_volatile;
};

/* ---- options ---- */

static int set_text(char **slot, const char *v)
{
	if (!*v)
		return -EINVAL;
	kfree(*slot);
	*slot = kstrdup(v);
	return *slot ? 0 : -ENOMEM;
}

/* Words that ask for what is done here anyway. */
static bool tolerated(const char *word)
{
	static const char *const words[] = {
		"index=off", "metacopy=off", "nfs_export=off", "redirect_dir=off", "redirect_dir=nofollow",
		"xino=on",   "xino=off",     "xino=auto",      "uuid=on",          "uuid=off",
		"uuid=null", "uuid=auto"
	};

	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(words[i], word))
			return true;
	return false;
}

static int parse_word(struct options *o, char *word)
{
	char *eq = strchr(word, '=');
	const char *v = eq ? eq + 1 : "";
	size_t key = eq ? (size_t)(eq - word) : strlen(word);

	if (key == 8 && !strncmp(word, "lowerdir", key))
		return set_text(&o->lower, v);
	if (key == 8 && !strncmp(word, "upperdir", key))
		return set_text(&o->upper, v);
	if (key == 7 && !strncmp(word, "workdir", key))
		return set_text(&o->work, v);
	if (!strcmp(word, "userxattr"))
		o->userxattr = true;
	else if (!strcmp(word, "volatile"))
		o->is_volatile = true;
	else if (!tolerated(word))
		return -EINVAL;
	return 0;
}

/* Cuts the first piece of *s off at an unescaped `sep`. */
static char *cut(char **s, char sep)
{
	char *start = *s, *p = start;

	while (*p && *p != sep)
		p += *p == '\\' && p[1] ? 2 : 1;
	*s = *p ? p + 1 : p;
	*p = 0;
	return start;
}

static void unescape(char *s)
{
	char *to = s;

	for (; *s; *to++ = *s++)
		if (*s == '\\' && s[1])
			s++;
	*to = 0;
}

static int parse_options(struct options *o, char *text)
{
	int err = 0;

	while (*text && !err) {
		char *word = cut(&text, ',');

		if (*word)
			err = parse_word(o, word);
	}
	if (!err && (!o->lower || !o->upper != !o->work))
		err = -EINVAL;
	return err;
}

/* ---- layers ---- */

static int find_dir(const struct fs_walk *w, const char *name, struct path *out)
{
	char *plain = kstrdup(name);
	int err;

	if (!plain)
		return -ENOMEM;
	unescape(plain);
	err = path_lookup(w, plain, LOOKUP_FOLLOW, out);
	kfree(plain);
	if (err || s_isdir(out->dentry->inode->mode))
		return err;
	path_put(out);
	*out = (struct path){ NULL, NULL };
	return -EINVAL;
}

static unsigned count_layers(const char *lower)
{
	unsigned n = 1;

	for (; *lower; lower++) {
		if (*lower == '\\' && lower[1])
			lower++;
		else if (*lower == ':')
			n++;
	}
	return n;
}

static int find_layers(struct ovl_super *s, const struct fs_walk *w, unsigned n)
{
	char *copy = kstrdup(s->lowerdir), *at = copy;
	int err = copy ? 0 : -ENOMEM;

	while (!err && s->nlayers < n) {
		err = find_dir(w, cut(&at, ':'), &s->layers[s->nlayers]);
		if (!err)
			s->nlayers++;
	}
	kfree(copy);
	return err;
}

static bool overlap(const struct path *a, const struct path *b)
{
	return dentry_is_ancestor(a->dentry, b->dentry) || dentry_is_ancestor(b->dentry, a->dentry);
}

/* The names in the way of the last mount's unfinished work. */
static void clean_work(struct ovl_super *s, const struct path *work);

/* workdir/work is ours alone. */
static int make_work(struct ovl_super *s, const struct path *outer)
{
	struct fs_walk w = ovl_walk(s, outer, NULL);
	int err = vfs_mkdir(&w, "work", 0);

	if (err && err != -EEXIST)
		return err;
	err = path_lookup(&w, "work", LOOKUP_DIRECTORY, &s->work);
	if (!err)
		clean_work(s, &s->work);
	return err;
}

static int find_upper(struct ovl_super *s, const struct fs_walk *w)
{
	struct path outer;
	int err = find_dir(w, s->upperdir, &s->upper);

	if (err)
		return err;
	err = find_dir(w, s->workdir, &outer);
	if (err)
		return err;
	if (outer.mnt != s->upper.mnt || overlap(&outer, &s->upper) || mount_readonly(s->upper.mnt))
		err = -EINVAL;
	s->fs = err ? NULL : fs_ctx_copy(NULL);
	if (!err && !s->fs)
		err = -ENOMEM;
	if (!err) {
		s->fs->umask = 0;
		fs_ctx_set_root(s->fs, &s->upper);
		err = make_work(s, &outer);
	}
	path_put(&outer);
	return err;
}

struct cleaning {
	struct ovl_super *s;
	const struct path *dir;
	struct dir_context dc;
	char name[NAME_MAX + 1];
	bool isdir;
};

static bool take_first(struct dir_context *dc, const char *name, unsigned len, u64 ino, unsigned type)
{
	struct cleaning *c = container_of(dc, struct cleaning, dc);

	if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
		return true;
	memcpy(c->name, name, len);
	c->name[len] = 0;
	c->isdir = type == DT_DIR;
	return false;
}

/* Files and whiteouts, and directories that hold nothing but whiteouts: more is never left there. */
static void clean_work(struct ovl_super *s, const struct path *work)
{
	struct cleaning *c = kzalloc(sizeof(*c));
	struct fs_walk w = ovl_walk(s, work, NULL);
	int err = c ? 0 : -ENOMEM;

	while (!err) {
		struct file *f;
		struct path p;

		c->dc = (struct dir_context){ .emit = take_first };
		c->name[0] = 0;
		err = vfs_open_path(work, O_RDONLY | O_DIRECTORY, &cred_init, &f);
		if (err)
			break;
		err = file_iterate(f, &c->dc);
		file_put(f);
		if (err || !c->name[0])
			break;
		if (c->isdir && !path_lookup(&w, c->name, 0, &p)) {
			(void)!ovl_clear_dir(s, &p);
			path_put(&p);
		}
		err = c->isdir ? vfs_rmdir(&w, c->name) : vfs_unlink(&w, c->name);
	}
	if (err)
		log_warn("overlay: the work directory cannot be cleaned: error %d", -err);
	kfree(c);
}

static int check_layers(struct ovl_super *s)
{
	const struct super_block *one = s->upper.mnt ? s->upper.mnt->sb : s->layers[0].mnt->sb;

	s->one_fs = true;
	for (unsigned k = 0; k < s->nlayers; k++) {
		s->one_fs &= s->layers[k].mnt->sb == one;
		if (s->upper.mnt && s->layers[k].mnt == s->upper.mnt &&
		    (overlap(&s->layers[k], &s->work) || s->layers[k].dentry == s->upper.dentry))
			return -ELOOP;
		for (unsigned j = 0; j < k; j++)
			if (s->layers[j].dentry == s->layers[k].dentry)
				return -ELOOP;
	}
	return 0;
}

/* ---- instances ---- */

static struct inode *make_root(struct super_block *sb, struct ovl_super *s)
{
	struct ovl_node *n = ovl_node_new(s->nlayers);

	if (!n)
		return ERR_PTR(-ENOMEM);
	if (s->upper.mnt)
		n->upper = dentry_get(s->upper.dentry);
	for (unsigned k = 0; k < s->nlayers; k++)
		n->lower[n->nlower++] = (struct ovl_place){ dentry_get(s->layers[k].dentry), k };
	return ovl_inode_get(sb, n, NULL);
}

static int ovl_statfs(struct super_block *sb, struct statfs64_k *out)
{
	const struct ovl_super *s = ovl_super(sb);
	int err = vfs_statfs(s->upper.mnt ? &s->upper : &s->layers[0], out);

	out->f_type = OVERLAYFS_SUPER_MAGIC;
	return err;
}

static int ovl_sync(struct super_block *sb)
{
	const struct ovl_super *s = ovl_super(sb);

	return s->upper.mnt && !s->is_volatile ? super_sync(s->upper.mnt->sb) : 0;
}

static void show_text(struct seq *q, const char *key, const char *text)
{
	if (text)
		seq_printf(q, ",%s=%s", key, text);
}

static void ovl_show_options(struct super_block *sb, struct seq *q)
{
	const struct ovl_super *s = ovl_super(sb);

	show_text(q, "lowerdir", s->lowerdir);
	show_text(q, "upperdir", s->upperdir);
	show_text(q, "workdir", s->workdir);
	if (s->is_volatile)
		seq_puts(q, ",volatile");
	if (s->userxattr)
		seq_puts(q, ",userxattr");
}

static void ovl_put_super(struct super_block *sb)
{
	struct ovl_super *s = ovl_super(sb);

	if (sb->root_inode)
		inode_put(sb->root_inode);
	sb->root_inode = NULL;
	for (unsigned k = 0; k < s->nlayers; k++)
		path_put(&s->layers[k]);
	path_put(&s->work);
	path_put(&s->upper);
	if (s->fs)
		fs_ctx_put(s->fs);
	kfree(s->lowerdir);
	kfree(s->upperdir);
	kfree(s->workdir);
	kfree(s);
}

static const struct super_ops ovl_super_ops = {
	.evict = ovl_evict,
	.statfs = ovl_statfs,
	.put_super = ovl_put_super,
	.sync = ovl_sync,
	.show_options = ovl_show_options,
};

static int fill_layers(struct super_block *sb, struct ovl_super *s)
{
	int err = find_layers(s, sb->mounter, count_layers(s->lowerdir));

	if (!err && s->upperdir)
		err = find_upper(s, sb->mounter);
	if (!err)
		err = check_layers(s);
	if (err)
		return err;
	if (!s->upperdir) {
		sb->flags |= MS_RDONLY;
		sb->never_writable = true;
	}
	sb->root_inode = make_root(sb, s);
	if (!IS_ERR(sb->root_inode))
		return 0;
	err = (int)PTR_ERR(sb->root_inode);
	sb->root_inode = NULL;
	return err;
}

/* Takes over o's texts. */
static struct ovl_super *super_new(const struct options *o)
{
	struct ovl_super *s = kzalloc(sizeof(*s) + count_layers(o->lower) * sizeof(struct path));

	if (!s)
		return NULL;
	mutex_init(&s->nodes_lock);
	s->lowerdir = o->lower;
	s->upperdir = o->upper;
	s->workdir = o->work;
	s->userxattr = o->userxattr;
	s->is_volatile = o->is_volatile;
	return s;
}

static int ovl_fill(struct super_block *sb, const char *source, const char *text)
{
	struct options o = { 0 };
	struct ovl_super *s = NULL;
	char *copy = kstrdup(text);
	int err = copy ? parse_options(&o, copy) : -ENOMEM;

	kfree(copy);
	if (!err && (count_layers(o.lower) > OVL_LAYERS_MAX || !sb->mounter))
		err = -EINVAL;
	if (!err) {
		s = super_new(&o);
		err = s ? 0 : -ENOMEM;
	}
	if (err) {
		kfree(o.lower);
		kfree(o.upper);
		kfree(o.work);
		return err;
	}
	sb->private = s;
	sb->ops = &ovl_super_ops;
	sb->magic = OVERLAYFS_SUPER_MAGIC;
	return fill_layers(sb, s); /* super_put() undoes */
}

static struct fs_type overlay_type = { .name = "overlay", .nodev = true, .fill = ovl_fill };

void overlay_init(void)
{
	fs_register(&overlay_type);
}
